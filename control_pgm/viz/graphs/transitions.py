"""The transition graph of a process: states as circles, an arrow where one can lead to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.grid import ends_of, grid_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.outcomes import outcomes_at
from control_pgm.control.network.unroll_arguments import check_horizon
from control_pgm.display.text import probability
from control_pgm.errors import InvalidArgument
from control_pgm.layout.geometry import Point, curve, trimmed
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_mdp, check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.graphs.edge_labels import place_on_edges
from control_pgm.viz.graphs.label_places import LabelBox
from control_pgm.viz.graphs.transition_layout import (
    RADIUS,
    Bounds,
    Pair,
    around,
    bend_of,
    bounds_of,
    circle,
    inches_of,
    loop,
    scaled_grid,
    size_of,
)
from control_pgm.viz.policies.text import ARROWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_STATES = 30
_MOST_LABELS = 40  # edges beyond which labels would hide the picture
_SIGNS = {"goal": "★", "hole": "×", "end": "■"}
_EM = 0.21  # letters of edge labels
_UNLIKE = 1.6  # how much larger than the smallest letters in a node others may be


def plot_transitions(
    mdp: Any, *, t: int = 0, ax: Axes | None = None, labels: bool = True, title: str | None = None, **node_options: Any
) -> Drawing:
    """Draw which state can lead to which, by which actions and how probably.

    Parameters
    ----------
    mdp : MDP
        Of at most 30 states; or a solution, which stands for its process.
    t : int
        The step, where the dynamics vary with time.
    ax : matplotlib axes, optional
        Default: a new figure.
    labels : bool
        Whether edges say their actions and probabilities, as far as there is room.
    title : str, optional
    **node_options
        For the circles (``matplotlib.patches.Circle``).

    Returns
    -------
    Drawing
        ``.of("node")["home"]``, ``.of("edge")["home", "shop"]``, ``.of("edge label")["home", "shop"]``.

    Notes
    -----
    An edge is as wide as the largest probability that some available action gives it. Processes with ``positions`` are
    drawn on their grid, others on a circle in an order that keeps edges short. Heavy outline: a first state. ★ goal,
    × hole, ■ another absorbing state.

    Raises
    ------
    InvalidArgument
        If the process has more than 30 states.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> moves = [[[1, 0], [0.1, 0.9]], [[0, 1], [0, 1]]]
    >>> mdp = MDP(moves, [[0, 0], [1, 1]], states=["home", "shop"], actions=["stay", "go"])
    >>> drawing = plot_transitions(mdp)
    >>> drawing.of("edge label")["home", "shop"].get_text()
    'go .90'
    """
    mdp = getattr(mdp, "mdp", mdp)
    check_mdp(mdp, "plot_transitions")
    node_options = artist_options(plot_transitions, "patches.Circle", node_options)
    if mdp.n_states > MOST_STATES:
        raise InvalidArgument(
            f"a transition graph of {mdp.n_states:,} states could not be read",
            allowed=f"up to {MOST_STATES} states",
            remedy="draw a smaller process of the same kind; plot_values and plot_policy draw large grids",
        )
    check_time(t, (mdp.time_steps or check_horizon(mdp, t + 1)) - 1)
    edges = _edges(mdp, t)
    grid = grid_of(mdp, t)
    on_grid = grid is not None and len(grid.cells) == mdp.n_states
    if ax is not None:
        style.check_axes(ax)
        ax.set_axis_off()
    order = [] if on_grid else around(list(edges), mdp.n_states)

    def placed(stretch: Point) -> dict[int, Point]:
        return scaled_grid(grid.cells, stretch) if grid is not None and on_grid else circle(order, stretch)

    named = labels and len(edges) <= _MOST_LABELS
    best = None
    for short in (False, True) if named else (False,):
        texts = {pair: _label(mdp, actions, short=short) for pair, actions in edges.items()} if named else {}
        for stretch in _stretches(placed((1.0, 1.0)), ax):
            points = placed(stretch)
            lines = _lines(points, list(edges))
            boxes, em, bounds = _with_labels(points, lines, texts, ax)
            if best is None or len(boxes) > len(best[3]):
                best = points, lines, texts, boxes, em, bounds
        if best is not None and len(best[3]) == len(best[2]):
            break
    assert best is not None
    points, lines, texts, boxes, em, bounds = best
    picture = _axes(bounds, ax, _title(mdp) if title is None else title)
    _draw_edges(picture, mdp, edges, lines)
    _draw_nodes(picture, mdp, t, points, node_options)
    _draw_labels(picture, mdp, {pair: (box.centre, texts[pair]) for pair, box in boxes.items()}, em)
    said = ["width: the largest probability that an action gives"]
    if missing := len(texts) - len(boxes):
        said.append(f"{missing} label{'s' * (missing != 1)} left out for want of room")
    if labels and not named:
        said.append(f"{len(edges)} edges: too many for labels")
    ax = picture.ax
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7 * style.zoom(ax), "color": style.readable(ax)}
    picture.parts["note",] = ax.text(0.5, 0.0, "\n".join(said), transform=ax.transAxes, **look)
    return picture


def _edges(mdp: MDP, t: int) -> dict[Pair, dict[int, float]]:
    """(s, s') -> action -> probability."""
    step = outcomes_at(mdp, t)
    found: dict[Pair, dict[int, float]] = {}
    for s, a, x, p in zip(step.state, step.action, step.after, step.probability, strict=True):
        found.setdefault((int(s), int(x)), {})[int(a)] = float(p)
    return found


def _stretches(points: Mapping[int, Point], ax: Axes | None) -> list[Point]:
    """Ways to spread the nodes so that they fill the axes, along the side with room to spare; the closest first."""
    if ax is None:
        return [(1.0, 1.0), (1.3, 1.3)]
    (width, height), xy = style.inches(ax), np.array(list(points.values()))
    across, down = np.ptp(xy, axis=0) + 2.0
    ratio = (width / height) / (across / down)
    wide, high = float(np.clip(ratio, 1.0, 1.8)), float(np.clip(1.0 / ratio, 1.0, 1.8))
    return [(wide, high), (1.2 * wide, 1.2 * high), (1.45 * wide, 1.45 * high)]


def _lines(points: Mapping[int, Point], pairs: list[Pair]) -> dict[Pair, FloatArray]:
    """The line of every edge from rim to rim, around foreign nodes, and loops."""
    lines: dict[Pair, FloatArray] = {}
    centre = tuple(np.mean(list(points.values()), axis=0))
    for s, x in pairs:
        if s == x:
            near = [points[b if a == s else a] for a, b in pairs if s in (a, b) and a != b]
            lines[s, x] = loop(points[s], near, centre)
            continue
        others = np.array([p for k, p in points.items() if k not in (s, x)], dtype=float).reshape(-1, 2)
        bend = bend_of(points[s], points[x], others, both_ways=(x, s) in pairs)
        lines[s, x] = trimmed(curve(points[s], points[x], bend), RADIUS, RADIUS)
    return lines


def _with_labels(
    points: Mapping[int, Point], lines: Mapping[Pair, FloatArray], texts: Mapping[Pair, str], ax: Axes | None
) -> tuple[dict[Pair, LabelBox], float, Bounds]:
    """The places of labels, the height of their letters in data units, and what holds all of them.

    Letters do not shrink below a readable size, so that labels may need more room than the graph alone, which leaves
    less for each unit: hence two rounds.
    """
    boxes: dict[Pair, LabelBox] = {}
    bounds, em = bounds_of(points, lines, [], 60.0), _EM
    for _ in range(2):
        unit = inches_of(bounds) * 72 if ax is None else style.points_per_unit(ax, *size_of(bounds))
        larger = 1.0 if ax is None else style.zoom(ax)
        em = max(min(_EM, 10.0 * larger / unit), style.FLOOR / unit)
        boxes = place_on_edges(texts, lines, points, em)
        bounds = bounds_of(points, lines, list(boxes.values()), unit)
    return boxes, em, bounds


def _axes(bounds: Bounds, ax: Axes | None, title: str) -> Drawing:
    """Equal units and a white sheet."""
    (left, right, bottom, top), (width, height), inch = bounds, size_of(bounds), inches_of(bounds)
    ax = style.axes_or_new(ax, (max(width * inch, 3.5), max(height * inch + 0.45, 2.2)), margins=False)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    style.equal_units(ax)
    ax.set_axis_off()
    return Drawing(ax, {("title",): style.title(ax, title)})


def _draw_edges(
    picture: Drawing, mdp: MDP, edges: Mapping[Pair, Mapping[int, float]], lines: Mapping[Pair, FloatArray]
) -> None:
    ink, scale = style.readable(picture.ax), min(_unit(picture) / 60, 1.2)
    for pair, actions in edges.items():
        width = scale * (0.5 + 2.0 * max(actions.values()))
        look: dict[str, Any] = {"linewidth": width, "color": ink, "shrinkA": 0, "shrinkB": 0, "zorder": 1}
        look |= {"arrowstyle": "-|>", "mutation_scale": 6 + 4 * scale, "joinstyle": "miter"}
        path = style.mpl("path").Path(lines[pair])
        arrow = style.mpl("patches").FancyArrowPatch(path=path, **look)
        picture.parts["edge", mdp.states[pair[0]], mdp.states[pair[1]]] = picture.ax.add_patch(arrow)


def _draw_nodes(picture: Drawing, mdp: MDP, t: int, points: Mapping[int, Point], options: Mapping[str, Any]) -> None:
    ends, unit, colours = ends_of(mdp, t), _unit(picture), style.palette(picture.ax)
    names = {k: style.label(str(label)) for k, label in enumerate(mdp.states)}
    fits = {k: _node_letters(name, signed=k in ends) for k, name in names.items()}
    smallest = min(fits.values())
    for k, point in points.items():
        heavy = mdp.initial[k] > 0 and (mdp.initial > 0).sum() < mdp.n_states
        look = {"facecolor": colours["paper"], "edgecolor": colours["state"], "zorder": 3}
        look |= {"linewidth": (3.0 if heavy else 1.5) * min(unit / 60, 1.0), **options}
        circle_ = style.mpl("patches").Circle(point, RADIUS, **look)
        picture.parts["node", mdp.states[k]] = picture.ax.add_patch(circle_)
        text = f"{names[k]}\n{_SIGNS[ends[k]]}" if k in ends else names[k]
        words: dict[str, Any] = {"ha": "center", "va": "center", "color": colours["text"], "linespacing": 1.0}
        words["zorder"] = 4
        size = max(min(min(fits[k], _UNLIKE * smallest) * unit, 13.0 * style.zoom(picture.ax)), style.FLOOR)
        picture.parts["label", mdp.states[k]] = picture.ax.text(*point, text, fontsize=size, **words)


def _node_letters(text: str, *, signed: bool) -> float:
    """The height of letters with which a label, and below it perhaps a sign, fits its circle."""
    rows = text.split("\n")
    high = len(rows) + signed
    chord = 2 * RADIUS * (1.0 if high == 1 else 0.85)
    return min(0.3, 0.88 * chord / (0.6 * max(map(len, rows))), 1.7 * RADIUS / (1.05 * high))


def _draw_labels(picture: Drawing, mdp: MDP, labels: Mapping[Pair, tuple[Point, str]], em: float) -> None:
    """What stands beside the edges, with a halo that sets them off from lines."""
    behind = style.paper(picture.ax)
    look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": em * _unit(picture), "linespacing": 1.0}
    look |= {"color": style.readable(picture.ax), "path_effects": style.halo(2.0, behind), "zorder": 5}
    for (s, x), (at, text) in labels.items():
        key = ("edge label", mdp.states[s], mdp.states[x])
        picture.parts[key] = picture.ax.text(*at, text, **look)


def _label(mdp: MDP, actions: Mapping[int, float], *, short: bool = False) -> str:
    """The actions of an edge with their probabilities; those of one probability together.

    ``short``: moves on a grid as arrows.
    """
    arrows = short and set(map(str, mdp.actions)) <= set(ARROWS)
    if len(actions) == mdp.n_actions > 1 and len({probability(p) for p in actions.values()}) == 1:
        return f"any {probability(next(iter(actions.values())))}"
    groups: dict[str, list[str]] = {}
    for a, p in actions.items():
        name = ARROWS[str(mdp.actions[a])] if arrows else style.plain(mdp.actions[a])[:10]
        groups.setdefault(probability(p), []).append(name)
    between = "" if arrows else ", "
    shown = [f"{between.join(names[:3])}{', …' if len(names) > 3 else ''} {p}" for p, names in list(groups.items())[:3]]
    return "\n".join([*shown, *(["…"] if len(groups) > 3 else [])])


def _unit(picture: Drawing) -> float:
    """The length of a data unit in points."""
    (left, right), (bottom, top) = picture.ax.get_xlim(), picture.ax.get_ylim()
    return style.points_per_unit(picture.ax, right - left, top - bottom)


def _title(mdp: MDP) -> str:
    return f"Transitions: {mdp.n_states} states, {mdp.n_actions} action{'s' * (mdp.n_actions != 1)}"
