"""Loopy belief propagation: exact on trees, the textbook's messages and fixed points on loops, honest about both."""

from itertools import combinations, pairwise
from math import cosh, log, tanh

import numpy as np
import pytest
from hypothesis import assume, given

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, infer, unroll
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from tests.inference.loopy_textbook import Textbook, ising, messages_of, movement, random_loops, random_tree
from tests.oracles import Brute
from tests.strategies import possible_evidence, quick, seeds, thorough

TREE = "approximate (exact up to rounding here: the graph is a tree)"
SCHEDULES = ["flooding", "sequential", "residual"]
schedules = pytest.mark.parametrize("schedule", SCHEDULES)
RING = [(i, (i + 1) % 5) for i in range(5)]
K5 = list(combinations(range(5), 2))
X, Y, Z = Variable("x", ["a", "b"]), Variable("y", ["c", "d", "e"]), Variable("z", 2)


def loopy(model, evidence=None, **options):
    return LoopyPosterior(model, evidence or {}, LoopyOptions(**options))


def tree(seed, **options):
    """A random tree with possible evidence and its oracle."""
    graph = random_tree(seed, **options)
    evidence = possible_evidence(seed, graph, Brute(graph.tables).weights, share=0.25)
    assume(evidence is not None)
    return graph, evidence, Brute(graph.tables, evidence)


# --- trees ------------------------------------------------------------------------------------------------------
@schedules
@thorough
@given(seed=seeds)
def test_on_trees_evidence_and_all_beliefs_are_exact(schedule, seed):
    graph, evidence, brute = tree(seed)
    posterior = loopy(graph, evidence, schedule=schedule)
    assert posterior.report.converged
    assert abs(posterior.log_evidence - brute.log_evidence) < 1e-12
    for name in graph.variables:
        assert np.abs(posterior.marginal(name).array() - brute.marginal(name)).max() < 1e-12
    for factor in graph.factors:
        if factor.scope:
            found = posterior.marginal(*factor.scope).array()
            assert np.abs(found - brute.marginal(*factor.scope)).max() < 1e-12
            assert np.array_equal(found == 0.0, brute.marginal(*factor.scope) == 0.0)


@schedules
@quick
@given(seed=seeds)
def test_on_trees_conditionals_are_exact_and_defined_where_they_should_be(schedule, seed):
    graph, evidence, brute = tree(seed, zeros=0.4)
    posterior = loopy(graph, evidence, schedule=schedule)
    for factor in graph.factors:
        if len(factor.scope) > 1:
            given_, names = factor.scope[:1], factor.scope[1:]
            found = posterior.conditional(*names, given=given_, undefined="nan").array()
            free = [name for name in given_ if name not in evidence]
            assert np.allclose(found, brute.conditional(names, free), rtol=0, atol=1e-12, equal_nan=True)


@schedules
@pytest.mark.parametrize("domain", ["log", "linear"])
def test_on_trees_damping_leads_to_the_same_beliefs(schedule, domain):
    for seed in range(12):
        graph = random_tree(seed, zeros=0.0)
        posterior = loopy(graph, schedule=schedule, damping=0.4, damping_domain=domain)
        assert posterior.report.converged
        assert abs(posterior.log_evidence - Brute(graph.tables).log_evidence) < 1e-9
        for name in graph.variables:
            assert np.abs(posterior.marginal(name).array() - Brute(graph.tables).marginal(name)).max() < 1e-9


@schedules
def test_on_trees_numbers_hundreds_of_decades_apart_are_not_lost(schedule):
    for seed in range(25):
        graph = random_tree(seed, zeros=0.1, spread=400.0)
        brute = Brute(graph.tables)
        if brute.log_evidence > -np.inf:
            posterior = loopy(graph, schedule=schedule)
            assert posterior.report.converged
            assert abs(posterior.log_evidence - brute.log_evidence) < 1e-10
            for name in graph.variables:
                assert np.abs(posterior.marginal(name).array() - brute.marginal(name)).max() < 1e-10


