"""Elimination orders: the model's own order reversed, a sweep along the graph, min-fill and min-weight.

Eliminating a variable joins all its neighbours; they and it are a cluster. An order costs as much as its clusters have
table entries. To find the cheapest order is NP-hard, so four are tried:

- *reverse topological*: the model's own order backwards, whose messages have textbook names;
- *sweep*: greedy within a window that moves along the graph, from either end and by either rule (`linear_arrangement`);
- *min-fill*: always the variable whose elimination joins the fewest pairs of neighbours;
- *min-weight*: always the variable whose cluster has the fewest entries (Koller and Friedman 2009, section 9.4.3).

Ties go to the variable with the highest number, in a sweep to the first one on the way; nothing depends on hashing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import product
from math import inf, prod
from typing import Literal, NamedTuple

from control_pgm.inference.orders.greedy import MinFill, MinWeight, Steps, greedy
from control_pgm.inference.orders.linear_arrangement import Neighbours, find_line, stretch
from control_pgm.tables.arrays import Scope

Greedy = Literal["min-fill", "min-weight"]

MAX_WIDTH = 50  # variables of a cluster: arrays of NumPy have at most 64 axes, np.einsum 52 letters
_GRAPHS: Mapping[Greedy, type[MinFill | MinWeight]] = {"min-fill": MinFill, "min-weight": MinWeight}
_TRIAL, _TRIAL_REACHES = 40, 8  # a sweep is tried on 40 variables and 8 times the reach of the line


class Limits(NamedTuple):
    """Where the search stops: an order that crosses one of these is not followed to its end.

    Attributes
    ----------
    variables, entries : of a single cluster, at most.
    total : entries of all clusters together, to stay below.
    """

    variables: float = 50
    entries: float = 2**62
    total: float = inf


LIMITS = Limits()


class Elimination(NamedTuple):
    """An elimination order and what it costs.

    Attributes
    ----------
    rule : where the order comes from.
    order : the variables; empty where a cluster is beyond the limits.
    entries : the number of table entries of all clusters.
    fill_free : whether it never joins neighbours that were apart; then no order has a smaller largest cluster.
    beyond : the first cluster beyond the limits, if there is one.
    """

    rule: str
    order: tuple[int, ...]
    entries: int
    fill_free: bool
    beyond: Scope = ()

    @property
    def cost(self) -> tuple[int, int]:
        """What orders are compared by; those beyond the limits come last."""
        return len(self.beyond), self.entries


Search = Callable[[Neighbours, Sequence[int], Limits], Elimination | None]  # None: no cheaper than the total given


# --- the orders that are tried ----------------------------------------------------------------------------------------
def cheapest_order(
    n: int, scopes: Iterable[Scope], cardinalities: Sequence[int], limits: Limits = LIMITS
) -> Elimination:
    """The cheapest of the `candidates`; on ties the first.

    Examples
    --------
    >>> cheapest_order(4, [(0, 3), (1, 3), (2, 3)], [2, 2, 2, 2])
    Elimination(rule='sweep', order=(2, 1, 3, 0), entries=14, fill_free=True, beyond=())
    """
    return min(candidates(n, scopes, cardinalities, limits), key=lambda found: found.cost)


def candidates(
    n: int, scopes: Iterable[Scope], cardinalities: Sequence[int], limits: Limits = LIMITS
) -> Iterator[Elimination]:
    """Orders worth trying, each made when it is asked for; the first is the model's own.

    Variables are the numbers 0 … n−1 in the model's own order; ``scopes`` are those of the tables. An order that turns
    out no cheaper than one before is given up half-way and left out. The search ends after an order that adds no edge,
    and where it is certain that every order has a cluster beyond the limits.
    """
    neighbours = neighbourhoods(n, scopes)
    own = _in_order(neighbours, reversed_order(n))
    best = _followed("reverse topological", own, neighbours, cardinalities, limits)
    assert best is not None  # nothing was there yet that it could be dearer than
    yield best
    if best.beyond and _hopeless(neighbours, cardinalities, limits):
        return
    searches: list[Search] = [_sweep, *(partial(_by_rule, rule) for rule in _GRAPHS)]
    for search in searches:
        if best.fill_free:
            return
        found = search(neighbours, cardinalities, limits if best.beyond else limits._replace(total=best.entries))
        if found is not None:
            yield found
            best = min(best, found, key=lambda elimination: elimination.cost)


def _sweep(neighbours: Neighbours, cardinalities: Sequence[int], limits: Limits) -> Elimination | None:
    """Along the line: the way, the rule and the window that do best on a stretch of it."""
    line = find_line(neighbours, limits.variables)
    if line is None:
        return None
    piece, inside = stretch(neighbours, line, _TRIAL + _TRIAL_REACHES * line.reach)
    states = [cardinalities[v] for v in piece]

    def trial(choice: tuple[int, Greedy, int]) -> int:
        way, rule, window = choice
        steps = greedy(_GRAPHS[rule](inside, states), range(len(piece))[::way], window, inf)
        return sum([_entries(v, near, states) for v, near in steps])

    way, rule, window = min(product((-1, 1), _GRAPHS, sorted({-(-line.reach // 2), line.reach})), key=trial)
    steps = greedy(_GRAPHS[rule](neighbours, cardinalities), line.order[::way] + line.hubs, window, limits.variables)
    return _followed("sweep", steps, neighbours, cardinalities, limits)


def _by_rule(rule: Greedy, neighbours: Neighbours, cardinalities: Sequence[int], limits: Limits) -> Elimination | None:
    """The ordinary greedy order."""
    n = len(neighbours)
    steps = greedy(_GRAPHS[rule](neighbours, cardinalities), reversed_order(n), n, limits.variables)
    return _followed(rule, steps, neighbours, cardinalities, limits)


def greedy_order(n: int, scopes: Iterable[Scope], cardinalities: Sequence[int], rule: Greedy) -> tuple[int, ...]:
    """The order of a greedy rule, however dear it is.

    Examples
    --------
    >>> greedy_order(4, [(0, 1), (1, 2), (2, 3), (3, 0)], [2, 2, 2, 2], "min-fill")
    (3, 2, 1, 0)
    """
    graph = _GRAPHS[rule](neighbourhoods(n, scopes), cardinalities)
    return tuple([v for v, _ in greedy(graph, reversed_order(n), n, inf)])


def reversed_order(n: int) -> tuple[int, ...]:
    """The natural order backwards: children before parents, late slices before early ones."""
    return tuple(range(n - 1, -1, -1))


def neighbourhoods(n: int, scopes: Iterable[Scope]) -> list[set[int]]:
    """Per variable, the others that share a table with it."""
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for scope in scopes:
        for v in scope:
            neighbours[v].update(scope)
    for v in range(n):
        neighbours[v].discard(v)
    return neighbours


# --- elimination and its cost -----------------------------------------------------------------------------------------
def _followed(
    rule: str, steps: Steps, neighbours: Neighbours, cardinalities: Sequence[int], limits: Limits
) -> Elimination | None:
    """Follow an elimination to its end or to the first cluster beyond the limits; None where the total is too high."""
    order: list[int] = []
    entries = edges = 0
    for v, near in steps:
        size = _entries(v, near, cardinalities)
        if len(near) >= limits.variables or size > limits.entries:
            return Elimination(rule, (), entries, False, tuple(sorted({v, *near})))
        entries += size
        if entries >= limits.total:
            return None
        order.append(v)
        edges += len(near)
    return Elimination(rule, tuple(order), entries, 2 * edges == sum(map(len, neighbours)))


def _entries(v: int, near: Set[int], cardinalities: Sequence[int]) -> int:
    return cardinalities[v] * prod([cardinalities[u] for u in near])


def _in_order(neighbours: Neighbours, order: Sequence[int]) -> Steps:
    """Eliminate in a given order. What an elimination joins is noted where the first of the joined is eliminated."""
    position = sorted(range(len(order)), key=order.__getitem__)  # the inverse permutation
    joined: list[list[set[int]]] = [[] for _ in order]
    for i, v in enumerate(order):
        near = {u for u in neighbours[v] if position[u] > i}.union(*joined[v])
        near.discard(v)
        joined[v] = []
        yield v, near
        if near:
            joined[min(near, key=position.__getitem__)].append(near)


# --- whether any order can do -----------------------------------------------------------------------------------------
def _hopeless(neighbours: Neighbours, cardinalities: Sequence[int], limits: Limits) -> bool:
    """Whether every order is bound to have a cluster beyond the limits."""
    states = min(cardinalities, default=1)
    variables, most = 0, min(limits.variables, len(neighbours))  # variables of a cluster within the limits, at most
    while variables < most and states ** (variables + 1) <= limits.entries:
        variables += 1
    return width_bound(neighbours, variables) >= variables


def width_bound(neighbours: Neighbours, enough: int) -> int:
    """A number of neighbours that some variable has in every elimination order; not raised beyond ``enough``.

    Contract the variable with fewest neighbours into the neighbour with fewest, over and over. What remains is a minor,
    whose width is at least its lowest degree, and the graph's own width is at least that of any minor (Bodlaender and
    Koster 2011, "Treewidth computations II: lower bounds", the heuristic MMD+ with min-d).

    Examples
    --------
    >>> width_bound([{1, 3}, {0, 2}, {1, 3}, {2, 0}], 50)
    2
    """
    minor, n = [set(near) for near in neighbours], len(neighbours)
    heap = [len(near) * n + v for v, near in enumerate(minor)]
    heapq.heapify(heap)
    bound, gone = 0, [False] * n
    while heap and bound < enough:
        degree, v = divmod(heapq.heappop(heap), n)
        near = minor[v]
        if gone[v] or degree != len(near):
            continue
        bound = max(bound, degree)
        gone[v] = True
        for u in near:
            minor[u].remove(v)
        if near:
            into = min(near, key=lambda u: (len(minor[u]), u))
            joined = near - minor[into] - {into}
            minor[into] |= joined
            for u in joined:
                minor[u].add(into)
            for u in near:
                heapq.heappush(heap, len(minor[u]) * n + u)
    return min(bound, enough)
