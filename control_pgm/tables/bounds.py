"""Bounds on messages, and what steps do to them: how long numbers stay in range, by proof and not by looking.

All bounds are base-2 logarithms of scaled values. A step adds its *gain* to the bounds of what it receives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, inf, log2
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.message import Message, contract, exponent_of, is_linear, log2_bounds, table_of
from control_pgm.tables.repeated import Own, Repeated, Repetition
from control_pgm.tables.scaled import Scaled

# Results are kept within the first range (products of two such rows lose no digit); where that is not possible, within
# the second, in which no digit is lost either.
RANGE, WIDE_RANGE = 400.0, 880.0


class Gain(NamedTuple):
    """What a step does to the bounds (base-2 logarithms) and the exponent of what it receives, which it adds up."""

    low: float  # to the lower bound on positive entries
    low_if_full: float  # the same where no entry received is zero; −inf if zeros may come out all the same
    high: float
    exponent: Any  # an int, or one per member of a batch


class Bounds(NamedTuple):
    """Bounds of one message and its exponent; ``full``: no entry is zero."""

    low: float
    high: float
    full: bool
    exponent: Any


def bounds_of(message: Message) -> Bounds:
    """Bounds from a look at the values; −inf from below where logarithms are held."""
    if not is_linear(message):
        return Bounds(-inf, 0.0, False, 0)
    table = table_of(message)
    low, high = log2_bounds(table)
    full = not table.sparse and bool(table._data.min(initial=1.0) > 0.0)
    return Bounds(low, high, full, exponent_of(message))


def rough_gain(step: Repeated, tables: Sequence[Message]) -> Gain:
    """The gain from the bounds of the tables alone."""
    low, high, exponent = 0.0, log2(step.recipe.terms), 0
    for table in tables:
        lowest, highest = log2_bounds(table_of(table))
        low += min(lowest, 0.0)
        high += max(highest, 0.0)
        exponent = exponent + exponent_of(table)
    return Gain(low, -inf, high, exponent)


def gain_of(step: Repeated) -> Gain:
    """The gain of tables that never change: their sums, that is all-one messages, tell more than their bounds."""
    tables = step.at(0)
    rough = rough_gain(step, tables)
    if rough.low == -inf:
        return rough
    scopes = step.recipe.scopes[len(tables) :]
    ones: list[Message] = [Scaled(np.ones([step.recipe.sizes[x] for x in scope])) for scope in scopes]
    sums = table_of(contract([*tables, *ones], step.recipe))
    if not is_linear(sums) or not sums.support.all():
        return rough
    # The sums' own exponent beside that of the tables, so that a gain tells what happens to the scaled values.
    shift = sums._exponent - sum(table_of(table)._exponent for table in tables)
    lowest, highest = log2_bounds(Scaled(sums.dense()._data))
    return Gain(rough.low, lowest + shift, highest + shift, rough.exponent)


def through(
    repetition: Repetition, gains: Sequence[Gain | None], c: int, carried: Mapping[int, Bounds]
) -> list[Bounds]:
    """The bounds of all results of repetition c, from those of what is carried into it."""
    results: list[Bounds] = []
    for step, known in zip(repetition.steps, gains, strict=True):
        gain = known or rough_gain(step, step.at(c))
        received = [
            (carried[s.step] if s.lag else results[s.step]) if isinstance(s, Own) else bounds_of(s[c])
            for s in step.received
        ]
        full = gain.low_if_full > -inf and all(b.full for b in received)
        low = sum((b.low for b in received), gain.low_if_full if full else gain.low)
        high = sum((b.high for b in received), gain.high)
        exponent = gain.exponent
        for b in received:
            exponent = exponent + b.exponent
        results.append(Bounds(low, high, full, exponent))
    return results


def repetitions_within(room: float, per_repetition: float, at_most: int) -> int:
    """How many repetitions fit: the first needs no room of its own, each further one ``per_repetition``."""
    if not room >= 0.0:
        return 0
    if per_repetition <= 0.0 or room / per_repetition >= at_most:
        return at_most
    return min(at_most, 1 + floor(room / per_repetition))
