"""Bounds on messages, and what steps do to them: how long numbers provably stay in range.

All bounds are base-2 logarithms of scaled values. A step adds its *gain* to the bounds of what it receives. Of many
repetitions bounds, gains and exponents are arrays whose first axis counts them; its length is one where all are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, log2
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray, Scope, positive_minimum
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import log2_bounds
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep, Rows
from control_pgm.tables.recurrence.series import Series, row_bounds

# Results are kept within the first range (products of two such rows lose no digit); where that is not possible, within
# the second, in which no digit is lost either.
RANGE, WIDE_RANGE = 400.0, 880.0
_FAR = 1e6  # stands for infinity: far beyond either range


class Gain(NamedTuple):
    """What a step does to the bounds and the exponent of what it receives, which it adds up."""

    low: FloatArray  # to the lower bound on positive entries
    low_if_full: FloatArray | None  # the same where no entry received is zero; None if zeros may come out all the same
    high: FloatArray
    exponent: IntArray  # a second axis runs over a batch

    def at(self, c: int) -> Gain:
        """The gain in one repetition."""
        return Gain(*(None if values is None else values[c if len(values) > 1 else 0] for values in self))  # type: ignore[arg-type]


class Bounds(NamedTuple):
    """Bounds of a message and its exponent; ``full``: no entry is zero."""

    low: Any
    high: Any
    full: bool
    exponent: Any

    def at(self, c: int) -> Bounds:
        """Those of one of many messages."""
        return Bounds(self.low[c], self.high[c], self.full, self.exponent[c])


def bounds_of(message: Scaled) -> Bounds:
    """Bounds from the values themselves; −inf from below where logarithms are held."""
    table = message.dense()
    if message.in_logs or not table.n_entries:
        return Bounds(-inf, 0.0, False, message.exponent)
    lowest, high = (float(reduce(table.data, axis=None)) for reduce in (np.minimum.reduce, np.maximum.reduce))
    low = lowest if lowest > 0.0 else positive_minimum(table.data)
    return Bounds(log2(low), log2(high) if high > 0.0 else 0.0, lowest > 0.0, message.exponent)


def bounds_of_rows(messages: Scaled | Sequence[Scaled]) -> Bounds:
    """The same of many messages."""
    if isinstance(messages, Scaled):
        return Bounds(*row_bounds(messages.data), messages.exponent)
    rows = [bounds_of(message) for message in messages]
    low, high, full, exponent = (np.array(values) for values in zip(*rows, strict=True))
    return Bounds(low, high, bool(full.all()), exponent)


def gain_of(step: RecurrentStep, start: int, stop: int, batch: int | None = None) -> Gain:
    """The gain in repetitions ``start`` … ``stop`` − 1, from the sums of the tables where these are known."""
    rough = _rough_gain(step, start, stop, batch)
    series = [table for table in step.tables if isinstance(table, Series)]
    if (rough.low == -inf).any() or len(series) > 1 or any(table.distinct.stack is None for table in series):
        return rough
    found = _sums(step, series)
    if found is None:
        return rough
    lowest, highest = found
    if series:
        rows = series[0].chosen[start:stop]
        lowest, highest = lowest[rows], highest[rows]
    return Gain(rough.low, lowest, highest, rough.exponent)


def _rough_gain(step: RecurrentStep, start: int, stop: int, batch: int | None) -> Gain:
    """The gain from the bounds of the tables alone."""
    low, high, exponent = 0.0, log2(step.recipe.terms), np.zeros(() if batch is None else 1, dtype=np.int64)
    for table in step.tables:
        if not isinstance(table, Series):
            lowest, highest = log2_bounds(table)
            low, high, exponent = low + min(lowest, 0.0), high + max(highest, 0.0), exponent + table.exponent
    lows, highs, exponents = np.array([low]), np.array([high]), np.asarray(exponent)[None]
    for table in step.tables:
        if isinstance(table, Series):
            rows, distinct = table.chosen[start:stop], table.distinct
            lowest_of, highest_of = distinct.log2_bounds
            lows, highs = lows + np.minimum(lowest_of[rows], 0.0), highs + np.maximum(highest_of[rows], 0.0)
            own = distinct.exponents[rows]
            exponents = exponents + (own if own.ndim == exponents.ndim else own[:, None])
    return Gain(lows, None, highs, exponents)


def _sums(step: RecurrentStep, series: Sequence[Series]) -> tuple[FloatArray, FloatArray] | None:
    """Bounds of what all-one messages become, for each distinct table of a series; None where zeros come out."""
    position = len(step.recipe.sizes)
    own: list[Scaled] = []
    scopes: list[Scope] = []
    for scope, table in zip(step.recipe.scopes, step.tables, strict=False):
        stack = table.distinct.stack if isinstance(table, Series) else None
        scopes.append(scope if stack is None else (position, *scope))
        own.append(stack if stack is not None else table)  # type: ignore[arg-type]
    rest = step.recipe.scopes[len(own) :]
    ones: list[Scaled] = [Scaled(np.ones([step.recipe.sizes[x] for x in scope]), bounds=(1.0, 1.0)) for scope in rest]
    out, sizes = step.recipe.out, step.recipe.sizes
    if series:
        out, sizes = (position, *out), (*sizes, len(series[0].distinct.tables))
    sums = Scaled.contract([*own, *ones], recipe((*scopes, *rest), out, sizes, step.recipe.maximised))
    data = sums.dense().data
    low, high, full = row_bounds(data if series else data[None, ...])
    if sums.in_logs or not full:
        return None
    # The sums' own exponent beside that of the tables: a gain concerns the scaled values.
    shift = sums.exponent - sum((table.exponent for table in own), start=0)
    if series or isinstance(shift, int):
        return low + shift, high + shift
    return low + shift.min(), high + shift.max()


def through(
    recurrence: Recurrence, gains: Sequence[Gain], carried: Mapping[int, Bounds], outside: Callable[[Rows], Bounds]
) -> list[Bounds]:
    """The bounds of all results, of one repetition or many, from those of what is carried into them."""
    results: list[Bounds] = []
    for step, gain in zip(recurrence.steps, gains, strict=True):
        received = [
            (carried[s.step] if s.lag else results[s.step]) if isinstance(s, Lagged) else outside(s)
            for s in step.received
        ]
        full = gain.low_if_full is not None and all(b.full for b in received)
        low: Any = gain.low_if_full if full else gain.low
        high: Any = gain.high
        exponent: Any = gain.exponent
        for b in received:
            low, high, exponent = low + b.low, high + b.high, exponent + b.exponent
        results.append(Bounds(low, high, full, exponent))
    return results


class Sums:
    """Bounds and exponents of all results where the carried message has bounds 0: sums of gains over repetitions.

    Attributes
    ----------
    low, high, exponent : per repetition what has been added to those of the carried message before it.
    lowest, highest : the same, and within it the extremes over its results.
    exponents : per step those of its results.
    """

    def __init__(self, results: Sequence[Bounds], carried: int, count: int) -> None:
        lows = [np.maximum(result.low, -_FAR) for result in results]  # sums of infinities would be no numbers
        self.low, self.high = _before(lows[carried], count), _before(results[carried].high, count)
        self.exponent = _before(results[carried].exponent, count)
        self.lowest, self.highest = self.low, self.high
        for low, result in zip(lows, results, strict=True):
            self.lowest = np.minimum(self.lowest, self.low + low)
            self.highest = np.maximum(self.highest, self.high + result.high)
        self.exponents = [self.exponent + result.exponent for result in results]

    def within(self, c: int, stop: int, start: Bounds) -> int:
        """How many repetitions from c on, of those before ``stop``, keep a carried message of given bounds in range."""
        low, high = start.low - self.low[c], start.high - self.high[c]
        outside = (self.lowest[c:stop] < -RANGE - low) | (self.highest[c:stop] > RANGE - high)
        k = int(outside.argmax()) if outside.any() else stop - c
        if k == 0 and low + self.lowest[c] >= -WIDE_RANGE and high + self.highest[c] <= WIDE_RANGE:
            return 1
        return k


def _before(increments: Any, count: int) -> Any:
    """What has been added up before each of ``count`` repetitions."""
    if len(increments) == 1:
        return np.multiply.outer(np.arange(count), increments[0])
    return np.concatenate([np.zeros_like(increments[:1]), np.cumsum(increments[:-1], axis=0)])
