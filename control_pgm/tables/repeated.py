"""The same contractions again and again, each on what the one before has left: the slices of a long network.

A *repetition* is a list of steps that is run ``count`` times. A step contracts fixed tables with messages: results of
its own repetition, of the one before, or tables from elsewhere. All results of a step are rows of one `Track`.

Numbers stay in range by proof, not by looking. A step multiplies lower and upper bounds of what it receives by known
factors, its *gains*. From the bounds of the messages carried over, brought to a maximum near 1, follows how many
repetitions can run before anything can come near the edge of the range; these are run without a look at the numbers.
Where not even one can, because tables or messages are too wide for linear numbers, the repetition is run by
`Scaled.contract`, which guards every digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from math import floor, inf, log2
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.contraction import Recipe
from control_pgm.tables.kernel import Call, Sight, kernel, sparse_product, whole
from control_pgm.tables.message import Message, contract, exponent_of, is_linear, log2_bounds, normal, table_of
from control_pgm.tables.scaled import Scaled, Stack
from control_pgm.tables.track import Track

# Base-2 logarithms: results are kept within the first range (products of two such rows lose no digit); where that is
# not possible, within the second, in which no digit is lost either.
_RANGE, _WIDE_RANGE = 400.0, 880.0
_LONGEST = 2048  # repetitions between two reports of progress


class Own(NamedTuple):
    """The result of a step of the same repetition (lag 0) or of the one before (lag 1)."""

    step: int
    lag: int


Source = Own | Sequence[Message]  # or a table from elsewhere for every repetition


@dataclass(frozen=True, eq=False)
class Repeated:
    """One step: ``recipe`` on the tables, then the messages received.

    ``tables`` holds, per operand, one table for all repetitions or a sequence with one for each.
    """

    recipe: Recipe
    tables: tuple[Message | Sequence[Message], ...]
    received: tuple[Source, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.recipe.sizes[x] for x in self.recipe.out)

    def at(self, c: int) -> list[Message]:
        """The tables of repetition c."""
        return [table if isinstance(table, Scaled | Stack) else table[c] for table in self.tables]


class Gain(NamedTuple):
    """What a step does to the bounds (base-2 logarithms) and the exponent of what it receives, which it adds up."""

    low: float  # to the lower bound on positive entries
    low_if_full: float  # the same where no entry received is zero; −inf if zeros may come out all the same
    high: float
    exponent: Any  # an int, or one per member of a batch


@dataclass(frozen=True, eq=False)
class Repetition:
    """Steps that are run ``count`` times; see the module. ``before`` holds, by step, what lag 1 means at the start."""

    count: int
    steps: tuple[Repeated, ...]
    before: Mapping[int, Message]
    batch: int | None = None

    @cached_property
    def _gains(self) -> tuple[Gain | None, ...]:
        """Per step; None where its tables differ between repetitions."""
        return tuple(
            _gain(step) if all(isinstance(t, Scaled | Stack) for t in step.tables) else None for step in self.steps
        )

    @cached_property
    def chain(self) -> bool:
        """Whether everything hangs on one message that is carried over: then all bounds move by constants."""
        constant = all(isinstance(table, Scaled | Stack) for step in self.steps for table in step.tables)
        alone = all(len(step.received) == 1 and isinstance(step.received[0], Own) for step in self.steps)
        return constant and alone and len(self.before) == 1

    def tracks(self, start: int, stop: int, allocate: Any = np.empty) -> list[Track]:
        """Empty tracks for the repetitions from ``start`` to ``stop``.

        In a chain only what is carried over is kept: the rest follows from it.
        """
        kept = self.before if self.chain else range(len(self.steps))
        return [
            Track(stop - start, step.shape, self.batch, allocate, passing=j not in kept)
            for j, step in enumerate(self.steps)
        ]

    def run(self, start: int, stop: int, before: Mapping[int, Message], tracks: Sequence[Track]) -> Iterator[int]:
        """Run repetitions ``start`` … ``stop`` − 1 into tracks; yields now and then how many are done.

        ``before`` is what the steps that are carried over had left before ``start``.
        """
        return _Run(self, start, stop, before, tracks).run()


def _gain(step: Repeated) -> Gain:
    """Bounds from the tables' bounds, and from their sums: from all-one messages, if every sum is positive."""
    tables = step.at(0)
    low, high, exponent = 0.0, log2(step.recipe.terms), 0
    for table in tables:
        lowest, highest = log2_bounds(table_of(table))
        low += min(lowest, 0.0)
        high += max(highest, 0.0)
        exponent = exponent + exponent_of(table)
    if low == -inf:
        return Gain(-inf, -inf, high, exponent)
    scopes = step.recipe.scopes[len(tables) :]
    ones: list[Message] = [Scaled(np.ones([step.recipe.sizes[x] for x in scope])) for scope in scopes]
    sums = table_of(contract([*tables, *ones], step.recipe))
    if sums._in_logs or not sums.support.all():
        return Gain(low, -inf, high, exponent)
    # The sums' own exponent beside that of the tables, so that a gain tells what happens to the scaled values.
    shift = sums._exponent - sum(table_of(table)._exponent for table in tables)
    lowest, highest = log2_bounds(Scaled(sums._data))
    return Gain(low, lowest + shift, highest + shift, exponent)


