"""Control networks in files: unrolled, replaced or extended, they are solved as before when they are read again."""

import json

import numpy as np
import pytest

from control_pgm import CPD, MDP, ControlNetwork, Factor, Variable, gridworld, load_network, save_network, solve, unroll
from control_pgm.errors import InvalidFile, NotAvailable
from tests.control.comparison import difference

RNG = np.random.default_rng(8)
P, R = RNG.dirichlet(np.ones(3), (3, 2)), RNG.normal(size=(3, 2, 3))
MADE = MDP(P, R, states=["x", ("y", 1), 3], actions=["l", "r"], initial=[0.2, 0.3, 0.5])
LATE = MDP(RNG.dirichlet(np.ones(3), (3, 3, 2)), RNG.normal(size=(3, 3, 2)), reward_axes="tsa")
TYPES = ("posterior", "variational", "bellman", "planning", "map")
NETWORKS = {
    "plain": lambda: unroll(MADE, 3, temperature=0.4),
    "prior": lambda: unroll(MADE, 3, action_prior=[[0.1, 0.9], [0.5, 0.5], [1.0, 0.0]]),
    "counting": lambda: unroll(MADE, 3, temperature=0.4, action_prior="counting"),
    "schedule": lambda: unroll(MADE, 3, temperature=[2.0, 1.0, 0.5]),
    "discount": lambda: unroll(MADE.varied(discount=0.8), 3, temperature=0.4),
    "terminal reward": lambda: unroll(MDP(P, R, terminal_reward=[0.5, -1.0, 0.0]), 3),
    "varying": lambda: unroll(LATE, 3, temperature=0.7),
    "grid": lambda: unroll(gridworld("S.G\n.H.", slip=0.1), 4, temperature=0.2),
}


def waypoint(net):
    return net.extend(Factor([net.variable("s_2")], np.arange(1.0, 1.0 + net.variable("s_2").cardinality)))


def other_dynamics(net):
    cpd = net.cpd("s_2")
    squared = cpd.array() ** 2
    return net.replace(CPD(cpd.child, cpd.parents, squared / squared.sum(axis=-1, keepdims=True)))


def lazy(net):
    cpd = net.cpd("a_1")
    weights = np.zeros(cpd.array().shape)
    weights[..., 0] = 1.0
    return net.replace(CPD(cpd.child, cpd.parents, weights))


def sensor(net):
    seen = Variable("seen_1", ["no", "yes"], time=1)
    n = net.variable("s_1").cardinality
    return net.extend(CPD(seen, [net.variable("s_1")], np.stack([np.full(n, 0.25), np.full(n, 0.75)], axis=1)))


def another_wish(net):
    wish = Variable("wish", [0, 1], time=2, kind="optimality")
    p = np.linspace(0.1, 0.9, net.variable("s_2").cardinality)
    return net.extend(CPD(wish, [net.variable("s_2")], np.stack([1 - p, p], axis=1)))


def other_reward(net):
    cpd = net.cpd("O_1")
    return net.replace(CPD(cpd.child, cpd.parents, 0.5 * cpd.array() + 0.25))


def weathered(net):
    """Dynamics that depend on a variable of their own; the step pays what it paid."""
    node = net.cpd("O_0")
    net = net.replace(CPD(node.child, node.parents, node.array()))
    storm = Variable("storm", ["calm", "wild"], time=0)
    net = net.extend(CPD(storm, [], [0.7, 0.3]))
    cpd = net.cpd("s_1")
    calm = cpd.array()
    wild = calm**2
    wild = wild / wild.sum(axis=-1, keepdims=True)
    return net.replace(CPD(cpd.child, [*cpd.parents, storm], np.stack([calm, wild], axis=-2)))


CHANGES = {
    "unchanged": lambda net: net,
    "waypoint": waypoint,
    "other dynamics": other_dynamics,
    "lazy": lazy,
    "sensor": sensor,
    "another wish": another_wish,
    "other reward": other_reward,
    "weathered": weathered,
    "all": lambda net: other_reward(another_wish(lazy(other_dynamics(waypoint(net))))),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_control_network_is_solved_as_before_when_it_is_read(name, change, tmp_path):
    net = CHANGES[change](NETWORKS[name]())
    back = load_network(save_network(net, tmp_path / "net.json"))
    assert isinstance(back, ControlNetwork)
    assert (repr(back), back.as_unrolled, dict(back.optimal)) == (repr(net), net.as_unrolled, dict(net.optimal))
    assert np.array_equal(back.reward_shift, net.reward_shift)
    assert set(back.variables) == set(net.variables)
    for kind in TYPES:
        options = {"inference": kind, **({"risk": 0.3} if kind == "planning" else {})}
        try:
            expected = solve(net, **options)
        except ValueError as refused:  # a change may have no meaning for a type of inference: then both refuse it
            with pytest.raises(type(refused)):
                solve(back, **options)
            continue
        found = solve(back, **options)
        assert difference(found.policy, expected.policy) == 0, kind
        for quantity in ("log_evidence", "log_evidence_unshifted", "elbo", "value", "V"):
            try:
                value = np.asarray(getattr(expected, quantity))
            except NotAvailable:
                continue
            assert difference(np.asarray(getattr(found, quantity)), value) == 0, (kind, quantity)


def test_slices_of_a_network_that_was_read_share_their_tables(tmp_path):
    net = unroll(gridworld("S.G"), 40, temperature=0.2)
    back = load_network(save_network(waypoint(net), tmp_path / "net.json"))
    assert len({id(cpd.scaled) for cpd in back.cpds}) == len({id(cpd.scaled) for cpd in net.cpds})
    assert load_network(save_network(net, tmp_path / "net.json")).uniform == net.uniform


def spoiled(folder, change):
    """A file of a network in which something was changed by hand."""
    path = save_network(NETWORKS["plain"](), folder / "net.json")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(horizon=4), ["'a_3' is missing"]),
        (lambda d: d.update(temperature=0.5), ["as_unrolled is true", "'O_0'"]),
        (lambda d: d.update(temperature=-1.0), ["temperature is -1"]),
        (lambda d: d.pop("temperature"), ["both missing"]),
        (lambda d: d.update(prior="counting"), ["count actions are missing"]),
        (lambda d: d.update(prior="sa"), ["action_prior"]),
        (lambda d: d["mdp"].update(states=["x", "z", "w"]), ["'s_0' has other states"]),
        (lambda d: d.update(as_unrolled=1), ["as_unrolled is 1"]),
        (lambda d: d.update(as_unrolled=False, reward_shift=[0.0]), ["reward_shift"]),
        (lambda d: d.update(as_unrolled=False, reward_shift=[0.0, "nan", 0.0]), ["reward_shift is nan"]),
        (lambda d: d.update(as_unrolled=False, own=["s_0"]), ["own is", "optimality nodes"]),
        (lambda d: d.update(version=1), ["kind is", "'control network'"]),
        (lambda d: d.pop("mdp"), ["'mdp' is missing"]),
        (lambda d: d.update(weather="fine"), ["'weather'"]),
    ],
)
def test_a_spoiled_file_of_a_control_network_is_refused_by_name(change, words, tmp_path):
    with pytest.raises(InvalidFile) as error:
        load_network(spoiled(tmp_path, change))
    for word in ["net.json", *words]:
        assert word in str(error.value), str(error.value)
