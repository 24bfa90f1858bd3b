"""Several types of inference side by side: their policies or their values, in the same colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.analysis.evaluation import policy_values
from control_pgm.control.mdp.grid import GridMap, grid_of, moves_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.policies.sources import opened
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style as looks
from control_pgm.viz.base.checks import check_choice, check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import BAR, BAR_GAP, BAR_TICKS, Sheet, sheet
from control_pgm.viz.base.shown import Shown, shown
from control_pgm.viz.policies.board import board, finish, undefined_cells
from control_pgm.viz.policies.colours import decimals_for, value, value_colours
from control_pgm.viz.policies.comparison_tables import compare_tables
from control_pgm.viz.policies.glyphs import Moves
from control_pgm.viz.policies.policy import STYLES, drawn_cells, fill_policy
from control_pgm.viz.policies.values import fill_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHATS = ("policy", "values", "earned")
_EARNED = "expected reward of the policy"
_OWN_VALUES = "V (reward), defined by each type"
_MOST = 8  # solutions
_TITLE, _BETWEEN, _NOTE = 16.0, 12.0, 10.0  # points


def plot_comparison(
    solutions: Mapping[str, Any],
    *,
    what: str = "policy",
    t: int = 0,
    mdp: MDP | None = None,
    horizon: int | None = None,
    style: str = "mode",
    ax: Axes | None = None,
    title: str | None = None,
    **text_options: Any,
) -> Drawing:
    """Draw the policies, the values, or the rewards of the policies, of several solutions of one process side by side.

    Parameters
    ----------
    solutions : mapping name -> Solution, or whatever has a policy
        2 to 8 solutions, of any types of inference, temperatures or horizons; saved ones and those without a last step;
        with ``mdp`` any policies that `evaluate` takes.
    what : {"policy", "values", "earned"}
        The policies, V_t(s) as each type of inference defines it, or the expected reward of every policy from (t, s) on
        under the true dynamics.
    t : int
        The step: 0 … T−1 for policies, 0 … T otherwise.
    mdp : MDP, optional
        The process of policies that are no solutions.
    horizon : int, optional
        Over how many steps stationary policies are rewarded; default as many as the longest of the others.
    style : {"mode", "triangles", "arrows", "bars"}
        Of policies on a grid; see `plot_policy`.
    ax : matplotlib axes, optional
        Its area is filled. Default: a new figure.
    title : str, optional
    **text_options
        For the numbers (``matplotlib.text.Text``), such as ``fontsize=7``.

    Returns
    -------
    Drawing
        ``.of("panel")["posterior"]``: the axes of one solution; ``.parts["colour bar",]``, shared by all; on a process
        that is no grid ``.of("heat map")["posterior"]``.

    Notes
    -----
    On a grid policies are coloured by what they earn: the expected reward from the state on under the true dynamics,
    one scale for all. V is a different quantity for every type of inference – a certainty equivalent for the posterior,
    the expected reward less alpha·KL for variational inference, the expected reward for "bellman" – so "values" writes
    numbers whose meaning differs from panel to panel, and "earned" those that can be compared.

    Raises
    ------
    InvalidArgument
        If the solutions are of processes with different states or actions; names the one that differs.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> mdp = gridworld("S.G", slip=0.2)
    >>> found = {name: solve(mdp, 4, inference=name, temperature=0.2) for name in ("posterior", "variational")}
    >>> list(plot_comparison(found).of("panel"))
    ['posterior', 'variational']
    """
    check_choice(what, WHATS, "what")
    check_choice(style, STYLES, "style")
    text_options = artist_options(plot_comparison, "text.Text", text_options)
    found = _check(solutions, what, mdp, horizon)
    for solution in found.values():
        check_time(t, solution.horizon - (what == "policy"))
        np.asarray(solution.V if what == "values" else solution.policy)  # refuses what has none, before drawing
    mdp = next(iter(found.values())).mdp
    grid, moves = grid_of(mdp, t), moves_of(mdp)
    headings = {"policy": f"Policies at $t={t}$", "values": f"Values $V_{{{t}}}(s)$", "earned": f"Rewards from $t={t}$"}
    heading = headings[what] if title is None else title
    if grid is not None and (moves is not None or what != "policy"):
        return _on_grids(found, grid, moves or [], what, t, style, ax, heading, text_options)
    meanings = {"policy": "probability", "values": _OWN_VALUES, "earned": _EARNED}
    return compare_tables(found, what, t, ax, heading, meanings, text_options)


def _check(solutions: Mapping[str, Any], what: str, mdp: MDP | None, horizon: int | None) -> dict[str, Shown]:
    if not isinstance(solutions, Mapping) or not 2 <= len(solutions) <= _MOST:
        given = f"{len(solutions)} solutions" if isinstance(solutions, Mapping) else f"a {type(solutions).__name__}"
        raise InvalidArgument(f"{given} to compare", allowed=f"a mapping name -> Solution with 2 to {_MOST} of them")
    first = next(iter(solutions))
    found = {name: _shown(solution, mdp, horizon) for name, solution in solutions.items()}
    for name, solution in found.items():
        own, other = solution.mdp, found[first].mdp
        if own.states != other.states or own.actions != other.actions:
            raise InvalidArgument(
                f"solution {name!r} is of another process than {first!r}", allowed="the same states and actions"
            )
    steps = [solution.horizon for solution in found.values() if not solution.stationary]
    if horizon is None and not steps and what != "values":
        raise InvalidArgument(
            "stationary policies alone, without a horizon over which they earn",
            remedy="pass horizon=…, or what='values'",
        )
    if horizon is None and steps:
        found = {name: _shown(solution, mdp, max(steps)) for name, solution in solutions.items()}
    return found


def _shown(solution: Any, mdp: MDP | None, horizon: int | None) -> Shown:
    """One of them; ``mdp`` is for those without a process of their own."""
    own = isinstance(getattr(opened(solution), "mdp", None), MDP)
    return shown(solution, "plot_comparison", None if own else mdp, horizon)


def _on_grids(
    solutions: Mapping[str, Shown],
    grid: GridMap,
    moves: Moves,
    what: str,
    t: int,
    style: str,
    ax: Axes | None,
    heading: str,
    options: dict[str, Any],
) -> Drawing:
    rows, columns = grid.shape
    n, side = len(solutions), min(0.62, 4.2 / max(rows, columns))
    size = (min(n * (columns * side + 0.25) + 0.7, 13.0), rows * side + 0.9)
    page = sheet(ax, size, heading)
    values = _values(solutions, what, t)
    coloured = what != "policy" or style in ("mode", "arrows")
    colours = _shared_colours(values, grid) if coloured else None
    meaning = _OWN_VALUES if what == "values" else _EARNED
    decimals = decimals_for(np.stack(list(values.values())))
    for name, box in _panels(page, list(solutions), columns / rows).items():
        solution = solutions[name]
        panel = page.panel(("panel", name), box)
        canvas = board(panel, grid, looks.plain(name))
        panel.set_facecolor(looks.paper(page.ax))
        labels, cells = solution.mdp.states, drawn_cells(solution, grid, min(t, solution.horizon - 1))
        own = values[name]
        if what == "policy":
            used, other = fill_policy(canvas, solution, t, cells, moves, style, options, colours, own)
            colours, meaning = (used, other) if colours is None else (colours, meaning)
            lost, text, numbers = [k for k in grid.cells if k not in cells and k not in grid.ends], "undefined", {}
        else:
            cells = [k for k in sorted(grid.cells) if k not in grid.ends and np.isfinite(own[k])]
            fill_numbers(canvas, cells, own, colours, decimals, labels, options)
            lost = [k for k in grid.cells if not np.isfinite(own[k]) and k not in grid.ends]
            text = "−∞" if what == "values" else "undefined"
            numbers = {k: value(own[k], decimals) for k in grid.ends}
        finish(canvas, labels, numbers)
        undefined_cells(canvas, sorted(lost), labels, text, em=0.155)
        page.drawing.parts["board", name] = canvas.drawing
    if colours is not None:
        _shared_bar(page, colours, meaning)
    sort = (
        {"mode": "certainty", "triangles": "number", "bars": "number"}.get(style, "") if what == "policy" else "number"
    )
    boards = page.drawing.of("board").values()
    if sort and not all(any(key[0] == sort for key in board_.parts) for board_ in boards):
        page.text(("note",), (0.0, 0.0), "numbers left out for want of room", ha="left", va="bottom", fontsize=7.0)
    return page.drawing


def _panels(page: Sheet, names: Sequence[str], ratio: float) -> dict[str, tuple[float, float, float, float]]:
    """Boxes of equal size for grids of a given width over height, in one row or in as many as make them largest."""
    room, tall = page.width - BAR_GAP - BAR - BAR_TICKS - 10, page.height - _NOTE  # a line below says what is left out
    best: tuple[float, int] = (0.0, 1)
    for rows in range(1, len(names) + 1):
        across = -(-len(names) // rows)
        wide = (room - (across - 1) * _BETWEEN) / across
        high = (tall - rows * _TITLE - (rows - 1) * 4) / rows
        best = max(best, (min(wide, high * ratio), -rows))
    wide, rows = best[0], -best[1]
    across, high = -(-len(names) // rows), best[0] / ratio
    left = max((room - across * wide - (across - 1) * _BETWEEN) / 2, 0.0)
    top = page.height - max((tall - rows * (high + _TITLE + 4)) / 2, 0.0)
    return {
        name: (left + (k % across) * (wide + _BETWEEN), top - (k // across + 1) * (high + _TITLE + 4) + 4, wide, high)
        for k, name in enumerate(names)
    }


def _values(solutions: Mapping[str, Shown], what: str, t: int) -> dict[str, FloatArray]:
    """What is written and coloured, [s]: V of every solution, or what its policy earns under the true dynamics."""
    if what == "values":
        return {name: np.asarray(solution.V)[t] for name, solution in solutions.items()}
    return {name: policy_values(s.mdp, s.policy)[t] for name, s in solutions.items()}


def _shared_colours(values: Mapping[str, FloatArray], grid: GridMap) -> Any:
    """One scale for all."""
    cells = [k for k in grid.cells if k not in grid.ends]
    return value_colours(np.stack([own[cells] for own in values.values()]))


def _shared_bar(page: Sheet, colours: Any, meaning: str) -> None:
    panels = [panel.get_position() for panel in page.drawing.of("panel").values()]
    bottom, top = min(p.y0 for p in panels), max(p.y1 for p in panels)
    figure: Any = page.drawing.figure
    to_page = page.ax.transData.inverted().transform
    pixels = figure.bbox.height
    (_, low), (_, high) = to_page((0, bottom * pixels)), to_page((0, top * pixels))
    box = (page.width - BAR - BAR_TICKS - 10, float(low), BAR, float(high - low))
    page.bar(("colour bar",), box, colours)
    bar = page.drawing.parts["colour bar",]
    bar.set_label(meaning, color=page.ink, fontsize=8 * page.zoom)
