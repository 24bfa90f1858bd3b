"""Tables that entries of a file fill: axes along which nothing differs are stored once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.interop.records.record import Budget
from control_pgm.tables.arrays import FloatArray


class Entries:
    """A table of zeros, filled entry by entry; an axis has length one as long as all its entries are equal.

    Rewards r(a,s,s',o) rarely depend on all four axes, whose product may be far larger than the file.

    Examples
    --------
    >>> table = Entries((2, 3), Budget("x", 1000), "R")
    >>> table.put([1, None], np.array(5.0))
    >>> table.stored.shape, table.whole().tolist()
    ((2, 1), [[0.0, 0.0, 0.0], [5.0, 5.0, 5.0]])
    """

    def __init__(self, shape: tuple[int, ...], budget: Budget, what: str) -> None:
        self.shape, self.stored = shape, np.zeros((1,) * len(shape))
        self._budget, self._what = budget, what

    def put(self, at: Sequence[int | None], values: FloatArray) -> None:
        """Set the entries at the first indices, None for all, to values over the axes that are left."""
        for axis, index in enumerate(at):
            if index is not None:
                self._widen(axis)
        for k in range(values.ndim):
            same = (values == values.take([0], axis=k)).all()
            if not same:
                self._widen(len(at) + k)
            elif self.stored.shape[len(at) + k] == 1:
                values = values.take([0], axis=k)
        # An axis of several labels has been widened wherever one of them is named.
        place = tuple(slice(None) if k is None or self.shape[axis] == 1 else k for axis, k in enumerate(at))
        self.stored[place] = values

    def whole(self) -> FloatArray:
        """The table with all its axes."""
        for axis in range(len(self.shape)):
            self._widen(axis)
        return self.stored

    def expected(self, observation: FloatArray) -> FloatArray:
        """Rewards [a,s,s',o] averaged over o under P(o|a,s'): axes a, s, and s' where they depend on it."""
        table = self.stored
        if table.shape[3] > 1:
            weights = observation[:, None]
            self._budget.take((*observation.shape[:2], *self.shape[1:3]), 8, "expected rewards")
            table = (table * weights).sum(axis=-1, keepdims=True)
        shape = self.shape[:2] if table.shape[2] == 1 else self.shape[:3]
        return np.array(np.broadcast_to(table[..., 0] if len(shape) == 3 else table[..., 0, 0], shape))

    def _widen(self, axis: int) -> None:
        n = self.shape[axis]
        if self.stored.shape[axis] < n:
            shape = (*self.stored.shape[:axis], n, *self.stored.shape[axis + 1 :])
            self._budget.take(shape, 8, self._what)
            self.stored = np.repeat(self.stored, n, axis=axis)
