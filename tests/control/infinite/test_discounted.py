"""Infinite horizons against long finite ones, closed forms, and every deterministic policy by linear algebra."""

from math import e, log

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, solve
from control_pgm.control.infinite import solve_infinite
from control_pgm.errors import InvalidArgument
from control_pgm.problems.textbook import gambler, russell_norvig_grid
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import policies, random_mdp, rows, weights
from tests.control.instances import instances

LONG = 180  # 0.8^180 < 1e-17
SOFT = {"variational": {"temperature": 0.5}, "posterior": {"temperature": 0.7}, "bellman": {}}
FORMS = [
    {"form": "s"},
    {"form": "sa", "zeros": 0.0},
    {"form": "sas"},
    {"form": "sas", "some": True},
    {"form": "sa", "forbidden": 0.3},
    {"form": "sas", "forbidden": 0.4, "some": True},
    {"form": "sas", "n": 1, "m": 1},
    {"form": "sas", "discount": 0.0, "forbidden": 0.2},
]


def endless(mdp):
    """Whether a process has a discount and nothing that needs a last step."""
    return 0 < mdp.discount < 1 and not mdp.time_steps and mdp.terminal_reward is None


def agrees(found, finite, slack=1e-11):
    """The stationary arrays are those of the first step of a long horizon, to within the error that is stated.

    The slack is for the long horizon, which adds up hundreds of shifts.
    """
    allowed = found.error_bound + slack
    assert difference(found.V, finite.V[0]) <= allowed
    assert difference(found.Q, finite.Q[0]) <= allowed
    assert difference(found.policy, finite.policy[0]) <= 10 * allowed
    assert difference(found.advantage, finite.advantage[0]) <= 2 * allowed


@pytest.mark.parametrize("kind", SOFT)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("method", ["value-iteration", "policy-iteration"])
def test_the_stationary_solution_is_the_limit_of_growing_horizons(kind, form, method):
    for seed in range(4):
        mdp = random_mdp(seed, shift=-1.0 if kind == "posterior" else 0.5, **form)
        finite = solve(mdp, LONG, inference=kind, **SOFT[kind])
        if kind == "posterior" and finite.V[0].max() > 40:
            continue  # infinite evidence: another test
        found = solve_infinite(mdp, inference=kind, method=method, tolerance=1e-12, **SOFT[kind])
        agrees(found, finite)
        assert found.error_bound <= 1e-12 * max(1.0, np.abs(found.V[np.isfinite(found.V)]).max(initial=0.0))


@pytest.mark.parametrize("kind", ["variational", "posterior"])
@pytest.mark.parametrize("prior", [[0.2, 0.5, 0.3], [0.6, 0.0, 0.4], "counting", None], ids=str)
def test_priors_weigh_actions_as_they_do_over_a_horizon(kind, prior):
    for seed in range(3):
        mdp = random_mdp(seed, shift=-1.5, discount=0.7)
        options = {"inference": kind, "temperature": 0.6, "action_prior": prior}
        agrees(solve_infinite(mdp, **options), solve(mdp, LONG, **options))


@pytest.mark.parametrize("item", [i for i in instances() if endless(i.mdp)], ids=repr)
@pytest.mark.parametrize("kind", SOFT)
def test_named_processes_of_every_form_have_limits(item, kind):
    prior = {} if kind == "bellman" else {"action_prior": item.options["action_prior"], "temperature": 60.0}
    horizon = int(45 / -np.log(item.mdp.discount * 1.03)) + 10
    finite = solve(item.mdp, horizon, inference=kind, **prior)
    agrees(solve_infinite(item.mdp, inference=kind, **prior), finite)


def test_a_single_state_has_a_closed_form():
    """beta = e^{r/alpha} (gamma beta + 1 − gamma); Q = r + gamma V for the others."""
    options = {"inference": "posterior", "tolerance": 1e-13}
    assert abs(solve_infinite(MDP([[[1.0]]], [[-log(3)]], discount=0.5), **options).V[0] + log(5)) <= TIGHT
    positive = solve_infinite(MDP([[[1.0]]], [[log(1.5)]], discount=0.5), **options)
    assert abs(positive.V[0] - log(3)) <= positive.error_bound
    lazy = MDP(np.ones((1, 2, 1)), [[1.0, 0.0]], discount=0.75)
    assert abs(solve_infinite(lazy, inference="variational", tolerance=1e-13).V[0] - 4 * log((1 + e) / 2)) <= TIGHT
    assert (
        abs(
            solve_infinite(lazy, inference="variational", tolerance=1e-13, action_prior="counting").V[0]
            - 4 * log(1 + e)
        )
        <= TIGHT
    )
    assert abs(solve_infinite(lazy, inference="bellman", tolerance=1e-13).V[0] - 4) <= TIGHT


