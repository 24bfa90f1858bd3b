"""Gridworlds of any size: the fast construction against the one by hand, sparse against dense, and the cost."""

import tracemalloc

import numpy as np
import pytest

from control_pgm import evaluate, gridworld
from tests.control.comparison import difference
from tests.problems.grid_by_hand import outcomes


def drawing(rng, rows, columns):
    """A random grid with at least one start."""
    letters = rng.choice(list("..FS#GH"), size=(rows, columns))
    letters[rng.integers(rows), rng.integers(columns)] = "S"
    return ["".join(row) for row in letters]


def random_grid(seed):
    """A drawing and options."""
    rng = np.random.default_rng(seed)
    lines = drawing(rng, int(rng.integers(1, 7)), int(rng.integers(1, 7)))
    options = {"slip": float(rng.choice([0.0, 0.2, 0.5, 1.0])), "step_reward": float(rng.choice([0.0, -0.04]))}
    if rng.random() < 0.5:
        r, c = next((r, c) for r, line in enumerate(lines) for c, letter in enumerate(line) if letter != "#")
        options["rewards"] = {"G": 5.0, ".": 0.25, "H": -np.inf, f"({r},{c})": -2.5}
    return lines, options


@pytest.mark.parametrize("seed", range(80))
@pytest.mark.parametrize("sparse", [True, False])
def test_grids_equal_those_made_cell_by_cell(seed, sparse):
    lines, options = random_grid(seed)
    mdp = gridworld("\n".join(lines), sparse=sparse, **options)
    assert mdp.sparse is sparse
    paid = {"G": 1.0, "H": -1.0, **options.get("rewards", {})}

    def pays(cell, letter):
        return paid.get(f"({cell[0]},{cell[1]})", paid.get(letter, 0.0))

    expected = outcomes(lines, options["slip"], pays, options["step_reward"])
    at = {place: mdp.states.index_of[label] for label, place in mdp.positions.items()}
    assert list(at) == list(dict.fromkeys(cell for cell, _ in expected))
    transition, values = np.zeros(mdp.transition.shape), np.zeros(mdp.transition.shape)
    for (cell, action), found in expected.items():
        for target, (p, r) in found.items():
            place = at[cell], mdp.actions.index(action), at[target]
            transition[place], values[place] = p, r
    assert difference(mdp.transition, transition) <= 1e-15
    assert difference(np.where(transition > 0, mdp.rewards.values[0], 0.0), values) <= 1e-15
    starts = [label for label, (r, c) in mdp.positions.items() if lines[r][c] == "S"]
    assert {mdp.states[k] for k in np.flatnonzero(mdp.initial)} == set(starts)


@pytest.mark.parametrize("seed", range(80))
def test_sparse_grids_equal_dense_ones(seed):
    lines, options = random_grid(seed)
    thin, thick = (gridworld("\n".join(lines), sparse=form, **options) for form in (True, False))
    assert thin.states == thick.states
    assert thin.positions == thick.positions
    assert difference(thin.transition, thick.transition) <= 1e-15
    assert difference(thin.rewards.values, thick.rewards.values) <= 1e-15
    assert difference(thin.reward, thick.reward) <= 1e-15
    assert difference(thin.initial, thick.initial) == 0


def test_large_grids_are_sparse_unless_told_otherwise():
    line = "S" + "." * 18
    assert not gridworld("\n".join([line] * 21)).sparse
    large = "\n".join(["S" + "." * 19] * 20)
    assert gridworld(large).sparse
    assert not gridworld(large, sparse=False).sparse


def test_a_sparse_grid_lists_only_what_can_happen():
    mdp = gridworld("S..\n.#.\n..G", sparse=True)
    assert mdp.table.nnz == mdp.n_states * 4
    slippery = gridworld("S..\n.#.\n..G", slip=0.2, sparse=True)
    assert slippery.table.nnz == sum(
        len(found) for found in outcomes(["S..", ".#.", "..G"], 0.2, lambda *_: 0.0, 0.0).values()
    )


def test_memory_grows_with_the_cells_not_with_their_square():
    """Dense tables of these 40,000 cells would take 51 GB."""
    lines = drawing(np.random.default_rng(0), 200, 200)
    lines[0] = "S" + lines[0][1:]
    tracemalloc.start()
    try:
        mdp = gridworld("\n".join(lines), slip=0.2)
        found = evaluate(mdp, np.full((mdp.n_states, 4), 0.25), 5)
        assert tracemalloc.get_traced_memory()[1] < 3e8
    finally:
        tracemalloc.stop()
    assert difference(np.asarray(found.state_marginals).sum(axis=1), np.ones(6)) <= 1e-12
