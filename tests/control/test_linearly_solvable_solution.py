"""``inference="linearly-solvable"``: next states are chosen, in the network whose actions are next states."""

import numpy as np
import pytest

from control_pgm import (
    LinearlySolvable,
    forest,
    gridworld,
    passive_process,
    solve,
    solve_linearly_solvable,
    sutton_barto_grid,
    unroll,
)
from control_pgm.errors import InvalidArgument


@pytest.mark.parametrize("seed", range(8))
def test_values_and_choices_are_those_of_z_iteration(seed):
    rng = np.random.default_rng(seed)
    n, alpha = int(rng.integers(2, 6)), float(rng.uniform(0.1, 2.0))
    passive = rng.dirichlet(np.full(n, 0.5), size=n)
    problem = LinearlySolvable(passive, rng.normal(size=n), final_reward=rng.normal(size=n) * (seed % 2))
    solution = solve(problem, 7, inference="linearly-solvable", temperature=alpha)
    expected = solve_linearly_solvable(problem, "finite", horizon=7, temperature=alpha)
    assert np.abs(solution.V.values - expected.V.values).max() <= 1e-12
    for t in range(7):
        assert np.abs(solution.policy.values[t] - expected.controlled(t).values).max() <= 1e-12


def test_the_actions_of_a_process_are_taken_at_random():
    grid = gridworld("S.#G\n..H.", step_reward=-0.1)
    solution = solve(grid, 6, inference="linearly-solvable", temperature=0.3)
    problem = passive_process(grid)
    again = solve(problem, 6, inference="linearly-solvable", temperature=0.3)
    assert np.array_equal(solution.V.values, again.V.values)
    # What the posterior of the process believes: there, too, luck may choose the next state.
    posterior = solve(grid, 6, temperature=0.3)
    assert abs(solution.soft_value - posterior.soft_value) <= 1e-12
    assert np.abs(solution.state_marginals.values - posterior.state_marginals.values).max() <= 1e-12


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: solve(unroll(gridworld("S.G"), 2), inference="linearly-solvable"), "ControlNetwork.*allowed: an MDP"),
        (lambda: solve(passive_process(gridworld("S.G")), 2), "inference='linearly-solvable' takes it"),
        (lambda: solve(sutton_barto_grid(), 2, inference="linearly-solvable"), "discount 0.9.*solve_linearly_solvable"),
        (lambda: solve(forest(), 2, inference="linearly-solvable"), "depends on more than the state"),
        (
            lambda: solve(gridworld("S.G"), 2, inference="linearly-solvable", action_prior=[0.25] * 4),
            "action_prior.*passive dynamics",
        ),
    ],
)
def test_what_does_not_go_together_says_what_to_do(ask, words):
    with pytest.raises(InvalidArgument, match=words):
        ask()
