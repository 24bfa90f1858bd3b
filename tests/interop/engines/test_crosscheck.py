"""crosscheck against pgmpy and enumeration: processes of every kind, changed networks, general networks."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Factor, Variable, crosscheck, infer, unroll
from tests.control.instances import INF, instances
from tests.interop.checking import BOTH, CONDITIONAL, JOINT, TOLERANCE, by_kind, chain, network_of


# --- the engine agrees with both -----------------------------------------------------------------------------------
@pytest.mark.parametrize("item", instances(), ids=repr)
def test_both_references_agree_at_every_t_and_s(item):
    net = network_of(item)
    report = crosscheck(net, against=BOTH)
    assert report.passed
    assert report.tolerance == TOLERANCE
    checks = by_kind(report)
    assert set(checks) == {(reference, kind) for reference in BOTH for kind in (CONDITIONAL, JOINT)}
    for (_, kind), check in checks.items():
        asked = item.horizon * (net.variable("s_0").cardinality if kind == CONDITIONAL else 1)
        assert check.max_difference <= TOLERANCE
        assert check.compared + check.undefined == asked
        assert check.compared > 0
        assert kind == CONDITIONAL or check.undefined == 0
        assert bool(check.note) == (check.undefined > 0)


def test_the_processes_are_of_every_kind():
    """At least 25, and of each kind that the engine could get wrong more than one."""
    items = instances()

    def table(item):
        return item.mdp.transition

    kinds = {
        "stochastic": lambda i: ((table(i) > 0) & (table(i) < 1)).any(),
        "deterministic": lambda i: np.isin(table(i), (0.0, 1.0)).all(),
        "zeros": lambda i: (table(i) == 0).any() and (table(i) < 1).any(),
        "-inf": lambda i: np.isneginf(i.mdp.rewards.values).any(),
        "per-state actions": lambda i: not i.mdp.available.all(),
        "tables over time": lambda i: i.mdp.time_steps is not None,
        "rewards on outcomes": lambda i: i.mdp.rewards.on_outcome,
        "several rewards": lambda i: i.mdp.rewards.weights is not None,
        "discount": lambda i: i.mdp.discount < 1,
        "terminal reward": lambda i: i.mdp.terminal_reward is not None,
    }
    assert len(items) >= 25
    assert len({item.name for item in items}) == len(items)
    assert {name: sum(map(is_one, items)) for name, is_one in kinds.items() if sum(map(is_one, items)) < 2} == {}


@pytest.mark.parametrize("item", instances(), ids=repr)
def test_what_is_undefined_is_what_the_recursion_cannot_reach(item):
    """Enumeration: where optimality is impossible. pgmpy divides joints: where the state is impossible given O=1."""
    checks = by_kind(crosscheck(network_of(item), against=BOTH))
    n = item.mdp.n_states + item.has_dead_state
    reached = item.reference.state_marginals[: item.horizon, :n] > 0
    possible = item.reference.b[: item.horizon, :n] > -INF
    assert checks["pgmpy", CONDITIONAL].undefined == (~reached).sum()
    assert checks["enumeration", CONDITIONAL].undefined == (~possible).sum()


def test_the_counts_of_a_chain_by_hand():
    """From "a" the process walks a, b, c, c: one state is reached at each t, and nothing is forbidden."""
    walk = np.eye(3)[[[1, 1], [2, 2], [2, 2]]]
    net = unroll(MDP(walk, np.zeros((3, 2)), states=["a", "b", "c"], initial="a"), 3)
    checks = by_kind(crosscheck(net, against=BOTH))
    assert (checks["pgmpy", CONDITIONAL].compared, checks["pgmpy", CONDITIONAL].undefined) == (3, 6)
    assert (checks["enumeration", CONDITIONAL].compared, checks["enumeration", CONDITIONAL].undefined) == (9, 0)
    assert "unreachable" in checks["pgmpy", CONDITIONAL].note
    assert checks["enumeration", CONDITIONAL].note == ""


def test_the_counts_of_a_doomed_state_by_hand():
    """In state 1 everything is forbidden at every t; the start leads to 0 or 2."""
    p = np.eye(3)[[[0, 2], [1, 1], [2, 2]]]
    net = unroll(MDP(p, [[0, 0], [-INF, -INF], [0, 0]], initial=[0.5, 0, 0.5]), 2)
    checks = by_kind(crosscheck(net, against=BOTH))
    for reference in BOTH:
        assert (checks[reference, CONDITIONAL].compared, checks[reference, CONDITIONAL].undefined) == (4, 2)
    assert "impossible" in checks["enumeration", CONDITIONAL].note


@pytest.mark.parametrize("states", [[0, 1], ["1", 1], [(0, 0), "(0, 0)"], ["a b", "a:b,c=1"]], ids=str)
def test_labels_of_any_kind_survive_the_export(states):
    assert crosscheck(chain(states=states, actions=[True, "True"]), against=BOTH).passed


# --- changed networks, other evidence, other models ----------------------------------------------------------------
def test_added_factors_and_nodes_are_part_of_the_question():
    net = chain(3)
    s, a = net.variable("s_1"), net.variable("a_1")
    second = Variable("R_1", 2, time=1)
    seen = CPD(second, [s, a], [[[0.1, 0.9], [0.6, 0.4]], [[0.5, 0.5], [1.0, 0.0]]])
    more = net.extend(Factor([s], [3.0, 0.2]), Factor([s, a], [[0.0, 40.0], [1.0, 2.0]]), seen)
    plain, soft = (infer(m, m.optimal).marginal("a_1").array() for m in (net, more))
    assert np.abs(plain - soft).max() > 1e-3
    assert crosscheck(more, against=BOTH).passed
    observed = crosscheck(more, {**more.optimal, "R_1": 1}, against=BOTH)
    assert observed.passed
    assert all(check.max_difference <= TOLERANCE for check in observed.checks)


def test_observed_states_and_actions_are_not_asked_for():
    net = chain(3)
    checks = by_kind(crosscheck(net, {**net.optimal, "s_1": 0, "a_2": 1}, against="enumeration"))
    assert checks["enumeration", CONDITIONAL].compared == 2
    assert checks["enumeration", JOINT].compared == 1


def test_evidence_replaces_the_networks_own():
    net = chain(2)
    assert crosscheck(net, {}, against=BOTH).passed
    assert crosscheck(net, {"O_0": 0, "O_1": 1}, against=BOTH).passed


def random_network(seed):
    """A network over variables of one to three states, with zeros and a further factor."""
    rng = np.random.default_rng(seed)
    variables = [Variable(f"x{k}", int(rng.integers(1, 4))) for k in range(6)]
    cpds = []
    for k, child in enumerate(variables):
        parents = [v for v in variables[:k] if rng.random() < 0.5][:3]
        table = rng.random([v.cardinality for v in (*parents, child)])
        table *= rng.random(table.shape) < 0.8
        table[..., 0] += table.sum(axis=-1) == 0
        cpds.append(CPD(child, parents, table / table.sum(axis=-1, keepdims=True)))
    scope = [variables[1], variables[4]]
    return BayesianNetwork(cpds).extend(Factor(scope, rng.random([v.cardinality for v in scope]) + 0.1))


@pytest.mark.parametrize("seed", range(12))
def test_every_marginal_of_a_general_network(seed):
    net = random_network(seed)
    evidence = {"x5": 0} if seed % 2 and infer(net).marginal("x5").array()[0] > 0 else {}
    report = crosscheck(net, evidence, against=BOTH)
    assert report.passed
    for check in report.checks:
        assert (check.query, check.compared, check.undefined) == ("p(x | evidence)", 6 - len(evidence), 0)
