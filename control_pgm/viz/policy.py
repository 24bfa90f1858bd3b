"""Policies as pictures: triangles or arrows on a grid, a table for any other process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.grid import grid_of, moves_of
from control_pgm.control.solution import Solution
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.glyphs import arrow, fill_values, mode_arrow, probability_colours, triangles, value_colours
from control_pgm.viz.grid_art import board, colour_bar, explain, finish
from control_pgm.viz.table import policy_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = ("triangles", "arrows", "mode")


def plot_policy(
    solution: Solution,
    *,
    t: int = 0,
    style: str = "triangles",
    ax: Axes | None = None,
    title: str | None = None,
    **text_options: Any,
) -> Drawing:
    """Draw p(a | s, O=1) at one step.

    Parameters
    ----------
    solution : Solution
    t : int
        The step, 0 … T−1.
    style : {"triangles", "arrows", "mode"}
        On a grid: one coloured triangle with its number per action; arrows as long as their probability over the values
        V; or one arrow for the most probable action, as large as that is certain. Processes without ``positions``, or
        with other actions than left, down, right and up, are drawn as a table of states and actions.
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    **text_options
        For the numbers (``matplotlib.text.Text``), such as ``fontsize=7``.

    Returns
    -------
    Drawing
        ``.of("number")["(0,0)", "right"]``, ``.of("cell")[…]``, ``.of("arrow")[…]`` and so on.

    Notes
    -----
    Hatched on white: walls. Absorbing cells: star for a goal, cross for a hole, square if nothing enters. Grey,
    hatched and marked "undefined": optimality is impossible from there. Numbers too small to read are left out.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> solution = solve(gridworld("S.G"), 2, temperature=0.2)
    >>> plot_policy(solution).of("number")["(0,1)", "right"].get_text()
    '.66'
    """
    if not isinstance(solution, Solution):
        raise InvalidArgument(
            f"plot_policy draws no {type(solution).__name__}", allowed="a Solution, made by solve(mdp, horizon, …)"
        )
    if style not in STYLES:
        raise unknown(style, STYLES, what="style")
    check_time(t, solution.network.horizon - 1)
    mdp = solution.network.mdp
    policy = np.asarray(solution.policy)[t]
    symbol = r"p(a\,|\,s,\,\mathcal{O}=1)" if solution.inference == "posterior" else r"\pi(a\,|\,s)"
    kind = "" if solution.inference == "posterior" else f"{solution.inference} "
    title = rf"{kind}${symbol}$ at $t={t}$" if title is None else title
    grid, moves = grid_of(mdp, t), moves_of(mdp)
    if grid is None or moves is None:
        return policy_table(policy, mdp, ax=ax, title=title, text_options=text_options)
    canvas = board(ax, grid, title)
    undefined = {k for k in grid.cells if np.isnan(policy[k]).any()} - set(grid.ends)
    drawn = sorted(set(grid.cells) - set(grid.ends) - undefined)
    if style == "triangles":
        colours = probability_colours()
        for k in drawn:
            triangles(canvas, k, policy[k], moves, mdp, colours, text_options)
        colour_bar(canvas.drawing, colours, "probability")
    else:
        values = np.asarray(solution.V)[t]
        colours = value_colours(values[drawn])
        fill_values(canvas, drawn, values, colours, mdp.states)
        for k in drawn:
            if style == "mode":
                mode_arrow(canvas, k, policy[k], moves, mdp)
            else:
                arrow(canvas, k, policy[k], moves, mdp)
        colour_bar(canvas.drawing, colours, "V (reward)")
    finish(canvas, mdp.states)
    for k in sorted(undefined):
        canvas.undefined(k, mdp.states[k], "undefined")
    explain(canvas, mdp.states, "undefined: optimality is impossible from there" if undefined else "")
    return canvas.drawing


def check_time(t: int, last: int) -> None:
    """Refuse a time that the solution does not have."""
    if isinstance(t, bool) or not isinstance(t, int | np.integer) or not 0 <= t <= last:
        raise InvalidArgument(f"time t={t!r}", allowed=f"an integer, 0 … {last}")
