"""Geometry: no overlaps, no edge near a foreign node, elision; all without matplotlib."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.layout.columns import columns
from control_pgm.layout.geometry import distances
from control_pgm.models.factor_graph_layout import factor_graph_layout
from control_pgm.models.network_layout import network_layout
from control_pgm.problems.gridworld import gridworld
from control_pgm.viz.graphs.absorbing import skeleton

MARGIN = 0.09  # between an edge and a foreign node, in units where a node has radius 0.3
OUTCOME = gridworld("S.\nHG", slip=0.1)
EXPECTED = MDP(OUTCOME.transition, OUTCOME.reward)
TERMINAL = MDP(OUTCOME.transition, OUTCOME.reward, terminal_reward=np.zeros(4))
PRIOR = np.array([[0.1, 0.2, 0.3, 0.4], *[[0.25] * 4] * 3])
MDPS = {"r(s,a)": EXPECTED, "r(s,a,s')": OUTCOME, "terminal": TERMINAL}


def table(child, *parents):
    shape = [v.cardinality for v in (*parents, child)]
    return CPD(child, parents, np.full(shape, 1 / shape[-1]))


def clearances(layout):
    """The smallest distances edge–foreign node and node–node, radii taken off."""
    names = list(layout.points)
    xy, r = np.array([layout.points[n] for n in names]), np.array([layout.radii[n] for n in names])
    edge = min(
        (
            float(
                (distances(xy, e.line[:-1], e.line[1:]).min(axis=0) - r)[
                    [n not in (e.source, e.target) for n in names]
                ].min()
            )
            for e in layout.edges
            if len(names) > 2
        ),
        default=np.inf,
    )
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) - r[:, None] - r[None]
    np.fill_diagonal(apart, np.inf)
    return edge, apart.min()


def check(layout):
    edge, apart = clearances(layout)
    assert edge >= MARGIN - 1e-6
    assert apart >= 0.1


def test_the_check_can_fail():
    layout = network_layout(unroll(EXPECTED, 2))
    moved = dict(layout.points) | {"a_0": (0.5, 1.2)}  # onto the edge s_0 → O_0
    object.__setattr__(layout, "points", moved)
    assert clearances(layout)[0] < 0


@pytest.mark.parametrize("horizon", [1, 2, 8, 9, 50, 1000])
@pytest.mark.parametrize("kind", MDPS)
def test_control_networks_keep_edges_off_nodes(kind, horizon):
    net = unroll(MDPS[kind], horizon)
    check(network_layout(net))
    graph = skeleton(FactorGraph.from_model(net, net.optimal))
    check(factor_graph_layout(graph))
    check(factor_graph_layout(graph.absorbed()))


@pytest.mark.parametrize("prior", [PRIOR, "counting"], ids=["state", "counting"])
def test_priors_keep_edges_off_nodes(prior):
    for mdp in (EXPECTED, OUTCOME):
        net = unroll(mdp, 5, action_prior=prior)
        check(network_layout(net))
        check(factor_graph_layout(skeleton(FactorGraph.from_model(net, net.optimal))))


def test_rows_and_columns():
    layout = network_layout(unroll(OUTCOME, 3))
    assert np.allclose([layout.points[f"s_{t}"] for t in range(4)], [(1.6 * t, 0.0) for t in range(4)])
    (xa, ya), (xo, yo) = layout.points["a_2"], layout.points["O_2"]
    assert xa == xo == pytest.approx(1.6 * 2 + 0.8)
    assert 0 < ya < yo
    assert set(layout.radii.values()) == {0.3}


@pytest.mark.parametrize("mdp", [EXPECTED, OUTCOME], ids=["sa", "sas"])
@pytest.mark.parametrize("horizon", [4, 30])
def test_what_users_add_is_placed(mdp, horizon):
    net = unroll(mdp, horizon)
    s = [net.variable(f"s_{t}") for t in range(horizon + 1)]
    a = [net.variable(f"a_{t}") for t in range(horizon)]
    waypoint = table(Variable("W_2", 2, time=2, kind="waypoint"), s[2])
    second = [table(Variable(f"R_{t}", 2, time=t, kind="optimality"), s[t], a[t]) for t in range(horizon)]
    seen = [table(Variable(f"y_{t}", 3, time=t, kind="observation"), s[t]) for t in range(horizon + 1)]
    timeless = table(Variable("luck", 2), a[1])
    soft = [Factor([s[1]], np.ones(4)), Factor([a[0], a[1]], np.ones((4, 4)))]
    net = net.extend(waypoint, *second, *seen, timeless, *soft)
    layout = network_layout(net)
    check(layout)
    assert {"W_2", "R_0", "y_1", "luck", ("factor", 0), ("factor", 1)} <= set(layout.points)
    assert layout.points["O_0"] == pytest.approx((0.8, 2.4)), "the textbook's node keeps its place"
    check(factor_graph_layout(skeleton(FactorGraph.from_model(net, net.optimal))))


def test_slices_repeat_exactly():
    layout = network_layout(unroll(OUTCOME, 6).extend())
    for stem in "saO":
        steps = {round(layout.points[f"{stem}_{t + 1}"][0] - layout.points[f"{stem}_{t}"][0], 9) for t in range(5)}
        assert steps == {1.6}


def test_nets_without_time_go_by_longest_path():
    a, b, c, d = (Variable(n, 2) for n in ("a", "b", "c", "dyspnoea"))
    net = BayesianNetwork([table(a), table(b, a), table(c, b), table(d, a, c)], [Factor([b], [1, 2])])
    layout = network_layout(net)
    heights = [layout.points[n][1] for n in ("a", "b", "c", "dyspnoea")]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4
    check(layout)


def test_wide_nets_and_long_chains_without_time():
    root = Variable("root", 2)
    check(network_layout(BayesianNetwork([table(root), *(table(Variable(f"leaf{k}", 2), root) for k in range(12))])))
    x = [Variable(f"x{k}", 2) for k in range(8)]
    chain = FactorGraph([Factor([u, v], np.ones((2, 2))) for u, v in pairwise(x)])
    layout = factor_graph_layout(chain)
    check(layout)
    assert len({round(y, 6) for _, y in layout.points.values()}) == 1, "a chain is drawn as a line"


def test_templates_without_kinds():
    x, y, after = Variable("x", 2), Variable("y", 2), Variable("x'", 2)
    net = TwoSliceTemplate([table(x)], [table(y, x), table(after, x)]).unroll(4)
    layout = network_layout(net)
    check(layout)
    assert layout.points["y_1"][1] > layout.points["x_1"][1]


@pytest.mark.parametrize(
    ("horizon", "drawn"), [(8, list(range(9))), (9, [0, 1, 2, 3, 4, 7, 8, 9]), (1000, [0, 1, 2, 3, 4, 998, 999, 1000])]
)
def test_more_than_eight_slices_are_elided(horizon, drawn):
    chosen = columns(range(horizon + 1), width=1.0, lone_end=True)
    assert list(chosen.visible) == drawn
    assert sum(gap.hidden for gap in chosen.gaps) == horizon + 1 - len(drawn)


def test_kept_slices_split_the_gap():
    chosen = columns(range(51), width=1.0, keep=[20], lone_end=True)
    assert [gap.hidden for gap in chosen.gaps] == [15, 27]
    assert 20 in chosen.visible


@pytest.mark.parametrize("bad", [3, 0, 2.5, True])
def test_max_slices_is_checked(bad):
    with pytest.raises(InvalidArgument, match="max_slices"):
        columns(range(3), width=1.0, max_slices=bad)


def test_geometry_and_the_package_leave_matplotlib_alone():
    code = "import sys, control_pgm, control_pgm.viz; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
