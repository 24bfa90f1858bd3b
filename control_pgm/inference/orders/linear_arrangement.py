"""A line through a graph that is long and narrow: along the slices, where there are slices, without knowing them.

An unrolled template, a grid, or any other long and narrow graph is best eliminated by a sweep from end to end. Time is
not needed to find one. `find_line` looks for an end: the variable farthest from any (George and Liu 1979). The place of
another is its distance from there. Averaging each place with those of the neighbours straightens the line, as spectral
orderings do.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import chain
from math import isqrt

import numpy as np

from control_pgm.tables.arrays import IntArray

Neighbours = Sequence[Set[int]]  # per variable, those that share a table with it

_ROUNDS = 30  # of averaging, at most: more change little, and on short lines they level all differences
_FINE = 2**16  # units between places: they are integers, so that no rounding depends on the order of a sum


@dataclass(frozen=True)
class Arrangement:
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


def find_line(neighbours: Neighbours, max_width: float) -> Arrangement | None:
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
    Arrangement(order=(0, 2, 1), reach=1, hubs=())
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
    return Arrangement(order, reach, tuple(sorted(hubs))) if reach <= max_width else None


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
    rank = ranks(order, len(near))
    medians = [
        sorted([abs(rank[u] - rank[v]) for u in beside])[(len(beside) - 1) // 2]
        for v, beside in enumerate(near)
        if beside
    ]
    return max(1, -(-sum(medians) // max(len(medians), 1)))


def ranks(order: Sequence[int], n: int) -> list[int]:
    rank = [0] * n
    for i, v in enumerate(order):
        rank[v] = i
    return rank


def stretch(neighbours: Neighbours, line: Arrangement, length: int) -> tuple[list[int], list[set[int]]]:
    """A piece from the middle of a line: its variables in their order, and the neighbours that they have there."""
    first = max(0, (len(line.order) - length) // 2)
    piece = list(line.order[first : first + length])
    number = {v: i for i, v in enumerate(piece)}
    return piece, [{number[u] for u in neighbours[v] if u in number} for v in piece]
