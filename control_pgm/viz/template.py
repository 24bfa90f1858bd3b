"""A two-slice template as a picture: one slice, the next one, and plates that say what repeats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from control_pgm.errors import InvalidArgument
from control_pgm.models.layout.geometry import Point
from control_pgm.models.layout.network import network_layout
from control_pgm.models.layout.placing import Layout
from control_pgm.models.template import PRIME, DynamicBayesianNetwork, TwoSliceTemplate
from control_pgm.viz import style
from control_pgm.viz.drawing import Drawing, Pen, pen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROOM = 0.62  # between the nodes and the rim of a plate
_CAPTION = 0.42  # for the words inside a plate


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
    which is the first slice of the next repetition. The black square is the distribution p(s_0) of the first slice.

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
    layout, names = _two_slices(template)
    observed = {_base(name) for name in network.observed} if isinstance(network, DynamicBayesianNetwork) else set()
    heading = _title(template) if title is None else title
    tool = pen(ax, layout, heading, note=False, room=_ROOM)
    for edge in layout.edges:
        tool.edge(edge)
        tool.drawing.parts["edge", names[edge.source], names[edge.target]] = tool.drawing.parts.pop(
            ("edge", edge.source, edge.target)
        )
    kinds = {v.name: v.kind for cpd in (*template.initial, *template.transition) for v in cpd.variables}
    colours = style.kind_colours(kinds.values())
    for node in layout.points:
        name = names[node]
        fill = style.OBSERVED if _base(node) in observed else style.PLAIN
        look: dict[str, Any] = {"outline": colours[kinds[name]], "fill": fill, "heavy": False}
        tool.node(node, _symbol(name), options=node_options, **look)
        tool.drawing.parts["node", name] = circle = tool.drawing.parts.pop(("node", node))
        if name.endswith(PRIME):
            circle.set_linestyle((0, (3, 1.5)))
    _initial(tool, layout, template)
    _plates(tool, layout, names, horizon)
    return tool.drawing


def _two_slices(template: TwoSliceTemplate) -> tuple[Layout, dict[Any, str]]:
    """The layout of slices 0 and 1 of a short unrolled network, without what belongs to slice 1 alone."""
    step = {cpd.child.name for cpd in template.transition} | {
        v.name for cpd in template.transition for v in cpd.parents
    }
    names = {_unrolled(name): name for name in step}
    full = network_layout(template.unroll(1))
    points: dict[Any, Point] = {node: at for node, at in full.points.items() if node in names}
    wanted = {(p.name, cpd.child.name) for cpd in template.transition for p in cpd.parents}
    edges = tuple(e for e in full.edges if (names.get(str(e.source)), names.get(str(e.target))) in wanted)
    radii: dict[Any, float] = {node: full.radii[node] for node in points}
    return Layout(points, radii, edges, None), {node: names[node] for node in points}


def _unrolled(name: str) -> str:
    """The name in the unrolled network of one step."""
    return f"{name[:-1]}_1" if name.endswith(PRIME) else f"{name}_0"


def _base(name: Any) -> str:
    return str(name).rpartition("_")[0]


def _symbol(name: str) -> str:
    """Symbols as mathtext with their prime; words as they are."""
    base, prime = name.removesuffix(PRIME), PRIME if name.endswith(PRIME) else ""
    math = style.symbol(base)
    return f"${math}{prime}$" if math else style.label(base) + prime


def _initial(tool: Pen, layout: Layout, template: TwoSliceTemplate) -> None:
    """A square with an edge to every variable that the first slice draws from a table of its own."""
    patches = style.mpl("patches")
    for cpd in template.initial:
        node = f"{cpd.child.name}_0"
        if node not in layout.points:
            continue
        (x, y), r = layout.points[node], layout.radii[node]
        left, half = x - r - _ROOM - 0.75, 0.13
        box = patches.Rectangle((left - half, y - half), 2 * half, 2 * half, color=style.FACTOR, zorder=3)
        tool.drawing.parts["initial", cpd.child.name] = tool.drawing.ax.add_patch(box)
        line = style.mpl("lines").Line2D([left + half, x - r], [y, y], color=style.EDGE, linewidth=1.1, zorder=1)
        tool.drawing.parts["initial edge", cpd.child.name] = tool.drawing.ax.add_line(line)
        symbol = style.symbol(cpd.child.name, index="0")
        text = f"$p({symbol})$" if symbol else f"p({style.plain(cpd.child.name)})"
        tool.text(("initial label", cpd.child.name), (left, y - 0.34), text, em=0.25, largest=13)
        tool.widen(left - 0.55, x, y, y)


def _plates(tool: Pen, layout: Layout, names: dict[Any, str], horizon: int | None) -> None:
    """A plate around one slice; the next slice stands half outside, on its rim."""
    inside = [node for node in layout.points if not names[node].endswith(PRIME)]
    left, right, bottom, top = _rim(layout, inside)
    beyond = [layout.points[node][0] - layout.radii[node] for node in layout.points if node not in inside]
    right = min([right, *(x - 0.12 for x in beyond)]) if beyond else right
    patches = style.mpl("patches")
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": style.NOTE, "linewidth": 1.2, "zorder": 0.5}
    box = patches.FancyBboxPatch(
        (left + 0.1, bottom + 0.1), right - left - 0.2, top - bottom - 0.2, "round,pad=0.1", **look
    )
    tool.drawing.parts["plate",] = tool.drawing.ax.add_patch(box)
    repeats = "$t = 0, 1, 2, …$" if horizon is None else f"$t = 0 … {horizon - 1}$"
    em = min(0.24, (right - left - 0.25) / (0.55 * len(repeats.strip("$"))))
    words: dict[str, Any] = {"em": em, "largest": 13, "color": style.NOTE}
    tool.text(("plate label",), (left + 0.12, bottom + 0.2), repeats, ha="left", **words)
    for node in layout.points:
        if node not in inside:
            (x, y), r = layout.points[node], layout.radii[node]
            tool.text(("next label", names[node]), (x, y - r - 0.12), "next\nslice", va="top", **words | {"em": 0.19})
    tool.widen(left - 0.1, right + 0.1, bottom - 0.25, top + 0.1)


def _rim(layout: Layout, nodes: Iterable[Any]) -> tuple[float, float, float, float]:
    """left, right, bottom, top of a plate around some nodes."""
    boxes = [(*layout.points[node], layout.radii[node]) for node in nodes]
    return (
        min(x - r for x, _, r in boxes) - 0.3,
        max(x + r for x, _, r in boxes) + 0.3,
        min(y - r for _, y, r in boxes) - _CAPTION - 0.1,
        max(y + r for _, y, r in boxes) + 0.3,
    )


def _title(template: TwoSliceTemplate) -> str:
    n = len({v.name.removesuffix(PRIME) for cpd in template.transition for v in cpd.variables})
    return f"Two-slice template, {n} variable{'s' * (n != 1)} a slice"
