"""Distances between nodes and edges, and bends that lead an edge around a node. No drawing, no models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

Point = tuple[float, float]

_BENDS = (0.18, -0.18, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6)
FARTHEST = max(map(abs, _BENDS)) / 2  # from the straight line that a bent one comes, in its lengths
_ALONG = np.linspace(0.0, 1.0, 33)[:, None]
_WEIGHTS = (1 - _ALONG) ** 2, 2 * _ALONG * (1 - _ALONG), _ALONG**2  # of start, control point and end, along a curve


def distances(points: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """The distance of every point from every segment, shape (…, segments, points).

    Points and segments may have leading axes in common, of layouts that are compared.

    >>> distances(np.array([[1.0, 2.0], [4.0, 4.0]]), np.array([[0.0, 0.0]]), np.array([[4.0, 0.0]])).tolist()
    [[2.0, 4.0]]
    """
    along = ends - starts
    along_x, along_y = along[..., 0, None], along[..., 1, None]
    to_x = points[..., None, :, 0] - starts[..., 0, None]
    to_y = points[..., None, :, 1] - starts[..., 1, None]
    share = (to_x * along_x + to_y * along_y) / np.maximum(along_x**2 + along_y**2, 1e-12)
    np.minimum(np.maximum(share, 0.0, out=share), 1.0, out=share)
    to_x -= share * along_x
    to_y -= share * along_y
    return np.asarray(np.sqrt(to_x * to_x + to_y * to_y))


def curve(start: Point, end: Point, bend: float) -> FloatArray:
    """Points on the quadratic Bézier curve whose control point lies ``bend`` lengths beside the middle."""
    return np.array([start, end], dtype=float) if bend == 0.0 else _curves(start, end, (bend,))[0]


def _curves(start: Point, end: Point, bends: Sequence[float]) -> FloatArray:
    """The curves of several bends, shape (bends, points, 2)."""
    turns = np.array([control(start, end, bend) for bend in bends])
    first, middle, last = _WEIGHTS
    return np.asarray(first * np.array(start) + middle * turns[:, None] + last * np.array(end))


def control(start: Point, end: Point, bend: float) -> Point:
    """The control point of `curve`."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    return ((start[0] + end[0]) / 2 - bend * dy, (start[1] + end[1]) / 2 + bend * dx)


def clearance(line: FloatArray, points: FloatArray, radii: FloatArray) -> float:
    """How far a polyline stays from the nearest of the discs; negative where it cuts one, +inf where there is none."""
    if not len(points):
        return np.inf
    return float((distances(points, line[:-1], line[1:]) - radii).min())


def bend_around(start: Point, end: Point, points: FloatArray, radii: FloatArray, margin: float) -> tuple[float, float]:
    """The smallest bend that keeps ``margin`` from all discs, or the one that keeps most; and what it keeps."""
    best, best_clearance = 0.0, clearance(curve(start, end, 0.0), points, radii)
    if best_clearance >= margin:
        return best, best_clearance
    lines = _curves(start, end, _BENDS)
    gaps = (distances(points, lines[:, :-1], lines[:, 1:]) - radii).min(axis=(1, 2), initial=np.inf)
    for bend, free in zip(_BENDS, gaps.tolist(), strict=True):
        if free >= margin:
            return bend, free
        if free > best_clearance + 1e-9:
            best, best_clearance = bend, free
    return best, best_clearance


def trimmed(line: FloatArray, start: float, end: float) -> FloatArray:
    """A polyline shortened by two lengths at its ends, so that it begins and ends at the rim of its nodes."""
    return np.asarray(_cut(_cut(line, start)[::-1], end)[::-1])


def _cut(line: FloatArray, length: float) -> FloatArray:
    """Without the part that lies within ``length`` of its first point."""
    away = np.hypot(*(line - line[0]).T)
    outside = np.flatnonzero(away > length)
    if length <= 0.0 or not len(outside):
        return line
    k = int(outside[0])
    inner, outer = line[k - 1], line[k]
    step, back = outer - inner, inner - line[0]
    a, b, c = step @ step, 2 * step @ back, back @ back - length**2
    share = (-b + np.sqrt(max(b * b - 4 * a * c, 0.0))) / (2 * a)
    return np.vstack([inner + share * step, line[k:]])


def box_clearance(centre: Point, size: Point, points: FloatArray, radii: FloatArray, lines: FloatArray) -> float:
    """How far a text box stays from discs and from segments (pairs of points); 0 or less where it touches one."""
    half = np.array(size) / 2
    free = [np.inf]
    if len(points):
        outside = np.maximum(np.abs(points - np.array(centre)) - half, 0.0)
        free.append(float((np.hypot(*outside.T) - radii).min()))
    if len(lines):
        s = np.linspace(0.0, 1.0, 25)[:, None, None]
        along = (1 - s) * lines[None, :, 0] + s * lines[None, :, 1]
        outside = np.maximum(np.abs(along - np.array(centre)) - half, 0.0)
        nearest = float(np.hypot(outside[..., 0], outside[..., 1]).min())
        free.append(nearest if nearest > 0.0 else -float(half.min()))
    return min(free)


def foreign(edges: IntArray | Sequence[tuple[int, int]], n: int) -> BoolArray:
    """Per edge and node, whether the node is no end of the edge; shape (edges, nodes)."""
    mask = np.ones((len(edges), n), dtype=bool)
    if len(edges):
        mask[np.arange(len(edges))[:, None], np.asarray(edges)] = False
    return mask


def shortened(segments: FloatArray, lengths: FloatArray) -> FloatArray:
    """Segments, shape (segments, 2 ends, 2), cut at both ends by lengths of shape (segments, 2).

    >>> shortened(np.array([[[0.0, 0.0], [4.0, 0.0]]]), np.array([[1.0, 0.5]])).tolist()
    [[[1.0, 0.0], [3.5, 0.0]]]
    """
    along = segments[:, 1] - segments[:, 0]
    unit = along / np.maximum(np.hypot(*along.T), 1e-12)[:, None]
    return np.stack([segments[:, 0] + lengths[:, :1] * unit, segments[:, 1] - lengths[:, 1:] * unit], axis=1)
