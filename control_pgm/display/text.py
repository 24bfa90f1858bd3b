"""Numbers, sizes and plain text tables."""

from __future__ import annotations

from collections.abc import Sequence

MAX_ROWS = 24


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
    """The rows, with the middle of a long table replaced by one row that tells how many are left out."""
    head, tail = kept(len(rows), limit)
    hidden = len(rows) - len(head) - len(tail)
    gap = [[f"… {hidden} more"] + [""] * (len(rows[0]) - 1)] if hidden else []
    return [*(list(rows[i]) for i in head), *gap, *(list(rows[i]) for i in tail)]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, limit: int = MAX_ROWS) -> str:
    """A plain text table: the first column flush left, the others flush right.

    >>> print(text_table(["s", "p"], [["left", "0.25"], ["right", "0.75"]]))
    s         p
    ─────  ────
    left   0.25
    right  0.75
    """
    body = elided(rows, limit)
    widths = [max(len(str(row[i])) for row in [list(header), *body]) for i in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "  ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]).rstrip()

    return "\n".join([line(header), "  ".join("─" * w for w in widths), *map(line, body)])


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
