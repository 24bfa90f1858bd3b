"""Pictures of networks, templates and factor graphs for notebooks, read back from the SVG."""

from itertools import pairwise

import numpy as np
import pytest

from control_pgm import BayesianNetwork, Factor, FactorGraph, TwoSliceTemplate, Variable, unroll
from control_pgm.display.conventions import LIGHT
from tests.display.reading import SVG, check_geometry, circles, groups, lines, parsed, squares, words
from tests.display.test_markup import FORBIDDEN, HOSTILE
from tests.models.test_outline import EXPECTED, NETWORKS, OUTCOME, TERMINAL, hidden_markov, table, waypoint
from tests.operations import executed_lines

PRIOR = np.array([[0.1, 0.2, 0.3, 0.4], *[[0.25] * 4] * 3])


def random_network(seed):
    """A random network without times."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 20))
    names = rng.permutation(["rain", "x", "wet grass", "s_9", "incomprehensibility", *(f"node {k}" for k in range(n))])
    v = [Variable(str(name), int(rng.integers(1, 5))) for name in names[:n]]
    cpds = [table(v[k], *(v[i] for i in sorted(rng.permutation(k)[: rng.integers(0, 3)]))) for k in range(n)]
    return BayesianNetwork(cpds, [Factor([v[0]], np.ones(v[0].cardinality))])


# --- networks ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("horizon", [1, 2, 8, 9, 50, 1000])
@pytest.mark.parametrize("mdp", [EXPECTED, OUTCOME, TERMINAL], ids=["sa", "sas", "terminal"])
def test_no_edge_passes_through_a_foreign_node_and_no_nodes_touch(mdp, horizon):
    check_geometry(parsed(unroll(mdp, horizon)._repr_svg_()))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_keeps_clear(name):
    check_geometry(parsed(NETWORKS[name]()._repr_svg_()))


@pytest.mark.parametrize("seed", range(20))
def test_networks_without_time_show_every_node_and_every_edge(seed):
    network = random_network(seed)
    root = parsed(network._repr_svg_())
    nodes = check_geometry(root)
    assert set(nodes) == {*network.variables, "factor 0"}
    drawn = {(a, b) for a, b, _ in lines(root)}
    factor = network.factors[0]
    assert drawn == {(p.name, c.child.name) for c in network.cpds for p in c.parents} | {(factor.scope[0], "factor 0")}


def random_template(seed):
    """A random template with up to five variables a slice, some edges within and some between slices."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["", "state", "observation"], int(rng.integers(1, 6)))
    now, after = (
        [Variable(f"{letter}{prime}", 2, kind=str(kind)) for letter, kind in zip("abcde", kinds, strict=False)]
        for prime in ("", "'")
    )

    def some(variables, share):
        return [v for v in variables if rng.random() < share]

    initial = [table(v, *some(now[:k], 0.3)) for k, v in enumerate(now)]
    return TwoSliceTemplate(initial, [table(v, *some(now, 0.4), *some(after[:k], 0.3)) for k, v in enumerate(after)])


@pytest.mark.parametrize("seed", range(12))
def test_random_unrolled_networks_keep_clear(seed):
    network = random_template(seed).unroll(1 + seed)
    root = parsed(network._repr_svg_())
    assert set(check_geometry(root)) <= set(network.variables)
    if seed < 7:  # all slices are drawn
        assert {(a, b) for a, b, _ in lines(root)} == set(network.graph.edges)


def test_the_check_of_geometry_can_fail():
    picture = unroll(EXPECTED, 2)._repr_svg_()
    x, y, _ = circles(parsed(picture))["a_0"]
    with pytest.raises(AssertionError, match="passes through"):
        check_geometry(parsed(picture.replace(f'cx="{x:g}" cy="{y:g}"', f'cx="{x - 28:g}" cy="{y - 20:g}"')))


def test_rows_and_columns_are_those_of_the_textbook():
    root = parsed(unroll(OUTCOME, 3)._repr_svg_())
    at = circles(root)
    assert set(at) == {*(f"s_{t}" for t in range(4)), *(f"{x}_{t}" for x in "aO" for t in range(3))}
    for t in range(3):
        assert at[f"O_{t}"][1] < at[f"a_{t}"][1] < at[f"s_{t}"][1], "states below, actions above them, then optimality"
        assert at[f"a_{t}"][0] == at[f"O_{t}"][0] == pytest.approx(at[f"s_{t}"][0] + 0.8 * 64, abs=0.1)
        assert at[f"s_{t + 1}"][0] - at[f"s_{t}"][0] == pytest.approx(1.6 * 64, abs=0.1)
    assert [w for w in words(root) if w.startswith("t = ")] == [f"t = {t}" for t in range(4)]
    assert {(a, b) for a, b, _ in lines(root)} == set(unroll(OUTCOME, 3).graph.edges)


