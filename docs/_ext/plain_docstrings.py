"""Docstrings hold formulas such as p(a|s) and sentences such as "beta: what is to come", which are no markup.

They are kept as written.
"""

import re

from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.ext.napoleon.docstring import NumpyDocstring

_LITERAL = re.compile(r"(``.*?``|`[^`]*`_?)")
_COLON = "\ue000"  # stands for a colon while napoleon reads an attribute that is markup already


def keep_sentences(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Escape | and * outside of literals and examples, in place; read sections of attributes as those of methods."""
    in_example = False
    for number, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if not in_example:
            lines[number] = without_markup(line)
    if what in ("attribute", "property"):
        # Napoleon takes an attribute's first line for "type: text" and leaves its sections as they are.
        lines[:] = NumpyDocstring(lines, app.config, app, "method", name, obj, options).lines()
        lines[:] = [line.replace(":", _COLON) for line in lines]


def restore_colons(
    _app: Sphinx, _what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Put the colons back, in place."""
    lines[:] = [line.replace(_COLON, ":") for line in lines]


def without_markup(line: str) -> str:
    """A line of which only literals are markup."""
    return "".join(_escape(part) for part in _LITERAL.split(line))


def _escape(part: str) -> str:
    return (
        part if part.startswith("`") else re.sub(r"(?<!\\)([|]|\*(?=\*?[A-Za-z]))", r"\\\1", part)
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", keep_sentences, priority=400)
    app.connect("autodoc-process-docstring", restore_colons, priority=600)
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"  # "Variables" are something else in this package
    return {"parallel_read_safe": True}
