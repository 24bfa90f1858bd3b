"""The message rule, once, and the list of messages that a tree sends.

The message from cluster i to its neighbour j over their separator S_ij is

    m_{i→j}(S_ij) = sum over C_i without S_ij of  prod_{phi in i} phi · prod_{k ≠ j} m_{k→i}

(Koller and Friedman 2009, equation 10.2; Shafer and Shenoy 1990). Tables are not multiplied into one cluster table
first (lazy propagation, Madsen and Jensen 1999): a message is the contraction of a list of operands.

`schedule` writes the rule down once per message, as an `Instruction`; `propagate` carries the instructions out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.contract import Operand, prepare
from control_pgm.tables.contraction import Recipe, Scope
from control_pgm.tables.scaled import Scaled

Edge = tuple[int, int]  # (source cluster, target cluster); the target of a root's message is −1
Store = dict[Edge, Scaled]

_ROOT = -1
_MANY_CHILDREN = 6


class Instruction(NamedTuple):
    """Send one message: contract tables of the source cluster with messages that it has received.

    A target below −1 marks a product that only serves further instructions of the same cluster.
    """

    edge: Edge
    tables: tuple[Scaled, ...]
    received: tuple[Edge, ...]
    recipe: Recipe


def propagate(instructions: Iterable[Instruction], store: Store) -> Iterator[tuple[Edge, Scaled]]:
    """Send messages one after another, yielding each as it is sent.

    ``store`` is the state of the algorithm: messages are read from it and written to it.
    """
    for edge, tables, received, recipe in instructions:
        message = store[edge] = Scaled.contract([*tables, *[store[e] for e in received]], recipe)
        if edge[1] >= _ROOT:
            yield edge, message


def schedule(
    tree: BucketTree, operands: Sequence[Sequence[Operand]], silent: frozenset[int], cardinalities: Sequence[int]
) -> tuple[list[Instruction], list[Instruction]]:
    """The collect pass, every cluster to its parent in the order of elimination, and the distribute pass back.

    A silent cluster sends nothing upwards: its message is identically one.
    """
    up: list[Instruction] = []
    down: list[Instruction] = []
    writer = _Writer(tree, operands, silent, cardinalities)
    for i, parent in enumerate(tree.parents):
        if i not in silent:
            up.append(writer.write((i, parent), writer.from_children(i), tree.separators[i]))
    for i in range(len(tree.parents) - 1, -1, -1):
        if len(tree.children[i]) > _MANY_CHILDREN:
            down += writer.to_many_children(i)
            continue
        for child in reversed(tree.children[i]):
            received = [edge for edge in writer.from_children(i) if edge[0] != child] + writer.from_parent(i)
            down.append(writer.write((i, child), received, tree.separators[child]))
    return up, down


class _Writer:
    """Writes instructions for the clusters of one tree."""

    def __init__(
        self,
        tree: BucketTree,
        operands: Sequence[Sequence[Operand]],
        silent: frozenset[int],
        cardinalities: Sequence[int],
    ) -> None:
        self.tree, self.operands, self.silent, self.cardinalities = tree, operands, silent, cardinalities
        self.products: dict[Edge, Scope] = {}  # scopes of the products that serve clusters with many children

    def from_children(self, cluster: int) -> list[Edge]:
        return [(child, cluster) for child in self.tree.children[cluster] if child not in self.silent]

    def from_parent(self, cluster: int) -> list[Edge]:
        parent = self.tree.parents[cluster]
        return [(parent, cluster)] if parent != _ROOT else []

    def scope(self, edge: Edge) -> Scope:
        if edge in self.products:
            return self.products[edge]
        source, target = edge
        return self.tree.separators[source if self.tree.parents[source] == target else target]

    def write(self, edge: Edge, received: Sequence[Edge], out: Scope, *, own: bool = True) -> Instruction:
        """The instruction for one message; without ``own`` the cluster's tables stay out of it."""
        operands = self.operands[edge[0]] if own else ()
        scopes = [scope for scope, _ in operands] + [self.scope(e) for e in received]
        # Tables come first among the operands, so tables of ones must stand before the messages too.
        recipe, ones = prepare(scopes, out, self.cardinalities)
        if ones:
            missing = tuple(v for v in out if not any(v in scope for scope in scopes))
            scopes.insert(len(operands), missing)
            recipe, _ = prepare(scopes, out, self.cardinalities)
        return Instruction(edge, (*(table for _, table in operands), *ones), tuple(received), recipe)

    def to_many_children(self, cluster: int) -> list[Instruction]:
        """Messages to many children in linear time: products of the messages before and after each child."""
        result: list[Instruction] = []
        children = self.tree.children[cluster]
        others: dict[int, list[Edge]] = {child: [] for child in children}
        for side, order in ((0, children), (1, children[::-1])):
            product: list[Edge] = []
            for child in order:
                others[child] += product
                if child in self.silent:
                    continue
                factors = [*product, (child, cluster)]
                scope = tuple(sorted({v for e in factors for v in self.scope(e)}))
                edge = (cluster, -2 - 2 * child - side)
                result.append(self.write(edge, factors, scope, own=False))
                self.products[edge] = scope
                product = [edge]
        for child in children:
            received = others[child] + self.from_parent(cluster)
            result.append(self.write((cluster, child), received, self.tree.separators[child]))
        return result
