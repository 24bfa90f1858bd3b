"""Systems solved by products against dense algebra, on graphs where factors fill up."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.infinite.numerics.krylov import fills_up, solve_by_products


def leaving_graph(seed, n, spread, leaves=1e-3):
    """I − J of a random graph with six ways out of every state; ``spread`` of their logarithms."""
    rng = np.random.default_rng(seed)
    weights = np.exp(spread * rng.normal(size=6 * n))
    chain = sparse.csr_array((weights, (np.repeat(np.arange(n), 6), rng.integers(n, size=6 * n))), shape=(n, n))
    chain = sparse.csr_array(sparse.diags_array((1.0 - leaves) / chain.sum(axis=1)) @ chain)
    return sparse.csr_array(sparse.eye_array(n) - chain), rng.normal(size=(n, 2))


@pytest.mark.parametrize("spread", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_solution_is_that_of_dense_algebra(seed, spread):
    system, right = leaving_graph(seed, 400, spread)
    exact = np.linalg.solve(system.toarray(), right)
    for given, wanted in ((right, exact), (right[:, 0], exact[:, 0])):
        found = solve_by_products(system, given)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).max() <= 1e-9 * np.abs(exact).max()


def test_a_singular_system_has_no_solution():
    ring = sparse.csr_array(np.eye(50) - np.roll(np.eye(50), 1, axis=1))
    assert solve_by_products(ring, np.ones(50)) is None


def test_lines_and_grids_are_told_from_random_graphs():
    n = 30
    step = sparse.diags_array([np.ones(n - 1), np.ones(n - 1)], offsets=[1, -1])
    eye = sparse.eye_array(n)
    grid = sparse.csr_array(sparse.kron(step, eye) + sparse.kron(eye, step))
    order = np.random.default_rng(0).permutation(n * n)
    assert not fills_up(grid)
    assert not fills_up(grid[order][:, order])
    assert fills_up(leaving_graph(0, n * n, 0.0)[0])
