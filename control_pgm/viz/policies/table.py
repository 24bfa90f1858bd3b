"""Labelled heat maps with numbers: policies as states × actions, values as states × times."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.policies.board import colour_bar
from control_pgm.viz.policies.colours import decimals_for, probability_colours, value, value_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST, _HEAD, _TAIL = 30, 19, 10  # rows drawn; those kept at both ends of a longer table
_LONGEST = 22  # letters of a label


@dataclass(frozen=True, eq=False)
class PolicyTable:
    """Axes with one row per state, and which rows they show; ``shown`` holds None where states are left out."""

    drawing: Drawing
    shown: list[int | None]
    states: Sequence[Hashable]
    size: float  # of numbers, in points
    column: float  # the width of a column, in inches


def policy_table(
    policy: FloatArray, mdp: MDP, *, ax: Axes | None, title: str, text_options: Mapping[str, Any]
) -> Drawing:
    """States × actions: p(a | s, O=1) as colour and number; undefined rows say so."""
    colours = probability_colours()
    table = _heat_map(policy, mdp.states, colours, ax, title, wide=0.75)
    set_columns(table, [short(action) for action in mdp.actions])
    say(table, "action")
    for y, k in enumerate(table.shown):
        if k is None:
            continue
        if np.isnan(policy[k]).any():
            blank(table, ("undefined", mdp.states[k]), -0.5, y, mdp.n_actions, "undefined: optimality impossible")
            continue
        for a, p in enumerate(policy[k]):
            text = probability(float(p)) if mdp.available[k, a] else "–"
            _number(table, (mdp.states[k], mdp.actions[a]), (a, y), text, colours.to_rgba(p), text_options)
    colour_bar(table.drawing, colours, "probability")
    if not mdp.available.all():
        say(table, "action    (–: not available)")
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
    table = _heat_map(values.T, states, colours, ax, title, wide=0.55)
    say(table, f"time    (framed: t = {t})")
    decimals = decimals_for(values)
    for y, k in enumerate(table.shown):
        for time in range(len(values) if k is not None else 0):
            v = float(values[time, k])
            if v == -np.inf:
                blank(table, ("impossible", states[k], time), time - 0.5, y, 1, "−∞")  # type: ignore[index]
            else:
                key = (states[k], time)  # type: ignore[index]
                _number(table, key, (time, y), value(v, decimals), colours.to_rgba(v), text_options)
    frame = style.mpl("patches").Rectangle(
        (t - 0.5, -0.5),
        1,
        len(table.shown),
        fill=False,
        edgecolor=style.KIND_COLOURS["action"],
        linewidth=2.2,
        zorder=5,
    )
    table.drawing.parts["frame", t] = table.drawing.ax.add_patch(frame)
    colour_bar(table.drawing, colours, "V (reward)")
    return table.drawing


def action_values_table(
    table: FloatArray,
    lost: BoolArray,
    mdp: MDP,
    colours: Any,
    meaning: str,
    *,
    ax: Axes | None,
    title: str,
    text_options: Mapping[str, Any],
) -> Drawing:
    """States × actions: values [s, a] as colour and number; NaN where not available, ``lost`` states say so."""
    drawn = _heat_map(table, mdp.states, colours, ax, title, wide=0.75)
    set_columns(drawn, [short(action) for action in mdp.actions])
    say(drawn, "action" if mdp.available.all() else "action    (–: not available)")
    decimals = decimals_for(table[~lost])
    for y, k in enumerate(drawn.shown):
        if k is None:
            continue
        if lost[k]:
            blank(drawn, ("undefined", mdp.states[k]), -0.5, y, mdp.n_actions, "−∞: optimality impossible")
            continue
        for a, x in enumerate(table[k]):
            fill = colours.to_rgba(x) if np.isfinite(x) else style.paper(drawn.drawing.ax)
            text = value(float(x), decimals) if mdp.available[k, a] else "–"
            _number(drawn, (mdp.states[k], mdp.actions[a]), (a, y), text, fill, text_options)
    colour_bar(drawn.drawing, colours, meaning)
    return drawn.drawing


def _heat_map(
    data: FloatArray, states: Sequence[Hashable], colours: Any, ax: Axes | None, title: str, *, wide: float
) -> PolicyTable:
    """The heat map of ``data``, one row per state, the middle of a long one left out and counted."""
    table = empty_table(states, data.shape[1], ax, title, wide=wide)
    body = np.full((len(table.shown), data.shape[1]), np.nan)
    for y, k in enumerate(table.shown):
        if k is not None:
            body[y] = data[k]
    body[~np.isfinite(body)] = np.nan
    look: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm, "aspect": "auto"}
    table.drawing.parts["image",] = table.drawing.ax.imshow(np.ma.masked_invalid(body), **look)
    return table


def empty_table(states: Sequence[Hashable], n_columns: int, ax: Axes | None, title: str, *, wide: float) -> PolicyTable:
    """Axes with one row per state, the middle of a long table left out and counted; columns ``wide`` inches."""
    shown = _elided(len(states))
    n_rows = len(shown)
    labels = ["" if k is None else short(states[k]) for k in shown]
    margin = 0.08 * max(map(len, labels)) + 1.4
    given = ax is not None
    ax = style.axes_or_new(ax, (min(margin + wide * n_columns, 12.0), min(1.1 + 0.32 * n_rows, 9.0)))
    ink = style.readable(ax)
    ax.set_xlim(-0.5, n_columns - 0.5)
    ax.set_ylim(n_rows - 0.5, -0.5)
    drawing = Drawing(ax, {("paper",): style.sheet_of_paper(ax), ("title",): style.title(ax, title)})
    ax.set_ylabel("state", color=ink, fontsize=9 * style.zoom(ax))
    ax.tick_params(colors=ink, labelsize=8 * style.zoom(ax), length=0)
    ax.set_yticks(range(n_rows), labels)
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
    hidden = len(states) - sum(k is not None for k in shown)
    if hidden:
        look: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "color": style.palette(ax)["note"],
            "fontsize": 8 * style.zoom(ax),
        }
        where = ((n_columns - 1) / 2, shown.index(None))
        drawing.parts["left out",] = ax.text(*where, f"… {hidden} states left out", **look)
    across = 72 * 0.72 * style.inches(ax)[0] / n_columns
    down = 72 * 0.8 * style.inches(ax)[1] / n_rows
    size = min(0.27 * across, 0.62 * down, 9.0 * style.zoom(ax))
    # The colour bar takes a part of the width; new figures are made as wide as the columns want.
    inches = 0.8 * style.width_inches(ax) / n_columns
    return PolicyTable(drawing, shown, states, size, inches if given else min(wide, inches))


def set_columns(table: PolicyTable, names: Sequence[str]) -> None:
    """The names below the columns, slanted where they would touch."""
    steep = max(map(len, names)) * 0.085 * style.zoom(table.drawing.ax) > table.column
    look: dict[str, Any] = {"rotation": 35, "ha": "right"} if steep else {}
    table.drawing.ax.set_xticks(range(len(names)), names, **look)


def _elided(n: int) -> list[int | None]:
    if n <= _MOST:
        return list(range(n))
    return [*range(_HEAD), None, *range(n - _TAIL, n)]


def short(label: Hashable) -> str:
    """A label with at most 22 letters."""
    text = style.plain(label)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def say(table: PolicyTable, text: str) -> None:
    """What stands below the columns, and that numbers are left out where they have no room."""
    text += "" if table.size >= style.FLOOR else "\nnumbers left out: no room"
    table.drawing.ax.set_xlabel(text, color=style.readable(table.drawing.ax), fontsize=9 * style.zoom(table.drawing.ax))


def _number(
    table: PolicyTable,
    key: tuple[Hashable, ...],
    at: tuple[float, float],
    text: str,
    fill: Any,
    options: Mapping[str, Any],
) -> None:
    if table.size >= style.FLOOR:
        look: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": table.size,
            "color": style.text_colour(fill),
            **options,
        }
        table.drawing.parts["number", *key] = table.drawing.ax.text(*at, text, **look)


def blank(table: PolicyTable, key: tuple[Hashable, ...], left: float, y: int, width: float, text: str) -> None:
    """Cells without a number: grey, hatched, and said in words."""
    look = {"facecolor": style.UNDEFINED, "hatch": "....", "edgecolor": "#8A8A8A", "linewidth": 0.4, "zorder": 2}
    patch = style.mpl("patches").Rectangle((left, y - 0.5), width, 1, **look)
    table.drawing.parts[key] = table.drawing.ax.add_patch(patch)
    if table.size >= style.FLOOR:
        box = {"boxstyle": "round,pad=0.1", "facecolor": style.PAPER, "edgecolor": "none"}
        at = (left + width / 2, y)
        words: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": table.size,
            "bbox": box,
            "color": style.INK,
        }
        table.drawing.parts["undefined text", *key[1:]] = table.drawing.ax.text(*at, text, zorder=3, **words)
