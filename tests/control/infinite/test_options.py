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


@pytest.mark.parametrize("risk", [1.0, -1.0])
def test_infinite_utility_is_refused_at_once(risk):
    """E e^{risk · reward} makes M = [[1.5, 1.5], [3, 3]]/2, whose spectral radius is 2.25, and 0.9 · 2.25 > 1."""
    p = np.zeros((3, 2, 3))
    p[:2, :, :2] = 0.5
    p[2, :, 2] = 1.0
    lost = risk * np.log([[1.5, 1.5], [3.0, 3.0], [1.0, 1.0]])
    with pytest.raises(InvalidArgument, match=r"E exp\(risk · return\) is infinite: .*s=0.* faster than discount 0\.9"):
        solve_infinite(MDP(p, lost, discount=0.9), inference="planning", risk=risk)
    way_out = p.copy()
    way_out[:2, 1] = [0.0, 0.0, 1.0]  # who shuns risk leaves, who seeks it stays
    if risk > 0:
        with pytest.raises(InvalidArgument, match="is infinite"):
            solve_infinite(MDP(way_out, lost, discount=0.9), inference="planning", risk=risk)
    else:
        found = solve_infinite(MDP(way_out, lost, discount=0.9), inference="planning", risk=risk)
        assert np.abs(np.asarray(found.V) - lost[:, 1]).max() < 1e-9
    shut = lost.copy()
    shut[0, 0] = -np.inf  # what is forbidden is −inf for who shuns it, but no growth
    finite = solve_infinite(
        MDP(p, np.where(np.isinf(shut), shut, 0.1 * shut), discount=0.9), inference="planning", risk=risk
    )
    assert np.isfinite(finite.V).all()


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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("risk", [1.0, -1.0])
def test_discount_0_with_large_rewards_does_not_overflow(risk):
    reward = risk * np.array([[900.0, 800.0], [850.0, 700.0]])
    found = solve_infinite(MDP(np.full((2, 2, 2), 0.5), reward, discount=0.0), inference="planning", risk=risk)
    assert np.abs(np.asarray(found.V) - reward.max(axis=1)).max() < 1e-9
    assert found.error_bound < 1e-6
