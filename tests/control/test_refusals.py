"""Wrong arguments and combinations are refused with what to do: nothing else escapes, and nothing is silently wrong."""

from itertools import product

import numpy as np
import pytest

from control_pgm import (
    MDP,
    evaluate,
    optimism_report,
    simulate,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
    solve_many,
    unroll,
    variational_bound,
)
from control_pgm.errors import InvalidArgument, NotAvailable, TooLarge
from tests.control.small import ENDING, KINDS, MDP2, STEPS, WALK
from tests.control.test_mdp_errors import P, R, named

CALLS = {
    **{f"solve {k['inference']}": lambda _k=k, **x: solve(MDP2, 3, **_k, **x) for k in KINDS},
    "unroll": lambda **x: unroll(MDP2, 3, **x),
    "solve_infinite": lambda **x: solve_infinite(ENDING, **x),
    "solve_average": lambda **x: solve_average(MDP2, **x),
    "evaluate": lambda **x: evaluate(MDP2, STEPS, **x),
    "variational_bound": lambda **x: variational_bound(MDP2, STEPS, **{"temperature": 1.0} | x),
    "optimism_report": lambda **x: optimism_report(MDP2, 3, **x),
    "soft_policy_iteration": lambda **x: soft_policy_iteration(MDP2, 3, **x),
}
NO_TEMPERATURES = [0, -1.0, np.nan, np.inf, 10**400, "hot", True, 1j, {}, [], [1, 2], [1, 0, 1], [[1], [1, 2]]]
NO_PRIORS = [
    "uniform",
    5,
    [0, 0],
    [0.5, 0.6],
    [np.nan, 1],
    [[0.5], [1, 0]],
    np.ones(2) * 1j,
    [10**400, 0],
    {"a": 1},
    [1],
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "value"), list(product(CALLS, NO_TEMPERATURES)), ids=str)
def test_no_wrong_temperature_passes_anywhere(call, value):
    with pytest.raises(InvalidArgument, match="temperature"):
        CALLS[call](temperature=value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "value"), list(product(CALLS, NO_PRIORS)), ids=str)
def test_no_wrong_prior_passes_anywhere(call, value):
    with pytest.raises(InvalidArgument, match="action_prior"):
        CALLS[call](action_prior=value)


@pytest.mark.parametrize("risk", [0, -0.0, np.nan, np.inf, 10**400, 5e-324, "a", True, None, [1]])
@pytest.mark.parametrize("solver", [lambda **x: solve(MDP2, 3, **x), lambda **x: solve_infinite(ENDING, **x)])
def test_a_risk_needs_a_finite_inverse(solver, risk):
    with pytest.raises(InvalidArgument, match=r"risk=.*≠ 0.*(bellman|pass risk)"):
        solver(inference="planning", risk=risk)


@pytest.mark.parametrize("name", [["posterior"], {}, None, 5])
def test_names_without_a_hash_are_refused_by_the_list_of_those_that_exist(name):
    for solver in (lambda **x: solve(MDP2, 3, **x), lambda **x: solve_infinite(ENDING, **x)):
        with pytest.raises(InvalidArgument, match=r"inference .*'posterior'"):
            solver(inference=name)
    with pytest.raises(InvalidArgument, match=r"method .*'newton'"):
        solve_average(MDP2, method=name)
    with pytest.raises(InvalidArgument, match=r"objective .*'first-exit'"):
        solve_linearly_solvable(WALK, name)
    if name is not None:
        with pytest.raises(InvalidArgument, match=r"reward_axes .*'sas'"):
            MDP(P, R, reward_axes=name)


@pytest.mark.parametrize("temperature", [[1.0, 0.5, 0.1], np.array([1.0, 0.5, 0.1])])
@pytest.mark.parametrize("call", ["optimism_report", "soft_policy_iteration"])
def test_a_schedule_where_values_need_one_unit_says_what_takes_schedules(call, temperature):
    with pytest.raises(InvalidArgument, match=r"schedule.*one number.*solve\(mdp, horizon, temperature=\[…\]\)"):
        CALLS[call](temperature=temperature)


def test_a_schedule_has_no_single_steps_with_values():
    for kind in ("posterior", "variational"):
        solution = solve(MDP2, 3, inference=kind, temperature=[1.0, 0.5, 0.1])
        with pytest.raises(NotAvailable, match=rf"'{kind}' has no step.*policy\.sel\(t=1\)"):
            solution.at(1)


@pytest.mark.parametrize("tolerance", [-1.0, np.nan, np.inf, 10**400, "x", None, [1], True])
def test_no_wrong_tolerance_passes_anywhere(tolerance):
    for call in ("solve_infinite", "solve_average", "soft_policy_iteration"):
        with pytest.raises(InvalidArgument, match=r"tolerance .*finite number"):
            CALLS[call](tolerance=tolerance)
    with pytest.raises(InvalidArgument, match=r"tolerance .*finite number"):
        solve_linearly_solvable(WALK, tolerance=tolerance)


def test_integers_of_numpy_and_very_large_ones_are_limits_of_iterations():
    assert solve_average(MDP2, max_iterations=10**30).rate == solve_average(MDP2).rate
    assert len(soft_policy_iteration(MDP2, 3, max_sweeps=np.int64(2)).objectives) == 3
    assert solve_linearly_solvable(WALK, "finite", horizon=np.int64(3)).iterations == 3
    with pytest.raises(TooLarge, match="horizon"):
        solve_linearly_solvable(WALK, "finite", horizon=10**30)


@pytest.mark.parametrize("thing", [None, 5, "x", P, [MDP2], unroll(MDP2, 2)], ids=lambda x: type(x).__name__)
def test_what_is_no_process_is_refused_by_its_type(thing):
    for call in (
        lambda: soft_policy_iteration(thing, 3),
        lambda: optimism_report(thing, 3),
        lambda: evaluate(thing, STEPS),
        lambda: simulate(thing, STEPS, 1, 0),
        lambda: variational_bound(thing, STEPS),
        lambda: solve_infinite(thing),
        lambda: solve_many(thing, 3, temperatures=[1.0]),
        lambda: unroll(thing, 3),
    ):
        if isinstance(thing, list) and call.__code__.co_names[0] == "solve_many":
            continue
        with pytest.raises(InvalidArgument, match=f"{type(thing).__name__}|str|ndarray"):
            call()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperatures": [[1, 2, 3], [3, 2, 1]]}, ["schedule", "one of many problems"]),
        ({"temperatures": [1.0, [1, 2]]}, ["schedule", "one of many problems"]),
        ({"action_priors": "counting"}, ["action_priors is 'counting'", "one item for each problem"]),
        ({"initials": "home"}, ["initials is 'home'", "pass initials=[…]"]),
        ({"rewards": 5}, ["rewards is 5", "one item for each problem"]),
        ({"rewards": iter([R, R])}, ["rewards is", "one item for each problem"]),
    ],
)
def test_many_problems_need_one_item_each(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve_many(MDP2, 3, **options)
    named(error, words)


def test_one_of_many_is_asked_for_by_its_number():
    many = solve_many(MDP2, 3, temperatures=[1.0, 2.0])
    assert len(list(many)) == 2
    with pytest.raises(InvalidArgument, match=r"problem 'x'; allowed: 0 … 1"):
        many["x"]
