"""A policy and its reward against the temperature, for the posterior and for variational inference."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control import evaluate
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.unroll_arguments import check_horizon
from control_pgm.errors import UndefinedConditional
from control_pgm.progress import Progress
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_mdp, check_time
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.line_labels import EndLabel, label_ends, make_room, most_labels, plain_axes
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import Sheet, sheet
from control_pgm.viz.curves.sweep import chosen_temperatures, line_looks, state_index, sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TINTS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00", "#999999")
_TEXTS = {"posterior": "posterior's policy", "variational": "variational", "optimal": "optimal control"}
_LEFT, _BOTTOM, _TOP = 34.0, 30.0, 16.0  # room around a panel for numbers and words, in points
_BETWEEN = 4.0  # below a panel without numbers
_FLAT = 40.0  # points: lower panels have numbers at the smallest and the largest reward only
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
    **line_options: Any,
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
    **line_options
        For the lines of expected rewards (``matplotlib.lines.Line2D``), such as ``linewidth=3``.

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
    check_mdp(mdp, "plot_temperature")
    line_options = artist_options(plot_temperature, "lines.Line2D", line_options)
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
    frame = _Frame(page, boxes, alphas, [style.plain(action) for action in mdp.actions])
    for name, rows in policies.items():
        _bands(frame, name, rows, mdp, captions[name])
    _gains(frame, gains, line_options)
    return page.drawing


@dataclass(frozen=True, eq=False)
class _Frame:
    """Panels over temperature on a sheet; one above the other they share one axis."""

    page: Sheet
    boxes: dict[str, tuple[float, float, float, float]]
    alphas: FloatArray
    actions: list[str]

    def panel(self, name: str, caption: str, limits: tuple[float, float]) -> Axes:
        """Axes of temperature, with room for labels on the right."""
        page, first, last = self.page, self.alphas[0], self.alphas[-1]
        panel = page.panel(("panel", name), self.boxes[name])
        panel.set_xscale("log")
        wide = page.width >= _WIDE
        numbered = wide or name == "reward"
        plain_axes(panel, first, last, (r"temperature $\alpha$" if numbered else "", ""), zoom=page.zoom)
        panel.set_title(caption, color=page.ink, fontsize=9 * page.zoom, pad=4, loc="left")
        own = list(_TEXTS.values()) if name == "reward" else self.actions
        labels = own if wide else [*self.actions, *_TEXTS.values()]
        make_room(panel, first, last, labels, self.boxes[name][2])
        panel.set_ylim(*limits)
        panel.tick_params(which="both", labelsize=7 * page.zoom, labelbottom=numbered)
        numbers = min(max(int(self.boxes[name][3] / 16), 1), 6)
        panel.yaxis.set_major_locator(style.mpl("ticker").MaxNLocator(numbers, steps=[1, 2, 5, 10]))
        return panel

    def label_ends(self, name: str, panel: Axes, ends: list[EndLabel]) -> None:
        """What the lines or bands of a panel are, where they end."""
        *_, wide, high = (side * self.page.zoom for side in self.boxes[name])
        made = label_ends(panel, ends, float(self.alphas[-1]), high, wide, zoom=self.page.zoom)
        for (sort, key), artist in made.items():
            self.page.drawing.parts[sort, name, key] = artist


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
    each = (page.height - _BOTTOM + _BETWEEN) / 3  # only the lowest panel has numbers: all have the same axis
    high = max(each - _BETWEEN - _TOP, 0.3 * each)
    return {name: (_LEFT, _BOTTOM + (2 - k) * each, page.width - _LEFT, high) for k, name in enumerate(names)}


def _bands(frame: _Frame, name: str, rows: FloatArray, mdp: MDP, caption: str) -> None:
    """The probabilities of the actions stacked, each labelled where its band ends; what cannot be done is left out.

    Where there is no room for all labels the widest bands have one.
    """
    page, alphas = frame.page, frame.alphas
    actions = [a for a in range(mdp.n_actions) if rows[:, a].max() > 0]
    tops = np.cumsum(rows, axis=1)
    fitting = most_labels(frame.boxes[name][3] * page.zoom)
    if fitting < len(actions):
        caption += f"  ({fitting} of {len(actions)} labelled)"
    panel = frame.panel(name, caption, (0.0, 1.0))
    behind = style.paper(page.ax)
    for a in actions:
        look: dict[str, Any] = {"color": _TINTS[a % len(_TINTS)], "edgecolor": behind, "linewidth": 1.0}
        band = panel.fill_between(alphas, tops[:, a] - rows[:, a], tops[:, a], **look)
        page.drawing.parts["band", name, mdp.actions[a]] = band
    labelled = sorted(actions, key=lambda a: -rows[-1, a])[:fitting]
    middles = tops[-1] - rows[-1] / 2
    ends = [EndLabel(mdp.actions[a], frame.actions[a], float(middles[a]), page.ink) for a in sorted(labelled)]
    frame.label_ends(name, panel, ends)


def _gains(frame: _Frame, gains: dict[str, FloatArray], options: dict[str, Any]) -> None:
    """Expected rewards under the true dynamics."""
    looks = line_looks(frame.page.ax)
    seen = np.concatenate(list(gains.values()))
    seen = seen[np.isfinite(seen)] if np.isfinite(seen).any() else np.zeros(1)
    pad = 0.06 * (float(np.ptp(seen)) or 1.0)
    limits = (float(seen.min()) - pad, float(seen.max()) + pad)
    panel = frame.panel("reward", "expected reward", limits)
    if frame.boxes["reward"][3] < _FLAT:
        extremes = sorted({float(seen.min()), float(seen.max())})
        panel.set_yticks(extremes, [_short(x) for x in extremes])
    for key, y in gains.items():
        (frame.page.drawing.parts["line", key],) = panel.plot(frame.alphas, y, **{**looks[key], **options})
    ends = [EndLabel(key, _TEXTS[key], float(max(y[-1], limits[0])), looks[key]["color"]) for key, y in gains.items()]
    frame.label_ends("reward", panel, ends)


def _short(x: float) -> str:
    """A number with two digits, all those before the point where there are three to five.

    >>> _short(-116.3), _short(0.5772)
    ('−116', '0.58')
    """
    return (f"{x:.0f}" if 100 <= abs(x) < 1e5 else f"{x:.2g}").replace("-", "−")
