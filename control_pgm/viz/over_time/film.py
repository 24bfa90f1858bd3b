"""The frames of a filmstrip: small maps of a grid, or columns of states, with headings, arrows and colour bars."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.sheet import BAR, BAR_GAP, letters
from control_pgm.viz.over_time.filmstrip_cells import hatched, write
from control_pgm.viz.over_time.filmstrip_frames import Reel, Row
from control_pgm.viz.policies.colours import decimals_for, probability_colours, value

DASHES = (0, (2.2, 1.4))
_CAPTION = 7.0  # points, below a frame


def draw_rows(reel: Reel, rows: Sequence[Row]) -> None:
    """All rows, from top to bottom, with the times above the first."""
    page, film = reel.page, reel.film
    for r, row in enumerate(rows):
        drawn = row.values[np.ix_(reel.times, reel.states)]
        span, decimals = _span(drawn) if row.logarithmic else 1.0, decimals_for(drawn)
        for f, t in enumerate(reel.times):
            top = float(np.nanmax(drawn[f])) if row.logarithmic else 0.0
            colours = _log_colours(top, span) if row.logarithmic else probability_colours()
            _frame(reel, (r, f), row, t, colours, decimals)
            if row.logarithmic and reel.grid and not reel.bars:
                _largest(reel, (r, f), row, t, f"max {value(top, decimals)}")
        ink = style.legible(row.colour or page.ink, style.paper(page.ax))
        left = film.lefts[0] - (0 if reel.grid else _label_room(reel))
        raised = 15.0 if r == 0 else 4.0
        at = (left, film.bottoms[r] + film.frame[1] + raised)
        page.text(("heading", row.name), at, row.heading, color=ink, fontsize=9)
        if row.arrows:
            _arrows(reel, r, row, ink)
        if not reel.bars:
            _colour_bar(reel, r, row, drawn, span)
    for f, t in enumerate(reel.times):
        at = (film.lefts[f] + film.frame[0] / 2, film.bottoms[0] + film.frame[1] + 4)
        page.text(("time", t), at, f"$t={t}$" if film.frame[0] > 26 else f"${t}$", ha="center")


def _frame(reel: Reel, at: tuple[int, int], row: Row, t: int, colours: Any, decimals: int) -> None:
    """One map or column: cells by colour or bars, walls and −∞ hatched, letters or numbers inside."""
    film, page, (wide, high) = reel.film, reel.page, reel.film.cell
    values, (down, across) = row.values[t], reel.shape
    left, bottom = film.lefts[at[1]], film.bottoms[at[0]]
    if not reel.bars:
        body = np.full((down, across), np.nan)
        for k, place in reel.places.items():
            body[place] = values[k] if values[k] > -np.inf else np.nan
        columns, lines = left + wide * np.arange(across + 1), bottom + high * np.arange(down, -1, -1)
        mesh = page.ax.pcolormesh(columns, lines, np.ma.masked_invalid(body), cmap=colours.cmap, norm=colours.norm)
        mesh.set_linewidth(0)
        page.drawing.parts["frame", row.name, t] = mesh
    if reel.grid:
        top, _, first, _ = reel.grid.box
        walls: dict[Hashable, tuple[float, float]] = {}
        walls |= {cell: reel.corner(*at, (cell[0] - top, cell[1] - first)) for cell in reel.grid.walls}
        hatched(page, ("wall", row.name, t), walls, film.cell, wall=True)
    infinite = {reel.label(k): reel.corner(*at, reel.places[k]) for k in reel.states if values[k] == -np.inf}
    hatched(page, ("minus infinity", row.name, t), infinite, film.cell, wall=False)
    write(reel, at, row, t, colours, decimals)
    look: dict[str, Any] = {"fill": False, "edgecolor": page.ink, "linewidth": 0.8, "zorder": 3}
    look |= {"linestyle": DASHES if row.dashed else "solid", **reel.options}
    outline = style.mpl("patches").Rectangle((left, bottom), *film.frame, **look)
    page.drawing.parts["outline", row.name, t] = page.ax.add_patch(outline)
    if reel.grid is None and at[1] == 0:
        for k, name in zip(reel.states, reel.names, strict=True):
            x, y = reel.corner(*at, reel.places[k])
            key = ("state", row.name, reel.label(k))
            page.text(key, (x - 4, y + high / 2), name, ha="right", va="center", fontsize=7)


def _arrows(reel: Reel, r: int, row: Row, ink: Any) -> None:
    """From frame to frame, as the messages go; dashed where steps are left out, and in dashed rows."""
    film, y = reel.film, reel.film.bottoms[r] + reel.film.frame[1] / 2
    for f, (t, later) in enumerate(pairwise(reel.times)):
        ends = ((film.lefts[f] + film.frame[0] + 1, y), (film.lefts[f + 1] - 1, y))
        tail, head = ends if row.arrows == "forward" else ends[::-1]
        look: dict[str, Any] = {"shrinkA": 0, "shrinkB": 0, "lw": 1.1, "color": ink, "mutation_scale": 7}
        look["linestyle"] = DASHES if row.dashed or later > t + 1 else "solid"
        arrow = style.mpl("patches").FancyArrowPatch(tail, head, arrowstyle="-|>", **look)
        reel.page.drawing.parts["arrow", row.name, t] = reel.page.ax.add_patch(arrow)


def _largest(reel: Reel, at: tuple[int, int], row: Row, t: int, text: str) -> None:
    """Below a frame, the number that its brightest colour stands for."""
    film, room = reel.film, reel.film.frame[0] + reel.film.gap
    if letters(text, _CAPTION) > room:
        text = text.removeprefix("max ")  # the note says what it is
    if letters(text, _CAPTION) <= room:
        place = (film.lefts[at[1]] + film.frame[0] / 2, film.bottoms[at[0]] - 2)
        reel.page.text(("largest", row.name, t), place, text, ha="center", va="top", fontsize=_CAPTION)


def _colour_bar(reel: Reel, r: int, row: Row, drawn: FloatArray, span: float) -> None:
    film = reel.film
    box = (film.right + BAR_GAP, film.bottoms[r], BAR, film.frame[1])
    look: dict[str, Any] = {"ticks": _ticks(film.frame[1])}
    if row.logarithmic:
        numbers = min(max(int(film.frame[1] / 12), 1), 5)
        clipped = bool((_below_largest(drawn) < -span).any())
        look = {"ticks": style.mpl("ticker").MaxNLocator(numbers), "extend": "min" if clipped else "neither"}
    colours = _log_colours(0.0, span) if row.logarithmic else probability_colours()
    reel.page.bar(("colour bar", row.name), box, colours, **look)


def _label_room(reel: Reel) -> float:
    return max(letters(name, 7) for name in reel.names) + 6


def _below_largest(values: FloatArray) -> FloatArray:
    """How far the finite values of every frame lie below the largest of their frame."""
    tops = np.nanmax(values, axis=1, keepdims=True)
    below = np.subtract(values, tops, out=np.full(values.shape, -np.inf), where=np.isfinite(tops))
    return np.asarray(below[np.isfinite(below)])


def _span(values: FloatArray) -> float:
    """The scale of a row: from the 2nd percentile of the differences from the largest of a frame up to 0."""
    below = _below_largest(values)
    span = -float(np.percentile(below, 2)) if len(below) else 0.0
    return span if span > 1e-9 else 1.0


def _log_colours(top: float, span: float) -> Any:
    """Viridis over ``span`` nats up to ``top``."""
    top = top if np.isfinite(top) else 0.0
    return style.mpl("cm").ScalarMappable(style.mpl("colors").Normalize(top - span, top), style.VALUES)


def _ticks(height: float) -> list[float]:
    """Probabilities beside a bar of some height in points."""
    return [0.0, 0.1, 0.25, 0.5, 1.0] if height > 60 else [0.0, 0.25, 1.0]
