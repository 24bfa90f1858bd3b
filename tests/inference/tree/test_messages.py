"""Messages: each is the sum of what lies behind it, and every separator tells the same evidence."""

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import assume, given

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, infer
from control_pgm.errors import UnknownName
from tests.operations import executed_lines
from tests.oracles import Brute, log_forward, log_sum
from tests.strategies import possible_evidence, random_model, seeds, thorough


def posed(seed):
    model = random_model(seed)
    evidence = possible_evidence(seed, model, Brute(model.tables).weights)
    assume(evidence is not None)
    return infer(model, evidence)


def behind(posterior, source, target):
    """The clusters on the source's side of the edge."""
    near = {
        c.name: [d.name for d in posterior.clusters if c.name == d.parent or c.parent == d.name]
        for c in posterior.clusters
    }
    found, stack = {target}, [source]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += near[name]
    return found - {target}


def tables_of(posterior, names):
    return [f for c in posterior.clusters if c.name in names for f in c.factors]


@thorough
@given(seed=seeds)
def test_a_message_is_the_sum_of_everything_behind_it(seed):
    posterior = posed(seed)
    for message in posterior.messages:
        tables = tables_of(posterior, behind(posterior, message.source, message.target))
        scope = message.factor.scope
        # A separator variable without a table behind it is summed with weight one.
        ones = [Factor([v], np.ones(v.cardinality)) for v in message.factor.variables]
        expected = Brute([*tables, *ones]).log_joint(scope)
        found = message.factor.log_array()
        assert np.array_equal(np.isneginf(found), np.isneginf(expected))
        seen = ~np.isneginf(expected)
        assert np.abs(found[seen] - expected[seen]).max(initial=0.0) < 1e-12


@thorough
@given(seed=seeds)
def test_every_separator_tells_the_same_evidence(seed):
    posterior = posed(seed)
    for cluster in posterior.clusters:
        if cluster.parent is None:
            continue
        up = posterior.message(cluster.name, cluster.parent).factor
        down = posterior.message(cluster.parent, cluster.name).factor
        assert set(up.scope) == set(down.scope) == set(cluster.separator)
        here = log_sum((up.log_array() + down.log_array(*up.scope)).ravel().tolist())
        part = behind(posterior, cluster.name, cluster.parent) | behind(posterior, cluster.parent, cluster.name)
        assert abs(here - Brute(tables_of(posterior, part)).log_evidence) < 1e-12


@thorough
@given(seed=seeds)
def test_every_edge_carries_one_message_each_way_and_every_table_lies_in_one_cluster(seed):
    posterior = posed(seed)
    edges = [(c.name, c.parent) for c in posterior.clusters if c.parent is not None]
    sent = [(m.source, m.target) for m in posterior.messages]
    assert sorted(sent) == sorted(edges + [(b, a) for a, b in edges])
    assert all(m.upward == ((m.source, m.target) in edges) for m in posterior.messages)
    first_down = next((i for i, m in enumerate(posterior.messages) if not m.upward), len(sent))
    assert all(not m.upward for m in posterior.messages[first_down:])
    placed = sum(len(c.factors) for c in posterior.clusters)
    assert placed == sum(any(n not in posterior.evidence for n in f.scope) for f in posterior.model.tables)


def test_silent_leaves_say_one_and_a_network_without_evidence_has_evidence_one():
    x, y, x1, y1 = Variable("x", 3), Variable("y", 2), Variable("x'", 3), Variable("y'", 2)
    rng = np.random.default_rng(0)
    tables = {n: rng.dirichlet(np.ones(n), 3) for n in (2, 3)}
    net = TwoSliceTemplate(
        [CPD(x, [], [0.2, 0.3, 0.5]), CPD(y, [x], tables[2])], [CPD(x1, [x], tables[3]), CPD(y1, [x1], tables[2])]
    ).unroll(4)
    posterior = infer(net)
    assert posterior.log_evidence == 0.0
    assert all((m.factor.array() == 1.0).all() for m in posterior.messages if m.upward)
    one_seen = infer(net, {"y_2": 1})
    later = [m for m in one_seen.messages if m.upward and m.source in {"x_4", "y_4", "x_3", "y_3"}]
    assert all((m.factor.array() == 1.0).all() for m in later)
    assert not (one_seen.message("x_2", "x_1").factor.array() == 1.0).all()


def test_a_leaf_with_soft_evidence_is_not_silent():
    x, y = Variable("x", 2), Variable("y", 2)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], [[0.9, 0.1], [0.2, 0.8]])])
    posterior = infer(net.extend(Factor([y], [1.0, 3.0])))
    assert np.allclose(posterior.message("y", "x").factor.array(), [1.2, 2.6], rtol=0, atol=1e-15)
    assert abs(posterior.log_evidence - log(1.9)) < 1e-15


