"""Binding a repetition to memory: every call of every step with the arrays that it reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.contraction.kernel import Call, Sight, kernel, sparse_product, whole
from control_pgm.tables.numbers.message import Message, table_of
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stack import Stack
from control_pgm.tables.recurrence.history import History
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep, Source
from control_pgm.tables.recurrence.series import Series


@dataclass(eq=False)
class BoundOperand:
    """One operand of one call for all repetitions: an array for each, or one for all."""

    rows: list[Any] | None
    fixed: FloatArray | None = None

    def between(self, start: int, stop: int) -> Any:
        return repeat(self.fixed) if self.rows is None else self.rows[start:stop]

    def __post_init__(self) -> None:
        assert (self.rows is None) != (self.fixed is None)


class Entry(NamedTuple):
    """Where a message that is carried over enters a column: to be set to a scaled copy before a stretch begins."""

    step: int  # that left the message
    rows: list[Any]
    sight: Sight


class BoundCalls(NamedTuple):
    """The calls of one repetition in order, each with its operands and its result for all repetitions."""

    calls: list[tuple[Callable[..., object], list[BoundOperand]]]
    entries: list[Entry]


def bind(repetition: Recurrence, start: int, tracks: Sequence[History]) -> BoundCalls:
    """The programme of the repetitions from ``start`` on that fill the tracks."""
    programme = BoundCalls([], [])
    for j, step in enumerate(repetition.steps):
        binder = _Binder(step, start, tracks, j)
        part = binder.columns(calls_of(step)) or binder.columns(whole(step.recipe))
        assert part is not None
        programme.calls.extend(part.calls)
        programme.entries.extend(part.entries)
    return programme


def calls_of(step: RecurrentStep) -> tuple[Call, ...]:
    """The calls of a step on arrays; a sparse table that never changes becomes a matrix."""
    if not step.sparse:
        return kernel(step.recipe)
    product = None
    if len(step.tables) == 1 and isinstance(step.tables[0], Scaled):
        product = sparse_product(step.recipe, step.tables[0]._linear, first=True)
    return product or whole(step.recipe)


class _Binder:
    """Binds the calls of one step."""

    def __init__(self, step: RecurrentStep, start: int, tracks: Sequence[History], j: int) -> None:
        self.step, self.start, self.tracks, self.j = step, start, tracks, j
        self.n = len(tracks[j])
        self.scratch: dict[int, FloatArray] = {}

    def columns(self, calls: tuple[Call, ...]) -> BoundCalls | None:
        """The calls with their operands in place; None where a message could only be seen as a copy."""
        programme = BoundCalls([], [])
        for k, call in enumerate(calls):
            columns = []
            for sight in call.operands:
                column = self.operand(sight, programme.entries)
                if column is None:
                    return None
                columns.append(column)
            columns.append(self.result(k, call, last=k + 1 == len(calls)))
            programme.calls.append((call.function, columns))
        return programme

    def operand(self, sight: Sight, entries: list[Entry]) -> BoundOperand | None:
        """A table, a message, or the result of an earlier call of the same step."""
        tables, register = self.step.tables, sight.register
        if register < len(tables):
            return self.of_table(tables[register], sight)
        if register >= len(self.step.recipe.scopes):
            seen = sight.of(self.scratch[register])
            return None if seen is None else BoundOperand(None, seen)
        source = self.step.received[register - len(tables)]
        column = self.of_message(source, sight)
        if column is not None and column.rows is not None and isinstance(source, Lagged) and source.lag:
            entries.append(Entry(source.step, column.rows, sight))
        return column

    def result(self, k: int, call: Call, *, last: bool) -> BoundOperand:
        """The rows of the track for the last call; a piece of memory that serves all repetitions for the others."""
        if last:
            data = self.tracks[self.j].data
            return BoundOperand(_rows(data.reshape(len(data), *call.written)))
        buffer = self.scratch[len(self.step.recipe.scopes) + k] = np.empty(call.kept)
        return BoundOperand(None, buffer.reshape(call.written))

    def of_table(self, table: Message | Sequence[Message], sight: Sight) -> BoundOperand:
        if isinstance(table, Scaled | Stack):
            return BoundOperand(None, _of_constant(table_of(table)._linear, sight))
        if isinstance(table, Series):
            seen = [_of_constant(each, sight) for each in table.distinct.arrays]
            return BoundOperand([seen[k] for k in table.chosen[self.start : self.start + self.n]])
        return BoundOperand([_of_constant(table_of(table[self.start + c])._linear, sight) for c in range(self.n)])

    def of_message(self, source: Source, sight: Sight) -> BoundOperand | None:
        if not isinstance(source, Lagged):
            rows = [sight.of(table_of(source[self.start + c]).dense()._linear) for c in range(self.n)]
            return None if any(row is None for row in rows) else BoundOperand(rows)
        seen = sight.of(self.tracks[source.step].data, lead=1)
        if seen is None:
            return None
        rows = _rows(seen)
        return BoundOperand([None, *rows[:-1]] if source.lag else rows)


def _rows(array: FloatArray) -> list[Any]:
    """Views of the rows, also of those that are single numbers."""
    return list(array) if array.ndim > 1 else [array[c, ...] for c in range(len(array))]


def _of_constant(array: Any, sight: Sight) -> FloatArray:
    """A table that never changes: seen by a view or, where there is none, copied once."""
    seen = sight.of(array)
    return sight.seen(array) if seen is None else seen
