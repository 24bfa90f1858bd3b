"""Contractions in which some operands are sparse, at a cost in the number of their non-zeros.

Operands are contracted in pairs, the cheapest pair first. A sparse matrix times a dense vector or matrix is one product
of compressed rows, in either direction; everything else gathers the other operand at the non-zeros, multiplies, and
adds up the groups of non-zeros that share an output entry. Two sparse operands are joined on the axes that they share.

A result is sparse if no axis of the sparse operand was summed out, or if the dense result would be much larger than the
list of non-zeros; otherwise it is dense.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import inf, prod
from typing import NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, IndexArray, Scope
from control_pgm.tables.contraction.pairwise import PairStep, pair_step, reduce_to
from control_pgm.tables.logarithms import log_contract, log_sum_exp_of_groups
from control_pgm.tables.sparse.array import SparseArray, Table
from control_pgm.tables.sparse.join import joined
from control_pgm.tables.sparse.pattern import has_room

_MAX_CANDIDATES = 8  # the pairs of so many smallest operands are compared


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are multiplied and added: as they are, or by their logarithms."""

    zero: float
    times: np.ufunc
    sums: Callable[[FloatArray, IndexArray], FloatArray]  # of consecutive groups, which begin at the given places
    dense: Callable[[Sequence[FloatArray], Sequence[Scope], Scope, Sequence[int]], FloatArray]


class ScopedTable(NamedTuple):
    """A table and the labels of its axes."""

    scope: Scope
    table: Table


def contract_sparse(
    operands: Sequence[Table], scopes: Sequence[Scope], out: Scope, sizes: Sequence[int], arithmetic: Arithmetic
) -> Table:
    """The sum-product of the operands onto ``out``, if one of them at least is sparse."""
    listed = tuple(table.pattern.nnz if isinstance(table, SparseArray) else -1 for table in operands)
    registers = dict(enumerate(map(ScopedTable, scopes, operands)))
    for k, (left, right, kept) in enumerate(_pairs(tuple(scopes), out, tuple(sizes), listed), start=len(scopes)):
        registers[k] = _pair(registers.pop(left), registers.pop(right), kept, sizes, arithmetic)
    ((scope, table),) = registers.values()
    scope, table = _summed(ScopedTable(scope, table), out, arithmetic)
    return table if scope == out else table.transpose([scope.index(x) for x in out])


# --- planning ---------------------------------------------------------------------------------------------------
@lru_cache(maxsize=1024)
def _pairs(
    scopes: tuple[Scope, ...], out: Scope, sizes: tuple[int, ...], listed: tuple[int, ...]
) -> tuple[tuple[int, int, Scope], ...]:
    """Which two operands to contract onto which labels, one pair after another; results get the next free numbers.

    ``listed`` is the number of non-zeros of each operand, −1 for dense ones.
    """
    live = {k: _JoinEstimate(scope, n) for k, (scope, n) in enumerate(zip(scopes, listed, strict=True))}
    uses = Counter(x for scope in scopes for x in scope)
    uses.update(out)
    pairs: list[tuple[int, int, Scope]] = []
    while len(live) > 1:
        near = sorted(live, key=lambda k: (live[k].entries(sizes), k))[:_MAX_CANDIDATES]
        options = [(_estimate(live[i], live[j], uses, sizes), i, j) for i, j in combinations(sorted(near), 2)]
        (_, result), left, right = min(options, key=lambda option: option[0][0])
        for k in (left, right):
            uses.subtract(live.pop(k).scope)
        uses.update(result.scope)
        live[len(scopes) + len(pairs)] = result
        pairs.append((left, right, out if len(live) == 1 else result.scope))
    return tuple(pairs)


class _JoinEstimate(NamedTuple):
    """What is expected of an operand: its scope, and how many non-zeros it lists (−1: it is dense)."""

    scope: Scope
    listed: int

    def entries(self, sizes: Sequence[int]) -> int:
        return prod(sizes[x] for x in self.scope) if self.listed < 0 else self.listed


