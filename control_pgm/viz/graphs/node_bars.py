"""Beliefs inside the nodes of a network: one small upright bar per state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.posterior import Posterior
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.variable import Variable
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Artists
from control_pgm.viz.base.patches import polygons

Beliefs = Posterior | Mapping[str, ArrayLike]

MOST_BARS = 24  # of one node; states beyond are pooled with their neighbours
_WIDE, _HIGH, _FLOOR = 1.3, 0.62, -0.62  # of all bars of a node, in radii; where they stand
LIFT = 0.5  # of a node's label above its bars, in radii


def read_beliefs(beliefs: Beliefs, variables: Iterable[Variable]) -> dict[str, FloatArray]:
    """The distribution of every variable that has one.

    Raises
    ------
    InvalidArgument
        If a table is no distribution over the states of its variable.
    UnknownName
        If a mapping names a variable that is not drawn and not in the network.
    """
    drawn = {v.name: v for v in variables}
    if isinstance(beliefs, Posterior):
        known = beliefs.model.variables
        for name in drawn:
            if name not in known:
                raise unknown(name, known, what="the beliefs' variable")
        return {name: beliefs.marginal(name).array() for name in drawn if name not in beliefs.observed}
    if not isinstance(beliefs, Mapping):
        raise InvalidArgument(f"beliefs={beliefs!r}", allowed="a posterior, or a mapping name -> probabilities")
    return {name: _checked(name, table, drawn[name]) for name, table in beliefs.items() if name in drawn}


def _checked(name: str, table: ArrayLike, variable: Variable) -> FloatArray:
    p = np.asarray(table, dtype=np.float64)
    n = variable.cardinality
    if p.shape != (n,) or not (p >= 0).all() or abs(float(p.sum()) - 1.0) > 1e-9:
        raise InvalidArgument(f"the belief about {name!r} is {table!r}", allowed=f"{n} probabilities that sum to 1")
    return p


def draw_bars(tool: Artists, name: str, belief: FloatArray, colour: str) -> None:
    """The bars of one node, on a line, in the colour of its outline; the largest fills the room below the label."""
    (x, y), radius = tool.layout.points[name], tool.layout.radii[name]
    shares = pooled(belief, MOST_BARS)
    heights = shares / shares.max() * _HIGH * radius
    step = _WIDE * radius / len(heights)
    left, floor = x - _WIDE * radius / 2 + step * np.arange(len(heights)), y + _FLOOR * radius
    gap = 0.12 * step if len(heights) < MOST_BARS else 0.0
    shapes = [
        [(a + gap, floor), (a + step - gap, floor), (a + step - gap, floor + h), (a + gap, floor + h)]
        for a, h in zip(left, heights, strict=True)
    ]
    look = {"facecolor": colour, "edgecolor": "none", "zorder": 3.5}
    tool.drawing.parts["bars", name] = polygons(tool.drawing.ax, shapes, **look)
    ends = [x - _WIDE * radius / 2, x + _WIDE * radius / 2]
    line = style.mpl("lines").Line2D(ends, [floor, floor], color=tool.colours["ink"], linewidth=0.6, zorder=3.6)
    tool.drawing.parts["floor", name] = tool.drawing.ax.add_line(line)


def pooled(belief: FloatArray, most: int) -> FloatArray:
    """At most so many bars: neighbouring states share one, which shows the largest of their probabilities.

    >>> pooled(np.array([0.1, 0.2, 0.3, 0.4]), 2)
    array([0.2, 0.4])
    """
    if len(belief) <= most:
        return belief
    starts = np.floor(np.linspace(0, len(belief), most + 1)[:-1]).astype(int)
    return np.asarray(np.maximum.reduceat(belief, starts))
