"""The message rule: every message of a cluster as a list of operands and a recipe to contract them.

The message from cluster i to its neighbour j over their separator S_ij is

    m_{i→j}(S_ij) = sum over C_i without S_ij of  prod_{phi in i} phi · prod_{k ≠ j} m_{k→i}

(Koller and Friedman 2009, section 10.2; Shafer and Shenoy 1990). Tables are not multiplied into one cluster table
first (lazy propagation, Madsen and Jensen 1999): a message is the contraction of a list of operands.

`ClusterRule` writes each down once, as an `Instruction`; `sum_product` carries them out. Instructions name other
clusters by their distance, so that the slices of an unrolled network share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from control_pgm.inference.contract import prepare
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.folding import Batch, Referred
from control_pgm.tables.arrays import Scope
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled

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

    As the rule writes it, an instruction refers to tables; `compile` puts the tables themselves there.
    """

    result: Place
    tables: tuple[Any, ...]
    received: tuple[Place, ...]
    recipe: Recipe


class ClusterMessages(NamedTuple):
    """The messages of one cluster: to its parent (None if it is barren: identically one), and to its children."""

    up: Instruction | None
    down: tuple[Instruction, ...]


class ClusterRule:
    """The messages of one cluster; a barren one sends nothing upwards.

    Parameters
    ----------
    operands : its tables with their scopes.
    batch : the axis that messages and some tables have besides their scopes, if any.
    """

    def __init__(
        self,
        cluster: int,
        tree: BucketTree,
        operands: Sequence[Referred],
        barren: Sequence[bool],
        cardinalities: Sequence[int],
        batch: Batch | None,
    ) -> None:
        self.cluster, self.tree, self.operands, self.batch = cluster, tree, operands, batch
        self.barren = barren[cluster]
        self.cardinalities = [*cardinalities, batch.size] if batch else cardinalities
        self.received = {j: Place(UP, j - cluster) for j in tree.children[cluster] if not barren[j]}
        self.from_parent = [Place(DOWN, 0)] if tree.parents[cluster] >= 0 else []
        self.scopes = {place: tree.separators[j] for j, place in self.received.items()}
        self.scopes |= dict.fromkeys(self.from_parent, tree.separators[cluster])

    def up(self, *, maximised: bool = False) -> Instruction | None:
        """The message to the parent: the cluster's variable is summed, or ``maximised``."""
        if self.barren:
            return None
        out = self.tree.separators[self.cluster]
        out = (*out, self.tree.order[self.cluster]) if maximised else out
        return self.write(Place(UP, 0), list(self.received.values()), out, maximised=maximised)

    def down(self) -> list[Instruction]:
        """The message to each child, from the tables and what all others have sent."""
        result = []
        for child in reversed(self.tree.children[self.cluster]):
            others = [place for j, place in self.received.items() if j != child]
            place = Place(DOWN, child - self.cluster)
            result.append(self.write(place, [*others, *self.from_parent], self.tree.separators[child]))
        return result

    def write(
        self, result: Place, received: Sequence[Place], out: Scope, *, own: bool = True, maximised: bool = False
    ) -> Instruction:
        """One instruction; without ``own`` the cluster's tables stay out of it."""
        tables: list[Any] = [table for _, table in self.operands] if own else []
        scopes = [scope for scope, _ in self.operands] if own else []
        others = [self.scopes[place] for place in received]
        if self.batch is not None:
            axis = len(self.cardinalities) - 1  # the label of the axis that runs over the batch
            scopes = [(axis, *s) if self.batch.has(t) else s for s, t in zip(scopes, tables, strict=True)]
            others, out = [(axis, *scope) for scope in others], (axis, *out)
        missing = tuple([v for v in out if not any(v in scope for scope in (*scopes, *others))])
        if missing or not (scopes or others):  # the product is one over what no operand mentions
            tables, scopes = [*tables, self._ones(missing)], [*scopes, missing]
        recipe, _ = prepare([*scopes, *others], out, self.cardinalities, int(maximised))
        return Instruction(result, tuple(tables), tuple(received), recipe)

    def _ones(self, scope: Scope) -> Scaled:
        ones = Scaled(np.ones([self.cardinalities[v] for v in scope]))
        batched = self.batch is not None and scope[:1] == (len(self.cardinalities) - 1,)
        return ones.at_scale(np.zeros(ones.shape[0], dtype=np.int64)) if batched else ones
