"""What linear numbers lose is computed again in logarithms: the lost rows alone, and never a false zero."""

from math import log

import numpy as np
import pytest
from hypothesis import given

from control_pgm.tables.contraction import guarded
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.array import SparseArray
from control_pgm.tables.sparse.pattern import Pattern
from tests.strategies import seeds, thorough

INF = np.inf


def sparse_of(logs):
    positions = np.flatnonzero(logs > -INF)
    return SparseScaled.over(Pattern.of(logs.shape, positions), logs.ravel()[positions], log=True)


def extended_logs(logs, scopes, out, sizes):
    """log sum exp of the sum of all operands over the whole joint table, in extended precision."""
    full = (*out, *sorted({x for scope in scopes for x in scope} - set(out)))
    total = np.zeros([sizes[x] for x in full], dtype=np.longdouble)
    for array, scope in zip(logs, scopes, strict=True):
        order = sorted(range(len(scope)), key=lambda i: full.index(scope[i]))
        index = tuple(slice(None) if x in scope else None for x in full)
        total = total + array.astype(np.longdouble).transpose(order)[index]
    axes = tuple(range(len(out), len(full)))
    top = total.max(axis=axes, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(total - top).sum(axis=axes)) + np.squeeze(top, axis=axes)


def assert_exact(found, expected, size=1.0):
    """Zeros at the same places, and logarithms to 1e-14 of their size (of ``size``, where they are smaller)."""
    zero = np.isneginf(expected)
    assert np.array_equal(np.isneginf(found), zero)
    error = np.abs(found[~zero] - expected[~zero]) / np.maximum(size, np.abs(expected[~zero]))
    assert error.max(initial=0.0) < 1e-14


def wide_operands(rng, zeros, high):
    """A table over (0, 1, 2), a message over 2 and one over (0, 1): they span millions of nats below ``high``."""
    sizes = (13, 3, 17)
    table = np.where(rng.random(sizes) < zeros, -INF, np.log(rng.random(sizes)))
    message = np.where(rng.random(17) < 0.4, rng.choice([-1e6, -1e7, -700.0], 17), -rng.random(17))
    above = np.where(rng.random((13, 3)) < 0.2, rng.choice([-1e6, high, -INF], (13, 3)), -rng.random((13, 3)))
    return sizes, [table, message, above]


@thorough
@given(seeds)
@pytest.mark.parametrize("high", [0.0, 1e6])
@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("make", [Scaled.from_log, sparse_of])
def test_no_digit_is_lost_over_millions_of_nats(make, zeros, high, seed):
    """Next to weights of exp(10**6), ordinary numbers keep the digits that their logarithm has at that size."""
    rng = np.random.default_rng(seed)
    sizes, logs = wide_operands(rng, zeros, high)
    scopes = ((0, 1, 2), (2,), (0, 1))
    for out in [(0, 1), (1, 0), (2,), (0,), (1, 2), (0, 1, 2), ()]:
        tables = [make(logs[0]), *map(Scaled.from_log, logs[1:])]
        result = Scaled.contract(tables, recipe(scopes, out, sizes))
        assert_exact(result.log(), extended_logs(logs, scopes, out, sizes), max(high, 1.0))


def lost_rows_only(monkeypatch, tables, plan):
    """The result, and the sizes of the contraction in logarithms."""
    asked = []
    contract_logs = guarded.contract_logs

    def watch(operands, scopes, out, sizes):
        asked.append(tuple(sizes))
        return contract_logs(operands, scopes, out, sizes)

    monkeypatch.setattr(guarded, "contract_logs", watch)
    return Scaled.contract(tables, plan), asked


@pytest.mark.parametrize("make", [Scaled.from_log, sparse_of])
def test_only_the_rows_that_lost_digits_are_computed_again(monkeypatch, make):
    """Rows 3 and 8 see nothing but what lies a million nats below; all others are left alone."""
    rng = np.random.default_rng(0)
    logs = np.log(rng.random((10, 2, 6)))
    logs[[3, 8], 1, :3] = -INF
    logs[[3, 8], 1, 3:] = -1e6
    message = np.log(rng.random(6))
    plan = recipe(((0, 1, 2), (2,)), (0, 1), (10, 2, 6))
    result, asked = lost_rows_only(monkeypatch, [make(logs), Scaled.from_log(message)], plan)
    assert asked == [(2, 1, 6)]
    assert_exact(result.log(), extended_logs([logs, message], ((0, 1, 2), (2,)), (0, 1), (10, 2, 6)))
    with monkeypatch.context() as patch:
        patch.setattr(guarded, "_recomputed", everything_again)
        whole = Scaled.contract([make(logs), Scaled.from_log(message)], plan)
    assert_exact(whole.log(), result.log())


def everything_again(values, lost, operands, recipe):
    result = recipe.log([operand.log_values for operand in operands])
    return result.dense() if isinstance(result, SparseArray) else result


def test_many_lost_rows_are_computed_with_all_others(monkeypatch):
    message = np.where(np.arange(8) < 6, -1e6, 0.0)
    table = Scaled.from_log(np.where(np.eye(8) > 0, 0.0, -INF))
    result, asked = lost_rows_only(monkeypatch, [table, Scaled.from_log(message)], recipe(((0, 1), (1,)), (0,), (8, 8)))
    assert asked == [(8, 8)]
    assert np.array_equal(result.log(), message)


def test_nothing_is_computed_again_for_true_zeros(monkeypatch):
    rng = np.random.default_rng(1)
    values = rng.random((9, 9)) * (rng.random((9, 9)) < 0.3)
    values[4] = values[:, 2] = 0.0
    deep = Scaled.from_linear(np.where(np.arange(9) == 2, 1e-200, 1.0))
    plan = recipe(((0, 1), (1,), (1,)), (0,), (9, 9))
    result, asked = lost_rows_only(monkeypatch, [Scaled.from_linear(values), deep, deep], plan)
    assert asked == []
    assert np.array_equal(result.support, values.any(axis=1))
    assert np.abs(result.linear() - values.sum(axis=1)).max() < 1e-12


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5])
def test_few_non_zeros_are_listed_for_logarithms(share):
    rng = np.random.default_rng(2)
    logs = np.where(rng.random((80, 80)) < share, -rng.random((80, 80)) * 1e6, -INF)
    terms = guarded.log_terms(logs)
    assert isinstance(terms, SparseArray) == (share < 0.25)
    message = -rng.random(80) * 1e6
    table = Scaled.from_log(logs)
    for scopes, out in [(((0, 1), (1,)), (0,)), (((1, 0), (1,)), (0,)), (((0, 1), (1,)), (1, 0))]:
        result = Scaled.contract([table, Scaled.from_log(message)], recipe(scopes, out, (80, 80)))
        assert not result.sparse
        assert_exact(result.log(), extended_logs([logs, message], scopes, out, (80, 80)))


def test_small_tables_are_left_dense_for_logarithms():
    assert isinstance(guarded.log_terms(np.full((60, 60), -INF)), np.ndarray)


def test_the_edge_of_trust_is_exact():
    """Just above and just below the smallest value that is kept as it is."""
    for small in (2e-280, 0.5e-280, 1e-300):
        table = Scaled.from_linear(np.diag([1.0, 1e-150, 1e-150]))
        message = Scaled.from_linear(np.array([1.0, small * 1e150, 1.0]))
        result = Scaled.contract([table, message], recipe(((0, 1), (1,)), (0,), (3, 3))).log()
        assert np.abs(result - [0.0, log(small), log(1e-150)]).max() < 1e-12
