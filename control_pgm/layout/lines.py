"""The lines of edges between nodes that are placed: from rim to rim, clear of every foreign node. Pure geometry."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np

from control_pgm.layout.detours import detour
from control_pgm.layout.geometry import (
    FARTHEST,
    Point,
    bend_around,
    clearance,
    curve,
    distances,
    foreign,
    shortened,
    trimmed,
)
from control_pgm.tables.arrays import FloatArray

MARGIN = 0.09  # between an edge and a foreign node

_STUBS = (0.62, 0.5, 0.4, 0.3, 0.2)  # the share of an edge that is drawn where its other end is left out
_VISIBLE = 0.12  # the shortest stub
_TOO_MANY = 1_000_000  # pairs of edges and nodes beyond which edges stay straight

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, eq=False)
class Discs:
    """Nodes as discs.

    Attributes
    ----------
    at : node -> number.
    xy, radii : of the discs.
    rims : how far from the middle lines end: squares let them come nearer than their discs do.
    """

    at: Mapping[Hashable, int]
    xy: FloatArray
    radii: FloatArray
    rims: FloatArray

    @classmethod
    def of(
        cls, points: Mapping[Hashable, Point], radii: Mapping[Hashable, float], rims: Mapping[Hashable, float]
    ) -> Discs:
        """The discs of nodes; ``rims`` holds those that differ from the radii."""
        sizes = np.array([radii[node] for node in points])
        reach = np.array([rims.get(node, radii[node]) for node in points])
        xy = np.array(list(points.values()), dtype=float).reshape(-1, 2)
        return cls({node: i for i, node in enumerate(points)}, xy, sizes, reach)

    def point(self, i: int) -> Point:
        """The middle of a disc."""
        return float(self.xy[i, 0]), float(self.xy[i, 1])

    def without(self, *numbers: int) -> tuple[FloatArray, FloatArray]:
        """Middles and radii of all other discs."""
        kept = np.ones(len(self.xy), dtype=bool)
        kept[list(numbers)] = False
        return self.xy[kept], self.radii[kept]


def whole_lines(links: Sequence[Pair], discs: Discs) -> list[FloatArray]:
    """The lines of edges between nodes that are drawn: straight, or led around foreign nodes."""
    if not links:
        return []
    ends = np.array([(discs.at[a], discs.at[b]) for a, b in links])
    straight = discs.xy[ends]
    lines = list(shortened(straight, discs.rims[ends]))
    if len(links) * len(discs.xy) > _TOO_MANY:
        return lines
    gaps = distances(discs.xy, straight[:, 0], straight[:, 1]) - discs.radii
    gaps[~foreign(ends, len(discs.xy))] = np.inf
    for k in np.flatnonzero(gaps.min(axis=1) < MARGIN).tolist():
        lines[k] = _around(int(ends[k, 0]), int(ends[k, 1]), discs, gaps[k])
    return lines


def _around(a: int, b: int, discs: Discs, gaps: FloatArray) -> FloatArray:
    """A line between two nodes that keeps clear of all others: the least bent one, or a detour around the nearest.

    ``gaps`` are the distances of all others from the straight line, +inf for the two nodes.
    """
    start, end = discs.point(a), discs.point(b)
    near = gaps < FARTHEST * hypot(end[0] - start[0], end[1] - start[1]) + MARGIN
    bend, free = bend_around(start, end, discs.xy[near], discs.radii[near], MARGIN)
    line = detour(start, end, *discs.without(a, b), MARGIN) if free < MARGIN else None
    return trimmed(curve(start, end, bend) if line is None else line, float(discs.rims[a]), float(discs.rims[b]))


def stub_lines(
    links: Iterable[Pair], discs: Discs, hidden: Mapping[Hashable, Point]
) -> dict[Pair, tuple[FloatArray, bool]]:
    """The beginnings of edges towards nodes that are left out, one for each direction; and whether they end at a node.

    ``hidden`` are the places of those nodes.
    """
    found: dict[Pair, tuple[FloatArray, bool]] = {}
    drawn: set[tuple[Hashable, Point, bool]] = set()
    for a, b in links:
        shown, other, inwards = (a, b, False) if a in discs.at else (b, a, True)
        if shown not in discs.at or other not in hidden or (shown, hidden[other], inwards) in drawn:
            continue
        drawn.add((shown, hidden[other], inwards))
        line = _stub(discs.at[shown], hidden[other], discs)
        if line is not None:
            found[a, b] = (line[::-1] if inwards else line, inwards)
    return found


def _stub(i: int, towards: Point, discs: Discs) -> FloatArray | None:
    """A line that stops before the first node in its way; None where that leaves nothing to be seen."""
    start, rim, others = discs.point(i), float(discs.rims[i]), discs.without(i)
    dx, dy = towards[0] - start[0], towards[1] - start[1]
    for share in _STUBS:
        line = curve(start, (start[0] + share * dx, start[1] + share * dy), 0.0)
        if share * hypot(dx, dy) > rim + _VISIBLE and clearance(line, *others) >= MARGIN:
            return trimmed(line, rim, 0.0)
    return None
