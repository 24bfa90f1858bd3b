"""What stands in the cells of a grid: triangles, arrows, values; and how their numbers are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz import style
from control_pgm.viz.grid_art import Board

Moves = Sequence[tuple[int, int]]

_HALF = 0.47  # the longest arrow, in cells
_FAINT = 0.005  # a probability too small for an arrow
_EM = 0.17  # the height of numbers in triangles, in cells


def value(x: float, decimals: int) -> str:
    """A value with a proper minus.

    >>> value(-0.5, 2), value(float("-inf"), 2)
    ('−0.50', '−∞')
    """
    if x == -np.inf:
        return "−∞"
    text = f"{x:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def decimals_for(values: FloatArray) -> int:
    """As many decimals as tell the values apart."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 2
    large, spread = float(np.abs(finite).max()), float(np.ptp(finite))
    if large >= 100:
        return 0
    if large >= 10:
        return 1
    return 2 if spread >= 0.1 or spread == 0.0 else 3


def probability_colours() -> Any:
    """Blues from 0 to 1; the square root sets small probabilities apart."""
    norm = style.mpl("colors").PowerNorm(0.5, vmin=0.0, vmax=1.0)
    return style.mpl("cm").ScalarMappable(norm, style.PROBABILITIES)


def value_colours(values: FloatArray) -> Any:
    """Viridis over the finite values."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if high - low < 1e-12 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    return style.mpl("cm").ScalarMappable(style.mpl("colors").Normalize(low, high), style.VALUES)


def fill_values(canvas: Board, cells: Iterable[int], values: FloatArray, colours: Any, labels: Sequence[Any]) -> None:
    """Cells in the colours of their values."""
    for k in cells:
        canvas.square(("cell", labels[k]), canvas.grid.cells[k], facecolor=colours.to_rgba(values[k]))


def triangles(
    canvas: Board, k: int, row: FloatArray, moves: Moves, mdp: MDP, colours: Any, options: Mapping[str, Any]
) -> None:
    """One triangle per action, on the side to which it points, with its probability; "–" where it is unavailable."""
    x, y = canvas.centre(canvas.grid.cells[k])
    for a, (dx, dy) in enumerate(moves):
        key = (mdp.states[k], mdp.actions[a])
        corners = [(x, y), (x + (dx - dy) / 2, y + (dy + dx) / 2), (x + (dx + dy) / 2, y + (dy - dx) / 2)]
        fill = colours.to_rgba(float(row[a]))
        look = {"closed": True, "facecolor": fill, "edgecolor": "#8FA6BD", "linewidth": 0.4, "zorder": 1}
        canvas.drawing.parts["cell", *key] = canvas.drawing.ax.add_patch(style.mpl("patches").Polygon(corners, **look))
        if canvas.size(_EM) >= style.SMALLEST:
            text = probability(float(row[a])) if mdp.available[k, a] else "–"
            look = {"color": style.text_colour(fill), **options}
            canvas.text(("number", *key), (x + 0.32 * dx, y + 0.36 * dy), text, em=_EM, **look)
    canvas.square(("frame", mdp.states[k]), canvas.grid.cells[k], facecolor="none")


def arrow(canvas: Board, k: int, row: FloatArray, moves: Moves, mdp: MDP) -> None:
    """A haloed arrow from the middle for every action, as long as the action is probable."""
    x, y = canvas.centre(canvas.grid.cells[k])
    for a in np.argsort(row, kind="stable"):
        p, (dx, dy) = float(row[a]), moves[a]
        if p >= _FAINT:
            _arrow(canvas, (mdp.states[k], mdp.actions[a]), (x, y), (_HALF * p * dx, _HALF * p * dy), 0.02 + 0.04 * p)


def mode_arrow(canvas: Board, k: int, row: FloatArray, moves: Moves, mdp: MDP) -> None:
    """One haloed arrow for the most probable action, its size from 0 (uniform) to 1 (certain)."""
    x, y = canvas.centre(canvas.grid.cells[k])
    best, n = int(np.argmax(row)), int(mdp.available[k].sum())
    certainty = (float(row[best]) - 1 / n) / (1 - 1 / n) if n > 1 else 1.0
    size, (dx, dy) = 0.25 + 0.5 * max(certainty, 0.0), moves[best]
    start = (x - size / 2 * dx, y - size / 2 * dy)
    _arrow(canvas, (mdp.states[k], mdp.actions[best]), start, (size * dx, size * dy), 0.13 * size)


def _arrow(
    canvas: Board, key: tuple[Any, Any], start: tuple[float, float], step: tuple[float, float], width: float
) -> None:
    head = min(4.0 * width, 0.3)
    patch = style.mpl("patches").FancyArrow(
        *start,
        *step,
        width=width,
        head_width=head,
        head_length=min(head, 0.7 * float(np.hypot(*step))),
        length_includes_head=True,
        facecolor=style.INK,
        edgecolor=style.INK,
        linewidth=0.3,
        zorder=3,
        path_effects=style.halo(2.2),
    )
    canvas.drawing.parts["arrow", *key] = canvas.drawing.ax.add_patch(patch)
