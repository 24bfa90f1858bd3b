"""Placing nodes lane by lane so that no edge touches a foreign node, and drawing edges as lines. Pure geometry.

A lane holds the nodes that repeat from slice to slice, such as all actions; they share one offset from their columns.
Lanes are placed in order, each at the first of its candidate offsets that leaves every node and edge free.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.columns import Columns
from control_pgm.viz.geometry import Point, bend_around, curve, distances, foreign, separation, trimmed

Node = Hashable
Link = tuple[Node, Node]

MARGIN = 0.09  # between an edge and a foreign node
_APART = 0.15  # between two nodes
_STUB = 0.62  # the share of an edge that is drawn where its other end is left out
_TOO_MANY = 4_000_000  # pairs of edges and nodes beyond which edges stay straight


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

    def free(self, new: Mapping[Node, Point], radius: float) -> float:
        """The smallest clearance that the new nodes and their edges would leave, less the margins asked for."""
        nodes = [*self.points, *new]
        xy = np.array([*self.points.values(), *new.values()], dtype=float)
        radii = np.array([*self.radii.values(), *([radius] * len(new))])
        old = len(self.points)
        at = {node: i for i, node in enumerate(nodes)}
        edges = [(at[a], at[b]) for a, b in self.links if a in at and b in at]
        free = separation(xy[old:], radii[old:], xy[:old], radii[:old]) - _APART
        for i in range(old, len(nodes) - 1):
            free = min(free, separation(xy[i : i + 1], radii[i : i + 1], xy[i + 1 :], radii[i + 1 :]) - _APART)
        if edges:
            ends = np.array(edges)
            gaps = distances(xy, xy[ends[:, 0]], xy[ends[:, 1]]) - radii
            free = min(free, float(gaps[foreign(edges, len(nodes))].min(initial=np.inf)) - MARGIN)
        return free

    def put(self, lane: Lane) -> None:
        best: tuple[float, Point] = (-np.inf, (0.0, 0.0))
        for dx, y in lane.offsets(self.points):
            new = {node: (x + dx, y) for node, x in lane.nodes.items()}
            free = self.free(new, lane.radius)
            if free > best[0] + 1e-9:
                best = (free, (dx, y))
            if free >= -1e-9:
                break
        dx, y = best[1]
        self.points.update({node: (x + dx, y) for node, x in lane.nodes.items()})
        self.radii.update(dict.fromkeys(lane.nodes, lane.radius))
        self.hidden.update({node: (x + dx, y) for node, x in lane.hidden.items()})


def lay_out(
    lanes: Iterable[Lane], links: Sequence[Link], columns: Columns | None, squares: Mapping[Node, float] | None = None
) -> Layout:
    """Place all lanes and draw all links; ``squares`` are nodes whose edges reach further in than their radius."""
    board = _Board(links)
    for lane in lanes:
        if lane.nodes:
            board.put(lane)
    radii = board.radii
    rims = {**radii, **{node: r for node, r in (squares or {}).items() if node in radii}}
    return Layout(board.points, radii, connect(links, board.points, radii, rims, board.hidden), columns)


def connect(
    links: Iterable[Link],
    points: Mapping[Node, Point],
    radii: Mapping[Node, float],
    rims: Mapping[Node, float],
    hidden: Mapping[Node, Point],
) -> tuple[Edge, ...]:
    """The edges as lines from rim to rim: straight or bent around foreign nodes, and stubs to hidden nodes."""
    at = {node: i for i, node in enumerate(points)}
    xy, r = np.array(list(points.values()), dtype=float), np.array([radii[node] for node in points])
    links = list(links)
    bends = len(links) * len(points) <= _TOO_MANY
    edges: list[Edge] = []
    stubs: set[tuple[Node, Point, bool]] = set()
    for a, b in links:
        if a in at and b in at:
            others = np.delete(np.arange(len(xy)), [at[a], at[b]])
            bend = bend_around(points[a], points[b], xy[others], r[others], MARGIN) if bends else 0.0
            edges.append(Edge(a, b, trimmed(curve(points[a], points[b], bend), rims[a], rims[b])))
            continue
        shown, other, head = (a, b, False) if a in at else (b, a, True)
        if shown in at and other in hidden and (shown, hidden[other], head) not in stubs:
            stubs.add((shown, hidden[other], head))
            line = _stub(points[shown], hidden[other], rims[shown])
            edges.append(Edge(a, b, line[::-1] if head else line, stub=True, head=head))
    return tuple(edges)


def _stub(start: Point, towards: Point, radius: float) -> FloatArray:
    end = (start[0] + _STUB * (towards[0] - start[0]), start[1] + _STUB * (towards[1] - start[1]))
    return trimmed(curve(start, end, 0.0), radius, 0.0)
