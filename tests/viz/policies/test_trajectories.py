"""Trajectories: every step that was sampled is drawn, as wide as it is frequent."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from control_pgm import MDP, gridworld, simulate, solve
from control_pgm.errors import InvalidArgument
from control_pgm.viz import plot_trajectories

GRID = gridworld("S..\n.#H\n..G", slip=0.1)
SAMPLED = simulate(GRID, solve(GRID, 8, temperature=0.2).policy, 100, seed=0)
MOVES = [[[0.9, 0.1, 0], [0.2, 0.8, 0]], [[0, 0.7, 0.3], [0.5, 0.5, 0]], [[0, 0, 1], [0.1, 0, 0.9]]]
PLAIN = MDP(MOVES, [[0, -1], [1, 0], [2, 0.5]], states=["home", "shop", "work"], actions=["stay", "go"], discount=0.8)


def test_steps_over_a_grid():
    counts = Counter((int(s), int(x)) for row in SAMPLED.states for s, x in pairwise(row) if s != x)
    lines = plot_trajectories(SAMPLED).parts["steps",]
    assert len(lines.get_segments()) == len(counts)
    cells = {tuple(map(float, (c, -r))): k for k, (r, c) in enumerate(GRID.positions.values())}
    widths = {}
    for (a, b), width in zip(lines.get_segments(), lines.get_linewidths(), strict=True):
        s, x = (cells[tuple(np.round(p))] for p in (a, b))
        widths[s, x] = width
    assert set(widths) == set(counts)
    ordered = [widths[pair] for pair, _ in counts.most_common()]
    assert ordered == sorted(ordered, reverse=True)


def test_steps_over_time_with_an_end_by_discount():
    sampled = simulate(PLAIN, solve(PLAIN, 5).policy, 50, seed=1)
    drawing = plot_trajectories(sampled, single=3)
    pairs = {(t, int(r[t]), int(r[t + 1])) for r in sampled.states for t in range(5)}
    assert len(drawing.parts["steps",].get_segments()) == len(pairs)
    assert list(drawing.parts["single",].get_ydata()) == sampled.states[3].tolist()
    assert drawing.ax.get_yticklabels()[-1].get_text() == "terminal"


def test_one_is_set_off_by_dashes_and_marks():
    line = plot_trajectories(SAMPLED).parts["single",]
    assert line.get_linestyle() not in ("-", "solid")
    assert line.get_marker() == "o"
    assert ("single",) not in plot_trajectories(SAMPLED, single=None).parts


def test_many_states_are_left_out_and_counted():
    n = 60
    ring = MDP(np.roll(np.eye(n), 1, axis=1)[:, None], np.zeros((n, 1)), initial=0)
    drawing = plot_trajectories(simulate(ring, np.ones((40, n, 1)), 3, seed=0))
    assert "17 least visited states left out" in drawing.ax.get_xlabel()


def test_errors_name_what_is_allowed():
    with pytest.raises(InvalidArgument, match="made by simulate"):
        plot_trajectories(GRID)
    for wrong in (-1, 100, 0.5, True):
        with pytest.raises(InvalidArgument, match="0 … 99"):
            plot_trajectories(SAMPLED, single=wrong)
