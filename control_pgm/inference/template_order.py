"""Greedy elimination along a line: slice by slice, where there are slices, found without knowing them.

An unrolled template, a grid, or any other long and narrow graph is best eliminated by a sweep from end to end. Time is
not needed to find one. `find_line` looks for an end: the variable farthest from any (George and Liu 1979). The place of
another is its distance from there. Averaging each place with those of the neighbours straightens the line, as spectral
orderings do.

`greedy` eliminates always the cheapest of the variables in a window that moves along such a line. A window of one
variable follows the line, a window of all variables is the ordinary greedy algorithm (Koller and Friedman 2009, section
9.4.3), and one as long as neighbours are apart does what an elimination slice by slice does, without its steps.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from math import isqrt, prod

import numpy as np

from control_pgm.tables.arrays import IntArray

Neighbours = Sequence[Set[int]]  # per variable, those that share a table with it
Steps = Iterator[tuple[int, Set[int]]]  # variables in the order of elimination, each with its neighbours at that time

_ROUNDS = 30  # of averaging, at most: more change little, and on short lines they level all differences
_FINE = 2**16  # units between places: they are integers, so that no rounding depends on the order of a sum


# --- the line ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """Variables in a row, such that neighbours in the graph are near each other.

    Attributes
    ----------
    order : the variables, from the end with the lower number to the other.
    reach : how far away the nearer half of a variable's neighbours lies, on average.
    hubs : variables joined to so many, such as a static one to every slice, that they have no place.
    """

    order: tuple[int, ...]
    reach: int
    hubs: tuple[int, ...]


def find_line(neighbours: Neighbours, max_width: float) -> Line | None:
    """A line through the graph, component after component; None where it is too bushy to have one.

    Parameters
    ----------
    neighbours : sequence of sets
        Per variable, the variables that share a table with it.
    max_width : float
        With more variables abreast, on average, there is no line.

    Examples
    --------
    >>> find_line([{2}, {2}, {0, 1}], 50)
    Line(order=(0, 2, 1), reach=1, hubs=())
    """
    hubs = _hubs(neighbours)
    near = [[] if v in hubs else sorted(beside - hubs) for v, beside in enumerate(neighbours)]
    places: dict[int, int] = {}
    start = 0
    for v in range(len(near)):
        if v in places or v in hubs:
            continue
        found = _distances_from_end(near, v)
        length = max(found.values()) + 1
        if len(found) > max_width * length:
            return None
        for u, distance in found.items():
            places[u] = start + distance
        start += length
    rounds = min(_ROUNDS, max(places.values(), default=0))
    straight = _straightened(near, [places.get(v, 0) for v in range(len(near))], rounds)
    order = tuple([v for v in np.argsort(straight, kind="stable").tolist() if v not in hubs])
    reach = _reach(near, order)
    return Line(order, reach, tuple(sorted(hubs))) if reach <= max_width else None


def _hubs(neighbours: Neighbours) -> set[int]:
    """The degree of a hub grows with the length of the line, that of other variables with its width only."""
    degrees = [len(beside) for beside in neighbours]
    n = len(degrees)
    many = isqrt(n) + 4 * (1 + sum(degrees) // max(n, 1))
    return {v for v in range(n) if degrees[v] > many}


def _distances_from_end(near: Sequence[Sequence[int]], start: int) -> dict[int, int]:
    """Distances from the end that is nearer to ``start``, the lowest number of a component."""
    found = _distances(near, _farthest(near, _distances(near, start)))
    length = max(found.values())
    return found if 2 * found[start] <= length else {v: length - distance for v, distance in found.items()}


def _distances(near: Sequence[Sequence[int]], start: int) -> dict[int, int]:
    """variable -> distance from the start, nearest first."""
    found = {start: 0}
    level = [start]
    distance = 0
    while level:
        distance += 1
        following = []
        for v in level:
            for u in near[v]:
                if u not in found:
                    found[u] = distance
                    following.append(u)
        level = following
    return found


def _farthest(near: Sequence[Sequence[int]], distances: dict[int, int]) -> int:
    """Of the variables farthest away the one with fewest neighbours, of those the one with the highest number."""
    far = max(distances.values())
    return min((v for v, distance in distances.items() if distance == far), key=lambda v: (len(near[v]), -v))


def _straightened(near: Sequence[Sequence[int]], places: Sequence[int], rounds: int) -> IntArray:
    """Places after rounds of averaging each of them with the mean of its neighbours'."""
    n = len(places)
    degrees = np.array([len(beside) for beside in near], dtype=np.int64)
    rows = np.repeat(np.arange(n), degrees)
    columns = np.fromiter(chain.from_iterable(near), dtype=np.int64, count=len(rows))
    result = np.array(places, dtype=np.int64) * _FINE
    for _ in range(rounds):
        sums = np.bincount(rows, weights=result[columns], minlength=n).astype(np.int64)  # integers: exact below 2**53
        result = np.where(degrees > 0, (result + sums // np.maximum(degrees, 1)) // 2, result)
    return result


def _reach(near: Sequence[Sequence[int]], order: Sequence[int]) -> int:
    """The mean over variables of the lower median distance, along the line, to a neighbour; at least 1."""
    rank = _ranks(order, len(near))
    medians = [
        sorted([abs(rank[u] - rank[v]) for u in beside])[(len(beside) - 1) // 2]
        for v, beside in enumerate(near)
        if beside
    ]
    return max(1, -(-sum(medians) // max(len(medians), 1)))


def _ranks(order: Sequence[int], n: int) -> list[int]:
    rank = [0] * n
    for i, v in enumerate(order):
        rank[v] = i
    return rank


def stretch(neighbours: Neighbours, line: Line, length: int) -> tuple[list[int], list[set[int]]]:
    """A piece from the middle of a line: its variables in their order, and the neighbours that they have there."""
    first = max(0, (len(line.order) - length) // 2)
    piece = list(line.order[first : first + length])
    number = {v: i for i, v in enumerate(piece)}
    return piece, [{number[u] for u in neighbours[v] if u in number} for v in piece]


# --- greedy elimination -----------------------------------------------------------------------------------------------
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
        self._rank = _ranks(order, len(graph.neighbours))
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
