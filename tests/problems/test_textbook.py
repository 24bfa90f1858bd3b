"""Textbook problems: the published values, the published policies, and closed forms."""

import numpy as np
import pytest

from control_pgm.control.infinite import solve_infinite
from control_pgm.errors import InvalidArgument
from control_pgm.problems.textbook import forest, gambler, puterman_two_state, russell_norvig_grid, sutton_barto_grid
from tests.control.comparison import TIGHT, difference


def bellman(mdp, **options):
    return solve_infinite(mdp, inference="bellman", tolerance=1e-12, **options)


def value_of(mdp, policy):
    """(I − gamma P_pi)^{-1} r_pi."""
    chain = np.einsum("sa,sax->sx", policy, mdp.transition)
    return np.linalg.solve(np.eye(len(chain)) - mdp.discount * chain, (policy * mdp.reward).sum(axis=1))


# --- Sutton and Barto, second edition, figures 3.2 and 3.5 ---------------------------------------------------------
RANDOM = """
    3.3  8.8  4.4  5.3  1.5
    1.5  3.0  2.3  1.9  0.5
    0.1  0.7  0.7  0.4 -0.4
   -1.0 -0.4 -0.4 -0.6 -1.2
   -1.9 -1.3 -1.2 -1.4 -2.0
"""
OPTIMAL = """
   22.0 24.4 22.0 19.4 17.5
   19.8 22.0 19.8 17.8 16.0
   17.8 19.8 17.8 16.0 14.4
   16.0 17.8 16.0 14.4 13.0
   14.4 16.0 14.4 13.0 11.7
"""
ARROWS = """
    r ldru l  ldru l
    ru u   lu l    l
    ru u   lu lu   lu
    ru u   lu lu   lu
    ru u   lu lu   lu
"""


def numbers(text):
    return np.array(text.split(), dtype=float)


def arrows(policy):
    """The best actions of every state by their initials."""
    return ["".join(a[0] for a in sorted(policy.coords["a"]) if policy.sel(s=s, a=a) > 0) for s in policy.coords["s"]]


def test_the_grid_of_sutton_and_barto_has_the_published_values():
    mdp = sutton_barto_grid()
    random = value_of(mdp, np.full((25, 4), 0.25))
    assert difference(random.round(1), numbers(RANDOM)) <= TIGHT
    optimal = bellman(mdp)
    assert difference(optimal.V.values.round(1), numbers(OPTIMAL)) <= TIGHT
    assert arrows(optimal.policy) == ["".join(sorted(x, key="dlru".index)) for x in ARROWS.split()]


def test_the_grid_of_sutton_and_barto_is_the_limit_of_hot_and_cold_temperatures():
    mdp = sutton_barto_grid()
    hot = solve_infinite(mdp, inference="variational", temperature=1e7)
    assert difference(hot.V, value_of(mdp, np.full((25, 4), 0.25))) <= 1e-4
    assert difference(solve_infinite(mdp, inference="variational", temperature=1e-4).V, bellman(mdp).V) <= 2e-3


# --- Sutton and Barto, second edition, example 4.3 -----------------------------------------------------------------
def bold_values(goal, p):
    """The chance of reaching the goal by staking all that is allowed: optimal for p ≤ 1/2 (Dubins and Savage 1965)."""
    chain, reward = np.zeros((goal + 1, goal + 1)), np.zeros(goal + 1)
    for s in range(1, goal):
        stake = min(s, goal - s)
        chain[s, s + stake] += p
        chain[s, s - stake] += 1 - p
        reward[s] = p * (s + stake == goal)
    chain[[0, goal]] = 0.0
    return np.linalg.solve(np.eye(goal + 1) - chain, reward)


@pytest.mark.parametrize(("goal", "p"), [(100, 0.4), (100, 0.25), (37, 0.4), (64, 0.1), (2, 0.4)])
def test_bold_play_is_optimal_against_the_odds(goal, p):
    mdp = gambler(goal, p)
    found = bellman(mdp)
    assert difference(found.V, bold_values(goal, p)) <= 1e-11
    for s in range(1, goal):
        assert found.policy.sel(s=s, a=min(s, goal - s)) > 0  # one of the best stakes


def test_the_published_values_and_stakes_of_the_gambler():
    """Figure 4.3: 0.4 at capital 50, squares of it at the quarters; all at 50, one dollar at 51."""
    found = bellman(gambler())
    assert difference(found.V[[25, 50, 75]], [0.16, 0.4, 0.64]) <= TIGHT
    assert np.flatnonzero(found.policy.sel(s=50)).tolist() == [0, 50]
    assert np.flatnonzero(found.policy.sel(s=25)).tolist() == [0, 25]
    assert 1 in np.flatnonzero(found.policy.sel(s=51))


def test_with_the_odds_the_smallest_stake_is_best():
    """Gambler's ruin: (1 − x^s)/(1 − x^goal) with x = (1 − p)/p."""
    x = 0.45 / 0.55
    s = np.arange(1, 20)
    assert difference(bellman(gambler(20, 0.55)).V[1:20], (1 - x**s) / (1 - x**20)) <= 1e-9