def test_two_states_in_fractions():
    """Prior halves, e^r = 1/4 at home and 1 at the shop, gamma = 1/2; the shop is never left: beta = 1 there.

    At home beta = (1/4) (1/2 (b + 1)/2 + 1/2 (b + 1)/2 · 1/2 + 1/2 · 1/2), so b = 1/4 (3b/8 + 5/8), b = 5/29.
    """
    transition = [[[1, 0], [0.5, 0.5]], [[0, 1], [0, 1]]]
    mdp = MDP(transition, [log(1 / 4), 0.0], discount=0.5)
    found = solve_infinite(mdp, inference="posterior", tolerance=1e-14, method="policy-iteration")
    assert difference(np.exp(found.V), [5 / 29, 1.0]) <= TIGHT
    stay, go = (5 / 29 + 1) / 8, (5 / 58 + 1 / 2) / 8 + 1 / 8
    assert difference(np.exp(found.Q[0]), [stay, go]) <= TIGHT
    assert difference(found.policy[0], np.array([stay, go]) / (stay + go)) <= TIGHT


@pytest.mark.parametrize("risk", [0.7, 2.5, -0.7])
def test_planning_is_the_best_policy_of_an_exponential_utility(risk):
    """Every deterministic policy by its linear system (I − gamma M) u = (1 − gamma) M 1, u = E e^{risk · return}."""
    for seed in range(6):
        mdp = random_mdp(seed, n=3, m=3, some=True, discount=0.6, shift=-np.sign(risk) * 1.0)
        w = weights(mdp, 1 / risk)
        utilities = []
        for choice in policies(mdp):
            m = w[np.arange(3), list(choice)]
            if max(abs(np.linalg.eigvals(mdp.discount * m))) < 1:
                u = np.linalg.solve(np.eye(3) - mdp.discount * m, (1 - mdp.discount) * m.sum(axis=1))
                utilities.append(np.log(u) / risk)
        found = solve_infinite(mdp, inference="planning", risk=risk, tolerance=1e-12)
        assert difference(found.V, np.max(utilities, axis=0)) <= found.error_bound + TIGHT
        assert found.policy.values[found.Q.values < found.V.values[:, None] - 1e-9].max(initial=0.0) == 0.0
        if risk > 0:
            exact = solve_infinite(mdp, inference="planning", risk=risk, method="policy-iteration")
            assert difference(exact.V, np.max(utilities, axis=0)) <= exact.error_bound + TIGHT


@pytest.mark.parametrize("risk", [0.7, -0.7])
@pytest.mark.parametrize("form", [{"form": "sa", "some": True}, {"form": "sas", "zeros": 0.0}], ids=str)
def test_planning_is_the_limit_of_growing_horizons(risk, form):
    for seed in range(6):
        mdp = random_mdp(seed, discount=0.6, shift=-2.0 * np.sign(risk), forbidden=0.3 if risk > 0 else 0.0, **form)
        finite = solve(mdp, 120, inference="planning", risk=risk)
        agrees(solve_infinite(mdp, inference="planning", risk=risk, tolerance=1e-12), finite)


def test_types_of_inference_are_ordered_and_meet_in_their_limits():
    for seed in range(5):
        mdp = random_mdp(seed, shift=-4.0)
        soft = solve_infinite(mdp, inference="posterior", temperature=0.5, action_prior="counting").V.values
        planned = solve_infinite(mdp, inference="planning", risk=2.0).V.values
        bellman = solve_infinite(mdp, inference="bellman").V.values
        variational = solve_infinite(mdp, inference="variational", temperature=0.5).V.values
        averse = solve_infinite(mdp, inference="planning", risk=-0.05).V.values
        assert (soft >= planned - 1e-9).all()
        assert (planned >= bellman - 1e-9).all()  # luck is worth something, and so is an end of costs
        assert (bellman >= variational - 1e-9).all()
        assert (bellman >= averse - 1e-9).all()
        nearly = solve_infinite(mdp, inference="planning", risk=1e-7).V.values
        assert difference(nearly, bellman) <= 1e-4
        assert difference(solve_infinite(mdp, inference="variational", temperature=1e-7).V, bellman) <= 1e-4


