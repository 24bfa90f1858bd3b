"""Forbidden, vanishing and overflowing rewards: the answer is right, or refused with what to do."""

import numpy as np
import pytest

from control_pgm import (
    MDP,
    evaluate,
    optimism_report,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
    solve_many,
    variational_bound,
)
from control_pgm.control.linearly_solvable import LinearlySolvable
from control_pgm.errors import InvalidArgument, InvalidModel, UnknownName
from tests.control.small import ENDING, MDP2, WALK
from tests.control.test_mdp_errors import P, R


def test_the_entropy_of_a_deterministic_policy_has_no_minus_sign():
    policy = np.broadcast_to([1.0, 0.0], (3, 2, 2))
    for entropy in (evaluate(MDP2, policy).entropy, variational_bound(MDP2, policy, temperature=1.0).entropy):
        assert (entropy, bool(np.signbit(entropy))) == (0.0, False)


def forbidden_process(seed):
    """Random dynamics; some pairs are forbidden, but every state has an allowed action."""
    rng = np.random.default_rng(seed)
    reward = rng.normal(size=(4, 3))
    reward[rng.random((4, 3)) < 0.4] = -np.inf
    reward[np.arange(4), rng.integers(3, size=4)] = rng.normal(size=4)
    return MDP(rng.dirichlet(np.ones(4), (4, 3)), reward)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prior", [None, "counting"])
def test_soft_policy_iteration_finds_its_way_around_what_is_forbidden(seed, prior):
    mdp = forbidden_process(seed)
    found = soft_policy_iteration(mdp, 5, temperature=0.7, action_prior=prior)
    best = solve(mdp, 5, inference="variational", temperature=0.7, action_prior=prior)
    assert found.converged
    assert np.abs(found.policy - best.policy).max() <= 1e-12
    assert abs(found.objectives[-1] - best.value) <= 1e-12
    assert all(later >= earlier - 1e-12 for earlier, later in zip(found.objectives, found.objectives[1:], strict=False))


def test_the_objectives_of_soft_policy_iteration_are_those_of_evaluation():
    mdp = forbidden_process(1)
    found = soft_policy_iteration(mdp, 5)
    for policy, objective in zip(found.policies, found.objectives, strict=True):
        if objective > -np.inf:
            assert abs(evaluate(mdp, policy, temperature=1.0).objective - objective) <= 1e-12


def test_optimism_of_a_process_that_may_end_up_forbidden_expects_minus_infinity():
    chain = np.array([[[0.5, 0.5], [0.9, 0.1]], [[0.0, 1.0], [0.0, 1.0]]])
    mdp = MDP(chain, [[0.0, 1.0], [-np.inf, -np.inf]], initial=0, terminal_reward=[0.0, -1.0])
    report = optimism_report(mdp, 3, event=[1])
    assert report.believed.expected_reward > -np.inf
    assert report.gets.expected_reward == report.optimal.expected_reward == -np.inf
    assert 0.0 < report.gets.chance < 1.0


@pytest.mark.parametrize(
    ("event", "error"), [("home", InvalidArgument), (5, InvalidArgument), ([["home"]], UnknownName)]
)
def test_an_event_is_a_list_of_labels(event, error):
    with pytest.raises(error, match="event"):
        optimism_report(MDP2, 2, event=event)


@pytest.mark.parametrize("temperature", [1e14, 1e18, 1e300])
def test_rewards_that_vanish_beside_the_temperature_are_refused_where_they_would_be_lost(temperature):
    for call in (
        lambda: solve(MDP2, 3, temperature=temperature),
        lambda: solve(MDP2, 3, temperature=temperature, inference="map"),
        lambda: solve_infinite(ENDING, temperature=temperature, inference="posterior"),
        lambda: solve_infinite(ENDING, risk=1 / temperature, inference="planning"),
        lambda: solve_average(MDP2, temperature=temperature),
        lambda: solve_many(MDP2, 3, temperatures=[1.0, temperature]),
    ):
        with pytest.raises(InvalidArgument, match=r"vanish beside (temperature|risk)"):
            call()
    expected = evaluate(MDP2, MDP2.uniform_prior, 3).expected_reward
    assert abs(solve(MDP2, 3, temperature=temperature, inference="variational").value - expected) <= 1e-12


def test_rewards_that_are_all_the_same_do_not_vanish():
    same = MDP(P, np.full((2, 2), 5.0))
    assert solve(same, 3, temperature=1e18).soft_value == 15.0


@pytest.mark.parametrize("exponent", range(2, 13, 2))
def test_the_error_bound_of_endless_planning_holds_for_risks_close_to_zero(exponent):
    limit = solve_infinite(ENDING, inference="bellman")
    for risk in (10.0**-exponent, -(10.0**-exponent)):
        found = solve_infinite(ENDING, inference="planning", risk=risk)
        # |V_risk − V_0| ≤ |risk| (largest spread of returns)² / 8 (Hoeffding); returns lie in [−2, 2].
        assert np.abs(found.V - limit.V).max() <= found.error_bound + limit.error_bound + abs(risk) * 4.0**2 / 8


def test_rewards_whose_sums_would_overflow_are_refused():
    for reward in (1e305, -1e305):
        with pytest.raises(InvalidModel, match=r"the reward is -?1e\+305 at s=0, a=0.*1e\+300"):
            MDP(P, np.full((2, 2), reward))
        with pytest.raises(InvalidModel, match=r"terminal_reward is -?1e\+305 at s=0"):
            MDP(P, R, terminal_reward=[reward, 0.0])


def test_a_final_reward_that_is_never_paid_is_refused():
    problem = LinearlySolvable([[0.5, 0.5], [0, 1]], [-1.0, 0], final_reward=[0, 2], states=["in", "out"])
    for objective, options in (("average", {}), ("discounted", {"discount": 0.9})):
        with pytest.raises(InvalidArgument, match=r"final reward \(of s='out'\).*no last step.*leave final_reward out"):
            solve_linearly_solvable(problem, objective, **options)


def test_rewards_that_overflow_beside_a_tiny_temperature_are_refused():
    with pytest.raises(InvalidArgument, match="overflows in units of 1e-300"):
        solve_linearly_solvable(WALK, temperature=1e-300)
    with pytest.raises(InvalidArgument, match="overflows in units of 1e-300, the temperature or inverse risk"):
        solve_infinite(ENDING, inference="planning", risk=1e300)
