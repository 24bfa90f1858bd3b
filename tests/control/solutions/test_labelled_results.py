"""Results as data frames and data sets, and the best actions by label."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from control_pgm import (
    MDP,
    evaluate,
    gridworld,
    infer,
    load_solution,
    passive_process,
    simulate,
    solve,
    solve_average,
    solve_infinite,
    solve_linearly_solvable,
    unroll,
)
from control_pgm.control.solutions.labelled_results import greedy
from control_pgm.control.solve_options import INFERENCES
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

pytest.importorskip("pandas")
pytest.importorskip("xarray")

GRID = gridworld("S.\n.G", slip=0.1)
SMALL = MDP(
    np.random.default_rng(3).dirichlet(np.ones(3), (3, 2)),
    np.random.default_rng(4).normal(size=(3, 2)),
    states=["x", (1, 2), 3],
    actions=["l", "r"],
    discount=0.9,
)


@pytest.mark.parametrize("kind", sorted(set(INFERENCES.values()) - {"linearly-solvable"}))
def test_a_solution_of_any_type_of_inference(kind, tmp_path):
    solution = solve(GRID, 3, inference=kind, risk=0.5 if kind == "planning" else None)
    saved = load_solution(solution.save(tmp_path / "solution.npz"))
    for result in (solution, saved):
        frame, data = result.to_frame(), result.to_xarray()
        assert len(frame) == 3 * 4 * 4
        for name in set(frame.columns) - {"t", "s", "a"}:
            array = getattr(solution, name)
            assert_array_equal(frame[name].to_numpy()[:4], np.broadcast_to(np.asarray(array)[0, 0], 4))
            last = {"t": 2, "s": "(1,0)"} | ({"a": "up"} if array.ndim == 3 else {})
            assert_array_equal(float(data[name].sel(last)), array.sel(**last))
        if kind != "marginal-map":
            assert {"policy", "Q", "V", "advantage"} <= set(frame.columns)
            assert result.greedy().dims == ("t", "s")
    if kind == "marginal-map":  # the plan, whatever the state
        assert solution.greedy().tolist() == [[action] * 4 for action in solution.plan]


def test_the_last_time_of_states_is_in_the_data_set():
    solution = solve(GRID, 3)
    data = solution.to_xarray()
    assert_array_equal(data["V"].sel(t=3).values, solution.V.sel(t=3).values)
    assert np.isnan(data["Q"].sel(t=3).values).all()


def test_solutions_without_a_last_step():
    for solution in (solve_infinite(SMALL, inference="bellman"), solve_average(SMALL.varied(discount=1.0))):
        frame = solution.to_frame()
        assert frame["s"].tolist() == ["x", "x", (1, 2), (1, 2), 3, 3]
        assert frame["policy"].tolist() == solution.policy.values.ravel().tolist()
        best = solution.greedy()
        assert best.tolist() == [SMALL.actions[k] for k in solution.policy.values.argmax(axis=1)]
    walk = solve_linearly_solvable(passive_process(SMALL.varied(discount=1.0, reward=[0.0, 1.0, 2.0])), "average")
    assert walk.to_frame()["V"].tolist() == walk.V.tolist()


def test_evaluations_and_marginals():
    solution = solve(SMALL, 3)
    found = evaluate(SMALL, solution)
    frame = found.to_frame()
    assert frame["state_action_marginals"].sum() == pytest.approx(found.state_action_marginals.sum(), abs=1e-14)
    assert float(found.to_xarray()["state_marginals"].sel(t=3, s="x")) == found.state_marginals.sel(t=3, s="x")
    marginal = infer(unroll(SMALL, 2)).marginal("s_1")
    assert marginal.to_frame("p")["p"].tolist() == marginal.array().tolist()


# --- greedy ---------------------------------------------------------------------------------------------------------
def test_greedy_takes_the_first_of_ties_and_none_where_nothing_is_defined():
    p = [[0.5, 0.5 + 1e-13], [0.4, 0.6], [np.nan, np.nan]]
    policy = LabelledArray(np.array(p), ("s", "a"), {"s": Labels("xyz"), "a": Labels([("go", 1), "stay"])})
    best = greedy(policy)
    assert best.tolist() == [("go", 1), "stay", None]
    assert best.sel(s="z") is None
    assert "none" in str(best)
    assert str(best).splitlines()[-2].split() == ["y", "stay"]


def test_greedy_of_bellman_is_an_optimal_action_everywhere():
    solution = solve(SMALL, 6, inference="bellman")
    best = solution.greedy()
    for t in range(6):
        for s in SMALL.states:
            assert solution.Q.sel(t=t, s=s, a=best.sel(t=t, s=s)) == solution.Q.sel(t=t, s=s).max()


def test_greedy_where_optimality_is_impossible():
    mdp = MDP([[[1, 0]], [[0, 1]]], [[0.0], [-np.inf]], states=["fine", "doomed"], actions=["on"], initial="fine")
    solution = solve(mdp, 2)
    assert solution.greedy().tolist() == [["on", None], ["on", None]]


# --- trajectories ---------------------------------------------------------------------------------------------------
def test_trajectories_as_a_frame_have_one_row_for_each_transition():
    runs = simulate(SMALL, solve(SMALL, 5).policy, 40, seed=0)
    frame = runs.to_frame()
    assert list(frame.columns) == ["run", "t", "s", "a", "r", "next"]
    assert len(frame) == int((runs.states[:, :-1] < 3).sum())
    assert "terminal" in set(frame["next"])  # the discount ends some
    first = frame[frame["run"] == 0]
    assert [x for row in first.itertuples() for x in (row.s, row.a)] == runs.labels(0)[: 2 * len(first)]
    assert first["r"].tolist() == runs.rewards[0, : len(first)].tolist()
