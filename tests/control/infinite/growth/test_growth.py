"""Growth of M^T 1 against repeated products, for matrices of one part and of many."""

import numpy as np
import pytest

from control_pgm.control.infinite.growth.growth import growing_class, growth
from control_pgm.control.infinite.growth.occupancy import occupancy
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.variable import Labels
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import dense_log_matrix

METHODS = {"newton": {"newton": True, "max_iterations": 200}, "power": {"newton": False, "max_iterations": 100_000}}


def grown(matrix, steps):
    """log M^T 1 by repeated products."""
    log_x = np.zeros(matrix.height)
    for _ in range(steps):
        log_x = matrix.times(log_x)
    return log_x


def of_parts(seed, n=9):
    """Three dense parts in a chain, some links between them, scaled so that rates differ, and a dead end."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((n, n))
    for part, scale in zip(np.split(np.arange(n), 3), rng.permutation([0.5, 1.0, 2.0]), strict=True):
        matrix[np.ix_(part, part)] = scale * rng.uniform(0.5, 1.0, (3, 3))
    above = np.triu(rng.random((n, n)) < 0.2, k=1)
    matrix = np.where((matrix == 0) & above, rng.random((n, n)), matrix)
    order = rng.permutation(n)
    return matrix[np.ix_(order, order)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(15))
def test_rates_and_values_are_those_of_long_products(method, seed):
    matrix = dense_log_matrix(of_parts(seed))
    found = growth(matrix, Labels(range(9)), tolerance=1e-13, **METHODS[method])
    for steps in (400, 700):
        assert difference(grown(matrix, steps), steps * found.log_rates + found.log_x) <= 1e-8
    assert difference(found.chain.sum(axis=1), np.ones(9)) <= 1e-11
    for members in found.classes:
        share = found.stationary[members]
        inside = found.chain[members][:, members].toarray()
        assert difference(share @ inside, share) <= 1e-9
        assert abs(share.sum() - 1) <= TIGHT


@pytest.mark.parametrize("method", METHODS)
def test_where_time_is_spent_is_where_long_products_put_it(method):
    """Forward times backward in the middle of a trajectory of 400 steps."""
    for seed in range(10):
        dense = of_parts(seed)
        initial = np.random.default_rng(seed).dirichlet(np.ones(9))
        found = growth(dense_log_matrix(dense), Labels(range(9)), tolerance=1e-13, **METHODS[method])
        ahead = grown(dense_log_matrix(dense), 200)
        behind = dense_log_matrix(dense.T)
        forward = np.log(initial)
        for _ in range(200):
            forward = behind.times(forward)
        both = forward + ahead
        expected = np.exp(both - np.logaddexp.reduce(both))
        shares = occupancy(found, initial, tolerance=1e-13, **METHODS[method])
        assert difference(shares, expected) <= 1e-8


def test_parts_that_earn_the_same_share_what_comes_before_them():
    """Two absorbing states; from state 0 they are reached with weights 1 and 3, after some staying."""
    matrix = dense_log_matrix(np.array([[0.5, 1.0, 3.0], [0, 2.0, 0], [0, 0, 2.0]]))
    found = growth(matrix, Labels("abc"), tolerance=1e-13, **METHODS["newton"])
    assert difference(np.exp(found.log_rates), [2, 2, 2]) <= TIGHT
    assert difference(np.exp(found.log_x), [4 / 1.5, 1, 1]) <= TIGHT
    assert sorted(members.tolist() for members in found.classes) == [[1], [2]]
    start = np.array([1.0, 0.0, 0.0])
    for method in METHODS.values():
        assert difference(occupancy(found, start, tolerance=1e-13, **method), [0, 0.25, 0.75]) <= 1e-11
    assert difference(occupancy(found, np.array([0, 0.5, 0.5]), tolerance=1e-13, **method), [0, 0.5, 0.5]) <= TIGHT


def test_rates_that_cannot_be_told_apart_are_made_equal_and_the_bound_says_so():
    apart = dense_log_matrix(np.diag([1.0, 1.0 + 1e-9, 2.0]))
    found = growth(apart, Labels(["a", "b", "c"]), tolerance=1e-8, **METHODS["newton"])
    assert found.log_rates[0] == found.log_rates[1]
    assert 0.9e-9 <= found.width <= 1.1e-9
    assert growth(apart, Labels(["a", "b", "c"]), tolerance=1e-10, **METHODS["newton"]).width <= 1e-15


def test_a_long_way_to_the_parts_that_matter_is_named():
    matrix = dense_log_matrix(np.array([[0.99, 0.01], [0.0, 1.0]]))
    found = growth(matrix, Labels(["on the way", "there"]), tolerance=1e-9, **METHODS["newton"])
    with pytest.raises(InvalidArgument, match=r"max_iterations 30: of long trajectories 0\.7\d+ are still on the way"):
        occupancy(found, np.array([1.0, 0.0]), tolerance=1e-9, max_iterations=30, newton=False)


def test_paths_that_die_have_no_rate():
    matrix = dense_log_matrix(np.array([[0.0, 1.0, 1.0], [0, 0, 0], [0, 0, 0.5]]))
    found = growth(matrix, Labels("abc"), tolerance=1e-13, **METHODS["newton"])
    assert difference(found.log_rates, [np.log(0.5), -np.inf, np.log(0.5)]) <= TIGHT
    assert difference(found.log_x, [np.log(2), -np.inf, 0]) <= TIGHT
    nothing = growth(dense_log_matrix(np.zeros((2, 2))), Labels("ab"), tolerance=1e-13, **METHODS["newton"])
    assert np.isneginf(nothing.log_rates).all()
    assert nothing.classes == ()


@pytest.mark.parametrize("second", [1.0, 1.0 + 1e-15])
def test_a_part_that_can_turn_into_another_of_the_same_rate_is_refused(second):
    with pytest.raises(InvalidModel, match=r"around s='a' and beyond s='b' earn the same.*solve_infinite"):
        growth(
            dense_log_matrix(np.array([[1.0, 0.3], [0.0, second]])), Labels("ab"), tolerance=1e-12, **METHODS["newton"]
        )


def test_a_growing_class_is_found_among_others():
    assert growing_class(dense_log_matrix(0.1 * of_parts(0)), max_iterations=1_000) is None
    for seed in range(8):
        dense = of_parts(seed)
        values = np.linalg.eigvals(dense)
        found = growing_class(dense_log_matrix(dense / max(abs(values)) * 1.001), max_iterations=10_000)
        inside = np.linalg.eigvals(dense[np.ix_(found, found)])
        assert abs(max(abs(inside)) - max(abs(values))) <= 1e-9
