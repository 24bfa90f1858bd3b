"""Positions for the nodes of a factor graph, unrolled or not. No matplotlib here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from control_pgm.models.factorgraph import FactorGraph
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable
from control_pgm.viz.factor_places import factor_lanes
from control_pgm.viz.geometry import Point
from control_pgm.viz.layered import distance_layers, layered
from control_pgm.viz.layout import fixed_lanes, is_timed, node_radius, slice_columns, variable_lanes
from control_pgm.viz.placing import Lane, Layout, Node, lay_out
from control_pgm.viz.style import SQUARE

COLUMN = 2.4
_SEEDS: Mapping[str, Point] = {"state": (0.0, 0.0), "action": (1.2, 1.2), "optimality": (1.2, 2.6)}


def factor_graph_layout(graph: FactorGraph, *, max_slices: int = 8) -> Layout:
    """The layout of a factor graph; factor k is the node ("factor", k). Factors without variables are left out.

    Examples
    --------
    >>> from control_pgm import Variable
    >>> x, y = Variable("x_0", 2, time=0), Variable("x_1", 2, time=1)
    >>> factor_graph_layout(FactorGraph([Factor([x, y], [[1, 0], [0, 1]])])).points["factor", 0]
    (1.2, 0.0)
    """
    variables = tuple(graph.variables.values())
    scopes: dict[Node, tuple[Variable, ...]] = {("factor", k): f.variables for k, f in enumerate(graph.factors)}
    links: list[tuple[Node, Node]] = [(v.name, node) for node, scope in scopes.items() for v in scope]
    slices = None
    if is_timed(variables):
        slices = slice_columns(variables, width=COLUMN, max_slices=max_slices)
        neighbours = [(a.name, b.name) for scope in scopes.values() for a in scope for b in scope if a is not b]
        lanes = variable_lanes(variables, neighbours, slices, _SEEDS)
        lanes += factor_lanes(scopes, slices, near=0.85)
    else:
        lanes = _by_distance(variables, scopes, links)
    return lay_out(lanes, links, slices, dict.fromkeys(scopes, SQUARE))


def _by_distance(
    variables: tuple[Variable, ...], scopes: Mapping[Node, tuple[Variable, ...]], links: list[tuple[Node, Node]]
) -> list[Lane]:
    """Alternating layers of variables and factors; long chains run to the right."""
    radius = node_radius(v.name for v in variables)
    layers = distance_layers([*(v.name for v in variables), *(node for node, s in scopes.items() if s)], links)
    depth = list(layers.values())
    sideways = max(depth) + 1 > max(depth.count(k) for k in set(depth))
    points = layered(layers, links, radius=radius, sideways=sideways)
    drawn = {node: p for node, p in points.items() if node not in scopes}
    squares = {node: p for node, p in points.items() if node in scopes}
    return [*fixed_lanes(drawn, radius), *fixed_lanes(squares, SQUARE * 2**0.5)]


def skeleton(graph: FactorGraph) -> FactorGraph:
    """The same graph over variables with one state: all that its shape needs, at no cost in numbers."""
    single = {v.name: Variable(v.name, 1, time=v.time, kind=v.kind) for v in graph.variables.values()}
    return FactorGraph(Factor([single[n] for n in f.scope], np.ones((1,) * len(f.scope))) for f in graph.factors)


def homes(graph: FactorGraph, absorbed: FactorGraph) -> list[list[int]]:
    """Per factor of ``graph.absorbed()``, the factors that it is made of: each went into the first that holds it."""
    holding: dict[str, list[int]] = {}
    for k, factor in enumerate(absorbed.factors):
        for name in factor.scope:
            holding.setdefault(name, []).append(k)
    members: list[list[int]] = [[] for _ in absorbed.factors]
    for k, factor in enumerate(graph.factors):
        scope = set(factor.scope)
        near = holding[factor.scope[0]] if scope else [0]
        members[next(h for h in near if scope <= set(absorbed.factors[h].scope))].append(k)
    return members
