"""Pictures of values: numbers, contrast, −∞, times."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, solve
from control_pgm.errors import InvalidArgument
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz import plot_values
from control_pgm.viz.base.style import contrast

GRID = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
SOLVED = solve(GRID, 9, temperature=1 / 6)


def number(text):
    return float(text.get_text().replace("−", "-"))


@pytest.mark.parametrize("t", [0, 4, 9])
def test_cells_carry_their_values(t):
    drawing = plot_values(SOLVED, t=t)
    assert set(drawing.of("number")) == set(GRID.states)
    for state, text in drawing.of("number").items():
        assert number(text) == pytest.approx(SOLVED.V.sel(t=t, s=state), abs=0.0051)
        if state in drawing.of("cell"):
            assert contrast(text.get_color(), drawing.of("cell")[state].get_facecolor()) >= 4.5
    assert set(drawing.of("mark")) == {"(2,3)", "(3,3)", "(4,4)"}
    assert drawing.parts["colour bar",].ax.get_ylabel() == "V (reward)"


def test_row_zero_is_on_top():
    positions = {s: text.get_position() for s, text in plot_values(SOLVED).of("number").items()}
    assert positions["(0,0)"][1] > positions["(1,0)"][1]
    assert positions["(0,0)"][0] < positions["(0,1)"][0]


def test_impossible_is_written_as_minus_infinity():
    reward = GRID.reward.copy()
    reward[3] = -np.inf
    mdp = MDP(
        GRID.transition, reward, states=GRID.states, actions=GRID.actions, positions=GRID.positions, initial="(0,0)"
    )
    drawing = plot_values(solve(mdp, 5), t=1)
    assert drawing.of("undefined text")["(0,4)"].get_text() == "−∞"
    assert drawing.of("undefined")["(0,4)"].get_hatch()
    assert "impossible" in drawing.ax.get_xlabel()
    bare = MDP(GRID.transition, reward, states=GRID.states, actions=GRID.actions, initial="(0,0)")
    drawing = plot_values(solve(bare, 5), t=1)
    assert drawing.of("undefined text")["(0,4)", 1].get_text() == "−∞"


def test_other_processes_become_states_against_time():
    moves = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    solution = solve(MDP(moves, [[0, -1], [1, 1]], states=["home", "shop"], actions=["stay", "go"]), 4)
    drawing = plot_values(solution, t=2)
    image = drawing.parts["image",]
    assert image.get_array().shape == (2, 5)
    for (state, t), text in drawing.of("number").items():
        v = solution.V.sel(t=t, s=state)
        assert number(text) == pytest.approx(v, abs=0.0051)
        assert contrast(text.get_color(), image.cmap(image.norm(v))) >= 4.5
    frame = drawing.parts["frame", 2]
    assert frame.get_x() == 1.5
    assert "t = 2" in drawing.ax.get_xlabel()


def test_long_horizons_and_many_states_are_drawn_without_numbers():
    n = 60
    mdp = MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), np.linspace(0, 1, 2 * n).reshape(n, 2))
    drawing = plot_values(solve(mdp, 200), t=10)
    assert drawing.of("number") == {}
    assert drawing.parts["image",].get_array().shape == (30, 201)
    assert drawing.parts["left out",].get_text() == "… 31 states left out"


def test_constant_values_have_a_colour():
    drawing = plot_values(solve(gridworld("S..", rewards={}), 3))
    assert all(np.isfinite(cell.get_facecolor()).all() for cell in drawing.of("cell").values())


@pytest.mark.parametrize("t", [-1, 10, "0"])
def test_time_is_checked(t):
    with pytest.raises(InvalidArgument, match="0 … 9"):
        plot_values(SOLVED, t=t)


def test_wrong_objects_are_refused():
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_values(np.zeros(3))


@pytest.mark.parametrize("quantity", ["Q", "advantage"])
def test_values_of_actions_on_a_grid(quantity):
    drawing = plot_values(SOLVED, t=2, quantity=quantity)
    wanted = SOLVED.Q if quantity == "Q" else SOLVED.advantage
    numbers = drawing.of("number")
    assert len(numbers) == 4 * 18
    for (state, action), text in numbers.items():
        assert number(text) == pytest.approx(float(wanted.sel(t=2, s=state, a=action)), abs=0.0051)
        assert contrast(text.get_color(), drawing.of("cell")[state, action].get_facecolor()) >= 4.5
    norm = drawing.parts["colour bar",].mappable.norm
    assert quantity == "Q" or norm.vmin == -norm.vmax, "differences are centred on 0"


def test_values_of_actions_in_a_table():
    available = np.array([[True, True], [True, False]])
    moves = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    mdp = MDP(moves, [[0, -1], [1, 1]], states=["home", "shop"], actions=["stay", "go"], available=available)
    solution = solve(mdp, 4)
    drawing = plot_values(solution, quantity="advantage", t=1)
    texts = drawing.of("number")
    assert texts["shop", "go"].get_text() == "–"
    for pair in (("home", "stay"), ("home", "go"), ("shop", "stay")):
        assert number(texts[pair]) == pytest.approx(
            float(solution.advantage.sel(t=1, s=pair[0], a=pair[1])), abs=0.0051
        )


def test_actions_have_no_values_at_the_end():
    with pytest.raises(InvalidArgument, match="0 … 8"):
        plot_values(SOLVED, t=9, quantity="Q")
    with pytest.raises(LookupError, match="did you mean 'advantage'"):
        plot_values(SOLVED, quantity="advantages")


@pytest.mark.parametrize("size", [(12, 6.75), (9, 5)])
@pytest.mark.parametrize("cost", [-1.0, -100.0])
def test_numbers_in_triangles_touch_no_others(size, cost):
    cliff = gridworld("\n".join(["." * 8, "." * 8, "SHHHHHHG"]), step_reward=-1.0, rewards={"H": cost, "G": 0.0})
    _, ax = plt.subplots(figsize=size, layout="constrained")
    drawing = plot_values(solve(cliff, 10), quantity="Q", ax=ax)
    drawing.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in drawing.of("number").values()]
    assert len(boxes) == 17 * 4
    wide = [(box.x0, box.x1, (box.y0 + box.y1) / 2) for box in boxes]
    level = [(a, b) for a, b in combinations(wide, 2) if abs(a[2] - b[2]) < 1]
    assert level
    assert all(a[1] <= b[0] or b[1] <= a[0] for a, b in level)


def test_small_numbers_beside_large_ones_are_written():
    cliff = gridworld("....\nSHHG", step_reward=-1.0, rewards={"H": -1000.0})
    _, ax = plt.subplots(figsize=(12, 6.75), layout="constrained")
    solution = solve(cliff, 6)
    drawing = plot_values(solution, quantity="advantage", ax=ax)
    for (state, action), text in drawing.of("number").items():
        assert number(text) == pytest.approx(solution.advantage.sel(t=0, s=state, a=action), abs=0.51)


@pytest.mark.parametrize("width", [2.0, 2.8, 3.0, 3.2, 3.4, 4.0])
def test_ends_have_numbers_wherever_other_cells_have(width):
    _, ax = plt.subplots(figsize=(width, width))
    drawing = plot_values(SOLVED, ax=ax)
    assert len(drawing.of("number")) in (0, GRID.n_states)
    assert bool(drawing.of("number")) != (("note",) in drawing.parts)
