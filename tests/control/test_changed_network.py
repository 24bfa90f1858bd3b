"""Networks that were replaced and extended, against enumeration: waypoints, second rewards, soft observations."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, ControlNetwork, Factor, Variable, infer, solve, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows

RNG = np.random.default_rng(11)
P = rows(RNG, 2, 2, 2)
R = RNG.normal(size=(2, 2))
NET = unroll(MDP(P, R), 3)
OUTCOME = unroll(MDP(P, RNG.normal(size=(2, 2, 2)), reward_axes="sas", terminal_reward=[0.5, -1.0]), 3)
both = pytest.mark.parametrize("net", [NET, OUTCOME], ids=["reward on pair", "reward on outcome"])


def weights(net, *names):
    """A random factor on variables of the network."""
    scope = [net.variable(name) for name in names]
    return Factor(scope, RNG.random([v.cardinality for v in scope]) + 0.1)


def replaced(net, child, *parents):
    """The network with a random CPD for a variable."""
    scope = [net.variable(name) for name in (*parents, child)]
    return net.replace(CPD(scope[-1], scope[:-1], rows(RNG, *[v.cardinality for v in scope])))


def assert_solved(net):
    """Policy, marginals and evidence equal enumeration; messages meet in p(O); the soft Bellman identities hold."""
    solution, brute = solve(net), infer(net, net.optimal, method="enumeration")
    assert isinstance(net, ControlNetwork)
    assert abs(solution.log_evidence - brute.log_evidence) <= TIGHT
    for t in range(net.horizon + 1):
        assert difference(solution.state_marginals[t], brute.marginal(f"s_{t}").array()) <= TIGHT, t
        met = np.exp(solution.log_forward[t] + solution.log_backward[t] - solution.log_evidence)
        assert abs(met.sum() - 1) <= TIGHT, t
    for t in range(net.horizon):
        s, a = f"s_{t}", f"a_{t}"
        assert difference(solution.policy[t], brute.conditional(a, given=s).array()) <= TIGHT, t
        assert difference(solution.state_action_marginals[t], brute.marginal(s, a).array()) <= TIGHT, t
        cpd = net.cpd(a)
        prior = cpd.array() if s in cpd.scope else np.broadcast_to(cpd.array(), (2, 2))
        v = np.log((prior * np.exp(solution.Q[t])).sum(axis=-1))
        assert difference(v, solution.V[t]) <= TIGHT, t


def node(name, labels, kind):
    """A node below s_1 that is as likely to be one of its states as another."""
    table = np.full((2, len(labels)), 1 / len(labels))
    return CPD(Variable(name, labels, time=1, kind=kind), [NET.variable("s_1")], table)


@pytest.mark.parametrize("kind", ["optimal", "Optimality", "optimality ", "optimalty", "OPTIMALITY"])
def test_a_kind_that_is_nearly_optimality_is_refused(kind):
    with pytest.raises(InvalidModel, match=f"'H_1' has the kind '{kind}'; allowed: .*; did you mean 'optimality'"):
        NET.extend(node("H_1", [0, 1], kind))
    with pytest.raises(InvalidModel, match=f"'O_1' has the kind '{kind}'"):
        NET.replace(node("O_1", [0, 1], kind))


@pytest.mark.parametrize("labels", [["no", "yes"], ["0", "1"], [0, 2]])
def test_an_optimality_node_needs_a_state_1(labels):
    shown = ", ".join(map(repr, labels))
    message = (
        rf"optimality node '{{}}' has the states {shown}; allowed: states among which 1 .*; name the states 0 and 1"
    )
    with pytest.raises(InvalidModel, match=message.format("H_1")):
        NET.extend(node("H_1", labels, "optimality"))
    with pytest.raises(InvalidModel, match=message.format("O_1")):
        NET.replace(node("O_1", labels, ""))


@pytest.mark.parametrize(("labels", "kind"), [([0, 1], ""), (["no", "yes"], "option"), ([0, 1], "state")])
def test_other_kinds_are_observed_by_nobody(labels, kind):
    assert dict(NET.extend(node("H_1", labels, kind)).optimal) == dict(NET.optimal)


def test_optimality_nodes_are_observed_to_be_1_whatever_else_they_may_be():
    for labels in ([0, 1], [1, 0], [0, 1, 2], [False, True]):
        net = NET.extend(node("H_1", labels, "optimality"))
        assert dict(net.optimal) == {**NET.optimal, "H_1": 1}
        assert net.groups["O"] == net.optimal


@both
@pytest.mark.parametrize("t", [0, 1, 2, 3])
def test_a_waypoint_is_a_factor_on_a_state(net, t):
    assert_solved(net.extend(weights(net, f"s_{t}")))


@both
@pytest.mark.parametrize(
    "scope", [("a_1",), ("s_1", "a_1"), ("s_1", "s_2"), ("a_1", "s_2"), ("s_2", "a_1", "s_1")], ids=" ".join
)
def test_any_factor_within_a_step_is_read_off_correctly(net, scope):
    assert_solved(net.extend(weights(net, *scope)))


@both
def test_a_hard_waypoint_forbids_all_other_states(net):
    passing = net.extend(Factor([net.variable("s_2")], [0, 1]))
    solution = solve(passing)
    assert solution.state_marginals[2].tolist() == [0, 1]
    assert solution.defined[2].tolist() == [False, True]
    assert np.isnan(solution.policy[2]).all(axis=-1).tolist() == [True, False]
    assert (solution.Q[2, 0] == -np.inf).all()
    brute = infer(net, {**net.optimal, "s_2": 1}, method="enumeration")
    for t in range(net.horizon):
        found = infer(passing, passing.optimal).conditional(f"a_{t}", given=f"s_{t}", undefined="nan").array()
        expected = brute.conditional(f"a_{t}", given=f"s_{t}", undefined="nan").array()
        possible = ~np.isnan(found) if t != 2 else np.array([[False] * 2, [True] * 2])
        assert difference(np.broadcast_to(expected, found.shape)[possible], found[possible]) <= TIGHT


@both
def test_a_second_reward_node_is_observed_like_the_first(net):
    node = Variable("C_1", 2, time=1, kind="optimality")
    scope = [net.variable("s_1"), net.variable("a_1")]
    table = rows(RNG, 2, 2, 2)
    second = net.extend(CPD(node, scope, table))
    evidence = {**net.optimal, "C_1": 1}
    exact, brute = infer(second, evidence), infer(second, evidence, method="enumeration")
    for t in range(net.horizon):
        assert exact.conditional(f"a_{t}", given=f"s_{t}").allclose(brute.conditional(f"a_{t}", given=f"s_{t}"))
    same = solve(net.extend(Factor(scope, table[..., 1])))
    assert abs(same.log_evidence - brute.log_evidence) <= TIGHT
    assert difference(same.policy[1], brute.conditional("a_1", given="s_1").array()) <= TIGHT
    assert_solved(second)  # its kind makes it part of .optimal
    assert difference(solve(second).policy, same.policy) <= TIGHT
    other = net.extend(CPD(Variable("C_1", 2, time=1), scope, table))  # of no kind and unobserved it changes nothing
    assert_solved(other)
    assert difference(solve(other).policy, solve(net).policy) <= TIGHT


@both
def test_a_soft_observation_is_a_likelihood(net):
    """A noisy reading of s_1, as a factor or as an observed child."""
    noise = np.array([[0.8, 0.2], [0.3, 0.7]])
    reading = Variable("y_1", ["low", "high"], time=1)
    child = net.extend(CPD(reading, [net.variable("s_1")], noise))
    soft = net.extend(Factor([net.variable("s_1")], noise[:, 1]))
    exact = infer(child, {**net.optimal, "y_1": "high"})
    assert abs(solve(soft).log_evidence - exact.log_evidence) <= TIGHT
    assert difference(solve(soft).state_marginals[2], exact.marginal("s_2").array()) <= TIGHT
    assert_solved(soft)


@both
@pytest.mark.parametrize(
    ("child", "parents"),
    [
        ("a_1", ()),
        ("a_1", ("s_1",)),
        ("s_0", ()),
        ("s_2", ("s_1", "a_1")),
        ("s_2", ("s_1",)),
        ("s_2", ("a_1",)),
        ("O_1", ("s_1", "a_1")),
        ("O_1", ("s_1", "a_1", "s_2")),
        ("O_1", ("a_1",)),
        ("O_1", ("s_2",)),
        ("O_1", ("s_1",)),
        ("O_2", ("s_2",)),
        ("O_0", ("s_0",)),
    ],
    ids=lambda x: x if isinstance(x, str) else " ".join(x),
)
def test_a_replaced_table_is_read_off_correctly(net, child, parents):
    assert_solved(replaced(net, child, *parents))


@both
@pytest.mark.parametrize("child", ["s_2", "O_1"])
def test_a_table_that_cuts_the_network_in_two_is_read_off_correctly_or_refused(net, child):
    try:
        assert_solved(replaced(net, child))
    except InvalidModel as error:
        assert child in str(error)  # noqa: PT017


@both
def test_several_changes_at_once(net):
    changed = replaced(replaced(net, "a_0", "s_0"), "s_3", "s_2", "a_2")
    assert_solved(changed.extend(weights(net, "s_1", "s_2"), weights(net, "a_2"), weights(net, "s_1", "a_1")))


@pytest.mark.parametrize(
    ("scope", "culprit"),
    [(("a_0", "a_1"), "a_0"), (("s_0", "s_2"), "s_0"), (("s_0", "a_1"), "s_0"), (("a_0", "s_2"), "a_0")],
)
def test_a_tie_across_steps_is_refused_and_the_tie_named(scope, culprit):
    tied = NET.extend(weights(NET, *scope))
    with pytest.raises(InvalidModel, match=rf"t=1 depend on {culprit} beside s_1 and a_1") as error:
        solve(tied).policy  # noqa: B018
    assert "network.infer()" in str(error.value)
    brute = infer(tied, tied.optimal, method="enumeration")
    assert tied.infer().conditional("a_1", given="s_1").allclose(brute.conditional("a_1", given="s_1"))


def test_a_latent_skill_is_refused_and_named():
    skill = Variable("skill", 2)
    net = NET.extend(CPD(skill, [], [0.5, 0.5]))
    for t in (0, 1):
        a = net.variable(f"a_{t}")
        net = net.replace(CPD(a, [skill], [[0.1, 0.9], [0.8, 0.2]]))
    with pytest.raises(InvalidModel, match="skill"):
        solve(net).policy  # noqa: B018
    whole = net.infer().conditional("a_1", given="s_1")
    late = infer(net, {"O_1": 1, "O_2": 1}).conditional("a_1", given="s_1")
    assert not whole.allclose(late, atol=1e-3)  # with a latent skill the past matters


def test_the_convention_sum_needs_the_uniform_prior_to_be_there_still():
    with pytest.raises(InvalidArgument, match="not uniform"):
        solve(replaced(NET, "a_1", "s_1"), convention="sum")


def test_an_impossible_waypoint_is_named():
    with pytest.raises(ImpossibleEvidence, match=r"slice 1.*s_1") as error:
        solve(NET.extend(Factor([NET.variable("s_1")], [0.0, 0.0])))
    assert error.value.time == 1


def test_changing_a_network_leaves_the_first_one_alone():
    before = solve(NET).policy
    replaced(NET, "O_1", "s_1", "a_1").extend(weights(NET, "s_1"))
    assert len(NET.factors) == 0
    assert difference(solve(NET).policy, before) == 0
