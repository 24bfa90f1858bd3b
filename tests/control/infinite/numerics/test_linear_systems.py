"""Systems of leaving chains against dense algebra, on both sides of the size that changes the method."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.infinite.numerics.linear_systems import solve_leaving


@pytest.mark.parametrize("n", [1, 2, 40, 700, 1500])
@pytest.mark.parametrize("transposed", [False, True])
def test_the_solution_solves_the_system(n, transposed):
    rng = np.random.default_rng(n)
    chain = sparse.random_array((n, n), density=min(1.0, 5 / n), rng=rng, format="csr")
    chain.data /= 1.1 * np.repeat(np.maximum(chain.sum(axis=1), 1e-3), np.diff(chain.indptr))
    right = rng.normal(size=(n, 2))
    matrix = np.eye(n) - chain.toarray()
    found = solve_leaving(chain, right, transposed=transposed)
    assert np.abs((matrix.T if transposed else matrix) @ found - right).max() <= 1e-12


def test_a_long_line_is_factored():
    """Steps until a walk leaves a line of n at either end: k (n + 1 − k)."""
    n = 3_000
    walk = sparse.csr_array(sparse.diags_array([np.full(n - 1, 0.5), np.full(n - 1, 0.5)], offsets=[1, -1]))
    k = np.arange(1, n + 1)
    assert np.abs(solve_leaving(walk, np.ones(n)) / (k * (n + 1.0 - k)) - 1).max() <= 1e-8


@pytest.mark.parametrize("n", [3, 700, 1500])
def test_a_chain_that_never_leaves_has_no_solution(n):
    ring = sparse.csr_array((np.ones(n), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    assert solve_leaving(ring, np.ones(n)) is None


def test_no_states_are_no_trouble():
    assert solve_leaving(sparse.csr_array((0, 0)), np.zeros(0)).shape == (0,)