@schedules
def test_a_long_chain_of_a_million_nats_keeps_its_evidence(schedule):
    n = 60
    x = [Variable(f"x{i}", 2) for i in range(n)]
    step, weights = np.log([[0.9, 0.1], [0.4, 0.6]]), [-20000.0, -20001.5]
    graph = FactorGraph(
        [Factor(pair, step, log=True) for pair in pairwise(x)] + [Factor([v], weights, log=True) for v in x]
    )
    posterior = loopy(graph, schedule=schedule)
    assert posterior.log_evidence < -1.2e6
    assert abs(posterior.log_evidence - infer(graph).log_evidence) < 1e-8
    for i in (0, n // 2, n - 1):
        assert posterior.marginal(f"x{i}").allclose(infer(graph).marginal(f"x{i}"), atol=1e-9)


def test_networks_whose_evidence_cuts_all_loops_are_answered_like_exact_inference():
    x, y, z, w = (Variable(name, 2) for name in "xyzw")
    rng = np.random.default_rng(0)
    tables = [CPD(x, [], rng.dirichlet([1, 1])), CPD(y, [x], rng.dirichlet([1, 1], 2))]
    tables += [CPD(z, [x], rng.dirichlet([1, 1], 2)), CPD(w, [y, z], rng.dirichlet([1, 1], (2, 2)))]
    network = BayesianNetwork(tables)
    assert loopy(network).report.accuracy == "approximate"
    cut, exact = loopy(network, {"x": 1}), infer(network, {"x": 1})
    assert cut.report.accuracy == TREE
    assert not cut.exact
    assert abs(cut.log_evidence - exact.log_evidence) < 1e-12
    assert cut.marginal("w", "y").allclose(exact.marginal("w", "y"))


# --- loops ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("damping", [(0.0, "log"), (0.3, "log"), (0.3, "linear")])
@pytest.mark.parametrize("by", ["sum", "max"])
def test_on_loops_flooding_sends_the_messages_of_the_textbook(by, damping):
    for seed in range(12):
        graph = random_loops(seed, zeros=0.1 * (seed % 3))
        textbook = Textbook(graph.factors, by)
        for sweeps in (1, 2, 5):
            posterior = loopy(
                graph,
                schedule="flooding",
                elimination=by,
                max_sweeps=sweeps,
                tolerance=0.0,
                damping=damping[0],
                damping_domain=damping[1],
            )
            found, expected = messages_of(posterior), textbook.flood(sweeps, *damping)
            assert found.keys() == expected.keys()
            assert max(movement(found[e], expected[e]) for e in expected) < 1e-11
            assert posterior.report.sweeps == sweeps or posterior.report.residual == 0.0


@schedules
@pytest.mark.parametrize("by", ["sum", "max"])
@pytest.mark.parametrize("damping", [0.0, 0.5])
def test_converged_messages_are_a_fixed_point_of_the_textbooks_rule(schedule, by, damping):
    converged = 0
    for seed in range(10):
        graph = random_loops(seed, zeros=0.1 * (seed % 2), spread=0.4)
        posterior = loopy(graph, schedule=schedule, elimination=by, damping=damping, max_sweeps=150)
        messages = messages_of(posterior)
        rule = Textbook(graph.factors, by).update(messages)
        moving = {e: movement(rule[e], messages[e]) for e in messages}
        assert abs(max(moving.values()) - posterior.report.residual) < 1e-12
        assert posterior.report.converged == (posterior.report.residual <= 1e-10)
        names = {name for (_, name), gap in moving.items() if gap > 1e-10}
        assert {n for n in names if n not in posterior.report.unconverged} == set()
        assert posterior.report.converged == (posterior.report.unconverged == ())
        converged += posterior.report.converged
    assert converged >= 7


@pytest.mark.parametrize("seed", range(12))
def test_the_evidence_is_that_of_the_bethe_free_energy(seed):
    graph = random_loops(seed, zeros=0.1 * (seed % 2), spread=0.4)
    posterior = loopy(graph, tolerance=1e-13)
    assert posterior.report.converged
    textbook = Textbook(graph.factors)
    assert abs(posterior.log_evidence - textbook.minus_free_energy(messages_of(posterior))) < 1e-11
    assert abs(posterior.log_evidence - Brute(graph.tables).log_evidence) > 1e-6  # and is approximate


@schedules
def test_a_single_loop_has_the_evidence_of_the_largest_eigenvalue(schedule):
    """Z = tr M for the product M of the tables around the loop; its Bethe approximation is M's Perron root."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x = [Variable(f"x{i}", 3) for i in range(4)]
        tables = [rng.random((3, 3)) + 0.1 for _ in x]
        graph = FactorGraph(Factor([x[i], x[(i + 1) % 4]], table) for i, table in enumerate(tables))
        around = np.linalg.multi_dot(tables)
        values, vectors = np.linalg.eig(around)
        top = np.argmax(values.real)
        posterior = loopy(graph, schedule=schedule)
        assert abs(posterior.log_evidence - log(values[top].real)) < 1e-10
        right, left = vectors[:, top].real, np.linalg.inv(vectors)[top].real
        assert np.abs(posterior.marginal("x0").array() - right * left).max() < 1e-9
        assert abs(infer(graph).log_evidence - log(np.trace(around))) < 1e-12


def test_without_fields_a_weak_ising_model_has_the_textbooks_bethe_evidence():
    """Messages stay uniform: log Z ≈ n log 2 + |E| log cosh J; around a ring the truth adds log(1 + tanh^n J)."""
    for edges, n in ((RING, 5), (K5, 5)):
        posterior = loopy(ising(edges, 0.2))
        assert posterior.report.sweeps == 0
        assert abs(posterior.log_evidence - (n * log(2) + len(edges) * log(cosh(0.2)))) < 1e-12
    truth = infer(ising(RING, 0.2)).log_evidence
    assert abs(truth - loopy(ising(RING, 0.2)).log_evidence - np.log1p(tanh(0.2) ** 5)) < 1e-12


@schedules
def test_what_does_not_converge_says_so_and_damping_may_help(schedule):
    graph = ising(K5, -1.0, [0.3] * 5)
    posterior = loopy(graph, schedule=schedule, max_sweeps=60)
    assert not posterior.report.converged
    assert posterior.report.sweeps == 60
    assert posterior.report.residual > 0.1
    assert posterior.report.unconverged
    assert "NOT CONVERGED in 60 sweeps, residual" in repr(posterior)
    assert "NOT CONVERGED" in str(posterior.report)
    assert "NOT CONVERGED" in str(posterior)
    damped = loopy(graph, schedule=schedule, damping=0.5)
    assert damped.report.converged
    # All states of the five alike: one field u that each says to each, tanh u = tanh J tanh(h + 3u).
    u = 0.0
    for _ in range(400):
        u = (u + np.arctanh(tanh(-1.0) * tanh(0.3 + 3 * u))) / 2
    up = 1 / (1 + np.exp(-2 * (0.3 + 4 * u)))
    for name in graph.variables:
        assert abs(damped.marginal(name).value({name: 1}) - up) < 1e-9


# --- a decision process -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(4))
def test_a_control_network_is_wrong_by_percents_as_it_is_and_exact_with_tables_absorbed(seed):
    rng = np.random.default_rng(seed)
    mdp = MDP(rng.dirichlet(np.ones(5), (5, 3)), rng.normal(size=(5, 3)), initial=rng.dirichlet(np.ones(5)))
    network = unroll(mdp, 4)
    exact, raw = network.infer(), loopy(network, network.optimal)
    absorbed = loopy(FactorGraph.from_model(network, network.optimal).absorbed())
    assert raw.report.converged
    assert raw.report.accuracy == "approximate"
    assert absorbed.report.accuracy == TREE
    assert abs(absorbed.log_evidence - exact.log_evidence) < 1e-12
    errors = []
    for t in range(4):
        policy = exact.conditional(f"a_{t}", given=f"s_{t}")
        assert absorbed.conditional(f"a_{t}", given=f"s_{t}").allclose(policy, atol=1e-12)
        errors.append(np.abs(raw.conditional(f"a_{t}", given=f"s_{t}").array() - policy.array()).max())
    assert 0.02 < max(errors) < 0.3
    assert errors[3] < 1e-9  # at the last step nothing lies ahead, and the loops behind it tell nothing
    assert abs(raw.log_evidence - exact.log_evidence) > 0.01
