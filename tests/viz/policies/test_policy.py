"""Pictures of policies: the numbers are the policy's, the letters can be read, the cells mean what they say."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from control_pgm import MDP, solve
from control_pgm.control.mdp.grid import grid_of
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz import plot_policy
from control_pgm.viz.base.style import contrast

GRID = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
SOLVED = {t: solve(GRID, t, temperature=1 / 6) for t in (9, 50)}
SIDES = {"left": (-1, 0), "down": (0, -1), "right": (1, 0), "up": (0, 1)}


def forbidding():
    reward = GRID.reward.copy()
    reward[3] = -np.inf
    return solve(
        MDP(
            GRID.transition, reward, states=GRID.states, actions=GRID.actions, positions=GRID.positions, initial="(0,0)"
        ),
        9,
    )


@pytest.mark.parametrize("t", [0, 5, 8])
@pytest.mark.parametrize("horizon", SOLVED)
def test_triangles_carry_the_numbers_of_the_policy(horizon, t):
    solution = SOLVED[horizon]
    drawing = plot_policy(solution, t=t)
    numbers, cells = drawing.of("number"), drawing.of("cell")
    assert len(numbers) == len(cells) == 4 * (21 - 3)
    for (state, action), text in numbers.items():
        p = solution.policy.sel(t=t, s=state, a=action)
        assert float(text.get_text()) == pytest.approx(p, abs=0.0051)
        triangle = cells[state, action]
        assert contrast(text.get_color(), triangle.get_facecolor()) >= 4.5
        row, column = GRID.positions[state]
        centre, (dx, dy) = np.array([column, -row]), SIDES[action]
        assert (np.array(text.get_position()) - centre) @ (dx, dy) > 0.2, "a number lies on the side of its action"
        assert triangle.get_path().contains_point(text.get_position())


def test_walls_ends_and_start():
    drawing = plot_policy(SOLVED[9])
    assert set(drawing.of("wall")) == {(0, 3), (1, 1), (2, 1), (4, 1)}
    assert {wall.get_hatch() for wall in drawing.of("wall").values()} == {"////"}
    marks = {state: mark.get_marker() for state, mark in drawing.of("mark").items()}
    assert marks == {"(2,3)": "X", "(3,3)": "X", "(4,4)": "*"}
    assert {state: text.get_text() for state, text in drawing.of("start").items()} == {"(0,0)": "S"}


def test_a_goal_is_a_goal_by_comparison_and_an_end_may_be_neither():
    costly = gridworld("S.G\n..H", step_reward=-2.0)
    assert grid_of(costly).ends == {2: "goal", 5: "hole"}
    assert grid_of(gridworld("S.#\n.HG")).ends == {3: "hole", 4: "end"}
    lake = gridworld("S.G\n..H", rewards={"H": 0.0})
    assert grid_of(lake).ends == {2: "goal", 5: "hole"}


def test_arrows_are_as_long_as_their_probability():
    drawing = plot_policy(SOLVED[9], style="arrows")
    for (state, action), arrow in drawing.of("arrow").items():
        row, column = GRID.positions[state]
        length = np.abs(arrow.get_xy() - (column, -row)).max()
        p = SOLVED[9].policy.sel(t=0, s=state, a=action)
        assert length == pytest.approx(0.47 * p, abs=0.09)
        assert arrow.get_path_effects(), "a halo sets it off from any value"


def test_mode_draws_one_arrow_that_grows_with_certainty():
    drawing = plot_policy(SOLVED[50], style="mode")
    arrows = drawing.of("arrow")
    assert len(arrows) == 18
    sizes = {}
    for (state, action), arrow in arrows.items():
        row = SOLVED[50].policy.sel(t=0, s=state).values
        assert GRID.actions[int(row.argmax())] == action
        sizes[float(row.max())] = np.ptp(arrow.get_xy(), axis=0).max()
    ordered = [sizes[p] for p in sorted(sizes)]
    assert ordered == sorted(ordered)
    assert ordered[-1] > ordered[0] + 0.1


def test_undefined_is_hatched_and_said_in_words():
    drawing = plot_policy(forbidding(), t=2)
    assert set(drawing.of("undefined")) == {"(0,4)"}
    assert drawing.of("undefined")["(0,4)"].get_hatch()
    assert drawing.of("undefined text")["(0,4)"].get_text() == "undefined"
    assert "impossible" in drawing.ax.get_xlabel()
    assert ("(0,4)", "up") not in drawing.of("number")


def test_other_processes_become_a_table():
    available = np.array([[True, True], [True, False], [True, True]])
    moves = np.tile(np.eye(3)[:, None], (1, 2, 1))
    mdp = MDP(
        moves, [[0, 1], [0, 0], [2, 0]], states=["home", "shop", "$bank$"], actions=["stay", "go"], available=available
    )
    solution = solve(mdp, 3)
    drawing = plot_policy(solution, t=1)
    ax = drawing.ax
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["home", "shop", r"\$bank\$"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["stay", "go"]
    image = drawing.parts["image",]
    for (state, action), text in drawing.of("number").items():
        p = solution.policy.sel(t=1, s=state, a=action)
        if (state, action) == ("shop", "go"):
            assert text.get_text() == "–"
        else:
            assert float(text.get_text()) == pytest.approx(p, abs=0.0051)
        assert contrast(text.get_color(), image.cmap(image.norm(p))) >= 4.5
    assert "not available" in ax.get_xlabel()


def test_grids_with_other_actions_become_a_table():
    mdp = MDP(GRID.transition, GRID.reward, states=GRID.states, actions=4, positions=GRID.positions)
    assert "image" in {key[0] for key in plot_policy(solve(mdp, 3)).parts}


def test_long_tables_say_how_much_is_left_out():
    n = 100
    drawing = plot_policy(solve(MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), np.zeros((n, 2))), 2))
    labels = [tick.get_text() for tick in drawing.ax.get_yticklabels()]
    assert len(labels) == 30
    assert labels[-1] == "99"
    assert drawing.parts["left out",].get_text() == "… 71 states left out"
    assert len(drawing.of("number")) == 29 * 2


def test_undefined_rows_of_a_table():
    solved = forbidding()
    mdp = solved.network.mdp
    bare = MDP(mdp.transition, mdp.reward, states=mdp.states, actions=mdp.actions, initial="(0,0)")
    drawing = plot_policy(solve(bare, 9), t=2)
    assert "undefined" in drawing.of("undefined text")["(0,4)"].get_text()


@pytest.mark.parametrize("style", ["triangles", "arrows", "mode"])
@pytest.mark.parametrize("face", ["#101010", "white"])
def test_words_read_on_the_paper_of_given_axes(style, face):
    figure, ax = plt.subplots(figsize=(3.4, 3), facecolor=face)
    drawing = plot_policy(SOLVED[9], style=style, ax=ax)
    bar = drawing.parts["colour bar",]
    words = [ax.title, bar.ax.yaxis.label, *bar.ax.get_yticklabels()]
    assert all(contrast(word.get_color(), face) >= 4.5 for word in words)
    assert drawing.figure is figure
    assert len(plt.get_fignums()) == 1


def test_own_figures_follow_a_dark_style():
    with plt.style.context("dark_background"):
        drawing = plot_policy(SOLVED[9])
    assert to_hex(drawing.figure.get_facecolor()) == "#000000"
    assert contrast(drawing.ax.title.get_color(), "black") >= 4.5


@pytest.mark.parametrize("t", [-1, 9, 1.5, True, None])
def test_time_is_checked(t):
    with pytest.raises(InvalidArgument, match=r"t=.*0 … 8"):
        plot_policy(SOLVED[9], t=t)
    assert not plt.get_fignums()


def test_errors_name_what_is_allowed():
    with pytest.raises(UnknownName, match=r"style 'triangle'.*did you mean 'triangles'"):
        plot_policy(SOLVED[9], style="triangle")
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_policy(GRID)


def test_modes_say_their_certainty():
    drawing = plot_policy(SOLVED[9], style="mode")
    for state, text in drawing.of("certainty").items():
        p = float(SOLVED[9].policy.sel(t=0, s=state).values.max())
        assert int(text.get_text().split()[0]) == round(100 * (p - 0.25) / 0.75)


def test_bars_of_a_grid_are_as_high_as_their_probability():
    drawing = plot_policy(SOLVED[9], style="bars")
    heights = [np.ptp(path.vertices[:, 1]) for path in drawing.parts["bars",].get_paths()]
    drawn = [k for k in sorted(grid_of(GRID).cells) if k not in grid_of(GRID).ends]
    wanted = np.asarray(SOLVED[9].policy)[0, drawn].ravel()
    np.testing.assert_allclose(np.array(heights) / max(heights), wanted / wanted.max(), atol=1e-12)


@pytest.mark.parametrize("style", ["bars", "mode"])
def test_bars_of_a_table(style):
    available = np.array([[True, True], [True, False], [True, True]])
    moves = np.tile(np.eye(3)[:, None], (1, 2, 1))
    mdp = MDP(moves, [[0, 1], [0, 0], [2, 0]], states=["home", "shop", "bank"], available=available)
    solution = solve(mdp, 3)
    bars = plot_policy(solution, style=style).of("bar")
    for (state, action), bar in bars.items():
        row = solution.policy.sel(t=0, s=state)
        p = float(row.sel(a=action))
        n = int(available[mdp.states.index_of[state]].sum())
        wanted = p if style == "bars" else (p - 1 / n) / (1 - 1 / n) if n > 1 else 1.0
        assert bar.get_width() == pytest.approx(0.62 * wanted, abs=1e-12)
    assert len(bars) == (6 if style == "bars" else 3)
