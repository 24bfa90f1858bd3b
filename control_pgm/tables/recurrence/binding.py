"""Binding of a recurrence to memory: every call of every step with the arrays that it reads and writes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.contraction.kernel import Call, Sight, kernel, sparse_product, whole
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep, Rows
from control_pgm.tables.recurrence.series import Series

Column = list[Any]  # one operand of one call, for each repetition
Outside = Mapping[int, Scaled | Sequence[Scaled]]  # identity of `Rows` -> their messages in the repetitions bound


class Entry(NamedTuple):
    """A column that a message carried over enters: to be set to a scaled copy before a stretch begins."""

    step: int  # that left the message
    column: Column
    sight: Sight


class BoundCalls(NamedTuple):
    """The calls of one repetition in order, each with its operands and its result for all repetitions."""

    calls: list[tuple[Callable[..., object], list[Column]]]
    entries: list[Entry]


def bind(recurrence: Recurrence, repetitions: range, data: Sequence[FloatArray], outside: Outside) -> BoundCalls:
    """The calls of some repetitions; ``data`` holds per step one row for the result of each."""
    bound = BoundCalls([], [])
    for j, step in enumerate(recurrence.steps):
        binder = _Binder(step, repetitions, data, j, outside)
        part = binder.of_tables() or binder.columns(whole(step.recipe))
        assert part is not None
        bound.calls.extend(part.calls)
        bound.entries.extend(part.entries)
    return bound


def calls_of(step: RecurrentStep, tables: Sequence[Scaled]) -> tuple[Call, ...]:
    """The calls of a step on given tables; a sparse one becomes a matrix."""
    if not step.sparse:
        return kernel(step.recipe)
    product = None
    if len(tables) == 1 and isinstance(tables[0], Scaled) and tables[0].sparse:
        product = sparse_product(step.recipe, tables[0].scaled_values, first=True)
    return product or whole(step.recipe)


class _Binder:
    """Binds the calls of one step."""

    def __init__(
        self, step: RecurrentStep, repetitions: range, data: Sequence[FloatArray], j: int, outside: Outside
    ) -> None:
        self.step, self.repetitions, self.data, self.j, self.outside = step, repetitions, data, j, outside
        self.scratch: dict[int, FloatArray] = {}

    def of_tables(self) -> BoundCalls | None:
        """The calls, see `calls_of`; where they change with the tables, what is called is an operand too."""
        step = self.step
        if step.constant or not step.sparse or len(step.tables) > 1:
            return self.columns(calls_of(step, step.at(0)))
        (table,) = step.tables
        assert isinstance(table, Series)
        chosen = table.chosen[self.repetitions.start : self.repetitions.stop].tolist()
        calls = {k: calls_of(step, [table.distinct.tables[k]]) for k in set(chosen)}
        if len({each[0].operands for each in calls.values()}) > 1:  # sparse tables and dense ones
            return None
        bound = self.columns(calls[chosen[0]])
        if bound is None:
            return None
        ((_, columns),) = bound.calls
        return BoundCalls([(operator.call, [[calls[k][0].function for k in chosen], *columns])], bound.entries)

    def columns(self, calls: tuple[Call, ...]) -> BoundCalls | None:
        """The calls with their operands in place; None where a message could only be seen as a copy."""
        bound = BoundCalls([], [])
        for k, call in enumerate(calls):
            columns = []
            for sight in call.operands:
                column = self.operand(sight, bound.entries)
                if column is None:
                    return None
                columns.append(column)
            columns.append(self.result(k, call, last=k + 1 == len(calls)))
            bound.calls.append((call.function, columns))
        return bound

    def operand(self, sight: Sight, entries: list[Entry]) -> Column | None:
        """A table, a message, or the result of an earlier call of the same step."""
        tables, register = self.step.tables, sight.register
        if register < len(tables):
            return self.of_table(tables[register], sight)
        if register >= len(self.step.recipe.scopes):
            seen = sight.of(self.scratch[register])
            return None if seen is None else self.same(seen)
        source = self.step.received[register - len(tables)]
        if not isinstance(source, Lagged):
            return self.of_outside(source, sight)
        seen = sight.of(self.data[source.step], lead=1)
        if seen is None or not source.lag:
            return None if seen is None else _rows(seen)
        column = [None, *_rows(seen[:-1])]
        entries.append(Entry(source.step, column, sight))
        return column

    def result(self, k: int, call: Call, *, last: bool) -> Column:
        """The rows of the data for the last call; a piece of memory that serves all repetitions for the others."""
        if last:
            data = self.data[self.j]
            return _rows(data.reshape(len(data), *call.written))
        buffer = self.scratch[len(self.step.recipe.scopes) + k] = np.empty(call.kept)
        return self.same(buffer.reshape(call.written))

    def same(self, array: FloatArray) -> Column:
        """One array for all repetitions."""
        return [array] * len(self.repetitions)

    def of_table(self, table: Scaled | Series, sight: Sight) -> Column:
        """A table that is never written to: a copy serves."""
        if not isinstance(table, Series):
            return self.same(sight.seen(table.scaled_values))
        chosen = table.chosen[self.repetitions.start : self.repetitions.stop].tolist()
        stack = table.distinct.stack
        if stack is not None:
            rows = _rows(sight.seen(stack.data, lead=1))
            return [rows[k] for k in chosen]
        seen = {k: sight.seen(table.distinct.tables[k].scaled_values) for k in set(chosen)}
        return [seen[k] for k in chosen]

    def of_outside(self, source: Rows, sight: Sight) -> Column:
        """Messages that were sent before."""
        messages = self.outside[id(source)]
        if isinstance(messages, Scaled):
            return _rows(sight.seen(messages.data, lead=1))
        return [sight.seen(message.dense().scaled_values) for message in messages]


def _rows(array: FloatArray) -> Column:
    """Views of the rows, also of those that are single numbers."""
    return list(array) if array.ndim > 1 else [array[c, ...] for c in range(len(array))]
