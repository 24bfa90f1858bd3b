"""Elimination orders for sums and maxima together, from scopes alone.

Sums and maxima do not commute, so the exact maximum over some variables of the sum over the others needs an order in
which all sums come first: `constrained_order`. Such clusters can be exponentially larger than those of a free order
(Park and Darwiche 2004, "Complexity results and approximation strategies for MAP explanations"). `relaxed_order` takes
the middle way: it puts maxima off as long as clusters stay within a budget. What it comes to is an upper bound, the
closer the larger the budget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from math import inf, prod
from typing import NamedTuple

from control_pgm.inference.orders.cheapest import MAX_WIDTH, neighbourhoods
from control_pgm.inference.orders.greedy import MinFill, MinWeight, Steps, greedy
from control_pgm.inference.orders.linear_arrangement import Neighbours
from control_pgm.tables.arrays import Scope

_FLOAT = 8  # bytes


class MixedOrder(NamedTuple):
    """An elimination order and what it costs.

    Attributes
    ----------
    order : the variables; empty where a cluster is beyond the memory limit.
    entries : the number of table entries of all clusters.
    bytes : of all messages in both directions, and of the largest cluster twice as working space.
    beyond : the first cluster beyond the limit, if there is one.
    """

    order: tuple[int, ...]
    entries: int
    bytes: int
    beyond: Scope = ()


def constrained_order(
    n: int, scopes: Iterable[Scope], cardinalities: Sequence[int], maximised: Collection[int], memory_limit: float
) -> MixedOrder:
    """All summed variables, then all maximised ones: of several such orders the one with fewest entries.

    Tried are the model's own order, backwards and forwards, min-weight and min-fill, each within the two groups. Ties
    go to the first of these; nothing depends on hashing.

    Examples
    --------
    A chain 0 – 1 – 2 – 3 of which 1 and 2 are maximised:

    >>> constrained_order(4, [(0, 1), (1, 2), (2, 3)], [2, 2, 2, 2], {1, 2}, 1000).order
    (3, 0, 2, 1)
    """
    neighbours = neighbourhoods(n, scopes)
    found: list[MixedOrder] = []
    for steps in _candidates(neighbours, cardinalities, maximised):
        below = min((order.entries for order in found if not order.beyond), default=inf)
        if (order := _followed(steps, cardinalities, memory_limit, below)) is not None:
            found.append(order)
    return min(found, key=lambda order: (len(order.beyond) > 0, order.entries))


def _candidates(neighbours: Neighbours, cardinalities: Sequence[int], maximised: Collection[int]) -> Iterator[Steps]:
    n = len(neighbours)
    summed, chosen = ([v for v in range(n) if (v in maximised) == wanted] for wanted in (False, True))
    rules: list[tuple[type[MinFill | MinWeight], int, int]] = [
        (MinWeight, -1, 1),
        (MinWeight, 1, 1),
        (MinWeight, -1, n),
        (MinFill, -1, n),
    ]
    for rule, way, window in rules:
        graph = rule(neighbours, cardinalities)
        groups = [greedy(graph, group[::way], window, inf) for group in (summed, chosen)]
        yield chain(*groups)


def _followed(steps: Steps, cardinalities: Sequence[int], memory_limit: float, below: float) -> MixedOrder | None:
    """Follow an elimination to its end or to the first cluster beyond the limit; None where it is too dear."""
    order: list[int] = []
    total = sent = largest = 0
    for v, near in steps:
        separator = prod([cardinalities[u] for u in near])
        entries = cardinalities[v] * separator
        total, sent, largest = total + entries, sent + separator, max(largest, entries)
        need = _bytes(sent, largest)
        if need > memory_limit or len(near) >= MAX_WIDTH:
            return MixedOrder((), total, need, (v, *sorted(near)))
        if total >= below:
            return None
        order.append(v)
    return MixedOrder(tuple(order), total, _bytes(sent, largest))


def _bytes(sent: int, largest: int) -> int:
    return _FLOAT * (2 * sent + 2 * largest)


def relaxed_order(
    base: Sequence[int],
    scopes: Iterable[Scope],
    cardinalities: Sequence[int],
    maximised: Collection[int],
    budget: int,
    memory_limit: float,
) -> MixedOrder:
    """The base order with maximised variables put off until a summed one would need a cluster beyond the budget.

    Parameters
    ----------
    base : sequence of int
        An elimination order that is cheap without constraints.
    budget : int
        The entries that the cluster of a summed variable may have while a maximised one could be eliminated instead.
    memory_limit : float
        Bytes; an order that needs more comes back empty.

    Examples
    --------
    >>> scopes = [(0, 1, 2), (2, 3, 4)]
    >>> relaxed_order([4, 3, 2, 1, 0], scopes, [2] * 5, {1, 3}, 8, 1e9).order
    (4, 3, 2, 0, 1)
    >>> relaxed_order([4, 3, 2, 1, 0], scopes, [2] * 5, {1, 3}, 16, 1e9).order
    (4, 2, 0, 3, 1)
    """
    near = neighbourhoods(len(base), scopes)
    steps = _postponing(near, base, cardinalities, maximised, budget)
    found = _followed(steps, cardinalities, memory_limit, inf)
    assert found is not None  # nothing is too dear
    return found


def _postponing(
    near: list[set[int]], base: Sequence[int], cardinalities: Sequence[int], maximised: Collection[int], budget: int
) -> Steps:
    """The steps of `relaxed_order`; ``near`` is used up."""
    rank = {v: i for i, v in enumerate(base)}
    waiting: set[int] = set()

    def too_large(v: int) -> bool:
        return cardinalities[v] * prod([cardinalities[u] for u in near[v]]) > budget

    for v in base:
        if v in maximised:
            waiting.add(v)
            continue
        while too_large(v) and (could_go := near[v] & waiting):
            first = min(could_go, key=rank.__getitem__)
            waiting.remove(first)
            yield first, near[first]
            _join(near, first)
        yield v, near[v]
        _join(near, v)
    for v in sorted(waiting, key=rank.__getitem__):
        yield v, near[v]
        _join(near, v)


def _join(near: list[set[int]], v: int) -> None:
    """Join the neighbours of an eliminated variable."""
    for u in near[v]:
        near[u] |= near[v]
        near[u] -= {u, v}
