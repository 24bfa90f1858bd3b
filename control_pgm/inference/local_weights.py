"""The weights of one variable's states where the variables around it are known, for many cases at once.

A case is one row: a state of each variable around. The weight of a state is the product of the tables that mention the
variable, read at that row. Sparse tables are read at a cost in the numbers found, not in the size of the dense table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.tables.arrays import FloatArray, IntArray, Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.array import SparseArray, Table
from control_pgm.tables.sparse.pattern import Pattern

_LARGE = 2**15  # entries from which on logarithms are taken of what is read alone


class Large(NamedTuple):
    """A large dense table: logarithms of all its entries would take its memory once more."""

    table: Scaled
    relative: bool  # to its scale

    def rows(self, order: Sequence[int], around: tuple[IntArray, ...]) -> FloatArray:
        """Logarithms at indices of the first axes, these in another order."""
        return self.table.transpose(order).log_at(around, relative=self.relative)


LogOperand = tuple[Scope, Table | Large]  # a table of natural logarithms, or to take them of, and its scope


class Logarithms:
    """Natural logarithms of tables, computed once for a table that many clusters share."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Scaled, Table]] = {}  # the table is kept, so that no other one takes its id

    def of_table(self, operand: Operand) -> LogOperand:
        """A table of the model."""
        scope, table = operand
        if not table.sparse and table.n_entries > _LARGE:
            return scope, Large(table, relative=False)
        if id(table) not in self._known:
            self._known[id(table)] = table, _logarithms(table)
        return scope, self._known[id(table)][1]

    @staticmethod
    def of_message(operand: Operand) -> LogOperand:
        """A message relative to its sum or scale, which would cost digits and says nothing about the states."""
        scope, table = operand
        if table.sparse:
            return scope, _logarithms(table.normalise(tuple(range(len(scope)))))
        if table.n_entries > _LARGE:
            return scope, Large(table, relative=True)
        return scope, table.normalised_scale.log_values


def _logarithms(table: Scaled) -> Table:
    if not isinstance(table, SparseScaled):
        return table.log()
    positions, values = table.nonzeros()
    return SparseArray(Pattern.of(table.shape, positions), values.log(), -np.inf)


def log_weights(
    operands: Sequence[LogOperand], variable: int, cardinality: int, rows: Mapping[int, IntArray], count: int
) -> FloatArray:
    """The logarithms of the weights, shape (count, cardinality).

    Parameters
    ----------
    operands : sequence of (scope, logarithms)
        The tables that are multiplied; those that do not mention the variable count too.
    variable, cardinality : int
        Whose states are weighed, and how many there are.
    rows : mapping
        Variable -> its state in each case, for all other variables in the scopes.
    count : int
        The number of cases.

    Examples
    --------
    >>> table = np.log([[0.5, 0.5], [0.25, 0.75]])
    >>> np.exp(log_weights([((0, 1), table)], 1, 2, {0: np.array([1, 0, 1])}, 3)).tolist()
    [[0.25, 0.75], [0.5, 0.5], [0.25, 0.75]]
    """
    total = np.zeros((count, cardinality))
    for scope, table in operands:
        if isinstance(table, SparseArray):
            total += _read_sparse(table, scope, variable, rows)
        else:
            total += _read_dense(table, scope, variable, rows)
    return total


def log_entries(table: Scaled, indices: IntArray) -> FloatArray:
    """The logarithms of single entries of a table; ``indices`` has one row for each."""
    scope = tuple(range(indices.shape[1]))
    logs = Logarithms().of_table((scope, table))
    return log_weights([logs], -1, 1, dict(enumerate(indices.T)), len(indices))[:, 0]


def _read_dense(table: FloatArray | Large, scope: Scope, variable: int, rows: Mapping[int, IntArray]) -> FloatArray:
    """The entries of a table in each case, over the states of the variable if its scope has it (else one column)."""
    around = tuple([rows[u] for u in scope if u != variable])
    if isinstance(table, Large):
        order = sorted(range(len(scope)), key=lambda axis: scope[axis] == variable)
        logs = table.rows(order, around)
        return logs if variable in scope else logs[..., None]
    if variable not in scope:
        return np.asarray(table[around])[..., None]
    axis = scope.index(variable)
    last = [k for k in range(len(scope)) if k != axis]
    return np.asarray(table.transpose(*last, axis)[around])


def _read_sparse(table: SparseArray, scope: Scope, variable: int, rows: Mapping[int, IntArray]) -> FloatArray:
    """The same for a sparse table: the rows are looked up among those that have a non-zero."""
    around = tuple([axis for axis, u in enumerate(scope) if u != variable])
    if not around:
        return table.dense()
    ids, starts, order = table.pattern.groups(around)
    wanted = np.zeros(len(rows[scope[around[0]]]), dtype=np.int64)
    for axis in around:
        wanted = wanted * table.shape[axis] + rows[scope[axis]]
    group = np.minimum(np.searchsorted(ids, wanted), max(len(ids) - 1, 0))
    found = np.flatnonzero(ids[group] == wanted) if len(ids) else np.zeros(0, dtype=np.int64)
    lengths = np.diff(starts, append=table.pattern.nnz)[group[found]]
    case = np.repeat(found, lengths)
    within = np.arange(len(case)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    place = np.repeat(starts[group[found]], lengths) + within
    if order is not None:
        place = order[place]
    states = table.pattern.along((scope.index(variable),))[place] if variable in scope else np.zeros_like(case)
    result = np.full((len(wanted), table.shape[scope.index(variable)] if variable in scope else 1), -np.inf)
    result[case, states] = table.values[place]
    return result
