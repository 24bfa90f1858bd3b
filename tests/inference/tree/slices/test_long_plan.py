"""Unrolled networks whose slices are alike are planned once: the answers must be those of the plain network."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, Factor, SparseFactor, TwoSliceTemplate, Variable, infer, plan
from control_pgm.errors import ImpossibleEvidence, InvalidModel
from control_pgm.inference.problem import pose
from control_pgm.inference.tree.compile import compile_plan
from control_pgm.inference.tree.plan import in_own_order
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.models.every_slice import EverySlice
from control_pgm.tables.operators import EXPECTATION, MAXIMUM
from control_pgm.tables.recurrence.series import Series
from tests.strategies import (
    listed,
    random_cpd,
    random_interleaved_template,
    random_template,
    seeds,
    split_names,
    thorough,
)


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
        assert observed == ("x",) or len(plan(network, one_more).rolled.network.short.blocks) == 2
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


@thorough
@given(seed=seeds)
def test_natural_order_is_that_of_the_network_after_any_change(seed):
    """Replaced CPDs may turn edges within a step around, and added variables come after those of their slice."""
    rng = np.random.default_rng([seed, 8])
    template = (random_interleaved_template if seed % 2 else random_template)(seed)
    network = template.unroll(int(rng.integers(8, 25)))
    for name in rng.choice(list(network.variables), size=2, replace=False):
        old = network.cpd(name)
        near = [v for v in network.variables.values() if v.time in (old.child.time, old.child.time - 1)]
        parents = [v for v in rng.permutation(near)[:2].tolist() if v.name != name]
        with suppress(InvalidModel):  # a cycle
            network = network.replace(random_cpd(rng, old.child, parents))
    time = int(rng.integers(network.horizon))
    above = [v for v in network.variables.values() if v.time == time][:1]
    network = network.extend(random_cpd(rng, Variable(f"m_{time}", 2, time=time), above))
    evidence = {n: v.states[0] for n, v in network.variables.items() if n[0] == "a" and rng.random() < 0.5}
    found = plan(network, evidence, order="reverse topological")
    assert list(found.problem.names) == [name for name in network.topological if name not in evidence]


def test_a_replaced_edge_within_a_step_changes_who_knows_what():
    """Where b is decided before a, a knows b; the operators of both do not commute."""
    rng = np.random.default_rng(0)
    s, s1, a, b = Variable("s", 2), Variable("s'", 2), Variable("a", 2), Variable("b", 2)
    steps = [random_cpd(rng, child, above, zeros=0) for child, above in ((a, [s]), (b, [a]), (s1, [s, a, b]))]
    network = TwoSliceTemplate([random_cpd(rng, s, [], zeros=0)], steps).unroll(30)
    a_12, b_12, s_12 = (network.variable(name) for name in ("a_12", "b_12", "s_12"))
    network = network.replace(random_cpd(rng, b_12, [s_12], zeros=0)).replace(random_cpd(rng, a_12, [b_12], zeros=0))
    network = network.extend(Factor([network.variable("s_30")], [1.0, 7.0]))
    rolled = plan(network, order="reverse topological")
    assert rolled.rolled is not None
    operators = {f"a_{t}": MAXIMUM for t in range(30)}
    found, expected = (eliminate_values(p, operators, EXPECTATION) for p in (rolled, in_own_order(pose(network))))
    assert abs(found.total - expected.total) <= 1e-12
    assert found.optimiser("a_12").dims == expected.optimiser("a_12").dims


def test_evidence_of_many_values_is_not_multiplied_into_larger_tables():
    rng = np.random.default_rng(0)
    x, x1, y, y1 = (Variable(name, n) for name, n in (("x", 40), ("x'", 40), ("y", 50), ("y'", 50)))
    first, step = (
        [random_cpd(rng, c, p, zeros=0) for c, p in pairs] for pairs in (((x, []), (y, [x])), ((x1, [x]), (y1, [x1])))
    )
    network = TwoSliceTemplate(first, step).unroll(200)
    evidence = {f"y_{t}": int(rng.integers(50)) for t in range(201)}
    tables = compile_plan(plan(network, evidence)).tables.values()
    held = sum(t.n_entries * len(t.distinct.tables) if isinstance(t, Series) else t.n_entries for t in tables)
    assert held <= 2 * (40 * 40 + 50 * 40)


def test_a_series_of_sparse_tables_counts_by_its_largest():
    rng = np.random.default_rng(0)
    x, x1 = Variable("x", 20), Variable("x'", 20)
    one = SparseFactor([x, x1], [[i, 0] for i in range(20)], np.ones(20))
    full = listed(random_cpd(rng, x1, [x], zeros=0))
    steps = [CPD.of([x, x1], (one if t % 2 else full).scaled) for t in range(1, 61)]
    network = TwoSliceTemplate([random_cpd(rng, x, [])], [steps[0]]).unroll(60, varying={"x'": steps})
    assert plan(network).rolled is not None
    assert max(plan(network).cluster_entries) == max(plan(BayesianNetwork(network.cpds)).cluster_entries) == 400


@pytest.mark.parametrize("keep", ["memory", "checkpoints"])
def test_sparse_transitions_beside_evidence_of_many_values(keep):
    rng = np.random.default_rng(0)
    x, x1, y, y1 = (Variable(name, n) for name, n in (("x", 5), ("x'", 5), ("y", 6), ("y'", 6)))
    a = Variable("a", 2)
    move = CPD.of([x, a, x1], listed(random_cpd(rng, x1, [x, a], zeros=0.5)).scaled)
    network = TwoSliceTemplate(
        [random_cpd(rng, x, [], zeros=0), random_cpd(rng, y, [x], zeros=0)],
        [random_cpd(rng, a, [x], zeros=0), move, random_cpd(rng, y1, [x1], zeros=0)],
    ).unroll(80)
    evidence = {f"y_{t}": int(rng.integers(6)) for t in range(81) if t != 40}
    found, expected = infer(network, evidence, keep=keep), infer(BayesianNetwork(network.cpds), evidence)
    assert abs(found.log_evidence - expected.log_evidence) <= 1e-10
    marginals = found.marginals()
    for name in network.variables:
        assert np.abs(marginals[name].array() - expected.marginal(name).array()).max() <= 1e-12


def test_tables_given_for_each_step_that_never_change_are_no_series():
    rng = np.random.default_rng(0)
    x, x1, y = Variable("x", 3), Variable("x'", 3), Variable("y", 2)
    move, other = (random_cpd(rng, x1, [x], zeros=0) for _ in range(2))
    see = [random_cpd(rng, y, [x], zeros=0) for _ in range(20)]
    template = TwoSliceTemplate([random_cpd(rng, x, [], zeros=0)], [move, see[0]])
    network = template.unroll(20, varying={"x'": [other] * 20, "y": see})
    tables = plan(network).rolled.tables
    assert sum(isinstance(table, Series) for table in tables) == 1
    assert any(table is other.scaled for table in tables)
    compare(network, everywhere(network, "y"), 0)
    compare(network, {"y_3": 1}, 0)


@pytest.mark.parametrize("slices", [0, 3, 20, 21])
def test_evidence_of_every_slice_may_cover_fewer_slices_or_an_added_one(slices):
    rng = np.random.default_rng(1)
    x, x1, y = Variable("x", 3), Variable("x'", 3), Variable("y", 2)
    steps = [random_cpd(rng, x1, [x], zeros=0), random_cpd(rng, y, [x], zeros=0)]
    network = TwoSliceTemplate([random_cpd(rng, x, [], zeros=0)], steps).unroll(20)
    last = Variable("y_20", 2, time=20)
    network = network.extend(random_cpd(rng, last, [network.variable("x_20")], zeros=0))
    evidence = EverySlice({"y": 1}, {"y": slices})
    assert plan(network, evidence).rolled is not None
    found, expected = infer(network, evidence), infer(network, dict(evidence))
    assert abs(found.log_evidence - expected.log_evidence) <= 1e-13
    compare(network, dict(evidence), 1)
