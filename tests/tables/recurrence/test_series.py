"""Series: one table for each repetition, equal ones once."""

import numpy as np
import pytest

from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Distinct, Series

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
