"""Plain numbers, or their logarithms, of the non-zeros of a table: a vector on a shared `Pattern`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.display import size
from control_pgm.errors import TooLarge
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frozen import Restored, remembered
from control_pgm.tables.sparse.pattern import Axes, Pattern

MAX_DENSE_BYTES = 2**31


@dataclass(frozen=True, eq=False, repr=False)
class SparseArray(Restored):
    """An array that holds ``values`` on its pattern, and ``zero`` (0, or −inf for logarithms) everywhere else."""

    pattern: Pattern
    values: FloatArray
    zero: float = 0.0

    @staticmethod
    def from_dense(array: FloatArray, zero: float) -> SparseArray:
        """The entries of a dense array other than ``zero``."""
        positions = np.flatnonzero(array != zero)
        return SparseArray(Pattern.of(array.shape, positions), array.ravel()[positions], zero)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense array."""
        return self.pattern.shape

    def dense(self) -> FloatArray:
        """The dense array.

        Raises
        ------
        TooLarge
            If it would take more than 2**31 bytes.
        """
        check_dense(self.shape)
        array = np.full(prod(self.shape), self.zero)
        array[self.pattern.positions] = self.values
        return array.reshape(self.shape)

    def with_values(self, values: FloatArray) -> SparseArray:
        """Other numbers of the same kind on the same pattern."""
        return SparseArray(self.pattern, values, self.zero)

    def transpose(self, order: Sequence[int]) -> SparseArray:
        """The axes in another order."""
        pattern, places = self.pattern.transposed(tuple(order))
        return SparseArray(pattern, self.values if places is None else self.values[places], self.zero)

    @remembered
    def matrix(self, rows: Axes) -> Any:
        """A CSR matrix whose rows run over the axes ``rows``, and whose columns over all others."""
        starts, columns, order = self.pattern.compressed(rows)
        height = prod(self.shape[i] for i in rows)
        width = prod(self.shape) // height if height else 0
        values = self.values if order is None else self.values[order]
        return sparse.csr_array((values, columns, starts), shape=(height, width))


Table = FloatArray | SparseArray


def check_dense(shape: Sequence[int], *, itemsize: int = 8) -> None:
    """Refuse to make a dense array that is too large."""
    need = itemsize * prod(shape)
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"the dense table of a sparse one of shape {tuple(shape)} needs {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="ask for its non-zeros, a slice or a marginal instead",
        )


def entries(table: Table) -> FloatArray:
    """All entries of a dense array; of a sparse one those that it lists."""
    return table.values if isinstance(table, SparseArray) else table


def like(table: Table, values: FloatArray) -> Table:
    """The table with other `entries`."""
    return table.with_values(values) if isinstance(table, SparseArray) else values
