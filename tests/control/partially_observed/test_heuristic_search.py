"""Bounds of beliefs without a last step: published values, long horizons, observed states, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import POMDP, crying_baby, solve, solve_infinite, tiger
from control_pgm.control.partially_observed.bounds import first_lower_bound, first_upper_bound
from control_pgm.errors import InvalidArgument, NotConverged
from tests.control.partially_observed.processes import random_pomdp
from tests.strategies import quick

BELIEFS = np.linspace([0.0, 1.0], [1.0, 0.0], 101)


@pytest.mark.parametrize(("discount", "value", "within"), [(0.95, 19.3714, 5e-5), (0.75, 1.933439, 5e-7)])
def test_tiger_has_its_known_values(discount, value, within):
    solution = solve_infinite(tiger(discount=discount), inference="bellman", tolerance=1e-8)
    assert solution.lower() <= solution.upper()
    assert abs(solution.value() - value) <= within
    assert abs(solution.upper() - value) <= within
    assert solution.error_bound <= 1e-8 * max(1.0, value)
    assert solution.action() == "listen"
    assert solution.action({"tiger-left": 0.99, "tiger-right": 0.01}) == "open-right"


@quick
@given(st.integers(0, 10_000), st.integers(1, 3), st.sampled_from([0.0, 0.3, 0.6]), st.booleans())
def test_the_bounds_enclose_the_values_of_long_horizons_everywhere(seed, n_states, discount, sparse):
    pomdp = random_pomdp(seed, n_states, 2, 2, discount, sparse)
    horizon = 4
    rest = discount**horizon * np.array([pomdp.reward.min(), pomdp.reward.max()]) / (1 - discount)
    exact = solve(pomdp, horizon, inference="bellman")
    solution = solve_infinite(pomdp, inference="bellman", tolerance=1e-3)
    assert solution.error_bound <= 1e-3 * max(1.0, abs(solution.value()))
    for belief in (pomdp.initial, *np.random.default_rng(seed).dirichlet(np.ones(n_states), 10), *np.eye(n_states)):
        low, high = exact.value(belief) + rest
        assert solution.lower(belief) <= high + 1e-9
        assert solution.upper(belief) >= low - 1e-9
        assert solution.lower(belief) <= solution.upper(belief) + 1e-9
    low, high = exact.value() + rest
    gap = solution.error_bound + 1e-9
    assert low - gap <= solution.lower()
    assert solution.upper() <= high + gap


@quick
@given(st.integers(0, 10_000), st.booleans())
def test_observations_that_reveal_the_state_give_the_values_of_the_process(seed, sparse):
    hidden = random_pomdp(seed, 3, 2, 3, 0.8, sparse)
    pomdp = POMDP(hidden.transition, np.eye(3), hidden.reward, discount=0.8, initial=1)
    solution = solve_infinite(pomdp, inference="bellman", tolerance=1e-7)
    value = float(solve_infinite(pomdp.mdp, inference="bellman").V.sel(s=1))
    assert solution.lower() - 1e-9 <= value <= solution.upper() + 1e-9
    assert solution.error_bound <= 1e-7 * max(1.0, abs(value))


@pytest.mark.parametrize(
    "pomdp", [tiger(), crying_baby(), random_pomdp(2, 3, 3, 2, 0.7)], ids=["tiger", "baby", "random"]
)
def test_the_first_bounds_are_bounds_and_the_last_ones_are_not_wider(pomdp):
    beliefs = np.random.default_rng(0).dirichlet(np.ones(pomdp.n_states), 50)
    low, high = first_lower_bound(pomdp), first_upper_bound(pomdp)
    solution = solve_infinite(pomdp, inference="bellman")
    observed = solve_infinite(pomdp.mdp, inference="bellman").V.values
    for belief in beliefs:
        assert low.at(belief) - 1e-9 <= solution.lower(belief) <= solution.upper(belief) + 1e-9
        assert solution.upper(belief) <= high.at(belief[None])[0] + 1e-9
    assert (high.at(beliefs) <= beliefs @ observed + 1e-6).all()  # no looser than the values of observed states


def test_the_policy_gets_at_least_the_lower_bound():
    solution = solve_infinite(crying_baby(), inference="bellman")
    runs = solution.simulate(4000, seed=1, horizon=120)  # what comes later is worth less than 15 · 0.9^120/0.1
    assert abs(runs.mean_return - solution.value()) < 4 * runs.standard_error
    assert runs.actions.shape == (4000, 120)


def test_bounds_that_do_not_meet_are_bounds_all_the_same_with_a_warning():
    with pytest.warns(NotConverged, match="after 2 trials the bounds differ by .*raise max_iterations or tolerance"):
        solution = solve_infinite(tiger(), inference="bellman", max_iterations=2)
    assert solution.iterations == 2
    assert solution.lower() <= 19.3714 <= solution.upper() + 5e-5


def test_progress_begins_with_none_and_ends_with_all_trials():
    seen = []
    solution = solve_infinite(tiger(), inference="bellman", progress=lambda *report: seen.append(report))
    assert seen[0][0] == 0
    assert seen[-1] == (solution.iterations, solution.iterations, "trials")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "posterior"}, "inference='posterior' of a POMDP.*allowed: 'bellman'"),
        ({"inference": "planning", "risk": 1.0}, "inference='planning' of a POMDP"),
        ({"inference": "map"}, "inference 'map'"),
        ({"temperature": 1.0}, "temperature with inference='bellman'"),
        ({"method": "policy-iteration"}, "method 'policy-iteration'; allowed: 'value-iteration'"),
        ({"tolerance": 0.0}, "tolerance 0.0"),
        ({"tolerance": np.nan}, "tolerance nan"),
        ({"max_iterations": 0}, "max_iterations 0"),
        ({"progress": 1}, "progress 1"),
    ],
)
def test_options_without_meaning_are_refused(options, words):
    with pytest.raises(InvalidArgument, match=words):
        solve_infinite(tiger(), **{"inference": "bellman", **options})


def test_discount_one_is_refused():
    with pytest.raises(InvalidArgument, match=r"discount 1 of a POMDP without a last step.*solve"):
        solve_infinite(tiger(discount=1.0), inference="bellman")


def test_solutions_are_shown():
    solution = solve_infinite(tiger(), inference="bellman")
    assert "≤ V ≤" in repr(solution)
    assert "upper bound at the initial belief" in str(solution)
    assert "<table" in solution._repr_html_()
