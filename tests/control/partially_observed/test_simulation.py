"""Sampled histories: their mean return, their beliefs, the same seed."""

import numpy as np
import pytest

from control_pgm import POMDP, solve, solve_infinite, tiger
from control_pgm.errors import InvalidArgument, TooLarge
from tests.control.partially_observed.processes import random_pomdp

SOLUTION = solve(tiger(), 6, inference="bellman")


def test_the_mean_return_is_the_value():
    for pomdp in (tiger(), random_pomdp(1, 3, 2, 3, 0.9), random_pomdp(4, 2, 3, 2, 1.0, sparse=True)):
        solution = solve(pomdp, 5, inference="bellman")
        runs = solution.simulate(20_000, seed=0)
        assert abs(runs.mean_return - solution.value()) <= 4 * runs.standard_error + 1e-9


def test_beliefs_are_those_of_the_filter_and_actions_those_of_the_policy():
    runs = SOLUTION.simulate(20, seed=3)
    for k in range(20):
        history = runs.labels(k)
        beliefs = SOLUTION.pomdp.filter(history[::2], history[1::2])
        assert np.abs(beliefs.values - runs.beliefs[k]).max() < 1e-12
        assert history[::2] == [SOLUTION.action(runs.beliefs[k, t], t) for t in range(6)]


def test_rewards_of_next_states_are_those_of_the_states_entered():
    base = random_pomdp(7, 3, 2, 2)
    reward = np.random.default_rng(2).normal(size=(3, 2, 3))
    runs = solve(POMDP(base.transition, base.observation, reward), 3, inference="bellman").simulate(50, seed=1)
    s, a = runs.states, runs.actions
    assert np.array_equal(runs.rewards, reward[s[:, :-1], a, s[:, 1:]])
    assert np.allclose(runs.returns, runs.rewards.sum(axis=1), rtol=0, atol=1e-12)


def test_the_same_seed_draws_the_same_and_a_generator_goes_on():
    one, same, other = (SOLUTION.simulate(30, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(one.observations, same.observations)
    assert not np.array_equal(one.observations, other.observations)
    rng = np.random.default_rng(5)
    assert np.array_equal(SOLUTION.simulate(30, rng).states, one.states)
    assert not np.array_equal(SOLUTION.simulate(30, rng).states, one.states)


def test_histories_are_frozen_and_counted():
    runs = SOLUTION.simulate(1, seed=0)
    assert len(runs) == 1
    assert runs.standard_error == 0.0
    assert repr(runs).startswith("BeliefTrajectories(1 of horizon 6, mean return ")
    with pytest.raises(ValueError, match="read-only"):
        runs.beliefs[0] = 0.5


def test_what_cannot_be_drawn_is_refused():
    endless = solve_infinite(tiger(), inference="bellman")
    for call, words in (
        (lambda: SOLUTION.simulate(0, seed=0), "n 0"),
        (lambda: SOLUTION.simulate(2.5, seed=0), "n 2.5"),
        (lambda: SOLUTION.simulate(3, seed=-1), "seed -1"),
        (lambda: endless.simulate(3, seed=0, horizon=0), "horizon 0"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            call()
    with pytest.raises(TooLarge, match="histories need"):
        SOLUTION.simulate(10**9, seed=0)
