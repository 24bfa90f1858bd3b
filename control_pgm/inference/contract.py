"""Contractions of scoped tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from control_pgm.tables.arrays import Scope
from control_pgm.tables.contraction.plan import Recipe, recipe
from control_pgm.tables.numbers.scaled import Scaled

Operand = tuple[Scope, Scaled]


def contract(
    operands: Sequence[Operand], out: Scope, cardinalities: Sequence[int] | Mapping[int, int], maximised: int = 0
) -> Scaled:
    """Multiply operands and sum out all variables but ``out``, then take the maxima over its last ones.

    Over variables that no operand mentions the product is one.
    """
    if len(operands) == 1 and operands[0][0] == out and not maximised:
        return operands[0][1]
    plan, ones = prepare([scope for scope, _ in operands], out, cardinalities, maximised)
    return Scaled.contract([*(table for _, table in operands), *ones], plan)


def prepare(
    scopes: Sequence[Scope], out: Scope, cardinalities: Sequence[int] | Mapping[int, int], maximised: int = 0
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
    return recipe(tuple(signature), tuple([local[v] for v in out]), sizes, maximised), ones
