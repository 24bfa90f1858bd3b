"""Series of tables: one for each repetition, of one shape, in which equal tables occur once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stacked import log2_bounds, member, stacked

_SMALL = 2**12  # entries of a table up to which distinct tables are copied into one array


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct tables of a series."""

    tables: Sequence[Any]  # of Scaled
    together: Scaled | None = None  # the same along a new first axis, where they were made so

    @staticmethod
    def of_stack(stack: Scaled) -> Distinct:
        """The tables that are stacked."""
        linear = None if stack.in_logs else Scaled(stack.data, stack.exponent)
        return Distinct(_Unstacked(stack), linear)

    @cached_property
    def stack(self) -> Scaled | None:
        """The tables as one array, where they are small and all held as linear numbers."""
        if self.together is not None:
            return self.together
        first = self.tables[0]
        if first.leads or first.n_entries > _SMALL:
            return None
        return None if any(table.sparse or table.in_logs for table in self.tables) else stacked(self.tables)

    @cached_property
    def log2_bounds(self) -> tuple[FloatArray, FloatArray]:
        """Base-2 logarithms of the bounds on the scaled values of each, see `log2_bounds`."""
        if self.stack is not None:
            low, high, _ = row_bounds(self.stack.data)
            return low, high
        pairs = np.array([log2_bounds(table) for table in self.tables])
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def exponents(self) -> IntArray:
        """The power of two of each; of tables for a batch, of each member."""
        if self.stack is not None:
            return np.asarray(self.stack.exponent)
        return np.array([table.exponent for table in self.tables], dtype=np.int64)


def row_bounds(data: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Per row base-2 logarithms of bounds on its positive entries; and whether none of them all is zero."""
    rows = data.reshape(len(data), -1)
    low, high = rows.min(axis=1), rows.max(axis=1)
    full = bool((low > 0.0).all())
    if not full:
        low = rows.min(axis=1, where=rows > 0.0, initial=np.inf)
        low, high = np.where(np.isinf(low), 1.0, low), np.where(high > 0.0, high, 1.0)
    return np.log2(low), np.log2(high), full


class _Unstacked(Sequence[Scaled]):
    """The tables of a stack, one by one."""

    def __init__(self, stack: Scaled) -> None:
        self._stack = stack

    def __len__(self) -> int:
        return len(self._stack.exponent)

    def __getitem__(self, k: Any) -> Any:
        return member(self._stack, k)


class Series(Sequence[Any]):
    """One table for each repetition.

    Parameters
    ----------
    distinct : Distinct
    chosen : array of int
        Per repetition the number of its table among the distinct ones.
    """

    def __init__(self, distinct: Distinct, chosen: IntArray) -> None:
        self.distinct, self.chosen = distinct, chosen

    @staticmethod
    def of(tables: Sequence[Scaled]) -> Series:
        """The series of some tables; the same object is taken once."""
        found = {id(table): table for table in tables}
        numbers = {key: n for n, key in enumerate(found)}
        return Series(
            Distinct(list(found.values())), np.array([numbers[id(table)] for table in tables], dtype=np.int64)
        )

    @staticmethod
    def constant(table: Scaled, count: int) -> Series:
        """The same table in all repetitions."""
        return Series(Distinct([table]), np.zeros(count, dtype=np.int64))

    def replaced(self, tables: Mapping[int, Scaled]) -> Series:
        """The series with other tables in some repetitions."""
        new = list({id(table): table for table in tables.values()}.values())
        numbers = {id(table): k for k, table in enumerate(new, start=len(self.distinct.tables))}
        chosen = self.chosen.copy()
        chosen[list(tables)] = [numbers[id(table)] for table in tables.values()]
        return Series(Distinct([*self.distinct.tables, *new]), chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, c: Any) -> Any:
        """The table of a repetition, or the series of some of them."""
        if isinstance(c, slice):
            return Series(self.distinct, self.chosen[c])
        return self.distinct.tables[self.chosen[c]]

    def window(self, repetitions: range) -> Series:
        """The series of some repetitions in the given order."""
        return Series(self.distinct, self.chosen[np.asarray(repetitions, dtype=np.int64)])

    @property
    def changes(self) -> list[int]:
        """The repetitions whose table is not that of the one before."""
        return (np.flatnonzero(self.chosen[1:] != self.chosen[:-1]) + 1).tolist()

    @property
    def sparse(self) -> bool:
        """Whether only non-zeros are held."""
        return self.distinct.stack is None and any(table.sparse for table in self.distinct.tables)

    def take(self, index: tuple[int | slice, ...]) -> Series:
        """The series of the tables at fixed indices of some axes."""
        stack = self.distinct.stack
        if stack is None:
            return Series(Distinct([table.take(index) for table in self.distinct.tables]), self.chosen)
        table = Scaled(stack.data[(slice(None), *index)], stack.exponent)
        return Series(Distinct.of_stack(table), self.chosen)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of each table."""
        shape: tuple[int, ...] = self.distinct.tables[0].shape
        return shape

    @property
    def n_entries(self) -> int:
        """The most entries that a table holds; of sparse ones not all hold the same number."""
        return max(table.n_entries for table in self.distinct.tables) if self.sparse else prod(self.shape)

    def stacked(self) -> Scaled:
        """All tables along a new first axis."""
        stack = self.distinct.stack
        if stack is None:
            return stacked(list(self))
        rows = _as_slice(self.chosen)
        return Scaled(stack.data[rows], stack.exponent[rows], bounds=stack.bounds)


def combinations(columns: Sequence[IntArray], count: int) -> tuple[IntArray, IntArray]:
    """Per repetition the number of its combination of non-negative entries, and the first that has each combination.

    >>> numbers, first = combinations([np.array([5, 5, 2, 5]), np.array([0, 1, 0, 0])], 4)
    >>> numbers.tolist(), first.tolist()
    ([1, 2, 0, 1], [2, 0, 1])
    """
    numbers = np.zeros(count, dtype=np.int64)
    if not columns:
        return numbers, numbers[:1]
    for column in columns:
        width = int(column.max()) + 1
        numbers = numbers * width + column
        if int(numbers.max()) > max(4 * count, 64):  # numbered anew, so that nothing overflows
            numbers = np.unique(numbers, return_inverse=True)[1]
    last = np.full(int(numbers.max()) + 1, -1)
    last[numbers[::-1]] = np.arange(count)[::-1]  # the last value assigned stays: that of the first repetition
    used = last >= 0
    return (np.cumsum(used) - 1)[numbers], last[used]


def _as_slice(numbers: IntArray) -> slice | IntArray:
    """The same numbers as a slice, which needs no copy, where they follow one another."""
    steps = np.diff(numbers)
    if len(numbers) > 1 and (steps == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    if len(numbers) > 1 and (steps == -1).all():
        last = int(numbers[-1])
        return slice(int(numbers[0]), last - 1 if last else None, -1)
    return numbers
