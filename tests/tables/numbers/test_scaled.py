"""Numbers of any magnitude: nothing underflows, nothing overflows, and a zero is always a true zero."""

from math import log

import numpy as np
import pytest
from hypothesis import given

from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.numbers.scaled import Scaled, normalised
from control_pgm.tables.numbers.stacked import stacked
from tests.oracles import contract_logs
from tests.strategies import random_logs, seeds, thorough

INF = np.inf


def logs_of(*rows):
    return np.array(rows, dtype=float)


def assert_same_logs(found, expected, atol=1e-10):
    """Equal logarithms, and −inf at exactly the same places."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    zero = np.isneginf(expected)
    assert np.array_equal(np.isneginf(found), zero)
    assert np.all(np.isfinite(found[~zero]))
    assert np.abs(found[~zero] - expected[~zero]).max(initial=0.0) <= atol


def check(logs, scopes, out, sizes, atol=1e-9):
    """Contract tables given by logarithms and compare with loops over logarithms; returns the result."""
    plan = recipe(tuple(map(tuple, scopes)), tuple(out), tuple(sizes))
    logs = [np.asarray(a, dtype=float) for a in logs]
    result = Scaled.contract([Scaled.from_log(a) for a in logs], plan)
    expected = contract_logs(logs, scopes, out, sizes)
    assert_same_logs(result.log(), expected, atol)
    assert np.array_equal(result.support, expected > -INF)
    return result


MAGNITUDES = {
    "ordinary": [0.25, 0.75, 0.0],
    "all zero": [0.0, 0.0, 0.0],
    "denormal": [5e-324, 1e-320, 0.0],
    "tiny": [1e-300, 1e-290, 1e-310],
    "tiny and ordinary": [1e-320, 0.5, 0.0],
    "huge": [1e308, 1e300, 0.0],
    "huge and ordinary": [1e308, 1.0, 0.0],
    "all of it": [5e-324, 1e308, 1.0],
    "at the edge of trust": [1e-280, 0.99e-280, 1.0],
}


@pytest.mark.parametrize("values", MAGNITUDES.values(), ids=MAGNITUDES.keys())
def test_plain_numbers_of_any_magnitude_come_back(values):
    values = np.array(values)
    table = Scaled.from_linear(values)
    with np.errstate(divide="ignore"):
        assert_same_logs(table.log(), np.log(values), 1e-12)
    assert np.array_equal(table.support, values > 0)
    assert np.allclose(table.linear(), values, rtol=2e-13, atol=0.0)


@pytest.mark.parametrize(
    "logs",
    [
        [0.0, -1.0, -INF],
        [700.0, 699.0, -INF],
        [-1e6, -1e6 - 1, -INF],
        [1e6, 1e6 + 1, -INF],
        [-1e6, 0.0, 700.0],
        [-601.0, 0.0, -INF],
        [-599.0, 0.0, -INF],
        [-599.0, -599.0, -599.0],
        [-INF, -INF, -INF],
        [-745.2, -5e5, -INF],
    ],
)
def test_logarithms_of_any_magnitude_come_back(logs):
    table = Scaled.from_log(np.array(logs))
    assert_same_logs(table.log(), logs)
    assert np.array_equal(table.support, np.array(logs) > -INF)
    if max(logs) > -INF:
        top = max(logs)
        assert abs(table.total_log() - (top + log(sum(np.exp(np.array(logs) - top))))) < 1e-9


def test_the_total_of_no_weight_is_minus_infinity():
    assert Scaled.from_linear(np.zeros((2, 3))).total_log() == -INF
    assert Scaled.from_log(np.full(3, -INF)).total_log() == -INF


def test_powers_of_two_cost_no_digit():
    values = np.random.default_rng(0).random(50) * 2.0**900
    assert np.array_equal(Scaled.from_linear(values).linear(), values)


def test_reading_an_overflow_gives_infinity_without_a_warning():
    with np.errstate(all="raise"):
        assert Scaled.from_log(np.array([800.0, 0.0])).linear()[0] == INF
        assert Scaled.from_log(np.array([1000.0, -1000.0])).linear()[0] == INF


@thorough
@given(seeds)
def test_contractions_over_any_magnitude_match_sums_of_logarithms(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    sizes = rng.integers(1, 4, n).tolist()
    scopes, logs = [], []
    for _ in range(rng.integers(1, 6)):
        scope = rng.permutation(n)[: rng.integers(0, 4)].tolist()
        spread = rng.choice([1.0, 100.0, 400.0, 1e4, 1e6])
        scopes.append(scope)
        logs.append(random_logs(rng, [sizes[x] for x in scope], spread=spread) + rng.choice([0.0, 700.0, -spread]))
    covered = sorted({x for s in scopes for x in s})
    out = rng.permutation(covered).astype(int)[: rng.integers(0, len(covered) + 1)].tolist()
    check(logs, scopes, out, sizes, atol=1e-8)


@pytest.mark.parametrize("small", [1e-10, 1e-29, 1e-31, 1e-100, 1e-279, 1e-281, 1e-320])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 12, 40, 500])
def test_a_product_of_many_small_numbers_is_no_zero(count, small):
    logs = [logs_of(log(small), log(0.5), -INF)] * count
    check([np.ravel(a) for a in logs], [(0,)] * count, (0,), (3,), atol=1e-8)
    check([np.ravel(a) for a in logs], [(0,)] * count, (), (3,), atol=1e-8)


@pytest.mark.parametrize("count", [11, 12, 30, 400])
def test_a_product_of_many_plain_tables_is_no_zero(count):
    table = Scaled.from_linear(np.array([1e-29, 0.1, 0.0]))
    plan = recipe(((0,),) * count, (0,), (3,))
    assert_same_logs(Scaled.contract([table] * count, plan).log(), [count * log(1e-29), count * log(0.1), -INF], 1e-8)


def test_what_dies_in_one_factor_survives_in_the_other_state():
    result = check([[-1e6, 0.0], [0.0, -1e6]], [(0,), (0,)], (0,), (2,))
    assert np.allclose(normalised(result, (0,)), 0.5, rtol=0.0, atol=1e-9)


def test_a_structural_zero_stays_exact_beside_underflow():
    check([[[-700.0, -INF], [-INF, 0.0]], [[-700.0, -700.0], [-INF, -INF]]], [(0, 1), (1, 2)], (0, 2), (2, 2, 2))


def sum_of_ones(rounds, size):
    """A table over one axis that grows by the factor ``size`` each round, except at state 0, which stays one."""
    block = np.ones((size + 1, size + 1))
    block[0, 1:] = block[1:, 0] = 0.0
    step = Scaled.from_linear(block)
    plan = recipe(((0, 1), (1,)), (0,), (size + 1, size + 1))
    table = Scaled.from_linear(np.ones(size + 1))
    for _ in range(rounds):
        table = Scaled.contract([step, table], plan)
    return table


@pytest.mark.parametrize("rounds", [1, 30, 90, 98, 99, 101, 310, 400])
def test_a_long_count_neither_overflows_nor_loses_its_small_entries(rounds):
    logs = sum_of_ones(rounds, 10).log()
    assert abs(logs[0]) < 1e-9
    assert np.abs(logs[1:] - rounds * log(10)).max() < 1e-9


@pytest.mark.parametrize("count", [2, 3, 4, 8, 12])
def test_products_of_large_counts_do_not_overflow(count):
    table = sum_of_ones(95, 10)
    plan = recipe(((0,),) * count, (0,), (11,))
    with np.errstate(over="raise", invalid="raise"):
        result = Scaled.contract([table] * count, plan)
    assert_same_logs(result.log(), [0.0] + [count * 95 * log(10)] * 10, 1e-8)


def test_rescaling_by_a_large_top_does_not_wipe_out_what_is_small():
    counts, weak = sum_of_ones(95, 10), Scaled.from_linear(np.array([1e-200] + [1.0] * 10))
    result = Scaled.contract([counts, counts, weak], recipe(((0,),) * 3, (0,), (11,)))
    assert_same_logs(result.log(), [log(1e-200)] + [190 * log(10)] * 10, 1e-8)


@pytest.mark.parametrize("out", [(0,), ()])
def test_an_underflow_inside_a_product_that_grows_again_is_seen(out):
    weak, mask = np.array([1e-100, 1e-165, 1.0] + [1.0] * 8), np.array([1.0, 1.0] + [0.0] * 9)
    operands = [Scaled.from_linear(weak)] * 2 + [sum_of_ones(95, 10)] * 3 + [Scaled.from_linear(mask)]
    count = np.array([0.0] + [95 * log(10)] * 10)
    with np.errstate(divide="ignore"):
        logs = [np.log(weak)] * 2 + [count] * 3 + [np.log(mask)]
    result = Scaled.contract(operands, recipe(((0,),) * 6, out, (11,)))
    assert_same_logs(result.log(), contract_logs(logs, [(0,)] * 6, out, (11,)), 1e-8)


def test_slices_of_large_counts_do_not_hide_an_underflow():
    ones = Scaled.from_linear(np.ones(3))
    large = Scaled.contract([sum_of_ones(95, 10), ones], recipe(((0,), (1,)), (0, 1), (11, 3)))
    large = large.take((slice(1, None), slice(None)))  # 10 × 3 entries, all of them 1e95
    weak = Scaled.from_linear(np.array([1.0] + [1e-170] * 9))
    scopes = ((0,), (0, 1), (0,), (0, 1), (0, 1))
    result = Scaled.contract([weak, large, weak, large, large], recipe(scopes, (0, 1), (10, 3)))
    expected = 285 * log(10) + 2 * np.log([1.0] + [1e-170] * 9)
    assert_same_logs(result.log(), np.tile(expected[:, None], 3), 1e-8)


def test_a_chain_of_a_million_nats_matches_the_log_recursion():
    step = np.log([[0.9, 0.1], [0.4, 0.6]])
    weights = np.array([-1000.0, -1001.5])
    message, expected = Scaled.from_log(np.zeros(2)), np.zeros(2)
    tables = [Scaled.from_log(step), Scaled.from_log(weights)]
    plan = recipe(((0, 1), (1,), (1,)), (0,), (2, 2))
    for _ in range(1000):
        message = Scaled.contract([*tables, message], plan)
        expected = contract_logs([step, weights, expected], [(0, 1), (1,), (1,)], (0,), (2, 2))
    assert expected.max() < -1e6
    assert_same_logs(message.log(), expected, 1e-7)
    assert abs(np.diff(message.log())[0] - np.diff(expected)[0]) < 1e-8


@pytest.mark.parametrize("logs", [[[0.0, -1e4], [-5.0, -INF]], [[0.0, -2.0], [-5.0, -INF]], [[700, 701], [699, -INF]]])
def test_slices_transposes_and_maxima_read_the_same_numbers(logs):
    logs = np.array(logs)
    table = Scaled.from_log(logs)
    assert_same_logs(table.take((slice(None), 1)).log(), logs[:, 1])
    assert_same_logs(table.take((1, 1)).log(), logs[1, 1])
    assert_same_logs(table.transpose((1, 0)).log(), logs.T)
    assert_same_logs(table.maximum((0,)).log(), logs.max(axis=0))
    assert_same_logs(table.maximum((0, 1)).log(), logs.max())


def test_a_deep_slice_can_be_computed_with():
    table = Scaled.from_log(np.array([[0.0, -1e5], [0.0, -1e5 - 1]]))
    column = table.take((slice(None), 1))
    assert np.allclose(normalised(column, (0,)), [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))], rtol=0, atol=1e-10)
    assert_same_logs(Scaled.contract([column, column], recipe(((0,), (0,)), (0,), (2,))).log(), [-2e5, -2e5 - 2])


def test_normalising_marks_empty_rows_and_no_others():
    rows = normalised(Scaled.from_log(np.array([[-INF, -INF], [-1e6, -1e6], [0.0, -INF]])), (1,))
    assert np.isnan(rows[0]).all()
    assert np.allclose(rows[1:], [[0.5, 0.5], [1.0, 0.0]], rtol=0, atol=1e-15)


@pytest.mark.parametrize("deep", [-1.0, -1e5])
def test_the_first_empty_sum_is_named(deep):
    logs = np.array([[0.0, deep, -INF], [deep, -INF, -INF]])
    table = Scaled.from_log(logs)
    assert table.first_empty((0,)) == (2,)
    assert table.first_empty((1,)) is None
    assert table.first_empty((0, 1)) is None
    assert table.first_empty(()) == (0, 2)
    assert Scaled.from_log(np.full((2, 2), -INF)).first_empty((0, 1)) == ()
    assert table.dense() is table


@pytest.mark.parametrize("shift", [0.0, -700.0, -1e5, 700.0])
def test_a_stack_keeps_each_tables_own_scale(shift):
    logs = [np.array([0.0, -1.0]), np.array([shift, shift - 2.0]), np.array([-INF, -1e5])]
    stack = stacked([Scaled.from_log(a) for a in logs])
    assert_same_logs(stack.log(), np.stack(logs))
    assert np.allclose(normalised(stack, (1,))[2], [0.0, 1.0], rtol=0.0, atol=0.0)


def test_a_stack_of_large_counts_and_of_logarithms_can_be_multiplied():
    wide = Scaled.from_log(np.append(0.0, np.linspace(-1e5, -2e5, 10)))
    table = stacked([sum_of_ones(95, 10), wide])
    with np.errstate(over="raise", invalid="raise"):
        result = Scaled.contract([table] * 4, recipe(((0, 1),) * 4, (0, 1), (2, 11)))
    assert_same_logs(result.log(), 4 * table.log(), 1e-8)


def test_only_tables_in_the_same_memory_and_layout_are_identical():
    values = np.full((3, 3), 0.5)
    table = Scaled.from_linear(values)
    assert table.identity == Scaled.from_linear(values).identity
    assert table.identity != Scaled.from_linear(values.copy()).identity
    assert table.identity != table.transpose((1, 0)).identity
    assert table.take((0,)).identity != table.take((1,)).identity
