"""Values over the belief of two hidden states: alpha vectors, their maximum, and where each action is best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.partially_observed.solution import AlphaVectors, BeliefSolution, StationaryBeliefSolution
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import Sheet, letters, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#0072B2", "#D55E00", "#007858", "#8F4A78", "#6B5B00", "#333333")
_LEFT, _BOTTOM, _STRIP = 38.0, 40.0, 7.0  # points around the axes, and the height of the strip of actions
_ROW, _NAME = 11.0, 8.0  # points of a row of names, and of its letters
_BELOW = 0.5  # how far below the maximum vectors are drawn, in its ranges
_POINTS = 201  # of an upper bound


@dataclass(frozen=True)
class _Piece:
    """Where one vector is the largest: between two probabilities of the second state."""

    start: float
    end: float
    vector: int
    action: int


def plot_belief_values(
    solution: BeliefSolution | StationaryBeliefSolution,
    *,
    t: int = 0,
    ax: Axes | None = None,
    title: str | None = None,
    **line_options: Any,
) -> Drawing:
    """Draw the value of every belief over two states: alpha vectors thin, their maximum thick, the best actions below.

    Parameters
    ----------
    solution : BeliefSolution or StationaryBeliefSolution
        Of a POMDP with two states.
    t : int
        The step, 0 … T−1; 0 without a last step.
    ax : matplotlib axes, optional
        Its area is filled. Default: a new figure.
    title : str, optional
    **line_options
        For the lines of the vectors (``matplotlib.lines.Line2D``), such as ``linewidth=2``.

    Returns
    -------
    Drawing
        ``.of("vector")[k]``: the line of a vector; ``.of("maximum")["listen", 0]`` and ``.of("region")["listen", 0]``:
        the pieces of the maximum, and the parts of the strip, counted from the left; ``.of("name")["listen"]``; and
        without a last step ``.parts["upper bound",]``.

    Raises
    ------
    InvalidArgument
        On another solution, another number of states, or a step that does not exist.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import solve, tiger
    >>> drawing = plot_belief_values(solve(tiger(), 3, inference="bellman"), t=2)
    >>> [action for action, _ in drawing.of("region")]
    ['open-right', 'listen', 'open-left']
    """
    vectors = _vectors(solution, t)
    line_options = artist_options(plot_belief_values, "lines.Line2D", line_options)
    pomdp = solution.pomdp
    pieces = _pieces(vectors)
    endless = isinstance(solution, StationaryBeliefSolution)
    heading = "Bounds of the value of beliefs (upper: dashed)" if endless else f"Value of beliefs at $t$ = {t}"
    page = sheet(ax, (6.6, 4.2), heading if title is None else title)
    behind = style.paper(page.ax)
    best = list(dict.fromkeys(piece.action for piece in pieces))
    colours = {a: style.legible(_COLOURS[k % len(_COLOURS)], behind) for k, a in enumerate(best)}
    rows = _names(page, [style.plain(pomdp.actions[a]) for a in best])
    high = max(page.height - _BOTTOM - _ROW * len(rows) - 4, 0.35 * page.height)
    panel = page.panel(("panel",), (_LEFT, _BOTTOM, page.width - _LEFT - 10, high))
    _curves(page, panel, solution, vectors, pieces, colours, line_options)
    _strip(page, panel, pieces, colours, vectors, high)
    for y, row in enumerate(rows):
        for x, k in row:
            place = (x, _BOTTOM + high + 4 + _ROW * (len(rows) - 1 - y))
            key, text = ("name", pomdp.actions[best[k]]), style.plain(pomdp.actions[best[k]])
            page.text(key, place, text, color=colours[best[k]], fontsize=_NAME, va="bottom", weight="bold")
    return page.drawing


def _vectors(solution: BeliefSolution | StationaryBeliefSolution, t: int) -> AlphaVectors:
    """The vectors of a step of a solution over two states."""
    if not isinstance(solution, BeliefSolution | StationaryBeliefSolution):
        raise InvalidArgument(
            f"plot_belief_values draws no {type(solution).__name__}",
            allowed="the solution of a POMDP: solve(pomdp, horizon, inference='bellman')",
        )
    if solution.pomdp.n_states != 2:
        raise InvalidArgument(
            f"beliefs over {solution.pomdp.n_states} states cannot be drawn on a line",
            allowed="a POMDP with two states",
            remedy="solution.value(belief) and solution.action(belief) answer for any belief",
        )
    if isinstance(solution, StationaryBeliefSolution):
        check_time(t, 0)
        return solution.alpha_vectors
    check_time(t, solution.horizon - 1)
    return solution.alpha_vectors[t]


def _pieces(vectors: AlphaVectors) -> list[_Piece]:
    """The pieces of the maximum from the left to the right."""
    left, slope = vectors.values[:, 0], vectors.values[:, 1] - vectors.values[:, 0]
    current, x, found = int(np.lexsort((slope, left))[-1]), 0.0, []
    while True:
        rising = np.flatnonzero(slope > slope[current])
        meets = (left[current] - left[rising]) / (slope[rising] - slope[current])
        rising, meets = rising[meets < 1.0], meets[meets < 1.0]
        end = 1.0 if not rising.size else max(x, float(meets.min()))
        if end > x:
            found.append(_Piece(x, end, current, int(vectors.action_indices[current])))
        if not rising.size:
            return found
        first = rising[meets <= meets.min() + 1e-12]
        x, current = end, int(first[slope[first].argmax()])


def _curves(
    page: Sheet,
    panel: Any,
    solution: BeliefSolution | StationaryBeliefSolution,
    vectors: AlphaVectors,
    pieces: list[_Piece],
    colours: dict[int, Any],
    options: dict[str, Any],
) -> None:
    """The vectors, the pieces of their maximum and, without a last step, the upper bound."""
    parts, values = page.drawing.parts, vectors.values
    for k, (row, a) in enumerate(zip(values, vectors.action_indices.tolist(), strict=True)):
        look = {"color": colours.get(a, page.ink), "linewidth": 0.8, "alpha": 0.7, "zorder": 2}
        (parts["vector", k],) = panel.plot([0.0, 1.0], row, **{**look, **options})
    ends = [_at(values[piece.vector], x) for piece in pieces for x in (piece.start, piece.end)]
    for k, piece in enumerate(pieces):
        x = [piece.start, piece.end]
        look = {"color": colours[piece.action], "linewidth": 2.6, "solid_capstyle": "round", "zorder": 4}
        y = [_at(values[piece.vector], at) for at in x]
        (parts["maximum", vectors.pomdp.actions[piece.action], k],) = panel.plot(x, y, **look)
    if isinstance(solution, StationaryBeliefSolution):
        grid = np.linspace(0.0, 1.0, _POINTS)
        upper = solution.upper_bound.at(np.stack([1.0 - grid, grid], axis=1))
        (parts["upper bound",],) = panel.plot(
            grid, upper, color=page.ink, linewidth=1.0, linestyle=(0, (2, 2)), zorder=3
        )
        ends += [float(upper.max())]
    span = (max(ends) - min(ends)) or 1.0
    panel.set_ylim(min(ends) - _BELOW * span, max(ends) + 0.08 * span)
    panel.set_xlim(0.0, 1.0)


def _strip(
    page: Sheet, panel: Any, pieces: list[_Piece], colours: dict[int, Any], vectors: AlphaVectors, high: float
) -> None:
    """Axes below the curves, with the best action of every belief as a strip of colour."""
    pomdp, k = vectors.pomdp, 0
    regions: list[_Piece] = []
    for piece in pieces:  # of one action side by side
        if regions and regions[-1].action == piece.action:
            regions[-1] = _Piece(regions[-1].start, piece.end, piece.vector, piece.action)
        else:
            regions.append(piece)
    rectangle = style.mpl("patches").Rectangle
    share = _STRIP / high
    for k, region in enumerate(regions):
        look = {"facecolor": colours[region.action], "linewidth": 0, "transform": panel.get_xaxis_transform()}
        patch = panel.add_patch(rectangle((region.start, 0.0), region.end - region.start, share, zorder=5, **look))
        page.drawing.parts["region", pomdp.actions[region.action], k] = patch
        if region.end < 1.0:
            line = panel.axvline(region.end, color=page.ink, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
            page.drawing.parts["boundary", k] = line
    for side, spine in panel.spines.items():
        spine.set_visible(side in ("left", "bottom"))
    state = style.plain(pomdp.states[1])
    size = min(8.5, 0.95 * page.width / max(letters(f"p({state})", 1.0), 1.0))
    panel.set_xlabel(f"p({state})", color=page.ink, fontsize=max(size, page.floor) * page.zoom, labelpad=1)
    panel.set_ylabel("value", color=page.ink, fontsize=8.5 * page.zoom, labelpad=1)
    panel.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
    numbers = min(max(int(high / 22), 2), 7)
    panel.yaxis.set_major_locator(style.mpl("ticker").MaxNLocator(numbers, steps=[1, 2, 5, 10]))


def _names(page: Sheet, names: list[str]) -> list[list[tuple[float, int]]]:
    """The rows of names above the curves: the left ends of each, and which it is."""
    rows: list[list[tuple[float, int]]] = [[]]
    x = _LEFT
    for k, name in enumerate(names):
        wide = letters(name, max(_NAME, page.floor)) * 1.1 + 10
        if rows[-1] and x + wide > page.width:
            rows.append([])
            x = _LEFT
        rows[-1].append((x, k))
        x += wide
    return rows


def _at(vector: FloatArray, x: float) -> float:
    return float((1.0 - x) * vector[0] + x * vector[1])
