"""Numbers, sizes and plain text tables."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence

MAX_ROWS = 24
_LISTED = 60  # characters of a list of labels in a table
_NUMBER = re.compile(r"[+−-]?(\d[\d,]*(\.\d*)?|\.\d+|inf|nan)(e[+-]?\d+)?%?|—?")  # a blank and a dash fit any column


def number(x: float, digits: int = 4) -> str:
    """A number short enough for a table cell, exact where it is a small integer.

    >>> number(0.25), number(1.0), number(1e-9), number(float("-inf"))
    ('0.25', '1', '1e-09', '−inf')
    """
    text = f"{x:.{digits}g}"
    return text.replace("-inf", "−inf")


def probability(p: float) -> str:
    """A probability with two decimals and no more ink than needed.

    >>> probability(0.253), probability(1.0), probability(0.0), probability(1e-5)
    ('.25', '1', '0', '.00')
    """
    return f"{p:.0f}" if p in (0.0, 1.0) else f"{p:.2f}".removeprefix("0") if p < 0.995 else "1.0"


def kept(n: int, limit: int = MAX_ROWS) -> tuple[range, range]:
    """The rows of a long table that are shown: the first two thirds of ``limit`` and the last third, or all.

    >>> kept(100, 6), kept(3, 6)
    ((range(0, 4), range(98, 100)), (range(0, 3), range(3, 3)))
    """
    if n <= limit:
        return range(n), range(n, n)
    head = limit * 2 // 3
    return range(head), range(n - (limit - head), n)


def elided(rows: Sequence[Sequence[str]], limit: int = MAX_ROWS) -> list[list[str]]:
    """The rows, with the middle of a long table replaced by one row with the number of those left out."""
    head, tail = kept(len(rows), limit)
    hidden = len(rows) - len(head) - len(tail)
    gap = [[f"… {hidden} more"] + [""] * (len(rows[0]) - 1)] if hidden else []
    return [*(list(rows[i]) for i in head), *gap, *(list(rows[i]) for i in tail)]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, limit: int = MAX_ROWS) -> str:
    """A plain text table: columns of numbers flush right, the first column and those that hold text flush left.

    >>> print(text_table(["s", "p"], [["left", "0.25"], ["right", "0.75"]]))
    s         p
    ─────  ────
    left   0.25
    right  0.75
    """
    header, body = [printable(str(cell)) for cell in header], [[*map(printable, row)] for row in elided(rows, limit)]
    columns = range(len(header))
    widths = [max(len(str(row[i])) for row in [list(header), *body]) for i in columns]
    to_the_right = [i > 0 and all(_NUMBER.fullmatch(row[i]) for row in body) for i in columns]

    def line(cells: Sequence[str]) -> str:
        padded = zip(cells, widths, to_the_right, strict=True)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in padded).rstrip()

    return "\n".join([line(header), "  ".join("─" * w for w in widths), *map(line, body)])


def printable(text: str) -> str:
    """A text that a terminal shows as it is: control and other invisible characters are written as in Python's strings.

    >>> printable("wet grass"), printable("a\\x1b[31mb\\n")
    ('wet grass', 'a\\\\x1b[31mb\\\\n')
    """
    if text.isprintable():
        return text
    return "".join([letter if letter.isprintable() else repr(letter)[1:-1] for letter in text])


def listing(labels: Iterable[Hashable], longest: int = _LISTED) -> str:
    """Labels separated by commas, in about ``longest`` characters: of more labels the first, and how many there are.

    >>> listing(["left", "right"]), listing(range(100), 12), listing([])
    ('left, right', '0, 1, 2, 3, … (100 in all)', 'none')
    """
    names = [shortened(printable(str(label)), longest) for label in labels]
    whole = ", ".join(names)
    if len(whole) <= longest:
        return whole or "none"
    shown = names[:1]
    while len(", ".join([*shown, names[len(shown)]])) <= longest:
        shown.append(names[len(shown)])
    return f"{', '.join(shown)}, … ({len(names)} in all)"


def size(n_bytes: float) -> str:
    """Bytes for people.

    >>> size(800), size(3.2e6)
    ('800 B', '3.05 MiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if n_bytes < 1024 or unit == "TiB":
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1024
    raise AssertionError("unreachable: the last unit always returns")


def shortened(text: str, longest: int) -> str:
    """A text of at most ``longest`` letters, the end of a longer one replaced by "…".

    >>> shortened("wet_grass", 5), shortened("wet", 5)
    ('wet_…', 'wet')
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"
