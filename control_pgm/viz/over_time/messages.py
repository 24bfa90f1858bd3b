"""The messages of exact inference as a filmstrip: backward, forward, and the posterior that they make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.control.analysis.hitting import placed_belief
from control_pgm.viz.base.checks import check_choice
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.options import artist_options
from control_pgm.viz.base.shown import shown_steps
from control_pgm.viz.base.style import KIND_COLOURS
from control_pgm.viz.over_time.filmstrip import draw_filmstrip
from control_pgm.viz.over_time.filmstrip_frames import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MESSAGE_STYLES = ("colours", "bars")
_HEADINGS = {
    "backward": r"backward $\beta_t$:  $\log\,p(\mathcal{O}_{t:T-1}=1\,|\,s_t)$",
    "forward": r"forward $\alpha_t$:  $\log\,p(s_t,\,\mathcal{O}_{0:t-1}=1)$",
    "posterior": r"posterior $\propto\alpha_t\,\beta_t$:  $p(s_t\,|\,\mathcal{O}_{0:T-1}=1)$",
}


def plot_messages(
    solution: Any,
    *,
    times: Iterable[int] | None = None,
    style: str = "colours",
    ax: Axes | None = None,
    title: str | None = None,
    **frame_options: Any,
) -> Drawing:
    """Draw the messages over time: backward log beta_t(s), forward log alpha_t(s), posterior p(s_t | O=1).

    Parameters
    ----------
    solution : Solution
        Of ``inference="posterior"``: the other types of inference pass no messages.
    times : iterable of int, optional
        The times to show, 0 … T. Default: all, or at most ten chosen evenly, the first and the last among them.
    style : {"colours", "bars"}
        Maps and columns of coloured cells, or one bar per state, as long as its share of the largest message of that
        time: exp(message − largest message).
    ax : matplotlib axes, optional
        Its area is filled; the fewer frames the narrower it is. Default: a new figure.
    title : str, optional
    **frame_options
        For the outlines of the frames (``matplotlib.patches.Rectangle``), such as ``linewidth=2``.

    Returns
    -------
    Drawing
        ``.of("frame")["backward", 0]`` is the mesh of one frame, ``.of("colour bar")["backward"]`` a row's bar; with
        bars ``.of("bar")["backward", 0, "home"]``.

    Notes
    -----
    The numbers are ``solution.log_backward``, ``.log_forward`` and ``.state_marginals``: log-probabilities in nats,
    with rewards shifted by constants c_t so that p(O_t=1|s,a) = exp((r − c_t)/alpha) ≤ 1; alpha log beta_t(s) +
    sum_{k≥t} c_k is V_t(s), which `plot_values` draws. Posterior mass that has ended lies at the state that it
    entered, where the process has them (`MDP`, ``endings``). The shift lowers whole frames, so colours show the
    difference from the largest message of the frame, which is written below it: one scale per row, clipped at the 2nd
    percentile.
    Grey and dotted: −∞. Dashed arrows: steps left out. Processes without ``positions`` are drawn as one column of
    states per time; where there are too many, the less probable ones share the row "others", which has no backward
    message: beta is no distribution.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from control_pgm import gridworld, solve
    >>> drawing = plot_messages(solve(gridworld("S.G"), 2, temperature=0.5))
    >>> drawing.of("frame")["posterior", 0].get_array().tolist()
    [[1.0, 0.0, 0.0]]
    """
    solution = shown_steps(solution, "plot_messages")
    check_choice(style, MESSAGE_STYLES, "style")
    frame_options = artist_options(plot_messages, "patches.Rectangle", frame_options)
    mdp, temperatures = solution.mdp, solution.temperatures
    backward, forward = np.asarray(solution.log_backward), np.asarray(solution.log_forward)
    posterior = placed_belief(solution)
    rows = [
        Row("backward", _HEADINGS["backward"], backward, True, "backward", KIND_COLOURS["action"], mass=False),
        Row("forward", _HEADINGS["forward"], forward, True, "forward", KIND_COLOURS["state"]),
        Row("posterior", _HEADINGS["posterior"], posterior),
    ]
    notes = ["bars: share of the largest"] if style == "bars" else ["colours relative to max"]
    notes.append("in nats")
    alpha = " … ".join(f"{a:.3g}" for a in dict.fromkeys((temperatures[0], temperatures[-1])))
    if title is None:
        title = rf"Messages given $\mathcal{{O}}=1$   ($T={solution.horizon}$, $\alpha={alpha}$)"
    look: dict[str, Any] = {"ax": ax, "title": title, "notes": notes, "options": frame_options}
    return draw_filmstrip(mdp, rows, [posterior], times=times, bars=style == "bars", **look)
