"""Exact values of beliefs over a horizon, beside expectimax, policy trees, observed states and published numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import MDP, POMDP, BeliefSolution, crying_baby, solve, tiger
from control_pgm.control.partially_observed import incremental_pruning
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, UnknownName
from tests.control.partially_observed.processes import best_tree, expectimax, pomdps, random_pomdp
from tests.strategies import quick

HALF = {"tiger-left": 0.5, "tiger-right": 0.5}
TIGER = {1: -1.0, 2: -2.0, 3: 2.72, 4: 2.42125, 5: 3.60915, 6: 5.61881875}


@pytest.mark.parametrize(("horizon", "value"), TIGER.items())
def test_tiger_without_discount_has_its_known_values(horizon, value):
    assert abs(solve(tiger(discount=1.0), horizon, inference="bellman").value(HALF) - value) < 1e-11


def test_tiger_over_fifteen_steps_has_its_known_value_and_listens_when_uncertain():
    solution = solve(tiger(), 15, inference="bellman")
    assert abs(solution.value() - 9.72842474) < 5e-9
    assert solution.action(HALF) == "listen"
    assert solution.action({"tiger-left": 0.99, "tiger-right": 0.01}) == "open-right"
    assert solution.action("tiger-right") == "open-left"
    assert solution.horizon == len(solution.alpha_vectors) == 15
    assert [len(vectors) for vectors in solution.alpha_vectors[-3:]] == [9, 5, 3]


def test_the_one_step_vectors_are_the_rewards():
    (vectors,) = solve(tiger(), 1, inference="bellman").alpha_vectors
    rows = sorted(zip(vectors.actions, vectors.vectors.values.tolist(), strict=True))
    assert rows == [("listen", [-1.0, -1.0]), ("open-left", [-100.0, 10.0]), ("open-right", [10.0, -100.0])]


@quick
@given(pomdps(), st.integers(1, 3))
def test_values_are_those_of_expectimax_and_actions_attain_them(pomdp, horizon):
    solution = solve(pomdp, horizon, inference="bellman")
    rng = np.random.default_rng(0)
    for belief in (pomdp.initial, rng.dirichlet(np.ones(pomdp.n_states)), np.eye(pomdp.n_states)[0]):
        for t in range(horizon):
            assert abs(solution.value(belief, t) - expectimax(pomdp, belief, horizon - t)) < 1e-9
        action = solution.action(belief)
        p = pomdp.observation_probabilities(belief, action).values
        following = sum(
            p[o] * expectimax(pomdp, pomdp.filter([action], [o], belief).values[1], horizon - 1)
            for o in np.flatnonzero(p)
        )
        value = belief @ pomdp.reward[:, action] + pomdp.discount * following
        assert abs(value - solution.value(belief)) < 1e-9


@quick
@given(st.integers(0, 10_000), st.booleans())
def test_values_are_those_of_the_best_policy_tree(seed, sparse):
    for pomdp, horizon in (
        (random_pomdp(seed, 3, 2, 2, 0.9, sparse), 2),
        (random_pomdp(seed, 2, 2, 1, 1.0, sparse), 4),
    ):
        assert abs(solve(pomdp, horizon, inference="bellman").value() - best_tree(pomdp, horizon)) < 1e-9


@quick
@given(st.integers(0, 10_000), st.sampled_from([1.0, 0.8]), st.booleans())
def test_observations_that_reveal_the_state_give_the_values_of_the_process(seed, discount, sparse):
    hidden = random_pomdp(seed, 3, 2, 3, discount, sparse)
    pomdp = POMDP(hidden.transition, np.eye(3), hidden.reward, discount=discount)
    solution, observed = (solve(problem, 4, inference="bellman") for problem in (pomdp, pomdp.mdp))
    for t in range(4):
        for s in range(3):
            assert abs(solution.value(s, t) - float(observed.V.sel(t=t, s=s))) < 1e-9


@quick
@given(st.integers(0, 10_000), st.booleans())
def test_one_uninformative_observation_gives_the_best_open_loop_plan(seed, sparse):
    pomdp = random_pomdp(seed, 3, 2, 1, 0.9, sparse)
    best = -np.inf
    for plan in np.ndindex(2, 2, 2, 2):
        belief, value = pomdp.initial, 0.0
        for t, a in enumerate(plan):
            value, belief = value + 0.9**t * belief @ pomdp.reward[:, a], belief @ pomdp.transition[:, a]
        best = max(best, value)
    assert abs(solve(pomdp, 4, inference="bellman").value() - best) < 1e-9


def test_rewards_of_next_states_are_averaged():
    base = random_pomdp(3, 2, 2, 2)
    reward = np.random.default_rng(1).normal(size=(2, 2, 2))
    averaged = (base.transition * reward).sum(axis=2)
    one, other = (POMDP(base.transition, base.observation, r) for r in (reward, averaged))
    assert abs(solve(one, 3, inference="bellman").value() - solve(other, 3, inference="bellman").value()) < 1e-12


def test_values_are_convex_and_above_open_loop_and_below_observed_states():
    pomdp = crying_baby()
    solution, observed = solve(pomdp, 8, inference="bellman"), solve(pomdp.mdp, 8, inference="bellman")
    grid = np.linspace(0.0, 1.0, 21)
    values = np.array([solution.value([1 - p, p]) for p in grid])
    assert (np.diff(values, 2) > -1e-9).all()
    assert (values <= (1 - grid) * float(observed.V.sel(t=0, s="sated")) + grid * float(observed.V[0, 1]) + 1e-9).all()


def test_progress_counts_the_steps():
    seen = []
    solve(tiger(), 3, inference="bellman", progress=lambda *report: seen.append(report))
    assert seen[0] == (0, 3, "steps of alpha vectors")
    assert seen[-1] == (3, 3, "steps of alpha vectors")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("posterior", {}),
        ("variational", {"temperature": 1.0}),
        ("planning", {"risk": 1.0}),
        ("map", {}),
        ("marginal-map", {}),
        ("linearly-solvable", {}),
    ],
)
def test_other_types_of_inference_are_refused_with_what_to_do(kind, options):
    with pytest.raises(InvalidArgument, match=f"inference='{kind}' of a POMDP.*allowed: 'bellman'.*pomdp.mdp"):
        solve(tiger(), 3, inference=kind, **options)


def test_the_default_inference_is_refused():
    with pytest.raises(InvalidArgument, match="gives observations no value"):
        solve(tiger(), 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"evidence": {"s_0": "tiger-left"}}, "pomdp.filter"),
        ({"temperature": 1.0}, "temperature with inference='bellman'"),
        ({"horizon": None}, "no horizon given"),
        ({"horizon": 0}, "horizon 0"),
        ({"horizon": 2.5}, "horizon 2.5"),
        ({"progress": 3}, "progress 3"),
    ],
)
def test_options_without_meaning_are_refused(options, words):
    with pytest.raises(InvalidArgument, match=words):
        solve(tiger(), **{"horizon": 3, "inference": "bellman", **options})


def test_beliefs_and_steps_that_do_not_exist_are_refused():
    solution = solve(tiger(), 3, inference="bellman")
    assert isinstance(solution, BeliefSolution)
    with pytest.raises(InvalidArgument, match="time 3; allowed: 0 … 2"):
        solution.value(t=3)
    with pytest.raises(InvalidModel, match=r"belief sums to 0\.9"):
        solution.value([0.5, 0.4])
    with pytest.raises(InvalidModel, match=r"belief has shape \(3,\)"):
        solution.action([0.5, 0.4, 0.1])
    with pytest.raises(UnknownName, match=r"belief state 'tiger-lft'.*did you mean 'tiger-left'"):
        solution.value({"tiger-lft": 1.0})


def test_sets_of_vectors_that_are_too_large_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr(incremental_pruning, "MAX_DENSE_BYTES", 100)
    with pytest.raises(TooLarge, match=r"t=0 of horizon 2: .* sums of alpha vectors.*shorter horizon"):
        solve(tiger(), 2, inference="bellman")


def test_solutions_are_shown():
    solution = solve(tiger(), 3, inference="bellman")
    assert repr(solution).endswith("discount 0.95), horizon 3, 9 alpha vectors at t=0)")
    assert "first action" in str(solution)
    assert "tiger-left" in str(solution.alpha_vectors[0])
    assert "<table" in solution._repr_html_()
    assert "<table" in solution.alpha_vectors[0]._repr_html_()


def test_a_process_whose_states_are_observed_is_solved_as_before():
    mdp = MDP(tiger().transition, tiger().reward)
    assert solve(mdp, 3, inference="bellman").horizon == 3
