"""Layers for models without time: nets by longest path from the roots, factor graphs by distance. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from control_pgm.layout.geometry import Point
from control_pgm.layout.placing import Link, Node

_SWEEPS = 8


def longest_path_layers(nodes: Iterable[Node], links: Iterable[Link]) -> dict[Node, int]:
    """The layer of every node: one more than that of its deepest parent. ``nodes`` come parents first.

    >>> longest_path_layers("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}
    """
    parents: dict[Node, list[Node]] = {}
    for a, b in links:
        parents.setdefault(b, []).append(a)
    layer: dict[Node, int] = {}
    for node in nodes:
        layer[node] = 1 + max((layer[p] for p in parents.get(node, ())), default=-1)
    return layer


def distance_layers(nodes: Sequence[Node], links: Iterable[Link]) -> dict[Node, int]:
    """The layer of every node: its distance from an outermost node of its component."""
    near = _neighbours(nodes, links)
    layer: dict[Node, int] = {}
    for node in nodes:
        if node not in layer:
            outermost = list(_breadth_first(node, near))[-1]
            layer.update(_breadth_first(outermost, near))
    return layer


def layered(
    layer: Mapping[Node, int], links: Sequence[Link], *, radius: float, sideways: bool = False
) -> dict[Node, Point]:
    """Positions by layer, from top to bottom or, ``sideways``, from left to right.

    Within a layer nodes are sorted by the mean position of their neighbours; an edge across several layers keeps a
    place free in each of them.
    """
    inner, chains = _with_places(layer, links)
    rows: list[list[Node]] = [[] for _ in range(1 + max(layer.values()))]
    for node, k in inner.items():
        rows[k].append(node)
    near = _neighbours(inner, chains)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            place = {node: i - (len(r) - 1) / 2 for r in rows for i, node in enumerate(r)}
            row.sort(key=lambda node: sum(place[n] for n in near[node]) / max(len(near[node]), 1))
    step = 2 * radius + 0.7
    across = {node: (i - (len(row) - 1) / 2) * step for row in rows for i, node in enumerate(row)}
    span = max((abs(across[a] - across[b]) for a, b in chains), default=0.0)
    # An edge that leaves its row too flatly would graze its neighbours.
    down = max(2 * radius + 0.75, span * (radius + 0.12) / step)
    if sideways:
        return {node: (k * down, -across[node]) for node, k in layer.items()}
    return {node: (across[node], -k * down) for node, k in layer.items()}


def _with_places(layer: Mapping[Node, int], links: Iterable[Link]) -> tuple[dict[Node, int], list[Link]]:
    """The layers with one placeholder for every layer that an edge skips, and the edges led through them."""
    inner, chains = dict(layer), list[Link]()
    for a, b in links:
        low, high = sorted((a, b), key=lambda node: layer[node])
        path = [low, *(("place", low, high, k) for k in range(layer[low] + 1, layer[high])), high]
        inner.update({node: layer[low] + i for i, node in enumerate(path)})
        chains += list(pairwise(path))
    return inner, chains


def _neighbours(nodes: Iterable[Node], links: Iterable[Link]) -> dict[Node, list[Node]]:
    near: dict[Node, list[Node]] = {node: [] for node in nodes}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    return near


def _breadth_first(start: Node, near: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """node -> distance, in the order in which they are reached."""
    distance, queue = {start: 0}, [start]
    for node in queue:
        for other in near[node]:
            if other not in distance:
                distance[other] = distance[node] + 1
                queue.append(other)
    return distance
