"""Placing nodes lane by lane so that no edge touches a foreign node. Pure geometry.

A lane holds the nodes that repeat from slice to slice, such as all observations; they share one offset from their
columns. Lanes are placed in order, each at the first of its candidate offsets that leaves every node and edge free.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from control_pgm.layout.columns import Columns
from control_pgm.layout.geometry import Point, distances, foreign
from control_pgm.layout.lines import MARGIN, Discs, stub_lines, whole_lines
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

Node = Hashable
Link = tuple[Node, Node]

RADIUS, SQUARE = 0.30, 0.13  # of a variable's circle; half the side of a factor's square
_APART = 0.15  # between two nodes
_AT_ONCE = 16  # offsets
_OVERLAP = 100.0  # taken off the clearance of places where nodes overlap


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
class _LanePlacer:
    """What has been placed so far."""

    links: Sequence[Link]
    points: dict[Node, Point] = field(default_factory=dict)
    radii: dict[Node, float] = field(default_factory=dict)
    hidden: dict[Node, Point] = field(default_factory=dict)

    def put(self, lane: Lane) -> None:
        """Place a lane at the first offset that leaves everything free, or at the best."""
        trial = _Trial.of(self, lane)
        best: tuple[float, Point] = (-np.inf, (0.0, 0.0))
        offsets, tried = iter(lane.offsets(self.points)), 1
        while best[0] < -1e-9 and (some := list(islice(offsets, tried))):
            for free, offset in zip(trial.free(some), some, strict=True):
                if free > best[0] + 1e-9:
                    best = (free, offset)
                if free >= -1e-9:
                    break
            tried = min(4 * tried, _AT_ONCE)  # one call for many costs little more than one for one
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
    def of(cls, board: _LanePlacer, lane: Lane) -> _Trial:
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

    def free(self, offsets: Sequence[Point]) -> list[float]:
        """Per offset the smallest clearance that the new nodes and their edges would leave, less the margins asked for.

        Edges can be led around nodes afterwards: overlapping nodes are worse than any edge.
        """
        shifts = np.array(offsets, dtype=float)
        mine = np.stack(np.broadcast_arrays(self.columns + shifts[:, :1], shifts[:, 1:]), axis=-1)
        free = np.minimum(self._apart(mine), self._between) - _APART
        fit = np.flatnonzero(free >= -1e-9)
        if len(fit):
            free[fit] = np.minimum(free[fit], self._edges(mine[fit]) - MARGIN)
        return [x if x >= -1e-9 or k in fit else x - _OVERLAP for k, x in enumerate(free.tolist())]

    @cached_property
    def _between(self) -> float:
        """The clearance between the new nodes, which lie in one row."""
        steps = np.diff(np.sort(self.columns))
        return float(steps.min(initial=np.inf)) - 2 * self.radius

    def _apart(self, mine: FloatArray) -> FloatArray:
        """Per offset the clearance between new nodes and those placed before."""
        gaps = np.hypot(*np.moveaxis(mine[:, :, None] - self.xy, -1, 0)) - self.radii - self.radius
        return np.asarray(gaps.min(axis=(1, 2), initial=np.inf))

    def _edges(self, mine: FloatArray) -> FloatArray:
        """Per offset the clearance between nodes and edges of which at least one is new."""
        free = np.full(len(mine), np.inf)
        if len(self.old):
            gaps = distances(mine, self.old[None, :, 0], self.old[None, :, 1])
            free = gaps.min(axis=(1, 2)) - self.radius
        if len(self.new):
            xy = np.concatenate([np.broadcast_to(self.xy, (len(mine), *self.xy.shape)), mine], axis=1)
            radii = np.append(self.radii, np.full(len(self.columns), self.radius))
            gaps = distances(xy, xy[:, self.new[:, 0]], xy[:, self.new[:, 1]]) - radii
            free = np.minimum(free, np.where(self.strange, gaps, np.inf).min(axis=(1, 2)))
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
    board = _LanePlacer(links, places, {node: radius for node, (_, radius) in known.items()})
    for lane in lanes:
        if lane.nodes:
            board.put(lane)
    discs = Discs.of(board.points, board.radii, dict.fromkeys(squares, SQUARE))
    whole = [link for link in links if link[0] in discs.at and link[1] in discs.at]
    edges = {(a, b): Edge(a, b, line) for (a, b), line in zip(whole, whole_lines(whole, discs), strict=True)}
    for (a, b), (line, head) in stub_lines(links, discs, board.hidden).items():
        edges[a, b] = Edge(a, b, line, stub=True, head=head)
    return Layout(board.points, board.radii, tuple([edges[link] for link in links if link in edges]), columns)
