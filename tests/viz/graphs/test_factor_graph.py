"""Pictures of factor graphs: squares, labels, loops."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz import plot_factor_graph
from control_pgm.viz.graphs.factor_labels import factor_labels

GRID = gridworld("S.\nHG", slip=0.1)
PLAIN = MDP(GRID.transition, GRID.reward)
LOOP = "#D55E00"


def colours(drawing):
    return {edge: to_hex(artist.get_edgecolor()).upper() for edge, artist in drawing.of("edge").items()}


@pytest.mark.parametrize("mdp", [PLAIN, GRID], ids=["sa", "sas"])
def test_evidence_is_sliced_away_and_loops_are_set_off(mdp):
    net = unroll(mdp, 3)
    graph = FactorGraph.from_model(net, net.optimal)
    drawing = plot_factor_graph(net)
    assert set(drawing.of("node")) == set(graph.variables)
    assert not any(name.startswith("O") for name in drawing.of("node"))
    assert len(drawing.of("factor")) == len(graph.factors)
    orange = {edge for edge, colour in colours(drawing).items() if colour == LOOP}
    assert orange == {(name, ("factor", k)) for name, k in graph.loops}
    assert orange
    edges = drawing.of("edge")
    thin = min(edges[e].get_linewidth() for e in orange)
    assert thin > max(a.get_linewidth() for e, a in edges.items() if e not in orange), "not by colour alone"


@pytest.mark.parametrize("mdp", [PLAIN, GRID], ids=["sa", "sas"])
def test_absorbed_is_a_tree(mdp):
    drawing = plot_factor_graph(unroll(mdp, 3), absorbed=True)
    assert len(drawing.of("factor")) == 3
    assert LOOP not in colours(drawing).values()
    assert "tree" in drawing.ax.get_title()
    text = drawing.of("factor label")[1].get_text()
    assert all(part in text for part in ("p(a)", "p(s'|s,a)", r"\exp(r/\alpha)"))


def test_labels_come_from_the_scope():
    net = unroll(PLAIN, 2)
    assert factor_labels(net, net.optimal) == [
        "p(s_{0})", "p(a)", r"\exp(r/\alpha)", "p(s'|s,a)", "p(a)", r"\exp(r/\alpha)", "p(s'|s,a)",
    ]  # fmt: skip
    prior = np.array([[0.1, 0.2, 0.3, 0.4], *[[0.25] * 4] * 3])
    assert "p(a|s)" in factor_labels(unroll(PLAIN, 2, action_prior=prior), {})
    x, y = Variable("x", 2), Variable("rain", 2)
    assert factor_labels(FactorGraph([Factor([x, y], np.ones((2, 2)))]), {}) == [r"\phi(x,\mathrm{rain})"]


def test_labels_keep_clear_of_each_other_and_of_nodes():
    drawing = plot_factor_graph(unroll(GRID, 4))
    drawing.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in drawing.of("factor label").values()]
    nodes = [n.get_window_extent() for n in [*drawing.of("node").values(), *drawing.of("factor").values()]]
    view = drawing.figure.bbox
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert not any(box.overlaps(node) for node in nodes)
        assert view.x0 <= box.x0 <= box.x1 <= view.x1


def test_long_graphs_are_elided():
    drawing = plot_factor_graph(unroll(PLAIN, 1000))
    assert drawing.of("left out")[0].get_text() == "993 slices\nleft out"
    assert len(drawing.of("factor")) == 7 * 3 + 1


def test_any_model_can_be_drawn():
    x, y, z = (Variable(n, 2) for n in "xyz")
    coin = np.full((2, 2), 0.5)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], coin), CPD(z, [y], coin)])
    assert len(plot_factor_graph(net).of("factor")) == 3
    loop = FactorGraph([Factor([x, y], coin), Factor([y, z], coin), Factor([z, x], coin)])
    drawing = plot_factor_graph(loop, labels=False)
    assert set(colours(drawing).values()) == {LOOP}
    assert drawing.of("factor label") == {}


def test_large_tables_cost_nothing():
    n = 400
    big = MDP(np.tile(np.eye(n)[:, None], (1, 2, 1)), np.zeros((n, 2)))
    assert len(plot_factor_graph(unroll(big, 500), absorbed=True).of("factor")) == 7


def test_errors_name_what_is_allowed():
    with pytest.raises(InvalidArgument, match=r"FactorGraph.*unroll"):
        plot_factor_graph(PLAIN)
    with pytest.raises(InvalidArgument, match="max_slices"):
        plot_factor_graph(unroll(PLAIN, 2), max_slices=2)
