"""Values as pictures: a grid of numbers, or states against time for any other process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.grid import grid_of
from control_pgm.control.solution import Solution
from control_pgm.errors import InvalidArgument
from control_pgm.viz import style
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.glyphs import decimals_for, fill_values, value, value_colours
from control_pgm.viz.grid_art import board, colour_bar, explain, finish
from control_pgm.viz.policy import check_time
from control_pgm.viz.table import values_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_values(
    solution: Solution, *, t: int = 0, ax: Axes | None = None, title: str | None = None, **text_options: Any
) -> Drawing:
    """Draw the values V_t(s), in units of reward.

    Parameters
    ----------
    solution : Solution
    t : int
        The step, 0 … T.
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    **text_options
        For the numbers (``matplotlib.text.Text``), such as ``fontsize=7``.

    Returns
    -------
    Drawing
        On a grid ``.of("number")["(0,0)"]``. Processes without ``positions`` are drawn as states against all times,
        with step ``t`` framed: ``.of("number")["home", 0]``.

    Notes
    -----
    −∞ on hatched grey: optimality is impossible from there. Absorbing cells: star for a goal, cross
    for a hole, square if nothing enters.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> plot_values(solve(gridworld("S.G"), 2, temperature=0.2)).of("number")["(0,1)"].get_text()
    '0.81'
    """
    if not isinstance(solution, Solution):
        raise InvalidArgument(
            f"plot_values draws no {type(solution).__name__}", allowed="a Solution, made by solve(mdp, horizon, …)"
        )
    check_time(t, solution.network.horizon)
    mdp = solution.network.mdp
    values = np.asarray(solution.V)
    grid = grid_of(mdp, t)
    if grid is None:
        title = "$V_t(s)$" if title is None else title
        return values_table(values, mdp.states, t, ax=ax, title=title, text_options=text_options)
    canvas = board(ax, grid, f"$V_{{{t}}}(s)$" if title is None else title)
    row = values[t]
    drawn = [k for k in sorted(grid.cells) if k not in grid.ends]
    possible = [k for k in drawn if row[k] > -np.inf]
    colours = value_colours(row[possible])
    fill_values(canvas, possible, row, colours, mdp.states)
    decimals = decimals_for(row[list(grid.cells)])
    if canvas.size(0.24) >= style.SMALLEST:
        for k in possible:
            look = {"color": style.text_colour(colours.to_rgba(row[k])), **text_options}
            at = canvas.centre(grid.cells[k])
            canvas.text(("number", mdp.states[k]), at, value(row[k], decimals), em=0.24, **look)
    colour_bar(canvas.drawing, colours, "V (reward)")
    finish(canvas, mdp.states, {k: value(row[k], decimals) for k in grid.ends})
    impossible = [k for k in drawn if row[k] == -np.inf]
    for k in impossible:
        canvas.undefined(k, mdp.states[k], "−∞", em=0.24)
    explain(canvas, mdp.states, "−∞: optimality is impossible from there" if impossible else "")
    return canvas.drawing
