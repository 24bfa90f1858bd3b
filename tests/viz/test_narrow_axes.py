"""Pictures on axes as wide as a column of a paper: fewer slices, letters that can be read, words within their axes."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import MDP, forest, gambler, gridworld, simulate, solve, unroll, viz
from control_pgm.viz import (
    plot_comparison,
    plot_factor_graph,
    plot_network,
    plot_policy,
    plot_temperature,
    plot_trajectories,
    plot_transitions,
)
from control_pgm.viz.base.line_labels import most_labels
from control_pgm.viz.base.state_rows import left_out

GRID = gridworld("S..\n.#H\n..G", slip=0.1)
LONG_NAMES = MDP(
    np.random.default_rng(0).dirichlet(np.ones(4), size=(4, 3)),
    np.random.default_rng(1).normal(size=(4, 3)),
    states=["home", "shop", "work, far away", "gym"],
    actions=["stay", "go by bus", "walk"],
)


def column():
    return plt.subplots(figsize=(3.5, 2.6), layout="constrained")[1]


def slide():
    return plt.subplots(figsize=(10, 5.6))[1]


@pytest.mark.parametrize("horizon", [6, 9, 40])
@pytest.mark.parametrize("draw", [plot_network, plot_factor_graph], ids=["network", "factor graph"])
@pytest.mark.parametrize("mdp", [forest(4), GRID], ids=["forest", "grid"])
def test_narrow_axes_have_as_few_slices_as_readable_letters_need(draw, mdp, horizon):
    net = unroll(mdp, horizon)
    narrow, wide = draw(net, ax=column()), draw(net, ax=slide())
    assert 4 <= len(narrow.of("time")) <= len(wide.of("time"))
    for drawing, smallest in ((narrow, 3.9), (wide, 5.0)):
        assert min(label.get_fontsize() for label in drawing.of("label").values()) >= smallest
    assert len(draw(net, ax=column(), max_slices=8).of("time")) == len(draw(net).of("time"))


def test_every_picture_takes_axes_and_options_of_its_artists():
    functions = [getattr(viz, name) for name in viz.__all__ if name.startswith("plot_")]
    assert len(functions) == 16
    for function in functions:
        parameters = inspect.signature(function).parameters
        ax, options = parameters["ax"], list(parameters.values())[-1]
        assert ax.kind is ax.KEYWORD_ONLY, function.__name__
        assert ax.default is None, function.__name__
        assert options.kind is options.VAR_KEYWORD, function.__name__


@pytest.mark.parametrize("axes", [column, slide], ids=["column", "slide"])
@pytest.mark.parametrize("style", ["mode", "bars", "triangles"])
def test_words_of_tables_stay_inside(style, axes):
    drawing = plot_policy(solve(LONG_NAMES, 4, temperature=0.2), style=style, ax=axes())
    drawing.figure.canvas.draw()
    inside = drawing.ax.get_window_extent()
    for text in drawing.of("number").values():
        box = text.get_window_extent()
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1 + 1, text.get_text()


def test_wide_columns_keep_their_names_level():
    solution = solve(LONG_NAMES, 4, temperature=0.2)
    level = [label.get_rotation() for label in plot_policy(solution, ax=slide()).ax.get_xticklabels()]
    assert set(level) == {0.0}
    narrow = plot_policy(solution, ax=column())
    narrow.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in narrow.ax.get_xticklabels() if label.get_rotation() == 0]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("style", ["mode", "bars", "triangles"])
def test_tables_bring_their_own_paper(style, tmp_path):
    with plt.style.context("dark_background"):
        drawing = plot_policy(solve(LONG_NAMES, 4, temperature=0.2), style=style, ax=slide())
        drawing.figure.savefig(tmp_path / "table.png", transparent=True)
    image = plt.imread(tmp_path / "table.png")
    inside = drawing.ax.get_window_extent()
    height = image.shape[0]
    within = image[height - int(inside.y1) + 2 : height - int(inside.y0) - 2, int(inside.x0) + 2 : int(inside.x1) - 2]
    assert (within[..., 3] == 1).all(), "black letters would vanish on a dark page"


def test_names_of_actions_below_narrow_panels_do_not_touch():
    found = {
        name: solve(LONG_NAMES, 4, inference=name, temperature=0.2) for name in ("posterior", "variational", "map")
    }
    drawing = plot_comparison(found, ax=column())
    drawing.figure.canvas.draw()
    for panel in drawing.of("panel").values():
        boxes = [label.get_window_extent().padded(-0.5) for label in panel.get_xticklabels()]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_comparisons_tell_what_is_not_available_from_what_is_improbable():
    mdp = gambler(6)
    found = {name: solve(mdp, 4, inference=name, temperature=0.2) for name in ("posterior", "variational")}
    drawing = plot_comparison(found, ax=slide())
    texts = {key[1:]: text.get_text() for key, text in drawing.of("number").items() if key[0] == "posterior"}
    assert {place for place, text in texts.items() if text == "–"} == set(zip(*np.where(~mdp.available), strict=True))
    assert "not available" in drawing.parts["note",].get_text()


def test_many_bands_have_as_many_labels_as_fit():
    drawing = plot_temperature(gambler(12), 6, state=6, temperatures=[0.05, 0.5, 5.0], ax=column())
    drawing.figure.canvas.draw()
    for name in ("posterior", "variational"):
        panel = drawing.parts["panel", name].get_window_extent()
        labels = [text for (where, _), text in drawing.of("label").items() if where == name]
        assert 1 <= len(labels) < 7
        boxes = [text.get_window_extent().padded(-1) for text in labels]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
        assert all(panel.y0 - 4 <= (box.y0 + box.y1) / 2 <= panel.y1 + 4 for box in boxes)
    assert most_labels(1.0) == 1


@pytest.mark.parametrize("axes", [column, slide, lambda: None], ids=["column", "slide", "new"])
@pytest.mark.parametrize("mdp", [LONG_NAMES, forest(6)], ids=["long names", "forest"])
def test_labels_of_edges_lie_on_the_paper_and_off_other_edges(mdp, axes):
    drawing = plot_transitions(mdp, ax=axes())
    drawing.figure.canvas.draw()
    paper, note = drawing.figure.bbox, drawing.parts["note",].get_window_extent()
    for pair, text in drawing.of("edge label").items():
        box = text.get_window_extent()
        assert paper.x0 <= box.x0
        assert box.x1 <= paper.x1
        assert not box.padded(-1).overlaps(note)
        for other, arrow in drawing.of("edge").items():
            if other != pair:
                line = drawing.ax.transData.transform(arrow.get_path().interpolated(8).vertices)
                assert not any(box.padded(-2).contains(x, y) for x, y in line), (pair, other)


def test_long_trajectories_show_some_times():
    mdp = forest(4)
    policy = solve(mdp, 1000, inference="bellman").policy
    drawing = plot_trajectories(simulate(mdp, policy, 5, seed=0))
    times = {float(x) for line in drawing.parts["steps",].get_segments() for x in line[:, 0]}
    assert max(times) == 1000
    assert len(times) <= 61
    assert "one time in 17" in drawing.ax.get_xlabel()


@pytest.mark.parametrize(
    ("mass", "said"), [(0.9996, "≤ 100 %"), (0.78, "≤ 78 %"), (0.018, "≤ 1.8 %"), (1e-5, "< 0.1 %")]
)
def test_shares_left_out_are_plain_percentages(mass, said):
    assert said in left_out([0], np.array([[1 - mass, mass]]))
