"""Pairwise contractions: which function of NumPy does them, on views alone."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm.tables.contraction.pairwise import View, pair_step, reduce_to
from tests.strategies import seeds, thorough

SIZES = (2, 3, 4, 5)
FUNCTIONS = {"matrix": np.dot, "multiply": np.multiply, "rows": np.vecdot, "einsum": np.einsum}
TABLE = np.arange(24.0).reshape(2, 3, 4)


@thorough
@given(seeds)
def test_every_pair_matches_einsum(seed):
    rng = np.random.default_rng(seed)
    sizes = tuple(int(n) for n in rng.integers(1, 5, 5))
    a, b = (tuple(map(int, rng.permutation(5)[: rng.integers(0, 5)])) for _ in range(2))
    covered = sorted({*a, *b})
    out = tuple(map(int, rng.permutation(covered).astype(int)[: rng.integers(0, len(covered) + 1)]))
    left, right = (rng.random([sizes[x] for x in scope]) for scope in (a, b))
    step, scope = pair_step(0, 1, a, b, out, sizes)
    result = reduce_to(step.run(left, right), scope, out)
    expected = np.einsum(left, list(a), right, list(b), list(out))
    assert result.shape == expected.shape
    assert np.abs(result - expected).max(initial=0.0) < 1e-12 * max(1.0, float(np.abs(expected).max(initial=0.0)))


@pytest.mark.parametrize(
    ("a", "b", "out", "kind"),
    [
        ((0, 1, 2), (2,), (0, 1), "matrix"),  # a backup
        ((0, 1), (0, 1, 2), (2,), "matrix"),  # a step forwards
        ((0, 1), (1, 2), (0, 2), "matrix"),
        ((0, 1), (0,), (0, 1), "multiply"),
        ((0,), (1,), (1, 0), "multiply"),
        ((0, 1), (0, 1), (0,), "rows"),  # sum over a of p(a|s) q(s,a)
        ((0, 1, 2), (0, 2), (0, 1), "rows"),  # a batch of backups, each with its own message
        ((0, 1, 2), (0, 2), (1, 0), "rows"),
        ((0, 1, 2, 3), (0, 2, 3), (0, 1), "rows"),
        ((0, 1), (0, 1), (1,), "einsum"),  # the summed axis comes first
        ((0, 1, 2), (0, 3, 2), (0, 1, 3), "einsum"),  # a batch of matrix products
        ((0, 1, 2, 3), (0, 3, 2), (0, 1), "einsum"),  # summed axes in different orders
    ],
)
def test_the_function_is_chosen_by_where_the_summed_axes_lie(a, b, out, kind):
    step, _ = pair_step(0, 1, a, b, out, SIZES)
    assert getattr(step.function, "func", step.function) is FUNCTIONS[kind]
    rng = np.random.default_rng(0)
    for view, scope in zip(step.views, (a, b), strict=True):
        array = rng.random([SIZES[x] for x in scope])
        assert view is None or np.shares_memory(view.of(array), array)


def test_private_axes_are_summed_before_the_product():
    step, scope = pair_step(0, 1, (0, 3), (1, 0), (0,), SIZES)
    assert [view.presum for view in step.views] == [(1,), (0,)]
    assert scope == (0,)


def test_a_view_that_changes_nothing_is_none():
    assert View.make(None, (), (0, 1, 2), (2, 3, 4), (2, 3, 4)) is None


def test_all_parts_are_applied_in_their_order():
    view = View.make((6, 4), (), (1, 0), (4, 6), (4, 2, 3))
    assert np.array_equal(view.of(TABLE), TABLE.reshape(6, 4).T.reshape(4, 2, 3))
    view = View.make(None, (1,), (1, 0), (4, 2), (8,))
    assert np.array_equal(view.of(TABLE), TABLE.sum(axis=1).T.reshape(8))


def test_fusing_and_reshaping_alone_are_one_change_of_shape():
    view = View.make((6, 4), (), (0, 1), (6, 4), (3, 8))
    assert view == View(None, None, None, (3, 8))
    assert np.shares_memory(view.of(TABLE), TABLE)
