"""Glyphs in the cells of a grid: triangles, arrows and bars, one per action."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.patches import polygons
from control_pgm.viz.policies.board import Board

Moves = Sequence[tuple[int, int]]

_HALF = 0.47  # the longest arrow, in cells
_FAINT = 0.005  # a probability too small for an arrow
_EM = 0.17  # the height of numbers in triangles, in cells
_WIDE = 0.35  # the widest number in a triangle, in cells: those of two neighbours have their centres 0.36 apart
_CERTAINTY = 0.14  # the height of the number below a mode's arrow, in cells
_LINES = "#8FA6BD"  # between triangles


def triangles(
    canvas: Board,
    cells: Sequence[int],
    rows: FloatArray,
    moves: Moves,
    mdp: MDP,
    colours: Any,
    write: Callable[[float], str],
    options: Mapping[str, Any],
) -> None:
    """One triangle per action, on the side to which it points, with its number; "–" where it is unavailable."""
    if canvas.crowded:
        _many_triangles(canvas, cells, rows, moves, colours)
        return
    pairs = [(k, a) for k in cells for a in range(len(moves))]
    texts = {(k, a): write(float(rows[k, a])) if mdp.available[k, a] else "–" for k, a in pairs}
    widest = max(map(_ems, texts.values()), default=1.0)
    em = min(_EM, _WIDE / widest)
    size = canvas.size(em, _WIDE / widest / em)
    for k in cells:
        for a, move in enumerate(moves):
            key, corners = (mdp.states[k], mdp.actions[a]), _corners(canvas, k, move)
            x = float(rows[k, a])
            fill = colours.to_rgba(x) if np.isfinite(x) else style.UNDEFINED
            look = {"closed": True, "facecolor": fill, "edgecolor": _LINES, "linewidth": 0.4, "zorder": 1}
            patch = style.mpl("patches").Polygon(corners, **look)
            canvas.drawing.parts["cell", *key] = canvas.drawing.ax.add_patch(patch)
            if size >= style.FLOOR:
                text = texts[k, a]
                look = {"color": style.text_colour(fill), "fontsize": size, **options}
                (cx, cy), (dx, dy) = canvas.centre(canvas.grid.cells[k]), move
                canvas.text(("number", *key), (cx + 0.32 * dx, cy + 0.36 * dy), text, em=em, **look)
        canvas.square(("frame", mdp.states[k]), canvas.grid.cells[k], facecolor="none")


def _ems(number: str) -> float:
    """The rough width of a number in ems.

    >>> round(_ems("−116"), 2), round(_ems(".75"), 2)
    (2.76, 1.6)
    """
    return sum({".": 0.32, "−": 0.84}.get(letter, 0.64) for letter in number)


def _corners(canvas: Board, k: int, move: tuple[int, int]) -> list[tuple[float, float]]:
    (x, y), (dx, dy) = canvas.centre(canvas.grid.cells[k]), move
    return [(x, y), (x + (dx - dy) / 2, y + (dy + dx) / 2), (x + (dx + dy) / 2, y + (dy - dx) / 2)]


def _many_triangles(canvas: Board, cells: Sequence[int], rows: FloatArray, moves: Moves, colours: Any) -> None:
    if not cells:
        return
    shapes = [_corners(canvas, k, move) for k in cells for move in moves]
    fills = colours.to_rgba(np.ma.masked_invalid(rows[cells]).ravel())
    look = {"facecolor": fills, "edgecolor": "face", "linewidth": 0.1, "zorder": 1}
    canvas.drawing.parts["cells",] = polygons(canvas.drawing.ax, shapes, **look)


def arrows(canvas: Board, cells: Iterable[int], rows: FloatArray, moves: Moves, mdp: MDP) -> None:
    """A haloed arrow from the middle for every action, as long as the action is probable."""
    shapes: dict[tuple[int, int], FloatArray] = {}
    for k in cells:
        x, y = canvas.centre(canvas.grid.cells[k])
        for a in np.argsort(rows[k], kind="stable"):
            p, (dx, dy) = float(rows[k, a]), moves[a]
            if p >= _FAINT:
                shapes[k, int(a)] = _arrow((x, y), (_HALF * p * dx, _HALF * p * dy), 0.02 + 0.04 * p)
    _draw_arrows(canvas, shapes, mdp)


def modes(canvas: Board, cells: Iterable[int], rows: FloatArray, moves: Moves, mdp: MDP) -> None:
    """One haloed arrow for the most probable action, its size from 0 (uniform) to 1 (certain), and that in per cent."""
    shapes: dict[tuple[int, int], FloatArray] = {}
    for k in cells:
        x, y = canvas.centre(canvas.grid.cells[k])
        best, certain = int(np.argmax(rows[k])), certainty(rows[k], int(mdp.available[k].sum()))
        written = canvas.size(_CERTAINTY, 1.4)
        up, (dx, dy) = (0.12 if written >= style.FLOOR else 0.0), moves[best]
        size = 0.2 + 0.36 * certain if up else 0.25 + 0.5 * certain
        shapes[k, best] = _arrow((x - size / 2 * dx, y + up - size / 2 * dy), (size * dx, size * dy), 0.16 * size)
        if up:
            look = {"path_effects": style.halo(1.6), "zorder": 5, "fontsize": written, "color": style.INK}
            canvas.text(("certainty", mdp.states[k]), (x, y - 0.36), f"{100 * certain:.0f} %", em=_CERTAINTY, **look)
    _draw_arrows(canvas, shapes, mdp)


def certainty(row: FloatArray, n: int) -> float:
    """How certain the most probable of n actions is: 0 where all are alike, 1 where no other is possible.

    >>> certainty(np.array([0.25, 0.25, 0.25, 0.25]), 4), certainty(np.array([0.0, 1.0]), 2)
    (0.0, 1.0)
    """
    return max((float(np.max(row)) - 1 / n) / (1 - 1 / n), 0.0) if n > 1 else 1.0


def bars(
    canvas: Board, cells: Iterable[int], rows: FloatArray, moves: Moves, mdp: MDP, options: Mapping[str, Any]
) -> None:
    """In every cell one upright bar per action, as high as the action is probable, with an arrowhead below it."""
    n = len(moves)
    step, high = 0.84 / n, 0.62
    shapes, heads = [], []
    for k in cells:
        x, y = canvas.centre(canvas.grid.cells[k])
        floor = y - 0.24
        for a, move in enumerate(moves):
            middle = x - 0.42 + (a + 0.5) * step
            p, half = float(rows[k, a]), 0.36 * step
            if mdp.available[k, a]:
                shapes.append([(middle - half, floor), (middle + half, floor), (middle + half, floor + high * p),
                               (middle - half, floor + high * p)])  # fmt: skip
            heads.append(_head((middle, y - 0.36), move, 0.085))
            if mdp.available[k, a] and canvas.size(0.12) >= style.FLOOR and p < 0.8:
                key = ("number", mdp.states[k], mdp.actions[a])
                canvas.text(key, (middle, floor + high * p + 0.07), probability(p), em=0.12, **options)
    look: dict[str, Any] = {"facecolor": canvas.colours["action"], "edgecolor": "none", "zorder": 2}
    if shapes:
        canvas.drawing.parts["bars",] = polygons(canvas.drawing.ax, shapes, **look)
        canvas.drawing.parts["heads",] = polygons(canvas.drawing.ax, heads, facecolor=canvas.colours["text"], zorder=2)


def _head(at: tuple[float, float], move: tuple[int, int], size: float) -> list[tuple[float, float]]:
    (x, y), (dx, dy) = at, move
    side = (-dy * 0.8 * size, dx * 0.8 * size)
    back = (x - size * dx, y - size * dy)
    return [
        (x + size * dx, y + size * dy),
        (back[0] + side[0], back[1] + side[1]),
        (back[0] - side[0], back[1] - side[1]),
    ]


def _arrow(start: tuple[float, float], step: tuple[float, float], width: float) -> FloatArray:
    """The outline of an arrow: shaft and head, seven corners."""
    length = float(np.hypot(*step))
    head = min(4.0 * width, 0.3)
    back = length - min(head, 0.7 * length)
    along, half = np.array(step) / length, width / 2
    profile = [(0, half), (back, half), (back, head / 2), (length, 0), (back, -head / 2), (back, -half), (0, -half)]
    across = np.array([-along[1], along[0]])
    return np.array([np.array(start) + u * along + v * across for u, v in profile])


def _draw_arrows(canvas: Board, shapes: Mapping[tuple[int, int], FloatArray], mdp: MDP) -> None:
    look: dict[str, Any] = {"facecolor": style.INK, "edgecolor": style.INK, "linewidth": 0.3, "zorder": 3}
    if canvas.crowded:
        white = {"facecolor": style.PAPER, "edgecolor": style.PAPER, "linewidth": 0.8, "zorder": 2.9}
        canvas.drawing.parts["halo",] = polygons(canvas.drawing.ax, list(shapes.values()), **white)
        canvas.drawing.parts["arrows",] = polygons(canvas.drawing.ax, list(shapes.values()), **look)
        return
    for (k, a), corners in shapes.items():
        patch = style.mpl("patches").Polygon(corners, closed=True, path_effects=style.halo(2.2), **look)
        canvas.drawing.parts["arrow", mdp.states[k], mdp.actions[a]] = canvas.drawing.ax.add_patch(patch)
