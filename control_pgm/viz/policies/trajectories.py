"""Sampled trajectories: paths over a grid, or states against time; the more often a step, the wider its line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.grid import GridMap, grid_of
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.control.policies.simulation import Trajectories
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.state_rows import row_labels
from control_pgm.viz.policies.board import Board, board, explain, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_STATES = 24  # rows of states against time
_MOST_TIMES = 60  # columns
_WIDEST = 5.0  # points: the line of a step that every trajectory takes
_SPREAD = 0.26  # how far paths are set apart within a cell


def plot_trajectories(
    trajectories: Trajectories,
    *,
    ax: Axes | None = None,
    single: int | None = 0,
    title: str | None = None,
    **line_options: Any,
) -> Drawing:
    """Draw sampled trajectories: on a grid as paths over the cells, for any other process as states against time.

    Parameters
    ----------
    trajectories : Trajectories
        Of `simulate`.
    ax : matplotlib axes, optional
        Default: a new figure.
    single : int, optional
        The trajectory that is set off by a dashed line with marks; None for none.
    title : str, optional
    **line_options
        For the lines (``matplotlib.collections.LineCollection``), such as ``alpha=0.5``.

    Returns
    -------
    Drawing
        ``.parts["steps",]``: all steps as one artist, as wide as they are frequent; ``.parts["single",]``.

    Notes
    -----
    On a grid both directions between two cells lie side by side, the one to the right or upwards on the left of its
    direction. Staying in a cell draws nothing. Against time at most 61 times are drawn, evenly apart.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, simulate, solve
    >>> mdp = gridworld("S.G", slip=0.1)
    >>> drawing = plot_trajectories(simulate(mdp, solve(mdp, 4, inference="bellman").policy, 100, seed=0))
    >>> len(drawing.parts["steps",].get_segments())
    2
    """
    if not isinstance(trajectories, Trajectories):
        raise InvalidArgument(
            f"plot_trajectories draws no {type(trajectories).__name__}",
            allowed="Trajectories, made by simulate(mdp, policy, n, seed)",
        )
    line_options = artist_options(plot_trajectories, "collections.LineCollection", line_options)
    n = len(trajectories)
    if single is not None and (isinstance(single, bool) or not isinstance(single, int) or not 0 <= single < n):
        raise InvalidArgument(f"single={single!r}", allowed=f"a trajectory, 0 … {n - 1}, or None")
    returns = trajectories.returns
    heading = f"{n:,} trajectories, mean return {returns.mean():.3g}".replace("-", "−") if title is None else title
    grid = grid_of(trajectories.mdp)
    if grid is not None:
        return _on_grid(trajectories, grid, single, ax, heading, line_options)
    return _over_time(trajectories, single, ax, heading, line_options)


def _on_grid(
    trajectories: Trajectories,
    grid: GridMap,
    single: int | None,
    ax: Axes | None,
    heading: str,
    options: dict[str, Any],
) -> Drawing:
    mdp = trajectories.mdp
    canvas = board(ax, grid, heading)
    for k in sorted(grid.cells):
        if k not in grid.ends and not canvas.crowded:
            canvas.square(
                ("cell", mdp.states[k]),
                grid.cells[k],
                facecolor=canvas.colours["paper"],
                edgecolor=canvas.colours["wall"],
            )
    finish(canvas, mdp.states)
    before, after = trajectories.states[:, :-1].ravel(), trajectories.states[:, 1:].ravel()
    moved = before != after
    pairs, counts = np.unique(np.stack([before[moved], after[moved]], axis=1), axis=0, return_counts=True)
    segments, shares = [], []
    for (s, x), count in zip(pairs, counts, strict=True):
        if s in grid.cells and x in grid.cells:
            segments.append(_beside(canvas, int(s), int(x)))
            shares.append(count / len(trajectories))
    _draw_steps(canvas.drawing, segments, np.array(shares), options, scale=min(canvas.unit / 40, 1.0))
    if single is not None:
        _single(canvas, trajectories.states[single], grid)
    said = ["width: how often a step is taken", *(["dashed: one of them"] if single is not None else [])]
    explain(canvas, mdp.states, ",  ".join(said))
    return canvas.drawing


def _beside(canvas: Board, s: int, x: int) -> FloatArray:
    """The line from cell to cell, a little to the left of its direction."""
    a, b = np.array(canvas.centre(canvas.grid.cells[s])), np.array(canvas.centre(canvas.grid.cells[x]))
    along = (b - a) / np.hypot(*(b - a))
    aside = 0.13 * np.array([-along[1], along[0]])
    return np.array([a + aside, b + aside])


def _single(canvas: Board, states: IntArray, grid: GridMap) -> None:
    """One path, dashed, drifting a little with time so that it can be followed where it comes back."""
    visited = [int(k) for k in states if int(k) in grid.cells]
    if len(visited) < 2:
        return
    drift = np.linspace(-0.5, 0.5, len(visited)) * _SPREAD
    places = [canvas.centre(grid.cells[k]) for k in visited]
    xs, ys = (np.array([p[i] for p in places]) for i in (0, 1))
    _mark_single(canvas.drawing, xs + drift, ys - drift)


def _mark_single(drawing: Drawing, xs: Any, ys: Any) -> None:
    look: dict[str, Any] = {
        "color": style.palette(drawing.ax)["action"],
        "linewidth": 1.4 * style.zoom(drawing.ax),
        "linestyle": (0, (3, 1.5)),
        "zorder": 5,
    }
    look |= {
        "marker": "o",
        "markersize": 2.6 * style.zoom(drawing.ax),
        "path_effects": style.halo(2.4, style.paper(drawing.ax)),
    }
    (drawing.parts["single",],) = drawing.ax.plot(xs, ys, **look)


def _over_time(
    trajectories: Trajectories, single: int | None, ax: Axes | None, heading: str, options: dict[str, Any]
) -> Drawing:
    states, horizon = trajectories.states, trajectories.actions.shape[1]
    shown = _most_visited(states)
    place = {k: y for y, k in enumerate(shown)}
    n_rows = len(shown)
    ax = style.axes_or_new(ax, (7.0, min(1.3 + 0.3 * n_rows, 8.0)))
    ink, larger = style.readable(ax), style.zoom(ax)
    drawing = Drawing(ax, {("paper",): style.sheet_of_paper(ax), ("title",): style.title(ax, heading)})
    ax.set_xlim(-0.2, horizon + 0.2)
    ax.set_ylim(n_rows - 0.5, -0.5)
    names = [*row_labels(trajectories.mdp), TERMINAL]
    ax.set_yticks(range(n_rows), [names[k] for k in shown])
    ax.tick_params(colors=ink, labelsize=8 * larger, length=2)
    ax.xaxis.set_major_locator(style.mpl("ticker").MaxNLocator(10, integer=True))
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
    for y in range(n_rows):
        drawing.parts["row", y] = ax.axhline(y, color="#CCCCCC", linewidth=0.5, zorder=0)
    segments, shares = [], []
    every = -(-horizon // _MOST_TIMES)
    times = sorted({*range(0, horizon, every), horizon})
    for t, later in pairwise(times):
        pairs, counts = np.unique(states[:, [t, later]], axis=0, return_counts=True)
        for (s, x), count in zip(pairs, counts, strict=True):
            if int(s) in place and int(x) in place:
                segments.append(np.array([(t, place[int(s)]), (later, place[int(x)])]))
                shares.append(count / len(states))
    _draw_steps(drawing, segments, np.array(shares), options, scale=1.0)
    if single is not None:
        ys = [place.get(int(k), np.nan) for k in states[single, times]]
        _mark_single(drawing, np.array(times), np.array(ys, dtype=float))
    said = ["time    (width: how often a step is taken", "dashed: one of them" if single is not None else ""]
    said.append(f"drawn: one time in {every}" if every > 1 else "")
    hidden = len(np.unique(states)) - n_rows
    said.append(f"{hidden} least visited states left out" if hidden else "")
    between = ";  " if style.width_inches(ax) > 4.5 else ";\n"
    ax.set_xlabel(between.join(part for part in said if part) + ")", color=ink, fontsize=8.5 * larger)
    return drawing


def _most_visited(states: IntArray) -> list[int]:
    """The states that are visited most, in their order."""
    visited, counts = np.unique(states, return_counts=True)
    return sorted(int(k) for k in visited[np.argsort(-counts, kind="stable")[:_MOST_STATES]])


def _draw_steps(
    drawing: Drawing, segments: Sequence[FloatArray], shares: FloatArray, options: dict[str, Any], *, scale: float
) -> None:
    """All steps as one artist; the square root keeps rare ones visible."""
    widths = scale * style.zoom(drawing.ax) * np.maximum(_WIDEST * np.sqrt(np.minimum(shares, 1.0)), 0.5)
    look: dict[str, Any] = {
        "colors": style.palette(drawing.ax)["state"],
        "linewidths": widths,
        "alpha": 0.75,
        "capstyle": "round",
    }
    look |= {"zorder": 3, **options}
    lines = style.mpl("collections").LineCollection(list(segments), **look)
    drawing.parts["steps",] = drawing.ax.add_collection(lines, autolim=False)
