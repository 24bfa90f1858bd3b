"""Several solutions of a process that is no grid side by side: heat maps with one row per state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.analysis.evaluation import policy_values
from control_pgm.display.text import probability, shortened
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.viz.base import style as looks
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.sheet import BAR, BAR_GAP, BAR_TICKS, Sheet, letters, sheet
from control_pgm.viz.base.shown import Shown
from control_pgm.viz.base.state_rows import row_labels
from control_pgm.viz.policies.colours import decimals_for, probability_colours, value, value_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_STATES = 24
_TITLE, _NAMES, _BETWEEN, _NOTE = 16.0, 30.0, 12.0, 14.0  # points
_LETTERS = 14  # of an action


def compare_tables(
    solutions: Mapping[str, Shown],
    what: str,
    t: int,
    ax: Axes | None,
    heading: str,
    meanings: Mapping[str, str],
    options: Mapping[str, Any],
) -> Drawing:
    """Heat maps side by side: states × actions, or states × one column of values; ``meanings`` of the colours."""
    mdp = next(iter(solutions.values())).mdp
    tables = {name: _table(solution, what, t) for name, solution in solutions.items()}
    rows = _rows(tables, mdp.n_states)
    names = [row_labels(mdp)[k] for k in rows]
    actions = [shortened(looks.plain(a), _LETTERS) for a in mdp.actions] if what == "policy" else []
    n, across = len(tables), next(iter(tables.values())).shape[1]
    page = sheet(ax, (min(n * (0.5 * across + 0.3) + 2.4, 13.0), min(0.26 * len(rows) + 1.4, 8.0)), heading)
    bottom = max(_NAMES, letters(max(actions, key=len), 7) + 6) if actions else 6.0
    height = max(page.height - (2 if page.width < 300 else 1) * _TITLE - bottom - _NOTE, 0.3 * page.height)
    size = min(8.0, 0.8 * height / len(rows), 0.3 * page.width / max(letters(name, 1.0) for name in names))
    labels = max(letters(name, size) for name in names) + 6
    wide = (page.width - labels - (n - 1) * _BETWEEN - BAR_GAP - BAR - BAR_TICKS - 10) / n
    every = np.stack([table[rows] for table in tables.values()])
    numbers = min(0.6 * height / len(rows), 0.4 * wide / across, 8.0)
    colours = probability_colours() if what == "policy" else value_colours(every)
    decimals = decimals_for(every)
    for k, (name, table) in enumerate(tables.items()):
        box = (labels + k * (wide + _BETWEEN), bottom + _NOTE, wide, height)
        panel: Any = page.panel(("panel", name), box)
        body = np.ma.masked_invalid(table[rows])
        look: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm, "aspect": "auto", "interpolation": "none"}
        page.drawing.parts["heat map", name] = panel.imshow(body, **look)
        panel.set_facecolor(looks.UNDEFINED)
        _heading(page, panel, looks.plain(name), wide)
        panel.set_yticks(range(len(rows)), names if k == 0 else [""] * len(rows), fontsize=size * page.zoom)
        panel.tick_params(length=0)
        _actions(page, panel, actions, wide)
        if numbers >= page.floor:
            possible = mdp.available[rows] if what == "policy" else None
            _write(
                page,
                panel,
                name,
                table[rows],
                colours,
                decimals,
                possible,
                {"fontsize": numbers * page.zoom, **options},
            )
    page.bar(("colour bar",), (page.width - BAR - BAR_TICKS - 10, bottom + _NOTE, BAR, height), colours)
    meaning = meanings[what]
    page.drawing.parts["colour bar",].set_label(meaning, color=page.ink, fontsize=8 * page.zoom)
    missing = what == "policy" and numbers >= page.floor and not mdp.available[rows].all()
    _note(page, mdp.n_states - len(rows), bool((~np.isfinite(every)).any()), missing, numbers < page.floor)
    return page.drawing


def _table(solution: Shown, what: str, t: int) -> FloatArray:
    """What is compared, one row per state."""
    if what == "policy":
        return np.array(solution.policy[t])
    earned = what == "earned"
    values = policy_values(solution.mdp, solution.policy) if earned else np.asarray(solution.V)
    return np.asarray(values[t][:, None])


def _rows(tables: Mapping[str, FloatArray], n: int) -> list[int]:
    """The states drawn: of many, those in which the solutions differ most."""
    if n <= _MOST_STATES:
        return list(range(n))
    every = np.nan_to_num(np.stack(list(tables.values())), neginf=0.0)
    apart = np.ptp(every, axis=0).max(axis=1)
    return sorted(int(k) for k in np.argsort(-apart, kind="stable")[:_MOST_STATES])


def _heading(page: Sheet, panel: Any, name: str, wide: float) -> None:
    """The name above its column, slanted where it would be too small."""
    fits = min(9.0, wide / letters(name, 1.0))
    look: dict[str, Any] = {"color": page.ink, "fontsize": fits * page.zoom, "va": "bottom", "ha": "center"}
    x = 0.5
    if fits < 6.5:
        look |= {"fontsize": 6.5 * page.zoom, "ha": "left", "rotation": 28, "rotation_mode": "anchor"}
        x = 0.1
    page.drawing.parts["name", name] = panel.text(x, 1.02, name, transform=panel.transAxes, **look)


def _actions(page: Sheet, panel: Any, names: list[str], wide: float) -> None:
    """The actions below the columns; upright where they would touch, and smaller where they still would."""
    each = wide / max(len(names), 1)
    upright = bool(names) and letters(max(names, key=len), 7) + 2 > each
    size = min(7.0, 0.85 * each) if upright else 7.0
    panel.set_xticks(range(len(names)), names, fontsize=size * page.zoom, rotation=90 if upright else 0)


def _write(
    page: Sheet,
    panel: Any,
    name: str,
    table: FloatArray,
    colours: Any,
    decimals: int,
    possible: BoolArray | None,
    options: Mapping[str, Any],
) -> None:
    """The numbers of one heat map; of a policy ``possible`` marks the available actions."""
    for (y, x), number in np.ndenumerate(table):
        lost = not np.isfinite(number)
        if possible is None:
            text = "–" if np.isnan(number) else "−∞" if lost else value(float(number), decimals)
        else:
            text = "–" if lost or not possible[y, x] else probability(float(number))
        fill = looks.UNDEFINED if lost else colours.to_rgba(number)
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": looks.text_colour(fill), **options}
        page.drawing.parts["number", name, y, x] = panel.text(x, y, text, **look)


def _note(page: Sheet, hidden: int, lost: bool, missing: bool, unwritten: bool) -> None:
    said = [f"{hidden} states in which they differ least left out"] if hidden else []
    said += ["grey: optimality is impossible from there"] if lost else []
    said += ["–: not available"] if missing else []
    said += ["numbers left out: no room"] if unwritten else []
    if said:
        look: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 7.0}
        page.text(("note",), (page.width, 1.0), "  ·  ".join(said), **look)
