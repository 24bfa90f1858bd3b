"""Scaling of non-negative numbers: ``data · 2**exponent``, or ``exp(data) · 2**exponent``.

A power of two is exact, so scaling never costs a digit.
"""

from __future__ import annotations

from math import ceil, frexp, inf, log
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray, lock, positive_minimum, times_power_of_two

TRUSTED = 1e-280  # smallest scaled linear value that is kept as it is
_LOG_RANGE = 600.0  # nats that a linear table may span: exp(−600) ≈ 1e-261
_LN2 = log(2.0)


class Numbers(NamedTuple):
    """How an array is held."""

    data: FloatArray
    exponent: Any  # an integer, or one for each entry of leading axes
    in_logs: bool = False
    bounds: tuple[float, float] | None = None  # on the positive scaled values and on all, where they are known


def scaled_linear(values: FloatArray) -> Numbers:
    """Non-negative finite numbers, by logarithms if they span too much. Not copied where they need no scaling."""
    top = float(values.max(initial=0.0))
    low = positive_minimum(values)
    if top > 0.0 and low < TRUSTED * top:
        with np.errstate(divide="ignore"):
            return _scaled_wide(np.log(values), log(low), log(top), 0)
    if 2.0**-30 <= top <= 1.0 and low >= TRUSTED:
        return Numbers(values, 0, False, (low, top))
    return _near_one(values, top, 0)


def scaled_logs(logs: FloatArray, exponent: Any = 0) -> Numbers:
    """Natural logarithms, times ``2**exponent``; linear if they do not span too much."""
    top = float(logs.max(initial=-inf))
    if top == -inf:
        return Numbers(lock(np.zeros(logs.shape)), 0)
    low = float(logs.min(where=logs > -inf, initial=top))
    return _scaled_wide(logs, low, top, exponent)


def rescaled(values: FloatArray, exponent: Any) -> Numbers:
    """Linear numbers times ``2**exponent``, brought near 1 if they are far from it."""
    return _near_one(values, float(values.max(initial=0.0)), exponent)


def normal(data: FloatArray, exponent: Any, in_logs: bool) -> Numbers:
    """The same numbers with the largest scaled value in [1/2, 1]; the same array if it is there already."""
    if in_logs:
        top = float(data.max(initial=-inf))
        shift = ceil(top / _LN2) if top > -inf else 0
        return Numbers(data - shift * _LN2 if shift else data, exponent + shift, True)
    top = float(data.max(initial=0.0))
    if top == 0.0 or 0.5 <= top <= 1.0:
        return Numbers(data, exponent)
    shift = frexp(top)[1]
    return Numbers(times_power_of_two(data, -shift), exponent + shift)


def normal_members(data: FloatArray, exponents: IntArray, in_logs: bool) -> Numbers:
    """The same for every entry of leading axes, whose scales are ``exponents``; linear again where it can be."""
    axes = tuple(range(exponents.ndim, data.ndim))
    if not in_logs:
        shift = np.frexp(data.max(axis=axes, initial=0.0))[1].astype(np.int64)
        return Numbers(_shifted(data, -shift), exponents + shift) if shift.any() else Numbers(data, exponents)
    top = data.max(axis=axes, initial=-inf)
    shift = np.ceil(np.where(top > -inf, top, 0.0) / _LN2).astype(np.int64)
    relative = data - column(shift, data.ndim) * _LN2
    if relative.min(where=relative > -inf, initial=0.0) > -_LOG_RANGE:
        return Numbers(np.exp(relative), exponents + shift)
    return Numbers(relative, exponents + shift, True)


def column(numbers: Any, ndim: int) -> Any:
    """A number, or one for each entry of leading axes, as it broadcasts over an array of ``ndim`` axes."""
    if not isinstance(numbers, np.ndarray):
        return numbers
    return numbers.reshape(*numbers.shape, *[1] * (ndim - numbers.ndim))


def _shifted(data: FloatArray, powers: IntArray) -> FloatArray:
    """Each entry of the leading axes times its own power of two, exactly."""
    powers_of = column(powers, data.ndim)
    if np.abs(powers).max(initial=0) < 1000:
        return np.asarray(data * np.exp2(powers_of))
    return np.asarray(np.ldexp(data, powers_of))


def _scaled_wide(logs: FloatArray, low: float, top: float, exponent: Any) -> Numbers:
    shift = 0 if top <= 0.0 and low > -_LOG_RANGE else ceil(top / _LN2)
    relative = logs - shift * _LN2 if shift else logs
    if top - low < _LOG_RANGE:
        return Numbers(lock(np.exp(relative)), exponent + shift)
    return Numbers(relative, exponent + shift, True)


def _near_one(values: FloatArray, top: float, exponent: Any) -> Numbers:
    """Bring the largest entry near 1; leave it where it is near already."""
    if top == 0.0 or 2.0**-30 <= top <= 1.0:
        return Numbers(values, exponent)
    shift = frexp(top)[1]
    return Numbers(times_power_of_two(values, -shift), exponent + shift)
