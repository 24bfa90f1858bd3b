"""Links to Python files: to their pages, such as that of ../examples/grid_5x5.py, else to the files themselves."""

import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?P<file>[^)\s:#]+\.py)(?P<anchor>#[^)\s]*)?\)")


def page_of(app: Sphinx, page: str, file: str) -> str | None:
    """The page of a file to which another page links; None without one."""
    target = (Path(app.env.doc2path(page)).parent / file).resolve()
    examples = Path(app.srcdir, "examples")  # a link to the folder beside docs
    if target.parent == examples.resolve():
        target = examples / target.name
    name = app.env.path2doc(str(target))
    return name if name in app.env.found_docs else None


def mark_files(app: Sphinx, page: str, source: list[str]) -> None:
    """Give links to examples the role ``doc`` and links to other files the scheme ``path:``, in place."""

    def marked(link: re.Match[str]) -> str:
        name = page_of(app, page, link["file"])
        if name is None:
            return f"[{link['text']}](path:{link['file']})"
        return f"{{doc}}`{link['text']} </{name}>`" if name.startswith("examples/") else link[0]

    source[0] = LINK.sub(marked, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", mark_files)
    return {"parallel_read_safe": True}
