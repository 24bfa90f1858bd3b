"""Lines through graphs: along chains, rows of grids and slices of templates, found without names or time."""

from itertools import pairwise

import numpy as np
import pytest

from control_pgm.inference.orders.cheapest import neighbourhoods
from control_pgm.inference.orders.linear_arrangement import find_line
from tests.inference.graphs import grid, random_dag, random_template


def test_a_line_follows_a_chain_from_the_end_with_the_lower_number():
    for seed in range(10):
        new = np.random.default_rng(seed).permutation(60).tolist()
        line = find_line(neighbourhoods(60, pairwise(new)), 50)
        assert line.order in (tuple(new), tuple(new[::-1]))
        assert line.reach == 1
        assert line.order.index(0) < 30


def displacement(problem, size, seed):
    """How far variables of a shuffled problem lie from their slice, along the line through it, in slices."""
    n, scopes, _ = problem
    new = np.random.default_rng(seed).permutation(n)
    line = find_line(neighbourhoods(n, [tuple(new[list(scope)].tolist()) for scope in scopes]), 50)
    slices = np.empty(n, dtype=int)
    slices[new] = np.arange(n) // size
    along = slices[list(line.order)]
    along = along if along[0] < along[-1] else along.max() - along
    return np.abs(along - np.arange(n) // size)


def test_a_line_through_a_long_grid_puts_row_after_row():
    assert displacement(grid(5, 40), 5, 3).max() <= 2


@pytest.mark.parametrize(("size", "seed"), [(6, 0), (6, 1), (6, 3), (10, 3)])
def test_a_line_through_a_template_puts_slice_after_slice(size, seed):
    far = displacement(random_template(seed, size, 40), size, seed)
    assert far.max() <= 1
    assert far.mean() < 0.05


def test_lines_leave_hubs_out_and_lay_components_end_to_end():
    chains = [*pairwise(range(1, 101)), *pairwise(range(101, 201))]
    line = find_line(neighbourhoods(201, [*chains, *((0, v) for v in range(1, 201))]), 50)
    assert line.hubs == (0,)
    assert set(line.order[:100]) in ({*range(1, 101)}, {*range(101, 201)})
    assert line.order == tuple(range(1, 201))


def test_a_bushy_graph_has_no_line():
    n, scopes, _ = random_dag(0, 3000)
    assert find_line(neighbourhoods(n, scopes), 50) is None
    assert find_line(neighbourhoods(255, [((v - 1) // 2, v) for v in range(1, 255)]), 8) is None
    tail = [*scopes, *pairwise(range(2999, 6000))]  # long, but bushy at one end
    assert find_line(neighbourhoods(6000, tail), 50) is None
