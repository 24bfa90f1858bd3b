"""Contractions against loops over rational numbers, in both arithmetics."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm.tables.contraction.plan import recipe
from tests.oracles import contract_exactly, log_contract_exactly
from tests.strategies import seeds, thorough


def check(scopes, out, sizes, rng, *, zeros=0.2):
    """Compare both arithmetics of one recipe with exact sums."""
    scopes, out, sizes = tuple(map(tuple, scopes)), tuple(out), tuple(sizes)
    arrays = [rng.random([sizes[x] for x in s]) * (rng.random([sizes[x] for x in s]) >= zeros) for s in scopes]
    plan = recipe(scopes, out, sizes)
    expected = contract_exactly(arrays, scopes, out, sizes)
    shape = tuple(sizes[x] for x in out)
    linear = plan.linear(arrays)
    with np.errstate(divide="ignore"):
        logs = plan.log([np.log(a) for a in arrays])
    assert np.shape(linear) == shape
    assert np.shape(logs) == shape
    for index, value in expected.items():
        assert abs(linear[index] - float(value)) < 1e-12
        assert abs(np.exp(logs[index]) - float(value)) < 1e-12
        assert (value == 0) == (linear[index] == 0.0) == np.isneginf(logs[index])


@pytest.mark.parametrize(
    ("scopes", "out", "sizes"),
    [
        ([(0, 1), (1, 2)], (0, 2), (2, 3, 4)),  # a matrix product
        ([(0, 1), (1, 2)], (2, 0), (2, 3, 4)),  # its transpose
        ([(1, 0), (2, 1)], (0, 2), (3, 3, 3)),  # equal sizes everywhere
        ([(0, 1, 2), (2,)], (0, 1), (2, 3, 4)),  # a backup: (s, a | s') times a message over s'
        ([(0, 1), (0,)], (1,), (3, 2)),  # a forward step
        ([(0, 1), (0, 1)], (1,), (3, 2)),  # shared axes that stay, others that go
        ([(0, 1, 2), (2, 1, 0)], (1,), (2, 2, 2)),
        ([(0, 1, 2), (1, 2, 3)], (3, 1, 0), (2, 3, 2, 2)),
        ([(0,), (1,)], (0, 1), (2, 3)),  # an outer product
        ([(0,), (1,)], (1, 0), (2, 3)),
        ([(0,), (1,)], (), (2, 3)),  # all summed before the product
        ([(0, 1), (2, 1)], (1,), (2, 3, 2)),  # private axes summed first
        ([(0, 1), (0, 1)], (), (2, 3)),  # an inner product
        ([(), (0,)], (0,), (2,)),
        ([(), ()], (), ()),
        ([()], (), ()),
        ([(0, 1)], (), (2, 3)),
        ([(0, 1)], (1, 0), (2, 3)),
        ([(2, 0, 1)], (1, 2), (2, 3, 4)),
        ([(0, 1), (1, 2), (2, 0)], (), (2, 2, 2)),  # a loop
        ([(0, 1), (1, 2), (2, 0)], (2, 0), (1, 1, 3)),  # axes of length one
        ([(0, 1), (1, 2)], (0, 2), (1, 1, 1)),
        ([(0, 1), (1, 2)], (0, 2), (3, 1, 2)),  # summing an axis of length one
        ([(0, 1, 2), (1,)], (0, 1, 2), (2, 1, 3)),
        ([(0, 2), (1,), (0, 1, 2)], (2, 1, 0), (2, 3, 2)),
    ],
)
def test_both_arithmetics_agree_with_exact_sums(scopes, out, sizes):
    check(scopes, out, sizes, np.random.default_rng(0))


@thorough
@given(seeds)
def test_random_contractions_agree_with_exact_sums(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    sizes = rng.integers(1, 4, n).tolist()
    scopes = [rng.permutation(n)[: rng.integers(0, 4)].tolist() for _ in range(rng.integers(1, 7))]
    covered = sorted({x for s in scopes for x in s})
    out = rng.permutation(covered).astype(int)[: rng.integers(0, len(covered) + 1)].tolist()
    check(scopes, out, sizes, rng)


@pytest.mark.parametrize("count", [8, 9, 10, 25])
@pytest.mark.parametrize("seed", range(4))
def test_more_operands_than_the_search_compares_pairwise_are_folded_correctly(count, seed):
    rng = np.random.default_rng([count, seed])
    scopes = [rng.permutation(5)[: rng.integers(0, 3)].tolist() for _ in range(count)] + [[0, 1, 2], [3, 4]]
    check(scopes, rng.permutation(5)[: rng.integers(0, 4)].tolist(), (2, 3, 1, 2, 2), rng, zeros=0.02)


def test_fifty_axes_of_length_one_or_two_are_contracted():
    n = 50
    sizes = tuple(2 if x % 10 == 0 else 1 for x in range(n))
    rng = np.random.default_rng(1)
    a, b = (rng.random(sizes) for _ in range(2))
    out = tuple(range(n - 1, 9, -1))
    result = recipe((tuple(range(n)), tuple(range(n))), out, sizes).linear([a, b])
    expected = (a * b).sum(axis=tuple(range(10))).transpose()
    assert np.abs(result - expected).max() < 1e-12


def test_a_recipe_depends_on_scopes_and_sizes_alone():
    assert recipe(((0, 1), (1,)), (0,), (2, 3)) is recipe(((0, 1), (1,)), (0,), (2, 3))
    assert recipe(((0, 1), (1,)), (0,), (2, 3)) is not recipe(((0, 1), (1,)), (0,), (2, 4))


def test_a_chain_is_contracted_without_its_joint_table():
    n = 8
    plan = recipe(tuple((x, x + 1) for x in range(n)), (0,), (30,) * (n + 1))
    ones = [np.full((30, 30), 1 / 30)] * n
    assert np.abs(plan.linear(ones) - 1.0).max() < 1e-12  # the joint table would have 2e13 entries


def test_the_operands_of_a_contraction_are_left_alone():
    arrays = [np.ones((2, 3)), np.full((3, 2), 2.0)]
    for array in arrays:
        array.flags.writeable = False
    plan = recipe(((0, 1), (1, 2)), (2, 0), (2, 3, 2))
    plan.linear(arrays)
    plan.log(arrays)


def test_logs_of_numbers_far_apart_match_rational_sums():
    rng = np.random.default_rng(3)
    scopes, out, sizes = ((0, 1), (1, 2), (1,)), (2, 0), (2, 3, 2)
    arrays = [np.exp(rng.uniform(-700, 700, [sizes[x] for x in s])) for s in scopes]
    logs = recipe(scopes, out, sizes).log([np.log(a) for a in arrays])
    assert np.abs(logs - log_contract_exactly(arrays, scopes, out, sizes)).max() < 1e-11
