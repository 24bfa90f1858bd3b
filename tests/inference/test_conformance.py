"""What every inference method must answer, against brute force in plain loops."""

from math import log

import numpy as np
import pytest
from hypothesis import assume, given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, infer
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UndefinedConditional, UnknownName
from tests.oracles import Brute
from tests.strategies import (
    possible_evidence,
    quick,
    random_evidence,
    random_model,
    random_network,
    seeds,
    split_names,
    thorough,
)

METHODS = ["exact", "enumeration"]
methods = pytest.mark.parametrize("method", METHODS)
X, Y, Z = Variable("x", ["a", "b"]), Variable("y", ["c", "d", "e"]), Variable("z", 2)


def posed(seed, **options):
    """A random model with possible evidence and its oracle."""
    model = random_model(seed, **options)
    evidence = possible_evidence(seed, model, Brute(model.tables).weights)
    assume(evidence is not None)
    return model, evidence, Brute(model.tables, evidence)


@methods
@thorough
@given(seed=seeds)
def test_log_evidence_and_all_single_marginals(method, seed):
    model, evidence, brute = posed(seed)
    posterior = infer(model, evidence, method=method)
    assert abs(posterior.log_evidence - brute.log_evidence) < 1e-12
    for name in model.variables:
        assert np.abs(posterior.marginal(name).array() - brute.marginal(name)).max() < 1e-12


@methods
@thorough
@given(seed=seeds)
def test_joint_marginals_of_any_set_in_any_order(method, seed):
    model, evidence, brute = posed(seed)
    posterior = infer(model, evidence, method=method)
    (names,) = split_names(seed, model.variables, [(1, 4)])
    found = posterior.marginal(*names)
    assert found.scope == tuple(names)
    assert np.abs(found.array() - brute.marginal(*names)).max() < 1e-12
    assert np.array_equal(found.array() == 0.0, brute.marginal(*names) == 0.0)


@methods
@thorough
@given(seed=seeds)
def test_conditionals_wherever_they_are_defined_and_nowhere_else(method, seed):
    model, evidence, brute = posed(seed, zeros=0.4)
    posterior = infer(model, evidence, method=method)
    names, condition = split_names(seed, model.variables, [(1, 2), (0, 3)])
    free = [n for n in condition if n not in evidence]
    expected = brute.conditional(names, free)
    found = posterior.conditional(*names, given=condition, undefined="nan").array()
    assert found.shape == expected.shape
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(found - expected), initial=0.0) < 1e-12
    ratio = brute.ratio(names, free)
    reachable = ~np.isnan(ratio)
    assert np.abs(found[reachable] - ratio[reachable]).max(initial=0.0) < 1e-12


@methods
@quick
@given(seed=seeds)
def test_a_fixed_condition_is_one_row_of_the_table(method, seed):
    model, evidence, _ = posed(seed, zeros=0.4)
    posterior = infer(model, evidence, method=method)
    names, condition = split_names(seed, model.variables, [(1, 2), (1, 3)])
    free = [n for n in condition if n not in evidence]
    table = posterior.conditional(*names, given=condition, undefined="nan").array()
    for index in np.ndindex(table.shape[: len(free)]):
        labels = {n: model.variables[n].states[i] for n, i in zip(free, index, strict=True)}
        labels |= {n: evidence[n] for n in condition if n in evidence}
        row = posterior.conditional(*names, given=labels, undefined="nan")
        assert row.scope == tuple(names)
        assert np.allclose(row.array(), table[index], rtol=0, atol=1e-12, equal_nan=True)


@thorough
@given(seed=seeds)
def test_both_methods_agree_on_larger_networks(seed):
    model = random_network(seed, n=10, zeros=0.3)
    evidence = random_evidence(seed, model, share=0.15)
    try:
        posteriors = [infer(model, evidence, method=method) for method in METHODS]
    except ImpossibleEvidence:
        assume(False)
    assert abs(posteriors[0].log_evidence - posteriors[1].log_evidence) < 1e-12
    names, condition = split_names(seed, model.variables, [(1, 3), (0, 3)])
    tables = [p.conditional(*names, given=condition, undefined="nan").array() for p in posteriors]
    assert np.allclose(*tables, rtol=0.0, atol=1e-12, equal_nan=True)
    assert np.abs(posteriors[0].marginal(*names).array() - posteriors[1].marginal(*names).array()).max() < 1e-12


@methods
@quick
@given(seed=seeds)
def test_numbers_hundreds_of_decades_apart(method, seed):
    model, evidence, brute = posed(seed, spread=400.0)
    posterior = infer(model, evidence, method=method)
    assert abs(posterior.log_evidence - brute.log_evidence) < 1e-10
    for name in model.variables:
        assert np.abs(posterior.marginal(name).array() - brute.marginal(name)).max() < 1e-10


