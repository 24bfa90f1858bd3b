"""Types of inference side by side: each panel shows its solution, all in the same colours."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, evaluate, gridworld, solve
from control_pgm.errors import InvalidArgument, NotAvailable, UnknownName
from control_pgm.viz import plot_comparison, plot_policy, plot_values

GRID = gridworld("S..\n.#H\n..G", slip=0.1)
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(MOVES, [[0, -1], [1, 0], [2, 0.5]], states=["home", "shop", "work"], actions=["stay", "go"], initial="home")


def solutions(mdp):
    found = {name: solve(mdp, 5, inference=name, temperature=0.3) for name in ("posterior", "variational", "map")}
    return found | {
        "bellman": solve(mdp, 5, inference="bellman"),
        "careful": solve(mdp, 5, inference="planning", risk=-2),
    }


def test_grids_share_one_norm_and_show_their_values():
    found = solutions(GRID)
    drawing = plot_comparison(found, what="values", t=1)
    boards = drawing.of("board")
    assert list(boards) == list(found)
    fills = {}
    for name, board in boards.items():
        values = {state: float(found[name].V.sel(t=1, s=state)) for state in GRID.states}
        for state, text in board.of("number").items():
            assert float(text.get_text().replace("−", "-")) == pytest.approx(values[state], abs=0.0051)
        for state, cell in board.of("cell").items():
            fills.setdefault(round(values[state], 9), set()).add(cell.get_facecolor())
    assert all(len(colours) == 1 for colours in fills.values()), "one value, one colour"
    assert len([key for key in drawing.parts if key[0] == "colour bar"]) == 1


@pytest.mark.parametrize("style", ["mode", "arrows"])
def test_policies_are_coloured_by_what_they_earn(style):
    """V is another quantity for every type of inference: on one scale the colours would compare unlike things."""
    found = solutions(GRID)
    drawing = plot_comparison(found, style=style, t=1)
    bar = drawing.parts["colour bar",]
    assert "expected reward of the policy" in bar.ax.get_ylabel()
    seen = []
    for name, board in drawing.of("board").items():
        policy = np.asarray(found[name].policy)
        earned = np.zeros(GRID.n_states)
        for t in (4, 3, 2, 1):
            earned = (policy[t] * (GRID.reward + GRID.transition @ earned)).sum(axis=1)
        for state, cell in board.of("cell").items():
            x = earned[GRID.states.index(state)]
            np.testing.assert_allclose(cell.get_facecolor(), bar.mappable.to_rgba(x), atol=1e-9)
            seen.append(x)
    assert (bar.vmin, bar.vmax) == pytest.approx((min(seen), max(seen)))
    best = {name: board.of("cell")["(0,0)"].get_facecolor() for name, board in drawing.of("board").items()}
    assert best["posterior"] != best["bellman"]


@pytest.mark.parametrize("mdp", [GRID, PLAIN], ids=["grid", "table"])
def test_earned_rewards_are_those_of_the_evaluation(mdp):
    found = solutions(mdp)
    drawing = plot_comparison(found, what="earned", t=0)
    for name, solution in found.items():
        wanted = evaluate(mdp, solution.policy).expected_reward  # from the only first state
        if mdp is GRID:
            text = drawing.of("board")[name].of("number")["(0,0)"].get_text()
            assert float(text.replace("−", "-")) == pytest.approx(wanted, abs=0.0051)
        else:
            assert drawing.of("heat map")[name].get_array()[0, 0] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("style", ["mode", "triangles", "arrows", "bars"])
def test_policies_of_every_style(style):
    drawing = plot_comparison(solutions(GRID), style=style)
    assert set(drawing.of("panel")) == set(solutions(GRID))
    assert (("colour bar",) in drawing.parts) == (style != "bars")


def test_open_loop_plans_have_a_policy_but_no_values():
    found = {"plan": solve(GRID, 4, inference="marginal-map"), "bellman": solve(GRID, 4, inference="bellman")}
    assert set(plot_comparison(found).of("panel")) == {"plan", "bellman"}
    with pytest.raises(NotAvailable, match="marginal-map"):
        plot_comparison(found, what="values")


@pytest.mark.parametrize("what", ["policy", "values"])
def test_tables_hold_the_numbers(what):
    found = solutions(PLAIN)
    drawing = plot_comparison(found, what=what, t=2)
    norms = set()
    for name, image in drawing.of("heat map").items():
        wanted = np.asarray(found[name].policy)[2] if what == "policy" else np.asarray(found[name].V)[2][:, None]
        np.testing.assert_allclose(np.ma.filled(image.get_array(), np.nan), wanted, atol=1e-12)
        norms.add((image.norm.vmin, image.norm.vmax))
    assert len(norms) == 1


def test_many_states_keep_those_that_differ():
    n = 60
    mdp = MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), np.linspace(0, 3, 2 * n).reshape(n, 2))
    drawing = plot_comparison({"cold": solve(mdp, 2, temperature=0.01), "hot": solve(mdp, 2, temperature=5.0)})
    assert "36 states in which they differ least left out" in drawing.parts["note",].get_text()


def test_errors_name_what_is_wrong():
    one = solve(GRID, 3)
    for wrong in ({}, {"a": one}, [one, one]):
        with pytest.raises(InvalidArgument, match="2 to 8"):
            plot_comparison(wrong)
    with pytest.raises(InvalidArgument, match="'b' is of another process than 'a'"):
        plot_comparison({"a": one, "b": solve(PLAIN, 3)})
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_comparison({"a": one, "b": GRID})
    with pytest.raises(UnknownName, match="did you mean 'policy'"):
        plot_comparison({"a": one, "b": one}, what="polic")
    with pytest.raises(InvalidArgument, match="0 … 2"):
        plot_comparison({"a": one, "b": one}, t=3)


def test_plans_without_values_are_compared_by_their_policies_alone():
    plan = solve(gridworld("S..G\n.#.H", slip=0.1), 4, inference="marginal-map")
    drawing = plot_comparison({"one": plan, "the same": plan})
    assert list(drawing.of("panel")) == ["one", "the same"]


@pytest.mark.parametrize("size", [(3.4, 2.6), (12, 6.75)])
def test_what_is_said_below_stands_on_no_panel(size):
    grid = gridworld("S..#.\n.#...\n.#.H.\n...H.\n.#..G", slip=0.1)
    three = {kind: solve(grid, 5, inference=kind, temperature=0.2) for kind in ("posterior", "variational", "map")}
    _, ax = plt.subplots(figsize=size, layout="constrained")
    drawing = plot_comparison(three, ax=ax)
    drawing.figure.canvas.draw()
    panels = [panel.get_window_extent() for panel in drawing.of("panel").values()]
    assert (("note",) in drawing.parts) == (size[0] < 6)
    if ("note",) in drawing.parts:
        note = drawing.parts["note",].get_window_extent()
        assert not any(note.overlaps(panel) for panel in panels)
    assert max(panel.y1 for panel in panels) <= drawing.figure.bbox.y1
    assert min(panel.y0 for panel in panels) >= 0


def test_tables_say_that_their_numbers_have_no_room():
    chain = MDP(np.broadcast_to(np.eye(24)[:, None], (24, 2, 24)), np.zeros((24, 2)))
    pair = {kind: solve(chain, 8, inference=kind) for kind in ("posterior", "variational")}
    for draw in (plot_comparison, plot_policy, plot_values):
        _, ax = plt.subplots(figsize=(3.4, 2.6), layout="constrained")
        drawing = draw(pair if draw is plot_comparison else pair["posterior"], ax=ax)
        assert not drawing.of("number")
        said = drawing.parts["note",].get_text() if draw is plot_comparison else drawing.ax.get_xlabel()
        assert "numbers left out: no room" in said
