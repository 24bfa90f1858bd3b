"""Cluster trees: what is drawn is the plan; boxes never overlap, edges never cross a foreign box, also at T=1000."""

from functools import partial

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Factor, FactorGraph, Variable, gridworld, infer, plan, solve, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.inference.tree.bucket_tree import bucket_tree
from control_pgm.viz import plot_clusters
from control_pgm.viz.graphs.cluster_layout import cluster_layout, shown_clusters

GRID = gridworld("S.\nHG", slip=0.1)
BOX, SEPARATOR, HEIGHT = 1.6, 0.6, 0.62


def random_tree(rng, n):
    """The bucket tree of a random graph with some triangles."""
    scopes = [tuple(sorted(rng.choice(n, 2, replace=False))) for _ in range(n)]
    scopes += [tuple(sorted(rng.choice(n, 3, replace=False))) for _ in range(n // 4)] + [(v,) for v in range(n)]
    return bucket_tree(scopes, list(rng.permutation(n)))


def overlap(one, two, size):
    return abs(one[0] - two[0]) < size[0] - 1e-9 and abs(one[1] - two[1]) < size[1] - 1e-9


def check(tree, most):
    layout = cluster_layout(tree.parents, tree.children, box=BOX, separator=SEPARATOR, most=most)
    points = list(layout.points.items())
    for i, (_, one) in enumerate(points):
        assert not any(overlap(one, two, (BOX, HEIGHT)) for _, two in points[:i]), "boxes overlap"
    for k, middle in layout.separators.items():
        line = np.linspace(layout.points[k], layout.points[tree.parents[k]], 200)
        for other, (x, y) in points:
            if other in (k, tree.parents[k]):
                continue
            inside = (np.abs(line[:, 0] - x) < BOX / 2) & (np.abs(line[:, 1] - y) < HEIGHT / 2)
            assert not inside.any(), "an edge runs through a foreign box"
            assert not overlap(middle, (x, y), ((BOX + SEPARATOR) / 2, (HEIGHT + 0.36) / 2)), "a separator is covered"
    places = list(layout.separators.values())
    for i, one in enumerate(places):
        assert not any(overlap(one, two, (SEPARATOR, 0.36)) for two in places[:i]), "separators overlap"
    return layout


@pytest.mark.parametrize("horizon", [1, 4, 12, 1000])
def test_chains_of_any_length(horizon):
    tree = plan(unroll(GRID, horizon), unroll(GRID, horizon).optimal).tree
    layout = check(tree, 12)
    assert len(layout.points) + layout.hidden == len(tree.order)
    assert len(layout.points) <= 13


def test_random_trees_and_forests():
    rng = np.random.default_rng(0)
    for n in [2, 3, 5, 9, 14, 30] * 5:
        tree = random_tree(rng, n)
        check(tree, max(n, 4))
        layout = check(tree, 8)
        assert layout.hidden == (0 if n <= 9 else n - 8)
        for k in layout.stubs:
            near = [tree.parents[k], *tree.children[k]]
            assert any(other not in layout.separators or k not in layout.separators for other in near)


def test_the_check_can_fail(monkeypatch):
    tree = plan(unroll(GRID, 3), unroll(GRID, 3).optimal).tree
    narrow = partial(cluster_layout, box=0.3, separator=0.1)
    place = "tests.viz.graphs.test_clusters.cluster_layout"
    monkeypatch.setattr(place, lambda *args, most, **_: narrow(*args, most=most))
    with pytest.raises(AssertionError, match="boxes overlap"):
        check(tree, 12)


def test_a_gap_of_one_cluster_is_drawn():
    assert shown_clusters(9, 8) == (list(range(9)), [])
    near, far = shown_clusters(10, 8)
    assert len(near) + len(far) == 8
    assert near[-1] == 9
    assert far[0] == 0


def test_labels_are_those_of_the_plan():
    net = unroll(GRID, 3)
    found = plan(net, net.optimal)
    drawing = plot_clusters(net)
    names = [found.problem.names[v] for v in found.tree.order]
    assert set(drawing.of("cluster")) == set(names)
    for k, name in enumerate(names):
        assert drawing.of("size")[name].get_text() == f"{found.cluster_entries[k]:,} entries"
        scope = drawing.of("label")[name].get_text()
        assert scope.count("$") == 2 * len(found.tree.scopes[k])
        if found.tree.parents[k] >= 0:
            assert (name, names[found.tree.parents[k]]) in drawing.of("edge")
            entries = int(np.prod([found.problem.cardinalities[v] for v in found.tree.separators[k]]))
            assert drawing.of("separator size")[name].get_text() == f"{entries:,}"
    widths = {name: box.get_linewidth() for name, box in drawing.of("cluster").items()}
    heaviest = max(widths, key=widths.get)
    assert found.cluster_entries[names.index(heaviest)] == max(found.cluster_entries)


def test_long_trees_say_how_much_is_left_out():
    drawing = plot_clusters(unroll(GRID, 1000))
    assert drawing.parts["left out",].get_text() == "1,989\nleft out"
    assert len(drawing.of("cluster")) == 12
    assert all(stub.get_linestyle() != "-" for stub in drawing.of("stub").values())


def test_whatever_has_a_plan_is_drawn():
    solution = solve(GRID, 2)
    x, y = Variable("x", 2), Variable("y", 3)
    net = BayesianNetwork([CPD(x, [], [0.5, 0.5]), CPD(y, [x], np.full((2, 3), 1 / 3))])
    graph = FactorGraph([Factor([x, y], np.ones((2, 3)))])
    sources = [solution, solution.posterior, solution.posterior.plan, net, graph, infer(net)]
    assert [len(plot_clusters(source).of("cluster")) for source in sources] == [5, 5, 5, 2, 2, 2]


def test_errors_name_what_is_allowed():
    with pytest.raises(InvalidArgument, match=r"no MDP.*exact posterior"):
        plot_clusters(GRID)
    with pytest.raises(InvalidArgument, match="max_clusters=3"):
        plot_clusters(unroll(GRID, 2), max_clusters=3)
    with pytest.raises(InvalidArgument, match="matplotlib axes"):
        plot_clusters(unroll(GRID, 2), ax=1)
    graph = FactorGraph([Factor([Variable("x", 2)], [1, 1])])
    with pytest.raises(InvalidArgument, match="exact posterior"):
        plot_clusters(infer(graph, method="enumeration"))
