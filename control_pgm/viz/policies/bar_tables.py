"""Policies of processes that are no grids, as bars: one per state and action, or one for the most probable action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.display.text import probability
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.sheet import letters
from control_pgm.viz.policies.glyphs import certainty
from control_pgm.viz.policies.table import PolicyTable, blank, empty_table, say, set_columns, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_IMPOSSIBLE = "undefined: optimality impossible"
_LONGEST = 0.62  # of a bar, in columns; its number stands to the right


def bar_table(policy: FloatArray, mdp: MDP, *, ax: Axes | None, title: str, text_options: Mapping[str, Any]) -> Drawing:
    """States × actions: a bar as long as the action is probable, and its number."""
    table = empty_table(mdp.states, mdp.n_actions, ax, title, wide=1.1)
    set_columns(table, [short(action) for action in mdp.actions])
    say(table, "action" if mdp.available.all() else "action    (–: not available)")
    for y, k in enumerate(table.shown):
        if k is None:
            continue
        if np.isnan(policy[k]).any():
            blank(table, ("undefined", mdp.states[k]), -0.5, y, mdp.n_actions, _IMPOSSIBLE)
            continue
        for a, p in enumerate(policy[k]):
            key = (mdp.states[k], mdp.actions[a])
            text = probability(float(p)) if mdp.available[k, a] else "–"
            _bar(table, key, (a, y), float(p) * _LONGEST, text, text_options)
    return table.drawing


def mode_table(
    policy: FloatArray, mdp: MDP, *, ax: Axes | None, title: str, text_options: Mapping[str, Any]
) -> Drawing:
    """Per state the most probable action, and a bar as long as it is certain."""
    table = empty_table(mdp.states, 1, ax, title, wide=3.6)
    table.drawing.ax.set_xticks([-0.46, -0.46 + _LONGEST], ["0 %", "100 %"])
    say(table, "certainty of the most probable action")
    widest = 0.5
    for y, k in enumerate(table.shown):
        if k is None:
            continue
        if np.isnan(policy[k]).any():
            blank(table, ("undefined", mdp.states[k]), -0.5, y, 1, _IMPOSSIBLE)
            continue
        best, certain = int(np.argmax(policy[k])), certainty(policy[k], int(mdp.available[k].sum()))
        text = f"{short(mdp.actions[best])}, {100 * certain:.0f} %"
        _bar(table, (mdp.states[k], mdp.actions[best]), (0, y), certain * _LONGEST, text, text_options)
        widest = max(widest, _right_end(table, certain * _LONGEST, text))
    table.drawing.ax.set_xlim(-0.5, widest)
    return table.drawing


def _right_end(table: PolicyTable, length: float, text: str) -> float:
    """How far the only column must reach for a bar and the text beside it."""
    names = letters(max((short(state) for state in table.states), key=len), 8.0)
    inside = 72 * style.width_inches(table.drawing.ax)
    points = max(min(inside, 1.25 * inside - names - 40), 0.4 * inside)  # names may take some of the axes
    share = min(letters(text, table.size) / points, 0.7)
    return (length + 0.1) / (1 - share) - 0.5


def _bar(
    table: PolicyTable, key: tuple[Any, ...], at: tuple[int, int], length: float, text: str, options: Mapping[str, Any]
) -> None:
    """A bar from the left edge of a cell, and its text beside the longest possible one."""
    (x, y), ax = at, table.drawing.ax
    left = x - 0.46
    look: dict[str, Any] = {"facecolor": style.palette(ax)["action"], "edgecolor": "none", "zorder": 2}
    patch = style.mpl("patches").Rectangle((left, y - 0.28), length, 0.56, **look)
    table.drawing.parts["bar", *key] = ax.add_patch(patch)
    if table.size >= style.FLOOR:
        words = {
            "ha": "left",
            "va": "center",
            "fontsize": table.size,
            "color": style.text_colour(style.paper(ax)),
            **options,
        }
        table.drawing.parts["number", *key] = ax.text(left + length + 0.02, y, text, **words)
