"""Sphinx configuration: lessons are Python scripts, executed while the pages are built."""

import os
import sys
from hashlib import sha256
from pathlib import Path

from control_pgm import __version__

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ["IPYTHONDIR"] = str(
    HERE / "_ipython"
)  # how the kernels draw, whatever the reader's own settings are
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# Results are kept between builds only as long as the package that computed them is the same.
SOURCES = b"".join(
    path.read_bytes() for path in sorted((HERE.parent / "control_pgm").rglob("*.py"))
)
nb_execution_cache_path = str(
    HERE.parent / "build" / "docs" / "executed" / sha256(SOURCES).hexdigest()[:16]
)

project = "control_pgm"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "plain_docstrings",
    "public_names",
    "script_links",
]
exclude_patterns = ["conf.py", "pictures.py", "_ext", "_ipython"]

# --- pages and lessons ------------------------------------------------------------------------------------------
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

# --- reference --------------------------------------------------------------------------------------------------
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # short words in docstrings may name two attributes

# --- looks: nothing is fetched from elsewhere, neither now nor when a page is read ---------------------------------
html_theme = "furo"
html_title = "control_pgm"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
