"""Links to Python files that are no pages, such as ../examples/grid_5x5.py, lead to the files themselves."""

import re
from pathlib import Path

from sphinx.application import Sphinx

_LINK = re.compile(r"\]\(([^)\s:]+\.py)\)")


def mark_files(app: Sphinx, page: str, source: list[str]) -> None:
    """Give such links the scheme ``path:``, in place; others are pages of their own."""
    folder = Path(app.srcdir, page).parent

    def marked(link: re.Match[str]) -> str:
        name = app.env.path2doc(str((folder / link[1]).resolve()))
        return link[0] if name in app.env.found_docs else f"](path:{link[1]})"

    source[0] = _LINK.sub(marked, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", mark_files)
    return {"parallel_read_safe": True}
