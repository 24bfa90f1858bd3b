"""Pictures of values over the belief: lines, their maximum, regions of actions, and what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import crying_baby, plot_belief_values, solve, solve_infinite, tiger
from control_pgm.errors import InvalidArgument
from tests.control.partially_observed.processes import random_pomdp
from tests.strategies import quick

SOLUTION = solve(tiger(), 3, inference="bellman")


def test_the_regions_are_where_the_actions_are_best():
    drawing = plot_belief_values(SOLUTION)
    regions = drawing.of("region")
    assert [action for action, _ in regions] == ["open-right", "listen", "open-left"]
    edges = [0.0]
    for (action, _), patch in regions.items():
        assert patch.get_x() == edges[-1]
        edges.append(patch.get_x() + patch.get_width())
        middle = (edges[-2] + edges[-1]) / 2
        assert SOLUTION.action([1 - middle, middle]) == action
    assert abs(edges[-1] - 1.0) < 1e-12
    assert list(drawing.of("name")) == ["open-right", "listen", "open-left"]
    assert [line.get_xdata()[0] for line in drawing.of("boundary").values()] == edges[1:-1]


@quick
@given(st.integers(0, 10_000), st.booleans())
def test_the_maximum_is_the_value_everywhere(seed, sparse):
    solution = solve(random_pomdp(seed, 2, 3, 2, 0.9, sparse), 3, inference="bellman")
    drawing = plot_belief_values(solution)
    pieces = list(drawing.of("maximum").values())
    ends = np.array([piece.get_xdata() for piece in pieces])
    assert ends[0, 0] == 0.0
    assert abs(ends[-1, 1] - 1.0) < 1e-12
    assert np.array_equal(ends[1:, 0], ends[:-1, 1])
    for piece in pieces:
        for x in (*piece.get_xdata(), sum(piece.get_xdata()) / 2):
            y = np.interp(x, piece.get_xdata(), piece.get_ydata())
            assert abs(y - solution.value([1 - x, x])) < 1e-8
    plt.close("all")


def test_every_vector_is_a_line_and_options_are_theirs():
    drawing = plot_belief_values(SOLUTION, t=1, linewidth=3, title="Tiger")
    lines = drawing.of("vector")
    assert len(lines) == len(SOLUTION.alpha_vectors[1])
    assert [line.get_ydata().tolist() for line in lines.values()] == SOLUTION.alpha_vectors[1].values.tolist()
    assert {line.get_linewidth() for line in lines.values()} == {3}
    assert drawing.ax.get_title() == "Tiger"


def test_the_upper_bound_is_drawn_above_the_maximum_without_a_last_step():
    solution = solve_infinite(crying_baby(), inference="bellman")
    line = plot_belief_values(solution).parts["upper bound",]
    for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
        assert abs(y - solution.upper([1 - x, x])) < 1e-12
        assert y >= solution.lower([1 - x, x]) - 1e-9


def test_what_cannot_be_drawn_is_refused():
    three = solve(random_pomdp(0, 3), 2, inference="bellman")
    endless = solve_infinite(crying_baby(), inference="bellman")
    for call, words in (
        (lambda: plot_belief_values(three), r"beliefs over 3 states cannot be drawn.*solution\.value"),
        (lambda: plot_belief_values(SOLUTION, t=3), "time t=3; allowed: an integer, 0 … 2"),
        (lambda: plot_belief_values(endless, t=1), "time t=1"),
        (lambda: plot_belief_values(tiger()), r"plot_belief_values draws no POMDP; allowed: the solution of a POMDP"),
        (lambda: plot_belief_values(SOLUTION, ax=plt), "ax is a module"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            call()
    assert not plt.get_fignums()