class _Bounds(NamedTuple):
    """Bounds of one message and its exponent; ``full``: no entry is zero."""

    low: float
    high: float
    full: bool
    exponent: Any


@dataclass(eq=False)
class _Column:
    """One operand of one call for all repetitions: an array for each, or one for all."""

    rows: list[Any] | None
    fixed: FloatArray | None = None

    def between(self, start: int, stop: int) -> Any:
        return repeat(self.fixed) if self.rows is None else self.rows[start:stop]


class _Run:
    """The working state of `Repetition.run`."""

    def __init__(
        self, spec: Repetition, start: int, stop: int, before: Mapping[int, Message], tracks: Sequence[Track]
    ) -> None:
        self.spec, self.start, self.n, self.tracks = spec, start, stop - start, tracks
        self.before = before
        self.patches: list[tuple[int, list[Any], Sight]] = []  # (step carried over, its rows in a column, how seen)
        self.programme: list[tuple[Any, list[_Column]]] = []
        for j, step in enumerate(spec.steps):
            self._bind(j, step)

    # --- binding views to memory --------------------------------------------------------------------------------
    def _bind(self, j: int, step: Repeated) -> None:
        calls = _calls(step)
        bound = self._columns(j, step, calls)
        if bound is None:
            bound = self._columns(j, step, whole(step.recipe))
            assert bound is not None
        programme, patches = bound
        self.programme += programme
        self.patches += patches

    def _columns(self, j: int, step: Repeated, calls: tuple[Call, ...]) -> Any:
        """The calls of a step with their operands in place; None where a message could only be seen as a copy."""
        programme: list[tuple[Any, list[_Column]]] = []
        patches: list[tuple[int, list[Any], Sight]] = []
        scratch: dict[int, FloatArray] = {}
        n_tables, n_operands = len(step.tables), len(step.recipe.scopes)
        for k, call in enumerate(calls):
            columns = []
            for sight in call.operands:
                if sight.register < n_tables:
                    column: _Column | None = self._of_table(step.tables[sight.register], sight)
                elif sight.register < n_operands:
                    source = step.received[sight.register - n_tables]
                    column = self._of_message(source, sight)
                    if column is not None and isinstance(source, Own) and source.lag and column.rows is not None:
                        patches.append((source.step, column.rows, sight))
                else:
                    column = _Column(None, sight.of(scratch[sight.register]))
                if column is None or (column.rows is None and column.fixed is None):
                    return None
                columns.append(column)
            if k + 1 < len(calls):
                buffer = scratch[n_operands + k] = np.empty(call.kept)
                columns.append(_Column(None, buffer.reshape(call.written)))
            else:
                data = self.tracks[j].data
                columns.append(_Column(_rows(data.reshape(len(data), *call.written))))
            programme.append((call.function, columns))
        return programme, patches

    def _of_table(self, table: Message | Sequence[Message], sight: Sight) -> _Column:
        if isinstance(table, Scaled | Stack):
            return _Column(None, _of_constant(table_of(table), sight))
        return _Column([_of_constant(table_of(table[self.start + c]), sight) for c in range(self.n)])

    def _of_message(self, source: Source, sight: Sight) -> _Column | None:
        if not isinstance(source, Own):
            rows = [sight.of(table_of(source[self.start + c])._linear) for c in range(self.n)]
            return None if any(row is None for row in rows) else _Column(rows)
        seen = sight.of(self.tracks[source.step].data, lead=1)
        if seen is None:
            return None
        rows = _rows(seen)
        return _Column([None, *rows[:-1]] if source.lag else rows)

    # --- running ------------------------------------------------------------------------------------------------
    def run(self) -> Iterator[int]:
        c = 0
        while c < self.n:
            carried = {i: normal(self._left(i, c)) for i in self.spec.before}
            k = self._run_unguarded(c, carried)
            if k == 0:
                self._run_guarded(c)
                k = 1
            c += k
            yield c

    def _left(self, step: int, c: int) -> Message:
        """What a step had left before repetition c."""
        return self.tracks[step][c - 1] if c else self.before[step]

    def _run_guarded(self, c: int) -> None:
        for track, step in zip(self.tracks, self.spec.steps, strict=True):
            received = [self._received(source, c) for source in step.received]
            track.put(c, contract([*step.at(self.start + c), *received], step.recipe))

    def _received(self, source: Source, c: int) -> Message:
        if not isinstance(source, Own):
            return source[self.start + c]
        return self._left(source.step, c) if source.lag else self.tracks[source.step][c]

    def _run_unguarded(self, c: int, carried: Mapping[int, Message]) -> int:
        """Run as many repetitions as are proved to be safe; returns how many."""
        k = self._safe(c, carried)
        if k == 0:
            return 0
        for i, rows, sight in self.patches:
            rows[c] = sight.of(table_of(carried[i])._data)
        if len(self.programme) == 1:
            ((function, columns),) = self.programme
            deque(map(function, *(column.between(c, c + k) for column in columns)), maxlen=0)  # a loop without Python
            return k
        calls = [
            zip(repeat(function), zip(*(column.between(c, c + k) for column in columns), strict=False), strict=False)
            for function, columns in self.programme
        ]
        for repetition in zip(*calls, strict=False):
            for function, operands in repetition:
                function(*operands)
        return k

    def _safe(self, c: int, carried: Mapping[int, Message]) -> int:
        """How many repetitions from c on keep all numbers in range; writes down their exponents and bounds."""
        at_most = min(self.n - c, _LONGEST)
        bounds = {i: _bounds(message) for i, message in carried.items()}
        if not all(map(is_linear, carried.values())):
            return 0
        return self._safe_chain(c, at_most, bounds) if self.spec.chain else self._safe_each(c, at_most, bounds)

    def _safe_chain(self, c: int, at_most: int, bounds: Mapping[int, _Bounds]) -> int:
        """In a chain one repetition tells all: bounds and exponents move by the same amount in each."""
        ((carried, start),) = bounds.items()
        zero = {carried: _Bounds(0.0, 0.0, start.full and self._stays_full, 0)}
        offsets = self._through(c, zero)
        step = offsets[carried]
        lowest, highest = min(b.low for b in offsets), max(b.high for b in offsets)
        for limit in (_RANGE, _WIDE_RANGE):
            k = min(
                at_most,
                _repetitions(start.low + lowest + limit, -step.low),
                _repetitions(limit - start.high - highest, step.high),
            )
            if k > 0:
                break
        else:
            return 0
        if limit == _WIDE_RANGE:
            k = 1
        times = np.arange(k) if self.spec.batch is None else np.arange(k)[:, None]
        last = k - 1
        for track, offset in zip(self.tracks, offsets, strict=True):
            track.exponents[c : c + k] = start.exponent + offset.exponent + times * step.exponent
            track.low = min(track.low, start.low + offset.low + min(0.0, last * step.low))
            track.high = max(track.high, start.high + offset.high + max(0.0, last * step.high))
        return k

    @property
    def _stays_full(self) -> bool:
        return all(gain is not None and gain.low_if_full > -inf for gain in self.spec._gains)

    def _safe_each(self, c: int, at_most: int, bounds: Mapping[int, _Bounds]) -> int:
        """In general, walk along until a bound is hit."""
        now = dict(bounds)
        for k in range(at_most):
            results = self._through(c + k, now)
            limit = _RANGE if k else _WIDE_RANGE
            if any(b.low < -limit or b.high > limit for b in results):
                return k
            for track, result in zip(self.tracks, results, strict=True):
                track.exponents[c + k] = result.exponent
                track.low, track.high = min(track.low, result.low), max(track.high, result.high)
            now = {i: results[i] for i in now}
        return at_most

    def _through(self, c: int, carried: Mapping[int, _Bounds]) -> list[_Bounds]:
        """The bounds of all results of one repetition."""
        results: list[_Bounds] = []
        for step, gain in zip(self.spec.steps, self.spec._gains, strict=True):
            gain = gain or _gain_of_bounds(step, step.at(self.start + c))
            received = [
                (carried[s.step] if s.lag else results[s.step]) if isinstance(s, Own) else _bounds(s[self.start + c])
                for s in step.received
            ]
            full = gain.low_if_full > -inf and all(b.full for b in received)
            low = sum((b.low for b in received), gain.low_if_full if full else gain.low)
            high = sum((b.high for b in received), gain.high)
            exponent = gain.exponent
            for b in received:
                exponent = exponent + b.exponent
            results.append(_Bounds(low, high, full, exponent))
        return results