def test_long_networks_show_five_slices_dots_and_two():
    root = parsed(unroll(OUTCOME, 50)._repr_svg_())
    shown = {int(name.partition("_")[2]) for name in circles(root)}
    assert shown == {0, 1, 2, 3, 4, 48, 49, 50}
    assert words(root).count("…") == 3, "one in every row"
    assert "43 slices" in words(root)
    dashed = [title for title, g in groups(root) if g.find(f"{SVG}path[@stroke-dasharray]") is not None]
    assert "s_4 → s_5" in dashed
    assert "s_47 → s_48" in dashed


def test_the_horizon_costs_nothing():
    work = set()
    for horizon in (8, 1000, 100_000):
        network = unroll(OUTCOME, horizon)
        work.add(executed_lines(network._repr_svg_))
        assert "cpds" not in network.__dict__
        assert len(network._repr_svg_()) < 25_000
    assert max(work) < 1.2 * min(work)


def test_titles_tell_name_kind_states_and_what_was_observed():
    titles = [title for title, _ in groups(parsed(unroll(OUTCOME, 2)._repr_svg_()))]
    assert "s_0: state, 4 states (0,0), (0,1), (1,0), (1,1)" in titles
    assert "a_1: action, 4 states left, down, right, up" in titles
    assert "O_1: optimality, 2 states 0, 1; observed: 1" in titles
    many = Variable("x", 7)
    (title,) = [title for title, _ in groups(parsed(BayesianNetwork([table(many)])._repr_svg_()))]
    assert title == "x: 7 states 0, 1, 2, 3, 4, 5, …"


def test_outline_tells_the_kind_and_fill_the_role():
    root = parsed(waypoint(unroll(EXPECTED, 2), 1)._repr_svg_())
    look = {title.partition(":")[0]: g.find(f"{SVG}circle") for title, g in groups(root) if ":" in title}
    outlines = {name: look[name].get("stroke") for name in ("s_0", "a_0", "O_0", "W_1")}
    assert outlines == {
        "s_0": LIGHT["state"],
        "a_0": LIGHT["action"],
        "O_0": LIGHT["optimality"],
        "W_1": LIGHT["kind 1"],
    }
    assert [look[name].get("fill") for name in ("s_0", "O_0")] == [LIGHT["plain"], LIGHT["observed"]]
    assert "grey: observed" in words(root)
    assert "grey: observed" not in words(parsed(hidden_markov(2)._repr_svg_()))


def test_the_whole_picture_has_a_name():
    network = unroll(OUTCOME, 5)
    root = parsed(network._repr_svg_())
    assert root.get("aria-label") == root.find(f"{SVG}title").text == repr(network)


def test_hidden_variables_unlike_the_others_are_named():
    said = words(parsed(waypoint(unroll(EXPECTED, 40), 20)._repr_svg_()))
    assert "W_20" in said


def test_what_there_is_no_room_for_is_counted():
    v = [Variable(f"x{k}", 2) for k in range(100)]
    root = parsed(BayesianNetwork([table(v[0]), *(table(x, v[0]) for x in v[1:])])._repr_svg_())
    assert len(circles(root)) == 60
    assert "40 further variables left out" in words(root)


@pytest.mark.parametrize("label", [*HOSTILE, *FORBIDDEN, "x" * 10_000])
def test_any_name_state_or_kind_gives_a_well_formed_picture(label):
    x = Variable(label, [label, "other"], kind=label)
    y = Variable("y", 2, time=0)
    network = BayesianNetwork([table(x), table(y, x)], [Factor([x, y], np.ones((2, 2)))])
    timed = [Variable(f"{label}_{t}", 2, time=t, kind=label) for t in range(20)]
    chain = BayesianNetwork([table(timed[0]), *(table(b, a) for a, b in pairwise(timed))])
    graph = FactorGraph([Factor([x, y], np.ones((2, 2)))])
    for model in (network, chain, graph):
        for text in (model._repr_svg_(), model._repr_html_()):
            root = parsed(text)
            text.encode("utf-8")
            assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
                "svg",
                "style",
                "title",
                "g",
                "rect",
                "circle",
                "path",
                "text",
            }
            assert max(len(w) for w in words(root)) <= 60, "long names are cut inside the picture"
    if label in HOSTILE:
        titles = [title for title, _ in groups(parsed(network._repr_svg_()))]
        assert f"{label}: {label}, 2 states {label}, other" in titles


