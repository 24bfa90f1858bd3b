"""Products of two sparse tables against products of the dense ones."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm.errors import TooLarge
from control_pgm.tables.sparse.array import SparseArray
from control_pgm.tables.sparse.join import joined
from control_pgm.tables.sparse.pattern import Pattern
from tests.strategies import seeds, thorough


def random_array(rng, shape):
    return rng.random(shape) * (rng.random(shape) < rng.choice([0.0, 0.3, 0.7, 1.0]))


@thorough
@given(seeds)
def test_joins_match_products_by_broadcasting(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    sizes = rng.integers(1, 4, n)
    scopes = [tuple(map(int, rng.permutation(n)[: rng.integers(0, n + 1)])) for _ in range(2)]
    arrays = [np.asarray(random_array(rng, sizes[list(scope)])) for scope in scopes]
    scope, product = joined(
        *((s, SparseArray.from_dense(a, 0.0)) for s, a in zip(scopes, arrays, strict=True)), np.multiply
    )
    assert set(scope) == {*scopes[0], *scopes[1]}
    letters = ["".join("abcde"[x] for x in s) for s in (*scopes, scope)]
    expected = np.einsum(f"{letters[0]},{letters[1]}->{letters[2]}", *arrays)
    assert np.array_equal(product.dense(), expected)
    assert product.pattern.nnz == (expected > 0.0).sum()
    assert (np.diff(product.pattern.positions) > 0).all()


def test_equal_patterns_that_are_not_one_object_are_recognised():
    rng = np.random.default_rng(0)
    array = random_array(rng, (5, 6))
    a, b = (SparseArray.from_dense(array, 0.0) for _ in range(2))
    scope, product = joined(((0, 1), a), ((0, 1), b), np.multiply)
    assert scope == (0, 1)
    assert product.pattern is a.pattern
    assert np.array_equal(product.values, a.values**2)


def test_a_join_with_too_many_products_is_refused():
    n = 2**15
    ones = SparseArray(Pattern.of((n, 1), np.arange(n)), np.ones(n))
    with pytest.raises(TooLarge, match=r"1,073,741,824 non-zeros; allowed: 268,435,456; condition one of them"):
        joined(((0, 1), ones), ((1, 2), ones.transpose((1, 0))), np.multiply)
