"""Places for factors beside the variables that they touch: the same in every slice. Pure geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import cos, radians, sin

from control_pgm.layout.columns import Columns
from control_pgm.layout.geometry import Point
from control_pgm.layout.placing import SQUARE, Lane, Node
from control_pgm.layout.rows import lane_of
from control_pgm.tables.variable import Variable

_REACH = SQUARE * 2**0.5
# Above, left, below, right, then between them; in degrees.
_DIRECTIONS = (90, 180, 270, 0, 135, 225, 45, 315, 112, 67, 157, 202, 247, 292, 22, 337)


def factor_lanes(scopes: Mapping[Node, Sequence[Variable]], slices: Columns | None, *, near: float) -> list[Lane]:
    """One lane for all factors over the same variables of different slices, larger scopes first.

    A factor belongs to the slice of its earliest variable. ``near`` is the distance of a factor from its only variable.
    """
    groups: dict[tuple[object, ...], list[Node]] = {}
    seen: dict[tuple[Node, ...], int] = {}
    for node, scope in scopes.items():
        if not scope:
            continue
        names = tuple(sorted(v.name for v in scope))
        seen[names] = again = seen.get(names, -1) + 1
        start = _start(scope)
        shape = tuple(sorted((*lane_of(v), -1 if v.time is None else v.time - (start or 0)) for v in scope))
        key = (shape, again) if start is not None and slices is not None else (names, again)
        groups.setdefault(key, []).append(node)
    lanes = []
    for nodes in sorted(groups.values(), key=lambda nodes: -len(scopes[nodes[0]])):
        shown: dict[Node, float] = {}
        hidden: dict[Node, float] = {}
        for node in nodes:
            start = _start(scopes[node]) if slices is not None else None
            if start is None or slices is None:
                shown[node] = 0.0
            else:
                (shown if start in slices.visible else hidden)[node] = slices.x(start)
        members = {node: [v.name for v in scopes[node]] for node in shown}
        lanes.append(Lane(shown, _REACH, _offsets(shown, members, near), hidden))
    return lanes


def _start(scope: Iterable[Variable]) -> int | None:
    """The earliest time in a scope."""
    return min((v.time for v in scope if v.time is not None), default=None)


def _offsets(
    columns: Mapping[Node, float], members: Mapping[Node, Sequence[str]], near: float
) -> Callable[[Mapping[Node, Point]], Iterable[Point]]:
    """Candidate offsets, worked out at the factor of which most variables are visible."""

    def candidates(placed: Mapping[Node, Point]) -> Iterable[Point]:
        node = max(columns, key=lambda n: sum(name in placed for name in members[n]))
        around = [placed[name] for name in members[node] if name in placed] or [(columns[node], 0.0)]
        places = _beside(around[0], near) if len(around) == 1 else _between(around)
        return ((x - columns[node], y) for x, y in places)

    return candidates


def _beside(variable: Point, near: float) -> Iterable[Point]:
    """Places around one variable, near ones first."""
    for reach in (near, 1.25 * near, 1.6 * near, 2.2 * near, 3.0 * near):
        for angle in _DIRECTIONS:
            yield variable[0] + reach * cos(radians(angle)), variable[1] + reach * sin(radians(angle))


def _between(variables: Sequence[Point]) -> Iterable[Point]:
    """Places among several variables: on their lowest row, at a corner, above the middle, then around it."""
    low, high = min(y for _, y in variables), max(y for _, y in variables)
    base = [x for x, y in variables if y == low]
    middle = sum(x for x, _ in variables) / len(variables)
    if len(base) > 1:
        yield sum(base) / len(base), low
    elif len(variables) == 2:
        yield base[0], high
    for up in (1.2, 1.5):
        if len(base) > 1:
            yield sum(base) / len(base), high + up
    centre = (middle, sum(y for _, y in variables) / len(variables))
    yield centre
    for reach in (0.3, 0.5, 0.75, 1.0, 1.3, 1.7, 2.2, 3.0):
        for angle in _DIRECTIONS:
            yield centre[0] + reach * cos(radians(angle)), centre[1] + reach * sin(radians(angle))
