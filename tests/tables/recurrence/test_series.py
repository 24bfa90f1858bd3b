"""Series: one table for each repetition, equal ones once."""

import numpy as np
import pytest

from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Distinct, Series, combinations

RNG = np.random.default_rng(3)


def tables(count, *shape):
    return [Scaled.from_linear(RNG.random(shape) * 10.0**k) for k in range(count)]


def test_the_same_object_is_held_once():
    a, b = tables(2, 3)
    series = Series.of([a, b, a, a])
    assert len(series) == 4
    assert list(series.distinct.tables) == [a, b]
    assert series.chosen.tolist() == [0, 1, 0, 0]
    assert [table is a for table in series] == [True, False, True, True]


@pytest.mark.parametrize("repetitions", [range(5), range(3, 0, -1), range(1, 5, 2)])
def test_a_window_holds_the_tables_in_its_order(repetitions):
    given = tables(5, 2, 3)
    window = Series.of(given).window(repetitions)
    stacked = window.stacked()
    for k, c in enumerate(repetitions):
        assert window[k] is given[c]
        assert np.array_equal(stacked.log()[k], given[c].log())


def test_bounds_are_those_of_each_table():
    given = [*tables(3, 4), Scaled.from_linear(np.array([0.0, 0.5, 0.25, 0.0])), Scaled.from_linear(np.zeros(4))]
    low, high = Distinct(given).log2_bounds
    for k, table in enumerate(given):
        values = table.linear() / 2.0 ** Distinct(given).exponents[k]
        positive = values[values > 0]
        if positive.size:
            assert abs(low[k] - np.log2(positive.min())) <= 1e-15
            assert abs(high[k] - np.log2(positive.max())) <= 1e-15
        else:
            assert (low[k], high[k]) == (0.0, 0.0)


def test_wide_tables_are_kept_as_they_are():
    wide = Scaled.from_log(np.array([0.0, -900.0, -np.inf]))
    series = Series.of([*tables(1, 3), wide])
    assert series.distinct.stack is None
    assert np.array_equal(series.stacked().log()[1], wide.log())


def test_taking_states_takes_them_of_every_table():
    given = tables(3, 2, 4)
    taken = Series.of(given).take((slice(None), 2))
    for k, table in enumerate(given):
        assert np.abs(taken[k].linear() - table.linear()[:, 2]).max() <= 1e-15 * table.linear().max()


def test_tables_are_replaced_in_some_repetitions():
    a, b, c = tables(3, 2)
    series = Series.constant(a, 5).replaced({1: b, 3: b, 4: c})
    assert [table is want for table, want in zip(series, [a, b, a, b, c], strict=True)] == [True] * 5
    assert series.changes == [1, 2, 3, 4]
    assert [table is want for table, want in zip(series.replaced({0: b}), [b, b, a, b, c], strict=True)] == [True] * 5


@pytest.mark.parametrize("largest", [2, 5, 2**40])
def test_combinations_are_numbered_and_come_with_their_first_repetition(largest):
    columns = [RNG.integers(largest, size=50) % 7 * (largest // 7 + 1) for _ in range(3)]
    numbers, first = combinations(columns, 50)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for k, number in enumerate(numbers.tolist()):
        assert rows[first[number]] == rows[k]
        assert first[number] <= k
    assert len(first) == len(set(rows))
    assert combinations([], 4)[0].tolist() == [0, 0, 0, 0]
