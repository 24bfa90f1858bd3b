"""Positions for the nodes of a factor graph, unrolled or not."""

from __future__ import annotations

from control_pgm.layout.factor_places import factor_lanes
from control_pgm.layout.geometry import Point
from control_pgm.layout.layered import distance_layers, layered
from control_pgm.layout.placing import SQUARE, Layout, Node, lay_out
from control_pgm.layout.rows import node_radius, seeds, variable_lanes
from control_pgm.models.outline import Outline, Undirected, graph_outline

FACTOR_COLUMN = 2.4
_HEIGHTS = (0.0, 1.2, 2.6)


def factor_graph_layout(graph: Undirected, *, max_slices: int = 8) -> Layout:
    """The layout of a factor graph; factor k is the node ("factor", k). Factors without variables are left out.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> x, y = Variable("x_0", 2, time=0), Variable("x_1", 2, time=1)
    >>> factor_graph_layout(FactorGraph([Factor([x, y], [[1, 0], [0, 1]])])).points["factor", 0]
    (1.2, 0.0)
    """
    return factor_outline_layout(graph_outline(graph, width=FACTOR_COLUMN, max_slices=max_slices))


def factor_outline_layout(outline: Outline) -> Layout:
    """The layout of the part of a factor graph that is drawn."""
    if outline.columns is None:
        return lay_out([], outline.links, squares=outline.scopes, known=_by_distance(outline))
    pairs = [(a.name, b.name) for scope in outline.scopes.values() for a in scope for b in scope if a is not b]
    lanes = variable_lanes(outline.variables, pairs, outline.columns, seeds(FACTOR_COLUMN, _HEIGHTS))
    lanes += factor_lanes(outline.scopes, outline.columns, near=0.85)
    return lay_out(lanes, outline.links, outline.columns, squares=outline.scopes)


def _by_distance(outline: Outline) -> dict[Node, tuple[Point, float]]:
    """Places and radii in alternating layers of variables and factors; long chains run to the right."""
    radius = node_radius(v.name for v in outline.variables)
    squares = [node for node, scope in outline.scopes.items() if scope]
    layers = distance_layers([*(v.name for v in outline.variables), *squares], outline.links)
    depth = list(layers.values())
    sideways = max(depth) + 1 > max(depth.count(k) for k in set(depth))
    points = layered(layers, outline.links, radius=radius, sideways=sideways)
    return {node: (at, SQUARE * 2**0.5 if node in outline.scopes else radius) for node, at in points.items()}
