"""Marginal MAP against enumeration: exact to 1e-10, bounds that always contain the truth."""

from importlib import import_module
from itertools import product
from math import inf, log

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, infer, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, TooLarge, UnknownName
from control_pgm.inference.map.marginal_map import marginal_map
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from tests.inference.test_conformance import posed
from tests.oracles import Brute
from tests.strategies import (
    possible_evidence,
    random_evidence,
    random_model,
    random_network,
    seeds,
    split_names,
    thorough,
)

X, Y = Variable("x", ["a", "b"]), Variable("y", 3)


def value_of(brute, found):
    """The value of the assignment that was found, by enumeration."""
    names = list(found.assignment)
    at = tuple(brute.variables[name].index(label) for name, label in found.assignment.items())
    return brute.log_joint(names)[at]


# --- networks and factor graphs ---------------------------------------------------------------------------------
@thorough
@given(seed=seeds)
def test_exact_on_any_model_under_any_evidence(seed):
    model, evidence, brute = posed(seed)
    (names,) = split_names(seed, model.variables, [(1, 4)])
    best = brute.log_joint(names).max()
    for method in ("exact", "auto"):
        found = marginal_map(model, evidence, names, method=method)
        assert list(found.assignment) == names
        assert found.exact
        assert abs(found.log_value - best) < 1e-10
        assert abs(value_of(brute, found) - best) < 1e-10
        assert found.lower == found.upper == found.log_value


@thorough
@given(seed=seeds)
def test_bounds_on_any_model_contain_the_truth(seed):
    model, evidence, brute = posed(seed)
    (names,) = split_names(seed, model.variables, [(1, 4)])
    best = brute.log_joint(names).max()
    found = marginal_map(model, evidence, names, method="bounded")
    assert list(found.assignment) == names
    assert {name: found.assignment[name] for name in names if name in evidence} == {
        name: evidence[name] for name in names if name in evidence
    }
    assert abs(value_of(brute, found) - found.log_value) < 1e-10
    assert found.lower - 1e-10 <= best <= found.upper + 1e-10
    assert found.exact == (found.gap == 0.0)
    assert found.gap >= 0.0


