"""Sphinx configuration: lessons are Python scripts, executed while the pages are built."""

import logging
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

from control_pgm import __version__

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "docs"
sys.path.insert(0, str(HERE / "_ext"))

project = "control_pgm"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "notebooks",
    "picture_texts",
    "plain_docstrings",
    "public_names",
    "script_links",
]
exclude_patterns = ["conf.py", "pictures.py", "_ext"]

# --- pages and lessons --------------------------------------------------------------------------
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
nb_custom_formats = {".py": "percent_scripts.read"}
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_in_temp = True  # some examples write pictures
nb_merge_streams = True

# Results are kept between builds only as long as the package that computed them, and what draws them, are the same.
CODE = [
    *sorted((HERE.parent / "control_pgm").rglob("*.py")),
    *sorted((HERE / "_ext").glob("*kernel*.py")),
    HERE / "_ext" / "dark.mplstyle",
]
SOURCES = [path.read_bytes() for path in CODE]
nb_execution_cache_path = str(BUILD / "executed" / sha256(b"".join(SOURCES)).hexdigest()[:16])

# Kernels draw as told here, whatever the reader's own settings are.
PROFILE = BUILD / "ipython" / "profile_default"
(PROFILE / "startup").mkdir(parents=True, exist_ok=True)
shutil.copy(HERE / "_ext" / "ipython_kernel_config.py", PROFILE)
for name in ("kernel_startup.py", "dark.mplstyle"):
    shutil.copy(HERE / "_ext" / name, PROFILE / "startup")
os.environ["IPYTHONDIR"] = str(PROFILE.parent)
os.environ["OPENBLAS_NUM_THREADS"] = "1"
logging.getLogger("traitlets").setLevel(logging.WARNING)  # which kernel runs is no news

# --- reference ----------------------------------------------------------------------------------
default_role = "py:obj"  # names in single backquotes are links
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
suppress_warnings = ["ref.python"]  # short words in docstrings may name two attributes

# --- looks: nothing is fetched from elsewhere, neither now nor when a page is read ------------------
html_theme = "furo"
html_title = "control_pgm"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
