"""Mass that ends a process lies at the state that it entered, and can be asked for there."""

import numpy as np
import pytest

from control_pgm import (
    MDP,
    evaluate,
    from_gymnasium,
    gridworld,
    load,
    optimism_report,
    plot_flow,
    plot_marginals,
    plot_optimism,
    save,
    solve,
)
from control_pgm.control.analysis.hitting import belief_and_reality, believed_endings
from control_pgm.control.mdp.grid import ends_of, grid_of
from control_pgm.errors import InvalidArgument, InvalidModel

LAKE = from_gymnasium("FrozenLake-v1")
DRAWN = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})  # holes and goal are states that absorb
CELLS = ["(1,1)", "(1,3)", "(2,3)", "(3,0)", "(3,3)"]


@pytest.mark.parametrize("event", [["(3,3)"], CELLS[:4], ["(3,3)", "(1,0)"], ["terminal"]], ids=str)
def test_optimism_about_an_entered_cell_is_not_zero(event):
    asked = CELLS if event == ["terminal"] else event
    found = optimism_report(LAKE, 15, temperature=0.05, event=event)
    right = optimism_report(DRAWN, 15, temperature=0.05, event=asked)
    for name in ("believed", "gets", "variational", "optimal"):
        assert getattr(found, name).chance == pytest.approx(getattr(right, name).chance, abs=1e-12)
    assert found.gets.chance > 0


@pytest.mark.parametrize("discount", [1.0, 0.9])
@pytest.mark.parametrize("kind", ["posterior", "variational", "bellman", "planning"])
def test_ended_mass_lies_at_the_cell_entered(kind, discount):
    lake = LAKE.varied(discount=discount)
    drawn = MDP(DRAWN.transition, DRAWN.rewards, states=DRAWN.states, actions=DRAWN.actions, initial="(0,0)",
                discount=discount)  # fmt: skip
    options = {"bellman": {}, "planning": {"risk": 0.2}}.get(kind, {"temperature": 0.1})
    one, other = (solve(mdp, 12, inference=kind, **options) for mdp in (lake, drawn))
    belief, reality = belief_and_reality(one)
    right_belief, right = belief_and_reality(other)
    before = evaluate(lake, one.policy).state_marginals.values
    np.testing.assert_allclose(reality.sum(axis=1), before.sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(reality[:, :16], right, atol=1e-12)
    ended = 1.0 - right.sum(axis=1)  # by discount, which enters no cell
    np.testing.assert_allclose(reality[:, 16], ended, atol=1e-12)
    if discount == 1:
        np.testing.assert_allclose(belief[:, :16], right_belief, atol=1e-12)
    else:  # in the drawing what was entered is left again by discount
        other_cells = ~np.isin(DRAWN.states, CELLS)
        np.testing.assert_allclose(belief[:, :16][:, other_cells], right_belief[:, other_cells], atol=1e-12)
        np.testing.assert_allclose(belief.sum(axis=1), 1, atol=1e-12)
        assert (belief[-1, :16][~other_cells] > 0).all()


def test_endings_are_parts_of_the_posterior_of_the_network():
    solution = solve(LAKE, 6, temperature=0.3)
    mass = believed_endings(solution)
    for t in range(6):
        right = solution.posterior.marginal(f"s_{t}", f"a_{t}", f"s_{t + 1}").array()[:16, :, 16]
        mine = np.zeros((17, 4))
        np.add.at(mine, (LAKE.endings.state, LAKE.endings.action), mass[t])
        np.testing.assert_allclose(mine[:16], right, atol=1e-12)


@pytest.mark.parametrize(("name", "goals"), [("FrozenLake-v1", {"(3,3)"}), ("FrozenLake8x8-v1", {"(7,7)"}),
                                             ("CliffWalking-v1", {"(3,11)"})])  # fmt: skip
def test_goals_and_holes_of_an_environment_are_told_apart(name, goals):
    mdp = from_gymnasium(name)
    grid = grid_of(mdp)
    assert {mdp.states[k] for k, end in grid.ends.items() if end == "goal"} == goals
    others = {end for k, end in grid.ends.items() if mdp.states[k] not in goals}
    assert others <= {"hole"}
    assert len(grid.ends) == {"FrozenLake-v1": 5, "FrozenLake8x8-v1": 11, "CliffWalking-v1": 1}[name]


def test_pictures_show_the_mass_that_ended():
    solution = solve(LAKE, 20, temperature=0.05)
    images = plot_marginals(solution).of("heat map")
    assert images["belief"].get_array()[LAKE.states.index("(3,3)"), 20] > 0.9
    frames = plot_flow(solution, style="maps").of("frame")
    assert frames["belief", 20].get_array()[3, 3] > 0.9
    assert frames["reality", 20].get_array()[1, 1] > 0.3
    lines = plot_optimism(LAKE, 12, temperatures=[0.05, 1.0], event=["(3,3)"]).of("line")
    assert lines["believes"].get_ydata()[-1] > 0.9


def test_an_event_that_nothing_enters_is_refused():
    """Zero everywhere would be read as an answer."""
    bare = MDP(LAKE.transition, LAKE.rewards, states=LAKE.states, actions=LAKE.actions, initial="(0,0)")
    for ask in (optimism_report, plot_optimism):
        with pytest.raises(InvalidArgument, match=r"'\(3,3\)'.*terminal"):
            ask(bare, 4, event=["(3,3)"])
    assert optimism_report(bare, 20, event=["terminal"]).gets.chance > 0.5


def test_endings_are_saved_copied_and_follow_new_rewards(tmp_path):
    for name in ("lake.json", "lake.npz"):
        save(LAKE, tmp_path / name)
        back = load(tmp_path / name)
        for field in ("state", "action", "entered", "probability", "reward"):
            np.testing.assert_array_equal(getattr(back.endings, field), getattr(LAKE.endings, field))
    assert LAKE.varied(discount=0.5).endings is LAKE.endings
    costly = LAKE.varied(reward=np.full((17, 4), -1.0), reward_axes="sa")
    assert set(costly.endings.reward) == {-1.0}
    assert {end for k, end in ends_of(costly, 0).items() if k < 16} == {"goal"}


def test_endings_are_checked():
    with pytest.raises(InvalidModel, match=r"s='\(0,0\)', a='left'.*at most"):
        MDP(LAKE.transition, LAKE.rewards, states=LAKE.states, actions=LAKE.actions,
            endings=[("(0,0)", "left", 0.5, "(1,1)", 0.0)])  # fmt: skip
    with pytest.raises(InvalidModel, match="terminal"):
        MDP(DRAWN.transition, DRAWN.rewards, states=DRAWN.states, endings=[("(0,0)", 0, 0.5, "(1,1)", 0.0)])
