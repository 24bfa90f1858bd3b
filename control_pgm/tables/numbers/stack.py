"""Tables of one shape along a new axis, each with a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled, normalised

_LN2 = log(2.0)


@dataclass(frozen=True, eq=False)
class Stack(Restored):
    """Tables of one shape along a new first axis (or two); each keeps its own scale ``2**exponents[k]``.

    The stack as a whole is a table too, so one contraction does for all: the first axis is just another label.
    """

    table: Scaled
    exponents: IntArray

    @staticmethod
    def of(tables: Sequence[Scaled]) -> Stack:
        """Stack tables, in logarithms if any of them is held so; sparse ones of one pattern stay sparse."""
        first = next((table for table in tables if table.sparse), tables[0])
        return Stack(first.stacked_with(tables), np.array([table.exponent for table in tables]))

    def dense(self) -> Stack:
        """The same tables as dense ones, whose numbers can be read by axis.

        Raises
        ------
        TooLarge
            If they would take more than 2**31 bytes.
        """
        return Stack(self.table.dense(), self.exponents) if self.table.sparse else self

    def log(self) -> FloatArray:
        """Natural logarithms, −inf at exact zeros."""
        lead = self.exponents.shape
        logs: FloatArray = self.table.log()
        logs += (self.exponents * _LN2).reshape(*lead, *[1] * (len(self.table.shape) - len(lead)))
        return logs

    def normalised(self, axes: tuple[int, ...]) -> FloatArray:
        """Probabilities over ``axes``: the table divided by its sums; NaN where a sum is zero."""
        return normalised(self.table.dense(), axes)
