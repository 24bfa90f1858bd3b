"""The clusters of exact posteriors as pictures, read back from the SVG."""

import re
from itertools import combinations

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, infer, unroll
from control_pgm.inference.tree.plan import plan
from control_pgm.inference.tree.svg import cluster_picture
from control_pgm.problems.gridworld import gridworld
from tests.display.reading import SVG, groups, parsed, rectangles, words
from tests.display.test_markup import FORBIDDEN, HOSTILE

OUTCOME = gridworld("S.\nHG", slip=0.1)
EXPECTED = MDP(OUTCOME.transition, OUTCOME.reward)
TERMINAL = MDP(OUTCOME.transition, OUTCOME.reward, terminal_reward=np.zeros(4))


def table(child, *parents):
    shape = [v.cardinality for v in (*parents, child)]
    return CPD(child, parents, np.full(shape, 1 / shape[-1]))


def picture(posterior):
    return parsed(re.search(r"<svg.*</svg>", posterior._repr_html_(), re.DOTALL)[0])


def boxes(root):
    """The variable that a cluster eliminates -> (left, top, width, height)."""
    return {re.search(r"eliminates (.*?):", title)[1]: box for title, box in rectangles(root).items()}


def segments(root):
    """The two ends of every line between clusters that are drawn."""
    found = []
    for title, group in groups(root):
        if title.startswith("separator"):
            ends = group.find(f"{SVG}path").get("d")[1:].split("L")
            found.append((title, [tuple(map(float, end.split(","))) for end in ends]))
    return found


def random_tree_network(seed, n):
    """Every variable has one earlier parent: the clusters branch as the network does."""
    rng = np.random.default_rng(seed)
    v = [Variable(f"x{k}", 2) for k in range(n)]
    return BayesianNetwork([table(v[0]), *(table(v[k], v[rng.integers(k)]) for k in range(1, n))])


@pytest.mark.parametrize("seed", range(15))
def test_no_box_touches_another_and_lines_stay_between_the_columns(seed):
    model = random_tree_network(seed, 2 + seed)
    posterior = infer(model)
    root = picture(posterior)
    found = boxes(root)
    for (a, one), (b, other) in combinations(found.items(), 2):
        apart = max(abs((one[i] + one[i + 2] / 2) - (other[i] + other[i + 2] / 2)) - one[i + 2] for i in (0, 1))
        assert apart > 5, f"{a} touches {b}"
    for title, ((x0, _), (x1, _)) in segments(root):
        inside = [name for name, (x, _, w, _) in found.items() if min(x0, x1) + 1 < x + w and x + 1 < max(x0, x1)]
        assert inside == [], f"{title} crosses the columns of {inside}"


@pytest.mark.parametrize("seed", range(8))
def test_every_cluster_is_joined_to_its_parent(seed):
    posterior = infer(random_tree_network(seed, 12))
    root = picture(posterior)
    found = boxes(root)
    assert set(found) == {cluster.name for cluster in posterior.clusters}
    ends = {tuple(np.round(end, 0)) for _, line in segments(root) for end in line}
    for cluster in posterior.clusters:
        if cluster.parent is not None:
            x, y, _, h = found[cluster.name]
            px, py, pw, ph = found[cluster.parent]
            assert any(np.hypot(u - x, v - (y + h / 2)) < 2 for u, v in ends), "the line begins at the child"
            assert any(np.hypot(u - (px + pw), v - (py + ph / 2)) < 2 for u, v in ends), "and ends at its parent"
            assert px + pw < x, "the root is on the left"


def test_titles_tell_members_sizes_and_separators():
    titles = [title for title, _ in groups(picture(unroll(EXPECTED, 2).infer()))]
    assert "cluster {s_0, a_0, s_1}, which eliminates s_1: 64 entries, 1 table" in titles
    assert "separator {s_1}: the scope of the messages in both directions" in titles
    assert {"s₀, a₀, s₁", "s₁"} <= set(words(picture(unroll(EXPECTED, 2).infer())))


@pytest.mark.parametrize("mdp", [EXPECTED, OUTCOME, TERMINAL], ids=["sa", "sas", "terminal"])
@pytest.mark.parametrize("horizon", [20, 1000])
def test_of_long_chains_the_two_ends_are_drawn(mdp, horizon):
    network = unroll(mdp, horizon)
    posterior = infer(network, network.optimal)
    root = picture(posterior)
    assert list(boxes(root)) == ["s_0", "a_0", "s_1", "a_1", "s_2", f"a_{horizon - 1}", f"s_{horizon}"]
    n = len(posterior.plan.tree.order)
    assert f"{n - 7:,} clusters" in words(root)
    assert [title for title, _ in groups(root)].count("towards clusters left out") == 2


def test_of_other_large_trees_the_part_next_to_the_root_is_drawn():
    posterior = infer(random_tree_network(0, 200))
    root = picture(posterior)
    assert len(boxes(root)) == 14
    assert "186 further clusters left out" in words(root)
    parents = {cluster.name: cluster.parent for cluster in posterior.clusters}
    for name in boxes(root):
        assert parents[name] is None or parents[name] in boxes(root)


def test_models_in_pieces_show_every_root():
    v = [Variable(f"x{k}", 2) for k in range(5)]
    root = picture(infer(BayesianNetwork([table(x) for x in v])))
    assert set(boxes(root)) == {x.name for x in v}
    many = infer(BayesianNetwork([table(Variable(f"y{k}", 2)) for k in range(40)]))
    assert len(boxes(picture(many))) == 14


def test_figures_stand_beside_the_picture():
    posterior = unroll(EXPECTED, 3).infer()
    html = posterior._repr_html_()
    parsed(html)
    cells = dict(re.findall(r"<th scope='row'>(.*?)</th><td>(.*?)</td>", html))
    assert float(cells["log evidence"].removesuffix(" nats")) == pytest.approx(posterior.log_evidence, rel=1e-9)
    assert cells["clusters"] == str(len(posterior.clusters))
    assert cells["width"] == "2"


def test_a_model_that_is_all_observed_has_no_clusters():
    x = Variable("x", 2)
    assert words(parsed(cluster_picture(plan(FactorGraph([Factor([x], [1, 2])]), {"x": 0})))) == ["no free variables"]


@pytest.mark.parametrize("label", [*HOSTILE, *FORBIDDEN, "x" * 10_000])
def test_any_name_gives_a_well_formed_picture(label):
    x, y = Variable(label, 2), Variable("y", 2)
    html = infer(BayesianNetwork([table(x), table(y, x)]))._repr_html_()
    html.encode("utf-8")
    root = parsed(html)
    assert "script" not in {e.tag for e in root.iter()}
    assert max(len(w) for w in words(picture(infer(BayesianNetwork([table(x), table(y, x)]))))) < 100
