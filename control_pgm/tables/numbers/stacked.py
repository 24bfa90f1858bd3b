"""Tables of one shape as one table with a leading axis, whose entries have scales of their own.

The leading axis is just another label of a contraction, so that one contraction does for all. Tables may be sparse: the
model's own, and results in which no axis of a sparse table was summed out. Numbers are read by axis from `dense` ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log2, prod

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.contraction.kernel import kernel
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled, normalised
from control_pgm.tables.scaling import TRUSTED


def stacked(tables: Sequence[Scaled]) -> Scaled:
    """Tables of one shape along a new first axis; in logarithms if any of them is, sparse if all have one pattern."""
    if any(isinstance(table.exponent, np.ndarray) for table in tables):
        tables = [table.dense() for table in tables]
    first = next((table for table in tables if table.sparse), tables[0])
    return first.stacked_with(tables).at_scale(np.stack([np.asarray(table.exponent) for table in tables]))


def member(table: Scaled, k: int) -> Scaled:
    """One entry of the first leading axis."""
    table = table.dense()
    exponent = table.exponent[k]
    return Scaled(table.data[k, ...], exponent if np.ndim(exponent) else int(exponent), table.in_logs)


def concatenated(parts: Sequence[Scaled]) -> Scaled:
    """Tables with a leading axis, one behind the other along it."""
    if len(parts) == 1:
        return parts[0]
    parts = [part.dense() for part in parts]
    exponents = np.concatenate([part.exponent for part in parts])
    if any(part.in_logs for part in parts):
        return Scaled(np.concatenate([part.log_values for part in parts]), exponents, True)
    bounds = [part.bounds for part in parts]
    data = np.concatenate([part.data for part in parts])
    return Scaled(data, exponents, bounds=(min(low for low, _ in bounds), max(high for _, high in bounds)))


def contract_into(place: FloatArray, operands: Sequence[Scaled], recipe: Recipe) -> Scaled:
    """`Scaled.contract`, written to ``place`` if the result is proved to be harmless in linear numbers."""
    lows, highs = zip(*(table.bounds for table in operands), strict=True)
    low, high = prod(min(x, 1.0) for x in lows), recipe.terms * prod(max(x, 1.0) for x in highs)
    registers = [table.scaled_values for table in operands]
    if low < TRUSTED or high > 1.0 / TRUSTED or not all(isinstance(values, np.ndarray) for values in registers):
        return Scaled.contract(operands, recipe)
    calls = kernel(recipe)
    for call in calls:
        target = place if call is calls[-1] else np.empty(call.kept)
        call.function(*(sight.seen(registers[sight.register]) for sight in call.operands), target.reshape(call.written))
        registers.append(target)
    return Scaled(place, sum(table.exponent for table in operands), bounds=(low, high))


def probabilities(table: Scaled, place: FloatArray, axes: tuple[int, ...]) -> None:
    """The table divided by its sums over ``axes``, written to ``place``; NaN where a sum is zero."""
    table = table.dense()
    if table.in_logs:
        place[...] = normalised(table, axes)
        return
    # A product with ones sums short rows several times faster than a reduction does.
    values = table.data
    total = (values @ np.ones(values.shape[-1]))[..., None] if axes == (-1,) else values.sum(axis=axes, keepdims=True)
    if (total > 0.0).all():
        np.divide(values, total, out=place)
    else:
        place[...] = normalised(table, axes)


def logarithms(table: Scaled, place: FloatArray) -> None:
    """Natural logarithms of the table, written to ``place``; −inf at exact zeros."""
    place[...] = table.log()


def log2_bounds(table: Scaled) -> tuple[float, float]:
    """Base-2 logarithms of bounds on the scaled values: on positive ones from below, on all from above."""
    low, high = table.bounds
    return log2(low) if low > 0.0 else -inf, log2(high) if high > 0.0 else 0.0
