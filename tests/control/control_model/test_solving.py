"""Control models against flat processes and enumeration: one declaration, every type of inference."""

from itertools import product

import numpy as np
import pytest

from control_pgm import (
    CPD,
    MDP,
    BayesianNetwork,
    ControlModel,
    Factor,
    Reward,
    Variable,
    constraint,
    evaluate,
    gridworld,
    infer,
    plan,
    query,
    solve,
    unroll,
)
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, NotAvailable
from tests.control.control_model.instances import factored, rows, skilled

TYPES = [("posterior", {}), ("variational", {}), ("bellman", {}), ("map", {})]
TYPES += [("planning", {"risk": 0.7}), ("planning", {"risk": -0.7})]
each_type = pytest.mark.parametrize(("inference", "options"), TYPES)


def warm(inference):
    return {} if inference in ("planning", "bellman") else {"temperature": 0.6}


def flat_processes():
    rng = np.random.default_rng(7)
    p, varying = rows(rng, 4, 3, 4, zeros=0.3), rows(rng, 5, 4, 3, 4)
    yield MDP(p, rng.normal(size=4), reward_axes="s")
    yield MDP(p, rng.normal(size=(4, 3)), initial=1, terminal_reward=rng.normal(size=4))
    yield MDP(p, rng.normal(size=(4, 3, 4)), reward_axes="sas")
    yield MDP(p, rng.normal(size=(5, 4, 3)), reward_axes="tsa")
    yield MDP(varying, rng.normal(size=(5, 4, 3, 4)), reward_axes="tsas")
    yield MDP(p, rng.normal(size=(4, 3)), discount=0.9)
    yield gridworld("S.#\n..G", slip=0.2)


@each_type
@pytest.mark.parametrize("mdp", list(flat_processes()), ids=str)
def test_a_flat_process_as_a_model_has_the_same_policy_and_values(mdp, inference, options):
    flat = solve(mdp, 5, inference=inference, **warm(inference), **options)
    own = solve(ControlModel.from_mdp(mdp), 5, inference=inference, **warm(inference), **options)
    n = mdp.n_states
    assert np.abs(np.asarray(own.policy)[:, :n] - np.asarray(flat.policy)).max() <= 1e-13
    assert np.allclose(np.asarray(own.Q)[:, :n], flat.Q, rtol=0, atol=1e-13)
    assert np.allclose(np.asarray(own.V)[:, :n], np.asarray(flat.V)[:-1], rtol=0, atol=1e-13)
    if inference == "posterior":
        assert abs(own.log_evidence_unshifted - flat.log_evidence_unshifted) <= 1e-12
    if inference == "variational":
        assert abs(own.gap - flat.gap) <= 1e-12


@pytest.mark.parametrize("mdp", [mdp for mdp in flat_processes() if mdp.discount == 1.0], ids=str)
def test_a_flat_process_as_a_model_has_the_same_plan_and_expected_reward(mdp):
    model = ControlModel.from_mdp(mdp)
    flat, own = (solve(problem, 5, inference="marginal-map", temperature=0.6) for problem in (mdp, model))
    assert np.array_equal(flat.policy.values, own.policy.values)
    best = solve(model, 5, inference="variational", temperature=0.6)
    assert abs(best.expected_reward - evaluate(mdp, np.asarray(best.policy), 5).expected_reward) <= 1e-12


@each_type
@pytest.mark.parametrize("seed", range(4))
def test_factored_models_are_their_flat_processes(seed, inference, options):
    model, flat, prior = factored(seed, zeros=0.3 if seed % 2 else 0.0)
    chosen = {} if inference in ("planning", "bellman") else {"action_prior": prior}
    expected = solve(flat, 4, inference=inference, **warm(inference), **chosen, **options)
    found = solve(model, 4, inference=inference, **warm(inference), **options)
    both = np.einsum("txyu,txyuv->txyuv", found.policies["u"].values, found.policies["v"].values)
    assert np.allclose(both.reshape(4, 6, 6), expected.policy, rtol=0, atol=1e-12)
    assert np.allclose(found.state_values["u"].values.reshape(4, 6), np.asarray(expected.V)[:-1], rtol=0, atol=1e-12)
    q = found.action_values["v"].values.reshape(4, 6, 6)
    assert np.allclose(q, expected.Q, rtol=0, atol=1e-12)
    assert abs(found.value - expected.value if inference != "posterior" else found.value - expected.soft_value) <= 1e-12
    if inference == "variational":
        assert found.gap >= -1e-12
        assert abs(found.gap - expected.gap) <= 1e-12


