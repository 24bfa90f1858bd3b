"""Each page that is a script has its notebook, not yet run, beside it, and a link to it under its title."""

import os.path
import re
from pathlib import Path

import nbformat
import percent_scripts
import script_links
from docutils import nodes
from sphinx.application import Sphinx


def link_notebook(app: Sphinx, page: nodes.document) -> None:
    """Put the link under the title of a page that is a script."""
    source = Path(app.env.doc2path(app.env.docname))
    title = next(page.findall(nodes.title), None)
    if source.suffix == ".py" and title is not None:
        name = source.with_suffix(".ipynb").name
        link = f'<p class="notebook"><a href="{name}" download>This page as a notebook</a></p>'
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", link, format="html"))


def write_notebooks(app: Sphinx, problem: Exception | None) -> None:
    """Write the notebooks beside the pages; they link to each other."""
    if problem is not None or app.builder.format != "html":
        return
    for name in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(name))
        if source.suffix == ".py":
            notebook = percent_scripts.read(source.read_text(encoding="utf-8"))
            for cell in notebook.cells:
                if cell.cell_type == "markdown":
                    cell.source = _with_notebook_links(app, name, cell.source)
            target = Path(app.outdir, f"{name}.ipynb")
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, target)


def _with_notebook_links(app: Sphinx, page: str, text: str) -> str:
    def linked(link: re.Match[str]) -> str:
        name = script_links.page_of(app, page, link["file"])
        if name is None:
            return link[0]
        return f"[{link['text']}]({os.path.relpath(name, Path(page).parent)}.ipynb{link['anchor'] or ''})"

    return script_links.LINK.sub(linked, text)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", link_notebook)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True}