@methods
@quick
@given(seed=seeds)
def test_evidence_is_called_impossible_exactly_if_no_assignment_is_left(method, seed):
    model = random_model(seed, zeros=0.45)
    evidence = random_evidence(seed, model)
    if Brute(model.tables, evidence).log_evidence > -np.inf:
        infer(model, evidence, method=method)
    else:
        with pytest.raises(ImpossibleEvidence):
            infer(model, evidence, method=method)


@methods
def test_observed_variables_are_point_masses(method):
    graph = FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 6]])])
    posterior = infer(graph, {"y": "d"}, method=method)
    assert posterior.marginal("y").array().tolist() == [0.0, 1.0, 0.0]
    assert np.allclose(posterior.marginal("y", "x").array(), [[0, 0], [2 / 7, 5 / 7], [0, 0]], rtol=0, atol=1e-15)
    everything = infer(graph, {"y": "d", "x": "b"}, method=method)
    assert abs(everything.log_evidence - log(5)) < 1e-15
    assert everything.marginal("x", "y").value({"x": "b", "y": "d"}) == 1.0


@methods
def test_an_unnormalised_factor_graph_has_a_partition_function(method):
    graph = FactorGraph([Factor([X], [1, 3]), Factor([X, Z], [[2, 1], [1, 2]]), Factor([], 5.0)])
    posterior = infer(graph, method=method)
    assert abs(posterior.log_evidence - log(5 * (1 * 3 + 3 * 3))) < 1e-12
    assert np.allclose(posterior.marginal("x").array(), [0.25, 0.75], rtol=0, atol=1e-15)


@methods
def test_parts_without_connection_multiply(method):
    graph = FactorGraph([Factor([X], [1, 3]), Factor([Y], [1, 1, 2]), Factor([Z], [0, 7])])
    posterior = infer(graph, method=method)
    assert abs(posterior.log_evidence - log(4 * 4 * 7)) < 1e-12
    assert np.allclose(posterior.marginal("y", "x").array(), np.outer([1, 1, 2], [1, 3]) / 16, rtol=0, atol=1e-15)
    assert np.allclose(posterior.conditional("x", given="z").array(), [[0.25, 0.75]] * 2, rtol=0, atol=1e-15)


@methods
def test_only_constants_and_single_states(method):
    one = Variable("one", 1)
    assert abs(infer(FactorGraph([Factor([], 3.0), Factor([], 4.0)]), method=method).log_evidence - log(12)) < 1e-12
    posterior = infer(FactorGraph([Factor([one], [2.0]), Factor([one, X], [[1, 3]])]), method=method)
    assert abs(posterior.log_evidence - log(8)) < 1e-12
    assert posterior.marginal("one").array().tolist() == [1.0]
    assert np.allclose(posterior.conditional("one", "x", given=()).array(), [[0.25, 0.75]], rtol=0, atol=1e-15)


@methods
def test_a_state_that_is_never_reached_still_has_its_conditional(method):
    net = BayesianNetwork([CPD(X, [], [1, 0]), CPD(Y, [X], [[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]])])
    table = infer(net, method=method).conditional("y", given="x")
    assert table.allclose(Factor([X, Y], [[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]]), atol=1e-15)


@methods
def test_a_condition_that_forbids_the_evidence_is_named(method):
    net = BayesianNetwork(
        [CPD(X, [], [0.5, 0.5]), CPD(Y, [X], [[0.2, 0.3, 0.5]] * 2), CPD(Z, [X, Y], [[[0.5, 0.5]] * 3, [[1, 0]] * 3])]
    )
    posterior = infer(net, {"z": 1}, method=method)
    with pytest.raises(UndefinedConditional, match=r"p\(y \| x=b\) is undefined.*undefined='nan'"):
        posterior.conditional("y", given="x")
    with pytest.raises(UndefinedConditional, match=r"p\(y \| x=b\) is undefined"):
        posterior.conditional("y", given={"x": "b"})
    rows = posterior.conditional("y", given="x", undefined="nan").array()
    assert np.allclose(rows[0], [0.2, 0.3, 0.5], rtol=0, atol=1e-15)
    assert np.isnan(rows[1]).all()


