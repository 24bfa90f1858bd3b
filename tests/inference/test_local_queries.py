"""A query of a large irregular network costs what lies around its variables, not what the network holds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Variable, infer
from control_pgm.inference.tree.joint import joint


class Counted(Sequence):
    """A sequence that counts how many of its items are read."""

    def __init__(self, items, counter):
        self.items, self.counter = items, counter

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        self.counter[0] += 1
        return self.items[k]


def forest(n, rng):
    """Random trees; some variables have a single state, and every hundredth begins a tree of its own."""
    variables = [Variable(f"x{k}", 1 if k % 7 == 3 else 2) for k in range(n)]
    cpds = []
    for k, v in enumerate(variables):
        parents = [] if k % 100 == 0 else [variables[int(rng.integers(k // 100 * 100, k))]]
        shape = [p.cardinality for p in parents]
        cpds.append(CPD(v, parents, rng.dirichlet(np.ones(v.cardinality), shape or None)))
    return BayesianNetwork(cpds)


def items_read(n, targets, given):
    """How many items of the plan a query reads, and its answer, after messages were sent."""
    posterior = infer(forest(n, np.random.default_rng(0)))
    posterior.distributed.run()
    posterior.plan.tree.root_of  # noqa: B018 - made once for all queries
    counter = [0]
    compiled, problem = posterior.compiled, posterior.plan.problem
    tree = replace(
        compiled.tree,
        **{
            name: Counted(getattr(compiled.tree, name), counter)
            for name in ("scopes", "separators", "parents", "children", "factors")
        },
    )
    tree.__dict__["root_of"] = compiled.tree.root_of
    watched = replace(
        problem, cardinalities=Counted(problem.cardinalities, counter), scopes=Counted(problem.scopes, counter)
    )
    plan = replace(compiled.plan, problem=watched, tree=tree)
    numbers = [[problem.index[name] for name in names] for names in (targets, given)]
    joint(replace(compiled, plan=plan), posterior.operand, *numbers, {}, 2**30)
    return counter[0]


@pytest.mark.parametrize(
    ("targets", "given"), [(["x50"], []), (["x50"], ["x3"]), (["x50"], ["x60"]), (["x50", "x51"], ["x10", "x62"])]
)
def test_a_query_reads_as_much_of_a_small_network_as_of_a_large_one(targets, given):
    small, large = (items_read(n, targets, given) for n in (100, 3000))
    assert large == small


@pytest.mark.parametrize("pair", [("x50", "x950"), ("x14", "x1420")])
def test_variables_of_different_trees_are_joined_without_the_rest_of_either(pair):
    assert items_read(3000, list(pair), []) <= 400
