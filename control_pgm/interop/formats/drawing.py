"""Drawings in other programs' languages: the nodes, edges and gaps of a model, with places and labels."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from control_pgm.errors import InvalidArgument
from control_pgm.inference.problem import Evidence, conditioned, state_indices
from control_pgm.layout.placing import RADIUS, SQUARE, Edge, Layout
from control_pgm.models import factor_graph_layout, network_layout
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.models.outline import graph_outline, network_outline

Place = tuple[float, float]

MAX_SLICES = 8  # more slices are elided: the first five, "…", the last two
GAP = "gap"
FACTOR = "factor"


@dataclass(frozen=True)
class DrawnNode:
    """A node of the picture.

    Attributes
    ----------
    key : letters and digits, unique: what the exported text calls it.
    label : the name of a variable; for a gap how many slices it stands for; empty for a factor.
    kind : the variable's kind, `FACTOR` or `GAP`.
    place, radius : in the units of the layout, y upwards.
    observed : whether the variable has evidence.
    """

    key: str
    label: str
    kind: str
    place: Place
    radius: float
    observed: bool = False


@dataclass(frozen=True)
class DrawnEdge:
    """An edge between the keys of two nodes, or, where its other end is left out, between a node and a place.

    Attributes
    ----------
    source, target : the key of a node, or a place.
    directed : whether it ends in an arrow.
    control : both control points, in one, of a cubic curve that keeps clear of other nodes; None where it is straight.
    """

    source: str | Place
    target: str | Place
    directed: bool
    control: Place | None = None


@dataclass(frozen=True)
class Drawn:
    """A picture without its look."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]


def drawn(model: BayesianNetwork | FactorGraph, evidence: Evidence | None = None, *, full: bool = False) -> Drawn:
    """The picture of a model; long unrolled models are elided unless ``full``.

    Raises
    ------
    InvalidArgument
        If the object is neither a network nor a factor graph.
    UnknownName
        If the evidence names a variable or a label that does not exist.
    """
    if not isinstance(model, BayesianNetwork | FactorGraph):
        raise InvalidArgument(
            f"{type(model).__name__} cannot be drawn as a graph",
            allowed="a BayesianNetwork or a FactorGraph",
            remedy="an MDP is unrolled first: unroll(mdp, horizon)",
        )
    model, labels = conditioned(model, evidence)
    slices = sys.maxsize if full else MAX_SLICES
    directed = isinstance(model, BayesianNetwork)
    observed: Mapping[str, Hashable] = {}
    if isinstance(model, BayesianNetwork):
        outline = network_outline(model, width=network_layout.COLUMN, max_slices=slices)
        layout, observed = network_layout.outline_layout(outline), model.observed
    else:
        outline = graph_outline(model, width=factor_graph_layout.FACTOR_COLUMN, max_slices=slices)
        layout = factor_graph_layout.factor_outline_layout(outline)
    if evidence is not None:
        observed = state_indices(model, labels)
    names = [node for node in layout.points if isinstance(node, str)]
    keys: dict[Hashable, str] = {name: f"v{k}" for k, name in enumerate(names)}
    keys |= {node: f"f{node[1]}" for node in layout.points if isinstance(node, tuple)}
    kinds = {variable.name: variable.kind for variable in outline.variables}
    nodes = [*_nodes(layout, keys, kinds, observed), *_gaps(layout)]
    return Drawn(tuple(nodes), tuple(_edge(edge, keys, directed) for edge in layout.edges))


def _nodes(
    layout: Layout, keys: Mapping[Hashable, str], kinds: Mapping[str, str], observed: Mapping[str, Hashable]
) -> Iterator[DrawnNode]:
    for node, place in layout.points.items():
        if isinstance(node, str):
            radius = round(layout.radii[node], 3)
            yield DrawnNode(keys[node], node, kinds[node], _rounded(place), radius, node in observed)
        else:
            yield DrawnNode(keys[node], "", FACTOR, _rounded(place), SQUARE)


def _gaps(layout: Layout) -> Iterator[DrawnNode]:
    """Dots in every row for slices that are left out; those in the lowest row say how many."""
    gaps = layout.columns.gaps if layout.columns else ()
    for k, gap in enumerate(gaps):
        for row, y in enumerate(layout.rows or (0.0,)):
            label = "" if row else f"{gap.hidden} slices left out"
            yield DrawnNode(f"gap{k}row{row}", label, GAP, _rounded((gap.x, y)), RADIUS)


def _edge(edge: Edge, keys: Mapping[Hashable, str], directed: bool) -> DrawnEdge:
    (x0, y0), *between, (x1, y1) = edge.line.tolist()
    source, target = keys.get(edge.source, _rounded((x0, y0))), keys.get(edge.target, _rounded((x1, y1)))
    factors = isinstance(edge.source, tuple) or isinstance(edge.target, tuple)
    bent = None
    if between:  # the middle of such a curve is (a + 6 control + b) / 8
        xm, ym = between[len(between) // 2]
        bent = _rounded(((8 * xm - x0 - x1) / 6, (8 * ym - y0 - y1) / 6))
    return DrawnEdge(source, target, directed and edge.head and not factors, bent)


def _rounded(place: Place) -> Place:
    """A place with three digits; adding 0.0 turns −0.0 into 0.0."""
    return round(place[0], 3) + 0.0, round(place[1], 3) + 0.0
