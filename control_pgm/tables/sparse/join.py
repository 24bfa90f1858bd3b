"""The product of two sparse tables: a relational join of their non-zeros on the axes that they share."""

from __future__ import annotations

from math import prod

import numpy as np

from control_pgm.errors import TooLarge
from control_pgm.tables.arrays import IndexArray, IntArray, Scope
from control_pgm.tables.sparse.array import SparseArray
from control_pgm.tables.sparse.pattern import Groups, Pattern

_MAX_PRODUCTS = 2**28


def joined(a: tuple[Scope, SparseArray], b: tuple[Scope, SparseArray], times: np.ufunc) -> tuple[Scope, SparseArray]:
    """The product of two sparse tables over the union of their scopes.

    Raises
    ------
    TooLarge
        If it would have more than 2**28 non-zeros.
    """
    (scope_a, table_a), (scope_b, table_b) = a, b
    if set(scope_a) == set(scope_b):
        table_b = table_b.transpose([scope_b.index(x) for x in scope_a])
        return scope_a, _intersection(table_a, table_b, times)
    shared = [x for x in scope_a if x in scope_b]
    own = [x for x in scope_b if x not in scope_a]
    left, right = _matches(
        table_a.pattern.groups(tuple(scope_a.index(x) for x in shared)),
        table_b.pattern.groups(tuple(scope_b.index(x) for x in shared)),
        (table_a.pattern.nnz, table_b.pattern.nnz),
    )
    axes = tuple(scope_b.index(x) for x in own)
    sizes = [table_b.shape[i] for i in axes]
    positions = table_a.pattern.positions[left] * prod(sizes) + table_b.pattern.along(axes)[right]
    values = times(table_a.values[left], table_b.values[right])
    if (np.diff(positions) < 0).any():
        order = np.argsort(positions, kind="stable")
        positions, values = positions[order], values[order]
    return (*scope_a, *own), SparseArray(Pattern.of((*table_a.shape, *sizes), positions), values, table_a.zero)


def _intersection(a: SparseArray, b: SparseArray, times: np.ufunc) -> SparseArray:
    """The product of two tables with the same axes."""
    if a.pattern is b.pattern or np.array_equal(a.pattern.positions, b.pattern.positions):
        return a.with_values(times(a.values, b.values))
    left, right = _common(a.pattern.positions, b.pattern.positions)
    pattern = Pattern.of(a.shape, a.pattern.positions[left])
    return SparseArray(pattern, times(a.values[left], b.values[right]), a.zero)


def _common(a: IntArray, b: IntArray) -> tuple[IntArray, IntArray]:
    """Where in each of two ascending lists the numbers stand that are in both."""
    if len(a) > len(b):
        right, left = _common(b, a)
        return left, right
    places = np.searchsorted(b, a)
    found = np.flatnonzero(b[np.minimum(places, len(b) - 1)] == a) if len(b) else np.empty(0, dtype=np.int64)
    return found, places[found]


def _matches(a: Groups, b: Groups, n: tuple[int, int]) -> tuple[IntArray, IntArray]:
    """All pairs of a non-zero of one table and a non-zero of the other in groups of the same index."""
    left, right = _common(a.ids, b.ids)
    counts_a, counts_b = (
        np.diff(groups.starts, append=total)[chosen]
        for groups, total, chosen in zip((a, b), n, (left, right), strict=True)
    )
    products = counts_a * counts_b
    total = int(products.sum())
    if total > _MAX_PRODUCTS:
        raise TooLarge(
            f"the product of two sparse tables has {total:,} non-zeros",
            allowed=f"{_MAX_PRODUCTS:,}",
            remedy="condition one of them, or sum out variables first",
        )
    within = np.arange(total) - np.repeat(np.cumsum(products) - products, products)
    row, column = np.divmod(within, np.repeat(counts_b, products))
    return (
        _listed(a, np.repeat(a.starts[left], products) + row),
        _listed(b, np.repeat(b.starts[right], products) + column),
    )


def _listed(groups: Groups, places: IndexArray) -> IntArray:
    """The non-zeros at places of the list sorted by group."""
    return np.asarray(places if groups.order is None else groups.order[places], dtype=np.int64)
