"""Placing nodes lane by lane so that no edge touches a foreign node, and drawing edges as lines. Pure geometry.

A lane holds the nodes that repeat from slice to slice, such as all observations; they share one offset from their
columns.
Lanes are placed in order, each at the first of its candidate offsets that leaves every node and edge free.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

import numpy as np

from control_pgm.models.layout.columns import Columns
from control_pgm.models.layout.detours import detour
from control_pgm.models.layout.geometry import (
    Point,
    bend_around,
    clearance,
    curve,
    distances,
    foreign,
    shortened,
    trimmed,
)
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

Node = Hashable
Link = tuple[Node, Node]

RADIUS, SQUARE = 0.30, 0.13  # of a variable's circle; half the side of a factor's square
MARGIN = 0.09  # between an edge and a foreign node
_APART = 0.15  # between two nodes
_OVERLAP = 100.0  # taken off the clearance of places where nodes overlap
_STUBS = (0.62, 0.5, 0.4, 0.3, 0.2)  # the share of an edge that is drawn where its other end is left out
_VISIBLE = 0.12  # the shortest stub
_TOO_MANY = 1_000_000  # pairs of edges and nodes beyond which edges stay straight


@dataclass(frozen=True)
class Lane:
    """Nodes with one common offset from their columns.

    Attributes
    ----------
    nodes : node -> x of its column.
    radius : of every node.
    offsets : the candidate offsets, given what has been placed before; the best is taken if none is free.
    hidden : node -> x of its column, for nodes that are left out but that edges point at.
    """

    nodes: Mapping[Node, float]
    radius: float
    offsets: Callable[[Mapping[Node, Point]], Iterable[Point]]
    hidden: Mapping[Node, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Edge:
    """An edge as a line from rim to rim; ``stub`` if one end is left out, ``head`` if the line ends at its target."""

    source: Node
    target: Node
    line: FloatArray
    stub: bool = False
    head: bool = True


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything goes, in data units.

    Attributes
    ----------
    points, radii : of the nodes that are drawn.
    edges : of the nodes that are drawn, and stubs towards those that are not.
    columns : the slices; None for a model without times.
    """

    points: Mapping[Node, Point]
    radii: Mapping[Node, float]
    edges: tuple[Edge, ...]
    columns: Columns | None = None

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """left, right, bottom and top of all nodes and lines."""
        xy, r = np.array(list(self.points.values())), np.array(list(self.radii.values()))[:, None]
        corners = np.vstack([xy - r, xy + r, *(edge.line for edge in self.edges)])
        (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
        return float(left), float(right), float(bottom), float(top)

    @property
    def rows(self) -> tuple[float, ...]:
        """The heights at which gaps show dots: those of the rows of variables that recur in most slices."""
        if self.columns is None:
            return ()
        heights = [round(p[1], 3) for node, p in self.points.items() if isinstance(node, str)]
        often = len(self.columns.visible) / 2
        rows: list[float] = []
        for y in sorted(set(heights)):
            if heights.count(y) > often and (not rows or y - rows[-1] > 0.5):
                rows.append(y)
        return tuple(rows)


@dataclass
class _Board:
    """What has been placed so far."""

    links: Sequence[Link]
    points: dict[Node, Point] = field(default_factory=dict)
    radii: dict[Node, float] = field(default_factory=dict)
    hidden: dict[Node, Point] = field(default_factory=dict)

    def put(self, lane: Lane) -> None:
        """Place a lane at the first offset that leaves everything free, or at the best."""
        trial = _Trial.of(self, lane)
        best: tuple[float, Point] = (-np.inf, (0.0, 0.0))
        for offset in lane.offsets(self.points):
            free = trial.free(offset)
            if free > best[0] + 1e-9:
                best = (free, offset)
            if free >= -1e-9:
                break
        dx, y = best[1]
        self.points.update({node: (x + dx, y) for node, x in lane.nodes.items()})
        self.radii.update(dict.fromkeys(lane.nodes, lane.radius))
        self.hidden.update({node: (x + dx, y) for node, x in lane.hidden.items()})


@dataclass(frozen=True, eq=False)
class _Trial:
    """A lane that looks for its offset among what has been placed.

    Attributes
    ----------
    columns : the x of the columns of the new nodes.
    xy, radii : of the nodes placed before.
    radius : of the new nodes.
    old : the two ends of edges between placed nodes, shape (edges, 2, 2).
    new : the two ends of the other edges, as indices of the placed nodes followed by the new ones.
    strange : per such edge and node, whether the node is no end of the edge.
    """

    columns: FloatArray
    xy: FloatArray
    radii: FloatArray
    radius: float
    old: FloatArray
    new: IntArray
    strange: BoolArray

    @classmethod
    def of(cls, board: _Board, lane: Lane) -> _Trial:
        at = {node: i for i, node in enumerate([*board.points, *lane.nodes])}
        placed = len(board.points)
        xy = np.array(list(board.points.values()), dtype=float).reshape(-1, 2)
        edges = [(at[a], at[b]) for a, b in board.links if a in at and b in at]
        old = np.array([edge for edge in edges if max(edge) < placed], dtype=int).reshape(-1, 2)
        new = [edge for edge in edges if max(edge) >= placed]
        return cls(
            np.array(list(lane.nodes.values())),
            xy,
            np.array(list(board.radii.values())),
            lane.radius,
            xy[old],
            np.array(new, dtype=int).reshape(-1, 2),
            foreign(new, len(at)),
        )

    def free(self, offset: Point) -> float:
        """The smallest clearance that the new nodes and their edges would leave, less the margins asked for.

        Edges can be led around nodes afterwards: overlapping nodes are worse than any edge.
        """
        mine = np.column_stack([self.columns + offset[0], np.full(len(self.columns), offset[1])])
        xy, radii = np.vstack([self.xy, mine]), np.append(self.radii, np.full(len(mine), self.radius))
        apart = np.hypot(*np.moveaxis(mine[:, None] - xy[None], -1, 0)) - radii - self.radius
        apart[np.arange(len(mine)), np.arange(len(mine)) + len(self.xy)] = np.inf
        free = float(apart.min()) - _APART
        if free < -1e-9:
            return free - _OVERLAP
        if len(self.old):
            gaps = distances(mine, self.old[:, 0], self.old[:, 1]) - self.radius
            free = min(free, float(gaps.min()) - MARGIN)
        if len(self.new):
            gaps = distances(xy, xy[self.new[:, 0]], xy[self.new[:, 1]]) - radii
            free = min(free, float(gaps[self.strange].min(initial=np.inf)) - MARGIN)
        return free


def lay_out(
    lanes: Iterable[Lane],
    links: Sequence[Link],
    columns: Columns | None = None,
    *,
    squares: Iterable[Node] = (),
    known: Mapping[Node, tuple[Point, float]] | None = None,
) -> Layout:
    """Place all lanes and draw all links.

    Parameters
    ----------
    lanes : iterable of Lane
    links : sequence of pairs
    columns : Columns, optional
    squares : iterable
        Nodes drawn as squares: their edges reach further in than their radius.
    known : mapping, optional
        node -> place and radius, of nodes that are placed already.
    """
    known = known or {}
    places = {node: point for node, (point, _) in known.items()}
    board = _Board(links, places, {node: radius for node, (_, radius) in known.items()})
    for lane in lanes:
        if lane.nodes:
            board.put(lane)
    radii = board.radii
    rims = {**radii, **{node: SQUARE for node in squares if node in radii}}
    whole = [link for link in links if link[0] in radii and link[1] in radii]
    edges = {(edge.source, edge.target): edge for edge in whole_edges(whole, board.points, radii, rims)}
    edges |= stubs(links, board.points, radii, rims, board.hidden)
    return Layout(board.points, radii, tuple([edges[link] for link in links if link in edges]), columns)


def whole_edges(
    links: Sequence[Link], points: Mapping[Node, Point], radii: Mapping[Node, float], rims: Mapping[Node, float]
) -> list[Edge]:
    """Edges between nodes that are drawn, from rim to rim: straight, or led around foreign nodes."""
    if not links:
        return []
    at = {node: i for i, node in enumerate(points)}
    xy, r = np.array(list(points.values()), dtype=float), np.array([radii[node] for node in points])
    ends = np.array([(at[a], at[b]) for a, b in links])
    straight = xy[ends]
    crossed = np.zeros(len(links), dtype=bool)
    if len(links) * len(points) <= _TOO_MANY:
        gaps = distances(xy, straight[:, 0], straight[:, 1]) - r
        crossed = np.where(foreign(ends, len(xy)), gaps, np.inf).min(axis=1) < MARGIN
    shorter = shortened(straight, np.array([(rims[a], rims[b]) for a, b in links]))
    return [
        Edge(a, b, _around(a, b, points, xy, r, rims) if crossed[k] else shorter[k]) for k, (a, b) in enumerate(links)
    ]


def _around(
    a: Node, b: Node, points: Mapping[Node, Point], xy: FloatArray, radii: FloatArray, rims: Mapping[Node, float]
) -> FloatArray:
    """A line between two nodes that keeps clear of all others: the least bent one, or a detour around the nearest."""
    others = np.array([node not in (a, b) for node in points])
    bend, free = bend_around(points[a], points[b], xy[others], radii[others], MARGIN)
    line = detour(points[a], points[b], xy[others], radii[others], MARGIN) if free < MARGIN else None
    return trimmed(curve(points[a], points[b], bend) if line is None else line, rims[a], rims[b])


def stubs(
    links: Iterable[Link],
    points: Mapping[Node, Point],
    radii: Mapping[Node, float],
    rims: Mapping[Node, float],
    hidden: Mapping[Node, Point],
) -> dict[Link, Edge]:
    """The beginnings of edges towards nodes that are left out, one for each direction."""
    xy, r = np.array(list(points.values()), dtype=float), np.array([radii[node] for node in points])
    edges: dict[Link, Edge] = {}
    drawn: set[tuple[Node, Point, bool]] = set()
    for a, b in links:
        shown, other, head = (a, b, False) if a in points else (b, a, True)
        if shown not in points or other not in hidden or (shown, hidden[other], head) in drawn:
            continue
        drawn.add((shown, hidden[other], head))
        others = np.array([node != shown for node in points])
        line = _stub(points[shown], hidden[other], rims[shown], xy[others], r[others])
        if line is not None:
            edges[a, b] = Edge(a, b, line[::-1] if head else line, stub=True, head=head)
    return edges


def _stub(start: Point, towards: Point, rim: float, points: FloatArray, radii: FloatArray) -> FloatArray | None:
    """A line that stops before the first node in its way; None where that leaves nothing to be seen."""
    dx, dy = towards[0] - start[0], towards[1] - start[1]
    for share in _STUBS:
        line = curve(start, (start[0] + share * dx, start[1] + share * dy), 0.0)
        if share * hypot(dx, dy) > rim + _VISIBLE and clearance(line, points, radii) >= MARGIN:
            return trimmed(line, rim, 0.0)
    return None
