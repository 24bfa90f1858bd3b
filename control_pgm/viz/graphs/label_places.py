"""Places for the labels of factors: on one side of the square, the same in every slice. Pure geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.layout.geometry import Point, box_clearance
from control_pgm.layout.placing import SQUARE, Layout
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.graphs.factor_labels import label_ems

# Above, below, left, right, then the corners.
_SIDES = ((0.0, 1.0), (0.0, -1.0), (-1.0, 0.0), (1.0, 0.0), (-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
_FREE = 0.02  # the clearance that is enough
_OVER = 0.4  # how far a label's box may reach over others and nodes, in letters: boxes are rough


@dataclass(frozen=True)
class LabelBox:
    """A text box in data units."""

    centre: Point
    size: Point

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """left, right, bottom, top."""
        (x, y), (w, h) = self.centre, self.size
        return x - w / 2, x + w / 2, y - h / 2, y + h / 2

    def gap(self, other: LabelBox) -> float:
        """How far two boxes are apart; negative where they overlap."""
        return max(abs(self.centre[i] - other.centre[i]) - (self.size[i] + other.size[i]) / 2 for i in (0, 1))


def place_labels(layout: Layout, texts: Mapping[int, str], em: float) -> dict[int, LabelBox]:
    """One box per factor, free of nodes, edges and other boxes where that is possible.

    Factors with the same label in the same row stand on the same side. A label that would stand on
    another or on a node is left out.

    Parameters
    ----------
    layout : Layout
    texts : factor index -> label.
    em : the height of letters in data units.
    """
    rows: dict[tuple[str, float], list[int]] = {}
    for k, text in texts.items():
        rows.setdefault((text, round(layout.points["factor", k][1], 3)), []).append(k)
    obstacles = _Obstacles.of(layout)
    placed: dict[int, LabelBox] = {}
    for (text, _), members in rows.items():
        ems, lines = label_ems(text)
        size = (ems * em, lines * 1.25 * em)
        best: tuple[tuple[float, float], list[LabelBox]] = ((-np.inf, -np.inf), [])
        for side in _SIDES:
            boxes = [_beside(layout.points["factor", k], size, side) for k in members]
            own = [(box, layout.points["factor", k]) for box, k in zip(boxes, members, strict=True)]
            clear = min([np.inf, *(box.gap(other) for box in boxes for other in placed.values())])
            free = min([clear, *(obstacles.free(*one) for one in own)])
            clear = min([clear, *(obstacles.off_nodes(*one) for one in own)])
            # Nodes and labels are avoided before edges, on which a label can still be read.
            if (rank := (min(round(clear, 9), 0.0), round(free, 9))) > best[0]:
                best = (rank, boxes)
            if free >= _FREE:
                break
        for k, box in zip(members, best[1], strict=True):
            clear = obstacles.off_nodes(box, layout.points["factor", k])
            if min([clear, *(box.gap(other) for other in placed.values())]) >= -_OVER * em:
                placed[k] = box
    return placed


def _beside(square: Point, size: Point, side: Point) -> LabelBox:
    reach = SQUARE + 0.07
    # At a corner the box touches the diagonal, so it may come closer.
    near = 0.55 * reach if side[0] and side[1] else reach
    x, y = square[0] + side[0] * (near + size[0] / 2), square[1] + side[1] * (near + size[1] / 2)
    return LabelBox((x, y), size)


@dataclass(frozen=True, eq=False)
class _Obstacles:
    """Nodes and edges of a layout."""

    points: FloatArray
    radii: FloatArray
    lines: FloatArray

    @classmethod
    def of(cls, layout: Layout) -> _Obstacles:
        pieces: Sequence[FloatArray] = [np.stack([e.line[:-1], e.line[1:]], axis=1) for e in layout.edges]
        lines = np.concatenate(pieces) if pieces else np.zeros((0, 2, 2))
        return cls(np.array(list(layout.points.values())), np.array(list(layout.radii.values())), lines)

    def off_nodes(self, box: LabelBox, own: Point) -> float:
        """The clearance of a box from all nodes but its own square."""
        return _Obstacles(self.points, self.radii, self.lines[:0]).free(box, own)

    def free(self, box: LabelBox, own: Point) -> float:
        """The clearance of a box from everything but its own square."""
        others = ~(self.points == np.array(own)).all(axis=1)
        return box_clearance(box.centre, box.size, self.points[others], self.radii[others], self.lines)
