"""Contractions with sparse operands against sums over dictionaries of their non-zeros."""

from math import exp, fsum, log

import numpy as np
import pytest
from hypothesis import given

from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.sparse.array import SparseArray
from control_pgm.tables.sparse.pattern import Pattern
from tests.oracles import log_sum
from tests.strategies import seeds, thorough


def random_table(rng, scope, sizes, nnz):
    """A dictionary from assignment to a positive value."""
    table = {}
    for _ in range(nnz):
        table[tuple(int(rng.integers(sizes[x])) for x in scope)] = float(rng.random() + 0.1)
    return table


def as_sparse(table, shape, *, logs=False):
    positions = {int(np.ravel_multi_index(at, shape)) if shape else 0: x for at, x in table.items()}
    values = np.array([positions[k] for k in sorted(positions)])
    pattern = Pattern.of(shape, np.array(sorted(positions), dtype=np.int64))
    return SparseArray(pattern, np.log(values), -np.inf) if logs else SparseArray(pattern, values)


def as_dense(table, shape, *, logs=False):
    array = np.full(shape, -np.inf if logs else 0.0)
    for at, x in table.items():
        array[at] = log(x) if logs else x
    return array


def listed(result, zero=0.0):
    """A result as a dictionary of what is not zero."""
    if isinstance(result, SparseArray):
        assert result.shape  # a single number is dense
        indices = np.stack(np.unravel_index(result.pattern.positions, result.shape), axis=-1)
        pairs = zip(indices, result.values, strict=True)
    else:
        result = np.asarray(result)
        pairs = ((at, result[tuple(at)]) for at in np.argwhere(result != zero))
    return {tuple(map(int, at)): float(x) for at, x in pairs if x != zero}


def contract_dictionaries(tables, scopes, out, sizes):
    """Join one table after another in plain loops; log of the sum at every output assignment with a term."""
    rows = [({}, 0.0)]
    for table, scope in zip(tables, scopes, strict=True):
        rows = [
            ({**at, **dict(zip(scope, states, strict=True))}, weight + log(x))
            for at, weight in rows
            for states, x in table.items()
            if all(at.get(label, state) == state for label, state in zip(scope, states, strict=True))
        ]
    terms = {}
    for at, weight in rows:
        terms.setdefault(tuple(at[label] for label in out), []).append(weight)
    return {at: log_sum(weights) for at, weights in terms.items()}


def assert_same(found, expected, tolerance=1e-12):
    assert found.keys() == expected.keys()
    assert max((abs(found[at] - expected[at]) for at in expected), default=0.0) < tolerance


def random_problem(rng, *, large):
    """Scopes, sizes and dictionaries; ``large`` axes make dense results too long."""
    n = int(rng.integers(1, 5))
    sizes = [int(rng.choice([70, 300])) if large and rng.random() < 0.5 else int(rng.integers(1, 4)) for _ in range(n)]
    scopes = [tuple(map(int, rng.permutation(n)[: rng.integers(0, 4)])) for _ in range(rng.integers(1, 5))]
    tables = [random_table(rng, scope, sizes, int(rng.integers(0, 9))) for scope in scopes]
    covered = sorted({x for scope in scopes for x in scope})
    out = tuple(int(x) for x in rng.permutation(covered)[: rng.integers(0, len(covered) + 1)])
    return scopes, tables, out, sizes


@thorough
@given(seeds)
@pytest.mark.parametrize("large", [False, True])
def test_both_arithmetics_agree_with_loops_over_the_non_zeros(large, seed):
    rng = np.random.default_rng(seed)
    scopes, tables, out, sizes = random_problem(rng, large=large)
    shapes = [tuple(sizes[x] for x in scope) for scope in scopes]
    sparse = [rng.random() < 0.6 or np.prod(shape) > 10**6 for shape in shapes]
    sparse[int(rng.integers(len(sparse)))] = True
    plan = recipe(tuple(scopes), out, tuple(sizes))
    expected = contract_dictionaries(tables, scopes, out, sizes)
    made = [(as_sparse if s else as_dense) for s in sparse]
    linear = plan.linear([make(*pair) for make, pair in zip(made, zip(tables, shapes, strict=True), strict=True)])
    logs = plan.log([make(*p, logs=True) for make, p in zip(made, zip(tables, shapes, strict=True), strict=True)])
    assert linear.shape == logs.shape == tuple(sizes[x] for x in out)
    assert_same(listed(linear), {at: exp(x) for at, x in expected.items()}, 1e-11)
    assert_same(listed(logs, -np.inf), expected)


# --- which way is taken -----------------------------------------------------------------------------------------
STATES, CHOICES = 500, 3


@pytest.fixture
def step():
    """A table over (s, a, s') with two non-zeros in each row."""
    rng = np.random.default_rng(0)
    table = {
        (s, a, int(to)): float(rng.random())
        for s in range(STATES)
        for a in range(CHOICES)
        for to in rng.choice(STATES, 2, replace=False)
    }
    return table, as_sparse(table, (STATES, CHOICES, STATES))


SIZES = (STATES, CHOICES, STATES)


def test_messages_in_both_directions_are_single_matrix_products(step):
    _, x = step
    rng = np.random.default_rng(1)
    dense = x.dense()
    message, above = rng.random(STATES), rng.random((STATES, CHOICES))
    up = recipe(((0, 1, 2), (2,)), (0, 1), SIZES).linear([x, message])
    down = recipe(((0, 1, 2), (0, 1)), (2,), SIZES).linear([x, above])
    assert np.abs(up - dense @ message).max() < 1e-12
    assert np.abs(down - np.einsum("sat,sa->t", dense, above)).max() < 1e-12
    assert up.base is not None  # the product of the matrix seen as a table, not copied
    assert x.matrix((0, 1)).data is x.values or np.shares_memory(x.matrix((0, 1)).data, x.values)
    assert (x.matrix((2,)) - x.matrix((0, 1)).T).nnz == 0


