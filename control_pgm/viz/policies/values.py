"""Values as pictures: a grid of numbers, or states against time for any other process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.grid import GridMap, grid_of, moves_of
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_choice, check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.shown import Shown, shown
from control_pgm.viz.policies.board import Board, board, colour_bar, explain, finish, undefined_cells
from control_pgm.viz.policies.colours import decimals_for, difference_colours, fill_values, value, value_colours
from control_pgm.viz.policies.glyphs import Moves, triangles
from control_pgm.viz.policies.table import action_values_table, values_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUANTITIES = ("V", "Q", "advantage")
_EM = 0.24  # the height of the number in a cell, in cells
_IMPOSSIBLE = "−∞: optimality is impossible from there"
_BARS = {"V": "V (reward)", "Q": "Q (reward)", "advantage": "Q − V (reward)"}
_SYMBOLS = {"V": "V_{{{t}}}(s)", "Q": "Q_{{{t}}}(s,a)", "advantage": "Q_{{{t}}}(s,a)-V_{{{t}}}(s)"}


def plot_values(
    solution: Any,
    *,
    t: int = 0,
    quantity: str = "V",
    ax: Axes | None = None,
    title: str | None = None,
    **text_options: Any,
) -> Drawing:
    """Draw the values V_t(s), the values of actions Q_t(s,a), or the advantages Q − V, in units of reward.

    Parameters
    ----------
    solution : Solution
        With or without a last step, a saved one, or the path of its file.
    t : int
        The step: 0 … T for V, 0 … T−1 for the others; 0 for a solution without a last step.
    quantity : {"V", "Q", "advantage"}
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    **text_options
        For the numbers (``matplotlib.text.Text``), such as ``fontsize=7``.

    Returns
    -------
    Drawing
        On a grid ``.of("number")["(0,0)"]``, for actions ``["(0,0)", "up"]``. Processes without ``positions`` are
        drawn as states against all times with step ``t`` framed, ``.of("number")["home", 0]``; Q and advantage as a
        table of states and actions, ``["home", "go"]``.

    Notes
    -----
    The advantage of maximum-entropy control, alpha log(pi/p) in the convention "mean", may have any sign; colours are
    centred on 0. −∞ on hatched grey: optimality is impossible from there. Absorbing cells: star for a goal, cross
    for a hole, square if nothing enters.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> plot_values(solve(gridworld("S.G"), 2, temperature=0.2)).of("number")["(0,1)"].get_text()
    '0.81'
    """
    found = shown(solution, "plot_values")
    check_choice(quantity, QUANTITIES, "quantity")
    text_options = artist_options(plot_values, "text.Text", text_options)
    check_time(t, 0 if found.stationary else found.horizon - (quantity != "V"))
    mdp, grid = found.mdp, grid_of(found.mdp, t)
    own = _SYMBOLS[quantity].replace("_{{{t}}}", "") if found.stationary else _SYMBOLS[quantity].format(t=t)
    symbol = f"${own}$" if title is None else title
    if quantity != "V":
        return _plot_actions(found, t, quantity, grid, ax, symbol, text_options)
    values = found.V[:1] if found.stationary else found.V
    if grid is None:
        title = ("$V(s)$" if found.stationary else "$V_t(s)$") if title is None else title
        return values_table(values, mdp.states, t, ax=ax, title=title, text_options=text_options)
    canvas = board(ax, grid, symbol)
    possible = [k for k in sorted(grid.cells) if k not in grid.ends and values[t, k] > -np.inf]
    colours = value_colours(values[t, possible])
    decimals = decimals_for(values[t, list(grid.cells)])
    fill_numbers(canvas, possible, values[t], colours, decimals, mdp.states, text_options)
    colour_bar(canvas.drawing, colours, _BARS["V"])
    finish(canvas, mdp.states, {k: value(values[t, k], decimals) for k in grid.ends})
    impossible = sorted(set(grid.cells) - set(grid.ends) - set(possible))
    undefined_cells(canvas, impossible, mdp.states, "−∞", em=_EM)
    explain(canvas, mdp.states, _IMPOSSIBLE if impossible else "", numbers="number")
    return canvas.drawing


def fill_numbers(
    canvas: Board,
    cells: list[int],
    values: FloatArray,
    colours: Any,
    decimals: int,
    labels: Sequence[Any],
    options: Mapping[str, Any],
) -> None:
    """Cells in the colours of their values, with the numbers where they can be read."""
    fill_values(canvas, cells, values, colours, labels)
    size = canvas.size(_EM, 1.3)
    if size < style.FLOOR:
        return
    for k in cells:
        look = {"color": style.text_colour(colours.to_rgba(values[k])), "fontsize": size, **options}
        canvas.text(
            ("number", labels[k]), canvas.centre(canvas.grid.cells[k]), value(values[k], decimals), em=_EM, **look
        )


def _plot_actions(
    solution: Shown,
    t: int,
    quantity: str,
    grid: GridMap | None,
    ax: Axes | None,
    title: str,
    options: Mapping[str, Any],
) -> Drawing:
    """Values of actions: triangles on a grid, else a table of states and actions."""
    mdp, moves = solution.mdp, moves_of(solution.mdp)
    table = np.array((solution.Q if quantity == "Q" else solution.advantage)[t])
    table[~mdp.available] = np.nan
    lost = ~(solution.V[t] > -np.inf)
    colours = value_colours(table[~lost]) if quantity == "Q" else difference_colours(table[~lost])
    if grid is None or moves is None:
        return action_values_table(table, lost, mdp, colours, _BARS[quantity], ax=ax, title=title, text_options=options)
    canvas = board(ax, grid, title)
    _triangles(canvas, table, lost, moves, solution, colours, options)
    colour_bar(canvas.drawing, colours, _BARS[quantity])
    finish(canvas, mdp.states)
    impossible = [k for k in sorted(grid.cells) if lost[k] and k not in grid.ends]
    undefined_cells(canvas, impossible, mdp.states, "−∞", em=_EM)
    explain(canvas, mdp.states, _IMPOSSIBLE if impossible else "", numbers="number")
    return canvas.drawing


def _triangles(
    canvas: Board,
    table: FloatArray,
    lost: BoolArray,
    moves: Moves,
    solution: Shown,
    colours: Any,
    options: Mapping[str, Any],
) -> None:
    cells = [k for k in sorted(canvas.grid.cells) if not lost[k] and k not in canvas.grid.ends]
    decimals = min(decimals_for(table[cells]), 2)
    triangles(canvas, cells, table, moves, solution.mdp, colours, lambda x: _short(x, decimals), options)


def _short(x: float, decimals: int) -> str:
    """A value without the zero before the point, which a triangle has no room for.

    >>> _short(-0.25, 2), _short(1.5, 1), _short(0.0, 2), _short(0.2, 0)
    ('−.25', '1.5', '.00', '0')
    """
    text = value(x, decimals).replace("−0.", "−.") if x > -np.inf else "−∞"
    return text.removeprefix("0") if text.startswith("0.") else text
