"""Sparse processes: nothing is made dense, the pictures say the same, and thousands of cells are a few artists."""

import numpy as np
import pytest

from control_pgm import gridworld, simulate, solve
from control_pgm.control.mdp.grid import ends_of
from control_pgm.control.mdp.outcomes import outcomes_at
from control_pgm.viz import (
    plot_comparison,
    plot_flow,
    plot_marginals,
    plot_messages,
    plot_policy,
    plot_trajectories,
    plot_values,
    policy_text,
)

SMALL = "S..#.\n.#...\n.#.H.\n...H.\n.#..G"


def large(n=100):
    rng = np.random.default_rng(0)
    cells = rng.choice(list("....#...H."), (n, n), p=[0.1] * 10)
    cells[cells == "H"] = np.where(rng.random((cells == "H").sum()) < 0.1, "H", ".")
    cells[0, 0], cells[n // 2, n // 2], cells[0, 1], cells[1, 0] = "S", "G", ".", "."
    return gridworld("\n".join("".join(row) for row in cells), slip=0.1)


LARGE = large()
SOLVED = solve(LARGE, 30, temperature=0.02)
DRAW = {
    "values": plot_values,
    "advantage": lambda s: plot_values(s, quantity="advantage"),
    "messages": plot_messages,
    "flow": plot_flow,
    "marginals": plot_marginals,
    "trajectories": lambda s: plot_trajectories(simulate(LARGE, s.policy, 20, seed=0)),
    "comparison": lambda s: plot_comparison({"one": s, "two": s}),
    **{style: lambda s, style=style: plot_policy(s, style=style) for style in ("triangles", "arrows", "mode", "bars")},
}


@pytest.mark.parametrize("what", DRAW)
def test_a_large_grid_is_drawn_from_sparse_tables(what):
    assert LARGE.sparse
    drawing = DRAW[what](SOLVED)
    drawing.figure.canvas.draw()
    assert "transition" not in LARGE.__dict__, "a dense transition was made"
    assert "rewards" not in LARGE.__dict__, "dense rewards were made"
    assert len(drawing.parts) < 1500


def test_cells_of_a_large_grid_have_the_colours_of_their_values():
    drawing = plot_values(SOLVED)
    colours = drawing.parts["colour bar",].mappable
    values = np.asarray(SOLVED.V)[0]
    drawn = [k for k in range(LARGE.n_states) if k not in ends_of(LARGE, 0)]
    np.testing.assert_allclose(drawing.parts["cells",].get_facecolors(), colours.to_rgba(values[drawn]), atol=1e-12)


@pytest.mark.parametrize("text", [SMALL, "S.G", "S.#\n.HG", "S..\nG.H"])
def test_sparse_and_dense_processes_look_alike(text):
    dense, sparse = gridworld(text, slip=0.2, sparse=False), gridworld(text, slip=0.2, sparse=True)
    assert ends_of(dense, 0) == ends_of(sparse, 0)
    one, two = outcomes_at(dense, 0), outcomes_at(sparse, 0)
    for name in ("state", "action", "after", "probability", "rewards"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert policy_text(solve(dense, 4, temperature=0.2)) == policy_text(solve(sparse, 4, temperature=0.2))
