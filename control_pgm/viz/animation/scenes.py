"""Pictures that change step by step: a filmstrip that fills message by message, a cluster tree that passes them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from control_pgm.control.solutions.solution import Solution
from control_pgm.display import number
from control_pgm.display.text import probability, shortened
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.results import Message
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.graphs.clusters import plot_clusters
from control_pgm.viz.graphs.node_bars import pooled
from control_pgm.viz.over_time.messages import plot_messages

_NOW = style.KIND_COLOURS["action"]
_SENT = style.KIND_COLOURS["state"]
_MOST_BARS = 16
_MARKED = 2.6  # points: the outline of what is new
_SIDE = 0.1  # how far beside an edge the arrow of a message lies


@dataclass(frozen=True, eq=False)
class Changes:
    """The artists that a step changes: those that look so from now on, and those that look so in this frame only."""

    kept: Sequence[Any] = ()
    passing: Sequence[Any] = ()


@dataclass(frozen=True)
class SceneStep:
    """One frame: what is said, and what changes on the picture."""

    caption: str
    show: Callable[[], Changes]


@dataclass(frozen=True, eq=False)
class AnimationScene:
    """A picture and the steps that it goes through; ``passing`` are artists that may differ in every frame."""

    drawing: Drawing
    steps: tuple[SceneStep, ...]
    passing: tuple[Any, ...] = ()


def film_scene(solution: Solution, times: Iterable[int] | None) -> AnimationScene:
    """The filmstrip of a solution: backward messages from the end, forward ones from the start, then their product."""
    drawing = plot_messages(solution, times=times)
    shown = sorted(drawing.of("time"))
    groups = {(row, t): _parts_of(drawing, row, t) for row in ("backward", "forward", "posterior") for t in shown}
    for row, before in (("backward", shown), ("forward", shown)):
        for t, later in pairwise(before):
            groups[row, t if row == "backward" else later].append(drawing.parts["arrow", row, t])
    for artists in groups.values():
        for artist in artists:
            artist.set_visible(False)
    steps = [SceneStep("nothing sent yet", _nothing)]
    words = {"backward": r"backward message $\beta_{{{t}}}$", "forward": r"forward message $\alpha_{{{t}}}$"}
    order = [("backward", t) for t in reversed(shown)] + [("forward", t) for t in shown]
    order += [("posterior", t) for t in shown]
    last: list[Any] = []
    for row, t in order:
        caption = words.get(row, r"posterior of $s_{{{t}}}$: $\alpha_{{{t}}}\,\beta_{{{t}}}$, normalised").format(t=t)
        steps.append(SceneStep(caption, partial(_reveal, groups[row, t], drawing.parts["outline", row, t], last)))
    return AnimationScene(drawing, tuple(steps))


def _parts_of(drawing: Drawing, row: str, t: int) -> list[Any]:
    """All artists of one frame but its outline and its walls."""
    kept = ("outline", "wall", "arrow", "time", "heading", "colour bar", "state")
    return [artist for key, artist in drawing.parts.items() if key[0] not in kept and key[1:3] == (row, t)]


def _nothing() -> Changes:
    """The first frame shows the picture as it is."""
    return Changes()


def _reveal(artists: list[Any], outline: Any, last: list[Any]) -> Changes:
    """Show a frame and mark its outline; the one marked before gets its own look back."""
    unmarked = [old for old, _, _ in last]
    for old, colour, width in last:
        old.set_edgecolor(colour)
        old.set_linewidth(width)
    last[:] = [(outline, outline.get_edgecolor(), outline.get_linewidth())]
    for artist in artists:
        artist.set_visible(True)
    outline.set_edgecolor(_NOW)
    outline.set_linewidth(_MARKED)
    return Changes([*artists, *unmarked], [outline])


def tree_scene(posterior: TreePosterior, max_clusters: int | None) -> AnimationScene:
    """The cluster tree of a posterior: every message of the drawn clusters in the order in which they are sent."""
    room = {"height_ratios": (3, 1.3), "hspace": 0.3, "left": 0.04, "right": 0.96, "top": 0.92, "bottom": 0.09}
    _, (ax, below) = style.pyplot().subplots(2, 1, figsize=(11.0, 5.0), gridspec_kw=room)
    drawing = plot_clusters(posterior, ax=ax, max_clusters=max_clusters)
    _blank(below)
    steps = [SceneStep("no message sent yet", _nothing)]
    last: list[Any] = []
    edges = drawing.of("edge")
    names = {name for pair in edges for name in pair}
    for message in posterior.messages if len(names) == len(posterior.plan.tree.order) else _sent(posterior, edges):
        if (message.source, message.target) in edges or (message.target, message.source) in edges:
            said = f"{'collect' if message.upward else 'distribute'}: {message.source} → {message.target}"
            steps.append(SceneStep(style.plain(said), partial(_send, drawing, below, message, last)))
    return AnimationScene(drawing, tuple(steps), (below,))


def _sent(posterior: TreePosterior, edges: Iterable[tuple[str, str]]) -> list[Message]:
    """The messages along some edges, collected and distributed, without making all others."""
    position, index = posterior.plan.tree.position, posterior.plan.problem.index
    upward = sorted(edges, key=lambda edge: position[index[edge[0]]])
    there = [posterior.message(child, parent) for child, parent in upward]
    return there + [posterior.message(parent, child) for child, parent in reversed(upward)]


def _send(drawing: Drawing, below: Any, message: Message, last: list[Any]) -> Changes:
    """An arrow beside the edge's separator, orange while it is new, and the numbers of the message as bars."""
    sent = list(last)
    for old in sent:
        old.set_color(_SENT)
        old.set_linewidth(1.3)
    pair = (message.source, message.target)
    line = drawing.parts["edge", *(pair if message.upward else pair[::-1])]
    xs, ys = (np.asarray(data, dtype=float) for data in line.get_data())
    child, parent = np.array([xs[0], ys[0]]), np.array([xs[1], ys[1]])
    tail, head = (child, parent) if message.upward else (parent, child)
    along = (head - tail) / np.hypot(*(head - tail))
    middle, half = (tail + head) / 2 + _beside(drawing.parts["separator", pair[not message.upward]], along), 0.36
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 11, "linewidth": 2.6, "color": _NOW, "zorder": 6}
    arrow = style.mpl("patches").FancyArrowPatch(middle - half * along, middle + half * along, **look)
    drawing.parts["message", *pair] = drawing.ax.add_patch(arrow)
    last[:] = [arrow]
    _message_bars(below, message)
    return Changes(sent, [arrow])


