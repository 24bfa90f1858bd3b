"""Factors whose non-zeros are listed: the algebra of dense factors, at a cost in the non-zeros."""

import numpy as np
import pytest
from hypothesis import given

from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, UndefinedConditional, UnknownName
from control_pgm.models.cpd import CPD
from control_pgm.tables.factor import Factor, contract
from control_pgm.tables.sparse_factor import SparseFactor
from control_pgm.tables.variable import Variable
from tests.strategies import random_logs, seeds, thorough

INF = np.inf
X, Y, Z = Variable("x", ["a", "b"]), Variable("y", [10, 20, 30]), Variable("z", ["p", "q", "r"])
VARIABLES = (X, Y, Z)


def random_pair(rng):
    """A sparse factor with its non-zeros in random order, and the dense factor of the same numbers."""
    scope = [VARIABLES[i] for i in rng.permutation(3)[: rng.integers(0, 4)]]
    spread = rng.choice([1.0, 400.0, 1e5])
    logs = np.asarray(
        random_logs(rng, [v.cardinality for v in scope], zeros=rng.choice([0.0, 0.4, 0.8]), spread=spread)
    )
    logs = logs - max(logs.max(initial=0.0), 0.0)
    indices = np.argwhere(logs > -INF)
    order = rng.permutation(len(indices))
    values = np.array([logs[tuple(at)] for at in indices])
    return SparseFactor(scope, indices[order], values[order], log=True), Factor(scope, logs, log=True)


def assert_same(found, expected, tolerance=1e-9):
    assert found.scope == expected.scope
    a, b = found.log_array(), expected.log_array()
    assert np.array_equal(np.isneginf(a), np.isneginf(b))
    seen = ~np.isneginf(b)
    assert np.abs(a[seen] - b[seen]).max(initial=0.0) <= tolerance


@thorough
@given(seeds)
def test_the_algebra_is_that_of_dense_factors(seed):
    rng = np.random.default_rng(seed)
    (a, dense_a), (b, dense_b) = random_pair(rng), random_pair(rng)
    assert_same(a, dense_a)
    product = dense_a * dense_b
    for left, right in ((a, b), (a, dense_b), (dense_a, b)):
        assert_same(left * right, product)
    names = [str(n) for n in rng.permutation(product.scope)]
    some = names[: rng.integers(0, len(names) + 1)]
    assert_same((a * b).marginal(*some), product.marginal(*some))
    assert_same((a * b).eliminate(*some), product.eliminate(*some))
    assert_same((a * b).eliminate(*some, by="max"), product.eliminate(*some, by="max"))
    onto = [v for v in product.variables if rng.random() < 0.5]
    assert_same(contract([a, b, dense_a], onto), contract([dense_a, dense_b, dense_a], onto))
    evidence = {v.name: v.states[int(rng.integers(v.cardinality))] for v in product.variables if rng.random() < 0.5}
    assert_same((a * b).condition(evidence), product.condition(evidence))
    assert np.array_equal(a.array(*sorted(a.scope)), dense_a.array(*sorted(a.scope)))
    full = {v.name: v.states[int(rng.integers(v.cardinality))] for v in a.variables}
    assert a.value(full) == dense_a.value(full)
    assert a.allclose(dense_a)
    assert dense_a.allclose(a)
    assert a.allclose(SparseFactor(a.variables, *listed(dense_a)))


def listed(factor):
    """Indices and plain values of a dense factor's non-zeros."""
    array = factor.array()
    indices = np.argwhere(array > 0.0)
    return indices, [array[tuple(at)] for at in indices]


@thorough
@given(seeds)
def test_normalising_is_that_of_dense_factors_and_names_the_same_sum(seed):
    rng = np.random.default_rng(seed)
    sparse, dense = random_pair(rng)
    given = [name for name in dense.scope if rng.random() < 0.4]
    at = dense.scaled.first_empty(tuple(i for i, name in enumerate(dense.scope) if name not in given))
    if at is None:
        assert_same(sparse.normalise(given=given), dense.normalise(given=given))
        return
    messages = []
    for factor in (sparse, dense):
        with pytest.raises(UndefinedConditional, match=r"sums to zero.*0/0 is undefined") as error:
            factor.normalise(given=given)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_factors_that_differ_somewhere_are_not_close():
    a = SparseFactor([X, Y], [[0, 0], [1, 2]], [1.0, 2.0])
    assert a.allclose(SparseFactor([Y, X], [[0, 0], [2, 1]], [1.0, 2.0 + 1e-13]))
    assert not a.allclose(SparseFactor([X, Y], [[0, 0], [1, 2]], [1.0, 2.1]))
    assert not a.allclose(SparseFactor([X, Y], [[0, 0], [1, 1]], [1.0, 2.0]))
    assert not a.allclose(SparseFactor([X, Y], [[0, 0]], [1.0]))
    assert a.allclose(SparseFactor([X, Y], [[0, 0], [1, 2], [1, 1]], [1.0, 2.0, 1e-13]))
    assert not a.allclose(Factor([X, Y], [[1.0, 0.0, 0.0], [0.0, 0.5, 2.0]]))
    assert not a.allclose(SparseFactor([X], [[0]], [1.0]))


