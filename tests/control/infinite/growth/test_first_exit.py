"""First-exit problems against dense linear systems."""

import numpy as np
import pytest

from control_pgm.control.infinite.growth.first_exit import first_exit
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.errors import InvalidArgument
from tests.control.comparison import difference
from tests.control.infinite.samples import dense_log_matrix, rows


@pytest.mark.parametrize("newton", [False, True])
@pytest.mark.parametrize("scale", [0.9, 1.0])
def test_what_is_collected_on_the_way_out_solves_the_linear_system(newton, scale):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        matrix = scale * rows(rng, 8, 8, zeros=0.3)
        inside = np.arange(8) < 6
        outside = rng.lognormal(size=2)
        exact = np.linalg.solve(np.eye(6) - matrix[:6, :6], matrix[:6, 6:] @ outside)
        given = np.append(np.zeros(6), np.log(outside))
        found = first_exit(
            dense_log_matrix(matrix), inside, given, tolerance=1e-12, max_iterations=50_000, newton=newton
        )
        assert difference(found.v[:6], np.log(exact)) <= found.error_bound + 1e-12
        assert found.error_bound <= 1e-11
        assert difference(found.v[6:], np.log(outside)) == 0.0


def test_states_that_cannot_leave_collect_nothing():
    matrix = dense_log_matrix(np.array([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0.9, 0], [0, 0, 0, 1]]))
    inside = np.array([True, True, True, False])
    found = first_exit(matrix, inside, np.zeros(4), tolerance=1e-12, max_iterations=1_000, newton=True)
    assert difference(np.exp(found.v), [0.5, 0.5, 0, 1]) <= 1e-12


def test_a_corridor_of_steps_beyond_floating_point():
    """Every step multiplies by e^{-400}: after 50 of them the log is −20,000."""
    n = 50
    matrix = LogMatrix.of(np.arange(n), np.arange(1, n + 1), np.full(n, -400.0), (n + 1, n + 1))
    inside = np.arange(n + 1) < n
    found = first_exit(matrix, inside, np.zeros(n + 1), tolerance=1e-12, max_iterations=200, newton=True)
    assert difference(found.v, -400.0 * np.arange(n, -1, -1)) <= 1e-9


@pytest.mark.parametrize("newton", [False, True])
def test_staying_that_pays_more_than_leaving_has_no_finite_worth(newton):
    matrix = dense_log_matrix(np.array([[1.5, 0.5], [0, 1]]))
    with pytest.raises(InvalidArgument, match="staying inside is worth more than leaving"):
        first_exit(matrix, np.array([True, False]), np.zeros(2), tolerance=1e-9, max_iterations=400, newton=newton)
