"""One default type of inference everywhere, named in what is printed; the optimal policy is Bellman's."""

import inspect
from itertools import product

import numpy as np
import pytest

from control_pgm import (
    MDP,
    evaluate,
    forest,
    gridworld,
    optimal_policy,
    solve,
    solve_average,
    solve_infinite,
    solve_many,
)
from control_pgm.control.solve_options import DEFAULT
from control_pgm.errors import InvalidArgument
from tests.control.comparison import difference

GRID = gridworld("S.G\n.H.", slip=0.2)
LAZY = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, -0.1], [1, 1]], initial=0)


def best_of_all(mdp, horizon):
    """The largest expected reward of all deterministic policies that look at the time, by enumeration."""
    n, m = mdp.n_states, mdp.n_actions
    policies = product(range(m), repeat=n * horizon)
    tables = (np.eye(m)[np.array(chosen).reshape(horizon, n)] for chosen in policies)
    return max(evaluate(mdp, table).expected_reward for table in tables)


def test_the_optimal_policy_has_the_largest_expected_reward_of_all():
    found = evaluate(LAZY, optimal_policy(LAZY, 3)).expected_reward
    assert abs(found - best_of_all(LAZY, 3)) <= 1e-12
    assert evaluate(LAZY, solve(LAZY, 3).policy).expected_reward < found - 0.1


def test_the_optimal_policy_is_bellmans_unless_another_is_asked_for():
    assert difference(optimal_policy(GRID, 4), solve(GRID, 4, inference="bellman").policy) == 0
    for kind in ("posterior", "variational"):
        soft = optimal_policy(GRID, 4, inference=kind, temperature=0.2)
        assert difference(soft, solve(GRID, 4, inference=kind, temperature=0.2).policy) == 0
    with pytest.raises(InvalidArgument, match=r"temperature with inference='bellman'.*'posterior' and 'variational'"):
        optimal_policy(GRID, 4, temperature=0.2)


def test_every_solver_that_chooses_has_the_same_default():
    for solver in (solve, solve_infinite):
        assert inspect.signature(solver).parameters["inference"].default == DEFAULT, solver
    half = forest(discount=0.5)
    found = solve_infinite(half, temperature=8.0)
    assert difference(found.V, solve_infinite(half, temperature=8.0, inference=DEFAULT).V) == 0
    assert difference(found.V, solve(half, 80, temperature=8.0).V[0]) <= 1e-9
    assert difference(found.V, solve_infinite(half, temperature=8.0, inference="variational").V) > 0.01


def test_what_is_printed_names_the_type_of_inference():
    undiscounted = MDP(*(forest(discount=1.0).transition, forest(discount=1.0).reward))
    found = [solve(GRID, 3), solve_infinite(forest(discount=0.5), temperature=8.0), solve_average(undiscounted)]
    found += [solve_many(GRID, 3, temperatures=[0.5, 1.0])]
    for solution in found:
        assert solution.inference == DEFAULT
        assert f"inference={DEFAULT!r}" in repr(solution)
        assert ["inference", DEFAULT] in [line.split() for line in str(solution).splitlines()]
