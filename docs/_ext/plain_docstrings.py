"""Docstrings hold formulas such as p(a|s) and sentences such as "beta: what is to come", which are no markup.

They are kept as written.
"""

import re

from sphinx.application import Sphinx

_LITERAL = re.compile(r"(``.*?``|`[^`]*`_?)")


def keep_sentences(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Escape | and * outside of literals and examples, in place."""
    if what in ("attribute", "property"):
        lines.insert(
            0, ""
        )  # what stands before a colon on the first line would be taken for a type
    in_example = False
    for number, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if not in_example:
            lines[number] = "".join(_escape(part) for part in _LITERAL.split(line))


def _escape(part: str) -> str:
    return (
        part if part.startswith("`") else re.sub(r"(?<!\\)([|]|\*(?=\*?[A-Za-z]))", r"\\\1", part)
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", keep_sentences, priority=400)
    return {"parallel_read_safe": True}
