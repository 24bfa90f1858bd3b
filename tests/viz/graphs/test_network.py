"""Pictures of networks: what is drawn, where, in which colours."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, infer, unroll
from control_pgm.errors import InvalidArgument, UnknownName
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz import plot_factor_graph, plot_network
from control_pgm.viz.base.style import contrast
from tests.viz.overlap import overlapping

GRID = gridworld("S.\nHG", slip=0.1)
PLAIN = MDP(GRID.transition, GRID.reward)


def fill(drawing, name):
    return to_hex(drawing.of("node")[name].get_facecolor()).upper()


def outline(drawing, name):
    return to_hex(drawing.of("node")[name].get_edgecolor()).upper()


@pytest.mark.parametrize("mdp", [PLAIN, GRID], ids=["sa", "sas"])
def test_every_node_and_edge_is_drawn_once(mdp):
    net = unroll(mdp, 4)
    drawing = plot_network(net)
    assert set(drawing.of("node")) == set(net.variables)
    assert set(drawing.of("edge")) == set(net.graph.edges)
    assert len(drawing.ax.patches) == len(drawing.of("node")) + len(drawing.of("edge")) + 1  # and the paper


def test_colours_tell_kind_and_role():
    drawing = plot_network(unroll(PLAIN, 3), asked=["a_1"])
    assert [outline(drawing, n) for n in ("s_0", "a_0", "O_0")] == ["#0072B2", "#D55E00", "#333333"]
    assert [fill(drawing, n) for n in ("s_0", "a_1", "O_0")] == ["#FFFFFF", "#F0E442", "#C8C8C8"]
    nodes = drawing.of("node")
    assert nodes["a_1"].get_linewidth() > nodes["a_0"].get_linewidth(), "asked is not told by colour alone"
    assert "grey: observed" in drawing.parts["note",].get_text()
    assert plot_network(unroll(PLAIN, 3), observed=[]).of("note") == {}


def test_observed_may_be_chosen():
    drawing = plot_network(unroll(PLAIN, 3), observed=["s_0"])
    assert [fill(drawing, n) for n in ("s_0", "O_0")] == ["#C8C8C8", "#FFFFFF"]


def test_labels_are_mathtext_and_readable():
    drawing = plot_network(unroll(PLAIN, 12))
    labels = drawing.of("label")
    assert labels["s_0"].get_text() == "$s_{0}$"
    assert labels["O_10"].get_text() == r"$\mathcal{O}_{10}$"
    for name, text in labels.items():
        assert contrast(text.get_color(), drawing.of("node")[name].get_facecolor()) >= 4.5
    drawing.figure.canvas.draw()
    for name, text in labels.items():
        box, node = text.get_window_extent(), drawing.of("node")[name].get_window_extent()
        assert box.width <= node.width, f"the label of {name} is wider than its node"


@pytest.mark.parametrize(("horizon", "hidden"), [(9, 2), (50, 43), (1000, 993)])
def test_long_networks_say_how_much_is_left_out(horizon, hidden):
    drawing = plot_network(unroll(PLAIN, horizon))
    assert drawing.of("left out")[0].get_text() == f"{hidden} slices\nleft out"
    assert {t.get_text() for t in drawing.of("dots").values()} == {"…"}
    assert len(drawing.of("node")) == 7 * 3 + 1
    assert f"s_{horizon}" in drawing.of("node")
    stub = drawing.of("edge")["s_4", "s_5"]
    assert stub.get_linestyle() != "-"


def test_asked_slices_are_never_left_out():
    drawing = plot_network(unroll(PLAIN, 50), asked=["a_20"])
    assert "a_20" in drawing.of("node")
    assert [drawing.of("left out")[k].get_text()[:2] for k in (0, 1)] == ["15", "27"]


def test_what_a_user_added_is_named_where_it_is_left_out():
    net = unroll(PLAIN, 50)
    waypoint = Variable("W_20", 2, time=20, kind="waypoint")
    drawing = plot_network(net.extend(CPD(waypoint, [net.variable("s_20")], np.full((4, 2), 0.5))))
    assert "W_20" in drawing.of("left out")[0].get_text()


def test_further_factors_are_black_squares_without_arrows():
    net = unroll(PLAIN, 3)
    drawing = plot_network(net.extend(Factor([net.variable("s_1")], np.ones(4))))
    assert to_hex(drawing.of("factor")[0].get_facecolor()) == "#111111"
    arrow = drawing.of("edge")["s_1", ("factor", 0)]
    assert type(arrow.get_arrowstyle()).__name__ == "Curve"
    assert "squares: further factors" in drawing.parts["note",].get_text()


def test_other_names_are_kept():
    rain, grass = Variable("rain", 2), Variable("wet_grass $", 2)
    net = BayesianNetwork([CPD(rain, [], [0.5, 0.5]), CPD(grass, [rain], [[0.5, 0.5]] * 2)])
    drawing = plot_network(net)
    assert drawing.of("label")["rain"].get_text() == "rain"
    assert "\\$" in drawing.of("label")["wet_grass $"].get_text()
    drawing.figure.canvas.draw()


def test_given_axes_are_used_and_options_reach_the_circles():
    figure, ax = plt.subplots(facecolor="#111111")
    drawing = plot_network(unroll(PLAIN, 2), ax=ax, linewidth=5)
    assert drawing.ax is ax
    assert plt.get_fignums() == [figure.number]
    assert {node.get_linewidth() for node in drawing.of("node").values()} == {5}
    assert contrast(ax.title.get_color(), "#111111") >= 4.5


def test_own_figures_follow_a_dark_style():
    with plt.style.context("dark_background"):
        drawing = plot_network(unroll(PLAIN, 2))
    assert to_hex(drawing.figure.get_facecolor()) == "#000000"
    nodes = drawing.of("node")
    assert all(contrast(t.get_color(), nodes[n].get_facecolor()) >= 4.5 for n, t in drawing.of("label").items())
    assert all(contrast(node.get_edgecolor(), "black") >= 4.5 for node in nodes.values())
    paper = drawing.figure.artists[0]
    assert to_hex(paper.get_facecolor()) == "#000000", "also where it is saved without a background"


def test_errors_name_what_is_allowed():
    with pytest.raises(InvalidArgument, match=r"ControlNetwork.*unroll"):
        plot_network(PLAIN)
    with pytest.raises(InvalidArgument, match="plot_factor_graph"):
        plot_network(FactorGraph([Factor([Variable("x", 2)], [1, 1])]))
    with pytest.raises(UnknownName, match="asked variable 'a_9'"):
        plot_network(unroll(PLAIN, 2), asked=["a_9"])
    with pytest.raises(UnknownName, match="observed variable 'o_0'"):
        plot_network(unroll(PLAIN, 2), observed=["o_0"])
    with pytest.raises(InvalidArgument, match="ax is a Figure"):
        plot_network(unroll(PLAIN, 2), ax=plt.figure())
    assert len(plt.get_fignums()) == 1, "an error leaves no figure behind"


RAIN, WET = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
LAWN = BayesianNetwork([CPD(RAIN, [], [0.7, 0.3]), CPD(WET, [RAIN], [[0.9, 0.1], [0.2, 0.8]])])


@pytest.mark.parametrize("evidence", [{"wet": "yes"}, ["wet"], "wet"])
def test_evidence_of_ones_own_network_is_grey(evidence):
    drawing = plot_network(LAWN, evidence=evidence)
    assert [fill(drawing, name) for name in ("rain", "wet")] == ["#FFFFFF", "#C8C8C8"]


def test_a_posterior_is_drawn_as_its_network_with_its_evidence():
    drawing = plot_network(infer(LAWN, {"wet": "yes"}))
    assert [fill(drawing, name) for name in ("rain", "wet")] == ["#FFFFFF", "#C8C8C8"]
    long = unroll(PLAIN, 1000)
    assert fill(plot_network(long.infer()), "O_999") == "#C8C8C8"
    graph = FactorGraph([Factor([Variable("x", 2)], [1, 1])])
    with pytest.raises(InvalidArgument, match=r"posterior of a FactorGraph.*plot_factor_graph"):
        plot_network(infer(graph))


def test_wrong_evidence_is_refused():
    with pytest.raises(UnknownName, match=r"'wt' does not exist.*did you mean 'wet'"):
        plot_network(LAWN, evidence={"wt": "yes"})
    with pytest.raises(UnknownName, match="state of 'wet': 'maybe'"):
        plot_network(LAWN, evidence={"wet": "maybe"})
    with pytest.raises(InvalidArgument, match="evidence= and observed= mean the same"):
        plot_network(LAWN, evidence=["wet"], observed=["wet"])


def random_network(n):
    """A network of variables with long names."""
    rng = np.random.default_rng(0)
    variables = [Variable(f"variable number {k}", ["a", "b"]) for k in range(n)]
    parents = [sorted(set(rng.integers(0, k, 2))) if k > 1 else [] for k in range(n)]
    tables = [rng.dirichlet([1, 1], [2] * len(chosen)) for chosen in parents]
    return BayesianNetwork(
        CPD(v, [variables[j] for j in chosen], p) for v, chosen, p in zip(variables, parents, tables, strict=True)
    )


@pytest.mark.parametrize("draw", [plot_network, plot_factor_graph])
@pytest.mark.parametrize(("n", "size"), [(20, (12, 6.75)), (20, (3.4, 2.6)), (60, (12, 6.75))])
def test_labels_that_have_no_room_are_counted_below(draw, n, size):
    network = random_network(n)
    _, ax = plt.subplots(figsize=size, layout="constrained")
    drawing = draw(network, ax=ax)
    wanted = n if draw is plot_network else 2 * n
    written = len(drawing.of("label")) + len(drawing.of("factor label"))
    lost = wanted - written
    assert lost == len(drawing.of("unlabelled"))
    said = drawing.parts["note",].get_text().replace("\n", " ") if ("note",) in drawing.parts else ""
    assert said == (f"{lost} labels left out: no room" if lost else "")
    assert not overlapping(drawing, drawing.of("label").values())


def test_long_names_stand_out_of_their_circles_where_there_is_room():
    _, ax = plt.subplots(figsize=(12, 6.75), layout="constrained")
    drawing = plot_network(random_network(20), ax=ax)
    assert not drawing.of("unlabelled")
    drawing.figure.canvas.draw()
    words = {name: text.get_window_extent() for name, text in drawing.of("label").items()}
    circles = {name: circle.get_window_extent() for name, circle in drawing.of("node").items()}
    for name, box in words.items():
        assert not any(box.overlaps(circle) for other, circle in circles.items() if other != name)
        assert circles[name].y0 < box.y0, "the rim is seen above and below"
        assert box.y1 < circles[name].y1


@pytest.mark.parametrize("size", [(12, 6.75), (3.4, 2.6)])
@pytest.mark.parametrize("absorbed", [False, True])
def test_labels_of_factors_keep_off_nodes_and_each_other(size, absorbed):
    net = unroll(gridworld("S.G\n...", slip=0.1), 4, temperature=0.25)
    other = [Variable(f"b_{t}", ["help", "wait"], time=t) for t in range(4)]
    pays = [Factor([net.variable(f"s_{t}"), b], np.ones((6, 2))) for t, b in enumerate(other)]
    far = Factor([net.variable("a_0"), net.variable("a_3")], np.ones((4, 4)))
    _, ax = plt.subplots(figsize=size, layout="constrained")
    drawing = plot_factor_graph(
        net.extend(*(CPD(b, [], [0.5, 0.5]) for b in other), *pays, far), absorbed=absorbed, ax=ax
    )
    drawing.figure.canvas.draw()
    if size[0] > 5:
        assert not drawing.of("unlabelled")
    letters = [text.get_window_extent() for text in drawing.of("label").values()]
    squares = [square.get_window_extent() for square in drawing.of("factor").values()]
    words = [text.get_window_extent() for text in drawing.of("factor label").values()]
    assert not [1 for word in words for box in [*letters, *squares] if word.padded(-2).overlaps(box.padded(-2))]
    assert not [1 for one, two in combinations(words, 2) if one.padded(-3).overlaps(two.padded(-3))]
