"""Logarithmic matrices against dense arithmetic, and beyond what floating point can hold."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.samples import dense_log_matrix


def random_matrix(seed, shape=(6, 5)):
    rng = np.random.default_rng(seed)
    return rng.random(shape) * (rng.random(shape) < 0.5), rng


@pytest.mark.parametrize("seed", range(20))
def test_products_and_shares_are_those_of_the_dense_matrix(seed):
    dense, rng = random_matrix(seed)
    matrix, x = dense_log_matrix(dense), rng.random(5)
    x[rng.integers(5)] = 0.0
    with np.errstate(divide="ignore"):
        log_x = np.log(x)
        assert difference(matrix.times(log_x), np.log(dense @ x)) <= TIGHT
    total = (dense @ x)[:, None]
    expected = np.divide(dense * x, total, out=np.zeros(dense.shape), where=total > 0)
    assert difference(matrix.shares(log_x).toarray(), expected) <= TIGHT


@pytest.mark.parametrize("seed", range(10))
def test_parts_are_those_of_the_dense_matrix(seed):
    dense, rng = random_matrix(seed, (6, 6))
    matrix, zero = dense_log_matrix(dense), np.zeros(6)
    factors = rng.random(6) * (rng.random(6) < 0.7)
    members = rng.permutation(6)[:3]
    with np.errstate(divide="ignore"):
        log_factors = np.log(factors)
        assert (
            difference(matrix.scaled(log_factors).times(zero), np.log((dense * factors[:, None]).sum(axis=1))) <= TIGHT
        )
        assert difference(matrix.merged(3).times(zero), np.log(dense.reshape(2, -1).sum(axis=1))) <= TIGHT
        block = dense[np.ix_(members, members)]
        assert difference(matrix.block(members).times(np.zeros(3)), np.log(block.sum(axis=1))) <= TIGHT
        assert difference(matrix.row_maxima(matrix.logs), np.log(dense.max(axis=1))) <= TIGHT


def test_entries_far_beyond_floating_point_keep_their_digits():
    matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([-5000.0, 3000.0, -9000.0]), (2, 2))
    assert difference(matrix.times(np.array([8000.0, 0.0])), [3000 + np.log(2), -9000]) <= TIGHT
    assert difference(matrix.shares(np.array([8000.0, 0.0])).toarray(), [[0.5, 0.5], [0, 1]]) <= TIGHT


def test_an_infinite_entry_makes_its_row_infinite_and_shares_nothing():
    matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([np.inf, 0.0, 0.0]), (2, 2))
    assert matrix.times(np.zeros(2)).tolist() == [np.inf, 0.0]
    assert matrix.shares(np.zeros(2)).toarray().tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_empty_rows_are_zeros():
    empty = LogMatrix.of(np.zeros(0, int), np.zeros(0, int), np.zeros(0), (2, 3))
    assert empty.times(np.zeros(3)).tolist() == [-np.inf, -np.inf]
    assert empty.row_maxima(np.zeros(0)).tolist() == [-np.inf, -np.inf]
    assert empty.shares(np.zeros(3)).nnz == 0


def test_the_transposed_matrix_has_rows_for_columns():
    rng = np.random.default_rng(5)
    dense = rng.random((4, 6)) * (rng.random((4, 6)) < 0.5)
    i, j = np.nonzero(dense)
    turned = LogMatrix.of(i, j, np.log(dense[i, j]), dense.shape).transposed()
    back = sparse.csr_array((np.exp(turned.logs), turned.columns, turned.starts), shape=(6, 4)).toarray()
    assert np.abs(back - dense.T).max() <= 1e-15
    assert turned.longest == (dense > 0).sum(axis=0).max()
