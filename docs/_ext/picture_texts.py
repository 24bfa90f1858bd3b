"""Pictures of lessons get a text for those who cannot see them: the call that drew them."""

from docutils import nodes
from sphinx.application import Sphinx


def describe_pictures(_app: Sphinx, page: nodes.document) -> None:
    """Name the last line of its cell as the text of a picture that has none."""
    for cell in page.findall(
        lambda node: "cell" in getattr(node, "attributes", {}).get("classes", ())
    ):
        code = next(cell.findall(nodes.literal_block), None)
        for image in cell.findall(nodes.image):
            if code is not None and not image.get("alt"):
                image["alt"] = code.astext().rstrip().splitlines()[-1].removeprefix("picture = ")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", describe_pictures)
    return {"parallel_read_safe": True}