def test_listed_zeros_are_dropped():
    assert SparseFactor([X], [[0], [1]], [0.0, 2.0]).scaled.n_entries == 1
    assert SparseFactor([X], [[0], [1]], [-INF, -2.0], log=True).scaled.n_entries == 1


def test_a_factor_without_non_zeros_is_zero():
    for factor in (SparseFactor([X, Y], [], []), SparseFactor([X, Y], np.empty((0, 2), dtype=int), [])):
        assert factor.array().tolist() == [[0.0] * 3] * 2
        assert factor.value({"x": "a", "y": 10}) == 0.0


def test_a_factor_without_variables_is_a_number():
    number = SparseFactor([], [[]], [3.0])
    assert number.value({}) == 3.0
    assert (number * SparseFactor([X], [[1]], [2.0])).value({"x": "b"}) == 6.0
    assert SparseFactor([], [], []).value({}) == 0.0
    assert "3" in str(number)


def test_the_callers_arrays_are_neither_frozen_nor_shared():
    indices, values = np.array([[0], [1]]), np.array([0.5, 0.25])
    factor = SparseFactor([X], indices, values)
    indices[:] = 0
    values[:] = 9.0
    assert factor.array().tolist() == [0.5, 0.25]


@pytest.mark.parametrize(
    ("indices", "values", "log", "message"),
    [
        ([[0, 0], [1, 2]], [1.0, -5.0], False, r"over \['x', 'y'\] is -5.0 at x=b, y=30; allowed: finite numbers ≥ 0"),
        ([[0, 0], [1, 2]], [np.nan, 1.0], False, r"is nan at x=a, y=10; allowed: finite"),
        ([[0, 0], [1, 2]], [1.0, INF], False, r"is inf at x=b, y=30; allowed: finite"),
        ([[0, 0], [1, 2]], [1.0, INF], True, r"is inf at x=b, y=30; allowed: logarithms below \+inf"),
        ([[0, 0], [1, 2]], [1.0, np.nan], True, r"is nan at x=b, y=30; allowed: logarithms below \+inf"),
        (
            [[0, 1], [1, 2], [0, 1]],
            [1, 2, 3],
            False,
            r"lists x=a, y=20 twice, in rows 0 and 2; allowed: distinct.*add up",
        ),
        ([[1, 2], [1, 2]], [0.5, 0.5], True, r"lists x=b, y=30 twice, in rows 0 and 1"),
        ([[0, 0], [1, 3]], [1, 2], False, r"has the index 3 of 'y' in row 1; allowed: 0 … 2"),
        ([[0, 0], [-1, 2]], [1, 2], False, r"has the index -1 of 'x' in row 1; allowed: 0 … 1"),
        (
            [[0.0, 0.0]],
            [1],
            False,
            r"has indices of type float64; allowed: integers; translate labels by variable.index",
        ),
        ([["a", "b"]], [1], False, r"has indices of type <U1; allowed: integers"),
        (
            [[0, 0]],
            [1, 2],
            False,
            r"indices of shape \(1, 2\) and values of shape \(2,\); allowed: \(n, 2\) and \(n,\)",
        ),
        ([[0]], [1], False, r"indices of shape \(1, 1\) and values of shape \(1,\); allowed: \(n, 2\)"),
        ([0, 1], [1, 2], False, r"indices of shape \(2,\)"),
        ([], [1.0], False, r"indices of shape \(0, 2\) and values of shape \(1,\)"),
        ([[0, 0]], ["much"], False, r"over \['x', 'y'\]: no arrays of numbers"),
        ([[0], [0, 1]], [1, 2], False, r"over \['x', 'y'\]: no arrays of numbers"),
    ],
)
def test_a_list_that_is_none_is_refused_with_its_place(indices, values, log, message):
    with pytest.raises(InvalidModel, match=message):
        SparseFactor([X, Y], indices, values, log=log)


def test_scopes_are_checked_like_those_of_dense_factors():
    with pytest.raises(InvalidModel, match=r"over \['x', 'x'\] has 'x' twice"):
        SparseFactor([X, X], [[0, 0]], [1.0])
    with pytest.raises(InvalidModel, match="'x' in the scope of a factor is no Variable"):
        SparseFactor(["x"], [[0]], [1.0])
    with pytest.raises(InvalidModel, match=r"'x' occurs with 2 states.*and with 3 states"):
        SparseFactor([X], [[0]], [1.0]) * Factor([Variable("x", 3)], np.ones(3))


