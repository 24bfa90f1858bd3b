"""Max-product: max-marginals and modes, exact on trees, told apart from sums everywhere."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given

from control_pgm import Factor, FactorGraph, Variable, infer
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from tests.inference.loopy_textbook import ising, random_loops, random_tree
from tests.oracles import Brute
from tests.strategies import possible_evidence, quick, seeds, thorough

schedules = pytest.mark.parametrize("schedule", ["flooding", "sequential", "residual"])
X, Y, Z = Variable("x", ["a", "b"]), Variable("y", ["c", "d", "e"]), Variable("z", 2)


def max_product(model, evidence=None, **options):
    return LoopyPosterior(model, evidence or {}, LoopyOptions(elimination="max", **options))


def max_marginal(brute, *names):
    """The largest weight for each assignment of the names, relative to the largest of all."""
    logs = np.full([brute.variables[n].cardinality for n in names], -np.inf)
    for at, w in brute.weights:
        index = tuple(at[n] for n in names)
        logs[index] = max(logs[index], w)
    return np.exp(logs - logs.max())


def log_weight(brute, mode):
    """The log-weight of an assignment of labels."""
    indices = {n: brute.variables[n].index(label) for n, label in mode.assignment.items()}
    (found,) = [w for at, w in brute.weights if at == indices]
    return found


@schedules
@thorough
@given(seed=seeds)
def test_on_trees_max_marginals_and_modes_are_exact(schedule, seed):
    graph = random_tree(seed)
    evidence = possible_evidence(seed, graph, Brute(graph.tables).weights, share=0.25)
    assume(evidence is not None)
    brute = Brute(graph.tables, evidence)
    best = max(w for _, w in brute.weights)
    posterior = max_product(graph, evidence, schedule=schedule)
    assert posterior.report.converged
    assert abs(posterior.log_maximum - best) < 1e-12
    for scope in [*((name,) for name in graph.variables), *(f.scope for f in graph.factors if f.scope)]:
        assert np.abs(posterior.max_marginal(*scope).array() - max_marginal(brute, *scope)).max() < 1e-12
    mode = posterior.mode()
    assert list(mode.assignment) == list(graph.variables)
    assert {name: mode.assignment[name] for name in evidence} == evidence
    assert abs(log_weight(brute, mode) - best) < 1e-12
    assert abs(mode.log_probability - best) < 1e-12
    assert mode.log_maximum == posterior.log_maximum
    assert "exact up to rounding" in mode.report.accuracy


@schedules
@quick
@given(seed=seeds)
def test_on_trees_with_many_ties_the_mode_is_still_one_assignment(schedule, seed):
    rng = np.random.default_rng(seed)
    graph = random_tree(seed)
    coarse = [Factor(f.variables, rng.integers(1, 3, f.shape)) for f in graph.factors]
    brute = Brute(coarse)
    posterior = max_product(FactorGraph(coarse), schedule=schedule)
    assert abs(log_weight(brute, posterior.mode()) - max(w for _, w in brute.weights)) < 1e-12


def test_ties_are_broken_by_the_first_state_and_alike_everywhere():
    x = [Variable(f"x{i}", ["p", "q"]) for i in range(6)]
    differ = FactorGraph(Factor(pair, [[0, 1], [1, 0]]) for pair in pairwise(x))
    posterior = max_product(differ)
    assert all(posterior.max_marginal(v.name).array().tolist() == [1.0, 1.0] for v in x)
    assert posterior.mode().assignment == {f"x{i}": "pq"[i % 2] for i in range(6)}
    even = FactorGraph([Factor([X, Y], np.ones((2, 3)))])
    assert max_product(even).mode().assignment == {"x": "a", "y": "c"}


def test_a_mode_names_observed_variables_too():
    graph = FactorGraph([Factor([X, Y], [[1, 2, 3], [9, 5, 4]]), Factor([Z], [1, 2])])
    assert max_product(graph).mode().assignment == {"x": "b", "y": "c", "z": 1}
    posterior = max_product(graph, {"x": "a"})
    assert posterior.mode().assignment == {"x": "a", "y": "e", "z": 1}
    assert abs(posterior.log_maximum - np.log(3 * 2)) < 1e-15
    assert np.allclose(posterior.max_marginal("x", "y").array(), [[1 / 3, 2 / 3, 1], [0, 0, 0]], rtol=0, atol=1e-15)


@pytest.mark.parametrize("seed", range(20))
def test_on_loops_the_weight_of_the_estimate_is_its_own_and_no_mode_has_less(seed):
    graph = random_loops(seed, n=6, zeros=0.1 * (seed % 2), spread=2.0)
    brute = Brute(graph.tables)
    mode = max_product(graph, max_sweeps=10).mode()
    expected = log_weight(brute, mode)
    assert mode.log_probability == expected or abs(mode.log_probability - expected) < 1e-12
    assert mode.log_probability <= max(w for _, w in brute.weights) + 1e-12


def test_an_estimate_is_never_called_exact_and_a_mode_always_is():
    graph = FactorGraph([Factor([X, Y], [[1, 2, 3], [9, 5, 4]]), Factor([Z], [1, 2])])
    estimate, mode = max_product(graph).mode(), infer(graph).mode()
    assert (estimate.exact, mode.exact) == (False, True)
    assert estimate.assignment == mode.assignment
    assert abs(estimate.log_probability - mode.log_probability) < 1e-15
    assert repr(estimate).startswith("ModeEstimate(approximate, converged in")
    rows = [line.split() for line in str(estimate).splitlines()]
    assert rows[0] == ["estimate", "of", "the", "mode"]
    assert ["x", "b"] in rows
    assert ["log", "weight", "2.89"] in rows
    assert "accuracy" in str(estimate)
    with pytest.raises(NotAvailable, match=r"no log_posterior: max-product has no evidence; see \.log_probability"):
        _ = estimate.log_posterior
    with pytest.raises(TypeError):
        estimate.assignment["x"] = "a"


def test_on_loops_with_strong_fields_the_estimate_is_the_mode():
    found = 0
    for seed in range(20):
        graph = random_loops(seed, n=6, zeros=0.1 * (seed % 2), spread=0.8)
        brute = Brute(graph.tables)
        posterior = max_product(graph, max_sweeps=40)
        if posterior.report.converged:
            assert posterior.report.accuracy == "approximate"
            assert abs(log_weight(brute, posterior.mode()) - max(w for _, w in brute.weights)) < 1e-9
            found += 1
    assert found >= 12


def test_without_convergence_the_estimate_is_still_an_assignment_and_the_report_warns():
    ring = ising([(0, 1), (1, 2), (2, 0)], -2.0)
    posterior = max_product(ring, schedule="flooding", max_sweeps=10)
    assert set(posterior.mode().assignment) == {"x0", "x1", "x2"}
    frustrated = max_product(ising([(0, 1), (1, 2), (2, 0)], -2.0, [0.1, 0.2, -0.25]), max_sweeps=30)
    assert set(frustrated.mode().assignment.values()) <= {-1, 1}
    assert "NOT CONVERGED" in repr(frustrated.mode())
    assert "NOT CONVERGED" in str(frustrated.mode())
    assert not frustrated.report.converged
    assert "NOT CONVERGED" in repr(frustrated)


def test_a_dead_end_on_a_loop_leaves_an_estimate_of_weight_zero():
    x = [Variable(f"x{i}", 2) for i in range(3)]
    graph = FactorGraph(Factor([x[i], x[(i + 1) % 3]], [[0, 1], [1, 0]]) for i in range(3))
    mode = max_product(graph).mode()
    assert log_weight(Brute(graph.tables), mode) == mode.log_probability == -np.inf
    assert "−inf" in str(mode)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda p: p.marginal("x"), "max-product has no marginal; see .max_marginal"),
        (lambda p: p.conditional("x", given="y"), "max-product has no conditional"),
        (lambda p: p.max_marginal(), "max_marginal.. needs at least one variable"),
        (lambda p: p.log_evidence, "max-product has no evidence; see .log_maximum"),
        (lambda p: p.max_marginal("x", "z"), r"no joint belief about \{x, z\}"),
        (lambda p: p.mode("x", "z"), r"no mode of x, z alone.*leave the names out, or ask infer\(…, method='exact'"),
    ],
)
def test_sums_are_refused_after_max_product(ask, message):
    graph = FactorGraph([Factor([X, Y], np.ones((2, 3))), Factor([Y, Z], np.ones((3, 2)))])
    with pytest.raises((NotAvailable, InvalidArgument), match=message):
        ask(max_product(graph))


def test_beliefs_of_tables_are_relative_to_their_largest_entry():
    posterior = max_product(FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 8]]), Factor([X], [4, 1])]))
    assert np.allclose(posterior.belief(0).array() * 12, [[4, 8, 12], [4, 5, 8]], rtol=0, atol=1e-14)
    assert "log maximum (Bethe)" in str(posterior)
