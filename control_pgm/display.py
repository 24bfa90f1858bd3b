"""Strings for people: numbers, text tables, HTML tables. No knowledge of what they show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_MAX_ROWS = 24


def number(x: float, digits: int = 4) -> str:
    """A number short enough for a table cell, exact where it is a small integer.

    >>> number(0.25), number(1.0), number(1e-9), number(float("-inf"))
    ('0.25', '1', '1e-09', '−inf')
    """
    text = f"{x:.{digits}g}"
    return text.replace("-inf", "−inf")


def elided(rows: Sequence[Sequence[str]], limit: int = _MAX_ROWS) -> list[list[str]]:
    """The rows, with the middle of a long table replaced by one row that tells how many are left out."""
    if len(rows) <= limit:
        return [list(row) for row in rows]
    head, tail = limit * 2 // 3, limit // 3
    hidden = len(rows) - head - tail
    gap = [f"… {hidden} more"] + [""] * (len(rows[0]) - 1)
    return [*map(list, rows[:head]), gap, *map(list, rows[-tail:])]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, limit: int = _MAX_ROWS) -> str:
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


def html_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", limit: int = _MAX_ROWS
) -> str:
    """The same table as HTML, without colours of its own so that it reads on dark and on light."""
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in header)
    body = "".join(
        f"<tr><th scope='row'>{escape(row[0])}</th>" + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in elided(rows, limit)
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


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
