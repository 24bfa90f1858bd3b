"""Pictures of lessons get a text for those who cannot see them: the comment "# Picture: …" of the cell that draws."""

import re

from docutils import nodes
from sphinx.application import Sphinx

_COMMENT = re.compile(r"^# Picture: (?P<text>.*(?:\n#.*)*)", re.MULTILINE)


def describe_pictures(_app: Sphinx, page: nodes.document) -> None:
    """Give the pictures of a cell its comment as their text; without one, the last line of the cell."""
    for cell in page.findall(
        lambda node: "cell" in getattr(node, "attributes", {}).get("classes", ())
    ):
        code = next(cell.findall(nodes.literal_block), None)
        for image in cell.findall(nodes.image):
            if code is not None and not image.get("alt"):
                image["alt"] = text_of(code.astext())


def text_of(code: str) -> str:
    """What a cell says about its picture."""
    told = _COMMENT.search(code)
    if told is None:
        return code.rstrip().splitlines()[-1].removeprefix("picture = ")
    return " ".join(line.removeprefix("#").strip() for line in told["text"].splitlines())


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", describe_pictures)
    return {"parallel_read_safe": True}
