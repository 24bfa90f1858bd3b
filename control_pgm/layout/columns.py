"""Columns of a long model's drawing: the first few slices, "…", the last two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.errors import InvalidArgument

_GAP = 2.5  # columns between the slices on both sides of a gap
_LAST = 2


@dataclass(frozen=True)
class Gap:
    """Slices left out: ``hidden`` of them, between the times ``after`` and ``before``; dots are drawn at ``x``."""

    after: int
    before: int
    hidden: int
    x: float


@dataclass(frozen=True)
class Columns:
    """Where the slices lie.

    Attributes
    ----------
    times : all times of the model, in order.
    visible : time -> x, of the slices that are drawn.
    gaps : what is left out, from left to right.
    width : of one column.
    """

    times: Sequence[int]
    visible: Mapping[int, float]
    gaps: tuple[Gap, ...]
    width: float

    def x(self, time: int) -> float:
        """The x of a slice; of a hidden one, where it would lie beside its visible neighbour."""
        if time in self.visible:
            return self.visible[time]
        gap = next(g for g in self.gaps if g.after < time < g.before)
        rank = self.times.index(time)
        if rank == self.times.index(gap.after) + 1:
            return self.visible[gap.after] + self.width
        if rank == self.times.index(gap.before) - 1:
            return self.visible[gap.before] - self.width
        return gap.x


def columns(
    times: Iterable[int], *, width: float, max_slices: int = 8, keep: Iterable[int] = (), lone_end: bool = False
) -> Columns:
    """Choose the slices to draw and give them columns.

    Parameters
    ----------
    times : iterable of int
        The times of all nodes.
    width : float
        Of a column.
    max_slices : int
        More slices than these are elided: the first ``max_slices − 3`` and the last two stay.
    keep : iterable of int
        Times that stay whatever happens, such as those asked about.
    lone_end : bool
        Whether the last time is no slice of its own but the end of the one before it, as s_T is.

    Examples
    --------
    >>> columns(range(51), width=1.0, lone_end=True).gaps
    (Gap(after=4, before=48, hidden=43, x=5.5),)
    """
    if isinstance(max_slices, bool) or not isinstance(max_slices, int | np.integer) or max_slices < 4:
        raise InvalidArgument(f"max_slices {max_slices!r}", allowed="an integer ≥ 4")
    order = times if isinstance(times, range) else sorted(set(times))
    drawn = _drawn(order, int(max_slices), frozenset(keep), lone_end)
    visible: dict[int, float] = {}
    gaps: list[Gap] = []
    x, previous = 0.0, -1
    for rank in drawn:
        if previous >= 0:
            hidden = rank - previous - 1
            if hidden:
                gaps.append(Gap(order[previous], order[rank], hidden, x + 1.5 * width))
            x += width * (_GAP if hidden else 1.0)
        visible[order[rank]] = x
        previous = rank
    return Columns(order, visible, tuple(gaps), width)


def _drawn(order: Sequence[int], max_slices: int, keep: frozenset[int], lone_end: bool) -> list[int]:
    """The ranks of the times to draw; a gap of one slice is not worth its dots and is drawn."""
    n = len(order)
    slices = n - 1 if lone_end else n
    if slices <= max_slices:
        return list(range(n))
    chosen = set(range(max_slices - _LAST - 1)) | set(range(slices - _LAST, n))
    chosen |= {order.index(time) for time in keep if time in order}
    chosen |= {rank + 1 for rank in chosen if rank + 2 in chosen}
    return sorted(chosen)
