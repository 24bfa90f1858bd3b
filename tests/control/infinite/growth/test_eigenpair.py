"""Leading eigenpairs against dense eigenvalues, at every temperature, periodic or not."""

import numpy as np
import pytest

from control_pgm.control.infinite.growth.eigenpair import grows, leading_eigenpair, left_eigenvector
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import dense_log_matrix

OPTIONS = {"newton": {"newton": True, "max_iterations": 100}, "power": {"newton": False, "max_iterations": 100_000}}


def irreducible(seed, n=7, density=0.3):
    """A random matrix on a ring, so that every state reaches every other."""
    rng = np.random.default_rng(seed)
    matrix = rng.lognormal(sigma=2.0, size=(n, n)) * (rng.random((n, n)) < density)
    matrix[np.arange(n), (np.arange(n) + 1) % n] += 0.1
    return matrix


def perron(matrix):
    """The leading eigenvalue and its eigenvector, which is positive."""
    values, vectors = np.linalg.eig(matrix)
    k = int(np.argmax(values.real))
    vector = vectors[:, k].real
    return values[k].real, np.abs(vector)


def stationary(matrix, found, tolerance, method):
    """Left times right, of a pair found with these options."""
    log_left, _ = left_eigenvector(matrix, found.log_right, tolerance=tolerance, **OPTIONS[method])
    return np.exp(log_left + found.log_right)


@pytest.mark.parametrize("method", OPTIONS)
@pytest.mark.parametrize("seed", range(12))
def test_the_pair_is_that_of_dense_algebra(method, seed):
    matrix = irreducible(seed)
    value, right = perron(matrix)
    left = perron(matrix.T)[1]
    found = leading_eigenpair(dense_log_matrix(matrix), tolerance=1e-13, **OPTIONS[method])
    assert abs(found.log_value - np.log(value)) <= found.width + TIGHT
    assert found.width <= 1e-11
    assert difference(np.exp(found.log_right), right / right.max()) <= 1e-9
    shares = stationary(dense_log_matrix(matrix), found, 1e-13, method)
    assert difference(shares, left * right / (left @ right)) <= 1e-9


@pytest.mark.parametrize("method", OPTIONS)
def test_bounds_hold_at_every_tolerance(method):
    for seed in range(6):
        matrix = irreducible(seed)
        for tolerance in (1e-1, 1e-4):
            found = leading_eigenpair(dense_log_matrix(matrix), tolerance=tolerance, **OPTIONS[method])
            assert abs(found.log_value - np.log(perron(matrix)[0])) <= found.width


@pytest.mark.parametrize("spread", [10.0, 1e3, 1e5])
def test_cold_temperatures_change_nothing_but_the_eigenvector(spread):
    """D M D^{-1} has the same eigenvalue and the eigenvector D x, even where its entries exceed floating point."""
    for seed in range(6):
        matrix = dense_log_matrix(irreducible(seed))
        shift = spread * np.random.default_rng(seed).normal(size=7)
        logs = matrix.logs + shift[matrix.rows] - shift[matrix.columns]
        moved = LogMatrix(logs, matrix.columns, matrix.starts, 7)
        plain, cold = (leading_eigenpair(m, tolerance=1e-15, **OPTIONS["newton"]) for m in (matrix, moved))
        scale = 1e-15 * max(1.0, np.ptp(shift))
        assert abs(plain.log_value - cold.log_value) <= plain.width + cold.width
        ratio = cold.log_right - shift - plain.log_right
        assert np.ptp(ratio) <= 1e-9 + 100 * scale
        shares = stationary(matrix, plain, 1e-15, "newton"), stationary(moved, cold, 1e-15, "newton")
        assert difference(*shares) <= 1e-9 + 100 * scale


@pytest.mark.parametrize("method", OPTIONS)
def test_a_periodic_ring_has_its_geometric_mean(method):
    logs = np.array([0.3, -1.2, 2.0, 0.1])
    ring = LogMatrix.of(np.arange(4), np.array([1, 2, 3, 0]), logs, (4, 4))
    found = leading_eigenpair(ring, tolerance=1e-12, **OPTIONS[method])
    assert abs(found.log_value - logs.mean()) <= 1e-11
    assert difference(stationary(ring, found, 1e-12, method), np.full(4, 0.25)) <= 1e-11
    earned = logs[::-1].cumsum()[::-1] - logs.mean() * np.arange(4, 0, -1)  # before the ring is closed
    assert difference(found.log_right, earned - earned.max()) <= 1e-9


