"""Sparse tables of any magnitude against the dense tables of the same numbers."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

from control_pgm.errors import InvalidModel, TooLarge
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled, normalised
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.numbers.stacked import stacked
from control_pgm.tables.sparse.pattern import Pattern
from tests.oracles import contract_logs
from tests.strategies import random_logs, seeds, thorough

INF = np.inf


def sparse_of(logs):
    """The finite entries of an array of logarithms, listed."""
    positions = np.flatnonzero(logs > -INF)
    return SparseScaled.over(Pattern.of(logs.shape, positions), logs.ravel()[positions], log=True)


def assert_same_logs(found, expected, atol=1e-9):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    zero = np.isneginf(expected)
    assert np.array_equal(np.isneginf(found), zero)
    assert np.abs(found[~zero] - expected[~zero]).max(initial=0.0) <= atol


def random_table(rng, *, least_axes=0):
    shape = rng.integers(1, 4, rng.integers(least_axes, 4))
    spread = rng.choice([1.0, 400.0, 1e6])
    return np.asarray(random_logs(rng, shape, zeros=rng.choice([0.0, 0.5, 0.9]), spread=spread))


@thorough
@given(seeds)
def test_all_readings_are_those_of_the_dense_table(seed):
    rng = np.random.default_rng(seed)
    logs = random_table(rng, least_axes=1)
    table, dense = sparse_of(logs), Scaled.from_log(logs)
    assert table.shape == dense.shape
    assert table.n_entries == (logs > -INF).sum()
    assert_same_logs(table.log(), dense.log())
    assert_same_logs(table.dense().log(), dense.log())
    assert np.allclose(table.linear(), dense.linear(), rtol=1e-9, atol=0.0)
    assert np.array_equal(table.support, dense.support)
    assert_same_logs(table.total_log(), dense.total_log())
    order = rng.permutation(logs.ndim)
    assert_same_logs(table.transpose(order).log(), logs.transpose(order))
    axes = tuple(int(i) for i in order[: rng.integers(0, logs.ndim + 1)])
    assert_same_logs(table.maximum(axes).log(), logs.max(axis=axes) if axes else logs)
    assert table.first_empty(axes) == dense.first_empty(axes)
    index = tuple(int(rng.integers(n)) if rng.random() < 0.5 else slice(None) for n in logs.shape)
    part = table.take(index)
    assert_same_logs(part.log(), logs[index])
    assert part.sparse == (part.shape != ())


@thorough
@given(seeds)
def test_normalising_matches_the_dense_table_and_marks_the_same_sums(seed):
    rng = np.random.default_rng(seed)
    logs = random_table(rng, least_axes=1)
    axes = tuple(axis for axis in range(logs.ndim) if rng.random() < 0.6)
    found, expected = sparse_of(logs).normalise(axes), Scaled.from_log(logs).normalise(axes)
    undefined = np.isnan(expected.log())
    assert np.array_equal(np.isnan(found.log()), undefined)
    assert_same_logs(found.log()[~undefined], expected.log()[~undefined])
    assert found.sparse != undefined.any()
    assert found.undefined().any() == undefined.any()


@thorough
@given(seeds)
def test_contractions_of_any_magnitude_match_sums_of_logarithms(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    sizes = rng.integers(1, 4, n).tolist()
    scopes, logs = [], []
    for _ in range(rng.integers(1, 6)):
        scope = rng.permutation(n)[: rng.integers(0, 4)].tolist()
        spread = rng.choice([1.0, 100.0, 400.0, 1e4, 1e6])
        table = random_logs(rng, [sizes[x] for x in scope], zeros=rng.choice([0.0, 0.5, 0.9]), spread=spread)
        scopes.append(scope)
        logs.append(np.asarray(table + rng.choice([0.0, 700.0, -spread])))
    covered = sorted({x for s in scopes for x in s})
    out = rng.permutation(covered).astype(int)[: rng.integers(0, len(covered) + 1)].tolist()
    is_sparse = rng.random(len(logs)) < 0.6
    tables = [sparse_of(a) if s else Scaled.from_log(a) for a, s in zip(logs, is_sparse, strict=True)]
    with np.errstate(all="raise", under="ignore"):
        result = Scaled.contract(tables, recipe(tuple(map(tuple, scopes)), tuple(out), tuple(sizes)))
    assert_same_logs(result.log(), contract_logs(logs, scopes, out, sizes), 1e-8)


def test_a_listed_zero_is_a_zero_everywhere():
    pattern = Pattern.of((2, 2), np.arange(3))
    for table in (
        SparseScaled.over(pattern, np.array([0.5, 0.0, 0.25])),
        SparseScaled.over(pattern, np.array([-0.5, -INF, -0.25]), log=True),
        SparseScaled.over(pattern, np.array([0.0, -INF, -1e7]), log=True),
    ):
        assert np.array_equal(table.support, [[True, False], [True, False]])
        assert table.first_empty((0,)) == (1,)
        assert table.nonzeros()[0].tolist() == [0, 2]
        squared = Scaled.contract([table, table], recipe(((0, 1), (0, 1)), (0, 1), (2, 2)))
        assert_same_logs(squared.log(), 2 * table.log())
        with np.errstate(all="raise", invalid="ignore", under="ignore"):
            assert np.array_equal(np.isnan(table.normalise((0,)).log()), [[False, True], [False, True]])
            assert table.normalise((1,)).sparse


def test_a_table_without_non_zeros_is_zero():
    table = SparseScaled.over(Pattern.of((2, 3), np.empty(0, dtype=np.int64)), np.empty(0))
    assert table.total_log() == -INF
    assert not table.support.any()
    assert table.first_empty((1,)) == (0,)
    assert np.isneginf(table.maximum((0, 1)).log())
    message = Scaled.from_linear(np.ones(3))
    assert np.isneginf(Scaled.contract([table, message], recipe(((0, 1), (1,)), (0,), (2, 3))).log()).all()
    assert np.isneginf(Scaled.contract([table, message], recipe(((0, 1), (1,)), (0, 1), (2, 3))).log()).all()
    assert np.isnan(table.normalise((1,)).linear()).all()


# --- making -----------------------------------------------------------------------------------------------------
def rows():
    return sparse.csr_array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.25, 0.5, 0.25]])


@pytest.mark.parametrize("shape", [(2, 2, 3), (4, 3), (4, 1, 3), (4, 3, 1), (1, 4, 3)])
def test_compressed_rows_are_taken_over_without_a_copy(shape):
    matrix = rows()
    table = SparseScaled.from_csr(matrix, shape)
    assert np.array_equal(table.linear(), matrix.toarray().reshape(shape))
    assert np.shares_memory(table.data, matrix.data)
    leading = next(k for k in range(4) if np.prod(shape[:k]) == 4)
    assert np.shares_memory(table.scaled_values.matrix(tuple(range(leading))).data, matrix.data)


def test_unsorted_rows_doubles_and_listed_zeros_are_put_right_in_a_copy():
    messy = sparse.csr_array(
        (np.array([0.5, 0.25, 0.25, 0.0, 1.0]), np.array([2, 0, 2, 1, 1]), np.array([0, 3, 5])), shape=(2, 3)
    )
    before = messy.data.copy(), messy.indices.copy()
    table = SparseScaled.from_csr(messy, (2, 3))
    assert np.array_equal(table.linear(), [[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]])
    assert table.n_entries == 3
    assert np.array_equal(messy.data, before[0])
    assert np.array_equal(messy.indices, before[1])


@pytest.mark.parametrize("shape", [(2, 3), (3, 4), (12,), (2, 2, 2)])
def test_a_shape_that_does_not_split_into_rows_and_columns_is_refused(shape):
    matrix = rows() if shape != (12,) else rows().reshape((2, 6))
    with pytest.raises(InvalidModel, match=r"a matrix of shape .* cannot be a table of shape"):
        SparseScaled.from_csr(matrix, shape)


@pytest.mark.parametrize("bad", [-0.5, np.nan, INF])
def test_a_matrix_of_other_than_finite_numbers_is_refused_with_its_place(bad):
    matrix = rows()
    matrix.data[2] = bad
    with pytest.raises(InvalidModel, match=rf"holds {bad} in row 1, column 2; allowed: finite numbers ≥ 0"):
        SparseScaled.from_csr(matrix, (2, 2, 3))


def test_values_must_be_as_many_as_the_non_zeros():
    with pytest.raises(InvalidModel, match=r"\(2,\) values do not fit Pattern\(3: 3 non-zeros\); allowed: \(3,\)"):
        SparseScaled.over(Pattern.of((3,), np.arange(3)), np.ones(2))


def test_tables_on_one_pattern_stay_on_it():
    table = SparseScaled.from_csr(rows(), (2, 2, 3))
    logs = -np.arange(7.0) * 1e5
    both = np.stack([np.full(7, -1.0), logs], axis=-1).ravel()
    pair = SparseScaled.over(table.pattern.extended(2), both, log=True)
    second = pair.take((slice(None), slice(None), slice(None), 1))
    assert second.pattern is table.pattern
    weights = Scaled.from_linear(np.array([[0.25, 0.75], [0.5, 0.5]]))
    scopes = ((0, 1, 2), (0, 1, 2), (0, 1))
    product = Scaled.contract([table, second, weights], recipe(scopes, (0, 1, 2), (2, 2, 3)))
    assert product.pattern is table.pattern
    assert_same_logs(product.log(), table.log() + second.log() + weights.log()[..., None])


# --- keeping exact zeros exact, and nothing else ------------------------------------------------------------------
def chain(n, logs):
    """A ring of n states: forward with weight exp(logs), or staying with weight 1 − …; two non-zeros a row."""
    matrix = sparse.csr_array(np.eye(n) + np.roll(np.eye(n), 1, axis=1))
    table = SparseScaled.from_csr(matrix, (n, n))
    return SparseScaled.over(table.pattern, np.where(np.arange(2 * n) % 2 == 0, 0.0, logs), log=True)


@pytest.mark.parametrize("deep", [-1e6, -1e7])
def test_a_long_walk_loses_no_digit_and_makes_no_zero(deep):
    """n steps along a ring cost n·deep nats: far below the smallest number, and still no zero."""
    n = 60
    table = chain(n, deep)
    message = Scaled.from_log(np.where(np.arange(n) == 0, 0.0, -INF))
    forward = recipe(((0, 1), (0,)), (1,), (n, n))
    expected = message.log()
    logs = table.log()
    for _ in range(n):
        message = Scaled.contract([table, message], forward)
        expected = contract_logs([logs, expected], [(0, 1), (0,)], (1,), (n, n))
    assert message.support.all()
    assert_same_logs(message.log(), expected, 1e-6)
    assert message.log().min() < 0.9 * n * deep


def test_sums_over_matching_zeros_are_exact_zeros():
    table = SparseScaled.from_csr(rows(), (4, 3))
    message = Scaled.from_log(np.array([-INF, -INF, -1e6]))
    result = Scaled.contract([table, message], recipe(((0, 1), (1,)), (0,), (4, 3)))
    assert_same_logs(result.log(), [-INF, -1e6, -INF, -1e6 + log(0.25)])


# --- stacks -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("deep", [-1.0, -1e5])
def test_a_stack_of_one_pattern_is_sparse_and_others_become_dense(deep):
    pattern = Pattern.of((2, 3), np.array([0, 2, 4]))
    logs = [np.array([0.0, -1.0, -2.0]), np.array([deep, 3 * deep, -INF])]
    tables = [SparseScaled.over(pattern, values, log=True) for values in logs]
    expected = np.stack([table.log() for table in tables])
    stack = stacked(tables)
    assert stack.sparse
    assert_same_logs(stack.log(), expected)
    message = Scaled.from_linear(np.array([0.5, 0.25, 1.0]))
    result = Scaled.contract([stack, message], recipe(((0, 1, 2), (2,)), (0, 1), (2, 2, 3)))
    joint = contract_logs([expected, message.log()], [(0, 1, 2), (2,)], (0, 1), (2, 2, 3))
    assert_same_logs(result.log(), joint)
    mixed = stacked([tables[0], Scaled.from_log(tables[1].log())])
    assert not mixed.sparse
    assert_same_logs(mixed.log(), expected)
    with np.errstate(invalid="ignore"):
        assert np.allclose(normalised(stack.dense(), (1, 2)).sum(axis=(1, 2)), 1.0, rtol=0.0, atol=1e-15)


# --- what would not fit -------------------------------------------------------------------------------------------
def test_a_large_table_is_read_by_parts_and_never_made_dense():
    n = 10**6
    table = SparseScaled.from_csr(sparse.eye_array(n, format="csr"), (n, n))
    for ask in (table.log, table.linear, table.dense):
        with pytest.raises(TooLarge, match=r"shape \(1000000, 1000000\) needs 7.28 TiB; allowed: 2 GiB; ask for"):
            ask()
    with pytest.raises(TooLarge, match="needs 931 GiB"):
        _ = table.support
    assert table.total_log() == log(n)
    row = table.take((7,))
    assert row.sparse
    assert row.linear()[7] == 1.0
    assert table.first_empty((1,)) is None
    assert table.normalise((1,)).sparse
    assert Scaled.contract([table, row], recipe(((0, 1), (0,)), (1,), (n, n))).sparse


def test_only_tables_in_the_same_memory_and_pattern_are_identical():
    values = np.full(3, 0.5)
    pattern = Pattern.of((9,), np.arange(3))
    table = SparseScaled.over(pattern, values)
    assert table.identity == SparseScaled.over(pattern, values).identity
    assert table.identity != SparseScaled.over(pattern, values.copy()).identity
    assert table.identity != SparseScaled.over(Pattern.of((9,), np.arange(3)), values).identity
