"""A factor graph as a picture: circles for variables, black squares for factors, loops set off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.errors import InvalidArgument
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.models.factor_graph_layout import factor_graph_layout
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Artists, Drawing, pen, slices_that_fit
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.graphs.absorbing import homes, skeleton
from control_pgm.viz.graphs.factor_labels import factor_labels, product_label
from control_pgm.viz.graphs.label_places import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LARGEST = 14.0  # points, of factor labels


def plot_factor_graph(
    model: BayesianNetwork | FactorGraph,
    *,
    ax: Axes | None = None,
    absorbed: bool = False,
    max_slices: int | None = None,
    labels: bool = True,
    title: str | None = None,
    **node_options: Any,
) -> Drawing:
    """Draw a factor graph, its loops heavy and orange: on a loop, sum-product is approximate.

    Parameters
    ----------
    model : ControlNetwork, BayesianNetwork or FactorGraph
        Evidence that belongs to a network, such as optimality, is sliced away.
    ax : matplotlib axes, optional
        Default: a new figure.
    absorbed : bool
        Multiply every factor into one that contains its scope: the graph of a decision process becomes a tree.
    max_slices : int, optional
        Longer models are drawn as their first ``max_slices − 3`` slices, "…" and the last two. Default: 8, on narrow
        axes as many fewer as letters need to be readable.
    labels : bool
        Whether factors carry labels, such as p(s'|s,a).
    title : str, optional
    **node_options
        For the circles (``matplotlib.patches.Circle``).

    Returns
    -------
    Drawing
        ``.of("node")["s_0"]``, ``.of("factor")[2]``, ``.of("factor label")[2]``, ``.of("edge")["s_0", ("factor", 2)]``.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, unroll
    >>> net = unroll(gridworld("S.G"), 2)
    >>> len(plot_factor_graph(net).of("factor")), len(plot_factor_graph(net, absorbed=True).of("factor"))
    (7, 2)
    """
    if not isinstance(model, BayesianNetwork | FactorGraph):
        raise InvalidArgument(
            f"plot_factor_graph draws no {type(model).__name__}",
            allowed="a ControlNetwork, BayesianNetwork or FactorGraph",
            remedy="for an MDP: plot_factor_graph(unroll(mdp, horizon))",
        )
    node_options = artist_options(plot_factor_graph, "patches.Circle", node_options)
    evidence = model.observed if isinstance(model, BayesianNetwork) else {}
    graph = skeleton(FactorGraph.from_model(model, evidence))
    if not graph.variables:
        raise InvalidArgument("every variable of the model is observed: there is no graph left to draw")
    names = factor_labels(model, evidence)
    texts = [product_label([name]) for name in names]
    if absorbed:
        whole, graph = graph, graph.absorbed()
        texts = [product_label([names[k] for k in group]) for group in homes(whole, graph)]
    room = 0.35 * labels
    if max_slices is None:
        max_slices = slices_that_fit(ax, lambda n: factor_graph_layout(graph, max_slices=n), room=room)
    layout = factor_graph_layout(graph, max_slices=max_slices)
    tool = pen(ax, layout, _title(graph, absorbed) if title is None else title, note=False, room=room)
    loops = {(name, ("factor", k)) for name, k in graph.loops}
    for edge in layout.edges:
        on_loop = (edge.source, edge.target) in loops
        tool.edge(edge, role="action" if on_loop else "ink", heavy=on_loop, directed=False)
    colours = style.kind_colours(tool.drawing.ax, [v.kind for v in graph.variables.values()])
    for name, variable in graph.variables.items():
        if name in layout.points:
            look: dict[str, Any] = {"outline": colours[variable.kind], "fill": "plain", "heavy": False}
            tool.node(name, style.label(name), options=node_options, **look)
    squares = [k for k in range(len(graph.factors)) if ("factor", k) in layout.points]
    for k in squares:
        tool.square(("factor", k))
    boxes = place_labels(layout, {k: texts[k] for k in squares}, _em(tool)) if labels else {}
    for k, box in boxes.items():
        look = {"zorder": 5, "path_effects": style.halo(2.5, tool.colours["paper"])}
        tool.text(("factor label", k), box.centre, texts[k], em=_em(tool), largest=_LARGEST, **look)
        tool.widen(*box.sides)
    tool.drawing.parts.update(
        {("unlabelled", ("factor", k)): tool.drawing.parts["factor", k] for k in squares if labels and k not in boxes}
    )
    lowest = min((box.sides[2] for box in boxes.values()), default=np.inf)
    tool.captions(lowest=lowest)
    tool.widen(*layout.bounds[:2], min(lowest, layout.bounds[2]) - 0.7, layout.bounds[3])
    tool.note()
    return tool.drawing


def _em(tool: Artists) -> float:
    """The height of factor labels in data units: 6 to 14 points at the usual font size."""
    return min(max(0.23, style.FLOOR / tool.unit), style.points(_LARGEST) / tool.unit)


def _title(graph: FactorGraph, absorbed: bool) -> str:
    shape = "a tree" if graph.is_tree else "loops heavy, in orange"
    return f"{'Factors absorbed' if absorbed else 'Factor graph'}: {shape}"
