"""Grids of cells as SVG: one coloured triangle with its number per direction, walls, ends, starts. Strings only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from control_pgm.display.conventions import blues, text_colour
from control_pgm.display.markup import Markup, element, escaped, joined
from control_pgm.display.svg import Point, group, paint, path, sheet, text

Direction = tuple[int, int]  # right and up

_LARGEST, _SMALLEST, _WIDEST = 56.0, 18.0, 640.0  # pixels: the side of a cell, and the longer side of the board
_READABLE = 44.0  # the side of a cell from which on it holds numbers
_PAD, _CAPTION = 8.0, 22.0
_PALE, _BLANK = "#8FA6BD", "#DDDDDD"  # between triangles; of cells without numbers


@dataclass(frozen=True)
class Cell:
    """A cell of the board.

    Attributes
    ----------
    row, column : from 0, the first row on top.
    says : its title.
    look : "plain", "wall", "goal", "hole", "end" or "undefined".
    shares : direction, probability and the number written there; of plain cells.
    start : whether it is marked as a start.
    """

    row: int
    column: int
    says: str
    look: str = "plain"
    shares: tuple[tuple[Direction, float, str], ...] = ()
    start: bool = False


def draw_board(cells: Sequence[Cell], label: str, *, caption: str = "") -> str:
    """The board as SVG.

    Parameters
    ----------
    cells : sequence of Cell
    label : str
        What the whole picture shows, for its title and for screen readers.
    caption : str, optional
        A line below.

    Examples
    --------
    >>> cells = [Cell(0, 0, "home", shares=(((1, 0), 1.0, "1"),)), Cell(0, 1, "goal", "goal")]
    >>> draw_board(cells, "two cells").count("<title>")
    3
    """
    rows, columns = 1 + max(cell.row for cell in cells), 1 + max(cell.column for cell in cells)
    side = min(_LARGEST, max(_SMALLEST, _WIDEST / max(rows, columns)))
    width = max(columns * side, 6.2 * len(caption)) + 2 * _PAD
    height = rows * side + 2 * _PAD + _CAPTION * bool(caption)
    corner = ((width - columns * side) / 2, _PAD)
    parts = [_cell(cell, (corner[0] + cell.column * side, corner[1] + cell.row * side), side) for cell in cells]
    below = [text((width / 2, height - _PAD - 6), escaped(caption), em=12, fill="note")] if caption else []
    return sheet(round(width), round(height), label, *parts, *below)


def _cell(cell: Cell, corner: Point, side: float) -> Markup:
    """A cell with its upper left corner at a place."""
    frame = _square(corner, side, "none")
    if cell.look == "wall":
        return group(cell.says, element("path", d=_hatching(corner, side), **paint(stroke="wall")))
    if cell.look == "undefined":
        word = text(_inside(corner, side, (0.0, 0.0)), escaped("undefined"), em=0.19 * side, fill="#000000")
        return group(
            cell.says, _square(corner, side, _BLANK), *[word] * (side >= _READABLE), *_start(cell, corner, side)
        )
    if cell.look in _MARKS:
        corners = [_inside(corner, side, point) for point in _MARKS[cell.look]]
        mark = element("path", d=f"{path(corners)}Z", **paint(fill="text"))
        return group(cell.says, frame, mark, *_start(cell, corner, side))
    shares = joined(*(_triangle(share, corner, side) for share in cell.shares))
    return group(cell.says, shares, frame, *_start(cell, corner, side))


def _triangle(share: tuple[Direction, float, str], corner: Point, side: float) -> Markup:
    """The quarter of a cell in one direction, as dark as its probability, with the number in it."""
    (dx, dy), p, number = share
    ends = ((0.0, 0.0), ((dx - dy) / 2, (dy + dx) / 2), ((dx + dy) / 2, (dy - dx) / 2))
    fill = blues(p)
    line = path([_inside(corner, side, end) for end in ends])
    shape = element("path", d=f"{line}Z", fill=fill, stroke=_PALE, stroke_width=0.5)
    if side < _READABLE:
        return shape
    place = _inside(corner, side, (0.3 * dx, 0.36 * dy))
    return joined(shape, text(place, escaped(number), em=0.175 * side, fill=text_colour(fill)))


def _square(corner: Point, side: float, fill: str) -> Markup:
    return element("rect", x=corner[0], y=corner[1], width=side, height=side, **paint(fill=fill, stroke="ink"))


def _start(cell: Cell, corner: Point, side: float) -> list[Markup]:
    """An S in a disc in the corner of a start cell."""
    if not cell.start:
        return []
    x, y = at = _inside(corner, side, (-0.34, 0.34))
    disc = element("circle", cx=x, cy=y, r=0.13 * side, **paint(fill="paper", stroke="ink"))
    return [disc, text(at, escaped("S"), em=0.19 * side)]


def _hatching(corner: Point, side: float) -> str:
    """Diagonal lines through a cell."""
    steps = [k / 4 for k in range(1, 8)]
    lines = [((max(k - 1, 0.0), min(k, 1.0)), (min(k, 1.0), max(k - 1, 0.0))) for k in steps]
    return "".join(path([(corner[0] + side * x, corner[1] + side * y) for x, y in line]) for line in lines)


def _inside(corner: Point, side: float, offset: Point) -> Point:
    """A point of a cell, given from its middle in cells, up being positive."""
    return corner[0] + side * (0.5 + offset[0]), corner[1] + side * (0.5 - offset[1])


def _star() -> tuple[Point, ...]:
    radii = [0.24 if k % 2 == 0 else 0.1 for k in range(10)]
    return tuple((r * sin(pi * k / 5), r * cos(pi * k / 5)) for k, r in enumerate(radii))


def _cross() -> tuple[Point, ...]:
    """A diagonal cross: one of its four arms, turned by quarters."""
    arm = [(0.07, 0.0), (0.21, 0.14), (0.14, 0.21)]
    corners: list[Point] = []
    for _ in range(4):
        corners += arm
        arm = [(-y, x) for x, y in arm]
    return tuple(corners)


_MARKS = {"goal": _star(), "hole": _cross(), "end": ((-0.15, -0.15), (-0.15, 0.15), (0.15, 0.15), (0.15, -0.15))}
