"""The one class that knows how numbers are held: scaled linear values, or logarithms where those would underflow.

A table of non-negative numbers is held as ``data · 2**exponent`` with ``data`` near 1 at its largest. The power of
two is exact, so scaling never costs a digit. A table whose entries span more than about 280 decades is held by
natural logarithms, ``exp(data) · 2**exponent``.

A contraction is tried in linear arithmetic. What underflows there is lost absolutely below 1e-308 of the scale, so a
result is kept if each entry is either at least 1e-280 of the scale or a *structural* zero (no term of its sum is
positive). Otherwise the whole message is computed again in logarithms: a zero is never the work of an underflow.
Every table carries bounds on its positive entries. While the products of the operands' bounds are harmless the result
is not even looked at; it inherits the products as its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, frexp, inf, log, prod

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, lock, positive_minimum, times_power_of_two
from control_pgm.tables.contraction import Recipe, log_sum_exp

TRUSTED = 1e-280  # smallest scaled linear value that is kept as it is
# Results whose bounds lie within this and its inverse are passed on without being looked at. Its square stays above
# TRUSTED, so that bringing such a table back to 1 loses nothing.
_UNSEEN = 1e-130
_LOG_RANGE = 600.0  # nats that a linear table may span: exp(−600) ≈ 1e-261
_LN2 = log(2.0)


@dataclass(frozen=True, eq=False, init=False)
class Scaled:
    """A read-only table of non-negative numbers of any magnitude. Made by `from_linear` and `from_log`."""

    _data: FloatArray
    _exponent: int
    _in_logs: bool

    def __init__(
        self, data: FloatArray, exponent: int = 0, in_logs: bool = False, bounds: tuple[float, float] | None = None
    ) -> None:
        fields = self.__dict__  # filled through its dict: every message makes one
        fields["_data"] = data
        fields["_exponent"] = exponent
        fields["_in_logs"] = in_logs
        if not in_logs:
            fields["_linear"] = data
        if bounds is not None:
            fields["_bounds"] = bounds

    # --- making -------------------------------------------------------------------------------------------------
    @staticmethod
    def from_linear(values: FloatArray) -> Scaled:
        """From non-negative finite numbers. The array is kept without a copy where it needs no scaling."""
        top = float(values.max(initial=0.0))
        low = positive_minimum(values)
        if top > 0.0 and low < TRUSTED * top:
            with np.errstate(divide="ignore"):
                return Scaled._from_wide_log(np.log(values), log(low), log(top))
        if 2.0**-30 <= top <= 1.0 and low >= TRUSTED:
            return Scaled(values, bounds=(low, top))
        return Scaled._rescaled(values, top, 0)

    @staticmethod
    def from_log(logs: FloatArray) -> Scaled:
        """From natural logarithms; −inf is an exact zero."""
        top = float(logs.max(initial=-inf))
        if top == -inf:
            return Scaled(lock(np.zeros(logs.shape)))
        low = float(logs.min(where=logs > -inf, initial=top))
        return Scaled._from_wide_log(logs, low, top)

    @staticmethod
    def _from_wide_log(logs: FloatArray, low: float, top: float) -> Scaled:
        exponent = 0 if top <= 0.0 and low > -_LOG_RANGE else ceil(top / _LN2)
        relative = logs - exponent * _LN2 if exponent else logs
        if top - low < _LOG_RANGE:
            return Scaled(lock(np.exp(relative)), exponent)
        return Scaled(relative, exponent, True)

    @staticmethod
    def _rescaled(values: FloatArray, top: float, exponent: int) -> Scaled:
        """Bring the largest entry near 1 by a power of two, which is exact; leave it where it is near already."""
        if top == 0.0 or 2.0**-30 <= top <= 1.0:
            return Scaled(values, exponent)
        shift = frexp(top)[1]
        return Scaled(times_power_of_two(values, -shift), exponent + shift)

    # --- the two arithmetics ------------------------------------------------------------------------------------
    @cached_property
    def _linear(self) -> FloatArray:
        """Scaled linear values; what underflows is 0 here, which `lowest` = 0 tells."""
        return np.exp(self._data) if self._in_logs else self._data

    @cached_property
    def _log(self) -> FloatArray:
        """Natural logarithms without the exponent."""
        if self._in_logs:
            return self._data
        with np.errstate(divide="ignore"):
            return np.log(self._data)

    @cached_property
    def _bounds(self) -> tuple[float, float]:
        """A lower bound on the positive scaled values (0 where they are too small to say), and an upper one on all."""
        if self._in_logs:
            return 0.0, float(np.exp(self._data.max(initial=-inf)))
        return positive_minimum(self._data), float(self._data.max(initial=0.0))

    @cached_property
    def _indicator(self) -> FloatArray:
        """1 where the table is positive, 0 where it is an exact zero."""
        return self.support.astype(np.float64)

    @cached_property
    def _normal(self) -> Scaled:
        """The same table with its largest scaled value in [1/2, 1]."""
        if self._in_logs:
            shift = ceil(float(self._data.max(initial=-inf)) / _LN2) if self.support.any() else 0
            return Scaled(self._data - shift * _LN2, self._exponent + shift, True) if shift else self
        top = float(self._data.max(initial=0.0))
        if top == 0.0 or 0.5 <= top <= 1.0:
            return self
        shift = frexp(top)[1]
        return Scaled(times_power_of_two(self._data, -shift), self._exponent + shift)

    # --- the algebra --------------------------------------------------------------------------------------------
    @staticmethod
    def contract(operands: Sequence[Scaled], recipe: Recipe) -> Scaled:
        """The sum-product of the operands (see `recipe`), exact zeros kept, safe from underflow."""
        exponent, low, high, arrays = 0, 1.0, float(recipe.terms), []
        for operand in operands:
            bounds = operand._bounds
            if bounds[0] < 1.0:
                low *= bounds[0]
            if bounds[1] > 1.0:
                high *= bounds[1]
            exponent += operand._exponent
            arrays.append(operand._linear)
        # No partial product of positive entries lies below `low` or above `high`: nothing can be lost on the way.
        if low >= _UNSEEN and high <= 1.0 / _UNSEEN:
            return Scaled(recipe.linear(arrays), exponent, bounds=(low, high))
        return Scaled._contract_guarded([operand._normal for operand in operands], recipe)

    @staticmethod
    def _contract_guarded(operands: Sequence[Scaled], recipe: Recipe) -> Scaled:
        """The same for operands of at most 1: look at the result, and go to logarithms where digits may be lost."""
        exponent = sum(operand._exponent for operand in operands)
        values = recipe.linear([operand._linear for operand in operands])
        low = prod(operand._bounds[0] for operand in operands)
        if low >= TRUSTED or not Scaled._lost(values, operands, recipe):
            return Scaled._rescaled(values, float(values.max(initial=0.0)), exponent)
        logs = recipe.log([operand._log for operand in operands])
        held = Scaled.from_log(logs)
        return Scaled(held._data, held._exponent + exponent, held._in_logs)

    @staticmethod
    def _lost(values: FloatArray, operands: Sequence[Scaled], recipe: Recipe) -> bool:
        """Whether an entry is too small to trust although some term of its sum is positive."""
        small = values < TRUSTED
        if not small.any():
            return False
        # Zeros and ones multiply without underflow; one table that is nowhere small may stand for its own indicator.
        largest = max(range(len(operands)), key=lambda k: operands[k]._data.size)
        stands_in = operands[largest]._bounds[0] > 1e-100  # never so where logarithms are held
        possible = [o._data if k == largest and stands_in else o._indicator for k, o in enumerate(operands)]
        return bool((small & (recipe.linear(possible) > 0.0)).any())

    def take(self, index: tuple[int | slice, ...]) -> Scaled:
        """The table at fixed indices of some axes."""
        data = np.asarray(self._data[index])
        if not self._in_logs:
            return Scaled(data, self._exponent)
        held = Scaled.from_log(data)
        return Scaled(held._data, held._exponent + self._exponent, held._in_logs)

    def transpose(self, order: Sequence[int]) -> Scaled:
        """The same numbers with the axes in another order, as a view."""
        return Scaled(self._data.transpose(order), self._exponent, self._in_logs)

    def maximum(self, axes: tuple[int, ...]) -> Scaled:
        """The maximum over ``axes``."""
        return Scaled(np.asarray(self._data.max(axis=axes)), self._exponent, self._in_logs)

    def normalise(self, axes: tuple[int, ...]) -> Scaled:
        """Divide by the sums over ``axes``. Where a sum is zero the result is NaN: the caller must look."""
        if not self._in_logs:
            return Scaled(normalised(self, axes))
        total = np.expand_dims(log_sum_exp(self._data, axes), axes)
        with np.errstate(invalid="ignore"):
            return Scaled(self._data - total, 0, True)

    # --- reading ------------------------------------------------------------------------------------------------
    def undefined(self) -> BoolArray:
        """Where the table is NaN."""
        return np.isnan(self._data)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the table."""
        return self._data.shape

    @cached_property
    def support(self) -> BoolArray:
        """Where the table is not an exact zero."""
        return np.asarray(self._data > (-inf if self._in_logs else 0.0))

    def log(self) -> FloatArray:
        """Natural logarithms, −inf at exact zeros. A fresh array."""
        return self._log + self._exponent * _LN2

    def linear(self) -> FloatArray:
        """Plain numbers, which underflow to 0 or overflow to inf if they must. A fresh array."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log()) if self._in_logs else np.ldexp(self._data, self._exponent)

    def total_log(self) -> float:
        """log of the sum of all entries; −inf if all are zero."""
        axes = tuple(range(self._data.ndim))
        if self._in_logs:
            return float(log_sum_exp(self._data, axes)) + self._exponent * _LN2
        total = float(self._data.sum())
        return log(total) + self._exponent * _LN2 if total > 0.0 else -inf

    @property
    def identity(self) -> tuple[int, ...]:
        """A key equal for two tables exactly if they share memory, layout and scale: shared tables are used once."""
        interface = self._data.__array_interface__
        return (interface["data"][0], self._exponent, self._in_logs, *self._data.shape, *self._data.strides)


@dataclass(frozen=True, eq=False)
class Stack:
    """Tables of one shape along a new first axis; each keeps its own scale ``2**exponents[k]``.

    The stack as a whole is a table too, so one contraction does for all: the first axis is just another label.
    """

    table: Scaled
    exponents: IntArray

    @staticmethod
    def of(tables: Sequence[Scaled]) -> Stack:
        """Stack tables, in logarithms if any of them is held so."""
        if any(table._in_logs for table in tables):
            table = Scaled(np.stack([table._log for table in tables]), 0, True)
        else:
            rows = [table._data.ravel() for table in tables]
            table = Scaled(np.concatenate(rows).reshape(len(tables), *tables[0].shape))
        return Stack(table, np.array([table._exponent for table in tables]))

    @staticmethod
    def concatenate(parts: Sequence[Stack], order: IntArray) -> Stack:
        """One stack of several; ``order`` tells which of the concatenated tables comes at each place."""
        exponents = np.concatenate([part.exponents + part.table._exponent for part in parts])[order]
        in_logs = any(part.table._in_logs for part in parts)
        data = np.concatenate([part.table._log if in_logs else part.table._data for part in parts])[order]
        return Stack(Scaled(data, 0, in_logs), exponents)

    def log(self) -> FloatArray:
        """Natural logarithms, −inf at exact zeros."""
        shape = (-1,) + (1,) * (self.table._data.ndim - 1)
        logs: FloatArray = self.table.log()
        logs += (self.exponents * _LN2).reshape(shape)
        return logs

    def normalised(self, axes: tuple[int, ...]) -> FloatArray:
        """Probabilities over ``axes``: the table divided by its sums; NaN where a sum is zero."""
        return normalised(self.table, axes)


def normalised(table: Scaled, axes: tuple[int, ...]) -> FloatArray:
    """The table divided by its sums over ``axes``. Where a sum is zero the result is NaN: the caller must look."""
    values = table._data
    if table._in_logs:
        top = values.max(axis=axes, keepdims=True)
        values = np.exp(values - np.where(np.isneginf(top), 0.0, top))
    total = values.sum(axis=axes, keepdims=True)
    if (total > 0.0).all():
        return np.asarray(values / total)
    return np.asarray(np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0.0))
