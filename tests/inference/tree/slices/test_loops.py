"""Slices that are alike are found in any model, and run in place with the answers of the plain engine."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.compile import compile_plan
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.plan import plan
from control_pgm.inference.tree.slices import loops
from control_pgm.inference.tree.slices.loops import Loop, find_loops
from control_pgm.inference.tree.sum_product import Collect


def hidden_chain(rng, n, *, varying):
    """A hidden Markov model over n slices without any template; ``varying``: its tables change."""
    x = [Variable(f"x{t}", 3) for t in range(n)]
    y = [Variable(f"y{t}", 2) for t in range(n)]
    steps = [rng.dirichlet(np.ones(3), 3) for _ in range(n if varying else 1)]
    views = rng.dirichlet(np.ones(2), 3)
    cpds = [CPD(x[0], [], rng.dirichlet(np.ones(3)))]
    cpds += [CPD(x[t], [x[t - 1]], steps[t % len(steps)]) for t in range(1, n)]
    cpds += [CPD(y[t], [x[t]], views) for t in range(n)]
    return BayesianNetwork(cpds), {f"y{t}": int(rng.integers(2)) for t in range(n)}


def unlooped(model, evidence):
    """The posterior of the same plan, every message sent on its own."""
    posterior = TreePosterior(model, evidence, plan(model, evidence), 2**30)
    posterior.compiled = replace(posterior.compiled, loops=())
    posterior.collected = Pass(Collect(posterior.compiled)).run()
    return posterior


@pytest.mark.parametrize("varying", [False, True])
def test_a_chain_without_a_template_has_a_loop_and_the_same_answers(varying):
    model, evidence = hidden_chain(np.random.default_rng(0), 60, varying=varying)
    posterior = infer(model, evidence)
    (loop,) = posterior.compiled.loops
    assert loop.width * loop.count > 50
    plain = unlooped(model, evidence)
    assert abs(posterior.log_evidence - plain.log_evidence) <= 1e-12
    for a, b in zip(posterior.messages, plain.messages, strict=True):
        assert np.abs(a.factor.log_array() - b.factor.log_array()).max() <= 1e-12, a
    for t in (0, 1, 30, 58, 59):
        assert posterior.marginal(f"x{t}").allclose(plain.marginal(f"x{t}"))


@pytest.mark.parametrize("seed", range(25))
def test_random_chains_of_tables_with_side_branches(seed):
    """Blocks of several variables, with leaves and side tables, and one slice that breaks the rhythm."""
    rng = np.random.default_rng(seed)
    n, width = int(rng.integers(10, 40)), int(rng.integers(1, 4))
    cards = rng.integers(1, 4, width)
    variables = [[Variable(f"v{t:03}_{i}", int(cards[i])) for i in range(width)] for t in range(n)]
    links = [(int(rng.integers(width)), int(rng.integers(width)), int(rng.integers(2))) for _ in range(width + 1)]
    shared = [rng.random((cards[i], cards[j])) for i, j, _ in links]
    factors = [Factor([v], rng.random(v.cardinality) + 0.1) for row in variables for v in row]
    for t in range(n):
        for (i, j, ahead), table in zip(links, shared, strict=True):
            if t + ahead < n and not (ahead == 0 and i == j):
                own = rng.random(table.shape) if rng.random() < 0.1 else table
                factors.append(Factor([variables[t][i], variables[t + ahead][j]], own))
    factors.append(Factor([variables[n // 2][0]], rng.random(cards[0])))
    graph = FactorGraph(factors)
    posterior, plain = infer(graph), unlooped(graph, {})
    assert abs(posterior.log_evidence - plain.log_evidence) <= 1e-11
    for name in list(graph.variables)[:: max(1, n // 8)]:
        assert posterior.marginal(name).allclose(plain.marginal(name), atol=1e-12)


def test_loops_are_found_again_in_the_same_place():
    model, evidence = hidden_chain(np.random.default_rng(1), 40, varying=False)
    cells = compile_plan(plan(model, evidence)).cells
    assert find_loops(cells) == find_loops(list(cells))


def kinds_as_cells(monkeypatch):
    monkeypatch.setattr(loops, "_kind", lambda cell: cell)


def first_loops(kinds):
    """By definition: the first cell at which a loop begins, of several loops the one with least width."""
    found, at = [], 0
    while at < len(kinds):
        for width in range(1, min(64, len(kinds) // 6) + 1):
            alike = 0
            while at + width + alike < len(kinds) and kinds[at + alike] == kinds[at + width + alike]:
                alike += 1
            if alike >= 5 * width:
                found.append(Loop(at, width, alike // width + 1))
                break
        at = found[-1].stop if found and found[-1].first == at else at + 1
    return found


@given(st.lists(st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=5), st.integers(1, 9)), max_size=8))
def test_loops_are_those_of_the_definition(blocks):
    kinds = [kind for block, times in blocks for kind in block * times]
    with pytest.MonkeyPatch.context() as monkeypatch:
        kinds_as_cells(monkeypatch)
        assert find_loops(kinds) == first_loops(kinds)


def test_looking_for_loops_in_an_irregular_network_costs_one_scan_for_each_width(monkeypatch):
    """Once for each width, however many loops there are: not once more for every loop that is found."""
    kinds_as_cells(monkeypatch)
    rng = np.random.default_rng(0)
    kinds = [kind for k in range(400) for kind in [int(rng.integers(1000)), *[2000 + k] * 6]]
    scans = []
    runs = loops._runs
    monkeypatch.setattr(loops, "_runs", lambda *args: scans.append(args) or runs(*args))
    assert len(find_loops(kinds)) == 400
    assert len(scans) == 64
