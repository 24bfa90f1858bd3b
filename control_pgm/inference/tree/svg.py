"""Drawings of a bucket tree as SVG: its clusters, their separators, and where they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from control_pgm.display import html_table, size
from control_pgm.display.graph import BOX_EM, DOTS_EM, NOTE_EM, Box, Line, Note, Scene, draw
from control_pgm.display.html import beside
from control_pgm.display.labels import subscripted
from control_pgm.display.svg import Point
from control_pgm.display.text import shortened
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.plan import Plan

_LEGEND = "boxes: clusters, the root on the left;  on the lines: separators"


def posterior_html(figures: Sequence[Sequence[str]], plan: Plan) -> str:
    """Figures of a posterior beside the picture of its clusters."""
    more = [["clusters", f"{len(plan.tree.order):,}"], ["width", str(plan.width)], ["memory", size(plan.bytes)]]
    return beside(html_table(["exact posterior", ""], [*figures, *more]), cluster_picture(plan))


def cluster_picture(plan: Plan) -> str:
    """The tree of clusters as SVG.

    Of a long chain the first five clusters and the last two are drawn, of another large tree those next to the root.

    Examples
    --------
    >>> from control_pgm import gridworld, plan, unroll
    >>> net = unroll(gridworld("S.G"), 1000)
    >>> cluster_picture(plan(net, net.optimal)).count("which eliminates")
    7
    """
    tree = plan.tree
    if not tree.order:
        return draw(Scene((0.0, 3.0, -0.1, 0.1), notes=(Note((1.5, 0.0), ("no free variables",)),)), "no clusters")
    places = cluster_places(plan)
    boxes = tuple(Box(at, (places.width, HEIGHT), places.names[i], _says(plan, i)) for i, at in places.at.items())
    lines = {i: places.line(tree.parents[i], i) for i in places.shared}
    drawn = [Line(line, _shares(plan, i), directed=False) for i, line in lines.items()]
    notes = [Note(_beside(line, places.shared[i]), (places.shared[i],)) for i, line in lines.items()]
    hidden = len(tree.order) - len(places.at)
    left, right = -places.width / 2, max(x for x, _ in places.at.values()) + places.width / 2
    low = min(y for _, y in places.at.values()) - HEIGHT / 2
    if places.far:
        drawn += _stubs(places)
        x = len(places.near) * (places.width + places.gap)
        notes += [Note((x, 0.0), ("…",), DOTS_EM), Note((x, -0.45), (f"{hidden:,} clusters", "left out"))]
        low -= 0.45
    rows = (_LEGEND,) if places.far or not hidden else (_LEGEND, f"{hidden:,} further clusters left out")
    notes.append(Note(((left + right) / 2, low - 0.2 - 0.1 * len(rows)), rows))
    bounds = (left, right, low - 0.2 - 0.2 * len(rows), HEIGHT / 2 + 0.1)
    label = f"tree of {len(tree.order):,} clusters, width {plan.width}"
    return draw(Scene(bounds, boxes=boxes, lines=tuple(drawn), notes=tuple(notes)), label)


def _says(plan: Plan, i: int) -> str:
    """A cluster in words: its variables, the one it eliminates, its size and its tables."""
    tree, names = plan.tree, plan.problem.names
    scope = ", ".join(names[v] for v in tree.scopes[i])
    entries = prod(plan.problem.cardinalities[v] for v in tree.scopes[i])
    tables = f"{len(tree.factors[i])} table{'s' * (len(tree.factors[i]) != 1)}"
    return f"cluster {{{scope}}}, which eliminates {names[tree.order[i]]}: {entries:,} entries, {tables}"


def _shares(plan: Plan, i: int) -> str:
    names = ", ".join(plan.problem.names[v] for v in plan.tree.separators[i])
    return f"separator {{{names}}}: the scope of the messages in both directions"


def _beside(line: tuple[Point, Point], label: str) -> Point:
    """The place of a label at the middle of a line: above it, or below where it falls."""
    (x0, y0), (x1, y1) = line
    off = 0.16 + abs(y1 - y0) / (x1 - x0) * label_width(label) / 2
    return (x0 + x1) / 2, (y0 + y1) / 2 + (off if y1 >= y0 else -off)


def _stubs(places: ClusterPlaces) -> list[Line]:
    """The dashed beginnings of what is left out between the two ends of a chain."""
    left, right = places.line(places.near[-1], places.far[0])
    ends = [(left, (left[0] + places.gap, left[1])), ((right[0] - places.gap, right[1]), right)]
    return [Line(line, "towards clusters left out", directed=False, dashed=True) for line in ends]


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
