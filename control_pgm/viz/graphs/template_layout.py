"""Layout of a two-slice template: a slice in its plate, the next on its right, first tables on its left."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from control_pgm.layout.geometry import Point
from control_pgm.layout.placing import SQUARE, Layout, Node, lay_out
from control_pgm.models.network_layout import network_layout
from control_pgm.models.template import PRIME, TwoSliceTemplate
from control_pgm.viz.base import style

_RIM = 0.3  # between the nodes and the plate around them
_CAPTION = 0.52  # for the words inside the plate, below the nodes
_BESIDE = 0.2  # between the plate and the next slice
_BEFORE = 0.55  # between the squares and the plate
_NARROWEST = 1.75  # a plate with room for the words inside
_APART = 0.75  # between two squares
_ABOVE = 0.45  # between the plate and the variables of an episode


@dataclass(frozen=True)
class TemplateLayout:
    """The places of all parts.

    Attributes
    ----------
    layout : Layout
        Nodes are called as in the unrolled network, ``s_0`` and ``s_1``; the square of s is ``("initial", "s")``.
    names : node -> name in the template.
    squares : square -> the formula beside it.
    plate : left, right, bottom, top
    """

    layout: Layout
    names: dict[Node, str]
    squares: dict[Node, str]
    plate: tuple[float, float, float, float]


def template_layout(template: TwoSliceTemplate) -> TemplateLayout:
    """Slices 0 and 1 of a short unrolled network, apart, without what belongs to slice 1 alone.

    Variables of an episode stand in a row above the plate.
    """
    once = [cpd.child.name for cpd in template.episode]
    step = {v.name for cpd in (*template.transition, *template.initial) for v in cpd.variables}.difference(once)
    names: dict[Node, str] = {_unrolled(name): name for name in step}
    full = network_layout(template.unroll(1))
    places: dict[Node, tuple[Point, float]] = {
        node: (full.points[node], full.radii[node]) for node in full.points if node in names
    }
    inside = [place for node, place in places.items() if not names[node].endswith(PRIME)]
    plate = _plate(inside)
    beyond = [x - r for node, ((x, _), r) in places.items() if names[node].endswith(PRIME)]
    shift = max(0.0, plate[1] + _BESIDE - min(beyond, default=plate[1] + _BESIDE))
    for node, ((x, y), r) in places.items():
        if names[node].endswith(PRIME):
            places[node] = (x + shift, y), r
    radius = max(r for _, r in places.values())
    for k, name in enumerate(once):
        across = plate[0] + (plate[1] - plate[0]) * (k + 1) / (len(once) + 1)
        places[name], names[name] = ((across, plate[3] + _ABOVE + radius), radius), name
    squares: dict[Node, str] = {("initial", cpd.child.name): _formula(cpd.scope) for cpd in template.initial}
    lowest = -inf
    for square in sorted(squares, key=lambda node: _child(places, node)[1]):
        lowest = max(_child(places, square)[1], lowest + _APART)
        places[square] = (plate[0] - _BEFORE, lowest), SQUARE

    def drawn(name: str) -> Node:
        return name if name in once else _unrolled(name)

    cpds = (*template.transition, *template.episode)
    links: list[tuple[Node, Node]] = [(drawn(p.name), drawn(cpd.child.name)) for cpd in cpds for p in cpd.parents]
    links += [(("initial", cpd.child.name), drawn(v.name)) for cpd in template.initial for v in cpd.variables]
    layout = lay_out([], links, squares=squares, known=places)
    return TemplateLayout(layout, {node: names[node] for node in places if node in names}, squares, plate)


def _plate(inside: list[tuple[Point, float]]) -> tuple[float, float, float, float]:
    """left, right, bottom, top around the nodes of one slice."""
    left = min(x - r for (x, _), r in inside) - _RIM
    return (
        left,
        max(left + _NARROWEST, max(x + r for (x, _), r in inside) + _RIM),
        min(y - r for (_, y), r in inside) - _CAPTION,
        max(y + r for (_, y), r in inside) + _RIM,
    )


def _child(places: dict[Node, tuple[Point, float]], square: Any) -> Point:
    return places[_unrolled(square[1])][0]


def _unrolled(name: str) -> str:
    """The name in the unrolled network of one step."""
    return f"{name[:-1]}_1" if name.endswith(PRIME) else f"{name}_0"


def _formula(scope: tuple[str, ...]) -> str:
    """The distribution that a square stands for; the child is the last of its scope."""
    *given, child = [f"${style.symbol(n, index='0')}$" if style.symbol(n) else f"{style.plain(n)}$_0$" for n in scope]
    return f"p({child}{' | ' + ', '.join(given) if given else ''})"
