"""Good and bad ends of an environment are told apart, and nothing else changes."""

import numpy as np

from control_pgm import MDP, from_gymnasium, gridworld, plot_optimism, solve
from control_pgm.viz.curves.paid_ends import with_paid_ends


def test_the_frozen_lake_gets_a_goal_of_its_own():
    known = from_gymnasium("FrozenLake-v1")
    options = {"states": known.states, "actions": known.actions, "positions": known.positions}
    lake = MDP(known.transition, known.rewards, initial=known.initial, **options)  # which cells end it is not known
    split = with_paid_ends(lake)
    assert split.states == (*lake.states, "goal")
    for kind, options in (("posterior", {"temperature": 0.1}), ("bellman", {})):
        old, new = (solve(mdp, 20, inference=kind, **options) for mdp in (lake, split))
        assert np.allclose(new.policy[:, :17], old.policy, rtol=0, atol=1e-12)
        assert np.allclose(new.V[:, :17], old.V, rtol=0, atol=1e-12)
    best = solve(split, 20, inference="bellman")
    assert abs(best.state_marginals.sel(t=20, s="goal") - 0.1991) < 5e-5
    assert abs(best.state_marginals.sel(t=20, s="goal") - lake.initial @ best.V[0, :17]) < 1e-12


def test_a_process_with_a_goal_is_left_alone():
    for mdp in (gridworld("S.G\n.#H"), from_gymnasium("FrozenLake-v1")):
        assert with_paid_ends(mdp) is mdp


def test_the_optimism_of_the_environment_is_that_of_its_drawing():
    drawn = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
    lines = [
        plot_optimism(mdp, 20, temperatures=[0.02, 0.1, 1.0]).ax.get_lines()
        for mdp in (from_gymnasium("FrozenLake-v1"), drawn)
    ]
    for one, other in zip(*lines, strict=True):
        assert np.allclose(one.get_ydata(), other.get_ydata(), rtol=0, atol=1e-9)