def test_a_chain_of_a_million_nats_agrees_with_the_recursion_in_logarithms():
    x, x1, o = Variable("x", 2), Variable("x'", 2), Variable("o", 2)
    step, weights = [[0.9, 0.1], [0.4, 0.6]], [-1000.0, -1001.5]
    seen = CPD(o, [x], np.array([[0.0, w] for w in weights]), log=True)
    net = TwoSliceTemplate([CPD(x, [], [0.3, 0.7])], [seen, CPD(x1, [x], step)]).unroll(1000)
    posterior = infer(net, {f"o_{t}": 1 for t in range(1000)})
    expected = log_forward(np.log([0.3, 0.7]), np.log(step).tolist(), [weights] * 1000)
    assert expected < -9.99e5
    assert abs(posterior.log_evidence - expected) < 1e-7
    for t in (0, 500, 999):
        up, down = (posterior.message(*e).factor for e in ((f"x_{t + 1}", f"x_{t}"), (f"x_{t}", f"x_{t + 1}")))
        assert abs(log_sum((up.log_array() + down.log_array(*up.scope)).tolist()) - expected) < 1e-7


@pytest.mark.parametrize("observed", [False, True])
def test_the_work_for_a_star_grows_with_its_leaves_and_not_with_their_square(observed):
    def star(n):
        hub, leaves = Variable("hub", 2), [Variable(f"leaf{i}", 2) for i in range(n)]
        graph = FactorGraph(Factor([hub, leaf], [[0.9, 0.2], [0.2, 0.8]]) for leaf in leaves)
        evidence = {leaf.name: 1 for leaf in leaves} if observed else {}
        return executed_lines(lambda: infer(graph, evidence))

    few, many = star(251), star(2001)
    assert few > 251
    assert many < 16 * few  # 8 if linear, 64 if quadratic


@pytest.mark.parametrize("kind", ["factors", "observed", "unobserved"])
def test_a_star_with_two_thousand_leaves_is_exact(kind):
    n, hub = 2000, Variable("hub", 2)
    leaves = [Variable(f"leaf{i}", 2) for i in range(n)]
    rows = np.array([[0.9, 0.1], [0.2, 0.8]])
    if kind == "factors":
        model = FactorGraph([Factor([hub], [0.5, 0.5]), *(Factor([hub, leaf], rows * [1, 2]) for leaf in leaves)])
        weigh = [log(1.1), log(1.8)]
    else:
        model = BayesianNetwork([CPD(hub, [], [0.5, 0.5]), *(CPD(leaf, [hub], rows) for leaf in leaves)])
        weigh = [log(0.1), log(0.8)] if kind == "observed" else [0.0, 0.0]
    evidence = {leaf.name: 1 for leaf in leaves} if kind == "observed" else {}
    posterior = infer(model, evidence)
    down = posterior.messages
    total = log_sum([log(0.5) + n * w for w in weigh])
    assert abs(posterior.log_evidence - total) < 1e-8
    assert len(down) == (0 if kind == "observed" else 2 * n)
    if kind == "factors":
        one = posterior.marginal("leaf1234").array()
        assert np.abs(one - rows[1] * [1, 2] / 1.8).max() < 1e-12


def test_counting_over_many_long_arms_does_not_overflow():
    hub, arms, length, k = Variable("hub", 10), 8, 95, 10
    factors = []
    for a in range(arms):
        line = [hub, *(Variable(f"v{a}_{i}", k) for i in range(length))]
        factors += [Factor(pair, np.ones((k, k))) for pair in pairwise(line)]
    posterior = infer(FactorGraph(factors))
    assert abs(posterior.log_evidence - (1 + arms * length) * log(k)) < 1e-8
    assert np.abs(posterior.marginal("hub").array() - 0.1).max() < 1e-12


def test_a_message_between_clusters_that_are_no_neighbours_is_refused():
    x = [Variable(f"x{i}", 2) for i in range(3)]
    posterior = infer(FactorGraph(Factor([a, b], [[1, 2], [2, 1]]) for a, b in pairwise(x)))
    with pytest.raises(UnknownName, match="neighbour of cluster 'x2': 'x0' does not exist; allowed: 'x1'"):
        posterior.message("x2", "x0")
    with pytest.raises(UnknownName, match="cluster 'w' does not exist; allowed: 'x0', 'x1', 'x2'"):
        posterior.message("w", "x0")


def test_messages_and_clusters_print_their_ends():
    x, y = Variable("x", 2), Variable("y", 2)
    posterior = infer(FactorGraph([Factor([x, y], [[1, 2], [3, 4]])]))
    (up, down) = posterior.messages
    assert repr(up) == "Message(y → x: x)"
    assert "message y → x" in str(up)
    assert "7" in str(up)
    assert (down.upward, str(posterior.clusters[0])) == (False, "{x, y}")
