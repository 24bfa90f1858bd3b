"""Gridworlds from text: moves, walls, slip, rewards, starts, and errors that name row and column."""

import numpy as np
import pytest

from control_pgm import gridworld, solve
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel
from tests.control.comparison import TIGHT, difference

MAP = """
    S..
    .#G
    ..H
"""
LEFT, DOWN, RIGHT, UP = range(4)


def moves(mdp, label, action):
    """Where an action leads from a cell: {label: probability}."""
    row = mdp.transition[mdp.states.index_of[label], action]
    return {mdp.states[k]: round(float(row[k]), 12) for k in np.flatnonzero(row)}


def pays(mdp, label, action, target):
    """r(s,a,s') by label."""
    at = mdp.states.index_of
    return float(mdp.rewards.values[0, at[label], action, at[target]])


def test_cells_are_labelled_by_row_and_column_without_the_walls():
    mdp = gridworld(MAP)
    assert mdp.states == ("(0,0)", "(0,1)", "(0,2)", "(1,0)", "(1,2)", "(2,0)", "(2,1)", "(2,2)")
    assert mdp.actions == ("left", "down", "right", "up")
    assert mdp.positions == {label: (int(label[1]), int(label[3])) for label in mdp.states}
    assert mdp.initial.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert mdp.rewards.axes == "sas"


def test_moves_are_certain_without_slip_and_stop_at_walls_and_borders():
    mdp = gridworld(MAP)
    assert [moves(mdp, "(0,0)", a) for a in range(4)] == [{"(0,0)": 1}, {"(1,0)": 1}, {"(0,1)": 1}, {"(0,0)": 1}]
    assert [moves(mdp, "(0,1)", a) for a in range(4)] == [{"(0,0)": 1}, {"(0,1)": 1}, {"(0,2)": 1}, {"(0,1)": 1}]
    assert moves(mdp, "(1,0)", RIGHT) == {"(1,0)": 1}
    assert moves(mdp, "(2,1)", RIGHT) == {"(2,2)": 1}
    assert moves(mdp, "(2,1)", UP) == {"(2,1)": 1}


def test_slip_goes_half_to_either_perpendicular_side():
    mdp = gridworld("...\n.S.\n...", slip=0.2)
    assert moves(mdp, "(1,1)", UP) == {"(0,1)": 0.8, "(1,0)": 0.1, "(1,2)": 0.1}
    assert moves(mdp, "(1,1)", DOWN) == {"(2,1)": 0.8, "(1,0)": 0.1, "(1,2)": 0.1}
    assert moves(mdp, "(1,1)", LEFT) == {"(1,0)": 0.8, "(0,1)": 0.1, "(2,1)": 0.1}
    assert moves(mdp, "(1,1)", RIGHT) == {"(1,2)": 0.8, "(0,1)": 0.1, "(2,1)": 0.1}
    assert moves(mdp, "(0,0)", LEFT) == {"(0,0)": 0.9, "(1,0)": 0.1}
    assert moves(mdp, "(0,0)", UP) == {"(0,0)": 0.9, "(0,1)": 0.1}


def test_all_slip_never_goes_straight():
    mdp = gridworld("...\n.S.\n...", slip=1.0)
    assert moves(mdp, "(1,1)", UP) == {"(1,0)": 0.5, "(1,2)": 0.5}


def test_goal_and_hole_absorb_and_pay_on_entering_only():
    mdp = gridworld(MAP)
    for cell in ("(1,2)", "(2,2)"):
        for a in range(4):
            assert moves(mdp, cell, a) == {cell: 1}
            assert pays(mdp, cell, a, cell) == 0
    assert pays(mdp, "(0,2)", DOWN, "(1,2)") == 1
    assert pays(mdp, "(2,1)", RIGHT, "(2,2)") == -1
    assert pays(mdp, "(0,0)", RIGHT, "(0,1)") == 0
    assert mdp.reward[mdp.states.index_of["(0,2)"]].tolist() == [0, 1, 0, 0]


def test_the_step_reward_is_paid_for_every_step_from_a_live_cell():
    mdp = gridworld(MAP, step_reward=-0.1)
    assert pays(mdp, "(0,2)", DOWN, "(1,2)") == pytest.approx(0.9, abs=TIGHT)
    assert pays(mdp, "(0,0)", LEFT, "(0,0)") == -0.1
    assert pays(mdp, "(0,0)", RIGHT, "(0,1)") == -0.1
    assert pays(mdp, "(1,2)", LEFT, "(1,2)") == 0


