"""The one class that knows how numbers are held: scaled linear values, or logarithms where those would underflow.

A table of non-negative numbers is held as ``data · 2**exponent`` with ``data`` near 1 at its largest. The power of
two is exact, so scaling never costs a digit. A table whose entries span more than about 280 decades is held by
natural logarithms, ``exp(data) · 2**exponent``.

A contraction is tried in linear arithmetic. Every table carries bounds on its positive entries. While the products of
the operands' bounds are harmless the result is not inspected; it inherits the products as its bounds. Otherwise
entries that may have lost digits are computed again in logarithms (see `guarded`): a zero is never the work of an
underflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray, positive_minimum
from control_pgm.tables.contraction.guarded import contract_guarded, log_terms
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.frozen import Restored
from control_pgm.tables.logarithms import log_sum_exp
from control_pgm.tables.scaling import column, normal, normal_members, rescaled, scaled_linear, scaled_logs
from control_pgm.tables.sparse.array import SparseArray, Table, entries
from control_pgm.tables.sparse.pattern import Pattern

# Results whose bounds lie within this and its inverse are passed on without inspection. Its square stays above
# TRUSTED, so that bringing such a table back to 1 loses nothing.
_UNSEEN = 1e-130
_LARGE = 2**20  # entries
_T = TypeVar("_T")
_LN2 = log(2.0)


class kept_if_small(cached_property[_T]):
    """A copy of a table in another form, kept but for large dense tables, whose memory it would take once more."""

    def __get__(self, table: Any, owner: type[Any] | None = None) -> Any:
        if table is None or table.sparse or table.n_entries <= _LARGE:
            return super().__get__(table, owner)
        return self.func(table)


@dataclass(frozen=True, eq=False, init=False)
class Scaled(Restored):
    """A read-only table of non-negative numbers of any magnitude. Made by `from_linear` and `from_log`.

    Its scale is ``2**exponent``, or ``2**exponent[k]`` for each entry k of its leading axes (see `stacked`): several
    tables of one shape are one table, with one more axis.
    """

    data: FloatArray
    exponent: Any
    in_logs: bool
    sparse: ClassVar[bool] = False  # whether only non-zeros are held, as `SparseScaled` does

    def __init__(
        self,
        data: FloatArray,
        exponent: int | IntArray = 0,
        in_logs: bool = False,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        fields = self.__dict__  # filled through its dict: every message makes one
        fields["data"] = data
        fields["exponent"] = exponent
        fields["in_logs"] = in_logs
        if not in_logs:
            fields["scaled_values"] = data
        if bounds is not None:
            fields["bounds"] = bounds

    # --- making -------------------------------------------------------------------------------------------------
    @staticmethod
    def from_linear(values: FloatArray) -> Scaled:
        """From non-negative finite numbers. The array is kept without a copy where it needs no scaling."""
        return Scaled(*scaled_linear(values))

    @staticmethod
    def from_log(logs: FloatArray) -> Scaled:
        """From natural logarithms; −inf is an exact zero."""
        return Scaled(*scaled_logs(logs))

    # --- the two arithmetics ------------------------------------------------------------------------------------
    @kept_if_small
    def scaled_values(self) -> FloatArray:
        """Scaled linear values; what underflows is 0 here, and the lower bound is 0."""
        return np.exp(self.data) if self.in_logs else self.data

    @kept_if_small
    def log_values(self) -> FloatArray:
        """Natural logarithms without the exponent."""
        if self.in_logs:
            return self.data
        with np.errstate(divide="ignore"):
            return np.log(self.data)

    @kept_if_small
    def log_operand(self) -> Table:
        """The same as an operand of a contraction."""
        return log_terms(self.log_values)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """A lower bound on the positive scaled values (0 where they are too small to say), and an upper one on all."""
        if self.in_logs:
            return 0.0, float(np.exp(self.data.max(initial=-inf)))
        return positive_minimum(self.data), float(self.data.max(initial=0.0))

    @kept_if_small
    def indicator(self) -> FloatArray:
        """1 where the table is positive, 0 where it is an exact zero."""
        return self.support.astype(np.float64)

    @cached_property
    def normalised_scale(self) -> Self:
        """The same table with its largest scaled value in [1/2, 1]."""
        numbers = normal(self.data, self.exponent, self.in_logs)
        return self if numbers.data is self.data else self.alike(numbers.data, numbers.exponent)

    def alike(self, data: FloatArray, exponent: Any) -> Self:
        """A table of the same shape and kind."""
        return type(self)(data, exponent, self.in_logs)

    def at_scale(self, exponents: IntArray) -> Scaled:
        """The same scaled values, with other scales."""
        return Scaled(self.data, exponents, self.in_logs, self.__dict__.get("bounds"))

    def backwards(self) -> Scaled:
        """The entries of the first leading axis in the opposite order, as a view."""
        return Scaled(self.data[::-1], self.exponent[::-1], self.in_logs, self.__dict__.get("bounds"))

    def stacked_with(self, tables: Sequence[Scaled]) -> Scaled:
        """Tables along a new first axis; their exponents are left out."""
        if any(table.in_logs for table in tables):
            return Scaled(np.stack([table.log_values for table in tables]), 0, True)
        rows = [table.data.ravel() for table in tables]
        return Scaled(np.concatenate(rows).reshape(len(tables), *tables[0].shape))

    def on_pattern(self, pattern: Pattern, numbers: Scaled) -> Scaled:
        """A vector of non-zeros put on a pattern; `SparseScaled` alone can hold one."""
        raise NotImplementedError(f"a dense table cannot hold {pattern!r}")

    # --- the algebra --------------------------------------------------------------------------------------------
    @staticmethod
    def contract(operands: Sequence[Scaled], recipe: Recipe) -> Scaled:
        """The sum-product of the operands (see `recipe`), and its maxima; exact zeros kept, safe from underflow."""
        low, high = 1.0, float(recipe.terms)
        exponent: Any = 0
        arrays: list[Table] = []
        for operand in operands:
            bounds = operand.bounds
            if bounds[0] < 1.0:
                low *= bounds[0]
            if bounds[1] > 1.0:
                high *= bounds[1]
            exponent = exponent + operand.exponent
            arrays.append(operand.scaled_values)
        # No partial product of positive entries lies below `low` or above `high`: nothing can be lost on the way.
        if low >= _UNSEEN and high <= 1.0 / _UNSEEN:
            result = recipe.linear(arrays)
            values = result.values if isinstance(result, SparseArray) else result
            table = _held(result, Scaled(values, exponent, bounds=(low, high)), operands)
        else:
            operands = [operand.normalised_scale for operand in operands]
            exponent = sum(operand.exponent for operand in operands)
            result, in_logs = contract_guarded(operands, recipe)
            table = _held(result, Scaled(*(scaled_logs if in_logs else rescaled)(entries(result), exponent)), operands)
        return (table.maximum(recipe.maxima) if recipe.maximised else table)._members_near_one()

    def near_one(self) -> Scaled:
        """The same numbers with the largest scaled value near 1, in each entry of the leading axes."""
        return self._members_near_one() if isinstance(self.exponent, np.ndarray) else self.normalised_scale

    def _members_near_one(self) -> Scaled:
        """The same with the largest value of each entry of the leading axes near 1, where there are leading axes."""
        if self.sparse or not isinstance(self.exponent, np.ndarray):
            return self  # a sparse one is brought back to scale by the next contraction
        numbers = normal_members(self.data, self.exponent, self.in_logs)
        return self if numbers.data is self.data else Scaled(*numbers)

    def take(self, index: tuple[int | slice, ...]) -> Scaled:
        """The table at fixed indices of some axes."""
        data = np.asarray(self.data[index])
        return Scaled(*scaled_logs(data, self.exponent)) if self.in_logs else Scaled(data, self.exponent)

    def transpose(self, order: Sequence[int]) -> Scaled:
        """The same numbers with the axes in another order, as a view."""
        return Scaled(self.data.transpose(order), self.exponent, self.in_logs)

    def maximum(self, axes: tuple[int, ...]) -> Scaled:
        """The maximum over ``axes``."""
        data = np.asarray(self.data.max(axis=axes))
        return Scaled(data, self.exponent, self.in_logs, self.__dict__.get("bounds"))

    def normalise(self, axes: tuple[int, ...]) -> Scaled:
        """Divide by the sums over ``axes``. Where a sum is zero the result is NaN: the caller must look."""
        if not self.in_logs:
            return Scaled(normalised(self, axes))
        total = np.expand_dims(log_sum_exp(self.data, axes), axes)
        with np.errstate(invalid="ignore"):
            return Scaled(self.data - total, 0, True)

    def first_empty(self, axes: tuple[int, ...]) -> tuple[int, ...] | None:
        """The index along all other axes of the first sum over ``axes`` that is an exact zero; None if none is."""
        empty = np.asarray(self.data.max(axis=axes) == (-inf if self.in_logs else 0.0))
        return tuple(int(i) for i in np.argwhere(empty)[0]) if empty.any() else None

    def allclose(self, other: Scaled, atol: float) -> bool:
        """Whether plain numbers differ by no more than ``atol``."""
        return bool(np.allclose(self.linear(), other.linear(), rtol=0.0, atol=atol))

    # --- reading ------------------------------------------------------------------------------------------------
    def dense(self) -> Scaled:
        """The same numbers as a dense table."""
        return self

    def undefined(self) -> BoolArray:
        """Where the table is NaN."""
        return np.isnan(self.data)

    @property
    def leads(self) -> int:
        """How many leading axes have scales of their own."""
        return self.exponent.ndim if isinstance(self.exponent, np.ndarray) else 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the table."""
        return self.data.shape

    @property
    def wide(self) -> bool:
        """Whether products with this table may have to be computed in logarithms, which takes copies of it."""
        return self.in_logs or self.bounds[0] < _UNSEEN

    @property
    def n_entries(self) -> int:
        """How many entries are held."""
        return self.data.size

    @cached_property
    def support(self) -> BoolArray:
        """Where the table is not an exact zero."""
        return np.asarray(self.data > (-inf if self.in_logs else 0.0))

    def log(self) -> FloatArray:
        """Natural logarithms, −inf at exact zeros. A fresh array."""
        return np.asarray(self.log_values + column(self.exponent, self.data.ndim) * _LN2)

    def log_at(self, index: tuple[IntArray, ...], *, relative: bool = False) -> FloatArray:
        """Natural logarithms at some indices of the first axes; ``relative`` to the scale of the table."""
        data = np.asarray(self.data[index])
        if not self.in_logs:
            with np.errstate(divide="ignore"):
                data = np.log(data)
        return data if relative else data + self.exponent * _LN2

    def linear(self) -> FloatArray:
        """Plain numbers, which underflow to 0 or overflow to inf if they must. A fresh array."""
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log()) if self.in_logs else np.ldexp(self.data, column(self.exponent, self.data.ndim))

    def total_log(self) -> float:
        """log of the sum of all entries; −inf if all are zero."""
        axes = tuple(range(self.data.ndim))
        if self.in_logs:
            return float(log_sum_exp(self.data, axes) + self.exponent * _LN2)
        total = float(self.data.sum())
        return float(log(total) + self.exponent * _LN2) if total > 0.0 else -inf

    @property
    def identity(self) -> tuple[int, ...]:
        """A key equal for two tables exactly if they share memory, layout and scale: shared tables are used once."""
        interface = self.data.__array_interface__
        return (interface["data"][0], self.exponent, self.in_logs, *self.data.shape, *self.data.strides)


def _held(result: Table, numbers: Scaled, operands: Sequence[Scaled]) -> Scaled:
    """``numbers``, the entries of a contraction's result, as a table: sparse results come from sparse operands only."""
    if not isinstance(result, SparseArray):
        return numbers
    return next(operand for operand in operands if operand.sparse).on_pattern(result.pattern, numbers)


def normalised(table: Scaled, axes: tuple[int, ...]) -> FloatArray:
    """The table divided by its sums over ``axes``. Where a sum is zero the result is NaN: the caller must look."""
    values = table.data
    if table.in_logs:
        top = values.max(axis=axes, keepdims=True)
        values = np.exp(values - np.where(np.isneginf(top), 0.0, top))
    total = values.sum(axis=axes, keepdims=True)
    if (total > 0.0).all():
        return np.asarray(values / total)
    return np.asarray(np.divide(values, total, out=np.full(values.shape, np.nan), where=total > 0.0))
