"""Plans: printable, deterministic, and refused before anything is allocated."""

import os
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from math import prod

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, infer, plan
from control_pgm.errors import InvalidArgument, TooLarge, UnknownName
from tests.strategies import quick, random_model, seeds


def clique(n, states):
    """Pairwise factors between all of n variables: one cluster of states**n entries."""
    variables = [Variable(f"x{i}", states) for i in range(n)]
    return FactorGraph(
        Factor([a, b], np.ones((states, states))) for i, a in enumerate(variables) for b in variables[:i]
    )


def grid(rows, columns):
    at = {(r, c): Variable(f"x{r}{c}", 2) for r in range(rows) for c in range(columns)}
    pairs = [((r, c), (r + dr, c + dc)) for r, c in at for dr, dc in ((0, 1), (1, 0)) if (r + dr, c + dc) in at]
    return FactorGraph(Factor([at[a], at[b]], [[2, 1], [1, 2]]) for a, b in pairs)


def test_a_plan_prints_its_clusters_and_its_cost():
    text = str(plan(clique(3, 4)))
    found = dict(tuple(part.strip() for part in line.split("  ", 1)) for line in text.splitlines()[2:])
    assert found["free variables"] == "3"
    assert found["clusters"] == "3"
    assert found["width"] == "2"
    assert found["largest cluster"].endswith(": 64 entries")
    assert found["all clusters"] == "84 entries"  # 64 + 16 + 4
    assert found["memory"].endswith(("B", "KiB"))
    assert plan(clique(3, 4)).describe() == text
    assert "width 2" in repr(plan(clique(3, 4)))


@quick
@given(seed=seeds)
def test_the_numbers_of_a_plan_follow_from_its_clusters(seed):
    model = random_model(seed)
    p = plan(model)
    posterior = infer(FactorGraph([Factor(f.variables, np.ones(f.shape)) for f in model.tables]))
    sizes = [prod(model.variables[n].cardinality for n in c.variables) for c in posterior.clusters]
    assert posterior.plan.width == max(len(c.variables) for c in posterior.clusters) - 1
    assert list(posterior.plan.cluster_entries) == sizes
    assert p.bytes >= 8 * max(sizes, default=0) * (p.rule == posterior.plan.rule)
    if sizes:
        assert prod(model.variables[n].cardinality for n in posterior.plan.largest_cluster) == max(sizes)


def test_a_plan_that_does_not_fit_is_refused_before_anything_is_allocated():
    graph = clique(12, 10)
    tracemalloc.start()
    for ask in (plan, infer):
        with pytest.raises(TooLarge, match=r"cluster \{.*x11.*\} has 12 variables and 1,000,000,000,000 entries") as e:
            ask(graph)
        assert "allowed: 4 GiB (memory_limit)" in str(e.value)
        assert "raise memory_limit" in str(e.value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**24


def test_the_memory_limit_is_the_callers_to_set():
    need = plan(clique(4, 5)).bytes
    assert plan(clique(4, 5), memory_limit=need).bytes == need
    with pytest.raises(TooLarge, match="raise memory_limit"):
        plan(clique(4, 5), memory_limit=need - 1)
    with pytest.raises(MemoryError):
        infer(clique(4, 5), memory_limit=need - 1)


def test_a_joint_that_does_not_fit_is_refused_with_its_variables():
    chain = [Variable(f"x{i}", 10) for i in range(10)]
    factors = [Factor([a, b], np.ones((10, 10))) for a, b in pairwise(chain)]
    posterior = infer(FactorGraph(factors), memory_limit=10**7)
    names = [v.name for v in chain]
    with pytest.raises(TooLarge, match=r"joint table of \{x0, x1.*x9\}.*memory_limit.*fewer variables") as e:
        posterior.marginal(*names)
    assert "given=" in str(e.value)
    assert posterior.marginal("x0", "x9").shape == (10, 10)


def test_too_many_assignments_are_refused_by_enumeration():
    with pytest.raises(TooLarge, match=r"30 variables has 1.07e\+09 assignments; allowed: 4,194,304; .*'exact'"):
        infer(clique(30, 2), method="enumeration")


def test_more_variables_than_an_array_has_axes_are_refused():
    with pytest.raises(TooLarge, match=r"has 60 variables.*50 variables"):
        plan(clique(60, 1))


def test_evidence_makes_a_plan_smaller():
    graph = clique(8, 4)
    assert plan(graph).width == 7
    assert plan(graph, {f"x{i}": 0 for i in range(6)}).width == 1
    with pytest.raises(UnknownName, match="'y' does not exist"):
        plan(graph, {"y": 0})


def test_the_cheapest_order_is_never_dearer_than_the_models_own():
    for graph in (grid(3, 7), grid(6, 3), clique(4, 3)):
        assert sum(plan(graph).cluster_entries) <= sum(plan(graph, order="reverse topological").cluster_entries)
    assert plan(grid(2, 12)).width == 2


def test_a_bad_own_order_is_replaced_by_a_greedy_one():
    hub = Variable("hub", 3)
    leaves = [Variable(f"leaf{i}", 3) for i in range(6)]
    graph = FactorGraph([Factor([leaf, hub], np.ones((3, 3))) for leaf in leaves])
    p, own = plan(graph), plan(graph, order="reverse topological")
    assert p.width == 1
    assert sum(p.cluster_entries) <= sum(own.cluster_entries)
    first = FactorGraph([*(Factor([leaf], np.ones(3)) for leaf in leaves), *graph.factors])
    assert plan(first, order="reverse topological").width == 6
    assert plan(first).width == 1
    assert plan(first).rule in {"sweep", "min-fill", "min-weight"}


def test_a_chain_in_time_is_eliminated_from_its_end():
    x, x1 = Variable("x", 3), Variable("x'", 3)
    net = TwoSliceTemplate([CPD(x, [], np.ones(3) / 3)], [CPD(x1, [x], np.ones((3, 3)) / 3)]).unroll(5)
    p = plan(net)
    assert p.rule == "reverse topological"
    assert [c.name for c in infer(net).clusters] == [f"x_{t}" for t in range(5, -1, -1)]


@pytest.mark.parametrize("order", ["min-fill", "", None])
def test_an_unknown_order_is_refused(order):
    with pytest.raises(InvalidArgument, match="'cheapest', 'reverse topological'"):
        plan(clique(3, 2), order=order)


def test_the_plan_does_not_depend_on_the_hash_seed():
    code = (
        "from tests.inference.tree.test_plan import grid, clique; from control_pgm import plan, infer;"
        "print([(plan(g).rule, plan(g).tree.order) for g in (grid(4, 4), clique(5, 2))]);"
        "print([m for m in infer(grid(3, 3)).messages])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": s}, capture_output=True, check=True
        ).stdout
        for s in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_a_model_without_free_variables_has_an_empty_plan():
    x = Variable("x", 2)
    p = plan(BayesianNetwork([CPD(x, [], [0.5, 0.5])]), {"x": 0})
    assert p.largest_cluster == ()
    assert len(p.cluster_entries) == 0
    assert "0 entries" in str(p)


@pytest.mark.parametrize("limit", [float("nan"), "4 GiB", None, True])
def test_a_memory_limit_that_is_no_number_is_refused(limit):
    for ask in (plan, infer):
        with pytest.raises(InvalidArgument, match=r"memory_limit .* a number of bytes"):
            ask(clique(2, 2), memory_limit=limit)
