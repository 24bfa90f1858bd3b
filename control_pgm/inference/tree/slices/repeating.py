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
        return Shift(self[0] + times * other[0], self[1] + times * other[1], self[2] + times * other[2])


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


class Segments:
    """The segments of a long sequence, in order; empty ones are left out."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.all = [segment for segment in segments if segment.width]
        self.starts = [segment.start for segment in self.all]
        self.length = self.all[-1].stop if self.all else 0

    @staticmethod
    def of(total: int, blocks: Sequence[tuple[int, Shift]], copies: Sequence[int], unit: int) -> Segments:
        """Those of a short sequence of ``total`` items some blocks of which are repeated.

        Parameters
        ----------
        blocks : per block its first item, and its size.
        copies : per block how often it is inserted again.
        unit : which entry of a size counts the items.
        """
        result: list[Segment] = []
        at, shift = 0, Shift()
        for (first, size), m in zip(blocks, copies, strict=True):
            width = size[unit]
            result.append(Segment(at + shift[unit], at, first - at, 1, shift, Shift()))
            result.append(Segment(first + shift[unit], first, width, m + 1, shift, size))
            at, shift = first + width, shift.plus(size, m)
        return Segments([*result, Segment(at + shift[unit], at, total - at, 1, shift, Shift())])

    def backwards(self, total: int) -> Segments:
        """Those of the same sequence read from its end; the short one has ``total`` items."""
        return Segments(
            [
                Segment(
                    self.length - s.stop,
                    total - s.source - s.width,
                    s.width,
                    s.copies,
                    s.shift.plus(s.step, s.copies - 1),
                    Shift().plus(s.step, -1),
                )
                for s in reversed(self.all)
            ]
        )

    def copies(self, source: int, copies: slice) -> list[range]:
        """Per item of the segment that repeats the items from ``source`` on its positions in some copies."""
        own = next(s for s in self.all if s.copies > 1 and s.source == source)
        return [range(own.start + j, own.stop + j, own.width)[copies] for j in range(own.width)]


class Repeating(Sequence[T]):
    """``items`` with some blocks repeated, as ``segments`` say; ``move(item, shift)`` is what becomes of an item.

    Examples
    --------
    >>> segments = Segments.of(2, [(1, Shift(1, 1, 1))], [2], unit=1)
    >>> list(Repeating([0, 1], segments, move=lambda x, shift: x + shift.steps))
    [0, 1, 2, 3]
    """

    def __init__(self, items: Sequence[T], segments: Segments, move: Callable[[T, Shift], T] | None = None) -> None:
        self.items, self.segments, self.move = items, segments.all, move
        self._starts, self._length = segments.starts, segments.length

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
