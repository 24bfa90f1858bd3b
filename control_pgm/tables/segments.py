"""All results of a repetition, or as many as memory allows: the others are computed again when they are asked for.

The repetitions are cut into segments. What is carried over at the start of a segment is kept for good, its tracks only
while it is the one in use. With one segment everything is kept; with about sqrt(count) segments memory is
O(sqrt(count)) and every message is computed at most twice (Griewank 1992, with a single level).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

import numpy as np

from control_pgm.tables.message import Message, contract, joined
from control_pgm.tables.repeated import Own, Repetition
from control_pgm.tables.scaled import Stack
from control_pgm.tables.track import Allocate, Track


class Segments:
    """The results of a repetition, by step and row.

    Parameters
    ----------
    repetition : what is run.
    length : int, optional
        Repetitions in a segment; all of them if left out.
    allocate : callable, optional
        Makes the arrays of the tracks, in memory by default.
    """

    def __init__(self, repetition: Repetition, length: int | None = None, allocate: Allocate = np.empty) -> None:
        self.repetition, self._allocate = repetition, allocate
        self.length = min(length or repetition.count, repetition.count)
        self._starts: list[Mapping[int, Message]] = [repetition.before]  # per segment: what is carried into it
        self._open: tuple[int, list[Track]] | None = None  # the segment in use, whole

    @property
    def number(self) -> int:
        """How many segments there are."""
        return ceil(self.repetition.count / self.length)

    def run(self) -> Iterator[int]:
        """Run whatever has not been run yet; yields now and then how many repetitions are done."""
        while len(self._starts) <= self.number:
            yield from self._open_segment(len(self._starts) - 1)

    def _open_segment(self, g: int) -> Iterator[int]:
        """Run segment ``g``, whose start is known, and keep it open."""
        start = g * self.length
        stop = min(start + self.length, self.repetition.count)
        self._open = None  # lets its memory go before more is taken
        tracks = self.repetition.tracks(start, stop, self._allocate)
        for done in self.repetition.run(start, stop, self._starts[g], tracks):
            yield start + done
        if len(self._starts) == g + 1:
            self._starts.append({step: tracks[step][stop - start - 1] for step in self.repetition.before})
        self._open = g, tracks

    def _tracks(self, g: int) -> list[Track]:
        while len(self._starts) <= g:
            for _ in self._open_segment(len(self._starts) - 1):
                pass
        if self._open is None or self._open[0] != g:
            for _ in self._open_segment(g):
                pass
        assert self._open is not None
        return self._open[1]

    def row(self, step: int, c: int) -> Message:
        """The result of a step in repetition c."""
        if self.repetition.passing[step]:
            return self._made_again(step, c)
        g, k = divmod(c, self.length)
        carried = k == self.length - 1 or c == self.repetition.count - 1
        if carried and step in self.repetition.before and len(self._starts) > g + 1:
            return self._starts[g + 1][step]
        return self._tracks(g)[step][k]

    def _made_again(self, step: int, c: int) -> Message:
        """A result that was not kept, from what it was made of."""
        repeated = self.repetition.steps[step]
        received = [
            source[c]
            if not isinstance(source, Own)
            else self.row(source.step, c - source.lag)
            if c >= source.lag
            else self.repetition.before[source.step]
            for source in repeated.received
        ]
        return contract([*repeated.at(c), *received], repeated.recipe)

    def stack(self, step: int, start: int, stop: int) -> Stack:
        """The results of a step in repetitions ``start`` … ``stop`` − 1, stacked; without a batch only."""
        if self.repetition.passing[step] or (self.length == 1 and step in self.repetition.before):
            return Stack.of([self.row(step, c) for c in range(start, stop)])  # type: ignore[misc]
        parts = []
        for g in range(start // self.length, ceil(stop / self.length)):
            first = g * self.length
            rows = slice(max(start - first, 0), min(stop - first, self.length))
            parts.append(self._tracks(g)[step].stack(rows))
        return joined(parts)