def test_whether_a_matrix_grows_is_told_from_its_bounds():
    for seed in range(10):
        matrix = irreducible(seed)
        value = perron(matrix)[0]
        assert grows(dense_log_matrix(matrix / value * 1.001), max_iterations=10_000) is True
        assert grows(dense_log_matrix(matrix / value * 0.999), max_iterations=10_000) is False
        assert grows(dense_log_matrix(matrix / value * 1.001), max_iterations=1) in (True, None)


def test_rooms_that_hardly_exchange_anything_have_their_shares():
    """A stochastic matrix has its right eigenvector at once, but a chain that mixes slowly not the left one."""
    rooms = dense_log_matrix(np.array([[0.999, 0.001], [0.002, 0.998]]))
    for method in OPTIONS:
        found = leading_eigenpair(rooms, tolerance=1e-15, **OPTIONS[method])
        assert difference(found.log_right, np.zeros(2)) <= TIGHT
        assert difference(stationary(rooms, found, 1e-15, method), [2 / 3, 1 / 3]) <= 1e-11
    with pytest.raises(InvalidArgument, match=r"max_iterations 5: the growth of evidence"):
        left_eigenvector(rooms, found.log_right, tolerance=1e-15, max_iterations=5, newton=False)


@pytest.mark.parametrize("method", OPTIONS)
@pytest.mark.parametrize("cost", [10.0, 700.0, 750.0, 5000.0])
def test_the_left_eigenvector_keeps_its_digits_where_shares_underflow(method, cost):
    """[[1, 1], [e^-c, 0]]: lambda = (1 + sqrt(1 + 4 e^-c))/2, right (1, e^-c/lambda), left (1, 1/lambda)."""
    way_back = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.0, 0.0, -cost]), (2, 2))
    found = leading_eigenpair(way_back, tolerance=1e-13, **OPTIONS[method])
    log_left, _ = left_eigenvector(way_back, found.log_right, tolerance=1e-13, **OPTIONS[method])
    log_value = np.log((1 + np.sqrt(1 + 4 * np.exp(-cost))) / 2)
    total = np.log1p(np.exp(-cost - 2 * log_value))
    assert difference(found.log_right, [0.0, -cost - log_value]) <= 1e-9
    assert difference(log_left, [-total, -total - log_value]) <= 1e-9


def test_too_few_iterations_are_named():
    with pytest.raises(InvalidArgument, match=r"max_iterations 3.*known to .* nats only.*method='newton'"):
        leading_eigenpair(dense_log_matrix(irreducible(0)), tolerance=1e-12, max_iterations=3, newton=False)


@pytest.mark.parametrize("method", OPTIONS)
def test_an_eigenvalue_below_the_floor_is_not_sought(method):
    for seed in range(6):
        matrix = irreducible(seed)
        log_value = np.log(perron(matrix)[0])
        for distance in (2.0, 1e-3):
            options = {"tolerance": 1e-6, **OPTIONS[method]}
            assert leading_eigenpair(dense_log_matrix(matrix), floor=log_value + distance, **options) is None
            assert leading_eigenpair(dense_log_matrix(matrix), floor=log_value - distance, **options) is not None


@pytest.mark.parametrize("method", OPTIONS)
@pytest.mark.parametrize("barrier", [10.0, 100.0, 2_000.0, 1e5])
def test_wells_that_seem_closed_to_each_other_are_not(method, barrier):
    """[[1, e^-c], [e^-c, e^-1]]: lambda → 1, and log x differs by c + log(lambda − 1/e), where e^-c may underflow."""
    logs = np.array([0.0, -barrier, -barrier, -1.0])
    wells = LogMatrix.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), logs, (2, 2))
    found = leading_eigenpair(wells, tolerance=1e-12, newton=OPTIONS[method]["newton"], max_iterations=200)
    assert abs(found.log_value) <= found.width + np.exp(-2 * barrier) * 2
    half = (1 - np.exp(-1)) / 2
    depth = barrier + np.log(half + np.sqrt(half**2 + np.exp(-2 * barrier)))
    assert abs(found.log_right[1] + depth) <= 1e-11 * barrier
    log_left, _ = left_eigenvector(
        wells, found.log_right, tolerance=1e-12, newton=OPTIONS[method]["newton"], max_iterations=200
    )
    expected = [0.0, -2 * depth]
    expected -= np.logaddexp.reduce(expected)
    assert difference(log_left + found.log_right, expected) <= 1e-11 * barrier
