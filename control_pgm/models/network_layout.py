"""Positions for the nodes of a network: time to the right, kinds as rows; layers where there is no time."""

from __future__ import annotations

from collections.abc import Iterable

from control_pgm.layout.factor_places import factor_lanes
from control_pgm.layout.geometry import Point
from control_pgm.layout.layered import layered, longest_path_layers
from control_pgm.layout.placing import RADIUS, Lane, Layout, Node, lay_out
from control_pgm.layout.rows import node_radius, seeds, variable_lanes
from control_pgm.models.outline import Directed, Outline, network_outline

COLUMN = 1.6
_HEIGHTS = (0.0, 1.0, 2.4)


def network_layout(network: Directed, *, max_slices: int = 8, keep: Iterable[str] = ()) -> Layout:
    """The layout of a Bayesian network, unrolled or not, with its further factors as ("factor", k).

    Parameters
    ----------
    network : BayesianNetwork
    max_slices : int
        More slices than these are elided.
    keep : iterable of str
        Variables whose slices are drawn in any case.

    Examples
    --------
    >>> from control_pgm import MDP, unroll
    >>> layout = network_layout(unroll(MDP([[[1.0]]], [[0.0]]), 3))
    >>> layout.points["s_2"], layout.points["a_2"]
    ((3.2, 0.0), (4.0, 1.0))
    """
    return outline_layout(network_outline(network, width=COLUMN, max_slices=max_slices, keep=keep))


def outline_layout(outline: Outline) -> Layout:
    """The layout of the part of a network that is drawn."""
    known: dict[Node, tuple[Point, float]] = {}
    lanes: list[Lane] = []
    radius = RADIUS
    if outline.columns is not None:
        lanes = variable_lanes(outline.variables, outline.links, outline.columns, seeds(COLUMN, _HEIGHTS))
    elif outline.variables:
        radius = node_radius(v.name for v in outline.variables)
        layers = longest_path_layers([v.name for v in outline.variables], outline.links)
        known = {node: (at, radius) for node, at in layered(layers, outline.links, radius=radius).items()}
    weights = [(v.name, node) for node, scope in outline.scopes.items() for v in scope]
    lanes += factor_lanes(outline.scopes, outline.columns, near=0.36 + radius)
    return lay_out(lanes, [*outline.links, *weights], outline.columns, squares=outline.scopes, known=known)
