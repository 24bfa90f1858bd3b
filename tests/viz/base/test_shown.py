"""Pictures of policies and values draw whatever has one: saved, stationary, files, arrays and data frames."""

import numpy as np
import pytest

from control_pgm import (
    MDP,
    forest,
    gridworld,
    load_solution,
    plot_comparison,
    plot_flow,
    plot_marginals,
    plot_messages,
    plot_policy,
    plot_transitions,
    plot_values,
    solve,
    solve_average,
    solve_infinite,
)
from control_pgm.errors import InvalidArgument, NotAvailable

GRID = gridworld("S.G\n.H.", slip=0.2)
FOUND = solve(GRID, 4, temperature=0.3)
HALF = GRID.varied(discount=0.5)
ENDLESS = solve_infinite(HALF, temperature=0.3, inference="variational")
WOOD = MDP(forest(discount=1.0).transition, forest(discount=1.0).reward, states=["young", "older", "old"])
AVERAGE = solve_average(WOOD, temperature=2.0)


def numbers(drawing):
    """What is written, by key."""
    return {key: text.get_text() for key, text in drawing.of("number").items()}


@pytest.fixture
def saved(tmp_path):
    path = FOUND.save(tmp_path / "found.npz")
    return {"saved": load_solution(path), "path": path, "name": str(path)}


@pytest.mark.parametrize("form", ["saved", "path", "name"])
def test_a_saved_solution_is_drawn_as_the_solution(saved, form):
    source = saved[form]
    for t in (0, 3):
        assert numbers(plot_policy(source, t=t)) == numbers(plot_policy(FOUND, t=t))
        assert numbers(plot_values(source, t=t)) == numbers(plot_values(FOUND, t=t))
        assert numbers(plot_values(source, t=t, quantity="Q")) == numbers(plot_values(FOUND, t=t, quantity="Q"))
    assert plot_policy(source).parts["title",].get_text() == plot_policy(FOUND).parts["title",].get_text()
    for one, other in zip(*(plot_marginals(x).of("heat map").values() for x in (source, FOUND)), strict=True):
        assert np.array_equal(one.get_array(), other.get_array())
    frames, expected = (plot_messages(x).of("frame") for x in (source, FOUND))
    assert frames.keys() == expected.keys()
    for key, frame in frames.items():
        assert np.ma.allequal(frame.get_array(), expected[key].get_array())
    plot_flow(source)


def test_saved_messages_of_another_type_are_refused_as_those_of_a_solution(tmp_path):
    saved = load_solution(solve(GRID, 3, inference="bellman").save(tmp_path / "b.json"))
    with pytest.raises(NotAvailable, match="log_backward"):
        plot_messages(saved)


def test_a_stationary_solution_is_drawn_at_every_step(tmp_path):
    steps = solve(HALF, 60, temperature=0.3, inference="variational")
    for source in (ENDLESS, load_solution(ENDLESS.save(tmp_path / "endless.json"))):
        assert numbers(plot_policy(source)) == numbers(plot_policy(steps))
        assert numbers(plot_values(source)) == numbers(plot_values(steps))
        assert numbers(plot_values(source, quantity="advantage")) == numbers(plot_values(steps, quantity="advantage"))
        assert "every step" in plot_policy(source).parts["title",].get_text()
        assert plot_values(source).parts["title",].get_text() == "$V(s)$"
        with pytest.raises(InvalidArgument, match=r"t=1; allowed: an integer, 0 … 0"):
            plot_policy(source, t=1)
        with pytest.raises(InvalidArgument, match=r"t=1"):
            plot_values(source, t=1)
    for style in ("arrows", "mode", "bars"):
        plot_policy(ENDLESS, style=style)


def test_a_stationary_solution_of_a_process_without_a_grid_is_a_table():
    assert numbers(plot_policy(AVERAGE)).keys() == {(s, a) for s in WOOD.states for a in WOOD.actions}
    assert len(numbers(plot_values(AVERAGE))) == 3
    assert len(plot_transitions(AVERAGE).of("node")) == 3


@pytest.mark.parametrize("plot", [plot_marginals, plot_flow, plot_messages])
def test_pictures_of_all_steps_need_a_last_one(plot):
    with pytest.raises(InvalidArgument, match=r"StationarySolution, which has no last step.*solve\(mdp, horizon"):
        plot(ENDLESS)
    with pytest.raises(InvalidArgument, match="draws no ndarray"):
        plot(np.asarray(FOUND.policy))


def test_a_policy_alone_is_drawn_with_its_process():
    for policy in (FOUND.policy, np.asarray(FOUND.policy), FOUND.policy.to_frame()):
        assert numbers(plot_policy(policy, mdp=GRID, t=2)) == numbers(plot_policy(FOUND, t=2))
    first = FOUND.policy.sel(t=0)
    assert numbers(plot_policy(first, mdp=GRID)) == numbers(plot_policy(FOUND))
    plot_policy(first, mdp=GRID, style="arrows")
    for wrong, words in (
        (lambda: plot_policy(FOUND.policy), r"draws no LabelledArray; allowed: a Solution.*mdp=…"),
        (lambda: plot_policy(FOUND, mdp=GRID), r"with a solution, which has its own"),
        (lambda: plot_policy(FOUND.policy, mdp="grid"), "mdp is a str"),
        (lambda: plot_values(FOUND.policy), "draws no LabelledArray"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            wrong()


def test_everything_that_has_a_policy_is_compared(saved):
    bellman = solve(GRID, 4, inference="bellman")
    found = {"posterior": FOUND, "bellman": bellman, "again": saved["saved"], "file": saved["path"]}
    drawing = plot_comparison(found | {"bare": np.asarray(FOUND.policy), "endless": ENDLESS}, mdp=GRID)
    assert list(drawing.of("panel")) == ["posterior", "bellman", "again", "file", "bare", "endless"]
    assert list(plot_comparison({"a": ENDLESS, "b": ENDLESS}, horizon=9).of("panel")) == ["a", "b"]
    plot_comparison({"a": ENDLESS, "b": ENDLESS}, what="values")
    with pytest.raises(InvalidArgument, match=r"without a horizon over which they earn; pass horizon=…"):
        plot_comparison({"a": ENDLESS, "b": ENDLESS})
    tables = plot_comparison({"average": AVERAGE, "four": solve(WOOD, 4)}, what="earned")
    assert list(tables.of("heat map")) == ["average", "four"]