# --- Russell and Norvig -----------------------------------------------------------------------------------------------
UTILITIES = {
    "(1,3)": 0.812,
    "(2,3)": 0.868,
    "(3,3)": 0.918,
    "(4,3)": 1.0,
    "(1,2)": 0.762,
    "(3,2)": 0.660,
    "(4,2)": -1.0,
    "(1,1)": 0.705,
    "(2,1)": 0.655,
    "(3,1)": 0.611,
    "(4,1)": 0.388,
}  # third edition, figure 17.3


def test_the_world_of_russell_and_norvig_has_the_published_utilities():
    found = bellman(russell_norvig_grid())
    for state, utility in UTILITIES.items():
        assert abs(found.V.sel(s=state) - utility) <= 0.0005
    assert found.V.sel(s="terminal") == 0.0
    assert found.error_bound <= 1e-11


def moves(step_reward):
    """The best moves in reading order: upper row, middle, lower."""
    policy = bellman(russell_norvig_grid(step_reward)).policy
    rows = (("(1,3)", "(2,3)", "(3,3)"), ("(1,2)", "(3,2)"), ("(1,1)", "(2,1)", "(3,1)", "(4,1)"))
    return " ".join("".join(a[0] for s in row for a in policy.coords["a"] if policy.sel(s=s, a=a) > 0) for row in rows)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-5.0, -1.6497, "rrr ur rrru"),  # life is so painful that the agent heads for the nearest end
        (-0.7311, -0.4526, "rrr uu uruu"),  # the quickest way, even past the bad end
        (-0.0274, -0.0221, "rrr ul ulll"),  # away from the bad end at (3,2), though into the wall
        (-0.0221, 0.0, "rrr ul ulld"),  # no risk at all
    ],
)
def test_the_policies_change_at_the_published_rewards(low, high, expected):
    """Figure 16.2 of the fourth edition: the same within each interval and not beyond.

    Figure 17.2 of the third edition prints −1.6284 and −0.4278 for −1.6497 and −0.4526.
    """
    assert moves(low + 2e-4) == moves(high - 2e-4) == moves((low + high) / 2) == expected
    if high < 0:
        assert moves(high + 2e-4) != expected
    if low > -5:
        assert moves(low - 2e-4) != expected


def test_the_published_policy():
    """Figure 17.2 (a): R(s) = −0.04."""
    assert moves(-0.04) == "rrr uu ulll"


# --- the forest of the MDP toolboxes ----------------------------------------------------------------------------------
def test_the_forest_has_the_values_of_the_toolbox():
    """The example of its policy iteration, printed with all digits; and what its documentation says of the tables."""
    found = bellman(forest(discount=0.9), method="policy-iteration")
    assert difference(found.V, [26.244000000000014, 29.484000000000016, 33.484000000000016]) <= 1e-12
    assert difference(found.policy, [[1, 0], [1, 0], [1, 0]]) == 0.0
    mdp = forest()
    assert mdp.transition[:, 0].tolist() == [[0.1, 0.9, 0], [0.1, 0, 0.9], [0.1, 0, 0.9]]
    assert mdp.transition[:, 1].tolist() == [[1, 0, 0]] * 3
    assert mdp.reward.tolist() == [[0, 0], [0, 1], [4, 2]]


def test_a_forest_of_many_ages_waits_for_the_last():
    """Value of waiting from the oldest: v = r1 + gamma (p v_0 + (1 − p) v), and back along the ages."""
    gamma, p, ages = 0.96, 0.1, 8
    chain = np.zeros((ages, ages))
    chain[:, 0] += p
    chain[np.arange(ages), np.minimum(np.arange(ages) + 1, ages - 1)] += 1 - p
    waiting = np.linalg.solve(np.eye(ages) - gamma * chain, 4.0 * (np.arange(ages) == ages - 1))
    found = bellman(forest(ages, discount=gamma))
    assert (found.V.values >= waiting - 1e-9).all()
    assert found.policy.sel(s=ages - 1, a="wait") == 1.0


# --- Puterman -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 10 / 11, 0.95, 0.99])
def test_the_two_states_of_puterman_have_their_closed_form(gamma):
    found = bellman(puterman_two_state(gamma), method="policy-iteration")
    stay = (5 - 5.5 * gamma) / ((1 - gamma / 2) * (1 - gamma))
    leave = (10 - 11 * gamma) / (1 - gamma)
    assert abs(found.V.sel(s="s1") - max(stay, leave)) <= 1e-10
    assert abs(found.V.sel(s="s2") + 1 / (1 - gamma)) <= 1e-10
    best = [float(stay >= leave - 1e-12), float(leave >= stay - 1e-12), 0.0]
    assert difference(found.policy.sel(s="s1"), np.array(best) / sum(best)) <= TIGHT


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gambler(1), "goal 1.*≥ 2"),
        (lambda: gambler(p=1.5), "p 1.5.*probability"),
        (lambda: russell_norvig_grid(np.inf), "step_reward inf"),
        (lambda: forest(1), "ages 1.*≥ 2"),
        (lambda: forest(fire=-0.1), "fire -0.1.*probability"),
        (lambda: puterman_two_state(2.0), "discount 2.0"),
    ],
)
def test_wrong_arguments_are_named(make, words):
    with pytest.raises(InvalidArgument, match=words):
        make()
