"""Loops of a factor graph: the edges that lie on them, in time linear in their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.tables.arrays import BoolArray, IntArray
from control_pgm.tables.factor import Factor

_ROUNDS = 8  # of stripping all leaves at once; what is longer, as chains are, is stripped leaf by leaf


def edges_on_loops(factors: Sequence[Factor], asked: Sequence[int] | None = None) -> list[tuple[str, int]]:
    """The edges (variable, number of the factor) that lie on a loop: what is left after stripping leaves, in order.

    Edges on a path between two loops are left too, as in the usual 2-core. ``asked`` are the numbers of the factors
    whose edges are returned, in rising order; by default all.

    Examples
    --------
    >>> from control_pgm import Variable
    >>> x, y, z = (Variable(name, 2) for name in "xyz")
    >>> edges_on_loops([Factor(pair, np.ones((2, 2))) for pair in ([x, y], [y, x], [y, z])])
    [('x', 0), ('y', 0), ('y', 1), ('x', 1)]
    """
    names = [v.name for factor in factors for v in factor.variables]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    variables = np.array([numbers[name] for name in names], dtype=np.int64)
    sizes = [len(factor.variables) for factor in factors]
    owners = np.repeat(np.arange(len(sizes)), sizes)
    left = _left(variables, owners + len(numbers), len(numbers) + len(sizes))
    if asked is not None:
        left &= np.isin(owners, asked)
    found = np.flatnonzero(left)
    return [(names[i], k) for i, k in zip(found.tolist(), owners[found].tolist(), strict=True)]


def _left(sources: IntArray, targets: IntArray, n_nodes: int) -> BoolArray:
    """Per edge whether it is in the 2-core."""
    kept = np.ones(len(sources), dtype=bool)
    for _ in range(_ROUNDS):
        degrees = np.bincount(sources[kept], minlength=n_nodes) + np.bincount(targets[kept], minlength=n_nodes)
        bare = kept & ((degrees[sources] == 1) | (degrees[targets] == 1))
        if not bare.any():
            return kept
        kept &= ~bare
    return _stripped(sources, targets, kept, n_nodes)


def _stripped(sources: IntArray, targets: IntArray, kept: BoolArray, n_nodes: int) -> BoolArray:
    """The same leaf by leaf.

    Every node keeps the number of its edges and the exclusive or of their indices, which is the index of the edge when
    one is left.
    """
    degrees, marks = [0] * n_nodes, [0] * n_nodes
    left, pairs = kept.copy(), list(zip(sources.tolist(), targets.tolist(), strict=True))
    for i in np.flatnonzero(kept).tolist():
        for node in pairs[i]:
            degrees[node] += 1
            marks[node] ^= i
    leaves = [node for node, degree in enumerate(degrees) if degree == 1]
    while leaves:
        leaf = leaves.pop()
        if degrees[leaf] != 1:
            continue
        i = marks[leaf]
        left[i] = False
        for node in pairs[i]:
            degrees[node] -= 1
            marks[node] ^= i
            if degrees[node] == 1:
                leaves.append(node)
    return left
