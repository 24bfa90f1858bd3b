"""Layout of a transition graph: states on their grid, in layers from the start, or on a circle.

No matplotlib here. The place for another layout of small graphs: the result is state -> point, whoever finds it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from control_pgm.layout.geometry import Point, clearance, curve
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.graphs.label_places import LabelBox

Pair = tuple[int, int]
Bounds = tuple[float, float, float, float]  # left, right, bottom, top

RADIUS = 0.32
_STEP = 1.5  # between neighbours on the circle
_BENDS = (0.16, 0.3, 0.45, 0.6, -0.16, -0.3, 0.8, -0.45, 1.0, -0.6)
_MARGIN = 0.06  # between an edge and a foreign node


def circle(order: Sequence[int], stretch: Point = (1.0, 1.0)) -> dict[int, Point]:
    """Points on a circle, or an ellipse, clockwise from the top; neighbours are as far apart whatever their number."""
    n = len(order)
    radius = _STEP / (2 * np.sin(np.pi / n)) if n > 1 else 0.0
    angles = np.pi / 2 - 2 * np.pi * np.arange(n) / max(n, 1)
    wide, high = radius * stretch[0], radius * stretch[1]
    return {k: (float(wide * np.cos(a)), float(high * np.sin(a))) for k, a in zip(order, angles, strict=True)}


def around(links: Sequence[Pair], n: int) -> list[int]:
    """An order around the circle that keeps linked states near each other: swaps until none shortens the links.

    >>> around([(0, 2), (2, 1)], 3)
    [0, 1, 2]
    """
    order = list(range(n))
    pairs = np.array([link for link in links if link[0] != link[1]], dtype=int).reshape(-1, 2)

    def cost(places: FloatArray) -> float:
        apart = np.abs(places[pairs[:, 0]] - places[pairs[:, 1]])
        return float(np.minimum(apart, n - apart).sum())

    places = np.arange(n, dtype=float)
    best, improved = cost(places), True
    while improved:
        improved = False
        for i in range(n):
            for j in range(i + 1, n):
                a, b = order[i], order[j]
                places[a], places[b] = float(j), float(i)
                now = cost(places)
                if now < best - 1e-9:
                    order[i], order[j], best, improved = b, a, now, True
                else:
                    places[a], places[b] = float(i), float(j)
    return order


def scaled_grid(positions: Mapping[int, tuple[int, int]], stretch: Point = (1.0, 1.0)) -> dict[int, Point]:
    """The cells of a grid as points, row 0 on top."""
    return {k: (1.6 * stretch[0] * c, -1.6 * stretch[1] * r) for k, (r, c) in positions.items()}


def bend_of(source: Point, target: Point, others: FloatArray, *, both_ways: bool) -> float:
    """The bend of an edge, in lengths, that leaves foreign nodes free; 0 where a straight line does, and alone."""
    radii = np.full(len(others), RADIUS)
    tried = _BENDS if both_ways else (0.0, *_BENDS)
    free = [clearance(curve(source, target, bend), others, radii) for bend in tried]
    for bend, gap in zip(tried, free, strict=True):
        if gap >= _MARGIN:
            return bend
    return tried[int(np.argmax(free))]


def loop(point: Point, others: Sequence[Point], centre: Point) -> FloatArray:
    """A loop at a node, on the side that is freest of its neighbours: a circle that touches the node."""
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    towards = np.array(others, dtype=float).reshape(-1, 2) - np.array(point)
    lengths = np.maximum(np.hypot(*towards.T), 1e-9)
    near = towards / lengths[:, None]
    crowd = (np.maximum(directions @ near.T, 0.0) ** 2 / lengths).sum(axis=1)
    outward = np.array(point) - np.array(centre)
    away = directions @ outward / max(float(np.hypot(*outward)), 1e-9)
    best = directions[int(np.argmin(crowd - 0.3 * away))]
    size = 0.62 * RADIUS
    middle = np.array(point) + best * (RADIUS + 0.62 * size)
    start = float(np.arctan2(*(-best)[::-1]))
    # The part of the circle inside the node is left out.
    sweep = np.linspace(start + 0.95, start + 2 * np.pi - 0.95, 33)
    return np.asarray(middle + size * np.column_stack([np.cos(sweep), np.sin(sweep)]))


def bounds_of(
    points: Mapping[int, Point], lines: Mapping[Pair, FloatArray], boxes: Sequence[LabelBox], unit: float
) -> Bounds:
    """left, right, bottom, top around nodes, lines and labels, with room for a note of two lines below."""
    every = np.vstack([np.array(list(points.values())), *lines.values()])
    (left, bottom), (right, top) = every.min(axis=0) - RADIUS - 0.1, every.max(axis=0) + RADIUS + 0.1
    sides = np.array([(left, right, bottom, top), *(box.sides for box in boxes)])
    left, bottom = sides[:, [0, 2]].min(axis=0) - 0.1
    right, top = sides[:, [1, 3]].max(axis=0) + 0.1
    return float(left), float(right), float(bottom - 26.0 / unit), float(top)


def size_of(bounds: Bounds) -> tuple[float, float]:
    """Width and height."""
    left, right, bottom, top = bounds
    return right - left, top - bottom


def inches_of(bounds: Bounds) -> float:
    """The length of a data unit in a new figure."""
    width, height = size_of(bounds)
    return min(1.1, 11 / width, 8 / height)
