"""Contractions in which digits may be lost: entries that were lost are computed again in logarithms.

Linear arithmetic loses absolutely what lies below 1e-308 of the scale. An entry of the result is trusted if it is at
least 1e-280 of the scale, or a *structural* zero: no term of its sum is positive. All other entries are computed again
in logarithms, and with them only what shares their indices: the box of output indices at which anything was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Protocol

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, Scope
from control_pgm.tables.contraction.plan import Recipe, contract_logs
from control_pgm.tables.scaling import TRUSTED
from control_pgm.tables.sparse.array import SparseArray, Table, entries

_FEW = 4096  # arrays of fewer entries are not worth listing their non-zeros
_SPARSE = 0.25  # share of non-zeros up to which listing them pays


class Guarded(Protocol):
    """A table whose entries may be held by their logarithms, as an operand."""

    @property
    def scaled_values(self) -> Table:
        """Linear values without the power of two; what underflows is 0."""

    @property
    def log_operand(self) -> Table:
        """Their natural logarithms."""

    @property
    def indicator(self) -> Table:
        """1 where the table is positive, 0 where it is an exact zero."""

    @property
    def bounds(self) -> tuple[float, float]:
        """A lower bound on the positive scaled values, and an upper one on all."""

    @property
    def n_entries(self) -> int:
        """How many entries are held."""


def contract_guarded(operands: Sequence[Guarded], recipe: Recipe) -> tuple[Table, bool]:
    """The contraction of operands whose largest values lie near 1, and whether it is given by logarithms."""
    values = recipe.linear([operand.scaled_values for operand in operands])
    if prod(operand.bounds[0] for operand in operands) >= TRUSTED:
        return values, False
    lost = _lost(values, operands, recipe)
    if lost is None:
        return values, False
    return _recomputed(values, lost, operands, recipe), True


def _lost(values: Table, operands: Sequence[Guarded], recipe: Recipe) -> BoolArray | None:
    """Which entries are too small to trust although some term of their sum is positive; None if none is."""
    small = entries(values) < TRUSTED
    if not small.any():
        return None
    # Zeros and ones multiply without underflow; one table that is nowhere small may stand for its own indicator.
    largest = max(range(len(operands)), key=lambda k: operands[k].n_entries)
    stands_in = operands[largest].bounds[0] > 1e-100  # never so where logarithms are held
    possible = [o.scaled_values if k == largest and stands_in else o.indicator for k, o in enumerate(operands)]
    lost = small & (entries(recipe.linear(possible)) > 0.0)
    return np.asarray(lost) if lost.any() else None


def _recomputed(values: Table, lost: BoolArray, operands: Sequence[Guarded], recipe: Recipe) -> Table:
    """Logarithms of the result: of ``values`` where nothing was lost, and computed in logarithms where it was."""
    logs = [operand.log_operand for operand in operands]
    scopes, out, sizes = recipe.scopes, recipe.out, recipe.sizes
    if isinstance(values, SparseArray):
        return contract_logs(logs, scopes, out, sizes)
    every_other = [tuple(j for j in range(lost.ndim) if j != i) for i in range(lost.ndim)]
    box = [np.flatnonzero(lost.any(axis=others)) for others in every_other]
    if 2 * prod(map(len, box)) > lost.size:
        return _dense(contract_logs(logs, scopes, out, sizes))
    inside = dict(zip(out, box, strict=True))
    smaller = [len(inside[x]) if x in inside else n for x, n in enumerate(sizes)]
    parts = [_restricted(table, scope, inside) for table, scope in zip(logs, scopes, strict=True)]
    with np.errstate(divide="ignore"):
        result = np.log(values)
    result[np.ix_(*box)] = _dense(contract_logs(parts, scopes, out, smaller))
    return result


def _restricted(table: Table, scope: Scope, inside: Mapping[int, IntArray]) -> Table:
    """The table at the given indices of its labels."""
    wanted = {axis: inside[x] for axis, x in enumerate(scope) if x in inside and len(inside[x]) < table.shape[axis]}
    if not wanted:
        return table
    if isinstance(table, SparseArray):
        pattern, chosen = table.pattern.restricted(wanted)
        return SparseArray(pattern, table.values[chosen], table.zero)
    for axis, indices in wanted.items():
        table = table.take(indices, axis=axis)
    return table


def _dense(table: Table) -> FloatArray:
    return table.dense() if isinstance(table, SparseArray) else table


def log_terms(logs: Table) -> Table:
    """Logarithms as an operand: its non-zeros alone where they are few, since only these need work."""
    if isinstance(logs, SparseArray):
        return logs
    if logs.size >= _FEW and np.count_nonzero(logs > -inf) < _SPARSE * logs.size:
        return SparseArray.from_dense(logs, -inf)
    return logs
