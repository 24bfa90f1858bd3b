"""Beliefs: which questions have an answer, zeros and contradictions, and how a posterior shows itself."""

from math import log

import numpy as np
import pytest
from hypothesis import given

from control_pgm import MDP, Factor, FactorGraph, Variable, infer
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, NotAvailable, UndefinedConditional, UnknownName
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from tests.inference.loopy_textbook import Textbook, ising, messages_of, random_loops, random_tree
from tests.oracles import Brute
from tests.strategies import quick, random_evidence, random_model, seeds, thorough

schedules = pytest.mark.parametrize("schedule", ["flooding", "sequential", "residual"])
RING = [(i, (i + 1) % 5) for i in range(5)]
X, Y, Z = Variable("x", ["a", "b"]), Variable("y", ["c", "d", "e"]), Variable("z", 2)


def loopy(model, evidence=None, **options):
    return LoopyPosterior(model, evidence or {}, LoopyOptions(**options))


@pytest.mark.parametrize("seed", range(8))
def test_beliefs_are_those_of_the_textbook_for_the_same_messages(seed):
    graph = random_loops(seed, zeros=0.1)
    posterior = loopy(graph)
    textbook, messages = Textbook(graph.factors), messages_of(posterior)
    for name in graph.variables:
        assert np.abs(posterior.marginal(name).array() - textbook.belief(messages, name)).max() < 1e-12
    for k in range(len(graph.factors)):
        for at, b in textbook.table_belief(messages, k).items():
            assert abs(posterior.belief(k).array()[at] - b) < 1e-12


# --- zeros and contradictions -----------------------------------------------------------------------------------
@schedules
@thorough
@given(seed=seeds)
def test_only_impossible_evidence_is_called_impossible_and_zeros_are_true_zeros(schedule, seed):
    model = random_model(seed, zeros=0.4)
    evidence = random_evidence(seed, model)
    brute = Brute(model.tables, evidence)
    try:
        posterior = loopy(model, evidence, schedule=schedule, max_sweeps=30)
    except ImpossibleEvidence:
        assert brute.log_evidence == -np.inf
        return
    assert np.isfinite(posterior.log_evidence)
    for name in model.variables:
        belief = posterior.marginal(name)
        assert np.isfinite(belief.array()).all()
        if brute.log_evidence > -np.inf:  # what diverges may be below all plain numbers, but is no zero
            assert (brute.marginal(name)[np.isneginf(belief.log_array())] == 0.0).all()


@schedules
@quick
@given(seed=seeds)
def test_on_trees_impossible_evidence_is_always_found(schedule, seed):
    graph = random_tree(seed, zeros=0.5)
    evidence = random_evidence(seed, graph)
    if Brute(graph.tables, evidence).log_evidence > -np.inf:
        loopy(graph, evidence, schedule=schedule)
    else:
        with pytest.raises(ImpossibleEvidence):
            loopy(graph, evidence, schedule=schedule)


@schedules
@pytest.mark.parametrize("by", ["sum", "max"])
@pytest.mark.parametrize(
    ("factors", "culprit"),
    [
        ([Factor([X], [1, 0]), Factor([X], [0, 1])], "no state of 'x' has positive weight"),
        ([Factor([X, Y], [[1, 0, 0], [0, 0, 0]]), Factor([Y], [0, 1, 1])], "no state of '[xy]' has positive weight"),
        ([Factor([X, Y], np.zeros((2, 3)))], "no state of 'x' has positive weight"),
        ([Factor([X], [1, 1]), Factor([], 0.0)], r"phi_1\(\) is zero;"),
    ],
)
def test_a_contradiction_names_its_variable(schedule, by, factors, culprit):
    with pytest.raises(ImpossibleEvidence, match=f"evidence is impossible: {culprit}.*method='exact'"):
        loopy(FactorGraph(factors), schedule=schedule, elimination=by)


def test_an_observation_that_a_table_forbids_is_shown_with_its_labels():
    graph = FactorGraph([Factor([X], [1, 1]), Factor([Z, Y], [[0, 1, 1], [1, 1, 1]])])
    with pytest.raises(ImpossibleEvidence, match=r"the evidence is impossible: phi_1\(z=0, y=c\) is zero;"):
        loopy(graph, {"y": "c", "z": 0})


@pytest.mark.parametrize("name", ["plan", "clusters", "sample"])
def test_what_belongs_to_exact_inference_is_refused_with_a_way_out(name):
    posterior = loopy(FactorGraph([Factor([X], [1, 2])]))
    with pytest.raises(NotAvailable, match=rf"has no {name}; see \..*method='exact'\)\.{name}"):
        getattr(posterior, name)


def test_a_contradiction_that_shows_only_around_the_loop_goes_unnoticed():
    x = [Variable(f"x{i}", 2) for i in range(3)]
    differ = FactorGraph(Factor([x[i], x[(i + 1) % 3]], [[0, 1], [1, 0]]) for i in range(3))
    with pytest.raises(ImpossibleEvidence):
        infer(differ)
    posterior = loopy(differ)
    assert posterior.report.accuracy == "approximate"
    assert abs(posterior.log_evidence) < 1e-12  # 3 log 2 + 3 log 1/2


# --- questions --------------------------------------------------------------------------------------------------
def test_only_variables_that_share_a_table_have_a_joint_belief():
    graph = FactorGraph([Factor([X, Y], np.ones((2, 3))), Factor([Y, Z], [[1, 2], [3, 4], [5, 6]])])
    posterior = loopy(graph)
    assert posterior.marginal("z", "y").scope == ("z", "y")
    for ask in (lambda: posterior.marginal("x", "z"), lambda: posterior.conditional("x", given="z")):
        with pytest.raises(NotAvailable, match=r"\{.*[xz], [xz]\}: no table mentions all.*method='exact'"):
            ask()


