"""Two-state problems whose answers are written out by hand, as fractions and logarithms."""

from fractions import Fraction
from math import e, exp, log

import numpy as np
import pytest

from control_pgm import MDP, solve
from tests.control.comparison import TIGHT, difference

STAY_GO = [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]
LN = {n: log(n) for n in range(1, 20)}


def half(x):
    """A fraction as a float."""
    return float(Fraction(x))


def test_one_step_is_the_prior_times_the_exponential_of_reward():
    """r = log 3 against 0 under a uniform prior: 3/4 and 1/4."""
    solution = solve(MDP(STAY_GO, [[LN[3], 0], [0, LN[7]]], initial=0), 1)
    assert difference(solution.policy[0], [[half("3/4"), half("1/4")], [half("1/8"), half("7/8")]]) <= TIGHT
    assert difference(solution.V, [[LN[2], LN[4]], [0, 0]]) <= TIGHT
    assert difference(solution.Q[0], [[LN[3], 0], [0, LN[7]]]) <= TIGHT
    assert difference(solution.reward_shift, [LN[7]]) <= TIGHT
    assert abs(solution.log_evidence - log(2 / 7)) <= TIGHT
    assert abs(solution.log_evidence_unshifted - LN[2]) <= TIGHT
    assert abs(solution.soft_value - LN[2]) <= TIGHT
    assert difference(solution.log_backward_action[0], [[log(3 / 7), -LN[7]], [-LN[7], 0]]) <= TIGHT


def test_two_steps_of_a_deterministic_chain():
    """In state 1 every action pays log 3. beta_1 = (1, 3); beta_0(0,·) = (1, 3), beta_0(1,·) = 3·(3, 1)."""
    mdp = MDP(STAY_GO, [0, LN[3]], initial=[1, 0], states=["out", "in"], actions=["stay", "go"])
    solution = solve(mdp, 2)
    assert difference(np.exp(solution.Q), [[[1, 3], [9, 3]], [[1, 1], [3, 3]]]) <= 1e-11
    assert difference(solution.V, np.log([[2, 6], [1, 3], [1, 1]])) <= TIGHT
    assert difference(solution.policy[0], [[half("1/4"), half("3/4")], [half("3/4"), half("1/4")]]) <= TIGHT
    assert difference(solution.policy[1], np.full((2, 2), 0.5)) <= TIGHT
    assert difference(solution.state_marginals, [[1, 0], [half("1/4"), half("3/4")], [0.5, 0.5]]) <= TIGHT
    assert abs(solution.log_evidence - log(2 / 9)) <= TIGHT
    assert difference(solution.advantage[0, 0], [-LN[2], log(3 / 2)]) <= TIGHT


def test_temperature_divides_rewards_and_multiplies_values():
    """The same chain with rewards and temperature times 5: same policy, values times 5."""
    solution = solve(MDP(STAY_GO, [0, 5 * LN[3]], initial=0), 2, temperature=5.0)
    assert difference(solution.V, 5 * np.log([[2, 6], [1, 3], [1, 1]])) <= 1e-11
    assert difference(solution.policy[0, 0], [half("1/4"), half("3/4")]) <= TIGHT
    assert abs(solution.soft_value - 5 * LN[2]) <= TIGHT


def test_luck_is_believed_in_where_rewards_lie_on_outcomes():
    """A coin: heads pays log 9. E exp(r) = 5, so Q = log 5, not E r = log 3; heads has 9/10 given optimality."""
    mdp = MDP([[[0.5, 0.5]], [[0.5, 0.5]]], [[[0, LN[9]]], [[0, LN[9]]]], reward_axes="sas")
    solution = solve(mdp, 2)
    assert difference(solution.V, np.log([[25, 25], [5, 5], [1, 1]])) <= TIGHT
    assert difference(solution.state_marginals[1:], [[0.1, 0.9], [0.1, 0.9]]) <= TIGHT
    assert difference(mdp.reward, [[LN[3]], [LN[3]]]) <= TIGHT
    coin = solution.posterior.conditional("s_1", given={"s_0": 0, "a_0": 0}).array()
    assert difference(coin, [half("1/10"), half("9/10")]) <= TIGHT


def test_the_posterior_believes_in_a_lucky_start():
    """State 1 pays log 3, state 0 nothing, and neither is left: after one step 3/4 for state 1, after two 9/10."""
    mdp = MDP(np.eye(2)[:, None], [0, LN[3]], initial=[0.5, 0.5])
    for horizon, lucky in ((1, "3/4"), (2, "9/10")):
        exact, causal = (solve(mdp, horizon, inference=kind) for kind in ("posterior", "variational"))
        assert difference(exact.state_marginals[0], [1 - half(lucky), half(lucky)]) <= TIGHT
        assert difference(causal.state_marginals[0], [0.5, 0.5]) == 0


def test_several_rewards_of_one_outcome_are_averaged_as_exponentials():
    """A lottery, log 5 with 1/4 and 0 with 3/4, has E exp(r) = 2, against log 2 for certain: indifference."""
    outcomes = [("in", "buy", 0.25, "out", LN[5]), ("in", "buy", 0.75, "out", 0.0), ("in", "keep", 1, "out", LN[2])]
    mdp = MDP.from_outcomes([*outcomes, ("out", "keep", 1, "out", 0)], initial="in")
    solution = solve(mdp, 1)
    assert difference(solution.Q[0, 0], [LN[2], LN[2]]) <= TIGHT
    assert difference(solution.policy[0, 0], [0.5, 0.5]) <= TIGHT
    assert abs(float(mdp.reward[0, 0]) - LN[5] / 4) <= TIGHT
    assert abs(solution.log_evidence - log(2 / 5)) <= TIGHT


