"""Passive dynamics of decision processes: which have them, and that control from them is the posterior."""

import numpy as np
import pytest

from control_pgm import MDP, gridworld, passive_process, solve, solve_linearly_solvable
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import random_process


@pytest.mark.parametrize("sparse", [False, True])
def test_control_from_the_passive_dynamics_is_the_posterior_of_actions_at_random(sparse):
    """Values agree where the process has not ended, and next states come as often under both."""
    for seed in range(10):
        mdp = random_process(seed, sparse)
        problem = passive_process(mdp)
        mean = mdp.uniform_prior[:, :, None] * mdp.transition
        assert difference(problem.passive.toarray(), mean.sum(axis=1)) <= TIGHT
        steered = solve_linearly_solvable(problem, "finite", horizon=3, temperature=0.7)
        posterior = solve(mdp, 3, temperature=0.7)
        moving = slice(0, mdp.n_states - 1)  # the last state is absorbing; its final reward is paid at the end
        assert difference(steered.V[:3, moving], posterior.V[:3, moving]) <= TIGHT
        expected = posterior.posterior.conditional("s_1", given="s_0", undefined="nan").array("s_0", "s_1")
        assert difference(steered.controlled(0).values[moving], expected[moving]) <= TIGHT


def test_forbidden_states_and_surrounded_cells_are_read():
    never = MDP([[[0, 1, 0]], [[0.5, 0, 0.5]], [[0, 0, 1]]], [[0], [-np.inf], [0]])
    assert passive_process(never).reward.tolist() == [0, -np.inf, 0]
    drawn = passive_process(gridworld("#H#\nHSG\n#H#", rewards={"G": 2.0, "H": 2.0}))
    assert drawn.reward.tolist()[drawn.states.index("(1,1)")] == 2.0  # its only way is out: paid for being there


@pytest.mark.parametrize("seed", [s for s in range(30) if random_process(s).available[0].sum() > 1][:6])
def test_a_reward_of_an_action_is_refused_and_named(seed):
    mdp = random_process(seed)
    spoiled = np.array(mdp.rewards.values[0])
    spoiled[0, np.flatnonzero(mdp.available[0])[1]] += 0.5
    with pytest.raises(InvalidArgument, match=r"s=0, a=[0-2]"):
        passive_process(mdp.varied(reward=spoiled, reward_axes="sas"))


def test_several_rewards_of_an_outcome_are_refused():
    outcomes = [("a", "go", 0.5, "b", 1.0), ("a", "go", 0.5, "b", 2.0), ("b", "go", 1, "a", 0)]
    with pytest.raises(InvalidArgument, match="s='a'"):
        passive_process(MDP.from_outcomes(outcomes))


def test_a_process_that_varies_with_time_is_refused():
    with pytest.raises(InvalidArgument, match="2 time steps"):
        passive_process(MDP(np.ones((2, 1, 1, 1)), np.zeros((1, 1))))
