"""Layout of a filmstrip's frames, in points from the lower left. No matplotlib here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_HEAD, _TIMES, _BETWEEN, _NOTE = 17.0, 13.0, 11.0, 10.0  # heights: heading, times, between rows, a line of notes
_BELOW = 5.0  # between the last row and the notes
_LOWEST = 8.5  # of a state whose name stands beside it
_ARROW, _RATIO = 12.0, 0.2  # the narrowest gap between frames, and the usual one in frames
MOST_FRAMES = 10
_WIDE_ENOUGH = 60.0  # points: a frame of very many cells need not be wider


@dataclass(frozen=True)
class Film:
    """Rows of frames, one row below the other.

    Attributes
    ----------
    cell : width and height of a cell.
    lefts : of the frames.
    bottoms : of the rows, from top to bottom.
    frame : width and height of a frame.
    gap : between frames.
    """

    cell: tuple[float, float]
    lefts: tuple[float, ...]
    bottoms: tuple[float, ...]
    frame: tuple[float, float]
    gap: float

    @property
    def right(self) -> float:
        """Where the last frame ends."""
        return self.lefts[-1] + self.frame[0]


def paper_size(
    cells: tuple[int, int],
    frames: int,
    rows: int,
    *,
    cell: tuple[float, float],
    labels: float,
    beside: float,
    notes: int,
) -> tuple[float, float]:
    """The width and height in points of a film whose cells have the given size, ``beside`` the room for colour bars."""
    down, across = cells[0] * cell[1], cells[1] * cell[0]
    width = labels + frames * across + (frames - 1) * max(_RATIO * across, _ARROW) + beside
    return width, rows * (down + _HEAD) + (rows - 1) * _BETWEEN + _TIMES + _NOTE * notes + _BELOW * (notes > 0)


def choose(horizon: int, fitting: int) -> list[int]:
    """At most ``fitting`` times of 0 … T, evenly, the first and the last among them.

    >>> choose(30, 4)
    [0, 10, 20, 30]
    """
    n = int(np.clip(fitting, 2, MOST_FRAMES))
    return sorted({int(t) for t in np.round(np.linspace(0, horizon, min(n, horizon + 1)))})


def fitting(room: float, across: int, narrowest: float) -> int:
    """How many frames of ``across`` cells fit a width without becoming unreadable."""
    frame = max(narrowest, min(6.0 * across, _WIDE_ENOUGH))
    return int((room + _ARROW) // (frame + _ARROW))


def states_fitting(height: float, rows: int, notes: int) -> int:
    """How many states a frame can have so that their names do not overlap."""
    fixed = rows * _HEAD + (rows - 1) * _BETWEEN + _TIMES + _NOTE * notes + _BELOW
    return max(int((height - fixed) / (rows * _LOWEST)), 2)


def lay_out(
    size: tuple[float, float],
    cells: tuple[int, int],
    times: Sequence[int],
    rows: int,
    *,
    labels: float,
    beside: float,
    notes: int,
    largest: tuple[float, float],
    square: bool,
) -> Film:
    """Fill an area of ``size`` points with rows of frames of ``cells`` (down, across) each.

    ``labels`` and ``beside`` are the widths left of the frames, for names, and right of them, for colour bars.
    """
    n, (down, across) = len(times), cells
    room = max(size[0] - labels - beside, 1.0)
    wide = room / (across * (n + _RATIO * (n - 1)))
    if _RATIO * across * wide < _ARROW:
        wide = max(room - _ARROW * (n - 1), 0.3 * room) / (across * n)
    fixed = rows * _HEAD + (rows - 1) * _BETWEEN + _TIMES + _NOTE * notes + _BELOW * (notes > 0)
    high = max(size[1] - fixed, 0.3 * size[1]) / (rows * down)
    wide, high = min(wide, largest[0]), min(high, largest[1])
    if square:
        wide = high = min(wide, high)
    frame = (across * wide, down * high)
    gap = max(_RATIO * frame[0], min(_ARROW, (room - n * frame[0]) / max(n - 1, 1)))
    used = labels + n * frame[0] + (n - 1) * gap + beside
    first = labels + max((size[0] - used) / 2, 0.0)
    apart = _BETWEEN + float(np.clip((size[1] - fixed - rows * frame[1]) / rows, 0.0, 1.5 * frame[1]))
    tops = [size[1] - _TIMES - _HEAD - k * (frame[1] + _HEAD + apart) for k in range(rows)]
    return Film(
        (wide, high),
        tuple(first + k * (frame[0] + gap) for k in range(n)),
        tuple(top - frame[1] for top in tops),
        frame,
        gap,
    )
