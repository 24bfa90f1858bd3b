"""Messages between clusters: a table, or in a batch one table for each of its members, with a scale of its own.

Tables may be sparse: the model's own, and results in which no axis of a sparse table was summed out. Whoever reads
numbers by axis asks for the `dense` ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log, log2, prod
from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.contraction.kernel import kernel
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stack import Stack

Message = Scaled | Stack

_LN2 = log(2.0)
_LINEAR_RANGE = 600.0  # nats
_HARMLESS = 1e-280  # no product of positive entries lies below: nothing underflows


def contract_messages(operands: Sequence[Message], recipe: Recipe) -> Message:
    """The sum-product of tables and stacks; stacks share their first axis, which the recipe knows as a label."""
    if not any(isinstance(operand, Stack) for operand in operands):
        return Scaled.contract(operands, recipe)  # type: ignore[arg-type]
    exponents = sum(operand.exponents for operand in operands if isinstance(operand, Stack))
    return normalised_message(
        Stack(Scaled.contract([table_of(operand) for operand in operands], recipe), np.asarray(exponents))
    )


def contract_into(place: FloatArray, operands: Sequence[Message], recipe: Recipe) -> Message:
    """The same, written to ``place`` if the result is proved to be harmless in linear numbers."""
    tables = [table_of(operand) for operand in operands]
    lows, highs = zip(*(table.bounds for table in tables), strict=True)
    low, high = prod(min(x, 1.0) for x in lows), recipe.terms * prod(max(x, 1.0) for x in highs)
    registers = [table.scaled_values for table in tables]
    if low < _HARMLESS or high > 1.0 / _HARMLESS or not all(isinstance(values, np.ndarray) for values in registers):
        return contract_messages(operands, recipe)
    calls = kernel(recipe)
    for call in calls:
        target = place if call is calls[-1] else np.empty(call.kept)
        call.function(*(sight.seen(registers[sight.register]) for sight in call.operands), target.reshape(call.written))
        registers.append(target)
    table = Scaled(place, sum(table.exponent for table in tables), bounds=(low, high))
    exponents = [operand.exponents for operand in operands if isinstance(operand, Stack)]
    return Stack(table, np.asarray(sum(exponents))) if exponents else table


def probabilities(stack: Stack, place: FloatArray, axes: tuple[int, ...]) -> None:
    """The tables divided by their sums over ``axes``, written to ``place``; NaN where a sum is zero."""
    if not is_linear(stack):
        place[...] = stack.normalised(axes)
        return
    values = stack.dense().table.data
    # A product with ones sums short rows several times faster than a reduction does.
    total = (values @ np.ones(values.shape[-1]))[..., None] if axes == (-1,) else values.sum(axis=axes, keepdims=True)
    if (total > 0.0).all():
        np.divide(values, total, out=place)
    else:
        place[...] = stack.normalised(axes)


def logarithms(stack: Stack, place: FloatArray) -> None:
    """Natural logarithms of the tables, written to ``place``; −inf at exact zeros."""
    place[...] = stack.log()


def table_of(message: Message) -> Scaled:
    """The table itself; of a stack without the exponents of its members."""
    return message.table if isinstance(message, Stack) else message


def exponent_of(message: Message) -> Any:
    """The power of two that the table is to be multiplied by: an integer, or one for each member of a batch."""
    return message.exponents + message.table.exponent if isinstance(message, Stack) else message.exponent


def log2_bounds(table: Scaled) -> tuple[float, float]:
    """Base-2 logarithms of bounds on the scaled values: on positive ones from below, on all from above."""
    low, high = table.bounds
    return log2(low) if low > 0.0 else -inf, log2(high) if high > 0.0 else 0.0


def normalised_message(message: Message) -> Message:
    """The message with its largest value, in every member of a batch, near 1; linear again where it can be."""
    if isinstance(message, Scaled):
        return message.normalised_scale
    if message.table.sparse:  # the contraction of the next message brings it back to scale
        return message
    table, exponents = message.table, message.exponents + message.table.exponent
    data, lead = table.data, exponents.ndim
    axes = tuple(range(lead, data.ndim))
    if not table.in_logs:
        shift = np.frexp(data.max(axis=axes, initial=0.0))[1].astype(np.int64)
        return Stack(Scaled(_shifted(data, -shift)), exponents + shift) if shift.any() else message
    top = data.max(axis=axes, initial=-inf)
    shift = np.ceil(np.where(top > -inf, top, 0.0) / _LN2).astype(np.int64)
    relative = data - (shift * _LN2).reshape(*shift.shape, *[1] * len(axes))
    if relative.min(where=relative > -inf, initial=0.0) > -_LINEAR_RANGE:
        return Stack(Scaled(np.exp(relative)), exponents + shift)
    return Stack(Scaled(relative, 0, True), exponents + shift)


def stacked(messages: Sequence[Message]) -> Stack:
    """Messages of one shape along a new first axis."""
    stacks = [message.dense() for message in messages if isinstance(message, Stack)]
    if not stacks:
        return Stack.of([table_of(message) for message in messages])
    rows = Stack.of([Scaled(s.table.data, 0, s.table.in_logs) for s in stacks])
    return Stack(rows.table, np.stack([exponent_of(stack) for stack in stacks]))


def row_of(stack: Stack, k: int) -> Message:
    """One of the stacked tables."""
    table = stack.dense().table
    exponents = exponent_of(stack)
    if exponents.ndim > 1:
        return Stack(Scaled(table.data[k, ...], 0, table.in_logs), exponents[k])
    return Scaled(table.data[k, ...], int(exponents[k]), table.in_logs)


def concatenated(parts: Sequence[Stack]) -> Stack:
    """One stack of several, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    parts = [part.dense() for part in parts]
    exponents = np.concatenate([exponent_of(part) for part in parts])
    if not all(map(is_linear, parts)):
        return Stack(Scaled(np.concatenate([part.table.log_values for part in parts]), 0, True), exponents)
    bounds = [part.table.bounds for part in parts]
    data = np.concatenate([part.table.data for part in parts])
    return Stack(Scaled(data, bounds=(min(low for low, _ in bounds), max(high for _, high in bounds))), exponents)


def _shifted(data: FloatArray, powers: IntArray) -> FloatArray:
    """Each member times its own power of two, exactly."""
    column = powers.reshape(*powers.shape, *[1] * (data.ndim - powers.ndim))
    if np.abs(powers).max(initial=0) < 1000:
        return np.asarray(data * np.exp2(column))
    return np.asarray(np.ldexp(data, column))


def is_linear(message: Message) -> bool:
    """Whether the values are held as they are, not by logarithms."""
    return not table_of(message).in_logs
