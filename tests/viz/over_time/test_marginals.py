"""Belief beside reality: both right, one norm, labelled rows, nothing left out in silence."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, gridworld, plot_marginals, plot_messages, solve
from control_pgm.errors import InvalidArgument, UndefinedConditional
from control_pgm.viz.base.style import contrast
from tests.viz.overlap import overlapping

LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SOLVED = solve(LAKE, 20, temperature=0.05)
DRAWS = np.random.default_rng(7)
SPREAD = MDP(DRAWS.dirichlet(np.ones(40), (40, 2)), DRAWS.normal(size=(40, 2)))  # mass everywhere


def test_belief_and_reality_by_independent_computation():
    maps = plot_marginals(SOLVED).of("heat map")
    step = (LAKE.transition * np.exp(LAKE.rewards.values[0] / 0.05)).mean(axis=1)
    beta, alpha = [np.ones(16)], [LAKE.initial]
    for _ in range(20):
        beta.insert(0, step @ beta[0])
        alpha.append(alpha[-1] @ step)
    belief = np.array(alpha) * np.array(beta)
    belief /= belief.sum(axis=1, keepdims=True)
    reality = [LAKE.initial]
    for t in range(20):
        reality.append(np.einsum("s,sa,sax->x", reality[-1], np.asarray(SOLVED.policy)[t], LAKE.transition))
    np.testing.assert_allclose(maps["belief"].get_array(), belief.T, atol=1e-12)
    np.testing.assert_allclose(maps["reality"].get_array(), np.array(reality).T, atol=1e-12)
    assert maps["belief"].get_array()[15, -1] > 0.95 > 0.1 > maps["reality"].get_array()[15, -1]


def test_one_norm_one_bar_and_marked_rows():
    drawing = plot_marginals(SOLVED)
    maps, panels = drawing.of("heat map"), drawing.of("panel")
    assert maps["belief"].norm is maps["reality"].norm
    assert maps["belief"].norm.gamma == 0.5
    assert len([key for key in drawing.parts if key[0] == "colour bar"]) == 1
    names = [tick.get_text() for tick in panels["belief"].get_yticklabels()]
    assert (names[0], names[5], names[15]) == ("(0,0) ▸ start", "(1,1) × hole", "(3,3) ★ goal")
    assert "belief" in panels["belief"].get_title()
    assert "reality" in panels["reality"].get_title()


def test_belief_is_reality_where_the_dynamics_are_kept():
    maps = plot_marginals(solve(LAKE, 5, inference="variational")).of("heat map")
    np.testing.assert_allclose(maps["belief"].get_array(), maps["reality"].get_array(), atol=1e-12)


def test_many_states_keep_the_most_probable_and_count_the_rest():
    n = 80
    reward = np.zeros((n, 2))
    reward[50] = 8.0
    solution = solve(MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), reward, states=[f"s{k}" for k in range(n)]), 2)
    drawing = plot_marginals(solution)
    names = [tick.get_text() for tick in drawing.of("panel")["belief"].get_yticklabels()]
    assert len(names) == 30
    assert any(name.startswith("s50") for name in names)
    assert "others: the 51 least probable states" in drawing.parts["left out",].get_text()


@pytest.mark.parametrize(("size", "face"), [((12, 6), "white"), ((3.4, 3), "white"), ((3.4, 3), "#101010")])
def test_words_read_and_do_not_overlap(size, face):
    figure, ax = plt.subplots(figsize=size, facecolor=face)
    drawing = plot_marginals(SOLVED, ax=ax)
    panels = drawing.of("panel")
    words = [ax.title, *(panel.title for panel in panels.values()), *drawing.of("left out").values()]
    words += panels["belief"].get_yticklabels()
    assert all(contrast(word.get_color(), face) >= 4.5 for word in words)
    assert not overlapping(drawing, words)
    assert drawing.figure is figure


def test_errors():
    with pytest.raises(InvalidArgument, match="Solution, made by solve"):
        plot_marginals(LAKE)
    moves = [[[0, 0.5, 0.5]] * 2, [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    doomed = MDP(moves, [[0, 0], [0, 0], [-np.inf, -np.inf]], states=["a", "fine", "doom"], initial="a")
    with pytest.raises(UndefinedConditional, match="doom"):
        plot_marginals(solve(doomed, 3))
    assert not plt.get_fignums()


@pytest.mark.parametrize("height", [1.6, 2.6])
def test_states_without_a_row_share_one(height):
    """The columns of a picture hold the whole mass, however many states have a row."""

    solution = solve(SPREAD, 12, temperature=0.2)
    _, ax = plt.subplots(figsize=(3.4, height))
    drawing = plot_marginals(solution, ax=ax)
    names = [label.get_text() for label in drawing.of("panel")["belief"].get_yticklabels()]
    assert names[-1] == f"others ({40 - len(names) + 1})"
    for image in drawing.of("heat map").values():
        body = image.get_array()
        assert body.shape == (len(names), 13)
        np.testing.assert_allclose(body.sum(axis=0), 1, atol=1e-12)
        assert body[-1].max() > 0.01


@pytest.mark.parametrize("style", ["colours", "bars"])
def test_messages_of_states_without_a_row_are_added(style):
    solution = solve(SPREAD, 6, temperature=0.5)
    drawing = plot_messages(solution, style=style)
    own = [state for row, state in drawing.of("state") if row == "posterior" and state != "others"]
    rest = [k for k, state in enumerate(SPREAD.states) if state not in own]
    assert len(rest) > 20
    written = {key: text.get_text().replace("−", "-") for key, text in drawing.of("number").items()}
    for t in range(7):
        shown = float(written["posterior", t, "others"])
        assert shown == pytest.approx(float(solution.state_marginals[t, rest].sum()), abs=0.0051)
        forward = np.logaddexp.reduce(np.asarray(solution.log_forward)[t, rest])
        assert float(written["forward", t, "others"]) == pytest.approx(forward, abs=0.051)
        assert ("backward", t, "others") not in written
