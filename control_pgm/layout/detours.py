"""Lines that go around discs where neither a straight nor a bent one finds its way. Pure geometry."""

from __future__ import annotations

import heapq
from functools import lru_cache
from math import cos, pi

import numpy as np

from control_pgm.layout.geometry import Point, distances
from control_pgm.tables.arrays import FloatArray, lock

_NEAR = 6  # discs that a line is led around
_ASIDE = 1.5  # how much farther away others are that it must not touch
_CORNERS = 8  # of the polygon around a disc
_SPARE = 0.05  # beyond the margin, so that corners can be rounded
_ROUND, _SAMPLES = 0.15, 5  # how much of a corner is rounded, and by how many points
_DIGITS = 6  # to which places that are the same up to a shift agree


def detour(start: Point, end: Point, points: FloatArray, radii: FloatArray, margin: float) -> FloatArray | None:
    """The shortest line from start to end among the corners of polygons around the nearest discs.

    Parameters
    ----------
    start, end : points
    points, radii : the discs, which hold neither start nor end.
    margin : float
        What the line keeps from every disc.

    Returns
    -------
    array of shape (n, 2), or None if there is no such line.

    Examples
    --------
    >>> around = detour((-1.0, 0.0), (1.0, 0.0), np.array([[0.0, 0.0]]), np.array([0.3]), 0.1)
    >>> bool(np.hypot(*around.T).min() >= 0.4)
    True
    """
    apart = distances(points, np.array([start]), np.array([end]))[0] - radii
    around = np.argsort(apart, kind="stable")
    around = around[apart[around] <= apart[around[:_NEAR]][-1] + _ASIDE]
    # Slices repeat: what is the same up to a shift is worked out once.
    shifted = np.column_stack([points[around] - np.array(start), radii[around]]).round(_DIGITS)
    ahead = round(end[0] - start[0], _DIGITS), round(end[1] - start[1], _DIGITS)
    line = _detour(ahead, tuple(map(tuple, shifted.tolist())), margin)
    return None if line is None else line + np.array(start)


@lru_cache(maxsize=1024)
def _detour(end: Point, discs: tuple[tuple[float, float, float], ...], margin: float) -> FloatArray | None:
    """The detour from the origin around discs (x, y, radius), the nearest first."""
    points, radii = np.array(discs)[:, :2], np.array(discs)[:, 2]
    vertices = np.vstack([[(0.0, 0.0), end], _corners(points, radii, margin)])
    first, second = np.triu_indices(len(vertices), 1)
    clear = (distances(points, vertices[first], vertices[second]) - radii).min(axis=1) >= margin
    lengths = np.full((len(vertices), len(vertices)), np.inf)
    lengths[first, second] = np.where(clear, np.hypot(*(vertices[first] - vertices[second]).T), np.inf)
    path = _shortest(np.minimum(lengths, lengths.T))
    return None if path is None else lock(_rounded(vertices[path]))


def _corners(points: FloatArray, radii: FloatArray, margin: float) -> FloatArray:
    """The corners of polygons around the nearest discs, but for those that other discs cover."""
    angles = 2 * pi * np.arange(_CORNERS) / _CORNERS
    reach = (radii[:_NEAR] + margin + _SPARE) / cos(pi / _CORNERS)
    rays = np.column_stack([np.cos(angles), np.sin(angles)])
    corners = (points[:_NEAR, None] + reach[:, None, None] * rays).reshape(-1, 2)
    apart = np.hypot(*np.moveaxis(corners[:, None] - points, -1, 0)) - radii
    return np.asarray(corners[apart.min(axis=1) >= margin])


def _shortest(lengths: FloatArray) -> list[int] | None:
    """Dijkstra's shortest path from vertex 0 to vertex 1."""
    best = np.full(len(lengths), np.inf)
    best[0] = 0.0
    before = [-1] * len(lengths)
    queue = [(0.0, 0)]
    while queue:
        length, here = heapq.heappop(queue)
        if here == 1:
            break
        for k in np.flatnonzero(best > length + lengths[here]).tolist():
            best[k], before[k] = length + lengths[here, k], here
            heapq.heappush(queue, (float(best[k]), k))
    if best[1] == np.inf:
        return None
    path = [1]
    while path[-1] != 0:
        path.append(before[path[-1]])
    return path[::-1]


def _rounded(line: FloatArray) -> FloatArray:
    """A line with its corners rounded by quadratic Bézier curves."""
    s = np.linspace(0.0, 1.0, _SAMPLES)[:, None]
    pieces = [line[:1]]
    for before, corner, after in zip(line[:-2], line[1:-1], line[2:], strict=True):
        a, b = _towards(corner, before), _towards(corner, after)
        pieces.append((1 - s) ** 2 * a + 2 * s * (1 - s) * corner + s**2 * b)
    return np.vstack([*pieces, line[-1:]])


def _towards(corner: FloatArray, point: FloatArray) -> FloatArray:
    """A point a little away from a corner, at most half way to its neighbour."""
    length = float(np.hypot(*(point - corner)))
    return np.asarray(corner + min(_ROUND / max(length, 1e-12), 0.5) * (point - corner))
