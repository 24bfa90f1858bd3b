"""Which clusters of a tree are drawn, what stands in and between them, and where they go: the root on the left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from control_pgm.display.graph import BOX_EM, NOTE_EM
from control_pgm.display.labels import subscripted
from control_pgm.display.svg import Point
from control_pgm.display.text import shortened
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.plan import Plan

HEIGHT = 0.46  # of a box

_MOST = 14  # clusters in one picture
_FIRST = 5  # clusters of a longer chain, from the root; its last two follow
_IN_BOX, _ON_LINE = 24, 14  # letters
_ROW, _GAP = 0.85, 0.5  # between rows; the least gap between columns
_LETTER = 0.53  # the width of a letter in ems


@dataclass(frozen=True, eq=False)
class ClusterPlaces:
    """The clusters that are drawn.

    Attributes
    ----------
    near : clusters from the root on.
    far : the last clusters of a long chain, behind the dots.
    names : what stands in the boxes.
    shared : the separator towards the parent, of clusters whose parent is drawn.
    width, gap : of the boxes, and between their columns.
    at : the middles of the boxes.
    """

    near: tuple[int, ...]
    far: tuple[int, ...]
    names: Mapping[int, str]
    shared: Mapping[int, str]
    width: float
    gap: float
    at: Mapping[int, Point]

    def line(self, parent: int, child: int) -> tuple[Point, Point]:
        """The line between two neighbours, in the gap between their columns."""
        (x0, y0), (x1, y1) = self.at[parent], self.at[child]
        return (x0 + self.width / 2, y0), (x1 - self.width / 2, y1)


def cluster_places(plan: Plan) -> ClusterPlaces:
    """All clusters of a small tree; the two ends of a chain; of another large tree what lies next to the root."""
    tree = plan.tree
    near, far = _chosen(tree)
    drawn = (*near, *far)
    names = {i: _members(plan, tree.scopes[i], _IN_BOX) for i in drawn}
    shared = {i: _members(plan, tree.separators[i], _ON_LINE) for i in drawn if tree.parents[i] in drawn}
    width = _LETTER * BOX_EM * max(map(len, names.values())) + 0.3
    gap = max([_GAP, *(label_width(label) + 0.15 for label in shared.values())])
    grid = _grid(tree, near) | {i: (len(near) + 1 + k, 0.0) for k, i in enumerate(far)}
    at = {i: (grid[i][0] * (width + gap), -grid[i][1] * _ROW) for i in drawn}
    return ClusterPlaces(near, far, names, shared, width, gap, at)


def label_width(label: str) -> float:
    """The rough width of a label beside a line."""
    return _LETTER * NOTE_EM * len(label)


def _chosen(tree: BucketTree) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The clusters to draw from the root on, and those at the other end of a chain."""
    found = _from_the_roots(tree)
    if len(tree.order) <= _MOST:
        return found, ()
    far = (tree.parents[0], 0)
    is_chain = len(tree.roots) == 1 and all(len(tree.children[i]) == 1 for i in (*found, tree.parents[0]))
    return (found[:_FIRST], far) if is_chain else (found, ())


def _from_the_roots(tree: BucketTree) -> tuple[int, ...]:
    """The first clusters, breadth first."""
    found = list(tree.roots[:_MOST])
    for i in found:
        found += tree.children[i]
        if len(found) >= _MOST:
            break
    return tuple(found[:_MOST])


def _grid(tree: BucketTree, drawn: Collection[int]) -> dict[int, tuple[int, float]]:
    """cluster -> column and row: its distance from the root, and the middle of the rows of its children."""
    places: dict[int, tuple[int, float]] = {}
    leaves = 0

    def place(i: int, column: int) -> float:
        nonlocal leaves
        below = [place(j, column + 1) for j in tree.children[i] if j in drawn]
        row = sum(below) / len(below) if below else float(leaves)
        leaves += not below
        places[i] = (column, row)
        return row

    for root in tree.roots[:_MOST]:
        if root in drawn:
            place(root, 0)
    return places


def _members(plan: Plan, scope: Collection[int], letters: int) -> str:
    """Variables on one line of so many letters."""
    return shortened(", ".join(subscripted(plan.problem.names[v]) for v in scope), letters)