def _beside(separator: Any, along: FloatArray) -> FloatArray:
    """From the middle of a separator to a place beside it, on the left of a direction."""
    if abs(along[1]) > 0.3:
        return np.array([-np.sign(along[1]) * (separator.get_width() / 2 + _SIDE), 0.0])
    return np.array([0.0, np.sign(along[0]) * (separator.get_height() / 2 + _SIDE)])


def _message_bars(ax: Any, message: Message) -> None:
    """The message as bars, as shares of its largest number."""
    _blank(ax)
    logs = np.asarray(message.factor.log_array(), dtype=np.float64).ravel()
    peak = float(logs.max()) if logs.size else -np.inf
    shares = np.exp(logs - peak) if peak > -np.inf else np.zeros(logs.size)
    drawn = pooled(shares, _MOST_BARS)
    ax.bar(range(len(drawn)), drawn, color=_NOW, width=0.7)
    for x, share in enumerate(drawn):
        ax.text(
            x, share + 0.03, probability(float(share)), ha="center", va="bottom", fontsize=8, color=style.readable(ax)
        )
    ax.set_xlim(-0.8, max(len(drawn), 4) - 0.2)
    ax.set_ylim(0, 1.25)
    labels = _labels(message) if len(drawn) == logs.size else []
    ax.set_xticks(range(len(labels)), labels, fontsize=8, color=style.readable(ax))
    scope = ", ".join(message.factor.scope)
    pooled_ = "" if labels else f", {logs.size:,} numbers, neighbours share a bar"
    size = number(peak).replace("-", "−")
    said = f"message over {{{scope}}} as shares of its largest number; log of that: {size} nats{pooled_}"
    ax.set_title(style.plain(said), fontsize=9, color=style.readable(ax), loc="left")


def _labels(message: Message) -> list[str]:
    """The states of every entry."""
    rows: list[tuple[Hashable, ...]] = [()]
    for variable in message.factor.variables:
        rows = [(*row, state) for row in rows for state in variable.states]
    return [shortened(style.plain(", ".join(map(str, row))), 12) for row in rows]


def _blank(ax: Any) -> None:
    """Axes without a frame and without numbers."""
    ax.clear()
    ax.set_yticks([])
    ax.set_xticks([])
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
