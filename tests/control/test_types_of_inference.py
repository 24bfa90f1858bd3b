"""What `solve` gives and refuses under every type of inference."""

import numpy as np
import pytest

from control_pgm import MDP, Factor, evaluate, gridworld, solve, unroll
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, NotAvailable, UndefinedConditional
from tests.control.comparison import TIGHT, difference
from tests.control.instances import named, rows

RNG = np.random.default_rng(21)
NET = unroll(MDP(rows(RNG, 2, 2, 2), RNG.normal(size=(2, 2))), 2, temperature=0.8)
LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SLIDE = gridworld("S..\n.#H\n..G", slip=0.2)
VALUED = [("variational", None), ("bellman", None), ("map", None), ("planning", 0.7), ("planning", -1.5)]


def all_types(mdp, horizon, alpha=0.3):
    """The solution of every type."""
    soft = {"temperature": alpha}
    options = {"posterior": soft, "variational": soft, "map": soft, "marginal-map": soft, "bellman": {}}
    options["planning"] = {"risk": 2.0}
    return {kind: solve(mdp, horizon, inference=kind, **more) for kind, more in options.items()}


# --- what there is ----------------------------------------------------------------------------------------------------
def test_every_type_has_a_policy_marginals_and_a_text():
    for kind, solution in all_types(SLIDE, 4).items():
        policy = np.asarray(solution.policy)
        assert policy.shape == (4, 8, 4)
        assert np.abs(policy.sum(axis=2) - 1).max() <= TIGHT
        assert np.abs(solution.state_marginals.sum(axis=1) - 1).max() <= TIGHT
        assert difference(solution.state_action_marginals.sum(axis=2), solution.state_marginals[:-1]) <= TIGHT
        assert solution.terminated.shape == (5,)
        assert f"'{kind}'" in repr(solution)
        assert kind in str(solution)
        assert kind in solution._repr_html_()
        if kind != "posterior":
            assert difference(solution.state_marginals, evaluate(SLIDE, policy).state_marginals) <= TIGHT
        if kind != "marginal-map":
            gap = solution.Q.values - solution.V.values[:-1, :, None]
            assert difference(solution.advantage, gap) == 0
            assert difference(solution.V[-1], np.zeros(8)) == 0


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("variational", ["log_backward", "log_forward", "plan"]),
        ("planning", ["log_backward_action", "log_evidence", "elbo", "gap", "soft_value", "posterior", "plan"]),
        ("bellman", ["log_forward", "log_evidence", "soft_value", "plan"]),
        ("map", ["log_backward", "log_evidence", "elbo", "soft_value", "posterior", "plan"]),
        ("marginal-map", ["Q", "V", "advantage", "log_backward", "log_evidence", "gap", "soft_value", "posterior"]),
    ],
)
def test_what_a_type_does_not_have_names_the_type_and_the_way_out(kind, names):
    solution = all_types(SLIDE, 3)[kind]
    for name in names:
        with pytest.raises(NotAvailable, match=f"inference='{kind}' has no {name}; .+"):
            getattr(solution, name)
    with pytest.raises(AttributeError, match="has no attribute 'quality'"):
        _ = solution.quality


@pytest.mark.parametrize("risk", [1.3, -1.3])
def test_the_value_of_planning_is_the_certainty_equivalent_of_its_policy(risk):
    """log E exp(lambda · return) of a fixed policy is what exact inference with that prior computes."""
    mdp, sign = named("reward on outcome").mdp, np.sign(risk)
    solution = solve(mdp, 3, inference="planning", risk=risk)
    mirrored = MDP(mdp.transition, sign * mdp.rewards.values[0], reward_axes="sas")
    fixed = solve(mirrored, 3, temperature=1 / abs(risk), action_prior=solution.policy)
    assert abs(solution.value - sign * fixed.soft_value) <= TIGHT


