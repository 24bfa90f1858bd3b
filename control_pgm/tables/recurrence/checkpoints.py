"""All results of a repetition, or as many as memory allows: the others are computed again when they are asked for.

The repetitions are cut into segments. What is carried over at the start of a segment is kept for good, its tracks only
while it is one of the two in use. With one segment everything is kept; with about sqrt(count) segments memory is
O(sqrt(count)) and every message is computed at most twice (Griewank 1992, with a single level).

Where steps are composed only what is carried over is kept, and the results of the steps in between are made of it on
demand, many repetitions at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, log2

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray, Scope
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import concatenated, contract_into, log2_bounds, member, stacked
from control_pgm.tables.recurrence.binding import calls_of
from control_pgm.tables.recurrence.bounds import RANGE, WIDE_RANGE
from control_pgm.tables.recurrence.composed import composed
from control_pgm.tables.recurrence.history import Allocate, History
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.run import run
from control_pgm.tables.recurrence.series import Series, combinations


class Checkpoints:
    """The results of a repetition, by step and row.

    Parameters
    ----------
    repetition : what is run.
    length : int, optional
        Repetitions in a segment; all of them if left out.
    allocate : callable, optional
        Makes the arrays of the tracks, in memory by default.
    """

    def __init__(self, repetition: Recurrence, length: int | None = None, allocate: Allocate = np.empty) -> None:
        self.repetition, self._allocate = repetition, allocate
        self.length = min(length or repetition.count, repetition.count)
        self._run = composed(repetition) or repetition
        whole = self._run is repetition
        self._track_of = {j: j for j in range(len(repetition.steps))} if whole else dict.fromkeys(repetition.before, 0)
        self._starts: list[Mapping[int, Scaled]] = [self._run.before]  # per segment: what is carried into it
        self._open: dict[int, list[History]] = {}  # the last two segments in use, whole

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
        while len(self._open) > 1:  # lets memory go before more is taken
            del self._open[max(self._open, key=lambda other: abs(other - g))]
        tracks = self._run.tracks(start, stop, self._allocate)
        for done in run(self._run, start, stop, self._starts[g], tracks):
            yield start + done
        if len(self._starts) == g + 1:
            self._starts.append({step: tracks[step][stop - start - 1] for step in self._run.before})
        self._open[g] = tracks

    def _tracks(self, g: int) -> list[History]:
        while len(self._starts) <= g:
            for _ in self._open_segment(len(self._starts) - 1):
                pass
        if g not in self._open:
            for _ in self._open_segment(g):
                pass
        return self._open[g]

    # --- reading ------------------------------------------------------------------------------------------------
    def row(self, step: int, c: int) -> Scaled:
        """The result of a step in repetition c; c = −1 is what was carried into the first."""
        if c < 0:
            return self.repetition.before[step]
        if step not in self._track_of:
            made = self.repetition.steps[step]
            received = [self.row(s.step, c - s.lag) if isinstance(s, Lagged) else s[c] for s in made.received]
            return Scaled.contract([*made.at(c), *received], made.recipe)
        g, k = divmod(c, self.length)
        track = self._track_of[step]
        last = k == self.length - 1 or c == self.repetition.count - 1
        if last and track in self._run.before and len(self._starts) > g + 1:
            return self._starts[g + 1][track]
        return self._tracks(g)[track][k]

    def stack(self, step: int, start: int, stop: int) -> Scaled:
        """The results of a step in repetitions ``start`` … ``stop`` − 1, stacked."""
        if step not in self._track_of:
            return self._made(self.repetition.steps[step], start, stop)
        if start < 0 or (self.length == 1 and self._track_of[step] in self._run.before):
            first = stacked([self.row(step, start)])
            return concatenated([first, self.stack(step, start + 1, stop)]) if stop > start + 1 else first
        parts = []
        for g in range(start // self.length, ceil(stop / self.length)):
            first_row = g * self.length
            rows = slice(max(start - first_row, 0), min(stop - first_row, self.length))
            parts.append(self._tracks(g)[self._track_of[step]].stack(rows))
        return concatenated(parts)

    def _made(self, step: RecurrentStep, start: int, stop: int) -> Scaled:
        """Results that were not kept, of many repetitions at once: the first axis counts them."""
        (source,) = step.received
        assert isinstance(source, Lagged)
        received = self.stack(source.step, start - source.lag, stop - source.lag)
        if step.constant:
            return _multiplied(step, step.at(start), received)
        series = [table.chosen[start:stop] for table in step.tables if isinstance(table, Series)]
        chosen, first = combinations(series, stop - start)
        place = np.empty((stop - start, *step.shape))
        ends = [0, *(np.flatnonzero(np.diff(chosen)) + 1).tolist(), stop - start]
        if len(ends) <= 4 * len(first):
            stretches = [slice(*pair) for pair in pairwise(ends)]
            made = [_multiplied(step, step.at(start + s.start), _rows(received, s), place[s]) for s in stretches]
            return _in_place(made, place)
        order = np.argsort(chosen, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(chosen[order])) + 1)
        made = [_multiplied(step, step.at(start + part[0]), _rows(received, part)) for part in parts]
        return _rows(concatenated(made), np.argsort(order))


def _in_place(parts: Sequence[Scaled], place: FloatArray) -> Scaled:
    """Stacks one behind the other, which need no copy where they were written to one array."""
    if not all(not part.in_logs and np.may_share_memory(part.dense().data, place) for part in parts):
        return concatenated(parts)
    low, high = min(part.bounds[0] for part in parts), max(part.bounds[1] for part in parts)
    return Scaled(place, np.concatenate([part.exponent for part in parts]), bounds=(low, high))


def _rows(stack: Scaled, rows: IntArray | slice) -> Scaled:
    """Some of the stacked tables."""
    stack = stack.dense()
    bounds = None if stack.in_logs else stack.bounds
    return Scaled(stack.data[rows], stack.exponent[rows], stack.in_logs, bounds)


def _multiplied(
    step: RecurrentStep, tables: Sequence[Scaled], received: Scaled, place: FloatArray | None = None
) -> Scaled:
    """A step with the same tables on every stacked message; in ``place``, if it can be put there."""
    if any(table.sparse for table in tables):  # one product for each is faster than one for all
        return _row_by_row(step, tables, received)
    position, count = len(step.recipe.sizes), len(received.exponent)
    scopes: tuple[Scope, ...] = (*step.recipe.scopes[:-1], (position, *step.recipe.scopes[-1]))
    sizes = (*step.recipe.sizes, count)
    batched = recipe(scopes, (position, *step.recipe.out), sizes, step.recipe.maximised)
    return contract_into(np.empty((count, *step.shape)) if place is None else place, [*tables, received], batched)


def _row_by_row(step: RecurrentStep, tables: Sequence[Scaled], received: Scaled) -> Scaled:
    """The same, message by message: straight into place, if bounds prove that nothing is lost."""
    received, count = received.dense(), len(received.exponent)
    bounds = [log2_bounds(table) for table in (received, *tables)]
    calls = calls_of(step, tables)
    low, high = sum(min(b, 0.0) for b, _ in bounds), sum(max(b, 0.0) for _, b in bounds) + log2(step.recipe.terms)
    if len(calls) > 1 or not step.shape or received.leads > 1 or received.in_logs or low < -WIDE_RANGE or high > RANGE:
        return stacked([Scaled.contract([*tables, member(received, k)], step.recipe) for k in range(count)])
    (call,) = calls
    result = np.empty((count, *call.written))
    for row, message in zip(result, received.data, strict=True):
        registers = [*(table.scaled_values for table in tables), message]
        call.function(*(sight.seen(registers[sight.register]) for sight in call.operands), row)
    exponents = received.exponent + sum(table.exponent for table in tables)
    return Scaled(result.reshape(count, *step.shape), exponents, bounds=(2.0**low, 2.0**high))
