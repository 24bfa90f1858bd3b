"""Cells of a filmstrip's frames: letters on a map; numbers or bars beside the states."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from control_pgm.display.text import probability
from control_pgm.viz.base import style
from control_pgm.viz.base.patches import area
from control_pgm.viz.base.sheet import Sheet
from control_pgm.viz.over_time.filmstrip_frames import Reel, Row
from control_pgm.viz.policies.colours import value

_LETTERS = {"goal": "G", "hole": "H", "end": "■"}
_SINGLE = 100  # cells up to which every hatched one is an artist of its own
_NUMBER = 0.42  # the share of a strip that numbers beside bars take


def write(reel: Reel, at: tuple[int, int], row: Row, t: int, colours: Any, decimals: int) -> None:
    """Letters, numbers or bars, where they are large enough to be read."""
    if reel.grid:
        _letters(reel, at, row, t, colours)
    elif reel.bars:
        _bars(reel, at, row, t, decimals)
    else:
        _numbers(reel, at, row, t, colours, decimals)


def fits_letters(high: float, floor: float) -> bool:
    """Whether letters of the smallest size fit a cell so high."""
    return high > 1.05 * floor


def _letters(reel: Reel, at: tuple[int, int], row: Row, t: int, colours: Any) -> None:
    """S, G or H in the cells of a map."""
    (wide, high), grid = reel.film.cell, reel.grid
    if grid is None or not fits_letters(high, reel.page.floor):
        return
    size = min(max(0.58 * high, reel.page.floor), 11.0)
    marks = dict.fromkeys(grid.starts, "S") | {k: _LETTERS[end] for k, end in grid.ends.items()}
    for k in sorted(marks.keys() & grid.cells.keys()):
        x, y = reel.corner(*at, reel.places[k])
        centre, fill = (x + wide / 2, y + high / 2), _fill(colours, float(row.values[t, k]))
        look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": size, "fontweight": "bold"}
        look |= {"color": style.text_colour(fill), "zorder": 4}
        reel.page.text(("mark", row.name, t, reel.label(k)), centre, marks[k], **look)


def _numbers(reel: Reel, at: tuple[int, int], row: Row, t: int, colours: Any, decimals: int) -> None:
    """The number of every state of a strip."""
    wide, high = reel.film.cell
    for k in reel.states:
        x = float(row.values[t, k])
        if np.isnan(x):
            continue
        text = value(x, decimals) if row.logarithmic else probability(x)
        size = min(0.7 * high, 1.6 * wide / max(len(text), 3), 9.0)
        if size >= reel.page.floor:
            left, bottom = reel.corner(*at, reel.places[k])
            look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": size, "zorder": 4}
            look["color"] = style.text_colour(_fill(colours, x))
            reel.page.text(("number", row.name, t, reel.label(k)), (left + wide / 2, bottom + high / 2), text, **look)


def _bars(reel: Reel, at: tuple[int, int], row: Row, t: int, decimals: int) -> None:
    """One bar per state, as long as the state's share of the largest; its number to the right."""
    (wide, high), page = reel.film.cell, reel.page
    values = row.values[t]
    peak = float(np.nanmax(values[list(reel.states)]))
    colour = style.legible(row.colour or style.NOTE, style.paper(page.ax))
    longest = (1.0 - _NUMBER) * wide
    for k in reel.states:
        x, (left, bottom) = float(values[k]), reel.corner(*at, reel.places[k])
        if np.isnan(x):
            continue
        share = (np.exp(x - peak) if peak > -np.inf else 0.0) if row.logarithmic else x
        body = (left, bottom + 0.18 * high), longest * share, 0.64 * high
        bar = style.mpl("patches").Rectangle(*body, facecolor=colour, edgecolor="none", zorder=2)
        page.drawing.parts["bar", row.name, t, reel.label(k)] = page.ax.add_patch(bar)
        text = value(x, decimals) if row.logarithmic else probability(x)
        size = min(0.7 * high, 1.6 * _NUMBER * wide / max(len(text), 3), 8.5)
        if size >= reel.page.floor and x > -np.inf:
            look: dict[str, Any] = {"ha": "right", "va": "center_baseline", "fontsize": size, "zorder": 4}
            page.text(("number", row.name, t, reel.label(k)), (left + wide - 2, bottom + high / 2), text, **look)


def hatched(
    page: Sheet,
    key: tuple[Hashable, ...],
    corners: Mapping[Hashable, tuple[float, float]],
    cell: tuple[float, float],
    *,
    wall: bool,
) -> None:
    """Cells without a number: walls on white, −∞ dotted on grey; very many of them as one artist."""
    colours = style.palette(page.ax)
    look: dict[str, Any] = {"facecolor": colours["paper"], "edgecolor": colours["wall"], "hatch": "/////"}
    if not wall:
        look = {"facecolor": style.UNDEFINED, "edgecolor": "#A8A8A8", "hatch": "...."}
    look |= {"linewidth": 0, "zorder": 2}
    if len(corners) > _SINGLE:
        page.drawing.parts[key] = area(page.ax, list(corners.values()), cell, **look)
        return
    for what, corner in corners.items():
        patch = style.mpl("patches").Rectangle(corner, *cell, **look)
        page.drawing.parts[(*key, what)] = page.ax.add_patch(patch)


def _fill(colours: Any, x: float) -> Any:
    return style.UNDEFINED if x == -np.inf else colours.to_rgba(x)
