"""Labels that fit into a node: symbols such as s_0 with an index, other names in a few short lines."""

from __future__ import annotations

import re
from functools import lru_cache

from control_pgm.display.text import shortened

_SYMBOL = re.compile(r"^([^\W\d_]+)('?)_?(\d*)$")
_LINES, _LETTERS = 3, 12
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@lru_cache(maxsize=4096)
def symbol_parts(name: str) -> tuple[str, str] | None:
    """Letter and index of a symbol; None where the name is a word.

    >>> symbol_parts("s_12"), symbol_parts("x'"), symbol_parts("wet_grass")
    (('s', '12'), ("x'", ''), None)
    """
    match = _SYMBOL.match(name)
    if match is None or not match[1].isascii() or len(match[1]) > 2:
        return None
    return match[1] + match[2], match[3]


@lru_cache(maxsize=4096)
def word_lines(name: str) -> tuple[str, ...]:
    """A name broken into at most three short lines.

    >>> word_lines("probability of rain"), word_lines("incomprehensibilities")
    (('probability', 'of rain'), ('incomprehen…',))
    """
    lines = [""]
    for word in re.split(r"(?<=[_\s-])", name[: 4 * _LINES * _LETTERS]):
        if lines[-1] and len(lines[-1]) + len(word) > _LETTERS - 2:
            lines.append("")
        lines[-1] += word
    shown = [shortened(line.strip(), _LETTERS) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown[-1] = shown[-1][: _LETTERS - 1].removesuffix("…") + "…"
    return tuple(shown)


def label_width(name: str) -> float:
    """The rough width of a label in ems."""
    if parts := symbol_parts(name):
        return 0.75 * len(parts[0]) + 0.45 * len(parts[1])
    return 0.62 * max(map(len, word_lines(name)))


def subscripted(name: str) -> str:
    """A name on one line, the index of a symbol as small digits below.

    >>> subscripted("s_12"), subscripted("wet_grass")
    ('s₁₂', 'wet_grass')
    """
    parts = symbol_parts(name)
    return name if parts is None else parts[0] + parts[1].translate(_BELOW)
