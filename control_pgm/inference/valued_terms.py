"""Values over some of a cluster's variables, and the points over which a variable is eliminated.

A *term* is a table of values f(x, y, …) in some unit. Terms add up, where tables of probabilities multiply; −inf
forbids. Within one cluster variables are told by their position among its variables.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import NamedTuple

import numpy as np

from control_pgm.inference.contract import Operand, prepare
from control_pgm.tables.arrays import FloatArray, IndexArray, times_power_of_two
from control_pgm.tables.logarithms import align
from control_pgm.tables.operators import Operator, phi_over
from control_pgm.tables.pattern import Pattern
from control_pgm.tables.reductions import Groups, LastAxis
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.sparse_array import SparseArray, Table, entries, like
from control_pgm.tables.sparse_scaled import SparseScaled
from control_pgm.tables.views import Scope


class Term(NamedTuple):
    """Values over the variables of a scope; of a sparse table everything that it does not list is forbidden."""

    scope: Scope
    table: Table

    @property
    def dense(self) -> FloatArray:
        """The values as a dense array."""
        return self.table.dense() if isinstance(self.table, SparseArray) else self.table


def add_up(terms: Sequence[Term], sizes: Sequence[int]) -> Term:
    """The sum of terms over the union of their scopes, sorted, as a dense table.

    Examples
    --------
    >>> add_up([Term((1,), np.array([1.0, 2.0])), Term((0,), np.array([10.0]))], (1, 2)).table.tolist()
    [[11.0, 12.0]]
    """
    full = tuple(sorted({x for term in terms for x in term.scope}))
    if len(terms) == 1 and terms[0].scope == full:
        return Term(full, terms[0].dense)
    total = np.zeros([sizes[x] for x in full])
    for term in terms:
        total += align(term.dense, term.scope, full)
    return Term(full, total)


def linear(operands: Sequence[tuple[Scope, Table]], out: Scope, sizes: Sequence[int]) -> FloatArray:
    """The sum of products of plain numbers, which may be negative, onto ``out``; dense."""
    recipe, ones = prepare([scope for scope, _ in operands], out, sizes)
    result: Table = recipe.linear([*(table for _, table in operands), *(table._linear for table in ones)])
    return result.dense() if isinstance(result, SparseArray) else result


def plain(table: Scaled) -> Table:
    """The numbers themselves; what is below 1e-308 of the largest may be lost."""
    scaled: Table = table._linear
    if table._exponent == 0:
        return scaled
    return like(scaled, times_power_of_two(entries(scaled), table._exponent))


def without(scope: Collection[int], eliminated: int) -> Scope:
    """The labels of a scope other than the eliminated one, in order."""
    return tuple(sorted(x for x in scope if x != eliminated))


# --- the points of an elimination -------------------------------------------------------------------------------------
class DensePoints:
    """All assignments of the variables of some scopes, the eliminated one last."""

    def __init__(self, measure: Operand, scopes: Sequence[Scope], eliminated: int, sizes: Sequence[int]) -> None:
        self.kept = without({x for scope in (measure[0], *scopes) for x in scope}, eliminated)
        self.scope = (*self.kept, eliminated)
        self._shape = [sizes[x] for x in self.scope]
        self._measure = measure
        self._rows = LastAxis()

    @cached_property
    def measure(self) -> FloatArray:
        """The measure at every point."""
        return self.at(Term(self._measure[0], self._measure[1].dense().linear()))

    def at(self, term: Term) -> FloatArray:
        """The values of a term at every point."""
        return np.broadcast_to(align(term.dense, term.scope, self.scope), self._shape)

    @cached_property
    def log_measure(self) -> FloatArray:
        """Its logarithm, which nothing underflows."""
        return self.at(Term(self._measure[0], self._measure[1].dense().log()))

    def reduce(self, values: FloatArray, operator: Operator) -> Term:
        """Phi of values at the points."""
        return Term(self.kept, phi_over(self._rows, values, self.measure, operator))

    def maxima(self, values: FloatArray) -> Term:
        """The maxima of values at the points."""
        return Term(self.kept, self._rows.maxima(values))

    def scaled(self, logs: FloatArray) -> Scaled:
        """Numbers at the points, given by their logarithms, as a table over ``scope``."""
        return Scaled.from_log(logs)


@dataclass(frozen=True, eq=False)
class ListedPoints:
    """The non-zeros of a sparse measure."""

    table: SparseScaled
    scope: Scope
    eliminated: int

    @property
    def _pattern(self) -> Pattern:
        return self.table.pattern

    @cached_property
    def kept(self) -> Scope:
        """What is left of the scope."""
        return tuple(x for x in self.scope if x != self.eliminated)

    @cached_property
    def _groups(self) -> tuple[IndexArray, Groups, IndexArray | None]:
        ids, starts, order = self._pattern.groups(tuple(i for i, x in enumerate(self.scope) if x != self.eliminated))
        return ids, Groups(starts, self._pattern.nnz), order

    @cached_property
    def measure(self) -> FloatArray:
        """The measure at every point."""
        return entries(plain(self.table))

    @cached_property
    def log_measure(self) -> FloatArray:
        """Its logarithm, which nothing underflows."""
        table = self.table
        return Scaled(table._data, table._exponent, table._in_logs).log()

    def at(self, term: Term) -> FloatArray:
        """The values of a term at every point."""
        axes = tuple(self.scope.index(x) for x in term.scope)
        if not isinstance(term.table, SparseArray):
            return np.asarray(term.table.ravel()[self._pattern.along(axes)])
        own, values = term.table.pattern, term.table.values
        if own is self._pattern and term.scope == self.scope:
            return values
        if not own.nnz:
            return np.full(self._pattern.nnz, -inf)
        wanted = self._pattern.along(axes)
        place = np.minimum(np.searchsorted(own.positions, wanted), own.nnz - 1)
        return np.where(own.positions[place] == wanted, values[place], -inf)

    def reduce(self, values: FloatArray, operator: Operator) -> Term:
        """Phi of values at the points."""
        _, groups, order = self._groups
        measure = self.measure
        if order is not None:
            values, measure = values[order], measure[order]
        return self._filled(phi_over(groups, values, measure, operator))

    def maxima(self, values: FloatArray) -> Term:
        """The maxima of values at the points."""
        _, groups, order = self._groups
        return self._filled(groups.maxima(values if order is None else values[order]))

    def scaled(self, logs: FloatArray) -> Scaled:
        """Numbers at the points, given by their logarithms, as a table over ``scope``."""
        return SparseScaled.over(self._pattern, logs, log=True)

    def _filled(self, numbers: FloatArray) -> Term:
        ids, _, _ = self._groups
        shape = [n for x, n in zip(self.scope, self._pattern.shape, strict=True) if x != self.eliminated]
        table = np.full(prod(shape), -inf)
        table[ids] = numbers
        return Term(self.kept, table.reshape(shape))


Points = DensePoints | ListedPoints


def points(measure: Operand, scopes: Sequence[Scope], eliminated: int, sizes: Sequence[int]) -> Points:
    """The points over which a variable is eliminated: the non-zeros of a sparse measure that all terms lie within."""
    scope, table = measure
    if isinstance(table, SparseScaled) and eliminated in scope and all(set(scope).issuperset(s) for s in scopes):
        return ListedPoints(table, scope, eliminated)
    return DensePoints(measure, scopes, eliminated, sizes)
