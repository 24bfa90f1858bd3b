"""Many shapes as one artist, for pictures of thousands of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.viz.base import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UNIT = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])


def rectangles(ax: Axes, corners: Sequence[tuple[float, float]], size: tuple[float, float], **look: Any) -> Any:
    """Rectangles of one size at the given lower left corners."""
    return polygons(ax, np.asarray(corners)[:, None, :] + _UNIT * size, **look)


def area(ax: Axes, corners: Sequence[tuple[float, float]], size: tuple[float, float], **look: Any) -> Any:
    """Rectangles of one size as one patch: its hatch is drawn once, not once in every rectangle."""
    corners_of_each = np.asarray(corners)[:, None, :] + np.vstack([_UNIT, _UNIT[:1]]) * size
    path = style.mpl("path").Path
    codes = np.tile([path.MOVETO, path.LINETO, path.LINETO, path.LINETO, path.CLOSEPOLY], len(corners))
    patch = style.mpl("patches").PathPatch(path(corners_of_each.reshape(-1, 2), codes), **look)
    return ax.add_patch(patch)


def polygons(ax: Axes, shapes: ArrayLike, **look: Any) -> Any:
    """Polygons with equally many corners, shape (n, corners, 2)."""
    collection = style.mpl("collections").PolyCollection(np.asarray(shapes, dtype=np.float64), **look)
    return ax.add_collection(collection, autolim=False)
