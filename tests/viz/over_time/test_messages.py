"""The filmstrip: its colours are the messages, −∞ is marked, frames are chosen evenly, words can be read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, gridworld, plot_messages, solve, unroll
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.viz.base.style import contrast
from control_pgm.viz.over_time.filmstrip_layout import choose
from tests.viz.overlap import overlapping

GRID = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
SOLVED = solve(GRID, 9, temperature=1 / 6)
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(
    MOVES, [[0, -1], [1, 0], [2, 0.5]], states=["home", "shop", "$work$"], actions=["stay", "go"], initial="home"
)


def test_frames_show_log_probabilities():
    """The numbers of the arrays and of the explorer, by a recursion of its own; never a log-probability above 0."""
    drawing, n = plot_messages(SOLVED), GRID.n_states
    optimality = np.exp((GRID.rewards.values[0] - SOLVED.reward_shift[0]) * 6)
    assert optimality.max() <= 1
    step = (GRID.transition * optimality).mean(axis=1)  # uniform prior
    beta, alpha = [np.ones(n)], [GRID.initial]
    for _ in range(9):
        beta.insert(0, step @ beta[0])
        alpha.append(alpha[-1] @ step)
    frames = drawing.of("frame")
    assert set(frames) == {(row, t) for row in ("backward", "forward", "posterior") for t in range(10)}
    for t in range(10):
        posterior = alpha[t] * beta[t] / (alpha[t] @ beta[t])
        for row, values in (("backward", beta[t]), ("forward", alpha[t]), ("posterior", posterior)):
            mesh = np.ma.asarray(frames[row, t].get_array())
            for k, (r, c) in enumerate(GRID.positions.values()):
                if values[k] == 0 and row != "posterior":
                    assert mesh.mask[r, c]
                    assert drawing.parts["minus infinity", row, t, GRID.states[k]].get_hatch()
                else:
                    wanted = values[k] if row == "posterior" else np.log(values[k])
                    assert mesh[r, c] == pytest.approx(wanted, abs=1e-9)
                    assert row == "posterior" or mesh[r, c] <= 1e-12
    marked = [key for key in drawing.parts if key[0] == "minus infinity"]
    assert len(marked) == sum(int((a == 0).sum()) for a in alpha)


@pytest.mark.parametrize("row", ["backward", "forward"])
def test_one_scale_per_row_clipped_at_the_second_percentile(row):
    """Colours stand for the distance from the largest of the frame, which is written below it."""
    drawing = plot_messages(SOLVED)
    values = np.asarray(SOLVED.log_backward if row == "backward" else SOLVED.log_forward)
    tops = values.max(axis=1)
    below = (values - tops[:, None])[np.isfinite(values)]
    for t in range(10):
        norm = drawing.of("frame")[row, t].norm
        assert norm.vmax == pytest.approx(tops[t], abs=1e-9)
        assert norm.vmax - norm.vmin == pytest.approx(-np.percentile(below, 2), abs=1e-9)
        written = drawing.of("largest")[row, t].get_text().removeprefix("max ").replace("−", "-")
        assert float(written) == pytest.approx(tops[t], abs=0.5)
    bar = drawing.of("colour bar")[row]
    assert (bar.vmin, bar.vmax) == (pytest.approx(np.percentile(below, 2)), 0.0)
    assert drawing.of("frame")["posterior", 3].norm.gamma == 0.5
    assert set(drawing.of("colour bar")) == {"backward", "forward", "posterior"}


def test_arrows_point_as_the_messages_go():
    drawing = plot_messages(SOLVED)
    for (row, _), arrow in drawing.of("arrow").items():
        (tail, _), (head, _) = arrow._posA_posB
        assert (head < tail) == (row == "backward")
    assert {row for row, _ in drawing.of("arrow")} == {"backward", "forward"}
    assert all(arrow.get_linestyle() in ("-", "solid") for arrow in drawing.of("arrow").values())


def test_long_horizons_show_ten_times_and_dash_what_is_between():
    drawing = plot_messages(solve(GRID, 40, temperature=0.2))
    times = sorted(drawing.of("time"))
    assert (len(times), times[0], times[-1]) == (10, 0, 40)
    assert max(np.diff(times)) - min(np.diff(times)) <= 1
    assert drawing.parts["arrow", "forward", 0].get_linestyle() not in ("-", "solid")
    assert "dashed: steps left out" in drawing.parts["note",].get_text()
    assert choose(3, 10) == [0, 1, 2, 3]


def test_times_can_be_chosen():
    assert sorted(plot_messages(SOLVED, times=(9, 0, 4)).of("time")) == [0, 4, 9]
    for wrong in ([10], [-1], [0.5], [], 3, "0"):
        with pytest.raises(InvalidArgument, match="0 … 9"):
            plot_messages(SOLVED, times=wrong)
    assert len(plt.get_fignums()) == 1


def test_marks_and_walls_of_a_grid():
    drawing = plot_messages(SOLVED, times=[0, 9])
    marks = {state: text.get_text() for (_, t, state), text in drawing.of("mark").items() if t == 0}
    assert marks == {"(0,0)": "S", "(2,3)": "H", "(3,3)": "H", "(4,4)": "G"}
    assert len(drawing.of("wall")) == 3 * 2 * 4


def test_other_processes_are_strips_with_numbers():
    solution = solve(PLAIN, 6, temperature=0.5)
    drawing = plot_messages(solution)
    for (row, t, state), text in drawing.of("number").items():
        x = float(text.get_text().replace("−", "-").replace("∞", "inf"))
        if row == "posterior":
            assert x == pytest.approx(solution.state_marginals.sel(t=t, s=state), abs=0.0051)
        elif row == "backward":
            assert x == pytest.approx(solution.log_backward.sel(t=t, s=state), abs=0.051)
        else:
            assert x == pytest.approx(solution.log_forward.sel(t=t, s=state), abs=0.051)
    assert drawing.parts["number", "forward", 0, "shop"].get_text() == "−∞"
    names = [text for (row, _), text in drawing.of("state").items() if row == "forward"]
    assert [name.get_text() for name in names] == ["home ▸ start", "shop", r"\$work\$"]
    assert not overlapping(drawing, [*names, *drawing.of("heading").values(), *drawing.of("time").values()])


def test_many_states_are_left_out_and_counted():
    n = 60
    mdp = MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), np.linspace(0, 5, 2 * n).reshape(n, 2))
    drawing = plot_messages(solve(mdp, 3))
    assert "others: the 47 least probable states" in drawing.parts["note",].get_text()
    assert len({state for _, state in drawing.of("state")}) == 14


@pytest.mark.parametrize(("size", "face"), [((12, 6), "white"), ((3.4, 4), "white"), ((3.4, 4), "#101010")])
@pytest.mark.parametrize("solution", [SOLVED, solve(PLAIN, 6)], ids=["grid", "plain"])
def test_given_axes_are_filled_and_words_read(solution, size, face):
    figure, ax = plt.subplots(figsize=size, facecolor=face)
    drawing = plot_messages(solution, ax=ax)
    assert drawing.figure is figure
    words = [*drawing.of("heading").values(), *drawing.of("time").values(), *drawing.of("note").values(), ax.title]
    assert all(contrast(word.get_color(), face) >= 4.5 for word in words)
    assert not overlapping(drawing, words)
    inside = figure.bbox.padded(1)
    assert all(inside.contains(*corner) for word in words for corner in word.get_window_extent().corners()), (
        "words run off the paper"
    )
    assert len(drawing.of("time")) >= 2


def test_changed_networks_and_discount_are_drawn():
    mdp = MDP(MOVES, np.asarray(PLAIN.reward), discount=0.9, reward_axes="sa")
    drawing = plot_messages(solve(unroll(mdp, 4)), title="Waypoint")
    assert drawing.ax.get_title() == "Waypoint"


def test_errors_name_what_is_wrong():
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_messages(GRID)
    with pytest.raises(NotAvailable, match="variational"):
        plot_messages(solve(GRID, 3, inference="variational"))
    with pytest.raises(InvalidArgument, match="matplotlib axes"):
        plot_messages(SOLVED, ax=3)
    assert not plt.get_fignums()


@pytest.mark.parametrize("solution", [SOLVED, solve(PLAIN, 6, temperature=0.5)], ids=["grid", "plain"])
def test_bars_are_shares_of_the_largest_message(solution):
    drawing = plot_messages(solution, style="bars")
    assert drawing.of("frame") == {}
    for row, logs in (("backward", solution.log_backward), ("forward", solution.log_forward)):
        bars = {(t, s): bar.get_width() for (r, t, s), bar in drawing.of("bar").items() if r == row and s != "others"}
        states = {s for _, s in bars}
        for t in {t for t, _ in bars}:
            values = {s: float(logs.sel(t=t, s=s)) for s in states}
            peak, longest = max(values.values()), max(bars[t, s] for s in states)
            for s in states:
                assert bars[t, s] / longest == pytest.approx(np.exp(values[s] - peak), abs=1e-12)


def test_bars_keep_clear_of_each_other_where_room_is_scarce():
    _, ax = plt.subplots(figsize=(3.5, 3.2))
    drawing = plot_messages(SOLVED, style="bars", ax=ax)
    names = [text for (row, _), text in drawing.of("state").items() if row == "forward"]
    assert not overlapping(drawing, [*names, *drawing.of("heading").values()])
    assert "others: the 20 least probable states" in drawing.parts["note",].get_text().replace("\n", " ")
