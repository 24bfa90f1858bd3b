"""How arrays are held: powers of two cost no digit, and logarithms take over only where they must."""

from math import inf, log

import numpy as np
import pytest

from control_pgm.tables.scaling import normal, rescaled, scaled_linear, scaled_logs

TOPS = [1e-300, 1e-9, 0.3, 1.0, 7.0, 1e300]


@pytest.mark.parametrize("top", TOPS)
def test_linear_numbers_come_back_bit_by_bit(top):
    values = np.array([0.0, top / 3, top])
    for held in (scaled_linear(values), rescaled(values, 0), normal(values, 0, False)):
        assert not held.in_logs
        assert np.array_equal(np.ldexp(held.data, held.exponent), values)
        assert 2.0**-30 <= held.data.max() <= 1.0
    assert rescaled(values, 5).exponent == rescaled(values, 0).exponent + 5
    assert normal(values, 0, False).data.max() >= 0.5


def test_numbers_near_one_are_shared():
    values = np.array([0.25, 1.0])
    assert scaled_linear(values).data is values
    assert scaled_linear(values).bounds == (0.25, 1.0)
    assert rescaled(values, 3).data is values
    assert normal(values, 3, False).data is values


@pytest.mark.parametrize("low", [-1.0, -599.0])
@pytest.mark.parametrize("top", [0.0, -700.0, 700.0, -1e6])
def test_logarithms_that_span_little_become_linear(low, top):
    logs = np.array([top, top + low, -inf])
    held = scaled_logs(logs, 7)
    assert not held.in_logs
    found = np.log(held.data[:2]) + (held.exponent - 7) * log(2.0)
    assert np.abs(found - logs[:2]).max() < 1e-15 * max(1.0, abs(top) * 1e3, abs(low) * 1e3)
    assert held.data[2] == 0.0


def test_logarithms_that_span_much_stay_what_they_are():
    logs = np.array([0.0, -601.0, -1e7, -inf])
    held = scaled_logs(logs)
    assert held.in_logs
    assert held.data is logs
    assert held.exponent == 0
    deep = scaled_logs(logs - 1e6)
    assert np.abs(deep.data[:3] + deep.exponent * log(2.0) - (logs[:3] - 1e6)).max() < 1e-8
    assert abs(deep.data[0]) < 1.0
    again = normal(logs - 1e6, 3, True)
    assert again.exponent == deep.exponent + 3
    assert np.array_equal(again.data, deep.data)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((2, 0))])
def test_nothing_but_zeros_needs_no_scale(values):
    with np.errstate(divide="ignore"):
        for held in (scaled_linear(values), scaled_logs(np.log(values)), rescaled(values, 0), normal(values, 0, False)):
            assert not held.data.any()
            assert held.exponent == 0
            assert not held.in_logs
    assert normal(np.full(2, -inf), 4, True).exponent == 4
