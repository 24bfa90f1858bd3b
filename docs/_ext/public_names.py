"""Documenting what control_pgm exports, by name.

``.. public-names:: solve problems`` documents the function solve and everything from the subpackage problems;
``:without:`` leaves out names or subpackages that another page documents. ``.. public-index::`` lists all names with
the first line of each.
"""

import inspect
from collections.abc import Iterable

from docutils import nodes
from docutils.statemachine import StringList
from plain_docstrings import without_markup
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import control_pgm


def names_of(selected: Iterable[str]) -> list[str]:
    """The public names among the selected ones, and those that are defined in the selected subpackages."""
    names: list[str] = []
    for one in selected:
        inside = [
            name
            for name in control_pgm.__all__
            if f"{_home(name)}.".startswith(f"control_pgm.{one}.")
        ]
        names += [one] if one in control_pgm.__all__ and not inside else sorted(inside)
    return list(dict.fromkeys(names))


class PublicNames(SphinxDirective):
    """One autodoc entry for every selected public name."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"without": str.split}  # noqa: RUF012 - as docutils has it

    def run(self) -> list[nodes.Node]:
        left_out = names_of(self.options.get("without", []))
        lines: list[str] = []
        for name in names_of(self.arguments[0].split()):
            if name not in left_out:
                is_class = isinstance(getattr(control_pgm, name), type)
                lines += [f".. auto{'class' if is_class else 'function'}:: control_pgm.{name}"]
                lines += ["   :members:", ""] if is_class else [""]
        return _parsed(self, lines)


class PublicIndex(SphinxDirective):
    """All public names, each with its first line and a link."""

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for name in sorted((name for name in control_pgm.__all__ if _home(name)), key=str.lower):
            first = (
                (inspect.getdoc(getattr(control_pgm, name)) or "")
                .split("\n\n")[0]
                .replace("\n", " ")
            )
            lines += [f"* :py:obj:`control_pgm.{name}`: {without_markup(first)}"]
        return _parsed(self, lines)


def _home(name: str) -> str:
    """The module that defines a public name; constants and the version have none."""
    return getattr(getattr(control_pgm, name), "__module__", "")


def _parsed(directive: SphinxDirective, lines: list[str]) -> list[nodes.Node]:
    parent = nodes.section()
    parent.document = directive.state.document
    directive.state.nested_parse(StringList(lines, source=__file__), 0, parent)
    return parent.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("public-names", PublicNames)
    app.add_directive("public-index", PublicIndex)
    return {"parallel_read_safe": True}
