"""Vectors of non-zeros as arrays and as matrices."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given

from control_pgm.errors import TooLarge
from control_pgm.tables.sparse.array import SparseArray, check_dense, entries
from control_pgm.tables.sparse.pattern import Pattern
from tests.strategies import random_logs, seeds, thorough


@thorough
@given(seeds)
@pytest.mark.parametrize("zero", [0.0, -np.inf])
def test_dense_arrays_and_matrices_hold_the_same_numbers(zero, seed):
    rng = np.random.default_rng(seed)
    logs = np.asarray(random_logs(rng, rng.integers(1, 4, rng.integers(0, 4)), zeros=0.5))
    array = np.where(np.isneginf(logs), zero, logs)
    listed = SparseArray.from_dense(array, zero)
    assert listed.shape == array.shape
    assert np.array_equal(listed.dense(), array)
    assert np.array_equal(entries(listed), array[array != zero])
    assert np.array_equal(listed.with_values(listed.values * 2.0).dense(), array * 2.0)
    for order in permutations(range(array.ndim)):
        assert np.array_equal(listed.transpose(order).dense(), array.transpose(order))
        for split in range(array.ndim + 1):
            rows = order[:split]
            columns = tuple(sorted(order[split:]))
            height = int(np.prod([array.shape[i] for i in rows]))
            expected = np.where(array == zero, 0.0, array).transpose(*rows, *columns).reshape(height, -1)
            assert np.array_equal(listed.matrix(rows).toarray(), expected)


def test_a_matrix_over_leading_axes_shares_the_values():
    listed = SparseArray.from_dense(np.arange(24.0).reshape(2, 3, 4), 0.0)
    assert np.shares_memory(listed.matrix((0, 1)).data, listed.values)
    assert listed.matrix((0, 1)) is listed.matrix((0, 1))


def test_large_dense_arrays_are_refused_with_their_size():
    listed = SparseArray(Pattern.of((2**15, 2**14), np.array([5])), np.ones(1))
    with pytest.raises(TooLarge, match=r"shape \(32768, 16384\) needs 4 GiB; allowed: 2 GiB; ask for its non-zeros"):
        listed.dense()
    check_dense((2**14, 2**14))
    check_dense((2**16, 2**15), itemsize=1)
