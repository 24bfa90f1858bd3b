"""Bucket trees: the clusters and separators that an elimination order makes, from scopes alone.

Eliminating variable v collects every table that mentions v, and every message that does, into one cluster. What
remains after summing v out, its *separator*, goes to the cluster of the variable in it that is eliminated next. The
clusters form a tree with the running-intersection property, so messages in both directions are exact (Dechter 1999;
Koller and Friedman 2009, chapter 10). Clusters contained in others are kept: messages over their small separators are
the ones that have names in the literature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from control_pgm.tables.arrays import Scope


@dataclass(frozen=True, eq=False)
class BucketTree:
    """One cluster per eliminated variable, numbered in the order of elimination.

    Attributes
    ----------
    order : the variable that each cluster eliminates.
    position : variable -> its cluster.
    scopes, separators : per cluster, sorted.
    parents : per cluster, −1 at a root.
    children, factors : per cluster: clusters below it, and the tables assigned to it.
    roots : the clusters without a parent.
    fill_free : whether every cluster is contained in the scope of a table, which no other order can improve on.
    """

    order: Sequence[int]
    position: Sequence[int]
    scopes: Sequence[Scope]
    separators: Sequence[Scope]
    parents: Sequence[int]
    children: Sequence[tuple[int, ...]]
    factors: Sequence[tuple[int, ...]]
    roots: Sequence[int]
    fill_free: bool

    @cached_property
    def root_of(self) -> Sequence[int]:
        """Per cluster the root of its tree."""
        parents = list(self.parents)
        roots = list(range(len(parents)))
        for i in reversed(range(len(parents))):  # parents have higher numbers
            if parents[i] >= 0:
                roots[i] = roots[parents[i]]
        return roots

    def entries(self, cardinalities: Sequence[int]) -> int:
        """The total number of table entries of all clusters: the cost by which orders are compared."""
        return sum(prod([cardinalities[v] for v in scope]) for scope in self.scopes)


def bucket_tree(scopes: Sequence[Scope], order: Sequence[int]) -> BucketTree:
    """The bucket tree of an elimination order; near-linear in the total size of the scopes."""
    n = len(order)
    position = [0] * n
    for i, v in enumerate(order):
        position[v] = i
    factors: list[list[int]] = [[] for _ in range(n)]
    for k, scope in enumerate(scopes):
        if scope:
            factors[min([position[v] for v in scope])].append(k)
    children: list[list[int]] = [[] for _ in range(n)]
    cluster_scopes: list[Scope] = []
    separators: list[Scope] = []
    parents: list[int] = []
    fill_free = True
    for i, v in enumerate(order):
        parts = [scopes[k] for k in factors[i]] + [separators[j] for j in children[i]]
        members = {v}.union(*parts)
        fill_free = fill_free and (not parts or len(members) == max(map(len, parts)))
        scope = tuple(sorted(members))
        separator = tuple([u for u in scope if u != v])
        parent = min([position[u] for u in separator]) if separator else -1
        if parent >= 0:
            children[parent].append(i)
        cluster_scopes.append(scope)
        separators.append(separator)
        parents.append(parent)
    return BucketTree(
        tuple(order),
        tuple(position),
        tuple(cluster_scopes),
        tuple(separators),
        tuple(parents),
        tuple(map(tuple, children)),
        tuple(map(tuple, factors)),
        [i for i, parent in enumerate(parents) if parent < 0],
        fill_free,
    )
