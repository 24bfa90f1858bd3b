"""The unrolled network: its variables, edges and tables."""

import numpy as np
import pytest

from control_pgm import MDP, ControlNetwork, infer, plan, solve, unroll
from control_pgm.errors import UnknownName
from tests.control.comparison import TIGHT, difference
from tests.control.instances import instances, named, rows, solved

P = rows(np.random.default_rng(5), 3, 2, 3)
R = np.array([[0.0, 1.0], [-1.0, 0.5], [0.3, -0.2]])
OUTCOME = np.random.default_rng(6).normal(size=(3, 2, 3))
each_instance = pytest.mark.parametrize("item", instances(), ids=repr)


def network(item):
    return solved(item).network


@each_instance
def test_there_are_states_actions_and_optimality_nodes_of_every_time(item):
    net, T = network(item), item.horizon
    ends = [f"O_{T}"] if item.mdp.terminal_reward is not None else []
    names = [f"s_{t}" for t in range(T + 1)] + [f"{x}_{t}" for x in "aO" for t in range(T)] + ends
    assert sorted(net.variables) == sorted(names)
    assert isinstance(net, ControlNetwork)
    assert net.horizon == T
    extra = ("terminal",) if item.has_dead_state else ()
    for name, variable in net.variables.items():
        states = {"s": (*item.mdp.states, *extra), "a": item.mdp.actions, "O": (0, 1)}[name[0]]
        assert tuple(variable.states) == tuple(states)
        assert variable.time == int(name[2:])
        assert variable.kind == {"s": "state", "a": "action", "O": "optimality"}[name[0]]
    assert net.optimal == {n: 1 for n in names if n[0] == "O"}


@each_instance
def test_edges_are_those_of_the_model(item):
    net, prior = network(item), item.reference.prior
    prior = prior / prior.sum(axis=-1, keepdims=True)
    on_state = any((prior[t] != prior[t, 0]).any() for t in range(item.horizon))
    edges = set()
    for t in range(item.horizon):
        edges |= {(f"s_{t}", f"s_{t + 1}"), (f"a_{t}", f"s_{t + 1}"), (f"s_{t}", f"O_{t}"), (f"a_{t}", f"O_{t}")}
        edges |= {(f"s_{t}", f"a_{t}")} if on_state else set()
        edges |= {(f"s_{t + 1}", f"O_{t}")} if item.mdp.rewards.on_outcome else set()
    if item.mdp.terminal_reward is not None:
        edges.add((f"s_{item.horizon}", f"O_{item.horizon}"))
    assert {edge for edge in net.graph.edges if isinstance(edge[1], str)} == edges


@each_instance
def test_every_table_is_a_distribution(item):
    for cpd in network(item).cpds:
        values = cpd.array()
        assert (values >= 0).all()
        assert np.abs(values.sum(axis=-1) - 1).max() <= TIGHT, cpd


def pays_one_reward_on_its_own_support(item):
    """Whether p(O=1|·) is exp((r − c)/alpha) wherever the dynamics lead: no weights, prior or state of the ended."""
    return item.options["action_prior"] is None and item.mdp.discount == 1 and item.mdp.rewards.weights is None


@pytest.mark.parametrize("item", [i for i in instances() if pays_one_reward_on_its_own_support(i)], ids=repr)
def test_optimality_is_the_exponential_of_the_shifted_reward(item):
    """log p(O=1 | s, a[, s']) = (r − c)/alpha, on the support."""
    net, alpha = network(item), item.options["temperature"]
    for t in range(item.horizon):
        logs = net.cpd(f"O_{t}").log_array()[..., 1]
        support = np.broadcast_to(item.mdp.support_at(t), logs.shape)
        expected = (item.mdp.rewards.at(t).values[0] - net.reward_shift[t]) / alpha
        assert difference(logs[support], np.broadcast_to(expected, logs.shape)[support]) <= 1e-11
        assert abs(logs.max()) <= 1e-15


def test_slices_share_their_tables():
    net = unroll(MDP(P, OUTCOME), 6)
    for x in "aO":
        assert len({id(net.cpd(f"{x}_{t}").scaled) for t in range(6)}) == 1
    assert len({id(net.cpd(f"s_{t}").scaled) for t in range(1, 7)}) == 1


