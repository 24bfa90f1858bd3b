"""Optimism: the belief of the posterior, the outcome of its policy, and the optimum, over the temperature."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from control_pgm.control.analysis.hitting import believed, happens
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.progress import Progress
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.checks import check_mdp
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.line_labels import EndLabel, label_ends, make_room, plain_axes
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import letters
from control_pgm.viz.curves.paid_ends import with_paid_ends
from control_pgm.viz.curves.sweep import chosen_event, chosen_temperatures, line_looks, sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXTS = {
    "believes": "posterior belief\n(tilted dynamics)",
    "gets": "posterior's policy\n(true dynamics)",
    "variational": "variational\n(true dynamics)",
    "optimal": "optimal control",
}
_LOOKS = {"believes": "belief", "gets": "posterior"}
_GAP = "optimism gap"


def plot_optimism(
    mdp: MDP,
    horizon: int,
    *,
    temperatures: Iterable[float] | None = None,
    event: Iterable[Hashable] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    progress: Progress | None = None,
    **line_options: Any,
) -> Drawing:
    """Draw P(event within T steps) over 1/alpha: as the posterior believes, and as policies get it in the true world.

    Parameters
    ----------
    mdp : MDP
    horizon : int
    temperatures : iterable of float, optional
        alpha, in units of reward. Default: 24 between 1/200 and 2 ranges of the rewards.
    event : iterable of state labels, optional
        The states to reach. Default: the goals, absorbing states that pay more than the usual step.
    ax : matplotlib axes, optional
        Default: a new figure.
    title : str, optional
    progress : callable, optional
        Called with (done, total, what).
    **line_options
        For the lines (``matplotlib.lines.Line2D``), such as ``linewidth=3``.

    Returns
    -------
    Drawing
        ``.of("line")["believes"]``, ``["gets"]``, ``["variational"]``, ``["optimal"]``; ``.of("label")`` likewise.

    Raises
    ------
    InvalidArgument
        On temperatures that are no positive numbers, and on a process without a goal if no ``event`` is given.
    UnknownName
        If ``event`` names a state that does not exist.

    Notes
    -----
    The posterior conditions the dynamics on optimality, too (Levine 2018, section 2.3): its belief is no forecast of
    what its policy achieves, at any temperature. The area between both is shaded where the belief is higher, the
    optimism gap, and hatched where it is lower, as it can be for events that pay little. Under deterministic dynamics
    there is no gap.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld
    >>> drawing = plot_optimism(gridworld("S.G", slip=0.4), 3, temperatures=[0.05, 1.0])
    >>> [round(float(line.get_ydata()[-1]), 2) for line in drawing.of("line").values()]
    [1.0, 0.33, 0.64, 0.65]
    """
    check_mdp(mdp, "plot_optimism")
    line_options = artist_options(plot_optimism, "lines.Line2D", line_options)
    alphas = chosen_temperatures(mdp, temperatures)
    mdp = with_paid_ends(mdp) if event is None else mdp
    states, name = chosen_event(mdp, event)
    if ax is not None:
        style.check_axes(ax)
    solved, optimum = sweep(mdp, horizon, alphas, progress)
    eta = 1 / alphas[::-1]
    lines = {
        "believes": np.array(
            [believed(cast(PosteriorSolution, solution), states) for solution in solved["posterior"][::-1]]
        ),
        "gets": np.array([happens(mdp, s.policy, states) for s in solved["posterior"][::-1]]),
        "variational": np.array([happens(mdp, s.policy, states) for s in solved["variational"][::-1]]),
        "optimal": np.full(len(eta), happens(mdp, optimum.policy, states)),
    }
    heading = "Belief and reality over the temperature" if title is None else title
    return _draw(eta, lines, f"P({style.plain(name)} within {horizon} steps)", heading, ax, line_options)


def _draw(
    eta: FloatArray, lines: dict[str, FloatArray], what: str, heading: str, ax: Axes | None, options: dict[str, Any]
) -> Drawing:
    ax = style.axes_or_new(ax, (7.0, 4.2))
    width, height = (72 * side for side in style.inches(ax))
    drawing = Drawing(ax, {("title",): style.title(ax, heading)})
    ax.set_xscale("log")
    zoom = style.zoom(ax)
    plain_axes(ax, eta[0], eta[-1], (r"inverse temperature  $\eta=1/\alpha$", what), zoom=zoom)
    make_room(ax, eta[0], eta[-1], list(_TEXTS.values()), width, zoom=zoom)
    ax.set_ylim(-0.02, 1.03)
    known = line_looks(ax)
    looks = {key: known[_LOOKS.get(key, key)] for key in lines}
    orange = known["belief"]["color"]
    gets, believes = lines["gets"], lines["believes"]
    look: dict[str, Any] = {"color": orange, "linewidth": 0, "interpolate": True}
    drawing.parts["gap",] = ax.fill_between(eta, gets, believes, where=believes >= gets, alpha=0.12, **look)
    if (believes < gets - 1e-9).any():
        look |= {"facecolor": "none", "edgecolor": orange, "hatch": "//"}
        drawing.parts["reverse gap",] = ax.fill_between(eta, gets, believes, where=believes <= gets, alpha=0.5, **look)
    for k, (key, y) in enumerate(lines.items()):
        (drawing.parts["line", key],) = ax.plot(eta, y, **{"zorder": 3 + k / 10, **looks[key], **options})
    # From bottom to top where lines end together.
    order = ("gets", "variational", "optimal", "believes")
    ends = [EndLabel(key, _TEXTS[key], float(lines[key][-1]), looks[key]["color"]) for key in order]
    made = label_ends(ax, ends, float(eta[-1]), height, width, zoom=zoom)
    drawing.parts.update(made)
    share = np.log(eta[-1] / eta[0]) / np.log(ax.get_xlim()[1] / ax.get_xlim()[0])
    broken = _GAP.replace(" ", "\n")
    for text, size in ((_GAP, 9.0 * zoom), (broken, 8.0 * zoom), (broken, max(6.5 * zoom, style.FLOOR))):
        place = _free_place(np.log(eta), lines, letters(text, size) / max(width * share, 1.0))
        if place is not None and place[2] * height > 1.6 * size * (text.count("\n") + 1):
            look = {"ha": "center", "va": "center", "style": "italic", "linespacing": 1.0, "zorder": 5}
            at = (float(np.exp(place[0])), place[1])
            drawing.parts["gap label",] = ax.text(*at, text, color=orange, fontsize=size, **look)
            break
    return drawing


def _free_place(x: FloatArray, lines: dict[str, FloatArray], share: float) -> tuple[float, float, float] | None:
    """The middle (x, y) and the height of the highest place in the gap, ``share`` of x wide, that no line crosses."""
    fine = np.linspace(x[0], x[-1], 200)
    curves = {key: np.interp(fine, x, y) for key, y in lines.items()}
    half = int(np.ceil(share * len(fine) / 2))
    best = None
    for k in range(half, len(fine) - half):
        window = {key: y[k - half : k + half + 1] for key, y in curves.items()}
        top, bottom = float(window["believes"].min()), float(window["gets"].max())
        blocks = sorted((float(window[key].min()), float(window[key].max())) for key in ("variational", "optimal"))
        for low, high in [*blocks, (top, top)]:
            if (best is None or min(low, top) - bottom > best[2] + 1e-9) and min(low, top) > bottom:
                best = (float(fine[k]), (bottom + min(low, top)) / 2, min(low, top) - bottom)
            bottom = max(bottom, high)
    return best
