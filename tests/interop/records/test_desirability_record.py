"""Solutions of linearly solvable processes in files."""

import json

import numpy as np
import pytest

from control_pgm import LinearlySolvable, load_solution, save_solution, solve_linearly_solvable
from control_pgm.errors import InvalidFile

LABELS = [("pit", 0), "bridge", 2.5, True]
PASSIVE = [[1, 0, 0, 0], [0.3, 0, 0.7, 0], [0, 0.1, 0.2, 0.7], [0, 0, 0, 1]]
WALK = LinearlySolvable(PASSIVE, [0, -1, -0.5, 0], final_reward=[-np.inf, 0, 0, 2], states=LABELS)
RING = LinearlySolvable([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.4, 0.2, 0.4]], [0, -1, 2])
SOLVED = {
    "first-exit": solve_linearly_solvable(WALK, temperature=0.7),
    "finite": solve_linearly_solvable(WALK, "finite", horizon=3),
    "discounted": solve_linearly_solvable(RING, "discounted", discount=0.9),
    "average": solve_linearly_solvable(RING, "average"),
}


@pytest.mark.parametrize("ending", [".json", ".npz"])
@pytest.mark.parametrize("objective", SOLVED)
def test_a_desirability_solution_comes_back_as_it_was(tmp_path, objective, ending):
    solution = SOLVED[objective]
    back = load_solution(solution.save(tmp_path / f"solution{ending}"))
    assert (back.objective, back.temperature, back.error_bound, back.iterations) == (
        (solution.objective, solution.temperature, solution.error_bound, solution.iterations)
    )
    assert tuple(back.problem.states) == tuple(solution.problem.states)
    assert [type(label) for label in back.problem.states] == [type(label) for label in solution.problem.states]
    assert back.V.dims == solution.V.dims
    assert np.array_equal(back.V, solution.V)
    assert (back.rates is None) == (solution.rates is None)
    if solution.rates is not None:
        assert np.array_equal(back.rates, solution.rates)
    for name in ("reward", "final_reward"):
        assert np.array_equal(getattr(back.problem, name), getattr(solution.problem, name))
    assert (back.problem.passive != solution.problem.passive).nnz == 0
    for t in range(len(solution.matrices)):
        time = t if objective == "finite" else None
        assert np.array_equal(back.controlled(time), solution.controlled(time), equal_nan=True)
    assert str(back) == str(solution)


def test_a_file_of_a_desirability_solution_that_was_spoiled_is_named(tmp_path):
    path = save_solution(SOLVED["average"], tmp_path / "solution.json")
    record = json.loads(path.read_text())
    spoiled = {
        "objective": ("endless", "objective is 'endless'"),
        "temperature": (0, "temperature is 0.0; allowed: a finite number > 0"),
        "rates": (None, "rates with objective 'average'"),
        "controlled_indptr": ([0, 2, 1, 7], "controlled_indptr does not fit"),
        "reward": ([0.0], r"reward has shape \(1,\)"),
        "passive_data": ([0.5, 0.4, 0.5, 0.5, 0.4, 0.2, 0.4], r"p\(s'\|s\) sums to 0.9"),
        "iterations": (-1, "iterations is -1; allowed: an integer ≥ 0"),
        "more": (1, "the field 'more' does not exist"),
    }
    for name, (value, message) in spoiled.items():
        changed = {key: x for key, x in record.items() if key != name} | ({} if value is None else {name: value})
        path.write_text(json.dumps(changed))
        with pytest.raises(InvalidFile, match=rf"solution.json: .*{message}"):
            load_solution(path)
