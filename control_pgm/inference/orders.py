"""Elimination orders: the model's own order reversed, and the greedy orders min-fill and min-weight."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from math import prod
from typing import Literal

from control_pgm.tables.contraction import Scope

Greedy = Literal["min-fill", "min-weight"]

_HUB = 64  # a variable with more neighbours counts as if none of them were joined: it is never a good choice


def greedy_order(n: int, scopes: Iterable[Scope], cardinalities: Sequence[int], rule: Greedy) -> tuple[int, ...]:
    """Eliminate, one after another, the variable that is cheapest now.

    "min-fill" counts the edges that an elimination adds, "min-weight" the entries of the table that it makes
    (Koller and Friedman 2009, section 9.4.3). Ties go to the variable with the highest index, that is towards the
    reversed natural order; nothing depends on hashing.
    """
    neighbours: list[set[int]] = [set() for _ in range(n)]
    for scope in scopes:
        for v in scope:
            neighbours[v].update(scope)
    for v in range(n):
        neighbours[v].discard(v)

    def cost(v: int) -> int:
        near = neighbours[v]
        if rule == "min-weight":
            return prod(cardinalities[u] for u in near) * cardinalities[v]
        d = len(near)
        if d > _HUB:
            return d * (d - 1) // 2
        joined = sum(len(neighbours[u] & near) for u in near)
        return (d * (d - 1) - joined) // 2

    current = [cost(v) for v in range(n)]
    heap = [(current[v], -v) for v in range(n)]
    heapq.heapify(heap)
    order: list[int] = []
    done = [False] * n
    while heap:
        value, negative = heapq.heappop(heap)
        v = -negative
        if done[v] or value != current[v]:
            continue  # an entry that a later cost has replaced
        done[v] = True
        order.append(v)
        near = neighbours[v]
        changed = set(near)
        for u in near:
            missing = near - neighbours[u] - {u}
            for w in missing:
                changed |= neighbours[u] & neighbours[w] if rule == "min-fill" else set()
            neighbours[u] |= missing
            neighbours[u].discard(v)
        for u in changed:
            if not done[u] and (new := cost(u)) != current[u]:
                current[u] = new
                heapq.heappush(heap, (new, -u))
    return tuple(order)


def reversed_order(n: int) -> tuple[int, ...]:
    """The natural order backwards: children before parents, late slices before early ones."""
    return tuple(range(n - 1, -1, -1))