def _calls(step: Repeated) -> tuple[Call, ...]:
    """The calls of a step on arrays; a sparse table that never changes becomes a matrix."""
    tables = [table_of(table)._linear for table in step.at(0)]
    if all(isinstance(table, np.ndarray) for table in tables):
        return kernel(step.recipe)
    product = None
    if len(tables) == 1 and isinstance(step.tables[0], Scaled):
        product = sparse_product(step.recipe, tables[0], first=True)
    return product or whole(step.recipe)


def _rows(array: FloatArray) -> list[Any]:
    """Views of the rows, also of those that are single numbers."""
    return list(array) if array.ndim > 1 else [array[c, ...] for c in range(len(array))]


def _of_constant(table: Scaled, sight: Sight) -> FloatArray:
    """A table that never changes: seen by a view or, where there is none, copied once."""
    seen = sight.of(table._linear)
    return sight.seen(table._linear) if seen is None else seen


def _gain_of_bounds(step: Repeated, tables: Sequence[Message]) -> Gain:
    low, high, exponent = 0.0, log2(step.recipe.terms), 0
    for table in tables:
        lowest, highest = log2_bounds(table_of(table))
        low += min(lowest, 0.0)
        high += max(highest, 0.0)
        exponent = exponent + exponent_of(table)
    return Gain(low, -inf, high, exponent)


def _bounds(message: Message) -> _Bounds:
    table = table_of(message)
    if not is_linear(message):
        return _Bounds(-inf, 0.0, False, 0)
    low, high = log2_bounds(table)
    return _Bounds(low, high, bool(table._data.min(initial=1.0) > 0.0), exponent_of(message))


def _repetitions(room: float, per_repetition: float) -> int:
    """How many repetitions fit: the first needs no room of its own, each further one ``per_repetition``."""
    if not room >= 0.0:
        return 0
    if per_repetition <= 0.0:
        return _LONGEST
    return 1 + floor(room / per_repetition) if room / per_repetition < _LONGEST else _LONGEST