def test_what_is_hidden_is_summed_and_what_is_seen_conditions():
    model = skilled(3, horizon=2)
    network = unroll(model, 2, temperature=0.8)
    found = solve(network)
    weights = {}
    observed = {name: network.variable(name).index(label) for name, label in network.optimal.items()}
    free = [name for name in network.variables if name not in observed]
    for states in product(*(range(network.variable(n).cardinality) for n in free)):
        at = dict(zip(free, states, strict=True)) | observed
        weight = np.exp(sum(float(t.log_array()[tuple(at[v.name] for v in t.variables)]) for t in network.tables))
        for t in (0, 1):
            key = t, at[f"o_{t}"], at["z"], at[f"u_{t}"]
            weights[key] = weights.get(key, 0.0) + weight
    for t, o, z in product((0, 1), (0, 1), (0, 1)):
        expected = np.array([weights[t, o, z, u] for u in (0, 1)])
        assert np.abs(found.policy.values[t, o, z] - expected / expected.sum()).max() <= 1e-13
    assert abs(found.log_evidence - np.log(sum(weights[0, o, z, u] for o, z, u in product((0, 1), repeat=3)))) <= 1e-12
    with pytest.raises(NotAvailable, match="does not see"):
        _ = found.Q


@pytest.mark.parametrize("inference", ["variational", "bellman", "map"])
def test_values_of_what_is_hidden_are_refused(inference):
    with pytest.raises(InvalidArgument, match=r"the value of 'u_\d' depends on '\w+', which it does not see"):
        solve(skilled(0), 3, inference=inference)


def test_the_skill_is_one_node_and_its_posterior_an_ordinary_query():
    model = skilled(1)
    network = unroll(model, 3)
    assert [name for name in network.variables if name.startswith("z")] == ["z"]
    plain = BayesianNetwork(network.cpds)
    expected = infer(plain, network.optimal, method="enumeration").marginal("z").array()
    assert np.abs(query(network, "z | O=1").array() - expected).max() <= 1e-13
    assert np.abs(solve(model, 3).posterior.marginal("z").array() - expected).max() <= 1e-13


def test_changed_and_extended_networks_keep_their_policy():
    model, _, _ = factored(2)
    network = unroll(model, 4, temperature=0.7)
    changed = network.extend(Factor([network.variable("x_2")], [1.0, 0.2, 0.0]))
    changed = changed.replace(CPD(changed.variable("x_1"), [], [0.2, 0.3, 0.5]))
    found = solve(changed)
    plain = infer(BayesianNetwork(changed.cpds, changed.factors), changed.optimal, method="exact")
    for t in range(4):
        expected = plain.conditional(f"v_{t}", given=[f"x_{t}", f"y_{t}", f"u_{t}"], undefined="nan")
        wanted = expected.array(f"x_{t}", f"y_{t}", f"u_{t}", f"v_{t}")
        assert np.allclose(found.policies["v"].values[t], wanted, rtol=0, atol=1e-12, equal_nan=True)


def test_replaced_optimality_pays_its_logarithm_and_evidence_is_conditioned_on():
    mdp = MDP(rows(np.random.default_rng(0), 3, 2, 3), [[0.0, 1.0], [0.5, 0.0], [2.0, 0.1]])
    net, flat = unroll(ControlModel.from_mdp(mdp), 4, temperature=0.5), unroll(mdp, 4, temperature=0.5)
    table = [[[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8], [1.0, 0.0]], [[0.3, 0.7], [0.6, 0.4]]]
    found, expected = (
        solve(n.replace(CPD(n.variable("O_1"), [n.variable("s_1"), n.variable("a_1")], table)), inference="bellman")
        for n in (net, flat)
    )
    assert np.allclose(found.Q, expected.Q, rtol=0, atol=1e-13)
    seen = {"s_2": 1, "a_3": 0}
    found, expected = (solve(n, evidence=seen) for n in (net, flat))
    assert np.allclose(found.policy, expected.policy, rtol=0, atol=1e-13, equal_nan=True)
    with pytest.raises(InvalidArgument, match="keeps the true dynamics"):
        solve(net, evidence=seen, inference="bellman")


