"""Contractions of scoped tables: one at a time, or a batch of the same form at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from control_pgm.tables.contraction import Recipe, recipe
from control_pgm.tables.scaled import Scaled, Stack
from control_pgm.tables.views import Scope

Operand = tuple[Scope, Scaled]


def contract(operands: Sequence[Operand], out: Scope, cardinalities: Sequence[int] | Mapping[int, int]) -> Scaled:
    """Multiply operands and sum out all variables but ``out``; the product is one where no operand looks."""
    if len(operands) == 1 and operands[0][0] == out:
        return operands[0][1]
    plan, ones = prepare([scope for scope, _ in operands], out, cardinalities)
    return Scaled.contract([*(table for _, table in operands), *ones], plan)


def prepare(
    scopes: Sequence[Scope], out: Scope, cardinalities: Sequence[int] | Mapping[int, int]
) -> tuple[Recipe, tuple[Scaled, ...]]:
    """The recipe of a contraction, and tables of ones to append for output variables that no operand mentions."""
    local: dict[int, int] = {}
    signature = [tuple([local.setdefault(v, len(local)) for v in scope]) for scope in scopes]
    missing = tuple([v for v in out if v not in local])
    ones: tuple[Scaled, ...] = ()
    if missing or not signature:
        signature.append(tuple([local.setdefault(v, len(local)) for v in missing]))
        ones = (Scaled(np.ones([cardinalities[v] for v in missing])),)
    sizes = tuple([cardinalities[v] for v in local])
    return recipe(tuple(signature), tuple([local[v] for v in out]), sizes), ones


def contract_each(batch: Sequence[Sequence[Operand]], out: Scope, sizes: Sequence[int]) -> Stack:
    """Contract every operand list of the batch onto ``out`` and stack the results.

    Lists of one form (equal scopes, as the slices of an unrolled network have) become one batched contraction, whose
    first axis is the position in the batch; a table shared by all of them is used once and not copied.
    """
    forms: dict[tuple[Scope, ...], list[int]] = {}
    for k, operands in enumerate(batch):
        forms.setdefault(tuple([scope for scope, _ in operands]), []).append(k)
    parts = [_contract_form([batch[k] for k in members], out, sizes) for members in forms.values()]
    if len(parts) == 1:
        return parts[0]
    order = [k for members in forms.values() for k in members]
    return Stack.concatenate(parts, np.argsort(order))


def _contract_form(batch: Sequence[Sequence[Operand]], out: Scope, sizes: Sequence[int]) -> Stack:
    position = len(sizes)  # the label of the axis that runs over the batch
    exponents = np.zeros(len(batch), dtype=np.int64)
    stacked: list[Operand] = []
    for column in range(len(batch[0])):
        scope, first = batch[0][column]
        tables = [operands[column][1] for operands in batch]
        if all(table is first for table in tables):
            stacked.append((scope, first))
        else:
            stack = Stack.of(tables)
            exponents += stack.exponents
            stacked.append(((position, *scope), stack.table))
    return Stack(contract(stacked, (position, *out), (*sizes, len(batch))), exponents)
