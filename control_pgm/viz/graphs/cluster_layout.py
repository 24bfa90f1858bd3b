"""Layout of a cluster tree: the root on the left, chains as a zigzag, branches one below the other.

No matplotlib here: parents in, coordinates out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from control_pgm.layout.geometry import Point

ROWS, BETWEEN_ROWS = 1.5, 1.05  # units between the two rows of a zigzag, and between branches
_GAP = 1.6  # units for the dots


@dataclass(frozen=True)
class ClusterLayout:
    """The clusters that are drawn.

    Attributes
    ----------
    points : number of a cluster -> its middle.
    separators : number of a cluster -> the middle of the separator towards its parent.
    hidden : how many clusters are left out.
    stubs : clusters drawn whose parent, or some of whose children, are left out -> where the edge is cut off.
    gap : where the dots stand; None where nothing is left out.
    """

    points: Mapping[int, Point]
    separators: Mapping[int, Point]
    hidden: int
    stubs: Mapping[int, Point]
    gap: Point | None


def shown_clusters(n: int, most: int) -> tuple[list[int], list[int]]:
    """The clusters near the root, and those far from it, which are drawn of ``n`` in the order of elimination.

    A gap of one cluster is not worth its dots.

    >>> shown_clusters(100, 8)
    ([95, 96, 97, 98, 99], [0, 1, 2])
    """
    if n <= most + 1:
        return list(range(n)), []
    far = max(most * 3 // 8, 1)
    return list(range(n - (most - far), n)), list(range(far))


def cluster_layout(
    parents: Sequence[int],
    children: Sequence[tuple[int, ...]],
    *,
    box: float,
    separator: float,
    most: int,
    stretch: float = 1.0,
) -> ClusterLayout:
    """The layout of a tree whose parents come after their children.

    Parameters
    ----------
    parents, children : per cluster; −1 for the parent of a root.
    box, separator : the widths of a cluster and of a separator.
    most : how many clusters are drawn.
    stretch : of the distances from row to row.
    """
    near, far = shown_clusters(len(parents), most)
    points, right = _forest(near, parents, children, box, separator, 0.0, stretch)
    gap = None
    stubs: dict[int, Point] = {}
    if far:
        middle = sum(y for _, y in points.values()) / len(points)
        gap = (right + _GAP / 2, middle)
        beyond, _ = _forest(far, parents, children, box, separator, right + _GAP, stretch)
        shift = middle - sum(y for _, y in beyond.values()) / len(beyond)
        points |= {k: (x, y + shift) for k, (x, y) in beyond.items()}
        stubs = {k: (points[k][0] - box / 2 - 0.4, points[k][1]) for k in far if parents[k] not in beyond}
        cut = [k for k in near if any(child not in near for child in children[k])]
        stubs |= {k: (points[k][0] + box / 2 + 0.4, points[k][1]) for k in cut}
    joined = [k for part in (near, far) for k in part if parents[k] in part]
    middles = {k: _between(points[parents[k]], points[k]) for k in joined}
    return ClusterLayout(points, middles, len(parents) - len(points), stubs, gap)


def _forest(
    shown: Sequence[int],
    parents: Sequence[int],
    children: Sequence[tuple[int, ...]],
    box: float,
    separator: float,
    left: float,
    stretch: float,
) -> tuple[dict[int, Point], float]:
    """The places of some clusters, from ``left`` on, and where they end on the right."""
    inside = set(shown)
    below = {k: [child for child in children[k] if child in inside] for k in shown}
    depth: dict[int, int] = {}
    for k in reversed(shown):
        depth[k] = depth[parents[k]] + 1 if parents[k] in inside else 0
    chain = all(len(kids) <= 1 for kids in below.values()) and sum(d == 0 for d in depth.values()) == 1
    first = left + box / 2
    if chain:
        step = max(0.5 * box + 0.25, separator + 0.25)
        points = {k: (first + depth[k] * step, -(depth[k] % 2) * ROWS * stretch) for k in shown}
    else:
        step = box + separator + 0.7
        rows = _rows([k for k in reversed(shown) if depth[k] == 0], below)
        points = {k: (first + depth[k] * step, -rows[k] * BETWEEN_ROWS * stretch) for k in shown}
    return points, max(x for x, _ in points.values()) + box / 2


def _rows(roots: Sequence[int], below: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Leaves one below the other; every other cluster in the middle of its children."""
    rows: dict[int, float] = {}
    leaves = 0
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        k, done = stack.pop()
        if done:
            rows[k] = (rows[below[k][0]] + rows[below[k][-1]]) / 2
        elif below[k]:
            stack.append((k, True))
            stack += [(child, False) for child in reversed(below[k])]
        else:
            rows[k] = float(leaves)
            leaves += 1
    return rows


def _between(parent: Point, child: Point) -> Point:
    return (parent[0] + child[0]) / 2, (parent[1] + child[1]) / 2