def test_behaviour_runs_the_policy_under_the_true_dynamics():
    model, flat, _ = factored(1)
    found = solve(model, 4, inference="bellman")
    expected = solve(flat, 4, inference="bellman")
    assert abs(found.expected_reward - expected.value) <= 1e-12
    joint = found.occupancy.marginal("x_2", "y_2").array("x_2", "y_2").reshape(6)
    assert np.abs(joint - expected.state_marginals.values[2]).max() <= 1e-12
    samples = found.simulate(2000, 0)
    share = np.mean([label == 0 for label in samples.labels("x_2")])
    assert abs(share - joint.reshape(3, 2)[0].sum()) < 0.05


def test_hard_constraints_are_never_broken_and_impossible_ones_named():
    x, x1, u = Variable("x", 2, kind="state"), Variable("x'", 2, kind="state"), Variable("u", 2, kind="action")
    step = [CPD(u, [x], np.full((2, 2), 0.5)), CPD(x1, [x, u], [[[1, 0], [0, 1]], [[0, 1], [1, 0]]])]
    fence = constraint("fence", ["x'"], [True, False])
    found = solve(ControlModel([CPD(x, [], [1, 0])], step, [fence]), 3)
    assert found.policy.values[:, 0].tolist() == [[1.0, 0.0]] * 3
    nothing = constraint("fence", ["x'"], [False, False])
    for inference in ("posterior", "bellman"):
        with pytest.raises(ImpossibleEvidence):
            solve(ControlModel([CPD(x, [], [1, 0])], step, [nothing]), 3, inference=inference)


def test_two_agents_with_a_joint_reward_meet():
    """Two agents choose from {0, 1} without seeing each other; the reward is 1 if they agree: p(u = v) rises."""
    x, x1 = Variable("x", 1, kind="state"), Variable("x'", 1, kind="state")
    u, v = Variable("u", 2, kind="action"), Variable("v", 2, kind="action")
    step = [CPD(u, [], [0.5, 0.5]), CPD(v, [], [0.5, 0.5]), CPD(x1, [x], [[1.0]])]
    model = ControlModel([CPD(x, [], [1.0])], step, [Reward("", ["u", "v"], np.eye(2))], sees={"u": ["x"], "v": ["x"]})
    found = solve(model, 1)
    meet = found.posterior.marginal("u_0", "v_0").array("u_0", "v_0")
    assert abs(np.trace(meet) - np.e / (np.e + 1)) <= 1e-14
    with pytest.raises(InvalidArgument, match="does not see"):
        solve(model, 1, inference="bellman")


@pytest.mark.parametrize("inference", ["posterior", "variational", "bellman"])
def test_slices_that_repeat_with_a_latent_of_each_step_are_those_sent_one_by_one(inference):
    """Clusters of the own order that are in no table's scope repeat as well, once the interface has settled."""
    rng = np.random.default_rng(5)
    x, x1 = Variable("x", 3, kind="state"), Variable("x'", 3, kind="state")
    w, w1 = Variable("w", 2, kind="latent"), Variable("w'", 2, kind="latent")
    u = Variable("u", 2, kind="action")
    model = ControlModel(
        [CPD(x, [], rows(rng, 3)), CPD(w, [], rows(rng, 2))],
        [CPD(u, [x, w], rows(rng, 3, 2, 2)), CPD(x1, [x, u], rows(rng, 3, 2, 3)), CPD(w1, [w], rows(rng, 2, 2))],
        [Reward("", ["x", "u"], rng.normal(size=(3, 2)))],
    )
    network = unroll(model, 40)
    order = plan(network, network.optimal, order="reverse topological")
    assert order.rolled is not None
    plain = plan(BayesianNetwork(network.cpds), network.optimal, order="reverse topological")
    assert [tuple(scope) for scope in order.tree.scopes] == [tuple(scope) for scope in plain.tree.scopes]
    found = solve(network, inference=inference)
    moved = network.replace(CPD(network.variable("x_0"), [], model.initial[0].array()))  # a run that ends at once
    other = solve(moved, inference=inference)
    assert np.abs(found.policy.values - other.policy.values).max() <= 1e-12
    assert np.abs(found.Q.values - other.Q.values).max() <= 1e-12
    if inference == "posterior":
        alone = infer(BayesianNetwork(network.cpds), network.optimal)
        for t in (0, 20, 39):
            expected = alone.conditional(f"u_{t}", given=[f"x_{t}", f"w_{t}"]).array(f"x_{t}", f"w_{t}", f"u_{t}")
            assert np.abs(found.policy.values[t] - expected).max() <= 1e-12
