"""Bounds on messages, and what steps do to them: how long numbers provably stay in range.

All bounds are base-2 logarithms of scaled values. A step adds its *gain* to the bounds of what it receives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import floor, inf, log2
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.contraction.views import Scope
from control_pgm.tables.numbers.message import Message, contract, exponent_of, is_linear, log2_bounds, table_of
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stack import Stack
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.series import Series

# Results are kept within the first range (products of two such rows lose no digit); where that is not possible, within
# the second, in which no digit is lost either.
RANGE, WIDE_RANGE = 400.0, 880.0


class Gain(NamedTuple):
    """What a step does to the bounds and the exponent of what it receives, which it adds up.

    Each is one number for all repetitions, or an array whose first axis counts them.
    """

    low: Any  # to the lower bound on positive entries
    low_if_full: Any  # the same where no entry received is zero; −inf if zeros may come out all the same
    high: Any
    exponent: Any  # an int; of a batch one for each member

    @property
    def varies(self) -> bool:
        """Whether the gain is not the same in all repetitions."""
        return isinstance(self.low, np.ndarray)

    @property
    def keeps_full(self) -> bool:
        """Whether no zero comes out where none goes in."""
        return bool((self.low_if_full > -inf).all()) if self.varies else self.low_if_full > -inf

    def within(self, repetitions: slice) -> Gain:
        """The gains of some repetitions."""
        return Gain(*(values[repetitions] for values in self)) if self.varies else self

    def at(self, c: int) -> Gain:
        """The gain of one repetition."""
        return Gain(*(values[c] for values in self)) if self.varies else self


class Bounds(NamedTuple):
    """Bounds of a message and its exponent, or arrays of these over repetitions; ``full``: no entry is zero."""

    low: Any
    high: Any
    full: bool
    exponent: Any

    @property
    def varies(self) -> bool:
        """Whether they are arrays over repetitions."""
        return isinstance(self.low, np.ndarray)


def bounds_of(message: Message) -> Bounds:
    """Bounds from the values themselves; −inf from below where logarithms are held."""
    if not is_linear(message):
        return Bounds(-inf, 0.0, False, 0)
    table = table_of(message)
    low, high = log2_bounds(table)
    full = not table.sparse and bool(table._data.min(initial=1.0) > 0.0)
    return Bounds(low, high, full, exponent_of(message))


def rough_gain(step: RecurrentStep, start: int, stop: int, batch: int | None) -> Gain:
    """The gain in repetitions ``start`` … ``stop`` − 1 from the bounds of the tables alone."""
    low: Any = 0.0
    high: Any = log2(step.recipe.terms)
    exponent: Any = 0
    varying: list[tuple[FloatArray, FloatArray, IntArray]] = []
    for table in step.tables:
        if isinstance(table, Scaled | Stack):
            lowest, highest = log2_bounds(table_of(table))
            low, high, exponent = low + min(lowest, 0.0), high + max(highest, 0.0), exponent + exponent_of(table)
        elif isinstance(table, Series):
            rows = table.chosen[start:stop]
            lows, highs = table.distinct.log2_bounds
            varying.append((lows[rows], highs[rows], table.distinct.exponents[rows]))
        else:
            bounds = np.array([log2_bounds(table_of(row)) for row in table[start:stop]])
            varying.append((bounds[:, 0], bounds[:, 1], np.stack([exponent_of(row) for row in table[start:stop]])))
    for lowest_of, highest_of, own in varying:
        low, high = low + np.minimum(lowest_of, 0.0), high + np.maximum(highest_of, 0.0)
        exponent = exponent + (own if batch is None or own.ndim > 1 else own[:, None])
    if batch is not None:
        exponent = np.broadcast_to(exponent, (stop - start, batch) if varying else (batch,))
    return Gain(low, np.full_like(low, -inf) if varying else -inf, high, exponent)


def gain_of(step: RecurrentStep, start: int, stop: int, batch: int | None = None) -> Gain:
    """The same from the sums of the tables, that is all-one messages, where these are known: they tell more."""
    rough = rough_gain(step, start, stop, batch)
    series = [table for table in step.tables if isinstance(table, Series)]
    lost = bool((rough.low == -inf).any()) if rough.varies else rough.low == -inf
    if lost or not step.series or len(series) > 1:
        return rough
    if any(table.distinct.stack is None for table in series):
        return rough
    found = _sums(step, series)
    if found is None:
        return rough
    lowest, highest = found
    if series:
        rows = series[0].chosen[start:stop]
        lowest, highest = lowest[rows], highest[rows]
    return Gain(rough.low, lowest, highest, rough.exponent)


def _sums(step: RecurrentStep, series: Sequence[Series]) -> tuple[Any, Any] | None:
    """Bounds of what all-one messages become, for each distinct table of a series; None where zeros come out."""
    position = len(step.recipe.sizes)
    own: list[Message] = []
    scopes: list[Scope] = []
    for scope, table in zip(step.recipe.scopes, step.tables, strict=False):
        stack = table.distinct.stack if isinstance(table, Series) else None
        scopes.append(scope if stack is None else (position, *scope))
        own.append(stack if stack is not None else table)  # type: ignore[arg-type]
    rest = step.recipe.scopes[len(own) :]
    ones: list[Message] = [Scaled(np.ones([step.recipe.sizes[x] for x in scope])) for scope in rest]
    out, sizes = step.recipe.out, step.recipe.sizes
    if series:
        out, sizes = (position, *out), (*sizes, len(series[0].distinct.tables))
    sums = contract([*own, *ones], recipe((*scopes, *rest), out, sizes))
    table = table_of(sums)
    if not is_linear(sums) or not table.support.all():
        return None
    # The sums' own exponent beside that of the tables, so that a gain tells what happens to the scaled values.
    shift = exponent_of(sums) - sum((exponent_of(table) for table in own), start=0)
    if not series:
        lowest, highest = log2_bounds(Scaled(table.dense()._data))
        return lowest + float(np.min(shift)), highest + float(np.max(shift))
    data = table.dense()._data
    rows = data.reshape(len(data), -1)
    return np.log2(rows.min(axis=1)) + shift, np.log2(rows.max(axis=1)) + shift


def through(
    repetition: Recurrence, gains: Sequence[Gain], carried: Mapping[int, Bounds], elsewhere: Callable[[Any], Bounds]
) -> list[Bounds]:
    """The bounds of all results, of one repetition or many, from those of what is carried into them.

    ``elsewhere`` gives the bounds of a message from outside.
    """
    results: list[Bounds] = []
    for step, gain in zip(repetition.steps, gains, strict=True):
        received = [
            (carried[s.step] if s.lag else results[s.step]) if isinstance(s, Lagged) else elsewhere(s)
            for s in step.received
        ]
        full = gain.keeps_full and all(b.full for b in received)
        low = gain.low_if_full if full else gain.low
        high, exponent = gain.high, gain.exponent
        for b in received:
            low, high, exponent = low + b.low, high + b.high, exponent + b.exponent
        results.append(Bounds(low, high, full, exponent))
    return results


def before(increments: Any, count: int, *, varies: bool) -> Any:
    """What has been added up before each of ``count`` repetitions; ``varies``: each adds an increment of its own."""
    if varies:
        return np.concatenate([np.zeros_like(increments[:1]), np.cumsum(increments[:-1], axis=0)])
    with np.errstate(invalid="ignore"):  # nothing has been added before the first, whatever the increment
        sums = np.multiply.outer(np.arange(count), increments)
    sums[:1] = 0
    return sums


def repetitions_within(room: float, per_repetition: float, at_most: int) -> int:
    """How many repetitions fit: the first needs no room of its own, each further one ``per_repetition``."""
    if not room >= 0.0:
        return 0
    if per_repetition <= 0.0 or room / per_repetition >= at_most:
        return at_most
    return min(at_most, 1 + floor(room / per_repetition))
