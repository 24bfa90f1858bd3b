"""Greedy elimination in a window that moves along an order.

Eliminated is always the cheapest of the variables in the window. A window of one variable follows the order, a window
of all variables is the ordinary greedy algorithm (Koller and Friedman 2009, section 9.4.3), and along a line of the
graph (see `line`) one as long as neighbours are apart does what an elimination slice by slice does, without its steps.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence, Set
from math import prod

from control_pgm.inference.orders.linear_arrangement import Neighbours, ranks

Steps = Iterator[tuple[int, Set[int]]]  # variables in the order of elimination, each with its neighbours at that time


def greedy(graph: Graph, order: Sequence[int], window: int, widest: float) -> Steps:
    """Eliminate always the cheapest of the variables in a window that moves along the order; ties go along it, too.

    Variables with ``widest`` neighbours or more wait until they have fewer; if that never happens, one of them is the
    last to come.
    """
    queue = _Queue(graph, order, window, widest)
    while (v := queue.pop()) is not None:
        yield v, graph.neighbours[v]
        queue.renew(graph.eliminate(v))
    if queue.waiting:
        v = min(queue.waiting, key=lambda u: (len(graph.neighbours[u]), u))
        yield v, graph.neighbours[v]


class MinFill:
    """A graph under elimination; a variable costs the pairs of its neighbours that are apart and would be joined."""

    def __init__(self, neighbours: Neighbours, cardinalities: Sequence[int]) -> None:
        self.neighbours = [set(near) for near in neighbours]
        self._apart = []  # per variable, kept up to date
        for near in self.neighbours:
            together = sum([len(near & self.neighbours[u]) for u in near])
            self._apart.append((len(near) * (len(near) - 1) - together) // 2)

    def cost(self, v: int) -> int:
        """What it costs now to eliminate v."""
        return self._apart[v]

    def eliminate(self, v: int) -> Set[int]:
        """Join the neighbours of v; returns the variables whose cost may have changed."""
        neighbours, apart = self.neighbours, self._apart
        near = neighbours[v]
        pairs = []
        for u in near:
            beside_u = neighbours[u]
            beside_u.remove(v)
            missing = near - beside_u  # u itself among them
            apart[u] -= len(beside_u) - len(near) + len(missing)  # v was apart from those beside u, but not beside v
            if len(missing) > 1:
                missing.remove(u)
                pairs.append((u, missing))
        changed = set(near)
        for u, missing in pairs:
            beside_u = neighbours[u]
            for w in missing - beside_u:
                beside_w = neighbours[w]
                common = beside_u & beside_w
                for x in common:
                    apart[x] -= 1
                changed |= common
                apart[u] += len(beside_u) - len(common)
                apart[w] += len(beside_w) - len(common)
                beside_u.add(w)
                beside_w.add(u)
        return changed


class MinWeight:
    """A graph under elimination; a variable costs the entries of its cluster."""

    def __init__(self, neighbours: Neighbours, cardinalities: Sequence[int]) -> None:
        self.neighbours = [set(near) for near in neighbours]
        self._cardinalities = cardinalities
        self._entries = [0] * len(neighbours)  # per variable, kept up to date since it was asked for; 0 before

    def cost(self, v: int) -> int:
        """What it costs now to eliminate v."""
        if not self._entries[v]:
            self._entries[v] = self._cardinalities[v] * prod([self._cardinalities[u] for u in self.neighbours[v]])
        return self._entries[v]

    def eliminate(self, v: int) -> Set[int]:
        """Join the neighbours of v; returns the variables whose cost may have changed."""
        near, states = self.neighbours[v], self._cardinalities
        for u in near:
            beside_u = self.neighbours[u]
            beside_u.remove(v)
            missing = near - beside_u
            missing.remove(u)
            beside_u |= missing
            self._entries[u] = self._entries[u] // states[v] * prod([states[w] for w in missing])
        return near


Graph = MinFill | MinWeight


class _Queue:
    """The variables that may be eliminated now: those in the window, unless they have too many neighbours.

    Cost and rank share one integer in the heap, which compares fast. Outdated entries stay until they come up, or are
    so many that the heap is made anew.
    """

    def __init__(self, graph: Graph, order: Sequence[int], window: int, widest: float) -> None:
        self.waiting: set[int] = set()  # in the window, but with too many neighbours
        self._graph, self._order, self._room, self._widest = graph, order, window, widest
        self._rank = ranks(order, len(graph.neighbours))
        self._entered = 0  # variables so far
        self._keys: dict[int, int] = {}  # of those that may be eliminated: cost · n + rank
        self._heap: list[int] = []

    def pop(self) -> int | None:
        """Take the cheapest variable out; None if there is none, or all wait."""
        while True:
            while self._entered < len(self._order) and (self._room > 0 or not self._keys):
                self._enter(self._order[self._entered])
                self._entered += 1
                self._room -= 1
            if not self._keys:
                return None
            key = heapq.heappop(self._heap)
            v = self._order[key % len(self._order)]
            if self._keys.get(v) == key:
                del self._keys[v]
                self._room += 1
                return v

    def renew(self, changed: Set[int]) -> None:
        """Take note of changed costs and numbers of neighbours."""
        for v in changed:
            if v in self._keys or v in self.waiting:
                self._enter(v)
        if len(self._heap) > 8 * len(self._keys) + 64:
            self._heap = list(self._keys.values())
            heapq.heapify(self._heap)

    def _enter(self, v: int) -> None:
        """Sort a variable in, for the first time or again."""
        if len(self._graph.neighbours[v]) < self._widest:
            self.waiting.discard(v)
            key = self._graph.cost(v) * len(self._order) + self._rank[v]
            if self._keys.get(v) != key:
                self._keys[v] = key
                heapq.heappush(self._heap, key)
        else:
            self._keys.pop(v, None)
            self.waiting.add(v)
