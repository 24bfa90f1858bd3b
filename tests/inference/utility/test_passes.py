"""Runs of clusters that do the same: their messages are those that are sent one by one."""

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, TwoSliceTemplate, Variable, plan
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.tables.operators import EXPECTATION, MAXIMUM, Operator
from control_pgm.tables.sparse_factor import SparseFactor
from tests.strategies import random_cpd, random_template

STEPS = 12
PAIRS = [
    (MAXIMUM, EXPECTATION),
    (Operator(0.5, 0.5), EXPECTATION),
    (Operator(0.5, 0.5), Operator(0.5, 0.5)),
    (MAXIMUM, Operator(-2.0, -2.0)),
    (MAXIMUM, Operator(3e4, 3e4)),
    (Operator(0.4, 0.0), Operator(0.4, 0.0)),
    (Operator(0.0, 1.0), EXPECTATION),
]


def process(seed, *, sparse=False):
    """A state, a choice, and what they are worth, which may be forbidden."""
    rng = np.random.default_rng([seed, 31])
    x, x1, u, o = Variable("x", 4), Variable("x'", 4), Variable("u", 3), Variable("o", 2)
    step = random_cpd(rng, x1, [x, u], zeros=0.4)
    if sparse:
        table = step.array()
        places = np.argwhere(table > 0)
        step = CPD.of(step.variables, SparseFactor(step.variables, places, table[tuple(places.T)]).scaled)
    cpds = [random_cpd(rng, u, [x], zeros=0.2), random_cpd(rng, o, [x, u]), step]
    values = rng.normal(size=(4, 3)) * 10.0 ** rng.integers(-2, 3)
    return TwoSliceTemplate([random_cpd(rng, x, [])], cpds).unroll(STEPS), np.where(
        rng.random((4, 3)) < 0.1, -np.inf, values
    )


def both_ways(net, values, choice, chance):
    """With the slices known to be alike, and with values of one slice that only happen to be equal."""
    made = plan(net, {f"o_{t}": 1 for t in range(STEPS)}, order="reverse topological")
    operators = {f"u_{t}": choice for t in range(STEPS)}
    same = {f"o_{t}": values for t in range(STEPS)}
    run = eliminate_values(made, operators, chance, values=same)
    singly = eliminate_values(made, operators, chance, values={name: table.copy() for name, table in same.items()})
    assert len(run.messages.sent.repeated) == 1
    assert not singly.messages.sent.repeated
    return run, singly


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("choice", "chance"), PAIRS)
def test_a_run_sends_what_is_sent_one_by_one(choice, chance, sparse):
    for seed in range(12):
        run, singly = both_ways(*process(seed, sparse=sparse), choice, chance)
        assert run.total == singly.total
        for i in range(len(run.plan.tree.order)):
            (_, a, b), (_, c, d) = run.messages[i], singly.messages[i]
            assert b is d is None
            assert (a is None) == (c is None)
            assert a is not None or i == 0  # nothing lies behind the last slice
            if a is not None:
                assert a.scope == c.scope
                assert (a.table == c.table).all()
            assert [term.scope for term in run.terms(i)] == [term.scope for term in singly.terms(i)]
        for t in (0, 1, 5, STEPS - 1):
            assert (run.before(f"u_{t}").values == singly.before(f"u_{t}").values).all()


@pytest.mark.parametrize("sent", [False, True])
def test_many_clusters_are_read_at_once_as_one_by_one(sent):
    run, singly = both_ways(*process(3), MAXIMUM, EXPECTATION)
    index, position = run.plan.problem.index, run.plan.tree.position
    scopes = [(index[f"x_{t}"], index[f"u_{t}"])[: 1 if sent else 2] for t in range(STEPS)]
    clusters = [position[index[f"u_{t}"]] for t in range(STEPS)]
    found = [one.over(clusters, scopes.__getitem__, (4, 3)[: 1 if sent else 2], sent=sent) for one in (run, singly)]
    assert (found[0] == found[1]).all()
    for t, cluster in enumerate(clusters):
        expected = [run.messages[cluster].values] if sent else run.terms(cluster)
        assert (found[0][t] == sum(term.dense.reshape(4, -1) for term in expected).reshape(found[0][t].shape)).all()


@pytest.mark.parametrize("sent", [False, True])
def test_clusters_in_any_order_are_read_as_one_by_one(sent):
    run, singly = both_ways(*process(5), MAXIMUM, EXPECTATION)
    index, position = run.plan.problem.index, run.plan.tree.position
    for times in (range(STEPS - 1, -1, -1), range(STEPS - 2, 0, -2), np.random.default_rng(0).permutation(STEPS)):
        scopes = [(index[f"x_{t}"], index[f"u_{t}"])[: 1 if sent else 2] for t in times]
        clusters = [position[index[f"u_{t}"]] for t in times]
        found = [one.over(clusters, scopes.__getitem__, (4, 3)[: 1 if sent else 2], sent=sent) for one in (run, singly)]
        assert (found[0] == found[1]).all()


def test_templates_of_any_shape_run_as_they_are_sent_one_by_one():
    ran, operator = 0, Operator(0.7, 0.7)
    for seed in range(60):
        net = random_template(seed).unroll(STEPS)
        seen = net.topological[-1].rpartition("_")[0]
        evidence = {n: v.states[0] for n, v in net.variables.items() if n.rpartition("_")[0] == seen}
        made = plan(net, evidence, order="reverse topological")
        free = next((name for name in net.topological if name not in evidence), None)
        if free is None:
            continue
        run = eliminate_values(made, {}, operator, unit=0.7)
        plain = BayesianNetwork(net.cpds)
        singly = eliminate_values(plan(plain, evidence, order="reverse topological"), {}, operator, unit=0.7)
        assert not singly.messages.sent.repeated
        assert run.total == singly.total or abs(run.total - singly.total) <= 1e-12
        ran += bool(run.messages.sent.repeated)
    assert ran > 20


def test_progress_is_told_during_a_run():
    net, values = process(0)
    long = net.template.unroll(5000)
    made = plan(long, {f"o_{t}": 1 for t in range(5000)}, order="reverse topological")
    told = []
    eliminate_values(
        made, {}, EXPECTATION, values={f"o_{t}": values for t in range(5000)}, progress=lambda *at: told.append(at)
    )
    assert len(told) > 8
    assert told == sorted(told)
    assert told[-1] == (len(made.tree.order), len(made.tree.order), "values backward")