@pytest.mark.parametrize("kind", ["variational", "bellman"])
def test_policy_iteration_ends_at_the_exact_value_of_its_policy(kind):
    """V = (I − gamma P_pi)^{-1} (r_pi − alpha KL(pi ‖ p)) by dense algebra, and no policy does better."""
    for seed in range(8):
        mdp = random_mdp(seed, n=6, discount=0.9, some=True)
        alpha = 0.4 if kind == "variational" else 0.0
        found = solve_infinite(
            mdp, inference=kind, method="policy-iteration", **({"temperature": alpha} if alpha else {})
        )
        prior = mdp.available / mdp.available.sum(axis=1, keepdims=True)

        def value(pi, mdp=mdp, prior=prior, alpha=alpha):
            ratio = np.divide(pi, prior, out=np.ones(pi.shape), where=pi > 0)
            earned = (pi * mdp.reward).sum(axis=1) - alpha * (pi * np.log(ratio)).sum(axis=1)
            chain = np.einsum("sa,sax->sx", pi, mdp.transition)
            return np.linalg.solve(np.eye(len(pi)) - mdp.discount * chain, earned)

        assert difference(value(found.policy.values), found.V) <= found.error_bound + 1e-12
        rng = np.random.default_rng(seed)
        for _ in range(20):
            other = rng.random(prior.shape) * mdp.available
            assert (value(other / other.sum(axis=1, keepdims=True)) <= found.V.values + found.error_bound + 1e-12).all()
        assert found.iterations <= 12


@pytest.mark.parametrize("kind", [*SOFT, "planning"])
def test_the_error_bound_holds_however_early_the_sweeps_stop(kind):
    options = dict(SOFT, planning={"risk": 0.5})[kind]
    for seed in range(6):
        mdp = random_mdp(seed, shift=-0.7, discount=0.9)
        try:
            exact = solve_infinite(mdp, inference=kind, method="policy-iteration", tolerance=1e-12, **options)
        except ValueError:
            assert kind in ("posterior", "planning")
            continue
        for tolerance in (1e-1, 1e-3, 1e-6):
            rough = solve_infinite(mdp, inference=kind, tolerance=tolerance, **options)
            assert difference(rough.V, exact.V) <= rough.error_bound + exact.error_bound
            assert difference(rough.Q, exact.Q) <= rough.error_bound + exact.error_bound
            assert rough.error_bound <= tolerance * max(1.0, np.abs(rough.V.values).max())
            assert rough.iterations == len(rough.residuals)
            assert rough.residual == rough.residuals[-1]


def test_positive_rewards_are_enclosed_up_to_the_edge_of_infinity():
    """beta = e^r (gamma beta + 1 − gamma) with gamma e^r = 1 − eps has the root (1 − gamma) e^r / eps."""
    for eps in (0.5, 1e-2, 1e-4):
        r = log((1 - eps) / 0.9)
        mdp = MDP([[[1.0]]], [[r]], discount=0.9)
        expected = log(0.1 * (1 - eps) / 0.9 / eps)
        for method in ("value-iteration", "policy-iteration"):
            if method == "value-iteration" and eps < 1e-3:
                continue  # as many sweeps as 1/eps
            found = solve_infinite(mdp, inference="posterior", method=method, tolerance=1e-8)
            assert abs(found.V[0] - expected) <= found.error_bound <= 1e-8 * max(1, abs(expected))


def test_a_rare_prize_at_low_temperature_is_worth_its_reward():
    """e^{1/0.01} = e^100 times too large for a contraction, and yet finite: the goal ends the process."""
    mdp = random_walk(9, discount=0.99)
    found = solve_infinite(mdp, inference="posterior", temperature=0.01, method="policy-iteration")
    plain = solve_infinite(mdp, inference="posterior", temperature=0.01)
    agrees(found, solve(mdp, 2_000, temperature=0.01))
    assert difference(found.V, plain.V) <= found.error_bound + plain.error_bound


def random_walk(n, discount):
    """A corridor with a prize of 1 for entering its last state, which ends the process."""
    chain = np.zeros((n, 2, n))
    for s in range(n - 1):
        for a, step in enumerate((-1, 1)):
            chain[s, a, max(0, s + step)] += 0.9
            chain[s, a, max(0, s - step)] += 0.1
    chain[-1, :, -1] = 1.0
    reward = np.zeros((n, 2, n))
    reward[:-1, :, -1] = 1.0
    return MDP(chain, reward, reward_axes="sas", discount=discount)


def test_without_discount_values_are_those_of_episodes_that_end():
    mdp = russell_norvig_grid()
    for kind, options in (("variational", {"temperature": 0.1}), ("bellman", {})):
        found = solve_infinite(mdp, inference=kind, **options)
        assert found.error_bound <= 1e-10
        agrees(found, solve(mdp, 600, inference=kind, **options))