def test_rewards_go_by_letter_and_by_label_and_the_label_wins():
    mdp = gridworld("SG\nGH", rewards={"G": 5, "(1,0)": -2, "S": 0.5})
    assert pays(mdp, "(0,0)", RIGHT, "(0,1)") == 5
    assert pays(mdp, "(0,0)", DOWN, "(1,0)") == -2
    assert pays(gridworld("S.H"), "(0,1)", RIGHT, "(0,2)") == -1
    back = gridworld("S.", rewards={"S": 0.5, ".": -0.5})
    assert pays(back, "(0,1)", LEFT, "(0,0)") == 0.5
    assert pays(back, "(0,0)", RIGHT, "(0,1)") == -0.5
    assert pays(back, "(0,0)", LEFT, "(0,0)") == 0  # staying is not entering


def test_bumping_into_a_wall_is_not_entering_ones_own_cell():
    mdp = gridworld("S.", rewards={"(0,0)": 7}, slip=0.5)
    assert pays(mdp, "(0,0)", UP, "(0,0)") == 0
    assert pays(mdp, "(0,1)", LEFT, "(0,0)") == 7


def test_several_starts_share_the_first_state():
    assert gridworld("S.S\n.S.").initial.tolist() == [1 / 3, 0, 1 / 3, 0, 1 / 3, 0]


def test_indentation_and_blank_ends_do_not_matter():
    a, b = gridworld("S.\n.G"), gridworld("\n\n      S.   \n      .G\n   ")
    assert a.states == b.states
    assert difference(a.transition, b.transition) == 0


def test_floor_has_two_letters():
    assert difference(gridworld("SFG").transition, gridworld("S.G").transition) == 0


def test_the_most_likely_path_leads_around_the_wall_to_the_goal():
    mdp = gridworld(MAP, step_reward=-0.1)
    solution = solve(mdp, 4, temperature=0.02)
    assert solution.policy.sel(t=0, s="(0,0)", a="right") > 0.99
    assert solution.policy.sel(t=2, s="(0,2)", a="down") > 0.99
    assert solution.state_marginals.sel(t=3, s="(1,2)") > 0.98
    assert abs(solution.V.sel(t=0, s="(0,0)") - 0.7) < 0.15


def test_averaging_rewards_over_outcomes_would_change_the_policy():
    """Why rewards are kept on outcomes: beside a goal on a slippery floor both forms disagree."""
    mdp = gridworld("S.G\n..H", slip=0.4)
    flat = type(mdp)(mdp.transition, mdp.reward, initial=mdp.initial, reward_axes="sa")
    assert difference(solve(mdp, 3, temperature=0.2).policy, solve(flat, 3, temperature=0.2).policy) > 0.01


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("S.\n.x", {}, ["row 1, column 1", "'x'", "'G' goal", "'#' wall"]),
        ("S .\n...", {}, ["row 0, column 1", "' '"]),
        ("S..\n..", {}, ["row 1", "2 cells", "row 0 has 3"]),
        ("..\n.G", {}, ["no start", "S"]),
        ("", {}, ["empty", "'S' start"]),
        ("  \n \n", {}, ["empty"]),
        (3, {}, ["int", "text"]),
        ("S.", {"slip": 1.5}, ["slip 1.5", "0 to 1"]),
        ("S.", {"slip": -0.1}, ["slip -0.1", "0 to 1"]),
        ("S.", {"slip": "much"}, ["slip 'much'", "probability"]),
        ("S.", {"slip": np.nan}, ["slip nan"]),
        ("S.", {"rewards": {"X": 1}}, ["'X'", "'(0,0)'"]),
        ("S#", {"rewards": {"#": 1}}, ["'#'"]),
        ("S#", {"rewards": {"(0,1)": 1}}, ["'(0,1)'"]),
        ("S.", {"rewards": {".": np.nan}}, ["rewards['.']", "nan", "forbids"]),
        ("SG", {"rewards": {"G": np.inf}}, ["rewards['G']", "inf", "forbids"]),
        ("SG", {"rewards": {"G": "gold"}}, ["'G'", "'gold'"]),
        ("SG", {"rewards": {"(0,1)": "gold"}}, ["'(0,1)'", "'gold'"]),
        ("SG", {"step_reward": "low"}, ["step_reward", "'low'"]),
        ("SG", {"step_reward": np.nan}, ["nan"]),
    ],
)
def test_what_is_wrong_with_a_grid_is_named(text, options, words):
    with pytest.raises(ControlPGMError) as error:
        gridworld(text, **options)
    missing = [word for word in words if word not in str(error.value)]
    assert not missing, (missing, str(error.value))


def test_a_forbidden_cell_is_avoided_not_refused():
    mdp = gridworld("SHG\n...", rewards={"H": -np.inf})
    solution = solve(mdp, 4, temperature=0.1)
    assert solution.state_marginals.sel(s="(0,1)").values.tolist() == [0] * 5
    assert solution.policy.sel(t=0, s="(0,0)", a="right") == 0


def test_errors_have_the_classes_that_callers_expect():
    with pytest.raises(InvalidModel):
        gridworld("x")
    with pytest.raises(InvalidArgument):
        gridworld("S", slip=2)
