"""P(s'|s,a) of one step, held densely or by its non-zeros, behind the same methods.

*Values on outcomes* are numbers for every (s, a, s'): an array [s,a,s'] for dense dynamics, and one number per
non-zero, row by row, for sparse ones. What works on them number by number need not know which of the two it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, lock
from control_pgm.tables.frozen import Restored

Place = tuple[IntArray, ...]  # where values on outcomes hold those of some outcomes


@dataclass(frozen=True, eq=False)
class DenseDynamics(Restored):
    """Dynamics as an array [s,a,s']."""

    table: FloatArray

    @property
    def matrix(self) -> FloatArray:
        """The table as a matrix of shape (S·A, S), row s·A+a."""
        return self.table.reshape(-1, self.table.shape[-1])

    @property
    def probabilities(self) -> FloatArray:
        """P(s'|s,a) as values on outcomes."""
        return self.table

    def spread(self, pairs: FloatArray) -> FloatArray:
        """Numbers for every (s, a) as values on outcomes, up to broadcasting."""
        return pairs[:, :, None]

    def support(self, pairs: BoolArray) -> BoolArray:
        """The possible outcomes of the given pairs (s, a)."""
        return np.asarray(pairs[:, :, None] & (self.table > 0))

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over s', shape (S, A)."""
        return np.asarray(values.sum(axis=2))

    def maxima(self, values: FloatArray) -> FloatArray:
        """Maxima over s', shape (S, A)."""
        return np.asarray(values.max(axis=2))

    def column(self, values: FloatArray, k: int) -> FloatArray:
        """The values at s'=k, shape (S, A)."""
        return values[:, :, k]

    def with_column(self, values: FloatArray, k: int, column: FloatArray) -> FloatArray:
        """A copy of the values with others at s'=k."""
        changed = values.copy()
        changed[:, :, k] = column
        return changed

    def of_state(self, values: FloatArray, k: int) -> FloatArray:
        """The values of staying in state k, with a leading axis that ``values`` may have; all of them if it is left."""
        return values[..., k, :, k]

    def terminated(self, discount: float, k: int | None) -> DenseDynamics:
        """The mass 1 − discount of every transition moved to state k, or to a new last one; k itself is absorbing."""
        table = self.table if k is not None else self._with_absorbing()
        k = len(table) - 1 if k is None else k
        moved = discount * table
        moved[:, :, k] += 1.0 - discount
        moved[k] = table[k]
        return DenseDynamics(lock(moved))

    def _with_absorbing(self) -> FloatArray:
        n, m, _ = self.table.shape
        larger = np.zeros((n + 1, m, n + 1))
        larger[:n, :, :n] = self.table
        larger[n, :, n] = 1.0
        return larger

    def carried(self, values: FloatArray, onto: Any) -> FloatArray:
        """The values on outcomes of dynamics that came of these by `terminated`; −inf where outcomes are new."""
        n = len(self.table)
        larger = np.full(onto.table.shape, -np.inf)
        larger[:n, :, :n] = values
        return larger

    def longest(self, s: IntArray, a: IntArray) -> int:
        """The length of `rows`."""
        return len(self.table)

    def rows(self, s: IntArray, a: IntArray) -> FloatArray:
        """The probabilities of the outcomes of some pairs, one row for each pair."""
        return np.asarray(self.table[s, a])

    def reached(self, s: IntArray, a: IntArray, which: IntArray) -> tuple[IntArray, Place]:
        """The next states at the places ``which`` of `rows`, and where their values on outcomes are."""
        return which, (s, a, which)

    def outcome(self, place: tuple[int, ...]) -> tuple[int, int, int]:
        """(s, a, s') of a place among values on outcomes."""
        s, a, s_next = place
        return s, a, s_next


@dataclass(frozen=True, eq=False)
class SparseDynamics(Restored):
    """Dynamics as a CSR matrix of shape (S·A, S), row s·A+a: sorted, without zeros, no row empty."""

    matrix: Any

    @property
    def n_actions(self) -> int:
        """A."""
        rows, n = self.matrix.shape
        return int(rows // n)

    @property
    def probabilities(self) -> FloatArray:
        """P(s'|s,a) as values on outcomes."""
        return np.asarray(self.matrix.data)

    def spread(self, pairs: FloatArray) -> FloatArray:
        """Numbers for every (s, a) as values on outcomes."""
        return np.repeat(pairs.ravel(), np.diff(self.matrix.indptr))

    def support(self, pairs: BoolArray) -> BoolArray:
        """The possible outcomes of the given pairs (s, a)."""
        return np.repeat(pairs.ravel(), np.diff(self.matrix.indptr))

    def sums(self, values: FloatArray) -> FloatArray:
        """Sums over s', shape (S, A)."""
        return np.add.reduceat(values, self.matrix.indptr[:-1]).reshape(-1, self.n_actions)

    def maxima(self, values: FloatArray) -> FloatArray:
        """Maxima over s', shape (S, A)."""
        return np.maximum.reduceat(values, self.matrix.indptr[:-1]).reshape(-1, self.n_actions)

    def column(self, values: FloatArray, k: int) -> FloatArray:
        """The values at s'=k, shape (S, A); 0 where that is impossible."""
        there = np.flatnonzero(self.matrix.indices == k)
        pairs = np.zeros(self.matrix.shape[0])
        pairs[np.searchsorted(self.matrix.indptr, there, side="right") - 1] = values[there]
        return pairs.reshape(-1, self.n_actions)

    def with_column(self, values: FloatArray, k: int, column: FloatArray) -> FloatArray:
        """A copy of the values with others at s'=k, where that is possible."""
        changed = values.copy()
        there = np.flatnonzero(self.matrix.indices == k)
        changed[there] = column.ravel()[np.searchsorted(self.matrix.indptr, there, side="right") - 1]
        return changed

    def of_state(self, values: FloatArray, k: int) -> FloatArray:
        """The values of all that can happen in state k, with a leading axis that ``values`` may have."""
        begin, end = self.matrix.indptr[[k * self.n_actions, (k + 1) * self.n_actions]]
        return values[..., begin:end]

    def terminated(self, discount: float, k: int | None) -> SparseDynamics:
        """The mass 1 − discount of every transition moved to state k, or to a new last one; k itself is absorbing."""
        m, n = self.n_actions, self.matrix.shape[1]
        data, indices, indptr = self.matrix.data, self.matrix.indices, self.matrix.indptr
        if k is None:
            k, n = n, n + 1
            data, indices = np.append(data, np.ones(m)), np.append(indices, np.full(m, k))
            indptr = np.append(indptr, indptr[-1] + np.arange(1, m + 1))
        goes_on = np.full(n * m, discount)
        goes_on[k * m : (k + 1) * m] = 1.0
        kept = sparse.csr_array((data * np.repeat(goes_on, np.diff(indptr)), indices, indptr), shape=(n * m, n))
        ends = np.flatnonzero(goes_on < 1.0)
        moved = sparse.csr_array((1.0 - goes_on[ends], (ends, np.full(ends.size, k))), shape=(n * m, n))
        return SparseDynamics(locked(sparse.csr_array(kept + moved)))

    def carried(self, values: FloatArray, onto: Any) -> FloatArray:
        """The values on outcomes of dynamics that came of these by `terminated`; −inf where outcomes are new."""
        return aligned(values, self.matrix, onto.matrix, missing=-np.inf)

    def longest(self, s: IntArray, a: IntArray) -> int:
        """The length of `rows`."""
        begin, end = self._ends(s, a)
        return int((end - begin).max(initial=1))

    def rows(self, s: IntArray, a: IntArray) -> FloatArray:
        """The probabilities of the outcomes of some pairs, one row for each pair, short rows filled up with zeros."""
        begin, end = self._ends(s, a)
        places = begin[:, None] + np.arange(self.longest(s, a))
        inside = places < end[:, None]
        return np.where(inside, self.matrix.data[np.where(inside, places, 0)], 0.0)

    def reached(self, s: IntArray, a: IntArray, which: IntArray) -> tuple[IntArray, Place]:
        """The next states at the places ``which`` of `rows`, and where their values on outcomes are."""
        place = self._ends(s, a)[0] + which
        return self.matrix.indices[place].astype(np.int64), (place,)

    def _ends(self, s: IntArray, a: IntArray) -> tuple[IntArray, IntArray]:
        row = s * self.n_actions + a
        return self.matrix.indptr[row], self.matrix.indptr[row + 1]

    def outcome(self, place: tuple[int, ...]) -> tuple[int, int, int]:
        """(s, a, s') of a place among values on outcomes."""
        (entry,) = place
        row = int(np.searchsorted(self.matrix.indptr, entry, side="right")) - 1
        return row // self.n_actions, row % self.n_actions, int(self.matrix.indices[entry])


Dynamics = DenseDynamics | SparseDynamics


def aligned(values: FloatArray, source: Any, target: Any, *, missing: float = 0.0) -> FloatArray:
    """Values on the non-zeros of one CSR matrix as values on those of another with as many or more rows and columns.

    Both are sorted and without duplicates. Non-zeros of the target that the source lacks get ``missing``. ``values``
    may have leading axes.

    Examples
    --------
    >>> one = sparse.csr_array([[1, 0, 1], [0, 1, 0]])
    >>> two = sparse.csr_array([[1, 1, 0], [0, 1, 1]])
    >>> aligned(np.array([7.0, 8.0, 9.0]), one, two).tolist()
    [7.0, 0.0, 9.0, 0.0]
    """
    if np.array_equal(source.indptr, target.indptr) and np.array_equal(source.indices, target.indices):
        return values
    if not source.nnz:
        return np.full((*values.shape[:-1], target.nnz), missing)
    at, there = found_at(source, _places(target, target.shape[1]), width=target.shape[1])
    return np.where(there, values[..., at], missing)


def found_at(matrix: Any, want: IntArray, *, width: int | None = None) -> tuple[IntArray, BoolArray]:
    """Which non-zeros of a CSR matrix have the positions ``want`` of a dense one, and whether there are such."""
    have = _places(matrix, matrix.shape[1] if width is None else width)
    if not have.size:
        return np.zeros(want.shape, np.int64), np.zeros(want.shape, bool)
    at = np.searchsorted(have, want)
    at[at == have.size] = 0
    return at, have[at] == want


def _places(matrix: Any, width: int) -> IntArray:
    """The non-zeros of a CSR matrix numbered as in a dense one of ``width`` columns."""
    places = np.repeat(np.arange(matrix.shape[0]) * width, np.diff(matrix.indptr))
    places += matrix.indices
    return places


def locked(matrix: Any) -> Any:
    """Make a CSR matrix that this library has just made read-only, in place."""
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix
