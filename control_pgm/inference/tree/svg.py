"""The clusters of an exact posterior as hand-written SVG, for notebooks: boxes joined by lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from control_pgm.display import html_table, size
from control_pgm.display.graph import DOTS_EM, Box, Line, Note, Scene, draw
from control_pgm.display.html import beside
from control_pgm.display.svg import Point
from control_pgm.inference.tree.cluster_layout import HEIGHT, ClusterPlaces, cluster_places, label_width
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
