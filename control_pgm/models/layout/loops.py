"""Which edges of a factor graph lie on loops, in time linear in their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain


def edges_on_loops(scopes: Sequence[Sequence[str]], asked: Iterable[int]) -> set[tuple[str, int]]:
    """The edges (variable, factor index) of some factors that lie on a loop: what is left after stripping leaves.

    Edges on a path between two loops are left too, as in the usual 2-core. Every node keeps the number of its edges
    and the exclusive or of their indices, which is the index of the edge when one is left.

    Examples
    --------
    >>> sorted(edges_on_loops([["x", "y"], ["y", "x"], ["y", "z"]], asked=[1, 2]))
    [('x', 1), ('y', 1)]
    """
    numbers = {name: i for i, name in enumerate(dict.fromkeys(chain.from_iterable(scopes)))}
    variables = [numbers[name] for scope in scopes for name in scope]
    factors = [k for k, scope in enumerate(scopes, len(numbers)) for _ in scope]
    degrees, marks = [0] * (len(numbers) + len(scopes)), [0] * (len(numbers) + len(scopes))
    for ends in (variables, factors):
        for i, node in enumerate(ends):
            degrees[node] += 1
            marks[node] ^= i
    leaves = [node for node, degree in enumerate(degrees) if degree == 1]
    stripped = set()
    while leaves:
        leaf = leaves.pop()
        if degrees[leaf] == 1:
            i = marks[leaf]
            stripped.add((variables[i], factors[i]))
            for node in (variables[i], factors[i]):
                degrees[node] -= 1
                marks[node] ^= i
                if degrees[node] == 1:
                    leaves.append(node)
    drawn = {(name, k) for k in asked for name in scopes[k]}
    return {(name, k) for name, k in drawn if (numbers[name], len(numbers) + k) not in stripped}
