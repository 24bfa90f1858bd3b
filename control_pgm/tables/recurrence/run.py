"""Running a repetition: as many rounds at once as bounds prove to be safe, the others guarded.

From the bounds of the messages carried over, brought to a maximum near 1, follows how many repetitions can run before
anything can come near the edge of the range; these are run without reading the numbers. Where not even one can,
because tables or messages are too wide for linear numbers, the repetition is run by `Scaled.contract`, which guards
every digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np

from control_pgm.tables.arrays import BoolArray
from control_pgm.tables.numbers.message import Message, contract, is_linear, normal, table_of
from control_pgm.tables.recurrence.binding import bind
from control_pgm.tables.recurrence.bounds import (
    RANGE,
    WIDE_RANGE,
    Bounds,
    before,
    bounds_of,
    gain_of,
    repetitions_within,
    through,
)
from control_pgm.tables.recurrence.history import History
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, Source

_LONGEST = 2048  # repetitions between two reports of progress


def run(
    repetition: Recurrence, start: int, stop: int, before: Mapping[int, Message], tracks: Sequence[History]
) -> Iterator[int]:
    """Run repetitions ``start`` … ``stop`` − 1 into tracks; yields now and then how many are done.

    ``before`` is what the steps that are carried over had left before ``start``.
    """
    return _Running(repetition, start, stop, before, tracks).run()


class _Running:
    """The working state of `run`."""

    def __init__(
        self, spec: Recurrence, start: int, stop: int, before: Mapping[int, Message], tracks: Sequence[History]
    ) -> None:
        self.spec, self.start, self.n, self.tracks = spec, start, stop - start, tracks
        self.before = before
        self.calls, self.entries = bind(spec, start, tracks)
        self.gains = [gain_of(step, start, stop, spec.batch) for step in spec.steps]

    def run(self) -> Iterator[int]:
        """Stretch by stretch."""
        c = 0
        while c < self.n:
            carried = {i: normal(self.left(i, c)) for i in self.spec.before}
            k = self.safe(c, carried)
            if k > 0:
                self.run_unguarded(c, k, carried)
            else:
                k = 1
                self.run_guarded(c)
            c += k
            yield c

    def left(self, step: int, c: int) -> Message:
        """What a step had left before repetition c."""
        return self.tracks[step][c - 1] if c else self.before[step]

    # --- guarded ------------------------------------------------------------------------------------------------
    def run_guarded(self, c: int) -> None:
        """One repetition, every digit guarded."""
        for track, step in zip(self.tracks, self.spec.steps, strict=True):
            received = [self.received(source, c) for source in step.received]
            track.put(c, contract([*step.at(self.start + c), *received], step.recipe))

    def received(self, source: Source, c: int) -> Message:
        """A message that a step of repetition c receives."""
        if not isinstance(source, Lagged):
            return source[self.start + c]
        return self.left(source.step, c) if source.lag else self.tracks[source.step][c]

    # --- unguarded ----------------------------------------------------------------------------------------------
    def run_unguarded(self, c: int, k: int, carried: Mapping[int, Message]) -> None:
        """Repetitions c … c + k − 1 in plain numbers."""
        for entry in self.entries:
            message = table_of(carried[entry.step]).dense()
            entry.rows[c] = entry.sight.seen(message._data)  # a copy serves: nobody writes to it
        if len(self.calls) == 1:
            ((function, columns),) = self.calls
            deque(map(function, *(column.between(c, c + k) for column in columns)), maxlen=0)  # a loop without Python
            return
        calls = [
            zip(repeat(function), zip(*(column.between(c, c + k) for column in columns), strict=False), strict=False)
            for function, columns in self.calls
        ]
        for repetition in zip(*calls, strict=False):
            for function, operands in repetition:
                function(*operands)

    def safe(self, c: int, carried: Mapping[int, Message]) -> int:
        """How many repetitions from c on keep all numbers in range; writes down their exponents and bounds."""
        if not all(map(is_linear, carried.values())):
            return 0
        at_most = min(self.n - c, _LONGEST)
        bounds = {i: bounds_of(message) for i, message in carried.items()}
        return self.safe_in_chain(c, at_most, bounds) if self.spec.chain else self.safe_at_all(c, at_most, bounds)

    def safe_in_chain(self, c: int, at_most: int, bounds: Mapping[int, Bounds]) -> int:
        """In a chain all bounds and exponents are that of the message carried, and what the tables add to it."""
        ((carried, start),) = bounds.items()
        gains = [gain.within(slice(c, c + at_most)) for gain in self.gains]
        full = start.full and all(gain.keeps_full for gain in gains)
        offsets = through(self.spec, gains, {carried: Bounds(0.0, 0.0, full, 0)}, _nothing)
        if any(offset.varies for offset in offsets):
            return self.safe_varying(c, at_most, start, offsets, offsets[carried])
        return self.safe_alike(c, at_most, start, offsets, offsets[carried])

    def safe_alike(self, c: int, at_most: int, start: Bounds, offsets: Sequence[Bounds], step: Bounds) -> int:
        """Where every repetition adds the same, the room on either side is divided by what one takes of it."""
        lowest, highest = start.low + min(b.low for b in offsets), start.high + max(b.high for b in offsets)

        def within(limit: float, most: int) -> int:
            down = repetitions_within(limit + lowest, -step.low, most)
            return min(down, repetitions_within(limit - highest, step.high, most))

        k = within(RANGE, at_most) or within(WIDE_RANGE, 1)
        if k == 0:
            return 0
        times = np.arange(k) if self.spec.batch is None else np.arange(k)[:, None]
        for track, offset in zip(self.tracks, offsets, strict=True):
            track.exponents[c : c + k] = start.exponent + offset.exponent + times * step.exponent
            low, high = start.low + offset.low, start.high + offset.high
            track.widen(low + min(0.0, (k - 1) * step.low), high + max(0.0, (k - 1) * step.high))
        return k

    def safe_varying(self, c: int, at_most: int, start: Bounds, offsets: Sequence[Bounds], step: Bounds) -> int:
        """The same where tables vary: what has been added before each repetition is a cumulative sum."""
        lows, highs, exponents = (
            first + before(added, at_most, varies=step.varies)
            for first, added in zip(
                (start.low, start.high, start.exponent), (step.low, step.high, step.exponent), strict=True
            )
        )
        lowest, highest = lows, highs
        for offset in offsets:
            lowest, highest = np.minimum(lowest, lows + offset.low), np.maximum(highest, highs + offset.high)
        k = _first((lowest < -RANGE) | (highest > RANGE))
        if k == 0 and lowest[0] >= -WIDE_RANGE and highest[0] <= WIDE_RANGE:
            k = 1
        if k == 0:
            return 0
        for track, offset in zip(self.tracks, offsets, strict=True):
            track.exponents[c : c + k] = exponents[:k] + (offset.exponent[:k] if offset.varies else offset.exponent)
            low, high = (
                values[:k] + (added[:k] if offset.varies else added)
                for values, added in ((lows, offset.low), (highs, offset.high))
            )
            track.widen(float(low.min()), float(high.max()))
        return k

    def safe_at_all(self, c: int, at_most: int, bounds: Mapping[int, Bounds]) -> int:
        """In general, walk along until a bound is hit."""
        now = dict(bounds)
        for k in range(at_most):
            here = self.start + c + k
            gains = [gain.at(c + k) for gain in self.gains]
            results = through(self.spec, gains, now, partial(_bounds_at, here))
            limit = RANGE if k else WIDE_RANGE
            if any(b.low < -limit or b.high > limit for b in results):
                return k
            for track, result in zip(self.tracks, results, strict=True):
                track.exponents[c + k] = result.exponent
                track.widen(float(result.low), float(result.high))
            now = {i: results[i] for i in now}
        return at_most


def _bounds_at(repetition: int, source: Sequence[Message]) -> Bounds:
    return bounds_of(source[repetition])


def _nothing(source: Any) -> Bounds:
    raise AssertionError(f"a chain receives nothing from elsewhere, but {source!r}")


def _first(marks: BoolArray) -> int:
    """The first position that is marked; the length if none is."""
    return int(marks.argmax()) if marks.any() else len(marks)
