"""State flow: where the posterior believes the process goes, and where its policy takes it in the true world."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

from control_pgm.control.analysis.hitting import belief_and_reality
from control_pgm.control.mdp.grid import grid_of
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style as looks
from control_pgm.viz.base.checks import check_choice
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.line_labels import EndLabel, label_ends
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import letters, sheet
from control_pgm.viz.base.shown import Shown, shown_steps
from control_pgm.viz.base.state_rows import left_out, most_probable, row_labels
from control_pgm.viz.curves.sweep import state_index
from control_pgm.viz.over_time.filmstrip import draw_filmstrip
from control_pgm.viz.over_time.filmstrip_frames import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FLOW_STYLES = ("maps", "lines")
REALITY = "reality  $p(s_t\\,|\\,\\pi)$  under the true dynamics"
_LINES = ("#0072B2", "#D55E00", "#007858", "#8F4A78", "#6B5B00", "#333333")
_MARKERS = ("o", "s", "^", "D", "v", "P")
_MOST = len(_LINES)  # states drawn as lines
_WIDE = 400.0  # units from which on the notes are one line
_LEFT, _BOTTOM, _TOP = 32.0, 34.0, 16.0  # points around the axes, for numbers and words


def plot_flow(
    solution: Any,
    *,
    style: str | None = None,
    times: Iterable[int] | None = None,
    states: Iterable[Hashable] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    **options: Any,
) -> Drawing:
    """Draw the belief p(s_t | O=1), solid, beside the reality of the same policy under the true dynamics, dashed.

    Parameters
    ----------
    solution : Solution
    style : {"maps", "lines"}, optional
        Maps, or columns of states, over time; or one line per state. Default: maps on a grid, else lines.
    times : iterable of int, optional
        Of maps: the times to show. Default: at most ten, chosen evenly.
    states : iterable of state labels, optional
        Of lines: at most six. Default: those that are ever the most probable.
    ax : matplotlib axes, optional
        Its area is filled. Default: a new figure.
    title : str, optional
    **options
        For the lines (``matplotlib.lines.Line2D``), or for the outlines of maps (``matplotlib.patches.Rectangle``).

    Returns
    -------
    Drawing
        Maps: ``.of("frame")["belief", 0]``, ``["reality", 0]``. Lines: ``.of("line")["belief", "home"]``.

    Raises
    ------
    UndefinedConditional
        If, in the true world, a state is reached from which optimality is impossible, where there is no policy.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> drawing = plot_flow(solve(gridworld("S.G", slip=0.2), 3, temperature=0.2), style="lines")
    >>> [round(float(line.get_ydata()[3]), 3) for (_, state), line in drawing.of("line").items() if state == "(0,2)"]
    [0.96, 0.577]
    """
    solution = shown_steps(solution, "plot_flow")
    mdp = solution.mdp
    if style is None:
        style = "maps" if grid_of(mdp) else "lines"
    check_choice(style, FLOW_STYLES, "style")
    options = artist_options(plot_flow, "patches.Rectangle" if style == "maps" else "lines.Line2D", options)
    belief, reality = belief_and_reality(solution)
    heading = "State flow: belief and reality" if title is None else title
    given = r"p(s_t\,|\,\mathcal{O}=1)" if solution.inference == "posterior" else r"q(s_t)"
    if style == "maps":
        if states is not None:
            raise InvalidArgument("states= chooses lines, but the style is 'maps'", remedy="pass style='lines'")
        rows = [
            Row("belief", f"belief  ${given}$", belief, arrows="forward"),
            Row("reality", REALITY, reality, arrows="forward", dashed=True),
        ]
        look: dict[str, Any] = {"ax": ax, "title": heading, "notes": ["dashed: reality"], "options": options}
        return draw_filmstrip(mdp, rows, [belief, reality], times=times, bars=False, **look)
    if times is not None:
        raise InvalidArgument("times= chooses maps, but the style is 'lines'", remedy="pass style='maps'")
    chosen = most_probable(_MOST, belief, reality) if states is None else _chosen(solution, states)
    return _plot_lines(solution, {"belief": belief, "reality": reality}, chosen, given, ax, heading, options)


def _chosen(solution: Shown, states: Iterable[Hashable]) -> list[int]:
    if isinstance(states, str) or not isinstance(states, Iterable):
        raise InvalidArgument(f"states={states!r}", allowed=f"a collection of at most {_MOST} state labels")
    labels = list(states)
    if not 0 < len(labels) <= _MOST:
        raise InvalidArgument(f"{len(labels)} states to draw", allowed=f"1 … {_MOST}", remedy="or style='maps'")
    return list(dict.fromkeys(state_index(solution.mdp, label) for label in labels))


def _plot_lines(
    solution: Shown,
    marginals: dict[str, FloatArray],
    chosen: list[int],
    given: str,
    ax: Axes | None,
    heading: str,
    options: dict[str, Any],
) -> Drawing:
    mdp, horizon = solution.mdp, solution.horizon
    page = sheet(ax, (7.0, 4.2), heading)
    names = row_labels(mdp)
    room = min(max(letters(names[k], 8.5) for k in chosen) + 22, 0.4 * page.width)
    bottom = _BOTTOM + (0.0 if page.width >= _WIDE else 9.0)
    box = (_LEFT, bottom, page.width - _LEFT - 4, max(page.height - bottom - _TOP, 0.4 * page.height))
    panel = page.panel(("panel",), box)
    panel.set_xlim(0, horizon * box[2] / (box[2] - room))
    panel.set_ylim(-0.02, 1.03)
    ends: list[EndLabel] = []
    behind = looks.paper(page.ax)
    for i, k in enumerate(chosen):
        colour = looks.legible(_LINES[i % _MOST], behind)
        for what, marginal in marginals.items():
            look: dict[str, Any] = {"color": colour, "linewidth": 1.8, "zorder": 3, "markersize": 4.5 * page.zoom}
            look |= {"marker": _MARKERS[i % _MOST], "markevery": (i % 3, max(horizon // 8, 1))}
            look |= {"linestyle": (0, (4, 2)), "markerfacecolor": "none"} if what == "reality" else {}
            (line,) = panel.plot(range(horizon + 1), marginal[:, k], **look | options)
            page.drawing.parts["line", what, mdp.states[k]] = line
        ends.append(EndLabel(mdp.states[k], names[k], float(marginals["belief"][-1, k]), colour))
    points, look = (box[3] * page.zoom, box[2] * page.zoom), {"scale": "linear", "zoom": page.zoom}
    for (sort, key), artist in label_ends(panel, ends, float(horizon), *points, **look).items():
        page.drawing.parts[sort, key] = artist
    _axes(page, panel, horizon, room / box[2])
    said = [f"solid: belief ${given}$", r"dashed: reality $p(s_t\,|\,\pi)$", left_out(chosen, *marginals.values())]
    said = [part for part in said if part]
    lines = ["   ·   ".join(said)] if page.width >= _WIDE else [" · ".join(said[:2]), *said[2:]]
    page.text(("note",), (page.width, 1.0), "\n".join(lines), ha="right", va="bottom", fontsize=7.0, linespacing=1.1)
    return page.drawing


def _axes(page: Any, panel: Any, horizon: int, share: float) -> None:
    """Spines that end where the lines end, and words."""
    for side, spine in panel.spines.items():
        spine.set_visible(side in ("left", "bottom"))
    panel.spines["bottom"].set_bounds(0, horizon)
    ticks = looks.mpl("ticker").MaxNLocator(8, integer=True).tick_values(0, horizon)
    panel.set_xticks([t for t in ticks if 0 <= t <= horizon])
    panel.set_xlabel("$t$", color=page.ink, fontsize=8.5 * page.zoom, labelpad=1, x=(1 - share) / 2)
    panel.set_ylabel("probability of the state", color=page.ink, fontsize=8.5 * page.zoom, labelpad=1)
