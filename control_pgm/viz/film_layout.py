"""Where the frames of a filmstrip of messages lie, in points from the lower left. No matplotlib here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.viz.sheet import BAR, BAR_GAP, BAR_TICKS

ROWS = 3
_HEAD, _TIMES, _BETWEEN, _NOTE = 17.0, 13.0, 9.0, 10.0  # heights: heading, time captions, between rows, a line of notes
_BELOW = 5.0  # between the last row and the notes
_ARROW, _RATIO = 12.0, 0.2  # the narrowest gap between frames, and the usual one in frames
MOST_FRAMES = 10


@dataclass(frozen=True)
class Film:
    """Three rows of frames.

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
    cells: tuple[int, int], frames: int, *, cell: tuple[float, float], labels: float, notes: int
) -> tuple[float, float]:
    """The width and height in points of a film whose cells have the given size."""
    down, across = cells[0] * cell[1], cells[1] * cell[0]
    width = labels + frames * across + (frames - 1) * max(_RATIO * across, _ARROW) + BAR_GAP + BAR + BAR_TICKS
    return width, ROWS * (down + _HEAD) + 2 * _BETWEEN + _TIMES + _NOTE * notes + _BELOW * (notes > 0)


def choose(horizon: int, fitting: int) -> list[int]:
    """At most ``fitting`` times of 0 … T, evenly, the first and the last among them.

    >>> choose(30, 4)
    [0, 10, 20, 30]
    """
    n = int(np.clip(fitting, 2, MOST_FRAMES))
    return sorted({int(t) for t in np.round(np.linspace(0, horizon, min(n, horizon + 1)))})


def fitting(width: float, across: int, labels: float, narrowest: float) -> int:
    """How many frames of ``across`` cells fit the width without becoming unreadable."""
    room = width - labels - BAR_GAP - BAR - BAR_TICKS
    frame = max(narrowest, 6.0 * across)
    return int((room + _ARROW) // (frame + _ARROW))


def lay_out(
    size: tuple[float, float],
    cells: tuple[int, int],
    times: Sequence[int],
    *,
    labels: float,
    notes: int,
    largest: tuple[float, float],
    square: bool,
) -> Film:
    """Fill an area of ``size`` points with three rows of frames of ``cells`` (down, across) each."""
    n, (down, across) = len(times), cells
    room = max(size[0] - labels - BAR_GAP - BAR - BAR_TICKS, 1.0)
    wide = room / (across * (n + _RATIO * (n - 1)))
    if _RATIO * across * wide < _ARROW:
        wide = max(room - _ARROW * (n - 1), 0.3 * room) / (across * n)
    fixed = ROWS * _HEAD + 2 * _BETWEEN + _TIMES + _NOTE * notes + _BELOW * (notes > 0)
    high = max(size[1] - fixed, 0.3 * size[1]) / (ROWS * down)
    wide, high = min(wide, largest[0]), min(high, largest[1])
    if square:
        wide = high = min(wide, high)
    frame = (across * wide, down * high)
    gap = max(_RATIO * frame[0], min(_ARROW, (room - n * frame[0]) / max(n - 1, 1)))
    used = labels + n * frame[0] + (n - 1) * gap + BAR_GAP + BAR + BAR_TICKS
    first = labels + max((size[0] - used) / 2, 0.0)
    apart = _BETWEEN + float(np.clip((size[1] - fixed - ROWS * frame[1]) / ROWS, 0.0, 0.35 * frame[1]))
    tops = [size[1] - _TIMES - _HEAD - k * (frame[1] + _HEAD + apart) for k in range(ROWS)]
    return Film(
        (wide, high),
        tuple(first + k * (frame[0] + gap) for k in range(n)),
        tuple(top - frame[1] for top in tops),
        frame,
        gap,
    )