def _estimate(
    a: _JoinEstimate, b: _JoinEstimate, uses: Counter[int], sizes: Sequence[int]
) -> tuple[int, _JoinEstimate]:
    """The work of contracting a pair, and the result."""
    own = Counter(a.scope + b.scope)
    kept = tuple(x for x, n in own.items() if uses[x] > n)
    entries = prod(sizes[x] for x in kept)
    if a.listed < 0 and b.listed < 0:
        return prod(sizes[x] for x in own) + entries, _JoinEstimate(kept, -1)
    shared = prod(sizes[x] for x, n in own.items() if n == 2)
    products = -(-a.entries(sizes) * b.entries(sizes) // shared)
    if all(x in kept for e in (a, b) if e.listed >= 0 for x in e.scope) or not has_room(entries, products):
        return 2 * products, _JoinEstimate(kept, min(products, entries))
    return products + entries, _JoinEstimate(kept, -1)


# --- pairs ------------------------------------------------------------------------------------------------------
def _pair(a: ScopedTable, b: ScopedTable, kept: Scope, sizes: Sequence[int], arithmetic: Arithmetic) -> ScopedTable:
    """The contraction of two tables onto ``kept``, whose order binds nobody."""
    if not isinstance(a.table, SparseArray):
        a, b = b, a
    if not isinstance(a.table, SparseArray):
        assert not isinstance(b.table, SparseArray)
        arrays = [a.table, b.table]
        kept = tuple(x for x in kept if x in a.scope or x in b.scope)
        return ScopedTable(kept, arithmetic.dense(arrays, [a.scope, b.scope], kept, sizes))
    if isinstance(b.table, SparseArray):
        scope, table = joined((a.scope, a.table), (b.scope, b.table), arithmetic.times)
        return _summed(ScopedTable(scope, table), kept, arithmetic)
    needed = tuple(x for x in b.scope if x in a.scope or x in kept)
    if needed != b.scope:
        b = ScopedTable(needed, arithmetic.dense([b.table], [b.scope], needed, sizes))
    product = _matrix_product(a, b, kept, sizes) if arithmetic is LINEAR else None
    return product or _summed(_times(a, b, sizes, arithmetic), kept, arithmetic)


def _matrix_product(a: ScopedTable, b: ScopedTable, kept: Collection[int], sizes: Sequence[int]) -> ScopedTable | None:
    """A sparse matrix times a dense one; None where some axis of both is kept, or a side is too long for a matrix."""
    assert isinstance(a.table, SparseArray)
    rows, inner = ([x for x in a.scope if (x in kept) == wanted] for wanted in (True, False))
    if not inner or any(x in rows for x in b.scope):
        return None
    height, width = (prod(sizes[x] for x in side) for side in (rows, inner))
    if not (has_room(height, a.table.pattern.nnz) and has_room(width, a.table.pattern.nnz)):
        return None
    free = [x for x in b.scope if x not in inner]
    columns = _spread(b, inner, free, sizes)
    matrix = a.table.matrix(tuple(a.scope.index(x) for x in rows))
    product = matrix @ (columns.reshape(width, -1) if free else columns.ravel())
    return ScopedTable((*rows, *free), product.reshape([sizes[x] for x in (*rows, *free)]))


def _times(a: ScopedTable, b: ScopedTable, sizes: Sequence[int], arithmetic: Arithmetic) -> ScopedTable:
    """The product over the scopes of both: the dense table is gathered at the non-zeros of the sparse one."""
    assert isinstance(a.table, SparseArray)
    inner = [x for x in a.scope if x in b.scope]
    free = [x for x in b.scope if x not in a.scope]
    pattern, values = a.table.pattern, a.table.values
    columns = _spread(b, inner, free, sizes).reshape(prod(sizes[x] for x in inner), -1)
    gathered = columns[pattern.along(tuple(a.scope.index(x) for x in inner))]
    for x in free:
        pattern = pattern.extended(sizes[x])
    products = np.asarray(arithmetic.times(values[:, None], gathered, out=gathered)).ravel()
    return ScopedTable((*a.scope, *free), SparseArray(pattern, products, arithmetic.zero))


def _spread(b: ScopedTable, inner: Sequence[int], free: Sequence[int], sizes: Sequence[int]) -> FloatArray:
    """The dense table with axes ``inner``, then ``free``, repeated along those that it has not."""
    assert not isinstance(b.table, SparseArray)
    order = [x for x in (*inner, *free) if x in b.scope]
    index = tuple(slice(None) if x in b.scope else None for x in (*inner, *free))
    array = b.table.transpose([b.scope.index(x) for x in order])[index]
    return np.broadcast_to(array, [sizes[x] for x in (*inner, *free)])


def _summed(a: ScopedTable, kept: Collection[int], arithmetic: Arithmetic) -> ScopedTable:
    """All axes of a sparse table summed out but those in ``kept``; a single number is always dense."""
    scope = tuple(x for x in a.scope if x in kept)
    if not isinstance(a.table, SparseArray) or (scope and scope == a.scope):
        return a
    pattern, values = a.table.pattern, a.table.values
    axes = tuple(a.scope.index(x) for x in scope)
    ids, starts, order = pattern.groups(axes)
    sums = arithmetic.sums(values if order is None else values[order], starts)
    shape = [pattern.shape[i] for i in axes]
    if not has_room(prod(shape), pattern.nnz):
        return ScopedTable(scope, SparseArray(pattern.projected(axes), sums, arithmetic.zero))
    array = np.full(prod(shape), arithmetic.zero)
    array[ids] = sums
    return ScopedTable(scope, array.reshape(shape))


# --- the two arithmetics ------------------------------------------------------------------------------------------
def _sums(values: FloatArray, starts: IndexArray) -> FloatArray:
    return np.add.reduceat(values, starts) if len(starts) else np.empty(0)


def _dense_product(
    arrays: Sequence[FloatArray], scopes: Sequence[Scope], out: Scope, sizes: Sequence[int]
) -> FloatArray:
    array, scope = arrays[0], scopes[0]
    if len(arrays) == 2:
        step, scope = _dense_step(scopes[0], scopes[1], out, tuple(sizes))
        array = step.run(arrays[0], arrays[1])
    return array if scope == out else reduce_to(array, scope, out)


@lru_cache(maxsize=1024)
def _dense_step(a: Scope, b: Scope, out: Scope, sizes: tuple[int, ...]) -> tuple[PairStep, Scope]:
    return pair_step(0, 1, a, b, out, sizes)


LINEAR = Arithmetic(0.0, np.multiply, _sums, _dense_product)
LOGARITHMS = Arithmetic(-inf, np.add, log_sum_exp_of_groups, log_contract)