def test_unknown_names_and_labels_are_errors():
    factor = SparseFactor([X, Y], [[0, 0]], [1.0])
    with pytest.raises(UnknownName, match=r"'z' does not exist; allowed: 'x', 'y'"):
        factor.condition({"z": 1})
    with pytest.raises(UnknownName, match=r"state of 'y': 0"):
        factor.value({"x": "a", "y": 0})
    with pytest.raises(InvalidArgument, match="no state given for 'y'"):
        factor.value({"x": "a"})


# --- showing ----------------------------------------------------------------------------------------------------
def test_a_sparse_factor_prints_its_non_zeros():
    factor = SparseFactor([X, Y], [[1, 2], [0, 1]], [0.5, 1e-9])
    assert str(factor).splitlines() == ["x   y  value", "─  ──  ─────", "a  20  1e-09", "b  30    0.5"]
    assert "<th scope='row'>b</th><td>30</td><td>0.5</td>" in factor._repr_html_()
    assert repr(factor) == "SparseFactor(x: 2, y: 3; 2 non-zeros)"
    assert repr(factor * factor) == "Factor(x: 2, y: 3; 2 non-zeros)"


def test_a_long_list_is_told_in_one_line():
    wide = Variable("wide", 10**4)
    factor = SparseFactor([wide], np.arange(5000)[:, None], np.ones(5000))
    assert str(factor) == "SparseFactor(wide: 10000; 5000 non-zeros)"
    html = factor._repr_html_()
    assert "<caption>SparseFactor(wide: 10000; 5000 non-zeros)</caption>" in html
    assert "<th scope='row'>wide</th><td>10,000</td><td>0, 1, 2, 3, 4, 5, …</td>" in html
    assert html.count("<tr>") == 2


# --- large scopes -----------------------------------------------------------------------------------------------
BITS = [Variable(f"b{i}", 2) for i in range(60)]


def test_sixty_binary_variables_cost_what_their_non_zeros_cost():
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, 2, (500, 60)), axis=0)
    values = rng.random(len(rows)) + 0.1
    factor = SparseFactor(BITS, rows, values)
    kept = {tuple(row[10:20]) for row in rows[:300]}
    part = factor * SparseFactor(BITS[10:20], list(kept), np.ones(len(kept)))
    expected = sum(v for row, v in zip(rows, values, strict=True) if tuple(row[10:20]) in kept)
    assert abs(part.marginal().value({}) - expected) < 1e-12 * expected
    pair = part.marginal("b3", "b59").array()
    for i in range(2):
        for j in range(2):
            terms = [
                v for r, v in zip(rows, values, strict=True) if tuple(r[10:20]) in kept and (r[3], r[59]) == (i, j)
            ]
            assert abs(pair[i, j] - sum(terms)) < 1e-12
    most = factor.eliminate(*(v.name for v in BITS[1:]), by="max").array()
    assert most.tolist() == [values[rows[:, 0] == i].max() for i in range(2)]
    assert factor.condition({v.name: int(i) for v, i in zip(BITS, rows[7], strict=True)}).value({}) == values[7]
    half = factor.marginal(*(v.name for v in BITS[:50]))
    assert half.scaled.sparse
    assert abs(half.scaled.total_log() - np.log(values.sum())) < 1e-12


def test_a_dense_table_that_would_not_fit_is_refused():
    factor = SparseFactor(BITS, np.zeros((1, 60), dtype=int), [1.0])
    for ask in (factor.array, factor.log_array):
        with pytest.raises(TooLarge, match=r"needs .*; allowed: 2 GiB; ask for its non-zeros, a slice or a marginal"):
            ask()
    assert factor.allclose(factor)
    with pytest.raises(UndefinedConditional, match=r"sums to zero at b0=1: 0/0"):
        factor.normalise(given=["b0"])
    with pytest.raises(TooLarge, match=r"assignments; allowed: up to 2\*\*62"):
        SparseFactor([*BITS, *(Variable(f"c{i}", 2) for i in range(3))], np.zeros((1, 63), dtype=int), [1.0])


def test_a_conditional_distribution_may_hold_sparse_numbers():
    factor = SparseFactor([X, Y], [[0, 1], [1, 0], [1, 2]], [1.0, 0.5, 0.5])
    cpd = CPD.of([X, Y], factor.scaled)
    assert cpd.child == Y
    assert cpd.over(Variable("other", [1, 2, 3]), [X]).scaled is factor.scaled
    assert (cpd * Factor([X], [0.5, 0.5])).marginal("y").array().tolist() == [0.25, 0.5, 0.25]
