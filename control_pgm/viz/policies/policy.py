"""Policies as pictures: triangles or arrows on a grid, a table for any other process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.grid import GridMap, grid_of, moves_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base.checks import check_choice, check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.shown import Shown, shown
from control_pgm.viz.policies.bar_tables import bar_table, mode_table
from control_pgm.viz.policies.board import Board, board, colour_bar, explain, finish, undefined_cells
from control_pgm.viz.policies.colours import fill_values, probability_colours, value_colours
from control_pgm.viz.policies.glyphs import Moves, arrows, bars, modes, triangles
from control_pgm.viz.policies.table import policy_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES = ("triangles", "arrows", "mode", "bars")
_TABLES = {"triangles": policy_table, "arrows": policy_table, "mode": mode_table, "bars": bar_table}


def plot_policy(
    solution: Any,
    *,
    mdp: MDP | None = None,
    t: int = 0,
    style: str = "triangles",
    ax: Axes | None = None,
    title: str | None = None,
    **text_options: Any,
) -> Drawing:
    """Draw p(a | s, O=1) at one step.

    Parameters
    ----------
    solution : Solution, or whatever has a policy
        Solutions with and without a last step, saved ones and their files; with ``mdp`` any policy that `evaluate`
        takes.
    mdp : MDP, optional
        The process of a policy that is no solution.
    t : int
        The step, 0 … T−1; 0 for what is stationary.
    style : {"triangles", "arrows", "mode", "bars"}
        On a grid: one coloured triangle with its number per action; arrows as long as their probability over the values
        V; one arrow for the most probable action, as large as that is certain; or one bar per action. Processes without
        ``positions``, or with other actions than left, down, right and up, are drawn as a table of states and actions:
        with colours, with bars, or with the most probable action and how certain it is.
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    **text_options
        For the numbers (``matplotlib.text.Text``), such as ``fontsize=7``.

    Returns
    -------
    Drawing
        ``.of("number")["(0,0)", "right"]``, ``.of("cell")[…]``, ``.of("arrow")[…]`` and so on. Of a grid of more than
        600 cells each sort of artist is one: ``.parts["cells",]``, ``.parts["arrows",]``, ``.parts["bars",]``.

    Notes
    -----
    Hatched on white: walls. Absorbing cells: star for a goal, cross for a hole, square if nothing enters. Grey,
    hatched and marked "undefined": optimality is impossible from there. Numbers too small to read are left out.
    Certainty: (p − 1/n) / (1 − 1/n) for the largest of n probabilities; 0 where all actions are alike, 1 where one is
    certain.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> solution = solve(gridworld("S.G"), 2, temperature=0.2)
    >>> plot_policy(solution).of("number")["(0,1)", "right"].get_text()
    '.66'
    """
    found = shown(solution, "plot_policy", mdp)
    check_choice(style, STYLES, "style")
    text_options = artist_options(plot_policy, "text.Text", text_options)
    check_time(t, found.horizon - 1)
    mdp = found.mdp
    title = policy_title(found, t) if title is None else title
    grid, moves = grid_of(mdp, t), moves_of(mdp)
    if grid is None or moves is None:
        policy = found.policy[t]
        return _TABLES[style](policy, mdp, ax=ax, title=title, text_options=text_options)
    canvas = board(ax, grid, title)
    possible = drawn_cells(found, grid, t)
    colours, meaning = fill_policy(canvas, found, t, possible, moves, style, text_options)
    if colours is not None:
        colour_bar(canvas.drawing, colours, meaning)
    undefined = sorted(set(grid.cells) - set(grid.ends) - set(possible))
    finish(canvas, mdp.states)
    undefined_cells(canvas, undefined, mdp.states, "undefined", em=0.155)
    said = "undefined: optimality is impossible from there" if undefined else ""
    said = "bars: probability of every action" if style == "bars" and not said else said
    numbers = {"triangles": "number", "mode": "certainty", "bars": "number"}.get(style, "")
    explain(canvas, mdp.states, said, numbers=numbers if possible else "")
    return canvas.drawing


def fill_policy(
    canvas: Board,
    solution: Shown,
    t: int,
    cells: list[int],
    moves: Moves,
    style: str,
    options: dict[str, Any],
    colours: Any = None,
    values: FloatArray | None = None,
) -> tuple[Any, str]:
    """Fill the cells of a grid; returns the colours used, None for bars, and what they mean.

    ``colours`` are those of the ``values`` [s], where several pictures share them; default: of V_t(s).
    """
    policy, mdp = solution.policy[t], solution.mdp
    if style == "triangles":
        colours = probability_colours()
        triangles(canvas, cells, policy, moves, mdp, colours, probability, options)
        return colours, "probability"
    if style == "bars":
        _frames(canvas, cells, mdp.states)
        bars(canvas, cells, policy, moves, mdp, options)
        return None, ""
    draw = modes if style == "mode" else arrows
    if values is None and not hasattr(solution, "V"):  # an open-loop plan has none
        _frames(canvas, cells, mdp.states)
        draw(canvas, cells, policy, moves, mdp)
        return None, ""
    values = solution.V[t] if values is None else values
    colours = value_colours(values[cells]) if colours is None else colours
    fill_values(canvas, cells, values, colours, mdp.states)
    draw(canvas, cells, policy, moves, mdp)
    return colours, "V (reward)"


def _frames(canvas: Board, cells: list[int], labels: Sequence[Any]) -> None:
    """Empty cells; of very many not even their rims."""
    for k in cells if not canvas.crowded else []:
        canvas.square(("frame", labels[k]), canvas.grid.cells[k], facecolor=canvas.colours["paper"])


def drawn_cells(solution: Shown, grid: GridMap, t: int) -> list[int]:
    """The states on the grid with a policy: neither absorbing nor hopeless."""
    lost = np.isnan(solution.policy[t]).any(axis=1)
    return [k for k in sorted(grid.cells) if k not in grid.ends and not lost[k]]


def policy_title(solution: Shown, t: int) -> str:
    """What is drawn, in mathtext."""
    if solution.inference == "posterior":
        return rf"$p(a\,|\,s,\,\mathcal{{O}}=1)$ {solution.at(t)}"
    return rf"{solution.inference} $\pi(a\,|\,s)$ {solution.at(t)}".strip()
