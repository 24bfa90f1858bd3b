"""Transition graphs: the edges are those of the dynamics, off foreign nodes; labels stay apart."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, gridworld
from control_pgm.errors import InvalidArgument
from control_pgm.viz import plot_transitions
from control_pgm.viz.graphs.transition_layout import around
from tests.viz.overlap import overlapping

GRID = gridworld("S..\n.#H\n..G", slip=0.1)
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(MOVES, np.zeros((3, 2)), states=["home", "shop", "$work$"], actions=["stay", "go"], initial="home")


def random_process(rng, n, m=2, k=2):
    table = np.zeros((n, m, n))
    for s in range(n):
        for a in range(m):
            table[s, a, rng.choice(n, min(k, n), replace=False)] = rng.dirichlet(np.ones(min(k, n)))
    return MDP(table, np.zeros((n, m)), initial=0)


@pytest.mark.parametrize("mdp", [PLAIN, GRID], ids=["plain", "grid"])
def test_edges_are_the_possible_transitions(mdp):
    drawing = plot_transitions(mdp)
    possible = {(mdp.states[s], mdp.states[x]) for s, _, x in np.argwhere(mdp.transition > 0)}
    assert set(drawing.of("edge")) == possible
    assert set(drawing.of("node")) == set(mdp.states)


def test_labels_name_actions_and_probabilities():
    labels = {pair: text.get_text() for pair, text in plot_transitions(PLAIN).of("edge label").items()}
    assert labels["home", "shop"] == "stay .10\ngo .80"
    assert labels["$work$", "home"] == "go .10"
    assert plot_transitions(PLAIN, labels=False).of("edge label") == {}


def test_wider_edges_are_more_probable():
    widths = {pair: edge.get_linewidth() for pair, edge in plot_transitions(PLAIN).of("edge").items()}
    best = {(PLAIN.states[s], PLAIN.states[x]): PLAIN.transition[s, :, x].max() for s in range(3) for x in range(3)}
    ordered = sorted(widths, key=lambda pair: best[pair])
    assert [widths[pair] for pair in ordered] == sorted(widths.values())


def points_along(arrow):
    """Points on an arrow as it is drawn, its head included, in units of the axes."""
    share = np.linspace(0, 1, 40)[:, None, None]
    lines = arrow.get_path().to_polygons(closed_only=False)
    return np.concatenate([((1 - share) * line[:-1] + share * line[1:]).reshape(-1, 2) for line in lines])


def room(node, points):
    """How far points stay from the rim of a node."""
    return np.hypot(*(points - node.center).T).min() - node.radius


def in_a_row(n):
    """States side by side, each of which leads to the next and the one after: a straight arrow would cross a node."""
    ahead = np.minimum(np.arange(n)[:, None] + [1, 2], n - 1)
    return MDP(np.eye(n)[ahead], np.zeros((n, 2)), positions={k: (0, k) for k in range(n)})


CIRCLES = [random_process(np.random.default_rng(n), n) for n in (2, 3, 5, 8, 12)]


@pytest.mark.parametrize("mdp", [*CIRCLES, in_a_row(3), in_a_row(6), GRID], ids=str)
def test_edges_run_from_rim_to_rim_and_keep_off_foreign_nodes(mdp):
    drawing = plot_transitions(mdp)
    drawing.figure.canvas.draw()
    for ends, arrow in drawing.of("edge").items():
        for state, node in drawing.of("node").items():
            free = room(node, points_along(arrow))
            assert -1e-9 < free < 0.06 if state in ends else free > 0


def test_labels_keep_off_each_other_and_off_nodes():
    rng = np.random.default_rng(0)
    for n in (2, 3, 5, 8, 12):
        drawing = plot_transitions(random_process(rng, n))
        texts = list(drawing.of("edge label").values())
        drawing.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in texts]
        assert not any(a.padded(-2).overlaps(b.padded(-2)) for i, a in enumerate(boxes) for b in boxes[:i])
        nodes = [node.get_window_extent() for node in drawing.of("node").values()]
        for box in boxes:
            middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
            assert not any(node.contains(*middle) for node in nodes)


def test_the_circle_keeps_linked_states_together():
    shuffled = np.random.default_rng(1).permutation(12)
    links = [(int(a), int(b)) for a, b in zip(shuffled, np.roll(shuffled, 1), strict=True)]
    order = around(links, 12)
    place = {k: i for i, k in enumerate(order)}
    apart = [min(abs(place[a] - place[b]), 12 - abs(place[a] - place[b])) for a, b in links]
    assert np.mean(apart) <= 1.5


def test_sparse_processes_look_the_same():
    same = MDP(
        sparse.csr_array(PLAIN.transition.reshape(-1, 3)), np.zeros((3, 2)), states=PLAIN.states, actions=PLAIN.actions
    )
    ours, theirs = plot_transitions(PLAIN).of("edge label"), plot_transitions(same).of("edge label")
    assert {k: v.get_text() for k, v in ours.items()} == {k: v.get_text() for k, v in theirs.items()}


def test_words_do_not_overlap():
    drawing = plot_transitions(GRID)
    assert not overlapping(drawing, [*drawing.of("label").values(), drawing.parts["note",], drawing.ax.title])


def test_too_many_states_are_refused_with_a_remedy():
    n = 31
    with pytest.raises(InvalidArgument, match=r"31 states.*up to 30.*smaller"):
        plot_transitions(MDP(np.eye(n)[:, None], np.zeros((n, 1))))
    with pytest.raises(InvalidArgument, match="an MDP"):
        plot_transitions("mdp")
