"""Sparse tables of numbers of any magnitude: the non-zeros are listed, their places shared by many tables.

A `SparseScaled` holds its non-zeros as a vector, scaled or in logarithms as `Scaled` does, on a `Pattern`. Everything
that works number by number is inherited; what interprets axes is written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import inf, prod
from typing import Any

import numpy as np

from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray
from control_pgm.tables.logarithms import log_sum_exp_of_groups
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.scaling import scaled_logs
from control_pgm.tables.sparse.array import SparseArray, check_dense
from control_pgm.tables.sparse.csr import listed_rows
from control_pgm.tables.sparse.pattern import Pattern, has_room


class SparseScaled(Scaled):
    """A `Scaled` table whose non-zeros alone are held. Made by `from_csr` and `over`.

    Attributes
    ----------
    pattern : where the non-zeros are. Single values listed there may still be zero.

    Examples
    --------
    A transition p(s'|s,a) as compressed rows over (s, a), and another table that is non-zero in the same places:

    >>> from scipy.sparse import csr_array
    >>> rows = csr_array([[0.5, 0.5], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> transition = SparseScaled.from_csr(rows, (2, 2, 2))
    >>> other = SparseScaled.over(transition.pattern, np.array([-1e6, 0.0, -2.0, 0.0, -1.0]), log=True)
    >>> other.log()[0, 0].tolist()
    [-1000000.0, 0.0]
    """

    sparse = True
    pattern: Pattern

    def __init__(
        self,
        pattern: Pattern,
        data: FloatArray,
        exponent: int | IntArray = 0,
        in_logs: bool = False,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(data, exponent, in_logs, bounds)
        self.__dict__.pop("scaled_values", None)
        self.__dict__["pattern"] = pattern

    # --- making -------------------------------------------------------------------------------------------------
    @staticmethod
    def from_csr(matrix: Any, shape: Sequence[int]) -> SparseScaled:
        """From a SciPy CSR matrix of finite numbers ≥ 0 whose rows run over the leading axes of ``shape``.

        The matrix is shared, not copied, if its columns ascend within each row and no zero is listed: it must not be
        written to afterwards.

        Raises
        ------
        InvalidModel
            If the matrix does not have that shape, or lists a number that is negative, NaN or infinite.
        """
        pattern, values = listed_rows(matrix, shape)
        return SparseScaled.over(pattern, values)

    @staticmethod
    def over(pattern: Pattern, values: FloatArray, *, log: bool = False) -> SparseScaled:
        """Numbers, or natural logarithms, on an existing pattern, in its order; they may be zero (−inf).

        Plain numbers are shared, not copied, if they need no scaling. Nothing is checked but the count.
        """
        if values.shape != (pattern.nnz,):
            raise InvalidModel(f"{values.shape} values do not fit {pattern!r}", allowed=f"({pattern.nnz},)")
        return _on(pattern, Scaled.from_log(values) if log else Scaled.from_linear(values))

    def on_pattern(self, pattern: Pattern, numbers: Scaled) -> SparseScaled:
        return _on(pattern, numbers)

    def alike(self, data: FloatArray, exponent: Any) -> SparseScaled:
        return SparseScaled(self.pattern, data, exponent, self.in_logs)

    def at_scale(self, exponents: IntArray) -> SparseScaled:
        return SparseScaled(self.pattern, self.data, exponents, self.in_logs, self.__dict__.get("bounds"))

    def stacked_with(self, tables: Sequence[Scaled]) -> Scaled:
        if any(getattr(table, "pattern", None) is not self.pattern for table in tables):
            return Scaled.stacked_with(self, [table.dense() for table in tables])
        rows = Scaled.stacked_with(self, [Scaled(table.data, 0, table.in_logs) for table in tables])
        return _on(self.pattern.repeated(len(tables)), Scaled(rows.data.ravel(), 0, rows.in_logs))

    # --- the two arithmetics ------------------------------------------------------------------------------------
    # What a contraction takes as its operand is a sparse array here, not a dense one.
    @cached_property
    def scaled_values(self) -> SparseArray:
        return SparseArray(self.pattern, np.exp(self.data) if self.in_logs else self.data)

    @cached_property
    def log_values(self) -> SparseArray:
        if self.in_logs:
            return SparseArray(self.pattern, self.data, -inf)
        with np.errstate(divide="ignore"):
            return SparseArray(self.pattern, np.log(self.data), -inf)

    @cached_property
    def indicator(self) -> SparseArray:
        return SparseArray(self.pattern, self._listed.astype(np.float64))

    @property
    def _zero(self) -> float:
        return -inf if self.in_logs else 0.0

    @property
    def _listed(self) -> BoolArray:
        """Which of the listed values are not zero after all."""
        return np.asarray(self.data > self._zero)

    # --- the algebra --------------------------------------------------------------------------------------------
    def take(self, index: tuple[int | slice, ...]) -> Scaled:
        """The table at fixed indices of some axes; sparse as long as an axis is left."""
        pattern, chosen = self.pattern.taken(index)
        data = self.data[chosen]
        numbers = Scaled(*scaled_logs(data, self.exponent)) if self.in_logs else Scaled(data, self.exponent)
        part = _on(pattern, numbers)
        return part if pattern.shape else part.dense()

    def transpose(self, order: Sequence[int]) -> SparseScaled:
        """The same numbers with the axes in another order."""
        pattern, places = self.pattern.transposed(tuple(order))
        data = self.data if places is None else self.data[places]
        return SparseScaled(pattern, data, self.exponent, self.in_logs, self.__dict__.get("bounds"))

    def maximum(self, axes: tuple[int, ...]) -> Scaled:
        """The maximum over ``axes``; sparse where a dense table would be much larger."""
        kept = self._without(axes)
        ids, starts, order = self.pattern.groups(kept)
        values = self.data if order is None else self.data[order]
        tops = np.maximum.reduceat(values, starts) if len(starts) else np.empty(0)
        shape = [self.shape[i] for i in kept]
        if not has_room(prod(shape), self.pattern.nnz):
            return SparseScaled(self.pattern.projected(kept), tops, self.exponent, self.in_logs)
        table = np.full(prod(shape), self._zero)
        table[ids] = tops
        return Scaled(table.reshape(shape), self.exponent, self.in_logs)

    def normalise(self, axes: tuple[int, ...]) -> Scaled:
        """Divide by the sums over ``axes``. Where a sum is zero the result is NaN, and the whole table dense.

        Raises
        ------
        TooLarge
            If it must be dense and does not fit.
        """
        if self.first_empty(axes) is not None:
            return self.dense().normalise(axes)
        _, starts, order = self.pattern.groups(self._without(axes))
        data = self.data if order is None else self.data[order]
        lengths = np.diff(starts, append=self.pattern.nnz)
        if self.in_logs:
            result = data - np.repeat(log_sum_exp_of_groups(data, starts), lengths)
        else:
            result = data / np.repeat(np.add.reduceat(data, starts), lengths)
        if order is not None:
            back = np.empty(len(order))
            back[order] = result
            result = back
        return SparseScaled(self.pattern, result, 0, self.in_logs)

    def _without(self, axes: Sequence[int]) -> tuple[int, ...]:
        return tuple(i for i in range(len(self.shape)) if i not in axes)

    def first_empty(self, axes: tuple[int, ...]) -> tuple[int, ...] | None:
        """The index along all other axes of the first sum over ``axes`` that is an exact zero; None if none is."""
        kept = self._without(axes)
        ids, starts, order = self.pattern.groups(kept)
        listed = self._listed if order is None else self._listed[order]
        present = ids[np.logical_or.reduceat(listed, starts)] if len(ids) else ids
        shape = [self.shape[i] for i in kept]
        if len(present) == prod(shape):
            return None
        gaps = np.flatnonzero(present != np.arange(len(present)))
        first = int(gaps[0]) if len(gaps) else len(present)
        return tuple(int(i) for i in np.unravel_index(first, shape))

    def allclose(self, other: Scaled, atol: float) -> bool:
        """Whether plain numbers differ by no more than ``atol``."""
        if not isinstance(other, SparseScaled):
            return other.allclose(self.dense(), atol)
        (left, a), (right, b) = self.nonzeros(), other.nonzeros()
        positions = np.union1d(left, right)
        values = np.zeros((2, len(positions)))
        values[0, np.searchsorted(positions, left)] = a.linear()
        values[1, np.searchsorted(positions, right)] = b.linear()
        return bool(np.allclose(values[0], values[1], rtol=0.0, atol=atol))

    # --- reading ------------------------------------------------------------------------------------------------
    def dense(self) -> Scaled:
        """The same numbers as a dense table.

        Raises
        ------
        TooLarge
            If it would take more than 2**31 bytes.
        """
        return Scaled(SparseArray(self.pattern, self.data, self._zero).dense(), self.exponent, self.in_logs)

    def undefined(self) -> BoolArray:
        """Which of the listed values are NaN: none, since undefined quotients make a table dense (see `normalise`)."""
        return np.isnan(self.data)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the table."""
        return self.pattern.shape

    @cached_property
    def support(self) -> BoolArray:
        """Where the table is not an exact zero. A dense array."""
        check_dense(self.shape, itemsize=1)
        result = np.zeros(prod(self.shape), dtype=np.bool_)
        result[self.pattern.positions] = self._listed
        return result.reshape(self.shape)

    def log(self) -> FloatArray:
        """Natural logarithms, −inf at exact zeros. A fresh dense array."""
        return self.dense().log()

    def linear(self) -> FloatArray:
        """Plain numbers, which underflow to 0 or overflow to inf if they must. A fresh dense array."""
        return self.dense().linear()

    def total_log(self) -> float:
        """log of the sum of all entries; −inf if all are zero."""
        return Scaled(self.data, self.exponent, self.in_logs).total_log() if self.data.size else -inf

    def nonzeros(self) -> tuple[IntArray, Scaled]:
        """The positions (in C order) of the non-zeros, and the vector of their values."""
        listed = self._listed
        return self.pattern.positions[listed], Scaled(self.data[listed], self.exponent, self.in_logs)

    @property
    def identity(self) -> tuple[int, ...]:
        """A key equal for two tables exactly if they share memory, pattern and scale."""
        interface = self.data.__array_interface__
        return (interface["data"][0], id(self.pattern), self.exponent, self.in_logs, *self.data.strides)


def _on(pattern: Pattern, numbers: Scaled) -> SparseScaled:
    """A vector of the non-zeros put on its pattern, with the bounds that it has already."""
    bounds = numbers.__dict__.get("bounds")
    return SparseScaled(pattern, numbers.data, numbers.exponent, numbers.in_logs, bounds)
