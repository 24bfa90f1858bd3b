"""Numbers of any magnitude: long horizons, huge rewards, tiny probabilities; only true zeros are impossible."""

from math import log

import numpy as np
import pytest

from control_pgm import MDP, solve, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel
from tests.control.comparison import difference
from tests.control.instances import instance, rows

RNG = np.random.default_rng(2)
P = rows(RNG, 3, 2, 3)
SMALL = RNG.normal(size=(3, 2))


def with_a_free_state(p, r):
    """A further state that is never reached and pays 0: it keeps c_t at 0, so that log p(O) stays where it is."""
    n, m = r.shape
    larger, reward = np.zeros((n + 1, m, n + 1)), np.zeros((n + 1, m))
    larger[:n, :, :n], larger[n, :, n], reward[:n] = p, 1.0, r
    return larger, reward, [*np.full(n, 1 / n), 0.0]


@pytest.mark.parametrize("per_step", [-1e4, -5e3, 1e4])
@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_a_constant_of_thousands_per_step_changes_nothing_but_the_value(per_step, alpha):
    """200 steps: the policy is that of the small rewards, the evidence theirs plus 200 times the constant."""
    small = instance("small", P, "sa", SMALL, 200, alpha=alpha).reference
    p, r, start = with_a_free_state(P, SMALL + per_step)
    solution = solve(MDP(p, r, initial=start), 200, temperature=alpha)
    total = 200 * per_step / alpha + small.log_evidence + small.to_go(0)
    assert difference(solution.policy[:, :3], small.policy) <= 1e-9
    assert abs(solution.log_evidence_unshifted - total) <= 1e-9 * abs(total)
    assert abs(solution.soft_value - alpha * total) <= 1e-9 * abs(alpha * total)
    assert per_step > 0 or abs(solution.log_evidence - total) <= 1e-9 * abs(total)


def test_evidence_of_minus_a_million_nats_is_evidence_still():
    p, r, start = with_a_free_state(P, SMALL - 5e3)
    solution = solve(MDP(p, r, initial=start), 200)
    assert -1.001e6 < solution.log_evidence < -0.999e6
    assert np.abs(solution.state_marginals.sum(axis=1) - 1).max() <= 1e-12
    assert solution.defined.all()
    assert np.isfinite(solution.log_forward[1:, :3]).all()


def test_rewards_that_differ_by_thousands_equal_the_recursion():
    reward = -1e4 * RNG.random((3, 2, 3))
    item = instance("spread", P, "sas", reward, 60, initial=[1.0, 0.0, 0.0])
    solution, exact = solve(item.mdp, 60), item.reference
    assert difference(solution.policy, exact.policy) <= 1e-8
    for name in ("log_backward", "log_backward_action", "log_forward"):
        expected = getattr(exact, name)
        assert difference(getattr(solution, name), expected) <= 1e-12 * np.abs(expected[np.isfinite(expected)]).max()
    assert difference(solution.state_marginals, exact.state_marginals[:, :3]) <= 1e-8


def test_rewards_of_a_million_both_ways_have_closed_forms():
    """One state: V_t = (T − t)(1e6 − log 2), and the bad action lies 2e6 below."""
    solution = solve(MDP(np.ones((1, 2, 1)), [[1e6, -1e6]]), 50)
    left = 50 - np.arange(51)
    assert difference(solution.V[:, 0] / 1e6, left * (1e6 - log(2)) / 1e6) <= 1e-12
    assert difference(solution.Q[:, 0, 0] - solution.Q[:, 0, 1], np.full(50, 2e6)) <= 1e-6
    assert solution.policy[:, 0].tolist() == [[1.0, 0.0]] * 50
    assert abs(solution.log_evidence + 50 * log(2)) <= 1e-9


def test_a_million_to_pay_now_for_a_million_later():
    """Both ways round sum to zero: indifference, at either end of the scale."""
    chain = np.eye(4)[[[1, 2], [3, 3], [3, 3], [3, 3]]]
    mdp = MDP(chain, [[-1e6, 1e6], [1e6, 1e6], [-1e6, -1e6], [0, 0]], initial=0)
    solution = solve(mdp, 2)
    assert difference(solution.policy[0, 0], [0.5, 0.5]) <= 1e-9
    assert abs(solution.soft_value) <= 1e-6


def test_five_thousand_steps_need_no_recursion():
    stationary = solve(MDP(P, SMALL), 5000)
    assert np.isfinite(stationary.V).all()
    assert np.abs(stationary.policy.sum(axis=-1) - 1).max() <= 1e-12
    assert np.abs(stationary.state_marginals.sum(axis=-1) - 1).max() <= 1e-9
    middle = stationary.V[2000, 0] - stationary.V[2001, 0]
    tilted = np.einsum("sa,sax->sx", np.exp(SMALL) / 2, P)
    assert abs(middle - log(np.abs(np.linalg.eigvals(tilted)).max())) <= 1e-9  # growth rate: the Perron root
    assert unroll(MDP(P, SMALL), 5000).topological[-1] == "s_5000"


