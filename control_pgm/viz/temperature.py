"""How a policy and its reward change with the temperature, for the posterior and for variational inference."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control import evaluate
from control_pgm.control.mdp import MDP
from control_pgm.control.network import check_horizon
from control_pgm.errors import InvalidArgument, UndefinedConditional
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz import style
from control_pgm.viz.checks import check_time
from control_pgm.viz.drawing import Drawing
from control_pgm.viz.line_labels import EndLabel, label_ends, make_room, plain_axes
from control_pgm.viz.optimism import BELIEVED, FIXED
from control_pgm.viz.sheet import Sheet, sheet
from control_pgm.viz.sweep import Progress, chosen_temperatures, state_index, sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TINTS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
_TEXTS = {"posterior": "posterior's policy", "variational": "variational", "optimal": "optimal control"}
_LEFT, _BOTTOM, _TOP = 34.0, 30.0, 16.0  # room around a panel for numbers and words, in points
_NUMBERS = 18.0  # below a panel without words
_WIDE = 430.0  # points from which on the panels stand side by side


def plot_temperature(
    mdp: MDP,
    horizon: int,
    *,
    temperatures: Iterable[float] | None = None,
    state: Hashable = None,
    t: int = 0,
    ax: Axes | None = None,
    title: str | None = None,
    progress: Progress | None = None,
) -> Drawing:
    """Draw p(a | s) at one state and step, and the expected reward in the true world, over the temperature.

    Parameters
    ----------
    mdp : MDP
    horizon : int
    temperatures : iterable of float, optional
        alpha, in units of reward. Default: 24 between 1/200 and 2 ranges of the rewards.
    state : label, optional
        Default: the most probable first state.
    t : int
        The step, 0 … T−1.
    ax : matplotlib axes, optional
        Its area is filled, with panels side by side or, where it is narrow, one above the other. Default: a new figure.
    title : str, optional
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Drawing
        ``.of("band")["posterior", "left"]``: the probability of an action, stacked; ``.of("line")["posterior"]``,
        ``["variational"]`` and ``["optimal"]``: expected rewards; ``.of("panel")``: the axes.

    Raises
    ------
    UndefinedConditional
        If optimality is impossible from the state, or from one that is reached in the true world.
    UnknownName
        If the state does not exist.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld
    >>> drawing = plot_temperature(gridworld("S.G", slip=0.4), 3, temperatures=[0.05, 1.0])
    >>> round(float(drawing.of("line")["optimal"].get_ydata()[0]), 3)
    0.648
    """
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"plot_temperature draws no {type(mdp).__name__}", allowed="an MDP")
    alphas = chosen_temperatures(mdp, temperatures)
    check_time(t, check_horizon(mdp, horizon) - 1)
    s = int(mdp.initial.argmax()) if state is None else state_index(mdp, state)
    if ax is not None:
        style.check_axes(ax)
    solved, optimum = sweep(mdp, horizon, alphas, progress)
    policies = {name: np.array([np.asarray(one.policy)[t, s] for one in many]) for name, many in solved.items()}
    for name, rows in policies.items():
        if np.isnan(rows).any():
            raise UndefinedConditional(
                f"inference={name!r} has no policy at t={t}, s={mdp.states[s]!r}: optimality is impossible from there"
            )
    gains = {n: np.array([evaluate(mdp, one.policy).expected_reward for one in many]) for n, many in solved.items()}
    gains["optimal"] = np.full(len(alphas), evaluate(mdp, optimum.policy).expected_reward)
    where = f"$s_{{{t}}}$ = {style.plain(mdp.states[s])}"
    page = sheet(ax, (11.0, 3.6), f"Temperature, at {where}" if title is None else title)
    boxes = _boxes(page)
    captions = {"posterior": r"posterior  $p(a\,|\,s,\,\mathcal{O}=1)$", "variational": r"variational  $q(a\,|\,s)$"}
    for name, rows in policies.items():
        _bands(page, name, boxes[name], alphas, rows, mdp, captions[name])
    _gains(page, boxes["reward"], alphas, gains)
    return page.drawing


def _boxes(page: Sheet) -> dict[str, tuple[float, float, float, float]]:
    names = ("posterior", "variational", "reward")
    if page.width >= _WIDE:
        room, high = page.width - 3 * _LEFT, max(page.height - _BOTTOM - _TOP, 0.3 * page.height)
        wide = 0.3 * room  # the last panel has the longest labels
        lefts = [_LEFT + k * (wide + _LEFT) for k in range(3)]
        return {
            name: (left, _BOTTOM, room - 2 * wide if name == "reward" else wide, high)
            for name, left in zip(names, lefts, strict=True)
        }
    spare = _BOTTOM - _NUMBERS  # only the lowest panel says what the axis is
    each = (page.height - spare) / 3
    high = max(each - _NUMBERS - _TOP, 0.3 * each)
    return {name: (_LEFT, spare + (2 - k) * each + _NUMBERS, page.width - _LEFT, high) for k, name in enumerate(names)}


def _panel(
    page: Sheet,
    name: str,
    box: tuple[float, float, float, float],
    alphas: FloatArray,
    words: tuple[str, str],
    limits: tuple[float, float],
    labels: list[str],
) -> Axes:
    """Axes of temperature, with room for labels on the right."""
    panel = page.panel(("panel", name), box)
    panel.set_xscale("log")
    plain_axes(
        panel, alphas[0], alphas[-1], (r"temperature $\alpha$" if name == "reward" or page.width >= _WIDE else "", "")
    )
    panel.set_title(words[0], color=page.ink, fontsize=9 * page.zoom, pad=4, loc="left")
    make_room(panel, alphas[0], alphas[-1], labels, box[2])
    panel.set_ylim(*limits)
    panel.tick_params(which="both", labelsize=7)
    return panel


def _bands(
    page: Sheet,
    name: str,
    box: tuple[float, float, float, float],
    alphas: FloatArray,
    rows: FloatArray,
    mdp: MDP,
    caption: str,
) -> None:
    """The probabilities of the actions stacked, each labelled where its band ends; what cannot be done is left out."""
    actions = [a for a in range(mdp.n_actions) if rows[:, a].max() > 0]
    tops = np.cumsum(rows, axis=1)
    texts = {a: style.plain(mdp.actions[a]) for a in actions}
    panel = _panel(page, name, box, alphas, (caption, ""), (0.0, 1.0), list(texts.values()))
    behind = style.paper(page.ax)
    for a in actions:
        look: dict[str, Any] = {"color": _TINTS[a % len(_TINTS)], "edgecolor": behind, "linewidth": 1.0}
        band = panel.fill_between(alphas, tops[:, a] - rows[:, a], tops[:, a], **look)
        page.drawing.parts["band", name, mdp.actions[a]] = band
    ends = [EndLabel(mdp.actions[a], texts[a], float(tops[-1, a] - rows[-1, a] / 2), page.ink) for a in actions]
    for (sort, key), artist in label_ends(panel, ends, float(alphas[-1]), box[3], box[2]).items():
        page.drawing.parts[sort, name, key] = artist


def _gains(
    page: Sheet, box: tuple[float, float, float, float], alphas: FloatArray, gains: dict[str, FloatArray]
) -> None:
    """Expected rewards under the true dynamics."""
    behind = style.paper(page.ax)
    orange, blue, note = (style.legible(c, behind) for c in (BELIEVED, FIXED, style.NOTE))
    looks: dict[str, dict[str, Any]] = {
        "posterior": {"color": orange, "linewidth": 2.0, "linestyle": (0, (4, 2))},
        "variational": {"color": blue, "linewidth": 2.0},
        "optimal": {"color": note, "linewidth": 1.3, "linestyle": (0, (1, 2))},
    }
    seen = np.concatenate(list(gains.values()))
    seen = seen[np.isfinite(seen)] if np.isfinite(seen).any() else np.zeros(1)
    pad = 0.06 * (float(np.ptp(seen)) or 1.0)
    limits = (float(seen.min()) - pad, float(seen.max()) + pad)
    panel = _panel(page, "reward", box, alphas, ("expected reward", ""), limits, list(_TEXTS.values()))
    for key, y in gains.items():
        (page.drawing.parts["line", key],) = panel.plot(alphas, y, **looks[key])
    ends = [EndLabel(key, _TEXTS[key], float(max(y[-1], limits[0])), looks[key]["color"]) for key, y in gains.items()]
    for (sort, key), artist in label_ends(panel, ends, float(alphas[-1]), box[3], box[2]).items():
        page.drawing.parts[sort, "reward", key] = artist
