"""Pictures of lessons: the comment "# Picture: …" of the cell that draws is their text, and is not shown as code.

The kernel draws each picture twice, for light and for dark pages (see `kernel_startup`); pictures that are files may
have a twin in the folder "dark" beside them. The page shows the one that fits.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
_COMMENT = re.compile(r"^# Picture: (?P<text>.*(?:\n#.*)*)\n?", re.MULTILINE)


def describe_pictures(_app: Sphinx, page: nodes.document) -> None:
    """Give the pictures of a cell its comment as their text; without one, the last line of the cell."""
    for cell in page.findall(
        lambda node: "cell" in getattr(node, "attributes", {}).get("classes", ())
    ):
        code = next(cell.findall(nodes.literal_block), None)
        if code is None:
            continue
        pictures = list(cell.findall(nodes.image))
        drawn_twice = bool(_COMMENT.search(code.astext()))
        if drawn_twice and len(pictures) % 2:
            LOGGER.warning("a picture was not drawn for dark pages", location=cell)
        for number, image in enumerate(pictures):
            image["alt"] = image.get("alt") or text_of(code.astext())
            if drawn_twice and len(pictures) > 1:
                _show_only("light" if 2 * number < len(pictures) else "dark", image)
        shown = _COMMENT.sub("", code.astext())
        code.clear()
        code += nodes.Text(shown)
        code.rawsource = shown


def add_dark_twins(app: Sphinx, page: nodes.document) -> None:
    """Put the dark twin of a picture file beside it."""
    folder = Path(app.env.doc2path(app.env.docname)).parent
    for image in list(page.findall(nodes.image)):
        twin = Path(image["uri"]).parent / "dark" / Path(image["uri"]).name
        if "://" not in image["uri"] and (folder / twin).exists():
            dark = image.deepcopy()
            dark["uri"] = str(twin)
            _show_only("light", image)
            _show_only("dark", dark)
            image.parent.insert(image.parent.index(image) + 1, dark)


def text_of(code: str) -> str:
    """What a cell says about its picture."""
    told = _COMMENT.search(code)
    if told is None:
        return code.rstrip().splitlines()[-1].removeprefix("picture = ")
    return " ".join(line.removeprefix("#").strip() for line in told["text"].splitlines())


def _show_only(theme: str, image: nodes.image) -> None:
    image["classes"].append(f"only-{theme}")
    image["loading"] = "lazy"  # what is not shown need not be fetched


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", describe_pictures)
    app.connect(
        "doctree-read", add_dark_twins, priority=400
    )  # before Sphinx collects the files of the pictures
    return {"parallel_read_safe": True}
