"""Every wrong option of the infinite horizon is refused by an error that names it, its value and the remedy."""

import numpy as np
import pytest

from control_pgm import MDP
from control_pgm.control.infinite import solve_average, solve_infinite
from control_pgm.errors import InvalidArgument

HALF = [[[0.5, 0.5]], [[0.5, 0.5]]]


def mdp(reward=(-1.0, 0.0), discount=0.9, **options):
    return MDP(HALF, list(reward), discount=discount, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "exact"}, ["'exact'", "'variational'", "'planning'"]),
        ({"inference": "bellman", "temperature": 1.0}, ["temperature", "leave temperature out"]),
        ({"inference": "planning", "risk": 1.0, "action_prior": [1.0]}, ["action_prior", "'planning'"]),
        ({"inference": "posterior", "risk": 1.0}, ["risk", "'posterior'"]),
        ({"inference": "planning"}, ["risk=None", "≠ 0", "pass risk"]),
        ({"inference": "planning", "risk": 0.0}, ["risk=0.0", "≠ 0", "'bellman'"]),
        ({"inference": "planning", "risk": -1.0, "method": "policy-iteration"}, ["risk -1", "value-iteration"]),
        ({"temperature": -1.0}, ["temperature -1.0", "> 0"]),
        ({"method": "newton"}, ["'newton'", "'policy-iteration'"]),
        ({"tolerance": 0.0}, ["tolerance 0.0", "> 0"]),
        ({"tolerance": np.nan}, ["tolerance nan"]),
        ({"max_iterations": 0}, ["max_iterations 0", "≥ 1"]),
        (
            {"inference": "bellman", "max_iterations": 3},
            ["max_iterations 3", "still changed values by", "1e-10", "policy-iteration"],
        ),
        ({"inference": "bellman", "tolerance": 1e-18}, ["1e-18", "rounding alone", "or more"]),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve_infinite(mdp(), **options)
    for word in words:
        assert word in str(error.value), str(error.value)


@pytest.mark.parametrize("kind", ["posterior", "planning"])
def test_evidence_of_endless_optimality_needs_a_discount(kind):
    with pytest.raises(InvalidArgument, match=r"discount 1 with inference='\w+'.*'variational'") as error:
        solve_infinite(mdp(discount=1.0), inference=kind, risk=1.0 if kind == "planning" else None)
    assert ("solve_average" in str(error.value)) == (kind == "posterior")  # it answers the posterior's question


def test_policies_that_never_end_have_no_values():
    with pytest.raises(InvalidArgument, match=r"'policy-iteration' with discount 1.*value-iteration"):
        solve_infinite(mdp(discount=1.0), inference="bellman", method="policy-iteration")


def test_infinite_evidence_is_refused_with_its_growth():
    """M = [[1, 1], [2, 2]]/2 has the spectral radius 1.5, and 0.9 · 1.5 > 1."""
    with pytest.raises(InvalidArgument, match=r"is infinite: .*s=0.* faster than discount 0\.9.*solve_average"):
        solve_infinite(mdp((0.0, np.log(2))), inference="posterior")
    with pytest.raises(InvalidArgument, match=r"max_iterations 200.*E exp\(return/temperature\) is infinite"):
        solve_infinite(mdp((0.0, np.log(2))), inference="planning", risk=1.0, max_iterations=200)


@pytest.mark.parametrize("solver", [solve_infinite, solve_average])
def test_what_needs_a_last_step_is_refused(solver):
    with pytest.raises(InvalidArgument, match=r"2 time steps, without a horizon.*solve\(mdp, horizon\)"):
        solver(MDP([HALF, HALF], [0.0, 0.0]))
    with pytest.raises(InvalidArgument, match=r"terminal reward, without a last step"):
        solver(mdp(discount=1.0, terminal_reward=[0.0, 1.0]))
    with pytest.raises(InvalidArgument, match=r"list cannot be solved.*MDP"):
        solver(HALF)


def test_risks_too_close_to_zero_are_refused_by_name():
    for risk in (1e-310, -1e-310, 1e-300):
        with pytest.raises(InvalidArgument, match=r"risk.*1e-3[01]0.*inference='bellman' is the limit of risk 0"):
            solve_infinite(mdp(), inference="planning", risk=risk)