def test_of_several_tables_the_smallest_answers_and_any_can_be_asked():
    rng = np.random.default_rng(0)
    tables = [rng.random((2, 3, 2)) + 0.1, rng.random((3, 2)) + 0.1, rng.random((2, 3)) + 0.1]
    graph = FactorGraph([Factor([X, Y, Z], tables[0]), Factor([Y, X], tables[1]), Factor([X, Y], tables[2])])
    posterior = loopy(graph)
    beliefs = [posterior.belief(k).array() for k in range(3)]
    assert np.allclose(posterior.marginal("x", "y").array(), beliefs[1].T, rtol=0, atol=1e-15)
    assert np.abs(beliefs[1].T - beliefs[2]).max() > 1e-3
    assert np.abs(beliefs[0].sum(axis=2) - beliefs[2]).max() > 1e-3
    for belief in (beliefs[0].sum(axis=(1, 2)), beliefs[1].sum(axis=0), beliefs[2].sum(axis=1)):
        assert np.abs(belief - posterior.marginal("x").array()).max() < 1e-9
    for table in (3, -1, "x", True):
        with pytest.raises(InvalidArgument, match=r"table .* does not exist; allowed: 0 … 2"):
            posterior.belief(table)


def test_observed_variables_are_point_masses_and_conditions_may_be_labels():
    graph = FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 6]]), Factor([Y, Z], [[1, 2], [3, 4], [5, 6]])])
    posterior = loopy(graph, {"y": "d"})
    assert posterior.marginal("y").array().tolist() == [0.0, 1.0, 0.0]
    assert np.allclose(posterior.marginal("y", "x").array(), [[0, 0], [2 / 7, 5 / 7], [0, 0]], rtol=0, atol=1e-15)
    free = loopy(graph)
    row = free.conditional("x", given={"y": "d"})
    assert np.allclose(row.array(), [2 / 7, 5 / 7], rtol=0, atol=1e-12)
    assert np.allclose(free.conditional("x", given="y").array()[1], row.array(), rtol=0, atol=1e-15)
    everything = loopy(graph, {"x": "a", "y": "d", "z": 0})
    assert abs(everything.log_evidence - log(2 * 3)) < 1e-15
    assert everything.report.sweeps == 0
    assert everything.marginal("x").value({"x": "a"}) == 1.0


def test_a_condition_that_rules_everything_out_is_named():
    posterior = loopy(FactorGraph([Factor([X, Y], [[1, 2, 3], [0, 0, 0]])]))
    with pytest.raises(UndefinedConditional, match=r"p\(y \| x=b\) is undefined"):
        posterior.conditional("y", given="x")
    rows = posterior.conditional("y", given="x", undefined="nan").array()
    assert np.isnan(rows[1]).all()
    assert np.allclose(rows[0], np.array([1, 2, 3]) / 6, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda p: p.marginal("w"), UnknownName, "variable 'w' does not exist"),
        (lambda p: p.marginal(), InvalidArgument, "at least one variable"),
        (lambda p: p.conditional("x", given="x"), InvalidArgument, "'x' is named twice"),
        (lambda p: p.mode(), NotAvailable, "sum-product has no mode; infer with elimination='max'"),
        (lambda p: p.max_marginal("x"), NotAvailable, "sum-product has no max_marginal"),
        (lambda p: p.log_maximum, NotAvailable, "sum-product has no log_maximum"),
    ],
)
def test_questions_without_meaning_are_refused(ask, error, message):
    with pytest.raises(error, match=message):
        ask(loopy(FactorGraph([Factor([X, Y], np.ones((2, 3)))])))


def test_models_and_evidence_without_meaning_are_refused():
    graph = FactorGraph([Factor([X], [1, 2])])
    with pytest.raises(UnknownName, match="state of 'x': 1 does not exist"):
        loopy(graph, {"x": 1})
    with pytest.raises(InvalidArgument, match="is not a mapping"):
        LoopyPosterior(graph, [("x", "a")])
    with pytest.raises(InvalidArgument, match="unroll"):
        loopy(MDP([[[1.0]]], [[0.0]]))


def test_it_is_always_called_approximate_and_tells_its_settings():
    posterior = loopy(ising(RING, 0.3, [0.1] * 5), {"x0": 1}, schedule="sequential")
    assert (posterior.method, posterior.exact) == ("loopy", False)
    assert posterior.options.schedule == "sequential"
    text = repr(loopy(ising(RING, 0.3, [0.1] * 5)))
    assert text.startswith("LoopyPosterior(approximate, converged in ")
    assert text.endswith("5 variables, 0 observed)")
    assert "log evidence (Bethe)" in str(posterior)


def test_all_messages_can_be_looked_at():
    graph = FactorGraph([Factor([X], [1, 3]), Factor([X, Y], [[1, 2, 3], [4, 5, 6]])])
    posterior = loopy(graph)
    found = {(m.source, m.target): m.factor.array() for m in posterior.messages}
    expected = {
        ("phi_0(x)", "x"): [1 / 4, 3 / 4],
        ("phi_1(x, y)", "x"): [6 / 21, 15 / 21],
        ("phi_1(x, y)", "y"): np.array([13, 17, 21]) / 51,
        ("x", "phi_0(x)"): [6 / 21, 15 / 21],
        ("x", "phi_1(x, y)"): [1 / 4, 3 / 4],
        ("y", "phi_1(x, y)"): [1 / 3] * 3,
    }
    assert found.keys() == expected.keys()
    for edge, array in expected.items():
        assert np.allclose(found[edge], array, rtol=0, atol=1e-15)
    message = posterior.messages[0]
    assert repr(message) == "LoopyMessage(phi_0(x) → x)"
    assert "0.75" in str(message)