def test_risk_is_sought_or_shunned():
    """Two lotteries of mean 1: a sure one and one of 0 or 2."""
    mdp = MDP([[[0, 1, 0], [0, 0.5, 0.5]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2], np.zeros(3), initial=0)
    reward = np.zeros((3, 2, 3))
    reward[0, 0, 1], reward[0, 1, 2] = 1.0, 2.0
    mdp = MDP(mdp.transition, reward, reward_axes="sas", initial=0)
    assert solve(mdp, 1, inference="planning", risk=1.0).policy[0, 0].tolist() == [0.0, 1.0]
    assert solve(mdp, 1, inference="planning", risk=-1.0).policy[0, 0].tolist() == [1.0, 0.0]
    assert solve(mdp, 1, inference="bellman").policy[0, 0].tolist() == [0.5, 0.5]
    assert abs(solve(mdp, 1, inference="planning", risk=-1.0).Q[0, 0, 1] + np.log((1 + np.exp(-2)) / 2)) <= TIGHT


def test_an_open_loop_plan_is_the_best_blind_one_and_says_how_good_it_is():
    solution = solve(SLIDE, 4, inference="marginal-map", temperature=0.5)
    assert solution.exact
    assert solution.lower == solution.value == solution.upper
    assert len(solution.plan) == 4
    for t, label in enumerate(solution.plan):
        assert (solution.policy.sel(t=t, a=label) == 1).all()
    fixed = solve(SLIDE, 4, temperature=0.5, action_prior=solution.policy)
    assert abs(fixed.soft_value - solution.value) <= TIGHT


def test_a_plan_whose_action_is_missing_somewhere_is_undefined_there():
    """An unavailable action in an open-loop plan has probability 0: only luck avoids the state that lacks it."""
    mdp = MDP([[[0.5, 0.5]] * 2, [[0, 1]] * 2], [[0, 5.0], [0, 0]], initial=0, available={1: [0]})
    solution = solve(mdp, 2, inference="marginal-map", temperature=0.1)
    assert solution.plan == (1, 1)
    assert np.isnan(solution.policy[:, 1]).all()
    assert abs(solution.value - 0.1 * np.log(0.5 * np.exp(100.0))) <= 1e-11
    with pytest.raises(UndefinedConditional, match="t=1, s=1"):
        solution.state_marginals  # noqa: B018


def test_states_without_hope_are_undefined_under_every_type():
    mdp = MDP([[[0, 1], [1, 0]], [[0, 1]] * 2], [[0.0, 1.0], [-np.inf, -np.inf]], initial=0)
    for kind, solution in all_types(mdp, 3).items():
        assert np.isnan(solution.policy[0, 1]).all(), kind
        assert not solution.defined[0, 1]
        if kind == "marginal-map":
            assert solution.plan == (1, 1, 1)  # any last action would do but the best pays
        else:
            assert solution.V[0, 1] == -np.inf
            assert np.isnan(solution.advantage[0, 1]).all()
        assert solution.state_marginals[2].tolist() == [1.0, 0.0], kind


def test_a_process_that_is_forbidden_altogether_says_so():
    mdp = MDP(np.ones((1, 2, 1)), [[-np.inf, -np.inf]])
    for kind in ("posterior", "marginal-map"):
        with pytest.raises(ImpossibleEvidence, match="slice 0"):
            solve(mdp, 2, inference=kind)
    for kind, risk in VALUED:
        solution = solve(mdp, 2, inference=kind, risk=risk)
        assert solution.value == -np.inf
        with pytest.raises(UndefinedConditional, match="t=0, s=0"):
            solution.state_marginals  # noqa: B018


def test_the_own_terminal_state_takes_up_what_discount_ends():
    item = named("discount, own terminal")
    free = MDP(np.eye(3)[[[1, 1], [0, 0], [2, 2]]], np.zeros((3, 2)), discount=0.8, states=["x", "y", "terminal"])
    for mdp in (item.mdp, free):
        solution = solve(mdp, 3, inference="variational")
        assert np.abs(solution.state_marginals.sum(axis=1) - 1).max() <= TIGHT
        assert solution.terminated.tolist() == [0.0] * 4
    assert difference(solution.state_marginals, solve(free, 3).state_marginals) <= TIGHT


# --- what is refused --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "planning"}, ["risk=None", "≠ 0", "pass risk"]),
        ({"inference": "planning", "risk": 0}, ["risk=0", "bellman"]),
        ({"inference": "planning", "risk": np.inf}, ["risk=inf", "finite"]),
        ({"inference": "planning", "risk": np.nan}, ["risk=nan"]),
        ({"inference": "planning", "risk": "high"}, ["risk='high'"]),
        ({"inference": "planning", "risk": True}, ["risk=True"]),
        ({"inference": "planning", "risk": 1.0, "temperature": 0.5}, ["temperature with", "risk=1/temperature"]),
        ({"inference": "planning", "risk": 1.0, "action_prior": [0.25] * 4}, ["action_prior", "counts the same"]),
        ({"inference": "planning", "risk": 1.0, "convention": "sum"}, ["convention='sum'", "planning", "leave"]),
        ({"inference": "map", "convention": "sum"}, ["convention='sum'", "'map'"]),
        ({"inference": "map", "risk": 1.0}, ["risk=1.0", "'map'", "planning"]),
        ({"inference": "marginal-map", "risk": 1.0}, ["risk=1.0", "leave risk out"]),
        ({"inference": "marginal-map", "action_prior": "counting"}, ["action_prior", "leave action_prior out"]),
        ({"inference": "marginal-map", "convention": "sum"}, ["convention='sum'"]),
        ({"inference": "bellman", "keep": "checkpoints"}, ["keep='checkpoints'", "leave keep out"]),
        ({"inference": "bellman", "temperature": [1.0, 0.5, 0.1]}, ["temperature with", "limit of temperature 0"]),
        ({"inference": "map", "temperature": [1.0, 0.5, 0.1]}, ["schedule", "'map'", "one temperature"]),
        ({"inference": "marginal-map", "temperature": [1.0, 0.5, 0.1]}, ["schedule", "'marginal-map'"]),
        ({"temperature": [1.0, 0.5, 0.1], "convention": "sum"}, ["convention='sum'", "no common unit"]),
        ({"temperature": [1.0, 0.5]}, ["2 temperatures", "3 of them"]),
        ({"temperature": [1.0, 0.5, -0.1]}, ["-0.1", "t=2", "> 0"]),
        ({"temperature": [[1.0], [0.5], [0.1]]}, ["temperature [1.0] at t=0"]),
        ({"temperature": "cold"}, ["'cold'", "> 0"]),
        ({"inference": "Planning"}, ["'Planning'", "'planning'", "'marginal-map'"]),
    ],
)
def test_a_wrong_combination_is_refused_with_what_to_do(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve(SLIDE, 3, **options)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_open_loop_plans_need_networks_that_count():
    for net, words in [
        (unroll(SLIDE, 2, action_prior=[0.1, 0.2, 0.3, 0.4]), ["an action prior", "counting"]),
        (NET.extend(Factor([NET.variable("s_1")], [1.0, 0.5])), ["replaced or added tables", "counting"]),
    ]:
        with pytest.raises(InvalidArgument) as error:
            solve(net, inference="marginal-map")
        assert all(word in str(error.value) for word in words)
    counting = unroll(NET.mdp, 2, temperature=0.8, action_prior="counting")
    assert solve(counting, inference="marginal-map").value == solve(NET, inference="marginal-map").value
    barred = counting.extend(Factor([counting.variable("a_0")], [0.0, 1.0]))
    assert solve(barred, inference="marginal-map").plan[0] == 1


def test_the_lake_tells_the_types_apart():
    """What each expects of the frozen lake: luck, or what the true dynamics give."""
    found = all_types(LAKE, 20, alpha=0.002)
    reach = {kind: evaluate(LAKE, s.policy).expected_reward for kind, s in found.items()}
    best = reach["bellman"]
    assert all(value <= best + TIGHT for value in reach.values())
    assert reach["posterior"] < 0.2 * best
    assert reach["variational"] > 0.95 * best
