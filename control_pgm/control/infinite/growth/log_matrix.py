"""Sparse non-negative matrices held by the logarithms of their entries: exp(reward/alpha) for any temperature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class LogMatrix:
    """A matrix M ≥ 0 in compressed rows, each entry as its natural logarithm; several entries of one place add up.

    Attributes
    ----------
    logs : array [entry]
        log M(i,j) > −inf, row after row.
    columns : int array [entry]
        j of each entry.
    starts : int array [row + 1]
        Where each row begins among the entries.
    width : int
        The number of columns.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.log([1.0, 2.0, 3.0]), (2, 2))
    >>> np.exp(matrix.times(np.log([1.0, 4.0]))).round(9).tolist()
    [9.0, 12.0]
    """

    logs: FloatArray
    columns: IntArray
    starts: IntArray
    width: int

    @classmethod
    def of(cls, rows: IntArray, columns: IntArray, logs: FloatArray, shape: tuple[int, int]) -> LogMatrix:
        """From entries sorted by row; entries of logarithm −inf are left out."""
        kept = logs > -np.inf
        counts = np.bincount(rows[kept], minlength=shape[0])
        return cls(logs[kept], columns[kept], np.concatenate([[0], np.cumsum(counts)]), shape[1])

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.starts) - 1

    @cached_property
    def rows(self) -> IntArray:
        """i of each entry."""
        return np.repeat(np.arange(self.height), np.diff(self.starts))

    @property
    def longest(self) -> int:
        """The number of entries in the fullest row."""
        return int(np.diff(self.starts).max(initial=0))

    @cached_property
    def _filled(self) -> IntArray:
        return np.flatnonzero(np.diff(self.starts))

    # --- products -----------------------------------------------------------------------------------------------
    def times(self, log_x: FloatArray) -> FloatArray:
        """log(M x), shape (rows,), of log x; −inf for empty rows. Nothing overflows or underflows."""
        return self.row_sums(self.logs + log_x[self.columns])

    def row_sums(self, values: FloatArray) -> FloatArray:
        """log sum exp of values on the entries, row by row."""
        result = np.full(self.height, -np.inf)
        if not self._filled.size:
            return result
        first = self.starts[self._filled]
        top = np.maximum.reduceat(values, first)
        base = np.where(np.isfinite(top), top, 0.0)
        terms = np.exp(values - np.repeat(base, np.diff(self.starts)[self._filled]))
        with np.errstate(divide="ignore"):
            result[self._filled] = np.log(np.add.reduceat(terms, first)) + base
        return result

    def row_maxima(self, values: FloatArray) -> FloatArray:
        """The largest of values on the entries, row by row; −inf for empty rows."""
        result = np.full(self.height, -np.inf)
        if self._filled.size:
            result[self._filled] = np.maximum.reduceat(values, self.starts[self._filled])
        return result

    def shares(self, log_x: FloatArray) -> Any:
        """M(i,j) x(j) / (M x)(i) as a CSR matrix: what each j contributes to row i; 0 where M x is 0."""
        total = self.times(log_x)[self.rows]
        logs = np.full(len(total), -np.inf)
        np.subtract(self.logs + log_x[self.columns], total, out=logs, where=np.isfinite(total))
        data = np.exp(logs)
        return sparse.csr_array((data, self.columns, self.starts), shape=(self.height, self.width))

    # --- parts --------------------------------------------------------------------------------------------------
    def scaled(self, log_factors: FloatArray) -> LogMatrix:
        """Every row times its own factor; a factor 0 empties it."""
        shape = (self.height, self.width)
        return LogMatrix.of(self.rows, self.columns, self.logs + log_factors[self.rows], shape)

    def where(self, kept: BoolArray) -> LogMatrix:
        """The chosen entries."""
        logs = np.where(kept, self.logs, -np.inf)
        return LogMatrix.of(self.rows, self.columns, logs, (self.height, self.width))

    def transposed(self) -> LogMatrix:
        """M^T."""
        order = np.argsort(self.columns, kind="stable")
        return LogMatrix.of(self.columns[order], self.rows[order], self.logs[order], (self.width, self.height))

    def merged(self, size: int) -> LogMatrix:
        """Each ``size`` neighbouring rows added up to one."""
        return LogMatrix(self.logs, self.columns, np.ascontiguousarray(self.starts[::size]), self.width)

    def block(self, members: IntArray) -> LogMatrix:
        """The square part of the given states."""
        place = np.full(self.width, -1)
        place[members] = np.arange(len(members))
        mine = np.concatenate([np.arange(self.starts[i], self.starts[i + 1]) for i in members])
        inside = place[self.columns[mine]] >= 0
        kept = mine[inside]
        rows, columns = place[self.rows[kept]], place[self.columns[kept]]
        return LogMatrix.of(rows, columns, self.logs[kept], (len(members), len(members)))
