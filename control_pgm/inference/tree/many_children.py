"""Messages from a cluster to many children, in linear time: everything but one child's message, by halves.

What a half of the children receives is the product of what came from outside and what the other half sent, over the
variables that the half needs: only a chain of halves is in memory at once. What a group of children sent is multiplied
together once, where the product is no larger than its parts; so a hub with many neighbours takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

from control_pgm.inference.tree.messages import DOWN, PRODUCT, ClusterRule, Instruction, Place
from control_pgm.tables.arrays import Scope


class _ChildGroup(NamedTuple):
    """Children of a cluster: their two halves (none of a single child), and the messages or products they sent."""

    children: tuple[int, ...]
    halves: tuple[Any, ...]
    sent: list[Place]


class ManyChildren:
    """The messages to the children of a cluster that has many."""

    def __init__(self, rule: ClusterRule) -> None:
        self.rule = rule
        self.products: list[Instruction] = []
        self.n_products = 0

    def down(self) -> list[Instruction]:
        """The products of what groups of children sent, then the messages and the products that these need."""
        children = self.rule.tree.children[self.rule.cluster]
        half = len(children) // 2
        halves = (self._grouped(children[:half]), self._grouped(children[half:]))
        messages = list(self._to_halves(_ChildGroup(children, halves, []), self.rule.from_parent, own=True))
        return [*self.products, *messages]

    def _grouped(self, children: Sequence[int]) -> _ChildGroup:
        """The halves of some children, and what they have sent."""
        received = self.rule.received
        if len(children) == 1:
            return _ChildGroup(tuple(children), (), [received[child] for child in children if child in received])
        half = len(children) // 2
        halves = (self._grouped(children[:half]), self._grouped(children[half:]))
        sent = [*halves[0].sent, *halves[1].sent]
        scope = tuple(sorted({v for place in sent for v in self.rule.scopes[place]}))
        if len(sent) > 1 and self._entries(scope) <= sum(self._entries(self.rule.scopes[place]) for place in sent):
            place = self._product(scope)
            self.products.append(self.rule.write(place, sent, scope, own=False))
            sent = [place]
        return _ChildGroup(tuple(children), halves, sent)

    def _to_halves(self, group: _ChildGroup, outside: Sequence[Place], *, own: bool) -> Iterator[Instruction]:
        """Messages to the children of a group; ``outside`` and, with ``own``, the cluster's tables are all the rest."""
        rule = self.rule
        for mine, other in (group.halves, group.halves[::-1]):
            received = [*outside, *other.sent]
            if not mine.halves:
                (child,) = mine.children
                yield rule.write(Place(DOWN, child - rule.cluster), received, rule.tree.separators[child], own=own)
                continue
            scope = tuple(sorted({v for child in mine.children for v in rule.tree.separators[child]}))
            if not own and len(received) == 1 and rule.scopes[received[0]] == scope:  # the other half sends none
                yield from self._to_halves(mine, received, own=False)
                continue
            place = self._product(scope)
            yield rule.write(place, received, scope, own=own)
            yield from self._to_halves(mine, [place], own=False)

    def _product(self, scope: Scope) -> Place:
        """A place for a new product."""
        place = Place(PRODUCT, self.n_products)
        self.n_products += 1
        self.rule.scopes[place] = scope
        return place

    def _entries(self, scope: Scope) -> int:
        return prod([self.rule.cardinalities[v] for v in scope])
