"""Belief beside reality: where the posterior expects to be, and where its policy ends up in the true world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.analysis.hitting import belief_and_reality
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.sheet import BAR, BAR_GAP, BAR_TICKS, letters, sheet
from control_pgm.viz.base.shown import shown_steps
from control_pgm.viz.base.state_rows import OTHERS, left_out, most_probable, others, row_labels
from control_pgm.viz.policies.colours import probability_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST, _LOWEST = 30, 8.5  # rows drawn; the lowest of a row in points
_TOP, _BOTTOM, _BETWEEN = 17.0, 32.0, 12.0  # room for the panels' titles, for the times, between the panels


def plot_marginals(solution: Any, *, ax: Axes | None = None, title: str | None = None, **image_options: Any) -> Drawing:
    """Draw the belief p(s_t | O=1) beside the reality p(s_t | pi) of the same policy under the true dynamics.

    Parameters
    ----------
    solution : Solution
    ax : matplotlib axes, optional
        Its area is filled. Default: a new figure.
    title : str, optional
    **image_options
        For the heat maps (``matplotlib.axes.Axes.imshow``), such as ``alpha=0.8``.

    Returns
    -------
    Drawing
        ``.of("heat map")["belief"]`` and ``["reality"]``, arrays [state, t]; ``.parts["colour bar",]``, shared.

    Raises
    ------
    UndefinedConditional
        If, in the true world, a state is reached from which optimality is impossible, where there is no policy.

    Notes
    -----
    Of many states those have a row that are ever the most probable, all others share the last row, "others". ★: goal,
    ×: hole, ■: an absorbing state that is neither. Mass that has ended an episode of an environment lies at the cell
    that it entered. Under the true dynamics the columns of a discounted process sum to less than one: the rest has
    ended.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> drawing = plot_marginals(solve(gridworld("S.G", slip=0.2), 3, temperature=0.2))
    >>> [round(float(image.get_array()[2, 3]), 3) for image in drawing.of("heat map").values()]
    [0.96, 0.577]
    """
    solution = shown_steps(solution, "plot_marginals")
    image_options = artist_options(plot_marginals, "image.AxesImage", image_options)
    mdp = solution.mdp
    belief, reality = belief_and_reality(solution)
    n = min(mdp.n_states, _MOST)
    heading = "Belief beside reality" if title is None else title
    page = sheet(ax, (8.0, min((n * 15 + _TOP + _BOTTOM) / 72 + 0.5, 7.5)), heading)
    narrow = page.width < 400  # then the panels' titles take two lines
    height = max(page.height - (2 if narrow else 1) * _TOP - _BOTTOM, 0.3 * page.height)
    fitting = max(min(_MOST, int(height / _LOWEST)), 2)
    rows = most_probable(fitting - (fitting < mdp.n_states), belief, reality)
    names = [row_labels(mdp)[k] for k in rows]
    hidden = left_out(rows, belief, reality, shared=True)
    if hidden:
        names.append(f"{OTHERS} ({mdp.n_states - len(rows)})")
    size = min(8.0, 0.8 * height / len(names), 0.35 * page.width / max(letters(name, 1.0) for name in names))
    labels = max(letters(name, size) for name in names) + 6
    width = (page.width - labels - _BETWEEN - BAR_GAP - BAR - BAR_TICKS) / 2
    colours = probability_colours()
    given = r"p(s_t\,|\,\mathcal{O}=1)" if solution.inference == "posterior" else r"q(s_t)"
    panels = {"belief": (belief, rf"belief  ${given}$"), "reality": (reality, r"reality  $p(s_t\,|\,\pi)$")}
    for k, (what, (marginal, caption)) in enumerate(panels.items()):
        panel = page.panel(("panel", what), (labels + k * (width + _BETWEEN), _BOTTOM, width, height))
        body = np.column_stack([marginal[:, rows], *([others(rows, marginal)] if hidden else [])]).T
        look: dict[str, Any] = {"cmap": colours.cmap, "norm": colours.norm, "aspect": "auto", "interpolation": "none"}
        page.drawing.parts["heat map", what] = panel.imshow(body, **look | image_options)
        panel.set_facecolor(style.paper(page.ax))
        words = caption.replace("  $", "\n$") if narrow else caption
        panel.set_title(words, color=page.ink, fontsize=9 * page.zoom, pad=4)
        panel.set_yticks(range(len(names)), names if k == 0 else [""] * len(names), fontsize=size * page.zoom)
        panel.tick_params(axis="y", length=0 if k else 2, pad=2)
        panel.xaxis.set_major_locator(style.mpl("ticker").MaxNLocator(max(int(width / 22), 2), integer=True))
        panel.set_xlabel("$t$", color=page.ink, fontsize=8 * page.zoom, labelpad=1)
    box = (labels + 2 * width + _BETWEEN + BAR_GAP, _BOTTOM, BAR, height)
    page.bar(("colour bar",), box, colours, ticks=[0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0])
    if hidden:
        small = min(7.0, page.width / letters(hidden, 1.0))
        page.text(("left out",), (page.width, 1.0), hidden, ha="right", va="bottom", fontsize=small)
    return page.drawing
