"""Every picture on a slide and in a column, in light and dark styles, with letters large and small: by geometry."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from control_pgm import (
    FactorGraph,
    crosscheck,
    crying_baby,
    forest,
    from_gymnasium,
    gridworld,
    save_picture,
    simulate,
    solve,
    solve_infinite,
    tiger,
    unroll,
    viz,
)
from control_pgm.viz.base.style import FLOOR, contrast

STRIP = gridworld("S..G\n.#.H", slip=0.1)
FOREST = forest(4)
NET = unroll(STRIP, 3, temperature=0.25)
TYPES = {name: solve(STRIP, 4, inference=name, temperature=0.25) for name in ("posterior", "variational")}
CHAIN = solve(FOREST, 5)
LAKE = solve(from_gymnasium("FrozenLake-v1"), 12, temperature=0.05)
REPORT = crosscheck(NET, against=("enumeration",))
TIGER = solve(tiger(), 3, inference="bellman")
BABY = solve_infinite(crying_baby(), inference="bellman")
ALPHAS = [0.02, 0.1, 0.5, 2.0]
DRAW = {
    "network": lambda ax: viz.plot_network(NET, asked=["a_0"], ax=ax),
    "long network": lambda ax: viz.plot_network(unroll(FOREST, 30), ax=ax),
    "factor graph": lambda ax: viz.plot_factor_graph(FactorGraph.from_model(NET, NET.optimal), ax=ax),
    "template": lambda ax: viz.plot_template(NET, ax=ax),
    "clusters": lambda ax: viz.plot_clusters(NET, ax=ax),
    "policy": lambda ax: viz.plot_policy(TYPES["posterior"], ax=ax),
    "policy of a chain": lambda ax: viz.plot_policy(CHAIN, ax=ax),
    "values": lambda ax: viz.plot_values(LAKE, ax=ax),
    "messages": lambda ax: viz.plot_messages(TYPES["posterior"], ax=ax),
    "messages of a chain": lambda ax: viz.plot_messages(CHAIN, ax=ax),
    "marginals": lambda ax: viz.plot_marginals(LAKE, ax=ax),
    "flow": lambda ax: viz.plot_flow(CHAIN, ax=ax),
    "maps of a flow": lambda ax: viz.plot_flow(TYPES["posterior"], ax=ax),
    "trajectories": lambda ax: viz.plot_trajectories(simulate(STRIP, TYPES["posterior"].policy, 20, seed=0), ax=ax),
    "trajectories of a chain": lambda ax: viz.plot_trajectories(simulate(FOREST, CHAIN.policy, 20, seed=0), ax=ax),
    "transitions": lambda ax: viz.plot_transitions(FOREST, ax=ax),
    "transitions on a grid": lambda ax: viz.plot_transitions(STRIP, ax=ax),
    "comparison": lambda ax: viz.plot_comparison(TYPES, ax=ax),
    "optimism": lambda ax: viz.plot_optimism(STRIP, 4, temperatures=ALPHAS, ax=ax),
    "temperature": lambda ax: viz.plot_temperature(STRIP, 4, temperatures=ALPHAS, ax=ax),
    "belief values": lambda ax: viz.plot_belief_values(TIGER, ax=ax),
    "bounds of belief values": lambda ax: viz.plot_belief_values(BABY, ax=ax),
    "cross-check": lambda ax: viz.plot_crosscheck(REPORT, ax=ax),
}
SIZES = {"slide": (12, 6.75), "column": (3.4, 2.6)}


def drawn(name, size, layout="constrained"):
    """The picture, laid out, and what is written on it."""
    figure, ax = plt.subplots(figsize=SIZES[size], layout=layout)
    drawing = DRAW[name](ax)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    words = [word for axes in figure.findobj(Axes) for word in _written(axes) if word.get_text().strip()]
    return drawing, [(word, word.get_window_extent(renderer)) for word in words if word.get_visible()]


def _written(axes):
    """The words of some axes, without the numbers of axes that are switched off."""
    words = [*axes.texts, axes.title, axes._left_title]
    for axis in (axes.xaxis, axes.yaxis) if axes.axison else ():
        words += [axis.label, *(label for tick in axis._update_ticks() for label in (tick.label1, tick.label2))]
    return words


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DRAW)
def test_words_can_be_read_and_stay_apart_on_dark_paper(name, size):
    with plt.style.context("dark_background"):
        drawing, words = drawn(name, size)
        page = drawing.figure.bbox.padded(2)
        assert words
        for word, box in words:
            assert word.get_fontsize() >= FLOOR - 1e-9, word.get_text()
            assert page.x0 <= box.x0, word.get_text()
            assert box.x1 <= page.x1, word.get_text()
            assert page.y0 <= box.y0, word.get_text()
            assert box.y1 <= page.y1, word.get_text()
        level = [(word, box.padded(-2)) for word, box in words if word.get_rotation() == 0]
        touching = [(a.get_text(), b.get_text()) for (a, one), (b, two) in combinations(level, 2) if one.overlaps(two)]
        assert not touching
        assert contrast(drawing.ax.title.get_color(), "black") >= 4.5
        papers = [part for key, part in drawing.parts.items() if key == ("paper",)]
        assert all(to_hex(part.get_facecolor()) == "#000000" for part in papers), "a white slab on a dark page"


@pytest.mark.parametrize("name", ["network", "template", "factor graph", "clusters", "trajectories", "transitions"])
def test_nothing_white_is_large_on_dark_paper(name, tmp_path):
    with plt.style.context("dark_background"):
        drawing, _ = drawn(name, "column")
        path = save_picture(drawing, tmp_path / "dark.png", dpi=50)
    pixels = plt.imread(path)[..., :3].mean(axis=2)
    assert (pixels > 0.9).mean() < 0.15
    assert pixels[0, 0] == 0, "saved on its own paper"


@pytest.mark.parametrize("name", DRAW)
def test_letters_follow_font_size(name):
    sizes = {}
    for font in (7.0, 10.0, 14.0):
        with plt.rc_context({"font.size": font}):
            drawing, words = drawn(name, "slide")
            sizes[font] = drawing.ax.title.get_fontsize(), np.mean([word.get_fontsize() for word, _ in words])
            assert min(word.get_fontsize() for word, _ in words) >= FLOOR - 1e-9
            plt.close("all")
    assert sizes[7.0][0] < sizes[10.0][0] < sizes[14.0][0]
    assert sizes[7.0][1] < sizes[14.0][1]


@pytest.mark.parametrize("name", ["clusters", "factor graph", "transitions", "comparison", "trajectories", "network"])
@pytest.mark.parametrize("size", SIZES)
def test_pictures_fill_their_axes(name, size):
    """In one direction at least, what is drawn reaches from rim to rim."""
    drawing, _ = drawn(name, size)
    renderer, page = drawing.figure.canvas.get_renderer(), drawing.figure.bbox
    skipped = ("paper", "title", "note")
    parts = [
        part for key, part in drawing.parts.items() if key[0] not in skipped and hasattr(part, "get_window_extent")
    ]
    boxes = [part.get_window_extent(renderer) for part in parts]
    wide = max(box.x1 for box in boxes) - min(box.x0 for box in boxes)
    high = max(box.y1 for box in boxes) - min(box.y0 for box in boxes)
    assert max(wide / page.width, high / page.height) > 0.65
    assert wide * high / (page.width * page.height) > 0.25


def test_numbers_without_room_are_missed_in_words():
    large = gridworld("\n".join(["S" + "." * 19] + ["." * 20] * 18 + ["." * 19 + "G"]))
    solution = solve(large, 5, temperature=0.1)
    for draw in (viz.plot_policy, viz.plot_values):
        _, ax = plt.subplots(figsize=SIZES["column"])
        drawing = draw(solution, ax=ax)
        assert not drawing.of("number")
        assert "numbers left out" in drawing.parts["note",].get_text()
