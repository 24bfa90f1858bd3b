"""State flow: belief solid, reality dashed, both right."""

import numpy as np
import pytest

from control_pgm import MDP, evaluate, gridworld, solve
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.viz import plot_flow
from tests.viz.overlap import overlapping

LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SOLVED = solve(LAKE, 12, temperature=0.05)
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(MOVES, [[0, -1], [1, 0], [2, 0.5]], states=["home", "shop", "work"], actions=["stay", "go"], initial="home")


def test_maps_show_belief_and_reality():
    drawing = plot_flow(SOLVED)
    truth = np.asarray(evaluate(LAKE, SOLVED.policy).state_marginals)
    belief = np.asarray(SOLVED.state_marginals)
    assert np.abs(truth - belief).max() > 0.3, "the example tells them apart"
    for (what, t), mesh in drawing.of("frame").items():
        wanted = (belief if what == "belief" else truth)[t]
        np.testing.assert_allclose(np.asarray(mesh.get_array()).ravel(), wanted, atol=1e-12)
    for (what, _), outline in drawing.of("outline").items():
        assert (outline.get_linestyle() in ("-", "solid")) == (what == "belief")
    assert set(drawing.of("heading")) == {"belief", "reality"}


@pytest.mark.parametrize("solution", [solve(PLAIN, 6, temperature=0.5), SOLVED], ids=["plain", "grid"])
def test_lines_show_belief_and_reality(solution):
    drawing = plot_flow(solution, style="lines")
    mdp = solution.network.mdp
    truth = evaluate(mdp, solution.policy).state_marginals
    markers = {}
    for (what, state), line in drawing.of("line").items():
        wanted = (solution.state_marginals if what == "belief" else truth).sel(s=state)
        np.testing.assert_allclose(line.get_ydata(), np.asarray(wanted), atol=1e-12)
        assert (line.get_linestyle() in ("-", "solid")) == (what == "belief")
        markers.setdefault(state, set()).add(line.get_marker())
    assert all(len(found) == 1 for found in markers.values())
    assert len({*map(tuple, markers.values())}) == len(markers), "states are told apart by marks too"
    assert not overlapping(drawing, drawing.of("label").values())


def test_states_and_times_can_be_chosen():
    drawing = plot_flow(SOLVED, style="lines", states=["(0,0)", "(3,3)"])
    assert {state for _, state in drawing.of("line")} == {"(0,0)", "(3,3)"}
    assert sorted({t for _, t in plot_flow(SOLVED, times=[0, 5]).of("frame")}) == [0, 5]


def test_belief_is_reality_where_the_dynamics_are_kept():
    lines = plot_flow(solve(PLAIN, 5, inference="variational"), style="lines").of("line")
    for state in PLAIN.states:
        np.testing.assert_allclose(lines["belief", state].get_ydata(), lines["reality", state].get_ydata(), atol=1e-12)


def test_errors_name_what_is_wrong():
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_flow(LAKE)
    with pytest.raises(UnknownName, match=r"style 'map'.*did you mean 'maps'"):
        plot_flow(SOLVED, style="map")
    with pytest.raises(InvalidArgument, match="style='lines'"):
        plot_flow(SOLVED, states=["(0,0)"])
    with pytest.raises(InvalidArgument, match="style='maps'"):
        plot_flow(SOLVED, style="lines", times=[0])
    with pytest.raises(InvalidArgument, match="1 … 6"):
        plot_flow(SOLVED, style="lines", states=LAKE.states)
    with pytest.raises(UnknownName, match="state"):
        plot_flow(SOLVED, style="lines", states=["nowhere"])
