"""Outcomes of one step as a list: those that are possible, with their rewards and weights."""

import numpy as np

from control_pgm import MDP
from control_pgm.control.mdp.outcomes import outcomes_at


def test_outcomes_are_the_possible_ones_of_available_actions():
    rng = np.random.default_rng(1)
    for _ in range(20):
        n, m = int(rng.integers(1, 6)), int(rng.integers(1, 4))
        table = rng.dirichlet(np.ones(n), (n, m)) * (rng.random((n, m, n)) < 0.6)
        table[..., 0] += (table.sum(axis=2) == 0) * 1.0
        table /= table.sum(axis=2, keepdims=True)
        available = rng.random((n, m)) < 0.7
        available[:, 0] = True
        reward = rng.normal(size=(n, m, n))
        mdp = MDP(table, reward, available=available, reward_axes="sas")
        step = outcomes_at(mdp, 0)
        assert list(zip(step.state, step.action, step.after, strict=True)) == [
            (s, a, x) for s in range(n) for a in range(m) for x in range(n) if available[s, a] and table[s, a, x] > 0
        ]
        np.testing.assert_array_equal(step.probability, mdp.transition[step.state, step.action, step.after])
        np.testing.assert_array_equal(step.expected, reward[step.state, step.action, step.after])


def test_several_rewards_of_one_outcome_keep_their_weights():
    lottery = [("in", "buy", 0.25, "out", 8.0), ("in", "buy", 0.75, "out", -1.0), ("out", "buy", 1, "out", 0)]
    mdp = MDP.from_outcomes(lottery)
    step = outcomes_at(mdp, 0)
    assert sorted(step.rewards[:, 0].tolist()) == [-1.0, 8.0]
    assert abs(step.expected[0] - (0.25 * 8 - 0.75)) < 1e-12


def test_tables_that_vary_with_time_are_read_at_their_time():
    table = np.array([[[[1.0, 0.0]], [[0.0, 1.0]]], [[[0.0, 1.0]], [[0.0, 1.0]]]])
    mdp = MDP(table, np.array([[[1.0], [0.0]], [[2.0], [0.0]]]), reward_axes="tsa")
    assert outcomes_at(mdp, 0).after.tolist() == [0, 1]
    assert outcomes_at(mdp, 1).after.tolist() == [1, 1]
    assert outcomes_at(mdp, 1).expected.tolist() == [2.0, 0.0]
    assert outcomes_at(mdp, 9).after.tolist() == [1, 1], "beyond the last step the last table is shown"
