"""Values, policies and marginals of networks that were replaced and extended, under every type of inference."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Factor, Variable, infer, solve, unroll
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import InvalidModel, UndefinedConditional
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows
from tests.inference.decision_tree import DecisionTree

RNG = np.random.default_rng(21)
P, R, END = rows(RNG, 2, 2, 2), RNG.normal(size=(2, 2)), [0.5, -1.0]
NET = unroll(MDP(P, R), 2, temperature=0.8)
OUTCOME = unroll(MDP(P, RNG.normal(size=(2, 2, 2)), reward_axes="sas", terminal_reward=END), 2, temperature=0.8)
VALUED = [("variational", None), ("bellman", None), ("map", None), ("planning", 0.7), ("planning", -1.5)]
each_valued = pytest.mark.parametrize(("inference", "risk"), VALUED)
both = pytest.mark.parametrize("net", [NET, OUTCOME], ids=["reward on pair", "reward on outcome"])


def changed(net):
    """Networks with replaced and added tables, by what was done."""
    rng = np.random.default_rng(22)

    def scope(*names):
        return [net.variable(name) for name in names]

    def cpd(child, *parents):
        own = scope(*parents, child)
        return CPD(own[-1], own[:-1], rows(rng, *[v.cardinality for v in own]))

    node = Variable("C_1", 2, time=1, kind="optimality")
    yield "waypoint", net.extend(Factor(scope("s_1"), [0.3, 2.0]))
    yield "hard waypoint", net.extend(Factor(scope("s_1"), [0.0, 1.0]))
    yield "factor within a step", net.extend(Factor(scope("s_0", "a_0", "s_1"), rng.random((2, 2, 2))))
    yield "factor on an action", net.extend(Factor(scope("a_1"), [3.0, 1.0]))
    yield "second reward", net.extend(CPD(node, scope("s_1", "a_1"), rows(rng, 2, 2, 2)))
    yield "other dynamics", net.replace(cpd("s_1", "s_0", "a_0"))
    yield "blind dynamics", net.replace(cpd("s_2", "s_1"))
    yield "other prior", net.replace(cpd("a_1", "s_1"))
    yield "other start", net.replace(cpd("s_0"))
    yield "other reward", net.replace(cpd("O_1", "s_1", "a_1", "s_2"))
    yield "reward on state", net.replace(cpd("O_0", "s_0"))
    yield (
        "several",
        net.replace(cpd("O_1", "a_1")).extend(Factor(scope("s_2"), [1.0, 3.0])).replace(cpd("s_2", "s_1", "a_1")),
    )


@both
@each_valued
def test_changed_networks_have_the_values_of_the_decision_tree(net, inference, risk):
    actions, states = OPERATORS[inference].at(temperature=0.8, risk=risk)
    to_go = np.append(np.cumsum(net.reward_shift[::-1])[::-1], 0.0)
    for what, other in changed(net):
        solution = solve(other, inference=inference, risk=risk)
        operators = {"a_0": actions, "a_1": actions}
        tree = DecisionTree(other, operators, states, valued=dict(other.optimal), unit=0.8)
        assert difference(solution.value, tree.value() + to_go[0]) <= TIGHT, what
        for t in range(2):
            expected = tree_values(other, operators, states, t) + to_go[t]
            assert difference(solution.Q[t], expected) <= TIGHT, (what, t)


def tree_values(net, operators, states, t):
    """Q_t by the tree of a network without what lies before s_t."""
    tree = DecisionTree(net, operators, states, valued=dict(net.optimal), unit=0.8)
    found = np.empty((2, 2))
    for s in range(2):
        cut = net.replace(CPD(net.variable(f"s_{t}"), [], np.eye(2)[s])) if t else net
        below = {f"s_{k}" for k in range(t)} | {f"a_{k}" for k in range(t)}
        tree = DecisionTree(cut, operators, states, valued=dict(net.optimal), unit=0.8)
        tree.values = [table for table in tree.values if not below & set(table[0])]
        depth = tree.names.index(f"a_{t}")
        at = {**tree.observed, **dict.fromkeys(tree.names[:depth], 0), f"s_{t}": s}
        for k, (p, x) in enumerate(tree.branches(at, depth)):
            found[s, k] = tree.value(x, depth + 1) if p > 0 else -np.inf
    return found


@both
@each_valued
def test_marginals_of_changed_networks_are_those_of_their_own_dynamics(net, inference, risk):
    for what, other in changed(net):
        if what == "hard waypoint" and inference != "map":
            continue  # the dynamics may miss it, whatever is done
        solution = solve(other, inference=inference, risk=risk)
        if what == "hard waypoint":
            with pytest.raises(UndefinedConditional, match="t=1, s=0"):
                solution.state_marginals  # noqa: B018
            continue
        belief = other.cpd("s_0").array()
        for t in range(2):
            assert difference(solution.state_marginals[t], belief) <= TIGHT, what
            pairs = belief[:, None] * solution.policy[t]
            assert difference(solution.state_action_marginals[t], pairs) <= TIGHT
            after = other.cpd(f"s_{t + 1}")
            step = np.zeros((2, 2, 2))
            step += after.array() if len(after.scope) == 3 else after.array()[:, None, :]
            belief = np.einsum("sa,sax->x", pairs, step)
        assert difference(solution.state_marginals[2], belief) <= TIGHT


@both
def test_the_bound_holds_on_changed_networks(net):
    for what, other in changed(net):
        solution = solve(other, inference="variational")
        exact = infer(other, other.optimal, method="enumeration").log_evidence
        assert abs(solution.log_evidence - exact) <= TIGHT, what
        assert solution.gap >= -TIGHT, what


@each_valued
def test_a_tie_across_steps_is_refused_and_named(inference, risk):
    tied = NET.extend(Factor([NET.variable("a_0"), NET.variable("a_1")], np.ones((2, 2))))
    with pytest.raises(InvalidModel, match=r"t=1 depend on a_0 beside s_1 and a_1: no Q\(s,a\); .*network.infer\(\)"):
        solve(tied, inference=inference, risk=risk)
    apart = NET.replace(CPD(NET.variable("s_1"), [], [0.5, 0.5]))
    with pytest.raises(InvalidModel, match="independent parts at s_1"):
        solve(apart, inference=inference, risk=risk)


@both
def test_numbers_that_depend_on_nothing_count_into_the_start(net):
    o = net.variable("O_1")
    numbers = {
        "a factor without variables": (net.extend(Factor([], 2.5)), 2.5),
        "a factor on O_1": (net.extend(Factor([o], [0.9, 0.3])), 0.3),
        "a factor on two": (net.extend(Factor([net.variable("O_0"), o], [[1.0, 1.0], [1.0, 0.4]])), 0.4),
    }
    for what, (other, number) in numbers.items():
        alpha = net.temperature
        plain, exact = solve(net), solve(other)
        assert abs(exact.log_evidence - plain.log_evidence - np.log(number)) <= TIGHT, what
        assert abs(exact.log_evidence - infer(other, other.optimal).log_evidence) <= TIGHT, what
        assert difference(exact.policy, plain.policy) <= TIGHT, what
        assert difference(exact.V[0], plain.V[0] + alpha * np.log(number)) <= TIGHT, what
        for t in range(net.horizon + 1):
            both_ways = np.exp(exact.log_forward[t] + exact.log_backward[t] - exact.log_evidence)
            assert difference(both_ways, exact.state_marginals[t]) <= TIGHT, what
        for inference, risk in (("variational", None), ("bellman", None), ("planning", 0.5), ("map", None)):
            found = solve(other, inference=inference, risk=risk)
            before = solve(net, inference=inference, risk=risk)
            assert abs(found.value - before.value - alpha * np.log(number)) <= TIGHT, (what, inference)
    always = net.replace(CPD(o, [], [0.7, 0.3]))
    assert abs(solve(always).log_evidence - infer(always, always.optimal, method="enumeration").log_evidence) <= TIGHT