def test_without_discount_and_without_proof_no_bound_is_claimed():
    """Staking nothing for ever costs nothing, so that V = 1 everywhere satisfies Bellman's equation as well."""
    found = solve_infinite(gambler(20, 0.3), inference="bellman")
    finite = solve(gambler(20, 0.3), 400, inference="bellman")
    assert found.error_bound == np.inf
    assert difference(found.V, finite.V[0]) <= TIGHT
    assert "none is proved" in str(found)


def test_sparse_processes_have_the_same_answers():
    for seed in range(4):
        dense = random_mdp(seed, n=12, zeros=0.7, shift=-1.0)
        matrix = sparse.csr_array(dense.transition.reshape(-1, 12))
        other = MDP(matrix, dense.rewards.values[0], reward_axes="sas", discount=dense.discount)
        for kind, options in SOFT.items():
            one, two = (solve_infinite(mdp, inference=kind, tolerance=1e-13, **options) for mdp in (dense, other))
            assert difference(one.Q, two.Q) <= TIGHT
            assert difference(one.policy, two.policy) <= TIGHT


def test_thousands_of_sparse_states_take_both_methods():
    rng = np.random.default_rng(0)
    n, m = 3_000, 2
    where = (np.repeat(np.arange(n), m)[:, None] + rng.integers(-9, 10, (n * m, 3))) % n
    matrix = sparse.csr_array((rows(rng, n * m, 3).ravel(), where.ravel(), np.arange(0, 3 * n * m + 1, 3)), (n * m, n))
    mdp = MDP(matrix, rng.normal(size=(n, m)) - 2.0, discount=0.95)
    for kind, options in SOFT.items():
        plain = solve_infinite(mdp, inference=kind, **options)
        newton = solve_infinite(mdp, inference=kind, method="policy-iteration", **options)
        assert difference(plain.V, newton.V) <= plain.error_bound + newton.error_bound
        assert newton.iterations < plain.iterations


def test_ties_are_shared_although_values_are_only_nearly_exact():
    """Two ways of the same length to the same prize."""
    chain = np.eye(4)[[[1, 2], [3, 3], [3, 3], [3, 3]]]
    mdp = MDP(chain, [[0, 0], [1, 1], [1, 1], [0.3, 0.3]], discount=0.9)
    assert difference(solve_infinite(mdp, inference="bellman").policy, np.full((4, 2), 0.5)) == 0.0


def test_doomed_states_are_told_apart():
    """State 0 may run into state 1, in which everything is forbidden."""
    mdp = MDP(np.eye(3)[[[1, 2], [1, 1], [2, 2]]], [[0, -1], [-np.inf, -np.inf], [0, 0]], discount=0.9)
    for kind, options in SOFT.items():
        found = solve_infinite(mdp, inference=kind, **options)
        assert np.isneginf(found.V).tolist() == [False, True, False]
        assert found.defined.values.tolist() == [True, False, True]
        assert np.isnan(found.policy[1]).all()
        assert np.isnan(found.advantage[1]).all()
    assert difference(solve_infinite(mdp, inference="bellman").policy[0], [0, 1]) == 0.0
    averse = solve_infinite(mdp, inference="planning", risk=-1.0)
    assert np.isneginf(averse.V).tolist() == [False, True, False]
    assert difference(averse.policy[0], [0, 1]) == 0.0


@pytest.mark.parametrize("paid", [1e300, -1e300])
@pytest.mark.parametrize("method", ["value-iteration", "policy-iteration"])
def test_values_beyond_floating_point_are_refused_before_they_are_infinite(paid, method):
    mdp = MDP(np.ones((1, 1, 1)), [[paid]], discount=1.0 - 1e-12, reward_axes="sa")
    with pytest.raises(InvalidArgument, match=r"1e\+300.*discount.*larger unit"):
        solve_infinite(mdp, inference="bellman", method=method)
    near = MDP(np.ones((1, 1, 1)), [[paid]], discount=0.5, reward_axes="sa")
    assert solve_infinite(near, inference="bellman", method=method).V.values[0] == pytest.approx(2 * paid, rel=1e-9)


@pytest.mark.parametrize("inference", ["variational", "bellman"])
def test_policy_iteration_takes_random_graphs_of_many_states(inference):
    rng = np.random.default_rng(3)
    n = 5_000
    table = sparse.csr_array(
        (rows(rng, 2 * n, 3).ravel(), rng.integers(n, size=6 * n), np.arange(0, 6 * n + 1, 3)), (2 * n, n)
    )
    mdp = MDP(table, rng.normal(size=(n, 2)), discount=0.9, reward_axes="sa")
    quick = solve_infinite(mdp, inference=inference, method="policy-iteration")
    sweeps = solve_infinite(mdp, inference=inference)
    assert quick.iterations < 15
    assert difference(quick.V, sweeps.V) <= quick.error_bound + sweeps.error_bound
