"""The most probable assignment against enumeration in plain loops, a textbook Viterbi recursion, and pgmpy."""

import subprocess
import sys
from itertools import pairwise
from math import fsum, inf, log

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import csr_array

from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    Factor,
    FactorGraph,
    TwoSliceTemplate,
    Variable,
    infer,
    marginal_map,
    unroll,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, TooLarge, UnknownName
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from tests.control.instances import instances
from tests.inference.test_conformance import methods, posed
from tests.interop.checking import network_of
from tests.oracles import Brute, log_sum
from tests.strategies import possible_evidence, quick, random_factor_graph, random_network, seeds, split_names, thorough

X, Y, Z = Variable("x", ["a", "b"]), Variable("y", ["c", "d", "e"]), Variable("z", 2)


def indices(model, assignment):
    return {name: model.variables[name].index(label) for name, label in assignment.items()}


def weight(brute, model, assignment):
    """The log-weight of an assignment of all variables, from the oracle's own list."""
    wanted = indices(model, assignment)
    return next(w for at, w in brute.weights if at == wanted)


def first_of_the_best(brute, names, slack=1e-12):
    """The first best assignment of the names when assignments are compared in their order, and its log-value."""
    values = brute.log_joint(names)
    best = values.max()
    return [int(i) for i in np.argwhere(values >= best - slack)[0]], float(best)


# --- against enumeration ----------------------------------------------------------------------------------------
@methods
@thorough
@given(seed=seeds)
def test_the_mode_of_any_model_under_any_evidence(method, seed):
    model, evidence, brute = posed(seed)
    posterior = infer(model, evidence, method=method)
    mode = posterior.mode()
    best = max(w for _, w in brute.weights)
    assert list(mode.assignment) == list(model.variables)
    assert abs(weight(brute, model, mode.assignment) - best) < 1e-12
    assert abs(mode.log_probability - best) < 1e-12
    assert abs(mode.log_posterior - (best - brute.log_evidence)) < 1e-12
    assert mode.log_posterior <= 0.0
    assert {name: mode.assignment[name] for name in evidence} == evidence


@methods
@thorough
@given(seed=seeds)
def test_the_mode_of_some_variables_sums_the_others_out(method, seed):
    model, evidence, brute = posed(seed)
    (names,) = split_names(seed, model.variables, [(1, 3)])
    mode = infer(model, evidence, method=method).mode(*names)
    values = brute.log_joint(names)
    best = values.max()
    assert list(mode.assignment) == names
    assert abs(values[tuple(indices(model, mode.assignment).values())] - best) < 1e-12
    assert abs(mode.log_probability - best) < 1e-12
    assert abs(mode.log_posterior - (best - brute.log_evidence)) < 1e-12


@quick
@given(seed=seeds)
def test_models_with_wide_tables(seed):
    """Spreads of thousands of nats: neither a product of linear numbers nor its maximum could be held."""
    model, evidence, brute = posed(seed, spread=2000.0)
    best = max(w for _, w in brute.weights)
    mode = infer(model, evidence).mode()
    assert abs(mode.log_probability - best) <= 1e-13 * max(1.0, abs(best))
    assert abs(weight(brute, model, mode.assignment) - best) <= 1e-13 * max(1.0, abs(best))


@pytest.mark.parametrize("item", instances(), ids=repr)
def test_control_networks_of_every_kind(item):
    net = network_of(item)
    expected = infer(net, net.optimal, method="enumeration").mode()
    mode = net.infer().mode()
    assert abs(mode.log_probability - expected.log_probability) < 1e-11
    assert abs(mode.log_posterior - expected.log_posterior) < 1e-11


# --- ties -------------------------------------------------------------------------------------------------------
@methods
@quick
@given(seed=seeds)
def test_of_equally_good_assignments_the_first_is_taken(method, seed):
    rng = np.random.default_rng(seed)
    chain = [Variable(f"x{i}", int(rng.integers(2, 4))) for i in range(5)]
    coarse = [Factor(pair, rng.integers(1, 3, [v.cardinality for v in pair])) for pair in pairwise(chain)]
    graph = FactorGraph(coarse)
    posterior = infer(graph, method=method)
    expected, _ = first_of_the_best(Brute(graph.tables), list(graph.variables))
    assert list(indices(graph, posterior.mode().assignment).values()) == expected