@thorough
@given(seed=seeds)
def test_bounds_without_any_putting_off_contain_the_truth(seed):
    """The same with the cheapest order alone, as for networks too large for anything else."""
    model, evidence, brute = posed(seed)
    (names,) = split_names(seed, model.variables, [(1, 4)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("control_pgm.inference.map.marginal_map"), "_EFFORT", 0)
        found = marginal_map(model, evidence, names, method="bounded")
    best = brute.log_joint(names).max()
    assert found.lower - 1e-10 <= best <= found.upper + 1e-10
    assert abs(value_of(brute, found) - found.log_value) < 1e-10


def test_pgmpy_agrees():
    compared = 0
    for seed in range(40):
        net = random_network(seed, n=6)
        evidence = possible_evidence(seed, net, Brute(net.tables).weights, share=0.25)
        names = [name for name in net.variables if name not in evidence][:2]
        if not names:
            continue
        pgmpy = PgmpyElimination(net, evidence)
        states = pgmpy.engine.map_query(names, evidence=pgmpy.evidence, show_progress=False)
        at = tuple(int(states[name].split(":")[0]) for name in names)
        found = marginal_map(net, evidence, names)
        assert abs(Brute(net.tables, evidence).log_joint(names)[at] - found.log_value) < 1e-10
        compared += 1
    assert compared > 30


# --- open-loop plans of decision processes ----------------------------------------------------------------------
def decision_process(seed):
    """A small random process with zeros, its network, and the best open-loop plan by going through all of them."""
    rng = np.random.default_rng(seed)
    n, m, horizon = int(rng.integers(2, 5)), int(rng.integers(2, 4)), int(rng.integers(1, 5))
    p = rng.dirichlet(np.ones(n), size=(n, m)) * (rng.random((n, m, n)) < 0.7)
    p[..., 0] += p.sum(axis=-1) == 0.0
    p /= p.sum(axis=-1, keepdims=True)
    reward = 2.0 * rng.normal(size=(n, m))
    initial = rng.dirichlet(np.ones(n)) if seed % 2 else np.eye(n)[0]
    net = unroll(MDP(p, reward, initial=initial), horizon)
    return net, horizon, dict(plan_values(p, reward, initial, horizon))


def plan_values(p, reward, initial, horizon):
    """log p(choices, all optimal) of every open-loop plan, by filtering forwards along it."""
    m = p.shape[1]
    shifted = np.exp(reward - reward.max())
    for plan in product(range(m), repeat=horizon):
        weight = initial
        for a in plan:
            weight = (weight * shifted[:, a] / m) @ p[:, a]
        yield plan, log(weight.sum()) if weight.sum() > 0.0 else -inf


@pytest.mark.parametrize("method", ["exact", "bounded"])
@pytest.mark.parametrize("start", range(0, 200, 20))
def test_the_best_open_loop_plan(start, method):
    for seed in range(start, start + 20):
        net, horizon, values = decision_process(seed)
        found = marginal_map(net, net.optimal, [f"a_{t}" for t in range(horizon)], method=method)
        best = max(values.values())
        assert abs(found.log_value - values[tuple(found.assignment.values())]) < 1e-10
        assert found.lower - 1e-10 <= best <= found.upper + 1e-10
        if method == "exact":
            assert abs(found.log_value - best) < 1e-10


def test_putting_choices_off_brings_the_bounds_closer():
    """Choices that are told the state one step later than they should be are worth more than a plan, but not much."""
    rng = np.random.default_rng(0)
    n, m, horizon = 5, 2, 10
    net = unroll(MDP(rng.dirichlet(np.full(n, 0.3), size=(n, m)), 2.0 * rng.normal(size=(n, m))), horizon)
    names = [f"a_{t}" for t in range(horizon)]
    exact = marginal_map(net, net.optimal, names, method="exact").log_value
    gaps = []
    for effort in (0, 2**11, 2**13, 2**15, 2**20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(import_module("control_pgm.inference.map.marginal_map"), "_EFFORT", effort)
            found = marginal_map(net, net.optimal, names, method="bounded")
        assert found.lower - 1e-10 <= exact <= found.upper + 1e-10
        gaps.append(found.upper - exact)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 1.0
    assert abs(gaps[-1]) < 1e-10


def test_under_deterministic_dynamics_a_plan_is_as_good_as_knowing_the_states():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, m, horizon = 6, 3, 40
        p = np.eye(n)[rng.integers(n, size=(n, m))]
        net = unroll(MDP(p, rng.normal(size=(n, m)), initial=np.eye(n)[2]), horizon)
        found = marginal_map(net, net.optimal, [f"a_{t}" for t in range(horizon)])
        assert found.exact
        assert abs(found.log_value - net.infer().mode().log_probability) < 1e-10


def test_a_choice_that_needs_every_state_allowed():
    """The greedy choice is impossible in one of two states that are never told apart: the plan must avoid it."""
    p = np.zeros((3, 2, 3))
    p[0, :, 1], p[0, :, 2] = 0.5, 0.5
    p[1, :, 1] = p[2, :, 2] = 1.0
    reward = np.array([[0.0, -30.0], [5.0, 0.0], [-inf, 0.0]])
    net = unroll(MDP(p, reward, initial=[1.0, 0.0, 0.0]), 2)
    for method in ("exact", "bounded"):
        found = marginal_map(net, net.optimal, ["a_0", "a_1"], method=method)
        # A choice of 0 in step 1 gives half of exp(0), a choice of 1 the whole of exp(−5).
        assert found.assignment == {"a_0": 0, "a_1": 0}
        assert abs(found.log_value - (log(0.25) - 5.0 + log(0.5))) < 1e-10


def test_a_long_horizon_is_bounded():
    rng = np.random.default_rng(2)
    n, m, horizon = 10, 3, 200
    net = unroll(MDP(rng.dirichlet(np.ones(n), size=(n, m)), rng.normal(size=(n, m))), horizon)
    names = [f"a_{t}" for t in range(horizon)]
    found = marginal_map(net, net.optimal, names)
    observed = infer(net, {**net.optimal, **found.assignment})
    assert abs(observed.log_evidence - found.log_value) < 1e-9
    assert found.lower <= found.upper <= net.infer().log_evidence
    with pytest.raises(TooLarge, match=r"exact marginal MAP needs more than .*; its cluster \{.*a_.*method='bounded'"):
        marginal_map(net, net.optimal, names, method="exact")


# --- what is asked, and how it is shown -------------------------------------------------------------------------
GRAPH = FactorGraph([Factor([X, Y], [[0.4, 0.0, 0.0], [0.2, 0.2, 0.2]])])


def test_sums_make_a_difference():
    assert infer(GRAPH).mode().assignment == {"x": "a", "y": 0}
    found = marginal_map(GRAPH, None, ["x"])
    assert found.assignment == {"x": "b"}
    assert abs(found.log_value - log(0.6)) < 1e-15
    assert infer(GRAPH).mode("x").assignment == {"x": "b"}


def test_observed_variables_are_answered_by_their_observation():
    found = marginal_map(GRAPH, {"x": "a"}, ["y", "x"])
    assert list(found.assignment.items()) == [("y", 0), ("x", "a")]
    all_observed = marginal_map(GRAPH, {"x": "b", "y": 2}, ["y"])
    assert dict(all_observed.assignment) == {"y": 2}
    assert abs(all_observed.log_value - log(0.2)) < 1e-15


def test_all_variables_maximised_is_the_mode():
    for seed in range(30):
        model = random_model(seed)
        if Brute(model.tables).log_evidence == -inf:
            continue
        for method in ("exact", "bounded"):
            found = marginal_map(model, {}, model.variables, method=method)
            assert abs(found.log_value - infer(model).mode().log_probability) < 1e-12


def test_impossible_evidence():
    net = BayesianNetwork([CPD(X, [], [1.0, 0.0]), CPD(Y, [X], np.full((2, 3), 1 / 3))])
    for method in ("exact", "bounded"):
        with pytest.raises(ImpossibleEvidence, match="x=b"):
            marginal_map(net, {"x": "b"}, ["y"], method=method)
    for seed in range(60):
        model = random_model(seed, zeros=0.5)
        evidence = random_evidence(seed, model)
        if Brute(model.tables, evidence).log_evidence == -inf:
            with pytest.raises(ImpossibleEvidence):
                marginal_map(model, evidence, list(model.variables)[:2], method="bounded")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((GRAPH, None, []), InvalidArgument, "needs at least one variable"),
        ((GRAPH, None, ["x", "x"]), InvalidArgument, "variable 'x' is named twice"),
        ((GRAPH, None, ["w"]), UnknownName, "variable 'w' does not exist; allowed: 'x', 'y'"),
        ((GRAPH, None, [1]), UnknownName, "variable 1 does not exist"),
        ((GRAPH, None, 3), InvalidArgument, "variables 3; allowed: names of variables"),
        ((GRAPH, {"x": "c"}, ["y"]), UnknownName, "state of 'x'"),
        ((GRAPH, 3, ["y"]), InvalidArgument, "not a mapping"),
        ((MDP(np.ones((1, 1, 1)), [[0.0]]), None, ["a_0"]), InvalidArgument, "unrolled first"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        marginal_map(*arguments)


def test_a_wrong_method_and_a_single_name():
    with pytest.raises(InvalidArgument, match="method 'best' does not exist; allowed: 'auto', 'exact', 'bounded'"):
        marginal_map(GRAPH, None, ["x"], method="best")
    assert dict(marginal_map(GRAPH, None, "x").assignment) == {"x": "b"}


def test_auto_takes_bounds_where_the_exact_answer_does_not_fit():
    net, names = wide()
    limit = 4000
    with pytest.raises(TooLarge, match=r"\{s, c_0, c_1, "):
        marginal_map(net, {"e": 1}, names, method="exact", memory_limit=limit)
    found = marginal_map(net, {"e": 1}, names, memory_limit=limit)
    exact = marginal_map(net, {"e": 1}, names, method="exact")
    assert not found.exact
    assert found.lower - 1e-10 <= exact.log_value <= found.upper - 0.01


def wide():
    """A hidden s that seven variables depend on: summing it out first joins them all."""
    s, e = Variable("s", 3), Variable("e", 2)
    rng = np.random.default_rng(0)
    leaves = [Variable(f"c_{k}", 3) for k in range(7)]
    cpds = [CPD(s, [], [0.3, 0.3, 0.4]), CPD(e, [s], [[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]])]
    cpds += [CPD(leaf, [s], rng.dirichlet(np.ones(3), size=3)) for leaf in leaves]
    return BayesianNetwork(cpds), [leaf.name for leaf in leaves]


def test_a_free_order_beyond_the_memory_limit_is_refused_by_every_method():
    net, names = wide()
    for method in ("auto", "exact", "bounded"):
        with pytest.raises(TooLarge):
            marginal_map(net, {"e": 1}, names, method=method, memory_limit=100)


def test_it_can_be_printed():
    net, names = wide()
    bounded = marginal_map(net, {"e": 1}, names, memory_limit=4000)
    lines = str(bounded).splitlines()
    assert lines[0] == "marginal MAP, bounded"
    assert [line.split()[0] for line in lines[2:]] == [*names, "log", "upper", "gap"]
    assert repr(bounded).startswith("MarginalMap(7 variables, log_value=-")
    assert ", gap 0." in repr(bounded)
    assert repr(marginal_map(GRAPH, None, "x")) == "MarginalMap(1 variables, log_value=-0.5108256238, exact)"
