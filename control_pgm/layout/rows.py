"""Rows for the variables of a model: those of one kind and name side by side, whatever users add above or below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from control_pgm.display.conventions import KIND_ROWS, LONE_ROWS
from control_pgm.display.labels import label_width
from control_pgm.layout.columns import Columns
from control_pgm.layout.geometry import Point
from control_pgm.layout.placing import RADIUS, Lane, Link, Node
from control_pgm.tables.variable import Variable

LaneKey = tuple[str, str]

_BETWEEN_ROWS = (1.0, 1.3, 1.6, 2.0, 2.6)
_TEXTBOOK = ("s", "a", "O")  # what a user adds of the same kind goes beside these, not in their place


def seeds(width: float, heights: Sequence[float]) -> Mapping[str, Point]:
    """Where the rows of the known kinds begin: the first on its column, the others half a column further.

    >>> seeds(1.6, (0.0, 1.0, 2.4))["state"]
    (0.0, 0.0)
    """
    shifts = [0.0, *[width / 2] * (len(KIND_ROWS) - 1)]
    return {kind: (dx, y) for kind, dx, y in zip(KIND_ROWS, shifts, heights, strict=True)}


def node_radius(names: Iterable[str]) -> float:
    """A radius that leaves room for the longest name."""
    return max(RADIUS, min(0.55, 0.115 * max(map(label_width, names))))


def variable_lanes(
    variables: Sequence[Variable], links: Iterable[Link], slices: Columns, first_places: Mapping[str, Point]
) -> list[Lane]:
    """The lanes of all visible variables: the known kinds from below, then other kinds as they first appear.

    ``first_places`` holds the offset from its column of the first row of a kind.
    """
    near: dict[Node, list[str]] = {}
    for a, b in links:
        near.setdefault(a, []).append(str(b))
        near.setdefault(b, []).append(str(a))
    times = {v.name: v.time for v in variables}
    groups: dict[LaneKey, dict[Node, float]] = {}
    hidden: dict[LaneKey, dict[Node, float]] = {}
    for v in variables:
        key = lane_of(v) if v.time is not None else ("", f"\0{v.name}")
        if v.time is not None and v.time not in slices.visible:
            hidden.setdefault(key, {})[v.name] = slices.x(v.time)
        else:
            groups.setdefault(key, {})[v.name] = _column(v, [times[n] for n in near.get(v.name, ())], slices)
    kinds = list(dict.fromkeys([*KIND_ROWS, *(kind for kind, _ in groups)]))
    ranked = sorted(groups, key=lambda key: (key[1].startswith("\0"), kinds.index(key[0]), key[1] not in _TEXTBOOK))
    lanes: list[Lane] = []
    seeded: set[str] = set()
    rows: dict[str, list[Node]] = {}
    for kind, stem in ranked:
        nodes = groups[kind, stem]
        first = None if kind in seeded else first_places.get(kind)
        seeded.add(kind)
        if not lanes:
            first = (0.0, 0.0)
        offsets = _offsets(nodes, near, first, rows.get(kind, []))
        lanes.append(Lane(nodes, RADIUS, offsets, hidden.get((kind, stem), {})))
        if kind and kind not in LONE_ROWS:
            rows.setdefault(kind, []).append(next(iter(nodes)))
    return lanes


def _column(variable: Variable, near: Iterable[int | None], slices: Columns) -> float:
    """The x of a variable's column: that of its slice or, without a time, the mean of its neighbours'."""
    if variable.time is not None:
        return slices.visible[variable.time]
    xs = [slices.visible[t] for t in near if t is not None and t in slices.visible]
    return sum(xs) / len(xs) if xs else max(slices.visible.values()) / 2


def _offsets(
    nodes: Mapping[Node, float], near: Mapping[Node, Sequence[str]], first: Point | None, same_kind: Sequence[Node]
) -> Callable[[Mapping[Node, Point]], Iterable[Point]]:
    """Candidate offsets: the seed, the row of the same kind, then new rows above, then below."""

    def candidates(placed: Mapping[Node, Point]) -> Iterable[Point]:
        if first is not None:
            yield first
        if not placed:
            return
        around = [placed[n][0] - x for node, x in nodes.items() for n in near.get(node, ()) if n in placed]
        middle = sum(around) / len(around) if around else 0.0
        shifts = sorted((0.0, 0.8, 0.4, 1.2), key=lambda dx: abs(dx - middle))
        heights = [y for _, y in placed.values()]
        yield from ((dx, placed[n][1]) for n in same_kind[:1] for dx in shifts)
        for step in _BETWEEN_ROWS:
            yield from ((dx, max(heights) + step) for dx in shifts)
        for step in _BETWEEN_ROWS:
            yield from ((dx, min(heights) - step) for dx in shifts)

    return candidates


def lane_of(variable: Variable) -> tuple[str, str]:
    """Kind and name without the time: what the variables of one row have in common.

    >>> lane_of(Variable("s_12", 2, time=12, kind="state"))
    ('state', 's')
    """
    return variable.kind, variable.name.removesuffix(f"_{variable.time}")
