"""Values of random processes of two steps against the enumeration of all trajectories and all policies."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from control_pgm import MDP, evaluate, solve, unroll
from control_pgm.control.solutions.valuate import valuate
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows


@cache
def small(seed):
    """A process of two steps, two actions and up to three states: arrays P [s,a,s'], r [t,s,a,s'], p(s_0)."""
    rng = np.random.default_rng([seed, 4])
    n = int(rng.integers(2, 4))
    p, r = rows(rng, n, 2, n, zeros=0.3), rng.normal(scale=1.5, size=(2, n, 2, n))
    if rng.random() < 0.3:
        r[rng.random(r.shape) < 0.15] = -np.inf
    return p, r, rows(rng, n, zeros=0.3)


def process(seed):
    """The same as a process."""
    p, r, start = small(seed)
    return MDP(p, r, initial=start, reward_axes="tsas")


def trajectories(seed):
    """Probability of states given actions, and return, with axes s0, a0, s1, a1, s2."""
    p, r, start = small(seed)
    probability = np.einsum("i,iaj,jbk->iajbk", start, p, p)
    returns = r[0][:, :, :, None, None] + r[1][None, None]
    return probability, np.where(probability > 0, returns, 0.0)


def log_mean(weights, values, factor):
    """log sum weights · exp(factor · values) over the axes of states, with weights 0 where they are 0."""
    with np.errstate(divide="ignore"):
        logs = np.where(weights > 0, np.log(weights) + factor * values, -np.inf)
    top = logs.max(axis=(0, 2, 4), keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(logs - top).sum(axis=(0, 2, 4))) + top[0, :, 0, :, 0]


RANDOM = range(200)


def test_the_soft_value_is_that_of_all_trajectories():
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        weights, returns = trajectories(seed)
        expected = alpha * np.logaddexp.reduce(log_mean(weights / 4, returns, 1 / alpha), axis=None)
        found = valuate(unroll(process(seed), 2, temperature=alpha), "posterior").total
        assert difference(found, expected) <= 1e-11, seed


def test_the_value_of_map_is_that_of_the_best_trajectory_and_of_the_mode_of_the_network():
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        weights, returns = trajectories(seed)
        with np.errstate(divide="ignore"):
            expected = np.where(weights > 0, returns + alpha * np.log(weights / 4), -np.inf).max()
        net = unroll(process(seed), 2, temperature=alpha)
        solution = solve(net, inference="map")
        assert difference(solution.value, expected) <= 1e-11, seed
        if expected > -np.inf:
            mode = net.infer().mode()
            assert difference(solution.log_probability, mode.log_probability) <= 1e-11, seed


@pytest.mark.parametrize("risk", [0.3, -0.3, 1.0, -1.0, 3.0, -3.0, None])
def test_planning_and_bellman_are_the_best_of_all_policies(risk):
    """All 2^S · 2^S deterministic policies of two steps, each by all its trajectories."""
    for seed in RANDOM:
        weights, returns = trajectories(seed)
        n = len(weights)
        values = []
        for first, second in product(product(range(2), repeat=n), repeat=2):
            chosen = np.ix_(range(n), range(n), range(n))
            where = chosen[0], np.array(first)[chosen[0]], chosen[1], np.array(second)[chosen[1]], chosen[2]
            values.append(utility(weights[where].ravel(), returns[where].ravel(), risk))
        mdp = process(seed)
        options = {"inference": "bellman"} if risk is None else {"inference": "planning", "risk": risk}
        assert difference(solve(mdp, 2, **options).value, max(values)) <= 1e-11, (seed, risk)


def utility(weights, returns, risk):
    """The expected return, or its certainty equivalent."""
    possible = weights > 0
    weights, returns = weights[possible], returns[possible]
    if risk is None:
        return float((weights * returns).sum())
    top = returns.max() if risk > 0 else returns.min()
    if not np.isfinite(top):
        return -np.inf
    with np.errstate(divide="ignore"):
        return float(np.log((weights * np.exp(risk * (returns - top))).sum()) / risk + top)


def test_values_are_ordered_by_what_is_known_and_chosen():
    """Soft value ≥ planning ≥ marginal MAP ≥ MAP, all counting actions, at lambda = 1/alpha; THEORY section 5."""
    strict = np.zeros(3, dtype=int)
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        mdp = process(seed)
        if solve(mdp, 2, inference="map", temperature=alpha).value == -np.inf:
            continue
        soft = solve(mdp, 2, temperature=alpha, action_prior="counting").soft_value
        planning = solve(mdp, 2, inference="planning", risk=1 / alpha).value
        blind = solve(mdp, 2, inference="marginal-map", temperature=alpha)
        best = solve(mdp, 2, inference="map", temperature=alpha, action_prior="counting").value
        weights, returns = trajectories(seed)
        assert difference(blind.value, alpha * log_mean(weights, returns, 1 / alpha).max()) <= 1e-11
        values = np.array([soft, planning, blind.value, best])
        assert (np.diff(values) <= 1e-11).all(), seed
        strict += np.diff(values) < -1e-6
    assert (strict > 50).all()


def test_without_luck_planning_open_loop_plans_and_modes_agree():
    rng = np.random.default_rng(1)
    for _ in range(20):
        after = rng.integers(4, size=(4, 3))
        mdp = MDP(np.eye(4)[after], rng.normal(size=(4, 3)), initial=0)
        alpha = float(rng.choice([0.3, 2.0]))
        planning = solve(mdp, 4, inference="planning", risk=1 / alpha).value
        blind = solve(mdp, 4, inference="marginal-map", temperature=alpha)
        best = solve(mdp, 4, inference="map", temperature=alpha, action_prior="counting").value
        bellman = solve(mdp, 4, inference="bellman").value
        assert max(abs(planning - bellman), abs(blind.value - bellman), abs(best - bellman)) <= TIGHT * 10
        assert abs(evaluate(mdp, blind.policy).expected_reward - bellman) <= TIGHT * 10


@pytest.mark.parametrize("own", [False, True])
def test_an_end_by_discount_costs_no_choice_under_maxima(own):
    """With counted actions the plan's and the mode's values are those of the returns, whatever comes after the end."""
    rng = np.random.default_rng(5)
    p, r = rows(rng, 2, 3, 2), rng.normal(size=(2, 3))
    states = [0, 1]
    if own:
        p = np.pad(p, ((0, 1), (0, 0), (0, 1)))
        p[2, :, 2] = 1.0
        r, states = np.vstack([r, np.zeros(3)]), [0, 1, "terminal"]
    mdp = MDP(p, r, discount=0.4, initial=0, states=states)
    gamma, alpha = 0.4, 0.7
    # Two steps: a_0 in state 0; then with probability 0.6 the end, else s_1 and a_1.
    plans = []
    for a, b in product(range(3), repeat=2):
        terms = [(1 - gamma, r[0, a])] + [(gamma * p[0, a, s], r[0, a] + r[s, b]) for s in range(2)]
        plans.append(alpha * np.log(sum(q * np.exp(x / alpha) for q, x in terms)))
    assert abs(solve(mdp, 2, inference="marginal-map", temperature=alpha).value - max(plans)) <= TIGHT
    ends = [alpha * np.log(1 - gamma) + r[0, a] for a in range(3)]
    last = np.maximum(1 - gamma, gamma * p[:2].max(axis=2))  # the mode has the most probable s_2 as well
    on = (r[:2] + alpha * np.log(last)).max(axis=1)
    goes = [alpha * np.log(gamma * p[0, a, s]) + r[0, a] + on[s] for a in range(3) for s in range(2)]
    found = solve(mdp, 2, inference="map", temperature=alpha, action_prior="counting").value
    assert abs(found - max(ends + goes)) <= TIGHT
