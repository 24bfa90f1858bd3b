"""Evidence beside optimality: conditioned together, against enumeration; refused where it has no meaning."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Variable, infer, load_network, save_network, solve, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows

RNG = np.random.default_rng(11)
P, R = rows(RNG, 3, 2, 3), RNG.normal(size=(3, 2, 3))
MADE = MDP(P, R, states=["x", "y", "z"], actions=["l", "r"], initial=[0.2, 0.3, 0.5])
NETWORKS = {
    "plain": lambda: unroll(MADE, 3, temperature=0.7),
    "prior": lambda: unroll(MADE, 3, action_prior=[[0.1, 0.9], [0.5, 0.5], [0.7, 0.3]]),
    "discount": lambda: unroll(MADE.varied(discount=0.8), 3),
    "end": lambda: unroll(MDP(P, R, states=["x", "y", "z"], actions=["l", "r"], terminal_reward=[1.0, 0.0, -1.0]), 3),
    "schedule": lambda: unroll(MADE, 3, temperature=[1.0, 0.5, 0.3]),
}
EVIDENCE = [
    {"s_2": "z"},
    {"s_0": "y"},
    {"s_3": "x"},
    {"a_1": "r"},
    {"a_0": "l", "s_1": "y", "a_2": "r"},
    {"O_1": 1},
    {},
]


def with_sensor(net):
    seen = Variable("seen", ["no", "yes"], time=2)
    return net.extend(CPD(seen, [net.variable("s_2")], [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]))


def with_weather(net):
    """A variable that every step depends on: no message is a function of s_t alone until it is observed."""
    net = net.extend(CPD(Variable("weather", ["dry", "wet"]), [], [0.6, 0.4]))
    for t in range(3):
        cpd = net.cpd(f"s_{t + 1}")
        wet = cpd.array() ** 2 / (cpd.array() ** 2).sum(axis=-1, keepdims=True)
        net = net.replace(
            CPD(cpd.child, [*cpd.parents, net.variable("weather")], np.stack([cpd.array(), wet], axis=-2))
        )
    return net


def agrees(found, net, evidence):
    """Policy, marginals and evidence of the solution are those of enumeration."""
    brute = infer(net, {**net.optimal, **evidence}, method="enumeration")
    assert abs(found.log_evidence - brute.log_evidence) <= 10 * TIGHT
    n = net.mdp.n_states
    for t in range(net.horizon + 1):
        if f"s_{t}" in evidence:
            expected = np.array(net.variable(f"s_{t}").states) == evidence[f"s_{t}"]
        else:
            expected = brute.marginal(f"s_{t}").array()
        assert difference(found.state_marginals[t], np.asarray(expected, dtype=float)[:n]) <= TIGHT
    for t in range(net.horizon):
        later = {k: v for k, v in evidence.items() if k.split("_")[0] in "sa" and int(k.split("_")[1]) >= t}
        for s in net.mdp.states:
            if later.get(f"s_{t}", s) != s:
                assert np.isnan(found.policy.sel(t=t, s=s)).all()
                continue
            if f"a_{t}" in later:
                expected = np.array(net.mdp.actions) == later[f"a_{t}"]
            else:
                others = {k: v for k, v in evidence.items() if k not in later and not k.startswith(("s_", "a_"))}
                optimal = {f"O_{k}": 1 for k in range(t, net.horizon)}
                optimal |= {k: v for k, v in net.optimal.items() if k == f"O_{net.horizon}"}
                known = {**optimal, **later, **others, f"s_{t}": s}
                expected = infer(net, known, method="enumeration").marginal(f"a_{t}").array()
            assert difference(found.policy.sel(t=t, s=s), np.asarray(expected, dtype=float)) <= TIGHT


@pytest.mark.parametrize("evidence", EVIDENCE, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_posterior_is_conditioned_on_states_and_actions_together_with_optimality(name, evidence):
    net = NETWORKS[name]()
    agrees(solve(net, evidence=evidence), net, evidence)


@pytest.mark.parametrize("evidence", [{"seen": "yes"}, {"seen": "no", "s_1": "x"}], ids=str)
def test_a_variable_of_ones_own_is_observed(evidence):
    net = with_sensor(NETWORKS["plain"]())
    found = solve(net, evidence=evidence)
    agrees(found, net, evidence)
    assert found.network.observed["seen"] == evidence["seen"]
    assert abs(found.network.infer().log_evidence - found.log_evidence) <= TIGHT


@pytest.mark.parametrize("weather", ["dry", "wet"])
def test_what_every_step_depends_on_can_be_observed(weather, tmp_path):
    net = with_weather(NETWORKS["plain"]())
    found = solve(net, evidence={"weather": weather})
    agrees(found, net, {"weather": weather})
    back = load_network(save_network(found.network, tmp_path / "net.json"))
    assert dict(back.evidence) == dict(found.network.evidence)
    assert difference(solve(back).policy, found.policy) == 0


def test_a_process_takes_evidence_as_well():
    found = solve(MADE, 3, temperature=0.7, evidence={"s_2": "z"})
    assert difference(found.policy, solve(NETWORKS["plain"](), evidence={"s_2": "z"}).policy) == 0


@pytest.mark.parametrize("evidence", EVIDENCE, ids=str)
def test_the_most_probable_trajectory_keeps_to_the_evidence(evidence):
    net = NETWORKS["plain"]()
    found = solve(net, evidence=evidence, inference="map")
    brute = infer(net, {**net.optimal, **evidence}, method="enumeration").mode()
    assert abs(found.log_probability - brute.log_probability) <= 10 * TIGHT


@pytest.mark.parametrize("kind", ["variational", "bellman", "planning"])
def test_evidence_on_actions_fixes_them_where_the_dynamics_are_kept(kind):
    """The same as a process in which nothing else is available at that time."""
    options = {"inference": kind, **({"risk": 0.4} if kind == "planning" else {})}
    net = unroll(MADE, 3, temperature=0.7)
    found = solve(net, evidence={"a_1": "r"}, **options)
    assert found.policy.sel(t=1, a="r").tolist() == [1.0, 1.0, 1.0]
    reward = np.tile(R, (3, 1, 1, 1))
    reward[1, :, 0] = -np.inf
    fixed = solve(
        MDP(P, reward, reward_axes="tsas", initial=MADE.initial),
        3,
        **options,
        **({"temperature": 0.7} if kind == "variational" else {}),
    )
    assert difference(found.policy[0], fixed.policy[0]) <= TIGHT
    assert abs(found.value - fixed.value) <= TIGHT * 10


@pytest.mark.parametrize(
    ("evidence", "kind", "error", "words"),
    [
        ({"s_9": "x"}, "posterior", UnknownName, ["variable 's_9'"]),
        ({"s_1": "w"}, "posterior", UnknownName, ["'w'", "'x'"]),
        ("s_1", "posterior", InvalidArgument, ["is not a mapping"]),
        ({"O_1": 0}, "posterior", InvalidArgument, ["O_1=0", "contradicts", "infer(network"]),
        ({"s_1": "x"}, "variational", InvalidArgument, ["'s_1'", "keeps the true dynamics", "'posterior'"]),
        ({"s_0": "x"}, "bellman", InvalidArgument, ["'s_0'", "mdp.varied(initial=…)"]),
        ({"s_1": "x"}, "planning", InvalidArgument, ["'s_1'", "evidence on actions"]),
        ({"a_1": "l"}, "marginal-map", InvalidArgument, ["'a_1'", "before anything is seen"]),
    ],
)
def test_evidence_without_meaning_is_refused_by_a_sentence(evidence, kind, error, words):
    options = {"inference": kind, **({"risk": 0.4} if kind == "planning" else {})}
    with pytest.raises(error) as caught:
        solve(MADE, 3, evidence=evidence, **options)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_impossible_evidence_is_named():
    still = MDP([[[1, 0]], [[0, 1]]], [[0.0], [0.0]], states=["x", "y"], initial="x")
    with pytest.raises(ImpossibleEvidence, match=r"from slice 2 on: s_2=y"):
        solve(still, 3, evidence={"s_2": "y"})
