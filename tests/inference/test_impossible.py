"""Impossible evidence: the first slice at which nothing is possible any more is named, and never by underflow."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, infer
from control_pgm.errors import ImpossibleEvidence
from tests.oracles import Brute, first_impossible
from tests.strategies import random_dynamic_network, random_evidence, seeds, thorough

X, Y = Variable("x", ["a", "b"]), Variable("y", 2)


@thorough
@given(seed=seeds)
def test_the_first_impossible_observation_is_named_on_random_dynamic_networks(seed):
    network = random_dynamic_network(seed)
    evidence = random_evidence(seed, network, share=0.6)
    shuffled = np.random.default_rng(seed).permutation(len(evidence))
    evidence = {list(evidence)[i]: list(evidence.values())[i] for i in shuffled}
    constraints = sorted(evidence.items(), key=lambda item: network.variables[item[0]].time)
    culprit = first_impossible(network.tables, constraints)
    if culprit is None:
        infer(network, evidence)
        return
    with pytest.raises(ImpossibleEvidence) as caught:
        infer(network, evidence)
    name, label = constraints[culprit]
    assert caught.value.time == network.variables[name].time
    assert caught.value.variable == name
    assert f"from slice {caught.value.time} on: {name}={label} has probability zero" in str(caught.value)
    assert "check the zeros" in str(caught.value)


@thorough
@given(seed=seeds)
def test_both_methods_name_the_same_culprit(seed):
    network = random_dynamic_network(seed, horizon=2, zeros=0.6)
    evidence = random_evidence(seed, network, share=0.7)
    if Brute(network.tables, evidence).log_evidence > -np.inf:
        return
    errors = []
    for method in ("exact", "enumeration"):
        with pytest.raises(ImpossibleEvidence) as caught:
            infer(network, evidence, method=method)
        errors.append(caught.value)
    assert str(errors[0]) == str(errors[1])


def long_chain(horizon, **last):
    """A chain x that may leave state 0 but not come back, with an alarm o in state 1; T is long."""
    x, x1, o = Variable("x", 2), Variable("x'", 2), Variable("o", 2)
    return TwoSliceTemplate(
        [CPD(x, [], [1.0, 0.0])], [CPD(o, [x], [[1.0, 0.0], [0.5, 0.5]]), CPD(x1, [x], [[0.9, 0.1], [0.0, 1.0]])]
    ).unroll(horizon)


def test_an_alarm_before_anything_could_happen_is_impossible_in_slice_zero():
    with pytest.raises(ImpossibleEvidence, match="from slice 0 on: o_0=1") as caught:
        infer(long_chain(20), {f"o_{t}": 1 for t in range(20)})
    assert (caught.value.time, caught.value.variable) == (0, "o_0")


def test_coming_back_is_impossible_at_the_slice_of_coming_back():
    evidence = {"x_9": 0, "o_5": 1, "o_2": 0, "x_15": 0}
    with pytest.raises(ImpossibleEvidence, match="from slice 9 on: x_9=0"):
        infer(long_chain(20), evidence)


def test_evidence_of_a_million_nats_is_not_called_impossible():
    x = Variable("x", 2)
    weights = [Factor([x], [-1e5, -2e5], log=True)] * 10
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5])], weights)
    assert abs(infer(net).log_evidence - (-1e6 + np.log(0.5))) < 1e-8


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("n", [12, 400, 1500])
def test_many_unlikely_observations_are_not_called_impossible(n, shared):
    leaves = [Variable(f"y{i}", 2) for i in range(n)]
    rows = [[1e-20, 1.0], [3e-20, 1.0]]
    first, alibi = CPD(leaves[0], [X], rows), Variable("alibi", 2)
    cpds = [first.over(y, [X]) if shared else CPD(y, [X], rows) for y in leaves]
    net = BayesianNetwork([*cpds, CPD(X, [], [0.5, 0.5]), CPD(alibi, [X], [[0.5, 0.5], [0.0, 1.0]])])
    seen = {y.name: 0 for y in leaves}
    expected = n * np.log(3e-20) + np.log(0.5) + np.log1p(3.0**-n if n < 600 else 0.0)
    assert abs(infer(net, seen).log_evidence - expected) < 1e-7
    assert abs(infer(net, {**seen, "alibi": 0}).log_evidence - (n * np.log(1e-20) + np.log(0.25))) < 1e-7


def test_a_factor_that_forbids_everything_is_named_without_evidence():
    late = Variable("x", 2, time=3)
    graph = FactorGraph([Factor([late], [1, 0]), Factor([late], [0, 1])])
    with pytest.raises(ImpossibleEvidence, match=r"from slice 3 on: Factor\(x: 2\) leaves no state") as caught:
        infer(graph)
    assert (caught.value.time, caught.value.variable) == (3, None)


def test_models_without_time_name_the_observation():
    net = BayesianNetwork([CPD(X, [], [1, 0]), CPD(Y, [X], [[0.5, 0.5]] * 2)])
    with pytest.raises(ImpossibleEvidence, match="the evidence is impossible: x=b has probability zero") as caught:
        infer(net, {"y": 0, "x": "b"})
    assert (caught.value.time, caught.value.variable) == (None, "x")


@pytest.mark.parametrize("method", ["exact", "enumeration"])
def test_contradicting_cpds_in_a_factor_graph_are_impossible_without_evidence(method):
    with pytest.raises(ImpossibleEvidence, match="impossible"):
        infer(FactorGraph([CPD(X, [], [1, 0]), CPD(X, [], [0, 1])]), method=method)


def test_cpds_in_a_factor_graph_count_when_the_culprit_is_sought():
    network = long_chain(6)
    evidence = {"o_1": 1, "x_3": 0, "o_4": 0, "o_5": 1}
    with pytest.raises(ImpossibleEvidence) as in_network:
        infer(network, evidence)
    assert in_network.value.time == 3
    with pytest.raises(ImpossibleEvidence) as in_graph:
        infer(FactorGraph(network.tables), evidence)
    assert (in_graph.value.time, in_graph.value.variable) == (3, "x_3")
