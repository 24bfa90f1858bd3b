"""The message rule, once, and the order in which a tree uses it.

The message from cluster i to its neighbour j over their separator S_ij is

    m_{i→j}(S_ij) = sum over C_i without S_ij of  prod_{phi in i} phi · prod_{k ≠ j} m_{k→i}

(Koller and Friedman 2009, equation 10.2; Shafer and Shenoy 1990). Tables are not multiplied into one cluster table
first (lazy propagation, Madsen and Jensen 1999): a message is the contraction of a list of operands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from control_pgm.inference.clusters import BucketTree
from control_pgm.inference.contract import Operand, Recipes, contract
from control_pgm.inference.plan import Plan
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled

Edge = tuple[int, int]  # (source cluster, target cluster); the target of a root's message is −1
Store = dict[Edge, Scaled]

_MANY_CHILDREN = 6


@dataclass(frozen=True, eq=False)
class Clusters:
    """A plan with its numbers in place: what `propagate` works on."""

    plan: Plan
    operands: tuple[tuple[Operand, ...], ...]  # per cluster: its tables, those of equal scope multiplied once
    silent: frozenset[int]  # clusters whose upward message is identically one (unobserved leaves)
    recipes: Recipes  # how messages are contracted: filled as they are sent, shared by all slices

    @property
    def tree(self) -> BucketTree:
        """The clusters and separators."""
        return self.plan.tree

    def contract(self, operands: Sequence[Operand], out: Scope) -> Scaled:
        """Multiply operands and sum out all variables but ``out``."""
        return contract(operands, out, self.plan.problem.cardinalities, self.recipes)

    def factors(self, cluster: int) -> list[tuple[int, Operand]]:
        """The tables of a cluster with their number in the model, not multiplied together."""
        problem = self.plan.problem
        return [(k, (problem.scopes[k], problem.tables[k])) for k in self.tree.factors[cluster]]


def place(plan: Plan) -> Clusters:
    """Put the tables of the problem into the plan's clusters."""
    problem, tree = plan.problem, plan.tree
    clusters = Clusters(plan, (), frozenset(), {})
    folded: dict[tuple[object, ...], Scaled] = {}
    operands: list[tuple[Operand, ...]] = []
    silent: set[int] = set()
    for i, assigned in enumerate(tree.factors):
        own = [(problem.scopes[k], problem.tables[k]) for k in assigned]
        operands.append(tuple(_fold(clusters, own, folded)) if len(own) > 1 else tuple(own))
        speaking = any(j not in silent for j in tree.children[i])
        only_its_cpd = len(assigned) == 1 and problem.children[assigned[0]] == tree.order[i]
        if only_its_cpd and not speaking:
            silent.add(i)  # sum_x p(x | parents) = 1
    return Clusters(plan, tuple(operands), frozenset(silent), clusters.recipes)


def _fold(clusters: Clusters, own: list[Operand], folded: dict[tuple[object, ...], Scaled]) -> list[Operand]:
    """Multiply tables of equal scope, once for all slices that share them."""
    groups: dict[frozenset[int], list[Operand]] = {}
    for scope, table in own:
        groups.setdefault(frozenset(scope), []).append((scope, table))
    result = []
    for group in groups.values():
        scope = group[0][0]
        if len(group) == 1:
            result.append(group[0])
            continue
        key = tuple((table.identity, tuple(scope.index(v) for v in s)) for s, table in group)
        if key not in folded:
            folded[key] = clusters.contract(group, scope)
        result.append((scope, folded[key]))
    return result


def upward(tree: BucketTree) -> Iterator[Edge]:
    """The collect schedule: every cluster to its parent, in the order of elimination."""
    return ((i, parent) for i, parent in enumerate(tree.parents))


def downward(tree: BucketTree) -> Iterator[Edge]:
    """The distribute schedule: every cluster to its children, roots first."""
    return ((i, child) for i in range(len(tree.parents) - 1, -1, -1) for child in reversed(tree.children[i]))


def propagate(clusters: Clusters, schedule: Iterable[Edge], store: Store) -> Iterator[tuple[Edge, Scaled]]:
    """Send messages one after another, yielding each as it is sent.

    ``store`` is the state of the algorithm: messages are read from it and written to it. A silent cluster sends
    nothing upwards: its message is identically one.
    """
    tree = clusters.tree
    products = _SiblingProducts(clusters, store)
    for source, target in schedule:
        if tree.parents[source] == target:
            if source in clusters.silent:
                continue
            operands = [*clusters.operands[source], *incoming(clusters, store, source)]
            separator = tree.separators[source]
        else:
            operands = [*clusters.operands[source], *products.without(source, target)]
            if (from_above := store.get((tree.parents[source], source))) is not None:
                operands.append((tree.separators[source], from_above))
            separator = tree.separators[target]
        message = clusters.contract(operands, separator)
        store[source, target] = message
        yield (source, target), message


def incoming(clusters: Clusters, store: Store, cluster: int) -> list[Operand]:
    """The messages from the children of a cluster; silent children say nothing."""
    tree = clusters.tree
    return [
        (tree.separators[child], store[child, cluster])
        for child in tree.children[cluster]
        if child not in clusters.silent
    ]


class _SiblingProducts:
    """Products of the messages of all children but one, in linear time also for a cluster with very many children."""

    def __init__(self, clusters: Clusters, store: Store) -> None:
        self.clusters, self.store = clusters, store
        self.cluster = -1
        self.parts: dict[int, list[Operand]] = {}

    def without(self, cluster: int, child: int) -> list[Operand]:
        """Operands whose product is that of all children's messages but ``child``'s."""
        tree = self.clusters.tree
        if len(tree.children[cluster]) <= _MANY_CHILDREN:
            return [
                (tree.separators[j], self.store[j, cluster])
                for j in tree.children[cluster]
                if j != child and j not in self.clusters.silent
            ]
        if cluster != self.cluster:
            self.cluster, self.parts = cluster, self._all(cluster)
        return self.parts[child]

    def _all(self, cluster: int) -> dict[int, list[Operand]]:
        """Products of the messages before and after each child."""
        tree = self.clusters.tree
        before: dict[int, list[Operand]] = {}
        after: dict[int, list[Operand]] = {}
        for side, order in ((before, tree.children[cluster]), (after, tree.children[cluster][::-1])):
            product: list[Operand] = []
            for j in order:
                side[j] = product
                if j not in self.clusters.silent:
                    product = [self._times(product, (tree.separators[j], self.store[j, cluster]))]
        return {j: before[j] + after[j] for j in tree.children[cluster]}

    def _times(self, product: list[Operand], message: Operand) -> Operand:
        scope = tuple(sorted({v for s, _ in [*product, message] for v in s}))
        return scope, self.clusters.contract([*product, message], scope)
