"""Arrays of all steps are the same wherever the messages are kept, however few steps there are."""

import numpy as np
import pytest

from control_pgm import MDP, solve

ARRAYS = ("policy", "Q", "V", "log_backward", "log_forward", "state_marginals", "state_action_marginals")


def process(seed):
    """Three states, two actions, the same tables in every step."""
    rng = np.random.default_rng([seed, 77])
    discount = (1.0, 0.9)[seed % 2]
    rewards = rng.normal(size=(3, 2, 3) if seed % 3 else (3, 2))
    return MDP(rng.dirichlet(np.ones(3), size=(3, 2)), rewards, discount=discount)


@pytest.mark.parametrize("seed", range(6))
def test_checkpoints_give_the_arrays_of_messages_in_memory_at_every_short_horizon(seed):
    for horizon in (*range(1, 24), 31, 40):
        plain, kept = (solve(process(seed), horizon, keep=keep) for keep in ("memory", "checkpoints"))
        for name in ARRAYS:
            ours, expected = getattr(kept, name), getattr(plain, name)
            assert ours.shape == expected.shape, (name, horizon)
            assert np.abs(ours.values - expected.values).max() <= 1e-12, (name, horizon)
            assert len(ours) == horizon + (name in ("V", "log_backward", "log_forward", "state_marginals"))
