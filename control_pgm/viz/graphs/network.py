"""A Bayesian network as a picture: time to the right, outlines for kinds, fills for roles."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import Evidence, conditioned
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.every_slice import EverySlice
from control_pgm.models.network_layout import COLUMN, network_layout, outline_layout
from control_pgm.models.outline import network_outline
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing, pen, slices_that_fit
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.graphs.node_bars import LIFT, Beliefs, draw_bars, read_beliefs

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_network(
    network: BayesianNetwork | Posterior,
    *,
    ax: Axes | None = None,
    max_slices: int | None = None,
    evidence: Evidence | Iterable[str] | None = None,
    observed: Iterable[str] | None = None,
    asked: Iterable[str] = (),
    beliefs: Beliefs | None = None,
    title: str | None = None,
    **node_options: Any,
) -> Drawing:
    """Draw a Bayesian network; an unrolled one slice by slice, any other in layers.

    Parameters
    ----------
    network : BayesianNetwork, or a posterior of one
        A `ControlNetwork`, a `DynamicBayesianNetwork` or any other; added nodes and factors included. Of a posterior
        its model is drawn, with its evidence.
    ax : matplotlib axes, optional
        Default: a new figure.
    max_slices : int, optional
        Longer networks are drawn as their first ``max_slices − 3`` slices, "…" and the last two. Default: 8, on narrow
        axes as many fewer as letters need to be readable.
    evidence : mapping name -> label, or iterable of str, optional
        Variables filled grey; likelihoods are drawn as a factor. Default: the evidence that belongs to the network,
        such as optimality.
    observed : iterable of str, optional
        Another word for ``evidence``.
    asked : iterable of str
        Variables filled yellow with a heavy outline; their slices are drawn in any case.
    beliefs : posterior or mapping name -> probabilities, optional
        Drawn as bars inside the nodes, one per state; more than 24 states share bars.
    title : str, optional
    **node_options
        For the circles (``matplotlib.patches.Circle``), such as ``linewidth=3``.

    Returns
    -------
    Drawing
        ``.ax``, ``.figure`` and the artists: ``.of("node")["s_0"]``, ``.of("edge")["s_0", "s_1"]``, …; the bars of
        beliefs are ``.of("bars")["s_0"]``.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, unroll
    >>> plot_network(unroll(gridworld("S.G"), 3), asked=["a_1"]).of("node")["a_1"].get_facecolor()[:2]
    (0.9411764705882353, 0.8941176470588236)
    """
    if evidence is not None and observed is not None:
        raise InvalidArgument("evidence= and observed= mean the same", remedy="leave one of them out")
    evidence = observed if evidence is None else evidence
    node_options = artist_options(plot_network, "patches.Circle", node_options)
    if isinstance(network, Posterior):
        evidence = network.evidence if evidence is None else evidence
        network = _model_of(network)
    if not isinstance(network, BayesianNetwork):
        raise InvalidArgument(
            f"plot_network draws no {type(network).__name__}",
            allowed="a BayesianNetwork, DynamicBayesianNetwork or ControlNetwork, or a posterior of one",
            remedy="for an MDP: plot_network(unroll(mdp, horizon)); for a FactorGraph: plot_factor_graph",
        )
    model: BayesianNetwork = network
    if isinstance(evidence, Mapping):
        model, evidence = conditioned(model, evidence)
    # A network's own evidence is asked name by name: listing it would walk all slices.
    grey: Container[str] = model.observed if evidence is None else _evidence(model, evidence)
    yellow = _names(model, asked, "asked")
    if max_slices is None:
        max_slices = slices_that_fit(ax, lambda n: network_layout(model, max_slices=n, keep=yellow))
    outline = network_outline(model, width=COLUMN, max_slices=max_slices, keep=yellow)
    layout = outline_layout(outline)
    squares = [node for node in layout.points if not isinstance(node, str)]
    present = [v for v in outline.variables if v.name in layout.points]
    shown = {} if beliefs is None else read_beliefs(beliefs, present)
    roles = _roles(any(v.name in grey for v in present), bool(yellow), bool(squares), bool(shown))
    tool = pen(ax, layout, _title(model) if title is None else title, note=bool(roles))
    for edge in layout.edges:
        tool.edge(edge, directed=isinstance(edge.target, str))
    colours = style.kind_colours(tool.drawing.ax, (v.kind for v in outline.variables))
    for variable in present:
        name = variable.name
        fill = "asked" if name in yellow else "observed" if name in grey else "plain"
        look: dict[str, Any] = {"outline": colours[variable.kind], "fill": fill, "heavy": name in yellow}
        look["lift"] = LIFT if name in shown else 0.0
        tool.node(name, style.label(name), options=node_options, **look)
        if name in shown:
            draw_bars(tool, name, shown[name], colours[variable.kind])
    for node in squares:
        tool.square(node)
    tool.captions(outline.missing)
    tool.note(roles, room=bool(roles))
    return tool.drawing


def _model_of(posterior: Posterior) -> BayesianNetwork:
    """The network that a posterior is about."""
    if not isinstance(posterior.model, BayesianNetwork):
        raise InvalidArgument(
            f"plot_network draws no posterior of a {type(posterior.model).__name__}",
            allowed="the posterior of a BayesianNetwork",
            remedy="draw the graph itself: plot_factor_graph(posterior.model)",
        )
    return posterior.model


def _evidence(network: BayesianNetwork, evidence: Mapping[str, Hashable] | Iterable[str]) -> Container[str]:
    """The observed variables; labels are checked where there are any."""
    if isinstance(evidence, EverySlice):
        return evidence
    found = _names(network, evidence, "observed")
    if isinstance(evidence, Mapping):
        for name, label in evidence.items():
            network.variable(name).index(label)
    return found


def _names(network: BayesianNetwork, names: Iterable[str], role: str) -> frozenset[str]:
    if isinstance(names, str):
        names = [names]
    found = frozenset(names)
    for name in found:
        if name not in network.variables:
            raise unknown(name, network.variables, what=f"{role} variable")
    return found


def _roles(grey: bool, yellow: bool, squares: bool, bars: bool) -> str:
    said = {
        "grey: observed": grey,
        "yellow, heavy outline: asked": yellow,
        "squares: further factors": squares,
        "bars: beliefs (heights within a node)": bars,
    }
    return ",   ".join(words for words, holds in said.items() if holds)


def _title(network: BayesianNetwork) -> str:
    horizon = getattr(network, "horizon", None)
    if isinstance(network, ControlNetwork):
        return f"Control network, $T={horizon}$"
    if horizon is not None:
        return f"Dynamic Bayesian network, $T={horizon}$"
    n = len(network.variables)
    return f"Bayesian network, {n} variable{'s' * (n != 1)}"
