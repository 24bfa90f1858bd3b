"""Queries of one form as one contraction: all slices of an unrolled network at once.

A query is a list of operands, as for a single contraction; messages are named, not fetched. Queries in a row that have
the same form (scopes, and messages of clusters at equal distances) make a *group*. A group is contracted in blocks,
whose first axis counts the queries; a table shared by all of them is used once and not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from control_pgm.inference.contract import prepare
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.slices.loops import stack
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import contract_into, stacked
from control_pgm.tables.recurrence.series import Series

_SELDOM = 64  # queries between two changes of a table
_SMALLEST, _LARGEST = 2**17, 2**23  # entries of a block: small ones stay in the cache


class Received(NamedTuple):
    """The message of a cluster in one of the passes, to be fetched when it is needed."""

    source: Pass[Scaled]
    cluster: int


Finish = Callable[[Scaled, FloatArray], None]  # (tables, where to write): such as their logarithms


class Reading(NamedTuple):
    """The table of a step in a series."""

    series: Series
    step: int


Item = Scaled | Received | Reading  # one operand of a query
Query = Sequence[tuple[Scope, Item]]


class Fetched(NamedTuple):
    """The messages of clusters at equal distances."""

    source: Pass[Scaled]
    clusters: range


Column = Scaled | Sequence[Scaled] | Fetched  # one operand of all queries of a group


@dataclass(frozen=True)
class Group:
    """Queries of one form: how many, and their operands."""

    count: int
    columns: Sequence[tuple[Scope, Column]]


def groups(queries: Sequence[Query]) -> list[Group]:
    """Queries in a row that have one form, put together."""
    result: list[Group] = []
    at = 0
    queries = [[(scope, _resolved(item)) for scope, item in query] for query in queries]
    while at < len(queries):
        stop = at + 1
        while stop < len(queries) and _fits(queries, at, stop):
            stop += 1
        result.append(_group(queries[at:stop]))
        at = stop
    return result


def _resolved(item: Item) -> Scaled | Received:
    return item.series[item.step] if isinstance(item, Reading) else item


def _fits(queries: Sequence[Query], first: int, k: int) -> bool:
    """Whether query k has the form of those from ``first`` on, its messages as far on as theirs."""
    a, b, c = queries[first], queries[k - 1], queries[k]
    if len(a) != len(c):
        return False
    for (scope, x), (_, y), (other, z) in zip(a, b, c, strict=True):
        if scope != other or isinstance(x, Received) != isinstance(z, Received):
            return False
        if isinstance(x, Received) and isinstance(y, Received) and isinstance(z, Received):
            step = z.cluster - y.cluster
            if z.source is not x.source or step == 0 or (z.cluster - x.cluster) != step * (k - first):
                return False
    return True


def _group(queries: Sequence[Query]) -> Group:
    columns: list[tuple[Scope, Column]] = []
    for k, (scope, first) in enumerate(queries[0]):
        items = [query[k][1] for query in queries]
        if isinstance(first, Received):
            step = items[1].cluster - first.cluster if len(items) > 1 else 1  # type: ignore[union-attr]
            clusters = range(first.cluster, first.cluster + step * len(items), step)
            columns.append((scope, Fetched(first.source, clusters)))
        else:
            columns.append((scope, first if all(item is first for item in items) else items))  # type: ignore[arg-type]
    return Group(len(queries), columns)


def answer(
    asked: Sequence[Group],
    out: Scope,
    sizes: Sequence[int],
    finish: Finish,
    *,
    tables: int = 0,
    batch: int | None = None,
) -> FloatArray:
    """Contract all groups onto ``out``; ``finish`` writes numbers made of a stack of tables.

    Queries come first, then the members of a batch if there is one. ``tables`` is the number of entries of the largest
    dense table behind the messages, which is read once a block.
    """
    lead = () if batch is None else (batch,)
    result = np.empty((sum(group.count for group in asked), *lead, *(sizes[x] for x in out)))
    at = 0
    for group in asked:
        largest = max(prod(sizes[x] for x in scope) for scope in [out, *(scope for scope, _ in group.columns)])
        length = max(1, min(max(_SMALLEST, 4 * tables), _LARGEST) // (largest * (batch or 1)))
        for rows in _blocks(group, length):
            place = result[at : at + rows.stop - rows.start]
            finish(_contract(group, rows, out, [*sizes, len(place), *lead], place), place)
            at += len(place)
    return result


def _blocks(group: Group, length: int) -> list[slice]:
    """Stretches of at most ``length`` queries; if there are several, none whose messages are kept in two places.

    Where tables of a series change but seldom, they also end a stretch: one table needs no stack.
    """
    columns = [column for _, column in group.columns]
    changes = [column.changes for column in columns if isinstance(column, Series)]
    cuts = {0, group.count}.union(*(own for own in changes if len(own) * _SELDOM <= group.count))
    if group.count > length:
        cuts.update(*(column.source.sent.cuts(column.clusters) for column in columns if isinstance(column, Fetched)))
    return [
        slice(start, min(start + length, last))
        for first, last in pairwise(sorted(cuts))
        for start in range(first, last, length)
    ]


def _contract(group: Group, rows: slice, out: Scope, sizes: Sequence[int], place: FloatArray) -> Scaled:
    """The tables of some queries of a group, stacked; in ``place``, if they can be put there as linear numbers.

    The last labels of ``sizes`` are those of the axes that count the queries and run over the batch.
    """
    lead: Scope = tuple(range(len(sizes) - place.ndim + len(out), len(sizes)))
    scopes: list[Scope] = []
    operands: list[Scaled] = []
    for scope, column in group.columns:
        if isinstance(column, Scaled):  # in a batch perhaps one for every member
            scopes.append((*lead[1:], *scope) if column.leads else scope)
            operands.append(column)
        elif isinstance(column, Fetched):
            scopes.append((*lead, *scope))
            operands.append(stack(column.source, column.clusters[rows]))
        else:
            chosen = column[rows]
            if isinstance(chosen, Series) and not chosen[0].leads and not chosen.changes:
                scopes.append(scope)
                operands.append(chosen[0])
                continue
            tables = chosen.stacked() if isinstance(chosen, Series) else stacked(chosen)
            scopes.append((*lead[: tables.leads], *scope))
            operands.append(tables)
    recipe, ones = prepare(scopes, (*lead, *out), sizes)
    table = contract_into(place, [*operands, *ones], recipe)
    return table.at_scale(np.broadcast_to(table.exponent, [sizes[x] for x in lead]))
