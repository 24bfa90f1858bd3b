"""Sums of values under a measure: plain numbers that may be negative, again and again over the same scopes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import inf

import numpy as np

from control_pgm.inference.contract import Operand, prepare
from control_pgm.inference.utility.potentials import plain, without
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.sparse.array import SparseArray, Table


class Averages:
    """Sums over the eliminated variable under a measure, of values over one scope.

    Attributes
    ----------
    scope : what the sums are over.
    """

    def __init__(self, measure: Operand, values: Scope, eliminated: int, sizes: Sequence[int]) -> None:
        self._table = measure[1]
        self.scope = without({*measure[0], *values}, eliminated)
        self._recipe, ones = prepare([measure[0], values], self.scope, sizes)
        self._ones: Sequence[Table] = [table.scaled_values for table in ones]

    @cached_property
    def _numbers(self) -> Table:
        return plain(self._table)

    def of(self, values: FloatArray) -> FloatArray:
        """Sums of finite values."""
        return self._sums(self._numbers, values)

    def forbidden(self, values: FloatArray) -> FloatArray:
        """−inf where a value of −inf is possible, 0 elsewhere."""
        reached = self._sums(self._table.indicator, np.isneginf(values).astype(np.float64))
        return np.where(reached > 0, -inf, 0.0)

    def _sums(self, weights: Table, values: FloatArray) -> FloatArray:
        result: Table = self._recipe.linear([weights, values, *self._ones])
        return result.dense() if isinstance(result, SparseArray) else result


def best_and_worst(values: FloatArray, weight: float) -> tuple[float, float]:
    """The largest and the smallest value; swapped if the weight is negative."""
    top, bottom = float(np.maximum.reduce(values, axis=None)), float(np.minimum.reduce(values, axis=None))
    return (top, bottom) if weight > 0 else (bottom, top)
