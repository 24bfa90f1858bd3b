"""Limits and derivatives: cold temperatures, small risks, the gradient of the evidence."""

import numpy as np

from control_pgm import MDP, evaluate, solve, unroll
from control_pgm.control.solutions.valuate import valuate
from tests.control.comparison import TIGHT
from tests.control.instances import rows


def test_cooling_takes_the_variational_solution_to_bellman_but_not_the_posterior():
    """A lottery ticket beside a sure payment: the cold posterior buys the ticket, being sure to win."""
    transition = [[[0.0, 0.01, 0.99]] * 1 + [[0.0, 0.0, 1.0]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    reward = np.zeros((3, 2, 3))
    reward[0, 0, 1], reward[0, 1, 2] = 1.0, 0.5
    mdp = MDP(transition, reward, initial=0, actions=["ticket", "wage"])
    best = solve(mdp, 3, inference="bellman")
    assert best.value == 0.5
    for alpha in (1e-1, 1e-2, 1e-3, 1e-4):
        soft = solve(mdp, 3, inference="variational", temperature=alpha)
        lost = np.asarray(best.V) - np.asarray(soft.V)
        assert lost.min() >= -TIGHT
        assert lost.max() <= alpha * np.log(2) * 3 + TIGHT
    cold = solve(mdp, 3, temperature=1e-4)
    assert abs(cold.V.sel(t=0, s=0) - 1.0) < 1e-2
    assert cold.policy.sel(t=0, s=0, a="ticket") > 1 - TIGHT
    assert evaluate(mdp, cold.policy).expected_reward < 0.011
    assert soft.policy.sel(t=0, s=0, a="wage") > 1 - TIGHT


def test_small_risks_tend_to_bellman_like_half_a_variance():
    rng = np.random.default_rng(8)
    mdp = MDP(rows(rng, 4, 1, 4), rng.normal(size=(4, 1, 4)), reward_axes="sas")
    mean = solve(mdp, 5, inference="bellman").value
    slopes = [
        (solve(mdp, 5, inference="planning", risk=risk).value - mean) / risk for risk in (1e-3, 1e-5, -1e-5, 1e-7)
    ]
    assert max(slopes) - min(slopes) < 1e-2 * slopes[1]
    assert slopes[1] > 0.1
    assert abs(solve(mdp, 5, inference="planning", risk=1e-12).value - mean) < 1e-11


def test_the_gradient_of_the_evidence_is_the_marginal():
    """d log p(O) / d r_t(s,a) = p(s_t, a_t | O) / alpha with c_t fixed, by central differences."""
    rng = np.random.default_rng(2)
    p, r, alpha, h = rows(rng, 3, 2, 3), rng.normal(size=(2, 3, 2)), 0.6, 1e-4
    marginals = solve(MDP(p, r, reward_axes="tsa"), 2, temperature=alpha).state_action_marginals
    for t, s, a in np.ndindex(2, 3, 2):
        nudge = np.zeros_like(r)
        nudge[t, s, a] = h
        up, down = (
            valuate(unroll(MDP(p, r + sign * nudge, reward_axes="tsa"), 2, temperature=alpha), "posterior").total
            / alpha
            for sign in (1, -1)
        )
        assert abs((up - down) / (2 * h) - marginals[t, s, a] / alpha) <= 1e-6
