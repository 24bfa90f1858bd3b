"""Patterns of non-zeros against the boolean arrays that they stand for."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

from control_pgm.errors import TooLarge
from control_pgm.tables.sparse.pattern import Pattern
from tests.strategies import seeds, thorough


def of_mask(mask):
    return Pattern.of(mask.shape, np.flatnonzero(mask))


def mask_of(pattern):
    mask = np.zeros(int(np.prod(pattern.shape)), dtype=bool)
    mask[pattern.positions] = True
    return mask.reshape(pattern.shape)


def random_mask(rng, *, least_axes=0):
    shape = rng.integers(1, 5, rng.integers(least_axes, 5))
    return rng.random(shape) < rng.choice([0.0, 0.2, 0.6, 1.0])


def as_csr(mask, leading):
    matrix = sparse.csr_array(mask.reshape(int(np.prod(mask.shape[:leading])), -1).astype(float))
    return Pattern.from_csr(mask.shape, leading, matrix.indptr, matrix.indices)


def variants(mask):
    """The same pattern made in every way."""
    yield of_mask(mask)
    for leading in range(mask.ndim + 1):
        yield as_csr(mask, leading)
    if mask.ndim and mask.all():
        yield of_mask(mask[..., 0]).extended(mask.shape[-1])
        yield of_mask(mask[0]).repeated(mask.shape[0])


@thorough
@given(seeds)
def test_positions_and_indices_along_axes_are_those_of_the_mask(seed):
    mask = random_mask(np.random.default_rng(seed))
    indices = np.argwhere(mask)
    for pattern in variants(mask):
        assert pattern.nnz == mask.sum()
        assert np.array_equal(pattern.positions, np.flatnonzero(mask))
        for n in range(mask.ndim + 1):
            for axes in permutations(range(mask.ndim), n):
                expected = np.zeros(len(indices), dtype=int)
                for axis in axes:
                    expected = expected * mask.shape[axis] + indices[:, axis]
                assert np.array_equal(pattern.along(axes), expected)


@thorough
@given(seeds)
def test_groups_and_compressed_rows_list_every_non_zero_once(seed):
    mask = random_mask(np.random.default_rng(seed))
    for pattern in variants(mask):
        for n in range(mask.ndim + 1):
            for axes in permutations(range(mask.ndim), n):
                ids, starts, order = pattern.groups(axes)
                order = np.arange(pattern.nnz) if order is None else order
                assert np.array_equal(np.sort(order), np.arange(pattern.nnz))
                found = np.repeat(ids, np.diff(starts, append=pattern.nnz))
                assert np.array_equal(found, pattern.along(axes)[order])
                assert (np.diff(ids) > 0).all()
                assert (np.diff(starts, append=pattern.nnz) > 0).all()
                others = tuple(i for i in range(mask.ndim) if i not in axes)
                starts, columns, order = pattern.compressed(axes)
                order = np.arange(pattern.nnz) if order is None else order
                height = int(np.prod([mask.shape[i] for i in axes]))
                matrix = np.zeros((height, mask.size // height), dtype=bool)
                matrix[np.repeat(np.arange(height), np.diff(starts)), columns] = True
                assert np.array_equal(matrix, mask.transpose(*axes, *others).reshape(matrix.shape))
                assert np.array_equal(pattern.along(others)[order], columns)


@thorough
@given(seeds)
def test_transposed_projected_and_longer_patterns_are_those_of_the_mask(seed):
    rng = np.random.default_rng(seed)
    mask = random_mask(rng)
    order = tuple(map(int, rng.permutation(mask.ndim)))
    axes = order[: rng.integers(0, mask.ndim + 1)]
    others = tuple(i for i in range(mask.ndim) if i not in axes)
    ascending = tuple(sorted(axes))
    numbers = np.arange(mask.sum())
    labels = np.full(mask.shape, -1)
    labels[mask] = numbers
    for pattern in variants(mask):
        moved, places = pattern.transposed(order)
        assert np.array_equal(mask_of(moved), mask.transpose(order))
        kept = numbers if places is None else numbers[places]
        assert np.array_equal(kept, labels.transpose(order)[mask.transpose(order)])
        assert np.array_equal(mask_of(pattern.projected(ascending)), mask.any(axis=others))
        assert np.array_equal(mask_of(pattern.extended(3)), np.repeat(mask[..., None], 3, axis=-1))
        assert np.array_equal(mask_of(pattern.repeated(3)), np.repeat(mask[None], 3, axis=0))


def random_index(rng, n):
    """An integer or a slice of any direction."""
    kind = rng.integers(4)
    if kind == 0:
        return int(rng.integers(-n, n))
    if kind == 1:
        return slice(None)
    return slice(*(int(x) for x in rng.integers(-n, n + 1, 2)), int(rng.choice([-2, -1, 1, 2])))


@thorough
@given(seeds)
def test_taking_follows_the_indexing_of_numpy(seed):
    rng = np.random.default_rng(seed)
    mask = random_mask(rng, least_axes=1)
    index = tuple(random_index(rng, n) for n in mask.shape[: rng.integers(1, mask.ndim + 1)])
    labels = np.full(mask.shape, -1)
    labels[mask] = np.arange(mask.sum())
    taken = np.asarray(mask[index])
    for pattern in variants(mask):
        part, chosen = pattern.taken(index)
        assert part.shape == taken.shape
        assert np.array_equal(mask_of(part), taken)
        assert np.array_equal(np.arange(pattern.nnz)[chosen], np.asarray(labels[index])[taken])


@thorough
@given(seeds)
def test_restricting_axes_to_indices_is_indexing_by_arrays(seed):
    rng = np.random.default_rng(seed)
    mask = random_mask(rng)
    axes = [axis for axis in range(mask.ndim) if rng.random() < 0.6]
    wanted = {axis: rng.permutation(mask.shape[axis])[: rng.integers(0, mask.shape[axis] + 1)] for axis in axes}
    box = [wanted.get(axis, np.arange(n)) for axis, n in enumerate(mask.shape)]
    labels = np.full(mask.shape, -1)
    labels[mask] = np.arange(mask.sum())
    for pattern in variants(mask):
        part, chosen = pattern.restricted(wanted)
        assert np.array_equal(mask_of(part), mask[np.ix_(*box)] if box else mask)
        assert np.array_equal(chosen, labels[np.ix_(*box)][mask[np.ix_(*box)]] if box else chosen)


def test_one_slice_of_an_extended_pattern_is_the_pattern_itself():
    pattern = of_mask(np.eye(4, dtype=bool))
    part, chosen = pattern.extended(2).taken((slice(None), slice(None), 1))
    assert part is pattern
    assert chosen == slice(1, None, 2)
    assert pattern.taken((slice(None),))[0] is pattern


def test_what_was_asked_once_is_kept():
    pattern = of_mask(np.random.default_rng(0).random((4, 5, 6)) < 0.3)
    for ask in (pattern.along, pattern.groups, pattern.compressed, pattern.projected):
        assert ask((0, 2)) is ask((0, 2))
    assert pattern.transposed((2, 0, 1))[0] is pattern.transposed((2, 0, 1))[0]
    assert pattern.taken((2,)) is pattern.taken((-2,))


def test_compressed_rows_are_shared_and_the_callers_stay_writeable():
    matrix = sparse.csr_array(np.eye(6))
    pattern = Pattern.from_csr((2, 3, 6), 2, matrix.indptr, matrix.indices)
    starts, columns, order = pattern.compressed((0, 1))
    assert np.shares_memory(columns, matrix.indices)
    assert np.shares_memory(starts, matrix.indptr)
    assert order is None
    assert not columns.flags.writeable
    assert matrix.indices.flags.writeable


def test_indices_take_no_more_bits_than_they_need():
    small = of_mask(np.eye(3, dtype=bool))
    assert {small.along((1,)).dtype, small.compressed((1,)).columns.dtype} == {np.dtype(np.int32)}
    large = Pattern.of((2, 2**40), np.array([5, 2**40 + 7]))
    assert large.along((1,)).dtype == np.int64
    assert large.along((1,)).tolist() == [5, 7]


def test_the_cost_does_not_grow_with_the_shape():
    shape = (2,) * 60
    pattern = Pattern.of(shape, np.array([3, 2**59 + 1]))
    ids, starts, _ = pattern.groups(tuple(range(59)))
    assert ids.tolist() == [1, 2**58]
    assert starts.tolist() == [0, 1]
    assert pattern.transposed(tuple(range(59, -1, -1)))[0].positions.tolist() == [2**59 + 1, 2**59 + 2**58]
    part, chosen = pattern.taken((1,))
    assert part.positions.tolist() == [1]
    assert chosen.tolist() == [1]


def test_a_shape_beyond_machine_integers_is_refused():
    with pytest.raises(TooLarge, match=r"9\.22e\+18 assignments; allowed: up to 2\*\*62.*fewer variables"):
        Pattern.of((2,) * 63, np.array([0]))
    with pytest.raises(TooLarge):
        Pattern.of((2,) * 62, np.array([0])).extended(2)
    with pytest.raises(TooLarge):
        Pattern.of((2,) * 62, np.array([0])).repeated(3)


def test_a_pattern_tells_its_size():
    assert repr(of_mask(np.eye(3, dtype=bool))) == "Pattern(3 × 3: 3 non-zeros)"
