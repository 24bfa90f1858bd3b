"""A two-slice template as a picture: one slice, the next one, and plates that say what repeats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from control_pgm.errors import InvalidArgument
from control_pgm.models.template import PRIME, DynamicBayesianNetwork, TwoSliceTemplate
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Artists, Drawing, pen
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.graphs.template_layout import TemplateLayout, template_layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROOM = 0.62  # around everything, for the words at the rim
_EM = 0.25  # the height of the letters beside a square


def plot_template(
    template: TwoSliceTemplate | DynamicBayesianNetwork,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    **node_options: Any,
) -> Drawing:
    """Draw a two-slice template: the first slice, and in a plate the step from any slice to the next.

    Parameters
    ----------
    template : TwoSliceTemplate, or a network unrolled from one
        Of a network the plate says how often it repeats.
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    **node_options
        For the circles (``matplotlib.patches.Circle``).

    Returns
    -------
    Drawing
        ``.of("node")["s"]``, ``.of("node")["s'"]``, ``.of("edge")["s", "s'"]``, ``.parts["plate",]``,
        ``.parts["initial", "s"]``: the square of the first slice's distribution.

    Notes
    -----
    Plates as in Koller and Friedman (2009, section 6.4): what lies inside repeats. A dashed rim marks the next slice,
    which is the first slice of the next repetition. Black squares are the tables of the first
    slice, such as p(s_0).

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, unroll
    >>> sorted(plot_template(unroll(gridworld("S.G"), 30)).of("node"))
    ['O', 'a', 's', "s'"]
    """
    horizon = None
    network = template
    if isinstance(network, DynamicBayesianNetwork):
        horizon, template = network.horizon, network.template
    if not isinstance(template, TwoSliceTemplate):
        raise InvalidArgument(
            f"plot_template draws no {type(template).__name__}",
            allowed="a TwoSliceTemplate, or a network unrolled from one",
            remedy="for any other network: plot_network",
        )
    node_options = artist_options(plot_template, "patches.Circle", node_options)
    found = template_layout(template)
    names = found.names
    observed = {_base(name) for name in network.observed} if isinstance(network, DynamicBayesianNetwork) else set()
    heading = _title(template) if title is None else title
    tool = pen(ax, found.layout, heading, note=False, room=_ROOM)
    parts = tool.drawing.parts
    for edge in found.layout.edges:
        source: Any = edge.source
        from_square = source in found.squares
        tool.edge(edge, directed=not from_square)
        target = names[edge.target]
        key = ("initial edge", source[1], target) if from_square else ("edge", names[source], target)
        parts[key] = parts.pop(("edge", source, edge.target))
    kinds = {
        v.name: v.kind for cpd in (*template.initial, *template.transition, *template.episode) for v in cpd.variables
    }
    colours = style.kind_colours(tool.drawing.ax, kinds.values())
    for node, name in names.items():
        fill = "observed" if _base(node) in observed else "plain"
        look: dict[str, Any] = {"outline": colours[kinds[name]], "fill": fill, "heavy": False}
        tool.node(node, _symbol(name), options=node_options, **look)
        parts["node", name] = circle = parts.pop(("node", node))
        if name.endswith(PRIME):
            circle.set_linestyle((0, (3, 1.5)))
    for square, formula in found.squares.items():
        _initial(tool, square, formula)
    _plate(tool, found, horizon)
    _next_slice(tool, found)
    tool.note()
    return tool.drawing


def _base(name: Any) -> str:
    return str(name).rpartition("_")[0]


def _symbol(name: str) -> str:
    """Symbols as mathtext with their prime; words as they are."""
    base, prime = name.removesuffix(PRIME), PRIME if name.endswith(PRIME) else ""
    math = style.symbol(base)
    return f"${math}{prime}$" if math else style.label(base) + prime


def _initial(tool: Artists, square: Any, formula: str) -> None:
    """The square of a table of the first slice, and beside it what it stands for."""
    tool.square(square)
    drawn = tool.drawing.parts
    drawn[square] = drawn.pop(("factor", square[1]))
    x, y = tool.layout.points[square]
    tool.text(("initial label", square[1]), (x - 0.22, y), formula, em=_EM, largest=13, ha="right")
    letters = len(re.sub(r"\\[a-z]+|[${}_\\]", "", formula))
    tool.widen(x - 0.4 - 0.6 * _EM * letters, x, y, y)


def _plate(tool: Artists, found: TemplateLayout, horizon: int | None) -> None:
    """The plate around one slice, and how often it repeats."""
    left, right, bottom, top = found.plate
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": tool.colours["note"], "linewidth": 1.2, "zorder": 0.5}
    width, height = right - left - 0.2, top - bottom - 0.2
    box = style.mpl("patches").FancyBboxPatch((left + 0.1, bottom + 0.1), width, height, "round,pad=0.1", **look)
    tool.drawing.parts["plate",] = tool.drawing.ax.add_patch(box)
    repeats = "$t = 0, 1, 2, …$" if horizon is None else f"$t = 0 … {horizon - 1}$"
    em = min(0.24, (right - left - 0.25) / (0.55 * len(repeats.strip("$"))))
    tool.text(
        ("plate label",), (left + 0.12, bottom + 0.2), repeats, ha="left", em=em, largest=13, color=tool.colours["note"]
    )
    tool.widen(left - 0.1, right + 0.1, bottom - 0.25, top + 0.1)


def _next_slice(tool: Artists, found: TemplateLayout) -> None:
    """One caption for all nodes of the next slice, below whatever is drawn there."""
    xs = [found.layout.points[node][0] for node, name in found.names.items() if name.endswith(PRIME)]
    if xs:
        at = (sum(xs) / len(xs), found.layout.bounds[2] - 0.12)
        tool.text(("next label",), at, "next\nslice", em=0.19, largest=13, color=tool.colours["note"], va="top")
        tool.widen(at[0], at[0] + 0.5, at[1] - 0.6, at[1])


def _title(template: TwoSliceTemplate) -> str:
    once = {cpd.child.name for cpd in template.episode}
    n = len({v.name.removesuffix(PRIME) for cpd in template.transition for v in cpd.variables} - once)
    return f"Two-slice template, {n} variable{'s' * (n != 1)} a slice"
