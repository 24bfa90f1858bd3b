"""HTML tables, plain or with small bars, without colours of their own: they read on dark and on light."""

from __future__ import annotations

from collections.abc import Sequence

from control_pgm.display.markup import Markup, escaped
from control_pgm.display.text import MAX_ROWS, elided, kept

_LONGEST_BAR = 80  # pixels


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    limit: int = MAX_ROWS,
    bars: Sequence[float] | None = None,
) -> str:
    """A table; the middle of a long one is left out and counted.

    Parameters
    ----------
    header, rows : strings
        The first cell of a row is its heading.
    caption : str, optional
    limit : int
        The number of rows shown.
    bars : sequence of float, optional
        One length in [0, 1] per row, drawn in a last column.

    Examples
    --------
    >>> html_table(["s", "p"], [["<up>", "1"]]).partition("<tbody>")[2]
    "<tr><th scope='row'>&lt;up&gt;</th><td>1</td></tr></tbody></table>"
    """
    head = "".join(f"<th scope='col'>{escaped(h)}</th>" for h in header) + ("" if bars is None else "<td></td>")
    shown = elided(rows, limit)
    drawn = [""] * len(shown) if bars is None else _bars(bars, limit)
    body = "".join(_row(cells, bar) for cells, bar in zip(shown, drawn, strict=True))
    title = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def beside(*parts: str) -> str:
    """Pieces of HTML side by side, below one another where the page is narrow.

    >>> beside("<b>a</b>", "")
    '<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start"><div><b>a</b></div></div>'
    """
    inner = "".join(f"<div>{part}</div>" for part in parts if part)
    return Markup(f'<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start">{inner}</div>')


def _row(cells: Sequence[str], bar: str) -> str:
    inner = "".join(f"<td>{escaped(cell)}</td>" for cell in cells[1:])
    return f"<tr><th scope='row'>{escaped(cells[0])}</th>{inner}{bar}</tr>"


def _bars(lengths: Sequence[float], limit: int) -> list[str]:
    """A cell with a bar for every row shown, and an empty one for the row that stands for those left out."""
    head, tail = kept(len(lengths), limit)
    gap = ["<td></td>"] if len(head) + len(tail) < len(lengths) else []
    return [*(_bar(lengths[i]) for i in head), *gap, *(_bar(lengths[i]) for i in tail)]


def _bar(length: float) -> str:
    """A bar in the colour of the text, which screen readers pass over: the number stands beside it."""
    look = f"display:inline-block;height:0.7em;width:{_LONGEST_BAR * length:.0f}px;background:currentColor;opacity:0.5"
    return f"<td style='text-align:left' aria-hidden='true'><span style='{look}'></span></td>"
