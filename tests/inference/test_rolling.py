"""Unrolled networks whose slices are alike are planned once: the answers must be those of the plain network."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, TwoSliceTemplate, Variable, infer, plan
from control_pgm.errors import ImpossibleEvidence
from tests.strategies import random_cpd, random_template, seeds, split_names, thorough


def everywhere(network, names):
    """Evidence on each slice of the named variables: their last state."""
    return {n: v.states[-1] for n, v in network.variables.items() if n.rpartition("_")[0] in names}


def outcome(model, evidence):
    """The posterior, or else the culprit."""
    try:
        return infer(model, evidence), None
    except ImpossibleEvidence as error:
        return None, (error.time, error.variable)


def compare(network, evidence, seed):
    """All answers of the unrolled network against those of the same CPDs without a template."""
    plain = BayesianNetwork(network.cpds, network.factors)
    (expected, error), (found, found_error) = (outcome(model, evidence) for model in (plain, network))
    assert found_error == error
    if expected is None:
        return
    assert abs(found.log_evidence - expected.log_evidence) < 1e-10
    for name in network.variables:
        assert np.abs(found.marginal(name).array() - expected.marginal(name).array()).max() < 1e-12
    names, given_names = split_names(seed, network.variables, [(1, 3), (1, 2)])
    rows = [p.conditional(*names, given=given_names, undefined="nan").array() for p in (found, expected)]
    assert np.allclose(*rows, rtol=0, atol=1e-12, equal_nan=True)
    for cluster in found.clusters:
        assert all(set(f.scope) <= set(cluster.variables) for f in cluster.factors)


@thorough
@given(seed=seeds)
def test_rolled_answers_are_those_of_the_plain_network(seed):
    rng = np.random.default_rng(seed)
    network = random_template(seed).unroll(int(rng.integers(1, 13)))
    observed = [base for base in "xzay" if rng.random() < 0.35]
    compare(network, everywhere(network, observed), seed)


@thorough
@given(seed=seeds)
def test_evidence_in_some_slices_only_gives_the_same_answers(seed):
    rng = np.random.default_rng(seed)
    network = random_template(seed).unroll(int(rng.integers(5, 10)))
    evidence = {n: v.states[rng.integers(v.cardinality)] for n, v in network.variables.items() if rng.random() < 0.2}
    compare(network, evidence, seed)


@pytest.mark.parametrize("seed", range(8))
def test_replaced_and_varying_slices_are_not_taken_for_the_template(seed):
    rng = np.random.default_rng(seed)
    template = random_template(seed)
    step = next(cpd for cpd in template.transition if cpd.child.name == "x'")
    other = [random_cpd(rng, step.child, step.parents) for _ in range(9)]
    compare(template.unroll(9, varying={"x'": other}), {}, seed)
    network = template.unroll(9)
    old = network.cpd("x_7")
    compare(network.replace(CPD(old.child, old.parents, other[0].array())), everywhere(network, "y"), seed)
    marked = Variable("mark", 2)
    compare(network.extend(random_cpd(rng, marked, [network.variable("x_4")])), {"mark": 1}, seed)


@pytest.mark.parametrize("horizon", [4, 5, 6, 7, 30])
def test_a_rolled_plan_costs_what_the_plain_one_costs(horizon):
    for seed in range(12):
        network = random_template(seed).unroll(horizon)
        evidence = everywhere(network, "a")
        found = plan(network, evidence, order="reverse topological")
        plain = plan(BayesianNetwork(network.cpds), evidence, order="reverse topological")
        if tuple(BayesianNetwork(network.cpds).topological) == tuple(network.topological):
            assert list(found.cluster_entries) == list(plain.cluster_entries)
            assert (found.bytes, found.flops, found.width) == (plain.bytes, plain.flops, plain.width)
            assert list(found.problem.scopes) == list(plain.problem.scopes)


@pytest.mark.parametrize("observed", [(), ("y",), ("y", "a"), ("x",)])
def test_long_uniform_networks_do_take_the_short_way(observed):
    x, x1, a, y = Variable("x", 3), Variable("x'", 3), Variable("a", 2), Variable("y", 2)
    rng = np.random.default_rng(0)
    steps = [random_cpd(rng, child, above, zeros=0) for child, above in ((a, [x]), (y, [x, a]), (x1, [x, a]))]
    network = TwoSliceTemplate([random_cpd(rng, x, [], zeros=0)], steps).unroll(40)
    evidence = everywhere(network, observed)
    assert plan(network, evidence).rolled is not None or observed == ("x",)
    if "a" not in observed:
        one_more = {**evidence, "a_7": 0}
        assert observed == ("x",) or len(plan(network, one_more).rolled.short.blocks) == 2
        compare(network, one_more, 0)
    compare(network, evidence, 0)


def changed(seed):
    """A template unrolled, with tables that vary, evidence of many values, replaced and added tables, each at times."""
    rng = np.random.default_rng([seed, 5])
    template, horizon = random_template(seed), int(rng.integers(5, 60))
    varying = {}
    for cpd in template.transition:
        if rng.random() < 0.3:
            made = [random_cpd(rng, cpd.child, cpd.parents) for _ in range(int(rng.integers(2, 8)))]
            varying[cpd.child.name] = [made[k] for k in rng.integers(len(made), size=horizon)]
    network = template.unroll(horizon, varying=varying)
    names = list(network.variables)
    for name in rng.choice(names, size=int(rng.integers(0, 4)), replace=False):
        old = network.cpd(name)
        network = network.replace(random_cpd(rng, old.child, old.parents))
    for name in rng.choice(names, size=int(rng.integers(0, 4)), replace=False):
        own = network.cpd(name).variables
        network = network.extend(Factor(own, rng.random([v.cardinality for v in own]) + 0.1))
    evidence = {}
    for base in {name.rpartition("_")[0] for name in names}:
        share = rng.choice([0.0, 0.0, 0.1, 0.9, 1.0])
        mine = [n for n in names if n.rpartition("_")[0] == base and rng.random() < share]
        evidence |= {n: network.variables[n].states[rng.integers(network.variables[n].cardinality)] for n in mine}
    return network, evidence


@thorough
@given(seed=seeds)
def test_changed_networks_answer_like_the_plain_network(seed):
    network, evidence = changed(seed)
    plain = BayesianNetwork(network.cpds, network.factors)
    (expected, error), (found, found_error) = (outcome(model, evidence) for model in (plain, network))
    assert found_error == error
    if expected is None:
        return
    assert abs(found.log_evidence - expected.log_evidence) < 1e-10
    marginals = found.marginals()
    for name in network.variables:
        assert np.abs(found.marginal(name).array() - expected.marginal(name).array()).max() < 1e-12
        assert np.abs(marginals[name].array() - expected.marginal(name).array()).max() < 1e-12
