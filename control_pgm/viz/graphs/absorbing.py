"""The shape of a factor graph without its numbers, and what absorbing does to it."""

from __future__ import annotations

import numpy as np

from control_pgm.models.factor_graph import FactorGraph
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable


def skeleton(graph: FactorGraph) -> FactorGraph:
    """The same graph over variables with one state: all that its shape needs, at no cost in numbers."""
    single = {v.name: Variable(v.name, 1, time=v.time, kind=v.kind) for v in graph.variables.values()}
    return FactorGraph(Factor([single[n] for n in f.scope], np.ones((1,) * len(f.scope))) for f in graph.factors)


def homes(graph: FactorGraph, absorbed: FactorGraph) -> list[list[int]]:
    """Per factor of ``graph.absorbed()``, the factors that it is made of: each went into the first that holds it."""
    holding: dict[str, list[int]] = {}
    for k, factor in enumerate(absorbed.factors):
        for name in factor.scope:
            holding.setdefault(name, []).append(k)
    members: list[list[int]] = [[] for _ in absorbed.factors]
    for k, factor in enumerate(graph.factors):
        scope = set(factor.scope)
        near = holding[factor.scope[0]] if scope else [0]
        members[next(h for h in near if scope <= set(absorbed.factors[h].scope))].append(k)
    return members