def test_networks_of_one_process_share_what_belongs_to_it_alone():
    for mdp in (MDP(P, OUTCOME), MDP(P, OUTCOME, discount=0.8)):
        one, two = unroll(mdp, 3), unroll(mdp, 5, temperature=0.2, action_prior=[0.3, 0.7])
        assert one.cpd("s_2").scaled is two.cpd("s_5").scaled
        assert one.cpd("s_0").scaled is two.cpd("s_0").scaled
        assert one.variable("s_0").states is two.variable("s_5").states
        assert difference(one.cpd("O_0").array(), two.cpd("O_0").array()) > 0.01


def test_what_varies_with_time_has_its_own_tables():
    item = named("all varies, outcome")
    net = network(item)
    for t in range(3):
        assert difference(net.cpd(f"s_{t + 1}").array(), item.mdp.transition[t]) <= TIGHT
        assert difference(net.cpd(f"a_{t}").array(), item.reference.prior[t]) <= TIGHT


def test_the_order_of_variables_is_that_of_time():
    net = unroll(MDP(P, R, terminal_reward=[0, 1, 2]), 2)
    assert net.topological == ("s_0", "a_0", "O_0", "s_1", "a_1", "O_1", "s_2", "O_2")


def test_the_graph_carries_kind_time_states_and_what_is_observed():
    net = unroll(MDP(P, R, states=["a", "b", "c"]), 2)
    nodes = net.graph.nodes
    assert nodes["s_1"] == {
        "kind": "state",
        "time": 1,
        "states": ("a", "b", "c"),
        "observed": False,
        "cpd": net.cpd("s_1"),
    }
    assert nodes["O_0"]["observed"]
    assert nodes["O_0"]["kind"] == "optimality"
    assert nodes["a_1"]["time"] == 1


def test_tables_hold_rewards_that_plain_numbers_cannot():
    net = unroll(MDP(P, R - 1e4 * np.arange(2)), 1)
    logs = net.cpd("O_0").log_array()[..., 1]
    assert net.reward_shift.tolist() == [0.3]
    assert abs(logs[1, 1] - (0.5 - 1e4 - 0.3)) <= 1e-11
    assert logs[2, 0] == 0.0
    assert net.cpd("O_0").array()[2, 0].tolist() == [0.0, 1.0]


def test_the_complement_keeps_its_digits_near_zero():
    """1 − exp(−1e-12) is 1e-12 to the last digit, not 1.00009e-12."""
    net = unroll(MDP(P, [[0, -1e-12]] * 3), 1)
    assert abs(net.cpd("O_0").array()[0, 1, 0] / 1e-12 - 1) <= 1e-11


def test_evidence_other_than_optimality_works_too():
    """One failed step and one unobserved: compared with enumeration."""
    net = unroll(MDP(P, OUTCOME), 3)
    evidence = {"O_0": 0, "O_2": 1, "s_3": 1}
    exact, brute = infer(net, evidence), infer(net, evidence, method="enumeration")
    assert abs(exact.log_evidence - brute.log_evidence) <= TIGHT
    for asked, given in ((("a_1",), "s_1"), (("s_2",), ("s_1", "a_1")), (("a_0", "a_2"), "s_1")):
        assert exact.conditional(*asked, given=given).allclose(brute.conditional(*asked, given=given))
    assert exact.marginal("O_1").allclose(brute.marginal("O_1"))


def test_smoothing_does_not_change_the_policy_of_an_observed_process():
    """p(a_t | s_t, O_{0:T−1}) = p(a_t | s_t, O_{t:T−1})."""
    net = unroll(MDP(P, OUTCOME), 3)
    late = infer(net, {"O_1": 1, "O_2": 1})
    assert late.conditional("a_1", given="s_1").allclose(net.infer().conditional("a_1", given="s_1"))


def test_a_single_plan_has_textbook_clusters():
    net = unroll(MDP(P, R), 4)
    assert plan(net, net.optimal).width <= 2
    scopes = {frozenset(c.variables) for c in solve(net).posterior.clusters}
    assert {frozenset({"s_1", "a_1", "s_2"}), frozenset({"s_1", "a_1"})} <= scopes


def test_an_unknown_label_is_never_taken_as_an_index():
    net = unroll(MDP(P, R, states=["a", "b", "c"]), 2)
    with pytest.raises(UnknownName, match=r"'s_1'.*1 does not exist"):
        infer(net, {"s_1": 1})
    with pytest.raises(UnknownName, match=r"O_7.*does not exist"):
        infer(net, {"O_7": 1})
