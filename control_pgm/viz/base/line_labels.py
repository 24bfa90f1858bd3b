"""Labels at the ends of lines, pushed apart so that they never overlap."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.base.sheet import letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE = 1.3  # the height of a line of text in sizes
_GAP, _LEADER = 3.0, 12.0  # points between labels, and between a line's end and its label
_LARGEST = 8.5  # points, at the usual font size


@dataclass(frozen=True)
class EndLabel:
    """What stands at the end of a line: its key, its text, the y where the line ends, its colour."""

    key: Hashable
    text: str
    y: float
    colour: Any


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> FloatArray:
    """Middles as near as possible to those wanted, at which things of the given heights do not overlap.

    Least squares: things that would overlap are pooled into a stack (pool-adjacent-violators).

    Examples
    --------
    >>> spread([0.0, 0.1, 5.0], [1.0, 1.0, 1.0], -1.0, 6.0).round(2).tolist()
    [-0.45, 0.55, 5.0]
    """
    order = np.argsort(wanted, kind="stable")
    tall = np.asarray(heights, dtype=np.float64)[order]
    offsets = np.cumsum(tall) - tall / 2
    pools: list[list[float]] = []  # mean, size
    for x in np.asarray(wanted, dtype=np.float64)[order] - offsets:
        pools.append([float(x), 1.0])
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (a, m), (b, n) = pools[-2:]
            pools[-2:] = [[(a * m + b * n) / (m + n), m + n]]
    free = np.concatenate([np.full(int(n), mean) for mean, n in pools])
    result = np.empty(len(order))
    result[order] = np.clip(free, low, max(low, high - float(tall.sum()))) + offsets
    return result


def make_room(ax: Axes, left: float, right: float, labels: Sequence[str], width: float, *, zoom: float = 1.0) -> None:
    """Widen a logarithmic axis ``width`` points wide so that labels fit beside ``right``, within the axes."""
    room = max(letters(text, _LARGEST * zoom) for text in labels) + _LEADER + 4
    share = min(room / max(width, 1.0), 0.6)
    ax.set_xlim(left, right * (right / left) ** (share / (1 - share)))
    ax.xaxis.label.set_x((1 - share) / 2)


def most_labels(height: float) -> int:
    """How many labels of one line fit beside axes so many points high, in the smallest letters.

    >>> most_labels(24.0)
    3
    """
    return max(int((height + _GAP) / (_LINE * style.FLOOR + 1.0)), 1)


def label_ends(
    ax: Axes,
    labels: Sequence[EndLabel],
    x: float,
    height: float,
    width: float,
    *,
    scale: str = "log",
    zoom: float = 1.0,
) -> dict[Any, Any]:
    """Write the labels right of ``x``, with a thin leader to the line each belongs to; ``height``, ``width`` in points.

    The axes must have their limits; ``scale`` is that of the x axis, "log" or "linear", ``zoom`` that of letters.
    """
    (low, high), (left, right) = ax.get_ylim(), ax.get_xlim()
    unit = (high - low) / max(height, 1.0)  # data units in a point
    lines = [label.text.count("\n") + 1 for label in labels]
    gap = min(_GAP, 0.15 * height / max(len(labels), 1))
    size = max(style.FLOOR, min(_LARGEST * zoom, (height - gap * len(labels)) / (_LINE * sum(lines))))
    heights = [(_LINE * size * n + gap) * unit for n in lines]
    places = spread([label.y for label in labels], heights, low, high)
    start, end = (_beyond(x, left, right, points / max(width, 1.0), scale) for points in (2, _LEADER))
    made: dict[Any, Any] = {}
    for label, y in zip(labels, places, strict=True):
        made["leader", label.key] = ax.plot([start, end], [label.y, y], color=label.colour, lw=0.7, alpha=0.8)[0]
        made["label", label.key] = ax.text(
            end,
            y,
            f" {label.text}".replace("\n", "\n "),
            color=label.colour,
            fontsize=size,
            va="center",
            linespacing=1.1,
        )
    return made


def _beyond(x: float, left: float, right: float, share: float, scale: str) -> float:
    """What lies a share of the axis right of ``x``."""
    return x * (right / left) ** share if scale == "log" else x + (right - left) * share


def plain_axes(ax: Axes, left: float, right: float, labels: tuple[str, str], *, zoom: float = 1.0) -> None:
    """A logarithmic x axis whose line and numbers end at ``right``, and no frame."""
    ink, small = style.readable(ax), style.width_inches(ax) < 3.5
    ax.set_xlabel(labels[0], color=ink, fontsize=(8 if small else 9) * zoom, labelpad=1)
    ax.set_ylabel(labels[1], color=ink, fontsize=(8 if small else 9) * zoom, labelpad=1)
    powers = range(int(np.ceil(np.log10(left) - 1e-9)), int(np.floor(np.log10(right) + 1e-9)) + 1)
    ticker = style.mpl("ticker")
    ax.xaxis.set_major_locator(ticker.FixedLocator([10.0**k for k in powers]))
    minor = [m * 10.0**k for k in range(powers.start - 1, powers.stop + 1) for m in range(2, 10)]
    ax.xaxis.set_minor_locator(ticker.FixedLocator([x for x in minor if left <= x <= right]))
    ax.xaxis.set_minor_formatter(ticker.NullFormatter())
    ax.tick_params(which="both", colors=ink, labelsize=(7 if small else 8) * zoom, pad=2)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_edgecolor(ink)
    ax.spines["bottom"].set_bounds(left, right)