def test_pictures_on_one_page_do_not_clash():
    """No ids at all, and one style sheet whose classes mean the same in every picture."""
    pictures = [unroll(OUTCOME, 2)._repr_html_(), hidden_markov(30)._repr_html_()]
    assert len({parsed(picture).find(f"{SVG}style").text for picture in pictures}) == 1
    for picture in pictures:
        parsed(picture)  # which refuses ids
        assert "url(#" not in picture


# --- factor graphs ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("horizon", [1, 4, 9, 200])
@pytest.mark.parametrize("mdp", [EXPECTED, OUTCOME, TERMINAL], ids=["sa", "sas", "terminal"])
def test_factor_graphs_keep_clear(mdp, horizon):
    network = unroll(mdp, horizon)
    graph = FactorGraph.from_model(network, network.optimal)
    for drawn in (graph, graph.absorbed()):
        check_geometry(parsed(drawn._repr_svg_()))


def test_factors_are_squares_joined_to_their_scopes():
    network = unroll(EXPECTED, 3)
    graph = FactorGraph.from_model(network, network.optimal)
    root = parsed(graph._repr_svg_())
    assert set(squares(root)) == {f"factor {k}" for k in range(len(graph.factors))}
    joined = {(a, b) for a, b, _ in lines(root)}
    assert joined == {(name, f"factor {k}") for k, factor in enumerate(graph.factors) for name in factor.scope}
    titles = [title for title, _ in groups(root)]
    assert f"factor 0: {graph.factors[0]!r}" in titles
    for rect in (g.find(f"{SVG}rect") for title, g in groups(root) if title.startswith("factor")):
        assert rect.get("fill") == LIGHT["factor"]


def test_a_factor_graph_without_variables_is_told_in_words():
    assert words(parsed(FactorGraph([Factor([], 2.0)])._repr_svg_())) == ["no variables"]


# --- templates --------------------------------------------------------------------------------------------------
def test_templates_show_the_first_slice_and_the_step():
    root = parsed(unroll(OUTCOME, 3).template._repr_svg_())
    edges = {("s", "O"), ("a", "O"), ("s'", "O"), ("s", "s'"), ("a", "s'")}
    assert sorted((a, b) for a, b, _ in lines(root)) == sorted(edges)
    assert sorted(title.partition(":")[0] for title, _ in groups(root) if ":" in title) == ["O", "a", "s", "s", "s'"]
    assert {"first slice", "slice t", "slice t + 1"} <= set(words(root))


def test_templates_with_complete_slices():
    root = parsed(hidden_markov(3).template._repr_svg_())
    names = [title.partition(":")[0] for title, _ in groups(root) if ":" in title]
    assert sorted(names) == ["x", "x", "x'", "y", "y'"]
    assert sorted((a, b) for a, b, _ in lines(root)) == [("x", "x'"), ("x", "y"), ("x'", "y'")]


def test_template_nodes_do_not_overlap():
    prior = unroll(EXPECTED, 2, action_prior=PRIOR).template
    wide = TwoSliceTemplate(
        [table(Variable(c, 2)) for c in "abc"],
        [table(Variable(f"{c}'", 2), *(Variable(d, 2) for d in "abc")) for c in "abc"],
    )
    for template in (prior, wide, hidden_markov(2).template, unroll(TERMINAL, 2).template):
        root = parsed(template._repr_svg_())
        found = [tuple(float(c.get(k)) for k in ("cx", "cy")) for c in root.iter(f"{SVG}circle")]
        for k, one in enumerate(found):
            for other in found[:k]:
                assert np.hypot(*np.subtract(one, other)) > 2 * 0.3 * 64


@pytest.mark.parametrize("mdp", [EXPECTED, OUTCOME], ids=["sa", "sas"])
def test_edges_on_loops_are_set_off_and_named(mdp):
    net = unroll(mdp, 4)
    graph = FactorGraph.from_model(net, net.optimal)
    heavy = f'stroke="{LIGHT["action"]}" stroke-width="2.6"'
    assert graph._repr_svg_().count(heavy) == len(graph.loops) > 0
    assert "heavy, in orange: loops" in graph._repr_svg_()
    assert heavy not in graph.absorbed()._repr_svg_()
    assert "loops" not in graph.absorbed()._repr_svg_()
