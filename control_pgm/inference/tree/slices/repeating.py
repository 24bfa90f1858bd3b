"""Sequences that repeat blocks of a short one, item by item when they are read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Shift(NamedTuple):
    """How far the numbers of a copy lie behind those of the original: in steps, variables and tables."""

    steps: int = 0
    variables: int = 0
    tables: int = 0

    def plus(self, other: Shift, times: int = 1) -> Shift:
        """The sum with a multiple of another."""
        return Shift(
            self.steps + times * other.steps,
            self.variables + times * other.variables,
            self.tables + times * other.tables,
        )


class Segment(NamedTuple):
    """A stretch of a long sequence: ``copies`` of ``width`` items of the short one.

    Attributes
    ----------
    start : where it begins in the long sequence.
    source : where its items begin in the short one.
    shift, step : the shift of the first copy, and what each further one adds.
    """

    start: int
    source: int
    width: int
    copies: int
    shift: Shift
    step: Shift

    @property
    def stop(self) -> int:
        """The first position behind it."""
        return self.start + self.width * self.copies


class Repeating(Sequence[T]):
    """``items`` with some blocks repeated, as ``segments`` say; ``move(item, shift)`` is what becomes of an item.

    Examples
    --------
    >>> one = Shift(1, 1, 1)
    >>> segments = [Segment(0, 0, 1, 1, Shift(), Shift()), Segment(1, 1, 1, 3, Shift(), one)]
    >>> list(Repeating([0, 1], segments, move=lambda x, shift: x + shift.steps))
    [0, 1, 2, 3]
    """

    def __init__(
        self, items: Sequence[T], segments: Sequence[Segment], move: Callable[[T, Shift], T] | None = None
    ) -> None:
        self.items, self.segments, self.move = items, segments, move
        self._starts = [segment.start for segment in segments]
        self._length = segments[-1].stop if segments else 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        if i < 0:
            i += self._length
        if not 0 <= i < self._length:
            raise IndexError(i)
        start, source, width, _, shift, step = self.segments[bisect_right(self._starts, i) - 1]
        c, k = divmod(i - start, width)
        item = self.items[source + k]
        if self.move is None:
            return item
        return self.move(item, Shift(shift[0] + c * step[0], shift[1] + c * step[1], shift[2] + c * step[2]))

    def __iter__(self) -> Iterator[T]:
        for _, source, width, count, shift, step in self.segments:
            items = self.items[source : source + width]
            for c in range(count):
                if self.move is None:
                    yield from items
                else:
                    moved = shift.plus(step, c)
                    for item in items:
                        yield self.move(item, moved)
