"""``.. public-names:: control`` documents whatever control_pgm exports from its package control, by name."""

from collections.abc import Iterator

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import control_pgm


def names_of(package: str) -> list[str]:
    """The public names that are defined in a subpackage; constants and the version belong to none."""
    prefix = f"control_pgm.{package}"
    homes = {
        name: getattr(getattr(control_pgm, name), "__module__", "") for name in control_pgm.__all__
    }
    return sorted(name for name, home in homes.items() if f"{home}.".startswith(f"{prefix}."))


class PublicNames(SphinxDirective):
    """One autodoc entry for every public name of a subpackage."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        lines = [line for name in names_of(self.arguments[0]) for line in _entry(name)]
        parent = nodes.section()
        parent.document = self.state.document
        self.state.nested_parse(StringList(lines, source=__file__), 0, parent)
        return parent.children


def _entry(name: str) -> Iterator[str]:
    is_class = isinstance(getattr(control_pgm, name), type)
    yield f".. auto{'class' if is_class else 'function'}:: control_pgm.{name}"
    if is_class:
        yield "   :members:"
    yield ""


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True}
