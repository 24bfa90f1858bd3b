"""Values over some of a cluster's variables, and the points over which a variable is eliminated.

A *term* is a table of values f(x, y, …) in some unit. Terms add up, where tables of probabilities multiply; −inf
forbids. Within one cluster variables are numbered by their position among its variables.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, prod
from typing import NamedTuple

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.tables.arrays import FloatArray, IndexArray, Scope, times_power_of_two
from control_pgm.tables.frozen import Restored
from control_pgm.tables.logarithms import align, alignment
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.operators import Operator, phi_over
from control_pgm.tables.reductions import ConsecutiveGroups, LastAxis
from control_pgm.tables.sparse.array import SparseArray, Table, entries, like
from control_pgm.tables.sparse.pattern import Pattern

_BLOCK = 2**16  # entries that are worked on at a time: half a MiB


class Term(NamedTuple):
    """Values over the variables of a scope; of a sparse table everything that it does not list is forbidden."""

    scope: Scope
    table: Table

    @property
    def dense(self) -> FloatArray:
        """The values as a dense array."""
        return self.table.dense() if isinstance(self.table, SparseArray) else self.table


class Sum:
    """How tables over some scopes are added up, onto the union of these, sorted; made once, run often.

    Examples
    --------
    >>> both = Sum([(1,), (0,)], sizes=(1, 2))
    >>> both.scope, both([np.array([1.0, 2.0]), np.array([10.0])]).tolist()
    ((0, 1), [[11.0, 12.0]])
    """

    def __init__(self, scopes: Sequence[Scope], sizes: Sequence[int]) -> None:
        self.scope = tuple(sorted({x for scope in scopes for x in scope}))
        self._shape = tuple([sizes[x] for x in self.scope])
        self._aligned = [None if scope == self.scope else alignment(scope, self.scope) for scope in scopes]

    def __call__(self, arrays: Sequence[FloatArray]) -> FloatArray:
        """The sum; it may be one of the arrays itself."""
        total: FloatArray | None = None
        for array, aligned in zip(arrays, self._aligned, strict=True):
            seen = array if aligned is None else array.transpose(aligned[0])[aligned[1]]
            total = seen if total is None else total + seen
        if total is None:
            return np.zeros(self._shape)
        return total if total.shape == self._shape else np.broadcast_to(total, self._shape)


def add_up(terms: Sequence[Term], sizes: Sequence[int]) -> Term:
    """The sum of terms over the union of their scopes, sorted, as a dense table."""
    total = Sum([term.scope for term in terms], sizes)
    return Term(total.scope, total([term.dense for term in terms]))


def plain(table: Scaled) -> Table:
    """The numbers themselves; what is below 1e-308 of the largest may be lost."""
    scaled: Table = table.scaled_values
    if table.exponent == 0:
        return scaled
    return like(scaled, times_power_of_two(entries(scaled), table.exponent))


def without(scope: Collection[int], eliminated: int) -> Scope:
    """The labels of a scope other than the eliminated one, in order."""
    return tuple(sorted(x for x in scope if x != eliminated))


# --- the points of an elimination -------------------------------------------------------------------------------------
class DensePoints(Restored):
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
        if term.scope == self.scope:
            return term.dense
        return np.broadcast_to(align(term.dense, term.scope, self.scope), self._shape)

    @cached_property
    def log_measure(self) -> FloatArray:
        """Its logarithm, which nothing underflows."""
        return self.at(Term(self._measure[0], self._measure[1].dense().log()))

    def reduce(self, values: FloatArray, operator: Operator) -> Term:
        """Phi of values at the points."""
        return Term(self.kept, phi_over(self._rows, values, self.measure, operator))

    def maxima(self, terms: Sequence[FloatArray]) -> FloatArray:
        """The maxima of a sum of values at the points; a large one is made a part at a time, which stays in cache."""
        if prod(self._shape) <= _BLOCK:
            return self._rows.maxima(sum(terms[1:], terms[0]))
        result = np.empty(self._shape[:-1])
        rows = max(1, _BLOCK * self._shape[0] // prod(self._shape))
        for start in range(0, self._shape[0], rows):
            part = [term[start : start + rows] for term in terms]
            np.max(sum(part[1:], part[0]), axis=-1, out=result[start : start + rows])
        return result

    def scaled(self, logs: FloatArray) -> Scaled:
        """Numbers at the points, given by their logarithms, as a table over ``scope``."""
        return Scaled.from_log(logs)


@dataclass(frozen=True, eq=False)
class ListedPoints(Restored):
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
    def _groups(self) -> tuple[IndexArray, ConsecutiveGroups, IndexArray | None]:
        ids, starts, order = self._pattern.groups(tuple(i for i, x in enumerate(self.scope) if x != self.eliminated))
        return ids, ConsecutiveGroups(starts, self._pattern.nnz), order

    @cached_property
    def measure(self) -> FloatArray:
        """The measure at every point."""
        return entries(plain(self.table))

    @cached_property
    def log_measure(self) -> FloatArray:
        """Its logarithm, which nothing underflows."""
        table = self.table
        return Scaled(table.data, table.exponent, table.in_logs).log()

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

    def maxima(self, terms: Sequence[FloatArray]) -> FloatArray:
        """The maxima of a sum of values at the points."""
        _, groups, order = self._groups
        values = sum(terms[1:], terms[0])
        return self._filled(groups.maxima(values if order is None else values[order])).dense

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
