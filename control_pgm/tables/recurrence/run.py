"""Running a recurrence: as many repetitions at once as bounds prove to be safe, the others guarded.

From the bounds of the messages carried over, brought to a maximum near 1, follows how many repetitions can run before
anything can come near the edge of the range; these are run without reading the numbers. Where not even one can,
because tables or messages are too wide for linear numbers, the repetition is run by `Scaled.contract`, which guards
every digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat

import numpy as np

from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import member
from control_pgm.tables.recurrence.binding import bind
from control_pgm.tables.recurrence.bounds import (
    RANGE,
    WIDE_RANGE,
    Bounds,
    Sums,
    bounds_of,
    bounds_of_rows,
    gain_of,
    through,
)
from control_pgm.tables.recurrence.history import History
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, Rows

_LONGEST = 4096  # repetitions that are bound at once


def run(
    recurrence: Recurrence, start: int, stop: int, before: Mapping[int, Scaled], tracks: Sequence[History]
) -> Iterator[int]:
    """Run repetitions ``start`` … ``stop`` − 1 into tracks; yields now and then how many are done.

    ``before`` is what the steps that are carried over had left before ``start``.
    """
    for first in range(start, stop, _LONGEST):
        repetitions = range(first, min(first + _LONGEST, stop))
        yield from _Window(recurrence, repetitions, before, tracks, first - start).run()


class _Window:
    """Some repetitions, and the row of the tracks that the first of them has."""

    def __init__(
        self,
        recurrence: Recurrence,
        repetitions: range,
        before: Mapping[int, Scaled],
        tracks: Sequence[History],
        at: int,
    ) -> None:
        self.recurrence, self.n, self.before, self.tracks, self.at = recurrence, len(repetitions), before, tracks, at
        start, stop = repetitions.start, repetitions.stop
        self.first = start
        self.outside = {
            id(source): _linear_rows(source, repetitions)
            for step in recurrence.steps
            for source in step.received
            if not isinstance(source, Lagged)
        }
        self.calls, self.entries = bind(
            recurrence, repetitions, [track.data[at : at + self.n] for track in tracks], self.outside
        )
        self.gains = [gain_of(step, start, stop, recurrence.batch) for step in recurrence.steps]
        self.sums: dict[bool, Sums] = {}  # by whether the message carried has no zeros
        self.reach = self.n  # how far a stretch is looked for

    def run(self) -> Iterator[int]:
        """Stretch by stretch."""
        c = 0
        while c < self.n:
            carried = {i: self.left(i, c).near_one() for i in self.recurrence.before}
            k = self.safe(c, carried)
            if k > 0:
                self.run_unguarded(c, k, carried)
            else:
                k = 1
                self.run_guarded(c)
            c += k
            yield self.at + c

    def left(self, step: int, c: int) -> Scaled:
        """What a step had left before repetition c."""
        return self.tracks[step][self.at + c - 1] if self.at + c else self.before[step]

    # --- guarded ------------------------------------------------------------------------------------------------
    def run_guarded(self, c: int) -> None:
        """One repetition, every digit guarded."""
        for track, step in zip(self.tracks, self.recurrence.steps, strict=True):
            received = [self.received(source, c) for source in step.received]
            track.put(self.at + c, Scaled.contract([*step.at(self.first + c), *received], step.recipe))

    def received(self, source: Lagged | Rows, c: int) -> Scaled:
        """A message that a step of repetition c receives."""
        if isinstance(source, Lagged):
            return self.left(source.step, c + 1 - source.lag)
        rows = self.outside[id(source)]
        return member(rows, c) if isinstance(rows, Scaled) else rows[c]

    # --- unguarded ----------------------------------------------------------------------------------------------
    def run_unguarded(self, c: int, k: int, carried: Mapping[int, Scaled]) -> None:
        """Repetitions c … c + k − 1 in plain numbers."""
        for entry in self.entries:
            message = carried[entry.step].dense()
            entry.column[c] = entry.sight.seen(message.data)  # a copy serves: nobody writes to it
        if len(self.calls) == 1:
            ((function, columns),) = self.calls
            deque(map(function, *(column[c : c + k] for column in columns)), maxlen=0)  # a loop without Python
            return
        calls = [
            zip(repeat(function), zip(*(column[c : c + k] for column in columns), strict=True), strict=False)
            for function, columns in self.calls
        ]
        for repetition in zip(*calls, strict=True):
            for function, operands in repetition:
                function(*operands)

    def safe(self, c: int, carried: Mapping[int, Scaled]) -> int:
        """How many repetitions from c on keep all numbers in range; writes down their exponents and bounds."""
        if any(message.in_logs for message in carried.values()):
            return 0
        bounds = {i: bounds_of(message) for i, message in carried.items()}
        if self.recurrence.carried is None:
            return self.safe_in_general(c, bounds)
        start = bounds[self.recurrence.carried]
        if start.full not in self.sums:
            self.sums[start.full] = self.summed(start.full)
        sums = self.sums[start.full]
        k = sums.within(c, min(c + self.reach, self.n), start)
        self.reach = 4 * k + 64
        exponent = start.exponent - sums.exponent[c]
        low, high = start.low - sums.low[c], start.high - sums.high[c]
        for track, exponents in zip(self.tracks, sums.exponents, strict=True) if k else ():
            track.exponents[self.at + c : self.at + c + k] = exponent + exponents[c : c + k]
            track.widen(low + float(sums.lowest[c : c + k].min()), high + float(sums.highest[c : c + k].max()))
        return k

    def summed(self, full: bool) -> Sums:
        """The sums of gains, for a message carried that has zeros or none."""
        carried, batch = self.recurrence.carried, self.recurrence.batch
        assert carried is not None
        nothing = Bounds(np.zeros(1), np.zeros(1), full, np.zeros(1 if batch is None else (1, 1), dtype=np.int64))
        results = through(self.recurrence, self.gains, {carried: nothing}, lambda source: self.sent[id(source)])
        return Sums(results, carried, self.n)

    @cached_property
    def sent(self) -> Mapping[int, Bounds]:
        """The bounds of the messages from outside."""
        return {key: bounds_of_rows(rows) for key, rows in self.outside.items()}

    def safe_in_general(self, c: int, bounds: Mapping[int, Bounds]) -> int:
        """Where several messages are carried over, walk along until a bound is hit."""
        now = dict(bounds)
        for k in range(self.n - c):
            gains = [gain.at(c + k) for gain in self.gains]
            sent = {key: rows.at(c + k) for key, rows in self.sent.items()}
            results = through(self.recurrence, gains, now, lambda source, sent=sent: sent[id(source)])  # type: ignore[misc]
            limit = RANGE if k else WIDE_RANGE
            if any(b.low < -limit or b.high > limit for b in results):
                return k
            for track, result in zip(self.tracks, results, strict=True):
                track.exponents[self.at + c + k] = result.exponent
                track.widen(float(result.low), float(result.high))
            now = {i: results[i] for i in now}
        return self.n - c


def _linear_rows(source: Rows, repetitions: range) -> Scaled | Sequence[Scaled]:
    """The messages of some repetitions, together where all of them are linear numbers."""
    stack = source.stack(repetitions.start, repetitions.stop).dense()
    return stack if not stack.in_logs else [source[c] for c in repetitions]
