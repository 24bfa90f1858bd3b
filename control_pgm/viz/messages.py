"""The messages of exact inference as a filmstrip: backward, forward, and the posterior that they make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.grid import grid_of
from control_pgm.control.solution import Solution
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.film import ROWS, Reel, draw_rows
from control_pgm.viz.film_layout import MOST_FRAMES, choose, fitting, lay_out, paper_size
from control_pgm.viz.policy import check_time
from control_pgm.viz.sheet import letters, sheet, wrapped
from control_pgm.viz.state_rows import left_out, most_probable, row_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOTES = 7.0  # points
_WIDEST, _MOST_STATES = 12.0, 14  # inches; rows of a process that is no grid
_SQUARE, _STRIP = 19.0, (44.0, 13.0)  # points: the usual cell of a grid; that of a strip
_NARROW_GRID, _NARROW_STRIP = 32.0, 20.0  # points: the narrowest frames that can be read


def plot_messages(
    solution: Solution, *, times: Iterable[int] | None = None, ax: Axes | None = None, title: str | None = None
) -> Drawing:
    """Draw the messages over time: backward log beta_t(s), forward log alpha_t(s), posterior p(s_t | O=1).

    Parameters
    ----------
    solution : Solution
        Of ``inference="posterior"``: the other types of inference pass no messages.
    times : iterable of int, optional
        The times to show, 0 … T. Default: all, or at most ten chosen evenly, the first and the last among them.
    ax : matplotlib axes, optional
        Its area is filled; the fewer frames the narrower it is. Default: a new figure.
    title : str, optional

    Returns
    -------
    Drawing
        ``.of("frame")["backward", 0]`` is the mesh of one frame, ``.of("colour bar")["backward"]`` a row's bar.

    Notes
    -----
    Rewards are shifted by constants c_t so that exp((r − c)/alpha) is a probability. That only lowers whole frames;
    the colours show the messages with it taken back: log beta_t(s) + sum_{k≥t} c_k/alpha = V_t(s)/alpha, and
    log alpha_t(s) + sum_{k<t} c_k/alpha. One norm per row, clipped at the 2nd percentile. Grey and dotted: −∞.
    Dashed arrows: steps left out. Processes without ``positions`` are drawn as one column of states per time.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> drawing = plot_messages(solve(gridworld("S.G"), 2, temperature=0.5))
    >>> drawing.of("frame")["posterior", 0].get_array().tolist()
    [[1.0, 0.0, 0.0]]
    """
    if not isinstance(solution, Solution):
        raise InvalidArgument(
            f"plot_messages draws no {type(solution).__name__}", allowed="a Solution, made by solve(mdp, horizon, …)"
        )
    horizon, mdp = solution.network.horizon, solution.network.mdp
    data = dict(zip(ROWS, (*_messages(solution), np.asarray(solution.state_marginals)), strict=True))
    wanted = None if times is None else _checked(times, horizon)
    grid = grid_of(mdp)
    rows = list(grid.cells) if grid else most_probable(_MOST_STATES, data["posterior"])
    cells = grid.shape if grid else (len(rows), 1)
    names = row_labels(mdp)
    labels = 0.0 if grid else max(letters(names[k], 7) for k in rows) + 6
    notes = [] if grid else [left_out(rows, data["posterior"])]
    if grid and len(grid.cells) < mdp.n_states:
        missing = [names[k] for k in range(mdp.n_states) if k not in grid.cells]
        notes.append(f"not on the grid: {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}")
    if any((data[row][:, rows] == -np.inf).any() for row in ROWS[:2]):
        notes.append("grey, dotted: −∞")
    if np.any(solution.reward_shift != 0):
        notes.append("log-messages in nats, the rewards' constant shift taken back")

    cell = (_SQUARE, _SQUARE) if grid else _STRIP
    frames = len(wanted) if wanted else min(horizon + 1, MOST_FRAMES)
    size = paper_size(cells, frames, cell=cell, labels=labels, notes=bool(notes))
    shrink = min(72 * _WIDEST / size[0], 1.0) if grid else 1.0
    inches = (min(max(size[0] / 72 / 0.98, 4.2), _WIDEST), shrink * size[1] / 72 + 0.5)
    alpha = f"{solution.network.temperature:.3g}"
    page = sheet(
        ax, inches, rf"Messages given $\mathcal{{O}}=1$   ($T={horizon}$, $\alpha={alpha}$)" if title is None else title
    )
    if wanted is None:
        narrowest = _NARROW_GRID if grid else _NARROW_STRIP
        wanted = choose(horizon, fitting(page.width, cells[1] if grid else 1, labels, narrowest))
    if max(np.diff(wanted), default=1) > 1:
        notes.append("dashed: steps left out")
    lines = wrapped(notes, page.width, _NOTES)
    film = lay_out(
        (page.width, page.height),
        cells,
        wanted,
        labels=labels,
        notes=len(lines),
        largest=(60.0, 60.0) if grid else (64.0, 26.0),
        square=grid is not None,
    )
    page.ax.set_aspect("equal")
    draw_rows(Reel(page, film, mdp, grid, rows, [names[k] for k in rows], wanted), data)
    at = (film.lefts[0] - labels, film.bottoms[-1] - 5)
    if lines:
        page.text(("note",), at, "\n".join(lines), fontsize=_NOTES, va="top")
    return page.drawing


def _messages(solution: Solution) -> tuple[FloatArray, FloatArray]:
    """log beta and log alpha in nats, with the shift of the rewards taken back."""
    shift: Any = solution.reward_shift / solution.network.temperature
    to_go = np.append(np.cumsum(shift[::-1])[::-1], 0.0)[: solution.network.horizon + 1, None]
    before = np.append(0.0, np.cumsum(shift))[: solution.network.horizon + 1, None]
    return np.asarray(solution.log_backward) + to_go, np.asarray(solution.log_forward) + before


def _checked(times: Iterable[int], horizon: int) -> list[int]:
    if isinstance(times, str) or not isinstance(times, Iterable):
        raise InvalidArgument(f"times={times!r}", allowed=f"a collection of integers, 0 … {horizon}")
    chosen = list(times)
    for t in chosen:
        check_time(t, horizon)
    if not chosen:
        raise InvalidArgument("times is empty", allowed=f"integers, 0 … {horizon}")
    return sorted({int(t) for t in chosen})
