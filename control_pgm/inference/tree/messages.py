"""The message rule, once, and the list of messages that a tree sends.

The message from cluster i to its neighbour j over their separator S_ij is

    m_{i→j}(S_ij) = sum over C_i without S_ij of  prod_{phi in i} phi · prod_{k ≠ j} m_{k→i}

(Koller and Friedman 2009, section 10.2; Shafer and Shenoy 1990). Tables are not multiplied into one cluster table
first (lazy propagation, Madsen and Jensen 1999): a message is the contraction of a list of operands.

`write_messages` writes the rule down once per message, as an `Instruction`; the passes of `passes` carry it out.
Instructions name other clusters by their distance, so that the slices of an unrolled network share them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from control_pgm.inference.contract import prepare
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.folding import Product, Reference, Referred
from control_pgm.tables.arrays import Scope
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series

_MANY_CHILDREN = 6


# Where a message is kept:
UP = 0  # what a cluster has sent to its parent
DOWN = 1  # what a cluster has received from its parent
PRODUCT = 2  # a product of children's messages, which serves one cluster only


class Place(NamedTuple):
    """A message, seen from the cluster that an instruction belongs to."""

    side: int  # UP, DOWN or PRODUCT
    offset: int  # distance of the cluster in the order of elimination; the number of a product


class Instruction(NamedTuple):
    """Contract tables of a cluster with messages that it has received, and keep the result at a place.

    As `write_messages` writes it, an instruction refers to tables; `bind` puts the tables themselves there.
    """

    result: Place
    tables: tuple[Any, ...]
    received: tuple[Place, ...]
    recipe: Recipe


class ClusterMessages(NamedTuple):
    """The messages of one cluster: to its parent (None if it is barren: identically one), and to its children."""

    up: Instruction | None
    down: tuple[Instruction, ...]


class Batch(NamedTuple):
    """Many problems of one structure at once: how many, and the numbers of the tables in which they differ.

    These tables, and all messages, have a first axis that runs over the problems. It is never summed.
    """

    size: int
    tables: frozenset[int]

    def has(self, reference: Reference) -> bool:
        """Whether a table, or a product of tables, differs between the problems."""
        if isinstance(reference, Product):
            return any(number in self.tables for number, _ in reference.parts)
        return reference in self.tables


def write_messages(
    tree: BucketTree,
    operands: Sequence[Sequence[Referred]],
    barren: Sequence[bool],
    cardinalities: Sequence[int],
    batch: Batch | None = None,
    maximised: Collection[int] = frozenset(),
) -> list[ClusterMessages]:
    """The instructions of every cluster. A barren cluster sends nothing upwards: its message is identically one.

    With maximised variables only upward messages are written: the states of a maximum are read off these.
    """
    return [
        _Writer(i, tree, operands[i], barren, cardinalities, batch, maximised).cell(upwards=bool(maximised))
        for i in range(len(tree.order))
    ]


def bind(cells: Sequence[ClusterMessages], table: Callable[[Reference], Scaled | Series]) -> list[ClusterMessages]:
    """The instructions with the tables that they refer to."""

    def bound(instruction: Instruction) -> Instruction:
        tables = tuple([t if isinstance(t, Scaled) else table(t) for t in instruction.tables])
        return instruction._replace(tables=tables)

    return [ClusterMessages(cell.up and bound(cell.up), tuple([bound(down) for down in cell.down])) for cell in cells]


class _Writer:
    """Writes the instructions of one cluster."""

    def __init__(
        self,
        cluster: int,
        tree: BucketTree,
        operands: Sequence[Referred],
        barren: Sequence[bool],
        cardinalities: Sequence[int],
        batch: Batch | None,
        maximised: Collection[int],
    ) -> None:
        self.cluster, self.tree, self.operands, self.batch = cluster, tree, operands, batch
        self.cardinalities = cardinalities
        self.barren, self.maximised = barren[cluster], tree.order[cluster] in maximised
        self.speaking = {j: Place(UP, j - cluster) for j in tree.children[cluster] if not barren[j]}
        self.scopes = {place: tree.separators[j] for j, place in self.speaking.items()}
        self.n_products = 0
        self.from_parent: list[Place] = []
        if tree.parents[cluster] >= 0:
            self.from_parent = [Place(DOWN, 0)]
            self.scopes[self.from_parent[0]] = tree.separators[cluster]

    def cell(self, *, upwards: bool) -> ClusterMessages:
        """All messages of the cluster, or those ``upwards`` alone."""
        children = self.tree.children[self.cluster]
        up = None
        if not self.barren:
            out = self.tree.separators[self.cluster]
            out = (*out, self.tree.order[self.cluster]) if self.maximised else out
            up = self.write(Place(UP, 0), list(self.speaking.values()), out, maximised=int(self.maximised))
        if upwards:
            return ClusterMessages(up, ())
        if len(children) > _MANY_CHILDREN:
            return ClusterMessages(up, tuple(self.to_many_children()))
        down = []
        for child in reversed(children):
            others = [place for j, place in self.speaking.items() if j != child]
            down.append(self.to_child(child, others))
        return ClusterMessages(up, tuple(down))

    def to_child(self, child: int, others: Sequence[Place]) -> Instruction:
        result = Place(DOWN, child - self.cluster)
        return self.write(result, [*others, *self.from_parent], self.tree.separators[child])

    def write(
        self, result: Place, received: Sequence[Place], out: Scope, *, own: bool = True, maximised: int = 0
    ) -> Instruction:
        """One instruction; without ``own`` the cluster's tables stay out of it."""
        operands = self.operands if own else ()
        scopes = [scope for scope, _ in operands] + [self.scopes[place] for place in received]
        tables = tuple(table for _, table in operands)
        cards = self.cardinalities
        if self.batch is not None:
            first = len(cards)  # the label of the axis that runs over the batch
            batched = [*map(self.batch.has, tables), *(True for _ in received)]
            scopes = [(first, *scope) if b else scope for scope, b in zip(scopes, batched, strict=True)]
            cards, out = [*cards, self.batch.size], (first, *out)
        recipe, ones = prepare(scopes, out, cards, maximised)
        if ones:  # tables come first among the operands, so the tables of ones must come before the messages too
            missing = tuple(v for v in out if not any(v in scope for scope in scopes))
            recipe, _ = prepare([*scopes[: len(tables)], missing, *scopes[len(tables) :]], out, cards, maximised)
            if self.batch is not None and missing and missing[0] == len(self.cardinalities):
                neutral = np.zeros(self.batch.size, dtype=np.int64)
                return Instruction(result, (*tables, *(one.at_scale(neutral) for one in ones)), tuple(received), recipe)
        return Instruction(result, tables + ones, tuple(received), recipe)

    # --- many children ------------------------------------------------------------------------------------------
    def to_many_children(self) -> Iterator[Instruction]:
        """Messages to many children: everything else is halved, and halved again, until it is all but one child's.

        What a half of the children receives is the product of what came from outside and what the other half sent, over
        the variables that the half needs: only a chain of halves is in memory at once. What a group of children sent is
        multiplied together once, where the product is no larger than its parts; so a hub with many neighbours takes
        linear time.
        """
        products: list[Instruction] = []
        children = self.tree.children[self.cluster]
        half = len(children) // 2
        halves = (self._grouped(children[:half], products), self._grouped(children[half:], products))
        yield from products
        yield from self._to_halves(_ChildGroup(children, halves, []), self.from_parent, own=True)

    def _grouped(self, children: Sequence[int], products: list[Instruction]) -> _ChildGroup:
        """The halves of some children, and what they have sent; its products are appended to ``products``."""
        if len(children) == 1:
            return _ChildGroup(
                tuple(children), (), [self.speaking[child] for child in children if child in self.speaking]
            )
        half = len(children) // 2
        halves = (self._grouped(children[:half], products), self._grouped(children[half:], products))
        sent = [*halves[0].sent, *halves[1].sent]
        scope = tuple(sorted({v for place in sent for v in self.scopes[place]}))
        if len(sent) > 1 and self._entries(scope) <= sum(self._entries(self.scopes[place]) for place in sent):
            place = self._product(scope)
            products.append(self.write(place, sent, scope, own=False))
            sent = [place]
        return _ChildGroup(tuple(children), halves, sent)

    def _to_halves(self, group: _ChildGroup, outside: Sequence[Place], *, own: bool) -> Iterator[Instruction]:
        """Messages to the children of a group; ``outside`` and, with ``own``, the cluster's tables are all the rest."""
        for mine, other in (group.halves, group.halves[::-1]):
            received = [*outside, *other.sent]
            if not mine.halves:
                (child,) = mine.children
                yield self.write(Place(DOWN, child - self.cluster), received, self.tree.separators[child], own=own)
                continue
            scope = tuple(sorted({v for child in mine.children for v in self.tree.separators[child]}))
            if not own and len(received) == 1 and self.scopes[received[0]] == scope:  # the other half sends none
                yield from self._to_halves(mine, received, own=False)
                continue
            place = self._product(scope)
            yield self.write(place, received, scope, own=own)
            yield from self._to_halves(mine, [place], own=False)

    def _product(self, scope: Scope) -> Place:
        """A place for a new product."""
        place = Place(PRODUCT, self.n_products)
        self.n_products += 1
        self.scopes[place] = scope
        return place

    def _entries(self, scope: Scope) -> int:
        return prod([self.cardinalities[v] for v in scope])


class _ChildGroup(NamedTuple):
    """Children of a cluster: their two halves (none of a single child), and the messages or products they sent."""

    children: tuple[int, ...]
    halves: tuple[Any, ...]
    sent: list[Place]
