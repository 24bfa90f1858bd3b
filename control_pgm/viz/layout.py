"""Positions for the nodes of a network: time to the right, kinds as rows, states below and optimality on top.

No matplotlib here: models in, coordinates out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from control_pgm.models.network import BayesianNetwork
from control_pgm.tables.variable import Variable
from control_pgm.viz.columns import Columns, columns
from control_pgm.viz.factor_places import factor_lanes, lane_of
from control_pgm.viz.geometry import Point
from control_pgm.viz.layered import layered, longest_path_layers
from control_pgm.viz.placing import Lane, Layout, Link, Node, lay_out
from control_pgm.viz.style import RADIUS, SQUARE, label_width

LaneKey = tuple[str, str]

COLUMN = 1.6
_SEEDS: Mapping[str, Point] = {"state": (0.0, 0.0), "action": (0.8, 1.0), "optimality": (0.8, 2.4)}
_ROWS = ("state", "action", "optimality")
_BETWEEN_ROWS = (1.0, 1.3, 1.6, 2.0, 2.6)


def network_layout(network: BayesianNetwork, *, max_slices: int = 8, keep: Iterable[str] = ()) -> Layout:
    """The layout of a Bayesian network, unrolled or not, with its further factors as ("factor", k).

    Parameters
    ----------
    network : BayesianNetwork
    max_slices : int
        More slices than these are elided.
    keep : iterable of str
        Variables whose slices are drawn in any case.

    Examples
    --------
    >>> from control_pgm import MDP, unroll
    >>> layout = network_layout(unroll(MDP([[[1.0]]], [[0.0]]), 3))
    >>> layout.points["s_2"], layout.points["a_2"]
    ((3.2, 0.0), (4.0, 1.0))
    """
    variables = tuple(network.variables.values())
    links: list[Link] = [(p.name, cpd.child.name) for cpd in network.cpds for p in cpd.parents]
    scopes: dict[Node, tuple[Variable, ...]] = {("factor", k): f.variables for k, f in enumerate(network.factors)}
    weights = [(v.name, node) for node, scope in scopes.items() for v in scope]
    slices = None
    if is_timed(variables):
        slices = slice_columns(variables, width=COLUMN, max_slices=max_slices, keep=keep)
        lanes = variable_lanes(variables, links, slices, _SEEDS)
    else:
        radius = node_radius(v.name for v in variables)
        layers = longest_path_layers([v.name for v in variables], links)
        lanes = fixed_lanes(layered(layers, links, radius=radius), radius)
    lanes += factor_lanes(scopes, slices, near=0.36 + lanes[0].radius)
    return lay_out(lanes, [*links, *weights], slices, dict.fromkeys(scopes, SQUARE))


def is_timed(variables: Iterable[Variable]) -> bool:
    """Whether most variables have a time."""
    times = [v.time is not None for v in variables]
    return 2 * sum(times) > len(times)


def node_radius(names: Iterable[str]) -> float:
    """A radius that leaves room for the longest name."""
    return max(RADIUS, min(0.55, 0.115 * max(map(label_width, names))))


def slice_columns(variables: Iterable[Variable], *, width: float, max_slices: int, keep: Iterable[str] = ()) -> Columns:
    """The columns of a model's slices; a last slice that lacks nodes of the first is the end of the one before it."""
    timed = [v for v in variables if v.time is not None]
    asked = set(keep)
    last, first = max(_times(timed)), min(_times(timed))
    lone = {lane_of(v) for v in timed if v.time == last} < {lane_of(v) for v in timed if v.time == first}
    kept = [t for v, t in zip(timed, _times(timed), strict=True) if v.name in asked]
    return columns(_times(timed), width=width, max_slices=max_slices, keep=kept, lone_end=lone)


def _times(variables: Iterable[Variable]) -> list[int]:
    return [v.time for v in variables if v.time is not None]


def variable_lanes(
    variables: Sequence[Variable], links: Iterable[Link], slices: Columns, seeds: Mapping[str, Point]
) -> list[Lane]:
    """The lanes of all visible variables: states, actions, optimality, then other kinds as they first appear."""
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
    kinds = list(dict.fromkeys([*_ROWS, *(kind for kind, _ in groups)]))
    textbook = ("s", "a", "O")  # what a user adds of the same kind goes beside these, not in their place
    ranked = sorted(groups, key=lambda key: (key[1].startswith("\0"), kinds.index(key[0]), key[1] not in textbook))
    lanes: list[Lane] = []
    seeded: set[str] = set()
    rows: dict[str, list[Node]] = {}
    for kind, stem in ranked:
        nodes = groups[kind, stem]
        first = None if kind in seeded else seeds.get(kind)
        seeded.add(kind)
        if not lanes:
            first = (0.0, 0.0)
        offsets = _offsets(nodes, near, first, rows.get(kind, []))
        lanes.append(Lane(nodes, RADIUS, offsets, hidden.get((kind, stem), {})))
        if kind and kind not in ("state", "action"):
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


def fixed_lanes(points: Mapping[Node, Point], radius: float) -> list[Lane]:
    """Lanes for nodes whose places are known."""
    return [Lane({node: x}, radius, partial(_fixed, y)) for node, (x, y) in points.items()]


def _fixed(y: float, _: Mapping[Node, Point]) -> Iterable[Point]:
    return [(0.0, y)]
