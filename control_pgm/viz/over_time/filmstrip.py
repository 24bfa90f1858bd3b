"""A whole filmstrip: which times and states it shows, how large it is, and what is said below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.grid import GridMap, grid_of
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.sheet import BAR, BAR_GAP, BAR_TICKS, letters, sheet, wrapped
from control_pgm.viz.base.state_rows import OTHERS, left_out, most_probable, others, row_labels
from control_pgm.viz.over_time.film import draw_rows
from control_pgm.viz.over_time.filmstrip_cells import fits_letters
from control_pgm.viz.over_time.filmstrip_frames import Reel, Row
from control_pgm.viz.over_time.filmstrip_layout import (
    MOST_FRAMES,
    Film,
    choose,
    fitting,
    lay_out,
    paper_size,
    states_fitting,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOTES = 7.0  # points
_FEW_FRAMES, _FILLED = 6, 0.45  # frames that stay where fewer would fill the height better; the share they fill
_WIDEST, _MOST_STATES = 12.0, 14  # inches; rows of a process that is no grid
_SQUARE, _STRIP, _BARS = (19.0, 19.0), (44.0, 13.0), (58.0, 13.0)  # points: the usual cells
_LARGEST, _LARGEST_STRIP, _LARGEST_BARS = (120.0, 120.0), (80.0, 40.0), (140.0, 40.0)
_NARROW_GRID, _NARROW_STRIP, _NARROW_BARS = 32.0, 20.0, 40.0  # points: the narrowest frames that can be read


def draw_filmstrip(
    mdp: MDP,
    rows: Sequence[Row],
    probable: Sequence[FloatArray],
    *,
    times: Iterable[int] | None,
    bars: bool,
    ax: Axes | None,
    title: str,
    notes: Sequence[str],
    options: Mapping[str, Any],
) -> Drawing:
    """Draw rows of frames over time.

    Parameters
    ----------
    probable : arrays [t, s]
        Of many states those are drawn that are ever the most probable in these.
    bars : bool
        Bars beside the states instead of colours, also where there is a grid.
    notes : sequence of str
        What is said below, besides what is left out.
    options : mapping
        For the outlines of the frames.
    """
    horizon = len(rows[0].values) - 1
    wanted = None if times is None else checked_times(times, horizon)
    grid = None if bars else grid_of(mdp)
    states = list(grid.cells) if grid else most_probable(_MOST_STATES, *probable)
    shape = grid.shape if grid else (len(states), 1)
    names = row_labels(mdp)
    labels = 0.0 if grid else max(letters(names[k], 7) for k in states) + 6
    usual, largest, narrowest = (_SQUARE, _LARGEST, _NARROW_GRID) if grid else (_STRIP, _LARGEST_STRIP, _NARROW_STRIP)
    if bars:
        usual, largest, narrowest = _BARS, _LARGEST_BARS, _NARROW_BARS
    beside = 4.0 if bars else BAR_GAP + BAR + BAR_TICKS
    frames = len(wanted) if wanted else min(horizon + 1, MOST_FRAMES)
    size = paper_size(shape, frames, len(rows), cell=usual, labels=labels, beside=beside, notes=1)
    shrink = min(72 * _WIDEST / size[0], 1.0) if grid else 1.0
    page = sheet(ax, (min(max(size[0] / 72 / 0.98, 4.2), _WIDEST), shrink * size[1] / 72 + 0.5), title)
    if grid is None:
        expected = 2 if page.width > 300 else 4  # lines of notes
        fitting_rows = min(_MOST_STATES, states_fitting(page.height, len(rows), expected))
        states = most_probable(max(fitting_rows - (fitting_rows < mdp.n_states), 1), *probable)
    said = [*_missing(grid, mdp, names, states, probable), *notes]
    if grid is None and len(states) < mdp.n_states:
        rows = [replace(row, values=np.column_stack([row.values, _rest(row, states)])) for row in rows]
        names = [*names, f"{OTHERS} ({mdp.n_states - len(states)})"]
        labels = max(labels, letters(names[-1], 7) + 6)
        states = [*states, mdp.n_states]
    shape = grid.shape if grid else (len(states), 1)
    if any((row.values[:, states] == -np.inf).any() for row in rows):
        said.insert(0, "dotted: −∞")
    automatic = False
    if wanted is None:
        wanted = choose(horizon, fitting(page.width - labels - beside, shape[1] if grid else 1, narrowest))
        automatic = True

    def laid_out(times: Sequence[int], lines: int) -> Film:
        look: dict[str, Any] = {"labels": labels, "beside": beside, "notes": lines, "largest": largest}
        return lay_out((page.width, page.height), shape, times, len(rows), square=grid is not None, **look)

    chosen: list[int] = wanted
    captions = rows[-1].logarithmic  # below the frames of the last row

    def words() -> list[str]:
        left = ["steps left out" if any(row.dashed for row in rows) else "dashed: steps left out"]
        return wrapped([*said, *(left if max(np.diff(chosen), default=1) > 1 else [])], page.width, _NOTES)

    film = laid_out(chosen, len(words()))
    while automatic and grid and len(chosen) > _FEW_FRAMES and len(rows) * film.frame[1] < _FILLED * page.height:
        chosen = choose(horizon, len(chosen) - 1)
        film = laid_out(chosen, len(words()))
    if not grid and 0.7 * film.cell[1] < page.floor:
        said.append("numbers left out: no room")
    if grid and not fits_letters(film.cell[1], page.floor):
        said.append("S, G, H left out: no room")
    lines = words()
    film = laid_out(chosen, len(lines))
    style.equal_units(page.ax)
    draw_rows(Reel(page, film, mdp, grid, states, [names[k] for k in states], chosen, bars, options), rows)
    if lines:
        widest = max(letters(line, _NOTES) for line in lines)
        at = (max(min(film.lefts[0] - labels, page.width - widest), 0.0), film.bottoms[-1] - (16 if captions else 5))
        page.text(("note",), at, "\n".join(lines), fontsize=_NOTES, va="top")
    return page.drawing


def _rest(row: Row, states: list[int]) -> FloatArray:
    """What the states without a row of their own hold together; NaN for messages that are no mass."""
    if not row.logarithmic:
        return others(states, row.values)
    if not row.mass:
        return np.full(len(row.values), np.nan)
    rest = np.delete(row.values, states, axis=1)
    return np.asarray(np.logaddexp.reduce(rest, axis=1))


def checked_times(times: Iterable[int], horizon: int) -> list[int]:
    """The times in order, each once."""
    if isinstance(times, str) or not isinstance(times, Iterable):
        raise InvalidArgument(f"times={times!r}", allowed=f"a collection of integers, 0 … {horizon}")
    chosen = list(times)
    for t in chosen:
        check_time(t, horizon)
    if not chosen:
        raise InvalidArgument("times is empty", allowed=f"integers, 0 … {horizon}")
    return sorted({int(t) for t in chosen})


def _missing(
    grid: GridMap | None, mdp: MDP, names: Sequence[str], states: list[int], probable: Sequence[FloatArray]
) -> list[str]:
    """In words, the states that are not drawn."""
    if grid is None:
        return [text for text in [left_out(states, *probable, shared=True)] if text]
    absent = [names[k] for k in range(mdp.n_states) if k not in grid.cells]
    return [f"not on the grid: {', '.join(absent[:3])}{' …' if len(absent) > 3 else ''}"] if absent else []
