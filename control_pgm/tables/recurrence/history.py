"""Tables of one shape, many of them, as rows of one array: what a repeated contraction leaves behind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import log2_bounds, stacked

Allocate = Callable[[tuple[int, ...]], FloatArray]  # shape -> an array to be filled


class History:
    """The results of one repeated step: row c holds the table of repetition c, times ``2**exponents[c]``.

    Rows that are too wide for linear numbers are kept apart, as they are. Filled by `run`, read-only for all
    others.

    Parameters
    ----------
    count, shape, batch : how many rows; their shape, which begins with the batch if there is one; its size.
    allocate : makes the array.

    Attributes
    ----------
    data : shape (count, *shape).
    exponents : shape (count,), or (count, batch).
    wide : row -> table, where ``data`` is not to be used.
    low, high : base-2 logarithms of bounds on the positive entries of ``data``.
    """

    def __init__(self, count: int, shape: tuple[int, ...], batch: int | None, allocate: Allocate = np.empty) -> None:
        self.data: FloatArray = allocate((count, *shape))
        self.exponents: IntArray = np.zeros(count if batch is None else (count, batch), dtype=np.int64)
        self.wide: dict[int, Scaled] = {}
        self.low = self.high = 0.0

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, row: int) -> Scaled:
        if row in self.wide:
            return self.wide[row]
        data = self.data[row, ...]
        data.flags.writeable = False
        if self.exponents.ndim == 1:
            return Scaled(data, int(self.exponents[row]))
        return Scaled(data, self.exponents[row])

    def put(self, row: int, message: Scaled) -> None:
        """Keep a message that was computed elsewhere."""
        if message.in_logs:
            self.wide[row] = message
            self.data[row] = 0.0
            return
        table = message.dense()
        self.data[row] = table.data
        self.exponents[row] = message.exponent
        low, high = log2_bounds(table)
        self.widen(low, high)

    def widen(self, low: float, high: float) -> None:
        """Take note of bounds of further rows."""
        self.low, self.high = min(self.low, low), max(self.high, high)

    def stack(self, rows: slice) -> Scaled:
        """Some rows as one table, whose first axis counts them."""
        inside = sorted(set(range(len(self))[rows]) & self.wide.keys())
        if inside:
            return stacked([self[row] for row in range(len(self))[rows]])
        return Scaled(self.data[rows], self.exponents[rows], bounds=(2.0**self.low, 2.0**self.high))