def test_discount_ends_the_process_after_the_reward():
    """beta_1 = 3 a state and step; beta_0 = 3 (gamma 3 + 1 − gamma) = 6 with gamma = 1/2."""
    solution = solve(MDP([[[1.0]]], [[LN[3]]], discount=0.5), 2)
    assert difference(solution.V, np.log([[6], [3], [1]])) <= TIGHT
    assert difference(solution.terminated, [0, half("1/4"), half("5/8")]) <= TIGHT
    assert difference(solution.state_marginals[:, 0], [1, half("3/4"), half("3/8")]) <= TIGHT
    assert difference(solution.reward_shift, [LN[3], LN[3]]) <= TIGHT


def test_discount_does_not_multiply_values():
    """With reward −log 3: beta_0 = (1/3)(1/6 + 1/2) = 2/9, and c_t = 0, since the ended process earns 0."""
    solution = solve(MDP([[[1.0]]], [[-LN[3]]], discount=0.5), 2)
    assert abs(float(np.exp(solution.V[0, 0])) - 2 / 9) <= TIGHT
    assert difference(solution.reward_shift, [0, 0]) == 0


def test_available_actions_and_counting_differ():
    """State 0 leads to 1 (one action) or 2 (two actions) with equal rewards: normalised 1/2, counted 1/3."""
    chain = np.eye(3)[[[1, 2], [1, 1], [2, 2]]]
    mdp = MDP(chain, np.zeros((3, 2)), available={1: [0]})
    assert difference(solve(mdp, 2).policy[0, 0], [0.5, 0.5]) <= TIGHT
    counted = solve(mdp, 2, action_prior="counting")
    assert difference(counted.policy[0, 0], [half("1/3"), half("2/3")]) <= TIGHT
    assert difference(np.exp(counted.V[0]), [3, 1, 4]) <= TIGHT


def test_a_process_that_discount_has_ended_has_no_actions_to_count():
    """Q = log sum_s' P e^r (gamma e^V' + 1 − gamma) = log(2/2 + 1/2), V = log(3/2 + 3/2)."""
    solution = solve(MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), discount=0.5), 2, action_prior="counting")
    assert difference(np.exp(solution.V[:, 0]), [3, 2, 1]) <= TIGHT


def test_a_terminal_reward_is_the_last_message():
    """Terminal rewards log 1 and log 4 after one free step: go with 4/5 from state 0."""
    solution = solve(MDP(STAY_GO, np.zeros((2, 2)), terminal_reward=[0, LN[4]], initial=0), 1)
    assert difference(solution.policy[0, 0], [half("1/5"), half("4/5")]) <= TIGHT
    assert difference(solution.V, [[log(5 / 2)] * 2, [0, LN[4]]]) <= TIGHT
    assert difference(solution.reward_shift, [0, LN[4]]) <= TIGHT
    assert abs(solution.log_evidence - log(5 / 8)) <= TIGHT


def test_a_prior_multiplies_the_policy():
    """Prior 1/4 and 3/4, rewards log 3 and 0: equal shares."""
    solution = solve(MDP(STAY_GO, [[LN[3], 0]] * 2), 1, action_prior=[0.25, 0.75])
    assert difference(solution.policy[0], np.full((2, 2), 0.5)) <= TIGHT
    assert difference(np.exp(solution.V[0]), [1.5, 1.5]) <= TIGHT


@pytest.mark.parametrize("horizon", [1, 2, 7, 30])
def test_a_constant_reward_adds_up(horizon):
    """r = 0.3 everywhere: V_t = 0.3 (T − t), shifted evidence 0, the prior as policy."""
    solution = solve(MDP([[[0.5, 0.5], [0.1, 0.9]]] * 2, np.full((2, 2), 0.3)), horizon)
    assert difference(solution.V[:, 0], 0.3 * (horizon - np.arange(horizon + 1))) <= 1e-11
    assert abs(solution.log_evidence) <= TIGHT
    assert difference(solution.policy, np.full((horizon, 2, 2), 0.5)) <= TIGHT


def test_the_values_of_a_lazy_chain_are_powers():
    """One state, rewards 1 and 0: exp(V_t) = ((1+e)/2)^(T−t), pi = (e, 1)/(1+e); counted: (1+e)^(T−t)."""
    mdp = MDP(np.ones((1, 2, 1)), [[1.0, 0.0]])
    left = 5 - np.arange(6)
    assert difference(solve(mdp, 5).V[:, 0], left * log((1 + e) / 2)) <= TIGHT
    assert difference(solve(mdp, 5, convention="sum").V[:, 0], left * log(1 + e)) <= TIGHT
    assert difference(solve(mdp, 5, action_prior="counting").V[:, 0], left * log(1 + e)) <= TIGHT
    assert abs(solve(mdp, 5).policy[2, 0, 0] - 1 / (1 + exp(-1))) <= TIGHT