def test_ties_are_recognised_whatever_the_order_of_rounding():
    """Ways that multiply the same numbers in another order: their products differ in the last digits only."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        numbers = rng.random(6)
        x, y = Variable("x", 2), [Variable(f"y{i}", 1) for i in range(6)]
        rows = np.stack([numbers, rng.permutation(numbers)])
        graph = FactorGraph([Factor([x, y[i]], rows[:, i : i + 1]) for i in range(6)])
        assert infer(graph).mode().assignment["x"] == 0
        assert infer(graph, method="enumeration").mode().assignment["x"] == 0


def test_a_difference_beyond_rounding_is_not_a_tie():
    graph = FactorGraph([Factor([X], [0.0, 1e-11], log=True), Factor([Z], [1e6, 1e6 + 1e-8], log=True)])
    assert dict(infer(graph).mode().assignment) == {"x": "b", "z": 1}


def test_the_mode_does_not_depend_on_hashing():
    code = (
        "from control_pgm import gridworld, unroll;"
        "print(dict(unroll(gridworld('S..\\n...\\n..G'), 5).infer().mode().assignment))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed}
        ).stdout
        for hash_seed in ("0", "1")
    }
    assert len(found) == 1
    assert "'s_5': '(2,2)'" in found.pop()


# --- other engines, long networks -----------------------------------------------------------------------------------
def test_pgmpy_agrees():
    compared = 0
    for seed in range(60):
        net = random_network(seed, n=6)
        evidence = possible_evidence(seed, net, Brute(net.tables).weights, share=0.25)
        free = [name for name in net.variables if name not in evidence]
        if not free:
            continue
        pgmpy = PgmpyElimination(net, evidence)
        states = pgmpy.engine.map_query(free, evidence=pgmpy.evidence, show_progress=False)
        theirs = {name: net.variables[name].states[int(state.split(":")[0])] for name, state in states.items()}
        ours = infer(net, evidence).mode()
        assert abs(weight(Brute(net.tables, evidence), net, {**theirs, **evidence}) - ours.log_probability) < 1e-12
        compared += 1
    assert compared > 40


def viterbi(initial, transition, likelihoods):
    """The log-weight of the best path of a chain, by the textbook recursion on plain lists of logs."""
    best = list(initial)
    for weights in likelihoods:
        n = len(best)
        best = [max(best[i] + weights[i] + transition[i][j] for i in range(n)) for j in range(n)]
    return max(best)


@pytest.mark.parametrize("spread", [1.0, 300.0])
def test_a_long_chain_by_the_viterbi_recursion(spread):
    """Also where the probability of the evidence is far below what a float can hold."""
    rng = np.random.default_rng(7)
    n, horizon = 4, 1000
    x, x1, y = Variable("x", n), Variable("x'", n), Variable("y", 3)

    def logs(*shape):
        table = spread * rng.standard_normal(shape)
        table[rng.random(shape) < 0.2] = -inf
        table[..., 0] = np.maximum(table[..., 0], -1.0)
        return table - np.array([log_sum(row) for row in table.reshape(-1, shape[-1])]).reshape(*shape[:-1], 1)

    start, move, see = logs(n), logs(n, n), logs(n, 3)
    steps = [CPD(y, [x], see, log=True), CPD(x1, [x], move, log=True)]
    net = TwoSliceTemplate([CPD(x, [], start, log=True)], steps).unroll(horizon)
    seen = rng.choice(np.flatnonzero((see > -inf).all(axis=0)), horizon)
    best = viterbi(start, move, [see[:, k] for k in seen])
    mode = infer(net, {f"y_{t}": int(k) for t, k in enumerate(seen)}).mode()
    path = [mode.assignment[f"x_{t}"] for t in range(horizon + 1)]
    terms = [start[path[0]], *(see[s, k] for s, k in zip(path, seen, strict=False)), *(move[p] for p in pairwise(path))]
    assert abs(mode.log_probability - best) <= 1e-13 * abs(best)
    assert abs(fsum(terms) - best) <= 1e-13 * abs(best)


def test_every_step_alike_over_a_thousand_steps():
    """A rolled plan gives what the network gives whose slices are not known to be alike."""
    rng = np.random.default_rng(3)
    mdp = MDP(rng.dirichlet(np.ones(6), size=(6, 3)), rng.normal(size=(6, 3)))
    net = unroll(mdp, 1000)
    rolled = net.infer()
    flat = infer(BayesianNetwork(net.cpds), dict(net.optimal))
    assert rolled.plan.rolled is not None
    assert flat.plan.rolled is None
    assert rolled.mode() == flat.mode()


def test_sparse_transitions():
    rng = np.random.default_rng(5)
    n, m, horizon = 30, 3, 12
    p = rng.dirichlet(np.ones(n), size=n * m) * (rng.random((n * m, n)) < 0.1)
    p[np.arange(n * m), rng.integers(n, size=n * m)] += 0.1
    p /= p.sum(axis=1, keepdims=True)
    reward = rng.normal(size=(n, m))
    dense, thin = (unroll(MDP(x, reward), horizon) for x in (p.reshape(n, m, n), csr_array(p)))
    assert thin.cpd("s_1").scaled.sparse
    a, b = dense.infer().mode(), thin.infer().mode()
    assert a.assignment == b.assignment
    assert abs(a.log_probability - b.log_probability) < 1e-12


def test_rewards_of_any_size():
    mdp = MDP(np.full((2, 2, 2), 0.5), [[-1e6, 0.0], [1e6, -np.inf]], initial=[1.0, 0.0])
    mode = unroll(mdp, 3).infer().mode()
    assert [mode.assignment[f"s_{t}"] for t in range(3)] == [0, 1, 1]
    assert [mode.assignment[f"a_{t}"] for t in range(3)] == [1, 0, 0]
    # Shifted by 1e6, the first step costs 1e6 nats; three choices and three transitions of probability 1/2.
    assert abs(mode.log_probability - (-1e6 + 6 * log(0.5))) < 1e-9


# --- what is asked wrongly --------------------------------------------------------------------------------------
@methods
def test_all_variables_observed(method):
    net = BayesianNetwork([CPD(X, [], [0.25, 0.75]), CPD(Z, [X], [[0.5, 0.5], [0.2, 0.8]])])
    mode = infer(net, {"x": "a", "z": 1}, method=method).mode()
    assert dict(mode.assignment) == {"x": "a", "z": 1}
    assert abs(mode.log_probability - log(0.125)) < 1e-15
    assert mode.log_posterior == 0.0


@methods
def test_a_model_of_a_constant_alone(method):
    posterior = infer(FactorGraph([Factor([], 2.0)]), method=method)
    assert dict(posterior.mode().assignment) == {}
    assert posterior.mode().log_probability == log(2.0)
    assert posterior.sample(3, 0).indices.shape == (3, 0)


@methods
def test_observed_variables_may_be_asked_for(method):
    net = BayesianNetwork([CPD(X, [], [0.25, 0.75]), CPD(Z, [X], [[0.5, 0.5], [0.2, 0.8]])])
    posterior = infer(net, {"z": 1}, method=method)
    assert list(posterior.mode("z", "x").assignment.items()) == [("z", 1), ("x", "b")]
    assert list(posterior.mode("z").assignment.items()) == [("z", 1)]
    assert abs(posterior.mode("z").log_probability - posterior.log_evidence) < 1e-15


@methods
def test_wrong_names(method):
    posterior = infer(FactorGraph([Factor([X, Y], np.ones((2, 3)))]), method=method)
    with pytest.raises(UnknownName, match="variable 'w' does not exist"):
        posterior.mode("w")
    with pytest.raises(InvalidArgument, match="variable 'x' is named twice"):
        posterior.mode("x", "x")


@methods
def test_impossible_evidence_is_told_before_a_mode_is_asked_for(method):
    net = BayesianNetwork([CPD(X, [], [1.0, 0.0])])
    with pytest.raises(ImpossibleEvidence, match="x=b"):
        infer(net, {"x": "b"}, method=method)


def test_marginal_map_beyond_the_memory_limit_is_refused_with_a_way_out():
    mdp = MDP(np.full((4, 3, 4), 0.25), np.arange(12.0).reshape(4, 3))
    net = unroll(mdp, 40)
    posterior = net.infer()
    with pytest.raises(TooLarge, match=r"a_\d.*method='bounded'"):
        posterior.mode(*[f"a_{t}" for t in range(40)])
    assert posterior.mode("a_0", "a_1").assignment == {"a_0": 2, "a_1": 2}


def test_it_can_be_printed_however_long():
    mode = infer(FactorGraph([Factor([X, Z], [[1.0, 3.0], [2.0, 2.0]])])).mode()
    assert str(mode).splitlines() == [
        "most probable assignment",
        "────────────────────────  ───────",
        "x                         a",
        "z                         1",
        "log weight                1.099",
        "log posterior             -0.9808",
    ]
    assert repr(mode) == "Mode(2 variables, log_probability=1.098612289, log_posterior=-0.980829253)"
    long = str(unroll(MDP(np.ones((1, 2, 1)), [[0.0, 1.0]]), 1000).infer().mode())
    assert "… 2977 more" in long
    assert len(long.splitlines()) < 40


def test_factor_graphs_with_loose_parts_and_constants():
    for seed in range(60):
        graph = random_factor_graph(seed, n=6, zeros=0.1)
        brute = Brute(graph.tables)
        if brute.log_evidence == -inf:
            continue
        mode = infer(graph).mode()
        assert abs(mode.log_probability - max(w for _, w in brute.weights)) < 1e-12


@pytest.mark.parametrize("method", ["exact", "enumeration"])
def test_only_networks_have_probabilities_factor_graphs_have_weights(method):
    table = [[1.0, 3.0], [2.0, 2.0]]
    graph = FactorGraph([Factor([X, Z], table)])
    assert infer(graph, method=method).mode().weight
    assert infer(graph, method=method).mode("x").weight
    net = BayesianNetwork([CPD(X, [], [0.5, 0.5]), CPD(Z, [X], [[0.25, 0.75], [0.5, 0.5]])])
    mode = infer(net, method=method).mode()
    assert not mode.weight
    assert "log probability" in str(mode)


def repeated_networks(seed):
    """A network of many equal slices, and the same with a factor in the middle and with tables that vary."""
    rng = np.random.default_rng([seed, 41])
    process = MDP(rng.dirichlet(np.ones(4), (4, 3)), rng.normal(size=(4, 3)))
    net = unroll(process, 40)
    yield net
    yield net.extend(Factor([net.variable("s_20")], rng.random(4) + 0.01))
    yield unroll(MDP(process.transition, rng.normal(size=(40, 4, 3)), reward_axes="tsa"), 40)


@pytest.mark.parametrize("seed", range(6))
def test_slices_that_repeat_have_the_mode_of_the_same_network_without_a_template(seed):
    for net in repeated_networks(seed):
        found, plain = net.infer(), BayesianNetwork(net.cpds, net.factors)
        assert found.plan.rolled is not None
        expected = infer(plain, net.optimal)
        assert dict(found.mode().assignment) == dict(expected.mode().assignment)
        assert abs(found.mode().log_probability - expected.mode().log_probability) <= 1e-11


@pytest.mark.parametrize("seed", range(3))
def test_slices_that_repeat_have_the_marginal_map_of_the_same_network_without_a_template(seed):
    for net in repeated_networks(seed):
        plain = BayesianNetwork(net.cpds, net.factors)
        for names in (["s_0", "a_0"], [f"s_{t}" for t in range(0, 41, 8)]):
            found, expected = (marginal_map(model, net.optimal, names) for model in (net, plain))
            assert dict(found.assignment) == dict(expected.assignment)
            assert abs(found.log_value - expected.log_value) <= 1e-11


def test_maxima_are_no_sums_where_messages_are_sent_as_a_repetition():
    """max_{x_1 …} of a chain of one table W is the largest entry of its max-times power, which differs from W^n."""
    table = np.array([[0.5, 0.5], [0.4, 0.6]])
    x, x1 = Variable("x", 2), Variable("x'", 2)
    net = TwoSliceTemplate([CPD(x, [], [0.5, 0.5])], [CPD(x1, [x], table)]).unroll(30)
    assert abs(infer(net).mode().log_probability - np.log(0.5 * 0.6**30)) <= 1e-12
