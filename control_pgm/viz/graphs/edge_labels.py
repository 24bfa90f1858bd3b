"""Places for labels on edges: beside their line, free of nodes and of each other. Pure geometry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from control_pgm.layout.geometry import Point, box_clearance
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.graphs.label_places import LabelBox
from control_pgm.viz.graphs.transition_layout import RADIUS, Pair

_ALONG = (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.14, 0.86)
_NONE = np.zeros((0, 2, 2))
_LETTER, _LINE = 0.56, 1.15  # the width of a letter and the height of a line, in ems


def place_on_edges(
    texts: Mapping[Pair, str], lines: Mapping[Pair, FloatArray], points: Mapping[int, Point], em: float
) -> dict[Pair, LabelBox]:
    """The boxes of the labels that find a place off all nodes, all foreign edges and each other; short ones first."""
    nodes = np.array(list(points.values()), dtype=float)
    radii = np.full(len(nodes), RADIUS)
    placed: dict[Pair, LabelBox] = {}
    for pair in sorted(texts, key=lambda pair: (len(texts[pair]), pair)):
        rows = texts[pair].split("\n")
        size = (_LETTER * em * max(map(len, rows)), _LINE * em * len(rows))
        strange = np.concatenate([_segments(line) for other, line in lines.items() if other != pair] or [_NONE])
        boxes = [LabelBox(centre, size) for centre in _candidates(lines[pair], size, loop=pair[0] == pair[1])]
        free = [b for b in boxes if box_clearance(b.centre, size, nodes, radii, _NONE) > 0.02]
        free = [b for b in free if all(b.gap(other) > 0.02 for other in placed.values())]
        free = [b for b in free if box_clearance(b.centre, size, nodes, radii, strange) > 0.0]
        if free:
            placed[pair] = free[0]
    return placed


def _segments(line: FloatArray) -> FloatArray:
    return np.stack([line[:-1], line[1:]], axis=1)


def _candidates(line: FloatArray, size: Point, *, loop: bool) -> list[Point]:
    """On both sides of the line at several places along it, in the end upon it; of a loop outside."""
    lengths = np.append(0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    places: list[Point] = []
    upon: list[Point] = []
    for share in _ALONG:
        k = int(np.searchsorted(lengths, share * lengths[-1], side="right")) - 1
        k = min(max(k, 0), len(line) - 2)
        step = line[k + 1] - line[k]
        inside = (share * lengths[-1] - lengths[k]) / max(float(np.hypot(*step)), 1e-9)
        at, along = line[k] + inside * step, step / max(float(np.hypot(*step)), 1e-9)
        across = np.array([-along[1], along[0]])
        reach = (abs(across[0]) * size[0] + abs(across[1]) * size[1]) / 2 + 0.04
        outside = float(np.sign((at - line.mean(axis=0)) @ across)) or 1.0
        places += [tuple(at + side * reach * across) for side in ((outside,) if loop else (1.0, -1.0))]
        upon += [] if loop else [tuple(at)]
    return places + upon
