"""Reductions to one number each: of rows along the last axis of an array, or of consecutive groups of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from control_pgm.tables.arrays import FloatArray, IndexArray


class Reduction(Protocol):
    """How the points that belong to one sum lie in an array."""

    def sums(self, values: FloatArray) -> FloatArray:
        """The sum of each."""

    def maxima(self, values: FloatArray) -> FloatArray:
        """The maximum of each."""

    def spread(self, reduced: FloatArray) -> FloatArray:
        """One number for each, back at its points (up to broadcasting)."""


_FEW, _MANY = 7, 64  # entries of a row, rows: NumPy reduces many short rows one by one, column by column is faster


class LastAxis:
    """Each row along the last axis."""

    def sums(self, values: FloatArray) -> FloatArray:
        """The sum of each row."""
        return _by_columns(np.add, values) if _short(values) else np.asarray(values.sum(axis=-1))

    def maxima(self, values: FloatArray) -> FloatArray:
        """The maximum of each row."""
        return _by_columns(np.maximum, values) if _short(values) else np.asarray(values.max(axis=-1))

    def spread(self, reduced: FloatArray) -> FloatArray:
        """One number for each row, as a column."""
        return np.asarray(reduced[..., None])


@dataclass(frozen=True, eq=False)
class ConsecutiveGroups:
    """Consecutive groups of a list of the given length, none of them empty, which begin at ``starts``."""

    starts: IndexArray
    length: int

    def sums(self, values: FloatArray) -> FloatArray:
        """The sum of each group."""
        return np.add.reduceat(values, self.starts) if len(self.starts) else np.empty(0)

    def maxima(self, values: FloatArray) -> FloatArray:
        """The maximum of each group."""
        return np.maximum.reduceat(values, self.starts) if len(self.starts) else np.empty(0)

    def spread(self, reduced: FloatArray) -> FloatArray:
        """One number for each group, repeated."""
        return np.repeat(reduced, np.diff(self.starts, append=self.length))


def _short(values: FloatArray) -> bool:
    return values.ndim > 1 and 1 < values.shape[-1] <= _FEW and values.size >= _MANY * values.shape[-1]


def _by_columns(reduce: np.ufunc, values: FloatArray) -> FloatArray:
    """The reduction of each row, in the same order as NumPy's."""
    result: FloatArray = reduce(values[..., 0], values[..., 1])
    for k in range(2, values.shape[-1]):
        reduce(result, values[..., k], out=result)
    return result