@pytest.mark.parametrize("alpha", [1e-6, 1e6])
def test_extreme_temperatures_are_limits(alpha):
    mdp = MDP(np.eye(3)[[[1, 2], [1, 1], [2, 2]]], [[0, 0], [1, 1], [2, 2]], initial=0)
    solution = solve(mdp, 3, temperature=alpha)
    assert difference(solution.policy[0, 0], [0, 1] if alpha < 1 else [0.5, 0.5]) <= 1e-5
    assert abs(solution.V[0, 0] - (4 if alpha < 1 else 3)) <= 1e-5


def test_tiny_probabilities_are_not_impossible():
    """Six states in a row; staying is forbidden after the fact, going on has probability 1e-200."""
    p = np.zeros((6, 1, 6))
    for s in range(5):
        p[s, 0, s], p[s, 0, s + 1] = 1.0, 1e-200
    p[5, 0, 5] = 1.0
    reward = np.zeros((6, 1, 6))
    reward[range(5), 0, range(5)] = -np.inf
    solution = solve(MDP(p, reward, initial=0), 5)
    assert abs(solution.log_evidence + 5 * 200 * log(10)) <= 1e-9
    assert solution.state_marginals[5].tolist() == [0, 0, 0, 0, 0, 1]


def test_a_tiny_initial_probability_is_not_impossible():
    mdp = MDP(np.ones((2, 1, 1)) * np.eye(2)[:, None], [[-np.inf], [-3e5]], initial=[1.0, 1e-300])
    solution = solve(mdp, 3)
    assert abs(solution.soft_value - (-300 * log(10) - 9e5)) <= 1e-6
    assert solution.state_marginals[0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("at", [0, 57, 199])
@pytest.mark.parametrize("axes", ["tsa", "tsas"])
def test_impossible_evidence_names_the_first_impossible_slice(at, axes):
    reward = np.full((200, 3, 2, 3)[: len(axes)], -1e4)
    reward[at] = -np.inf
    reward[min(at + 20, 199)] = -np.inf
    with pytest.raises(ImpossibleEvidence, match=rf"slice {at} on: O_{at}=1") as error:
        solve(MDP(P, reward, reward_axes=axes), 200)
    assert (error.value.time, error.value.variable) == (at, f"O_{at}")
    assert "check the zeros of the tables" in str(error.value)


def test_a_dead_end_becomes_impossible_where_it_is_entered():
    """0 → 1 → 2 → 2 …; in state 2 everything is forbidden: the third step is the first impossible one."""
    chain = np.eye(3)[[[1, 1], [2, 2], [2, 2]]]
    mdp = MDP(chain, [[-5e3, -5e3], [-5e3, -5e3], [-np.inf, -np.inf]], initial=0)
    with pytest.raises(ImpossibleEvidence) as error:
        solve(mdp, 100)
    assert error.value.time == 2
    with pytest.raises(ImpossibleEvidence) as error:
        solve(MDP(chain, np.zeros((3, 2)), initial=0, terminal_reward=[0, 0, -np.inf]), 5)
    assert (error.value.time, error.value.variable) == (5, "O_5")
    assert solve(mdp, 2).log_evidence > -np.inf


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("initial", [0, 1])
def test_values_beyond_all_floats_are_refused_or_right(initial):
    """(r − c)/alpha = −2e320 is no float: from state 1 the evidence is tiny but not impossible."""
    mdp = MDP(np.eye(2)[[[0, 1], [1, 1]]], [[1e300, -1e300], [-1e300, -1e300]], initial=initial)
    try:
        solution = solve(mdp, 2, temperature=1e-20)
    except (InvalidArgument, InvalidModel) as error:
        assert "temperature" in str(error)  # noqa: PT017
    else:
        assert solution.policy[0, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("inference", ["map", "marginal-map"])
def test_ended_actions_count_once_where_all_states_lack_the_same_action(inference):
    """With reward 0 and one state no trajectory is worth more than 0, whatever the horizon."""
    available = np.array([[True, True, False]])
    mdp = MDP(np.ones((1, 3, 1)), np.zeros((1, 3)), available=available, discount=0.5, reward_axes="sa")
    counting = {"action_prior": "counting"} if inference == "map" else {}
    smaller = MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), discount=0.5, reward_axes="sa")
    for horizon in (1, 2, 5):
        found = solve(mdp, horizon, inference=inference, **counting).value
        assert abs(found - solve(smaller, horizon, inference=inference, **counting).value) < 1e-12


def test_planning_shares_exact_ties_although_rewards_elsewhere_are_forbidden():
    transition = np.full((2, 2, 2), 0.5)
    transition[0] = [[1.0, 0.0], [0.303184328890351, 0.6968156711096489]]
    reward = np.zeros((2, 2, 2))
    reward[1, :, 0] = -np.inf
    mdp = MDP(transition, reward, discount=0.999, reward_axes="sas")
    found = solve(mdp, 1, inference="planning", risk=1e-9)
    assert np.abs(found.Q.values[0, 0]).max() < 1e-12
    assert found.policy.values[0, 0].tolist() == [0.5, 0.5]