@methods
def test_twelve_weak_clues_are_weighed_and_not_lost(method):
    leaves = [Variable(f"y{i}", 2) for i in range(12)]
    net = BayesianNetwork(
        [CPD(X, [], [0.5, 0.5]), *(CPD(y, [X], [[1e-29, 1 - 1e-29], [3e-29, 1 - 3e-29]]) for y in leaves)]
    )
    posterior = infer(net, {y.name: 0 for y in leaves}, method=method)
    assert abs(posterior.log_evidence - (12 * log(1e-29) + log((1 + 3**12) / 2))) < 1e-9
    assert abs(posterior.marginal("x").value({"x": "a"}) - 1 / (1 + 3**12)) < 1e-12


@methods
def test_two_answers_far_below_underflow_are_still_told_apart(method):
    net = BayesianNetwork([CPD(X, [], [0.5, 0.5])]).extend(*(Factor([X], [-1e5, -1e5 - 0.5], log=True),) * 10)
    posterior = infer(net, method=method)
    assert abs(posterior.log_evidence - (-1e6 + log((1 + np.exp(-5)) / 2))) < 1e-8
    assert abs(posterior.marginal("x").value({"x": "b"}) - np.exp(-5) / (1 + np.exp(-5))) < 1e-9


@methods
def test_a_marginal_keeps_the_logarithm_of_what_is_nearly_impossible(method):
    posterior = infer(FactorGraph([Factor([X], [0.0, -1e5], log=True)]), method=method)
    assert np.abs(posterior.marginal("x").log_array() - [0.0, -1e5]).max() < 1e-9


@methods
@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda p: p.marginal("w"), UnknownName, "variable 'w' does not exist; allowed: 'x', 'y'"),
        (lambda p: p.marginal("x", "x"), InvalidArgument, "'x' is named twice; allowed: distinct variables"),
        (lambda p: p.marginal(), InvalidArgument, "at least one variable; see .log_evidence"),
        (lambda p: p.conditional(given="x"), InvalidArgument, "at least one variable"),
        (lambda p: p.conditional("x", given="x"), InvalidArgument, "'x' is named twice"),
        (lambda p: p.conditional("x", given="w"), UnknownName, "variable 'w' does not exist; allowed: 'x', 'y'"),
        (lambda p: p.conditional("y", given={"x": "q"}), UnknownName, "state of 'x': 'q'.*allowed: 'a', 'b'"),
        (lambda p: p.conditional("y", given={"x": 0}), UnknownName, "state of 'x': 0.*allowed: 'a', 'b'"),
        (lambda p: p.conditional("y", given="x", undefined="zero"), InvalidArgument, "'zero'; allowed: 'raise', 'nan'"),
    ],
)
def test_questions_without_meaning_are_refused(method, ask, error, message):
    posterior = infer(FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 6]])]), method=method)
    with pytest.raises(error, match=message):
        ask(posterior)


@methods
def test_a_condition_may_not_contradict_the_evidence(method):
    posterior = infer(FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 6]])]), {"x": "a"}, method=method)
    with pytest.raises(InvalidArgument, match="x='b' contradicts the evidence x='a'; infer again"):
        posterior.conditional("y", given={"x": "b"})
    assert np.allclose(
        posterior.conditional("y", given={"x": "a"}).array(), np.array([1, 2, 3]) / 6, rtol=0, atol=1e-15
    )


@methods
@pytest.mark.parametrize(
    ("evidence", "error", "message"),
    [
        ({"w": 1}, UnknownName, "variable 'w' does not exist; allowed: 'x'"),
        ({"x": 1}, UnknownName, "state of 'x': 1 does not exist; allowed: 'a', 'b'"),
        ([("x", "a")], InvalidArgument, "is not a mapping; allowed: {variable name: state label}"),
    ],
)
def test_evidence_without_meaning_is_refused(method, evidence, error, message):
    with pytest.raises(error, match=message):
        infer(FactorGraph([Factor([X], [1, 2])]), evidence, method=method)


def test_an_unknown_method_is_answered_by_the_known_ones():
    with pytest.raises(InvalidArgument, match="method 'sampling'; allowed: 'exact', 'enumeration', 'loopy'"):
        infer(FactorGraph([Factor([X], [1, 2])]), method="sampling")


@methods
def test_neither_model_nor_evidence_changes_by_being_asked(method):
    graph, evidence = FactorGraph([Factor([X, Y], [[1, 2, 3], [4, 5, 6]])]), {"x": "a"}
    posterior = infer(graph, evidence, method=method)
    before = graph.factors[0].array().copy()
    evidence["x"] = "b"
    assert posterior.evidence == {"x": "a"}
    assert np.allclose(posterior.marginal("y").array(), np.array([1, 2, 3]) / 6, rtol=0, atol=1e-15)
    assert np.array_equal(graph.factors[0].array(), before)
    assert (posterior.method, posterior.exact) == (method, True)