def test_a_batch_of_messages_is_one_product_with_a_matrix(step):
    _, x = step
    messages = np.random.default_rng(2).random((7, STATES))
    sizes = (*SIZES, 7)
    result = recipe(((0, 1, 2), (3, 2)), (3, 0, 1), sizes).linear([x, messages])
    assert np.abs(result - np.einsum("sat,bt->bsa", x.dense(), messages)).max() < 1e-12


def test_small_dense_tables_are_multiplied_before_they_meet_the_sparse_one(step):
    """alpha(s) p(a|s) is made first; the sparse table is then multiplied once."""
    _, x = step
    rng = np.random.default_rng(3)
    alpha, prior, message = rng.random(STATES), rng.random((STATES, CHOICES)), rng.random(STATES)
    scopes = ((0, 1, 2), (0,), (0, 1), (2,))
    for out, form in [((2,), "t"), ((0,), "s"), ((0, 1), "sa"), ((1,), "a"), ((), "")]:
        result = recipe(scopes, out, SIZES).linear([x, alpha, prior, message])
        expected = np.einsum(f"sat,s,sa,t->{form}", x.dense(), alpha, prior, message, optimize=True)
        assert np.abs(result - expected).max() < 1e-12


def test_tables_on_one_pattern_are_multiplied_in_place(step):
    _, x = step
    other = x.with_values(np.random.default_rng(4).random(x.pattern.nnz))
    prior = np.random.default_rng(5).random((STATES, CHOICES))
    result = recipe(((0, 1, 2), (0, 1, 2), (0, 1)), (0, 1, 2), SIZES).linear([x, other, prior])
    assert result.pattern is x.pattern
    expected = (x.dense() * other.dense() * prior[..., None]).ravel()[x.pattern.positions]
    assert np.abs(result.values - expected).max() < 1e-15


def test_sums_are_dense_unless_that_is_much_larger_than_the_list(step):
    _, x = step
    pairs = recipe(((0, 1, 2),), (0, 2), SIZES).linear([x])  # 250 000 entries for 3 000 non-zeros
    states = recipe(((0, 1, 2),), (2,), SIZES).linear([x])
    assert isinstance(pairs, SparseArray)
    assert isinstance(states, np.ndarray)
    assert np.abs(pairs.dense() - x.dense().sum(axis=1)).max() < 1e-12
    assert np.abs(states - x.dense().sum(axis=(0, 1))).max() < 1e-12
    again = recipe(((0, 1, 2),), (0, 2), SIZES).linear([x])
    assert again.pattern is pairs.pattern


def test_a_product_with_new_axes_is_sparse_over_all_of_them(step):
    _, x = step
    extra = np.arange(1.0, 3.0)
    result = recipe(((0, 1, 2), (3,)), (3, 0, 1, 2), (*SIZES, 2)).linear([x, extra])
    assert isinstance(result, SparseArray)
    assert np.array_equal(result.dense(), extra[:, None, None, None] * x.dense())


def test_huge_tables_are_joined_at_a_cost_in_their_non_zeros():
    """A chain of three tables over 10**6 states: no dense table of them would fit."""
    n = 10**6
    rng = np.random.default_rng(6)
    links = [random_table(rng, (0, 0), (200,), 300) for _ in range(3)]
    scaled = [{(1000 * a, 1000 * b): x for (a, b), x in table.items()} for table in links]
    scopes, sizes = ((0, 1), (1, 2), (2, 3)), (n,) * 4
    result = recipe(scopes, (0, 3), sizes).linear([as_sparse(table, (n, n)) for table in scaled])
    expected = contract_dictionaries(scaled, scopes, (0, 3), sizes)
    assert_same(listed(result), {at: exp(x) for at, x in expected.items()}, 1e-11)


@pytest.mark.parametrize("count", [9, 12])
def test_many_operands_are_folded_correctly(count):
    rng = np.random.default_rng(count)
    scopes = [tuple(map(int, rng.permutation(4)[: rng.integers(0, 3)])) for _ in range(count)] + [(0, 1), (2, 3)]
    sizes = (3, 2, 2, 3)
    tables = [random_table(rng, scope, sizes, 30) for scope in scopes]
    shapes = [tuple(sizes[x] for x in scope) for scope in scopes]
    arrays = [(as_sparse if k % 2 else as_dense)(table, shapes[k]) for k, table in enumerate(tables)]
    result = recipe(tuple(scopes), (3, 0), sizes).linear(arrays)
    expected = {at: exp(x) for at, x in contract_dictionaries(tables, scopes, (3, 0), sizes).items()}
    assert_same(listed(result), expected, 1e-12 * max(1.0, fsum(expected.values())))


def test_operands_are_left_alone(step):
    _, x = step
    message = np.ones(STATES)
    before = x.values.copy()
    for array in (x.values, message):
        array.flags.writeable = False
    plan = recipe(((0, 1, 2), (2,)), (0, 1, 2), SIZES)
    plan.linear([x, message])
    plan.log([SparseArray(x.pattern, np.log(x.values), -np.inf), message])
    assert np.array_equal(x.values, before)
