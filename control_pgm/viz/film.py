"""The frames of a filmstrip: small maps of a grid, or columns of states, with headings, arrows and colour bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from control_pgm.control.grid import Grid
from control_pgm.control.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz import style
from control_pgm.viz.film_layout import Film
from control_pgm.viz.glyphs import decimals_for, probability_colours, value
from control_pgm.viz.sheet import BAR, BAR_GAP, Sheet, letters

ROWS = ("backward", "forward", "posterior")
_HEADINGS = {
    "backward": r"backward $\beta_t$:  $\log\,p(\mathcal{O}_{t:T-1}=1\,|\,s_t)$",
    "forward": r"forward $\alpha_t$:  $\log\,p(s_t,\,\mathcal{O}_{0:t-1}=1)$",
    "posterior": r"posterior $\propto\alpha_t\,\beta_t$:  $p(s_t\,|\,\mathcal{O}_{0:T-1}=1)$",
}
_COLOURS = {"backward": style.KIND_COLOURS["action"], "forward": style.KIND_COLOURS["state"]}
_LETTERS = {"goal": "G", "hole": "H", "end": "■"}


@dataclass(frozen=True, eq=False)
class Reel:
    """What is drawn where; ``rows`` are the states drawn, ``names`` what stands beside them where there is no grid."""

    page: Sheet
    film: Film
    mdp: MDP
    grid: Grid | None
    rows: Sequence[int]
    names: Sequence[str]
    times: Sequence[int]

    def places(self) -> dict[int, tuple[int, int]]:
        """State -> (row, column) within a frame."""
        if self.grid is None:
            return {k: (y, 0) for y, k in enumerate(self.rows)}
        top, _, left, _ = self.grid.box
        return {k: (r - top, c - left) for k, (r, c) in self.grid.cells.items()}

    def corner(self, row: int, frame: int, place: tuple[int, int]) -> tuple[float, float]:
        """The lower left corner of a cell."""
        (wide, high), film = self.film.cell, self.film
        return film.lefts[frame] + place[1] * wide, film.bottoms[row] + film.frame[1] - (place[0] + 1) * high


def draw_rows(reel: Reel, data: Mapping[str, FloatArray]) -> None:
    """All rows; ``data`` holds one array [t, s] each."""
    page, film = reel.page, reel.film
    for r, row in enumerate(ROWS):
        colours = _log_colours(data[row][:, list(reel.rows)]) if row != "posterior" else probability_colours()
        decimals = decimals_for(data[row][:, list(reel.rows)])
        for f, t in enumerate(reel.times):
            _frame(reel, (r, f), row, t, data[row][t], colours, decimals)
        top = film.bottoms[r] + film.frame[1]
        ink = style.legible(_COLOURS.get(row, page.ink), style.paper(page.ax))
        left = film.lefts[0] - (0 if reel.grid else _label_room(reel))
        raised = 15.0 if r == 0 else 4.0
        page.text(("heading", row), (left, top + raised), _HEADINGS[row], color=ink, fontsize=9)
        if row in _COLOURS:
            _arrows(reel, r, row, ink)
        box = (film.right + BAR_GAP, film.bottoms[r], BAR, film.frame[1])
        look: dict[str, Any] = {"extend": "min" if _clipped(data[row][:, list(reel.rows)], colours) else "neither"}
        page.bar(("colour bar", row), box, colours, **(look if row in _COLOURS else {"ticks": _ticks(film.frame[1])}))
    for f, t in enumerate(reel.times):
        at = (film.lefts[f] + film.frame[0] / 2, film.bottoms[0] + film.frame[1] + 4)
        page.text(("time", t), at, f"$t={t}$" if film.frame[0] > 26 else f"${t}$", ha="center")


def _frame(reel: Reel, at: tuple[int, int], row: str, t: int, values: FloatArray, colours: Any, decimals: int) -> None:
    """One map or column: cells by colour, walls and −∞ hatched, the letters of starts and ends, numbers on strips."""
    film, page, (wide, high) = reel.film, reel.page, reel.film.cell
    places = reel.places()
    down, across = reel.grid.shape if reel.grid else (len(reel.rows), 1)
    body = np.full((down, across), np.nan)
    for k, place in places.items():
        body[place] = values[k] if values[k] > -np.inf else np.nan
    left, bottom = film.lefts[at[1]], film.bottoms[at[0]]
    columns, lines = left + wide * np.arange(across + 1), bottom + high * np.arange(down, -1, -1)
    mesh = page.ax.pcolormesh(columns, lines, np.ma.masked_invalid(body), cmap=colours.cmap, norm=colours.norm, lw=0)
    page.drawing.parts["frame", row, t] = mesh
    walls = set(reel.grid.walls) if reel.grid else set()
    top, _, first, _ = reel.grid.box if reel.grid else (0, 0, 0, 0)
    for cell in walls:
        _hatched(reel, ("wall", row, t, cell), reel.corner(*at, (cell[0] - top, cell[1] - first)), wall=True)
    for k in reel.rows:
        corner = reel.corner(*at, places[k])
        infinite = values[k] == -np.inf
        if infinite:
            _hatched(reel, ("minus infinity", row, t, reel.mdp.states[k]), corner, wall=False)
        fill = style.UNDEFINED if infinite else colours.to_rgba(values[k])
        text, size = _inside(reel, k, float(values[k]), row, decimals)
        if text and size >= style.SMALLEST:
            centre = (corner[0] + wide / 2, corner[1] + high / 2)
            look: dict[str, Any] = {"ha": "center", "va": "center_baseline", "fontsize": size, "zorder": 4}
            weight = "bold" if reel.grid else "normal"
            sort = "mark" if reel.grid else "number"
            page.text(
                (sort, row, t, reel.mdp.states[k]),
                centre,
                text,
                color=style.text_colour(fill),
                fontweight=weight,
                **look,
            )
    outline = style.mpl("patches").Rectangle(
        (left, bottom), *film.frame, fill=False, edgecolor=page.ink, linewidth=0.8, zorder=3
    )
    page.drawing.parts["outline", row, t] = page.ax.add_patch(outline)
    if reel.grid is None and at[1] == 0:
        for k, name in zip(reel.rows, reel.names, strict=True):
            x, y = reel.corner(*at, places[k])
            page.text(
                ("state", row, reel.mdp.states[k]), (x - 4, y + high / 2), name, ha="right", va="center", fontsize=7
            )


def _inside(reel: Reel, k: int, x: float, row: str, decimals: int) -> tuple[str, float]:
    """What is written in a cell, and how large: S, G or H on a grid, the number on a strip."""
    wide, high = reel.film.cell
    if reel.grid:
        mark = _LETTERS[reel.grid.ends[k]] if k in reel.grid.ends else "S" if k in reel.grid.starts else ""
        return mark, min(max(0.58 * high, 4.2 if high > 5.5 else 0.0), 9.0)
    text = probability(x) if row == "posterior" else value(x, decimals)
    return text, min(0.62 * high, 1.5 * wide / max(len(text), 3), 8.0)


def _hatched(reel: Reel, key: tuple[Any, ...], corner: tuple[float, float], *, wall: bool) -> None:
    look: dict[str, Any] = {"facecolor": style.PAPER, "edgecolor": "#999999", "hatch": "/////"}
    if not wall:
        look = {"facecolor": style.UNDEFINED, "edgecolor": "#A8A8A8", "hatch": "...."}
    patch = style.mpl("patches").Rectangle(corner, *reel.film.cell, linewidth=0, zorder=2, **look)
    reel.page.drawing.parts[key] = reel.page.ax.add_patch(patch)


def _arrows(reel: Reel, r: int, row: str, ink: Any) -> None:
    """From frame to frame, as the messages go; dashed where steps are left out."""
    film, y = reel.film, reel.film.bottoms[r] + reel.film.frame[1] / 2
    for f, (t, later) in enumerate(pairwise(reel.times)):
        ends = ((film.lefts[f] + film.frame[0] + 1, y), (film.lefts[f + 1] - 1, y))
        tail, head = ends if row == "forward" else ends[::-1]
        dashes = "solid" if later == t + 1 else (0, (2.2, 1.4))
        arrow = style.mpl("patches").FancyArrowPatch(
            tail, head, arrowstyle="-|>", mutation_scale=7, shrinkA=0, shrinkB=0, lw=1.1, linestyle=dashes, color=ink
        )
        reel.page.drawing.parts["arrow", row, t] = reel.page.ax.add_patch(arrow)


def _label_room(reel: Reel) -> float:
    return max(letters(name, 7) for name in reel.names) + 6


def _log_colours(values: FloatArray) -> Any:
    """Viridis from the 2nd percentile of the finite values to the largest."""
    finite = values[np.isfinite(values)]
    low, high = (float(np.percentile(finite, 2)), float(finite.max())) if len(finite) else (0.0, 0.0)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    return style.mpl("cm").ScalarMappable(style.mpl("colors").Normalize(low, high), style.VALUES)


def _clipped(values: FloatArray, colours: Any) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() < colours.norm.vmin)


def _ticks(height: float) -> list[float]:
    """Probabilities beside a bar of some height in points."""
    return [0.0, 0.1, 0.25, 0.5, 1.0] if height > 60 else [0.0, 0.25, 1.0]
