"""Axes that always lie together, treated as one: ten binary variables behave like one of 1024 states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

from control_pgm.tables.arrays import Scope

_END = -1  # no label


class Fused(NamedTuple):
    """A contraction over fewer axes. A fused axis bears the label of its first member."""

    scopes: tuple[Scope, ...]
    out: Scope
    sizes: tuple[int, ...]


def fuse(scopes: Sequence[Scope], out: Scope, sizes: Sequence[int]) -> Fused:
    """Fuse labels that occur next to each other, in the same order, wherever one of them occurs.

    Examples
    --------
    >>> fuse([(0, 1, 2), (2, 3)], (0, 1, 3), (2, 3, 4, 5))
    Fused(scopes=((0, 2), (2, 3)), out=(0, 3), sizes=(6, 3, 4, 5))
    """
    successor = _successors([*scopes, out])
    followers = set(successor.values())
    fused_sizes = list(sizes)
    for first in successor.keys() - followers:
        fused_sizes[first] = prod(sizes[x] for x in _chain(first, successor))

    def leading(scope: Scope) -> Scope:
        return tuple(x for x in scope if x not in followers)

    return Fused(tuple(map(leading, scopes)), leading(out), tuple(fused_sizes))


def _successors(sequences: Iterable[Scope]) -> Mapping[int, int]:
    """label -> the one label that always follows it, and follows no other."""
    after: dict[int, set[int]] = defaultdict(set)
    before: dict[int, set[int]] = defaultdict(set)
    for sequence in sequences:
        for x, y in zip((_END, *sequence), (*sequence, _END), strict=True):
            after[x].add(y)
            before[y].add(x)
    single = {x: next(iter(ys)) for x, ys in after.items() if len(ys) == 1 and x != _END}
    return {x: y for x, y in single.items() if y != _END and before[y] == {x}}


def _chain(first: int, successor: Mapping[int, int]) -> Iterable[int]:
    yield first
    while first in successor:
        first = successor[first]
        yield first
