"""Labelled heat maps with numbers: policies as states × actions, values as states × times."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz import style
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.glyphs import decimals_for, probability_colours, value, value_colours
from control_pgm.viz.grid_art import colour_bar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST, _HEAD, _TAIL = 30, 19, 10  # rows drawn; those kept at both ends of a longer table
_LONGEST = 22  # letters of a label


@dataclass(frozen=True, eq=False)
class _Table:
    """Axes with one row per state, and which rows they show; ``shown`` holds None where states are left out."""

    drawing: Drawing
    shown: list[int | None]
    states: Sequence[Hashable]
    size: float  # of numbers, in points


def policy_table(
    policy: FloatArray, mdp: MDP, *, ax: Axes | None, title: str, text_options: Mapping[str, Any]
) -> Drawing:
    """States × actions: p(a | s, O=1) as colour and number; undefined rows say so."""
    colours = probability_colours()
    table = _table(policy, mdp.states, colours, ax, title, "state", wide=0.75)
    columns = [_short(action) for action in mdp.actions]
    steep = max(map(len, columns)) * 0.085 > 0.75 * 1.0
    table.drawing.ax.set_xticks(
        range(len(columns)), columns, rotation=35 if steep else 0, ha="right" if steep else "center"
    )
    table.drawing.ax.set_xlabel("action", color=style.readable(table.drawing.ax), fontsize=9)
    for y, k in enumerate(table.shown):
        if k is None:
            continue
        if np.isnan(policy[k]).any():
            _blank(table, ("undefined", mdp.states[k]), -0.5, y, len(columns), "undefined: optimality impossible")
            continue
        for a, p in enumerate(policy[k]):
            text = probability(float(p)) if mdp.available[k, a] else "–"
            _number(table, (mdp.states[k], mdp.actions[a]), (a, y), text, colours.to_rgba(p), text_options)
    colour_bar(table.drawing, colours, "probability")
    if not mdp.available.all():
        _say(table, "action    (–: not available)")
    return table.drawing


def values_table(
    values: FloatArray,
    states: Sequence[Hashable],
    t: int,
    *,
    ax: Axes | None,
    title: str,
    text_options: Mapping[str, Any],
) -> Drawing:
    """States × times: V_t(s) as colour and number, with one time framed."""
    colours = value_colours(values)
    table = _table(values.T, states, colours, ax, title, "state", wide=0.55)
    _say(table, f"time    (framed: t = {t})")
    decimals = decimals_for(values)
    for y, k in enumerate(table.shown):
        for time in range(len(values) if k is not None else 0):
            v = float(values[time, k])
            if v == -np.inf:
                _blank(table, ("impossible", states[k], time), time - 0.5, y, 1, "−∞")  # type: ignore[index]
            else:
                key = (states[k], time)  # type: ignore[index]
                _number(table, key, (time, y), value(v, decimals), colours.to_rgba(v), text_options)
    frame = style.mpl("patches").Rectangle(
        (t - 0.5, -0.5), 1, len(table.shown), fill=False, edgecolor=style.LOOP, linewidth=2.2, zorder=5
    )
    table.drawing.parts["frame", t] = table.drawing.ax.add_patch(frame)
    colour_bar(table.drawing, colours, "V (reward)")
    return table.drawing


def _table(
    data: FloatArray, states: Sequence[Hashable], colours: Any, ax: Axes | None, title: str, rows: str, *, wide: float
) -> _Table:
    """The heat map of ``data``, one row per state, the middle of a long one left out and counted."""
    shown = _elided(len(states))
    n_rows, n_columns = len(shown), data.shape[1]
    labels = ["" if k is None else _short(states[k]) for k in shown]
    margin = 0.08 * max(map(len, labels)) + 1.4
    ax = style.axes_or_new(ax, (min(margin + wide * n_columns, 12.0), min(1.1 + 0.32 * n_rows, 9.0)))
    ink = style.readable(ax)
    body = np.full((n_rows, n_columns), np.nan)
    for y, k in enumerate(shown):
        if k is not None:
            body[y] = data[k]
    body[~np.isfinite(body)] = np.nan
    image = ax.imshow(np.ma.masked_invalid(body), cmap=colours.cmap, norm=colours.norm, aspect="auto")
    ax.set_facecolor(style.PAPER)
    drawing = Drawing(ax, {("image",): image, ("title",): style.title(ax, title)})
    ax.set_ylabel(rows, color=ink, fontsize=9)
    ax.tick_params(colors=ink, labelsize=8, length=0)
    ax.set_yticks(range(n_rows), labels)
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
    hidden = len(states) - sum(k is not None for k in shown)
    if hidden:
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": style.NOTE, "fontsize": 8}
        where = ((n_columns - 1) / 2, shown.index(None))
        drawing.parts["left out",] = ax.text(*where, f"… {hidden} states left out", **look)
    figure: Any = drawing.figure
    box = ax.get_position(original=True)
    across = 72 * box.width * 0.72 * figure.get_figwidth() / n_columns
    down = 72 * box.height * 0.8 * figure.get_figheight() / n_rows
    return _Table(drawing, shown, states, min(0.27 * across, 0.62 * down, 9.0))


def _elided(n: int) -> list[int | None]:
    if n <= _MOST:
        return list(range(n))
    return [*range(_HEAD), None, *range(n - _TAIL, n)]


def _short(label: Hashable) -> str:
    text = style.plain(label)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _say(table: _Table, text: str) -> None:
    table.drawing.ax.set_xlabel(text, color=style.readable(table.drawing.ax), fontsize=9)


def _number(
    table: _Table, key: tuple[Hashable, ...], at: tuple[float, float], text: str, fill: Any, options: Mapping[str, Any]
) -> None:
    if table.size >= style.SMALLEST:
        look: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": table.size,
            "color": style.text_colour(fill),
            **options,
        }
        table.drawing.parts["number", *key] = table.drawing.ax.text(*at, text, **look)


def _blank(table: _Table, key: tuple[Hashable, ...], left: float, y: int, width: float, text: str) -> None:
    """Cells without a number: grey, hatched, and said in words."""
    look = {"facecolor": style.UNDEFINED, "hatch": "....", "edgecolor": "#8A8A8A", "linewidth": 0.4, "zorder": 2}
    patch = style.mpl("patches").Rectangle((left, y - 0.5), width, 1, **look)
    table.drawing.parts[key] = table.drawing.ax.add_patch(patch)
    if table.size >= style.SMALLEST:
        box = {"boxstyle": "round,pad=0.1", "facecolor": style.PAPER, "edgecolor": "none"}
        at = (left + width / 2, y)
        words: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": min(table.size, 8.0),
            "bbox": box,
            "color": style.INK,
        }
        table.drawing.parts["undefined text", *key[1:]] = table.drawing.ax.text(*at, text, zorder=3, **words)
