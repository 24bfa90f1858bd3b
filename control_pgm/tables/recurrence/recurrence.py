"""The same contractions again and again, each on what the one before has left: the slices of a long network.

A *repetition* is a list of steps that is run ``count`` times. A step contracts fixed tables with messages: results of
its own repetition, of the one before, or tables from elsewhere. `run` runs it; all results of a step are rows of
one `History`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.message import Message, table_of
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stack import Stack
from control_pgm.tables.recurrence.history import Allocate, History
from control_pgm.tables.recurrence.series import Series


class Lagged(NamedTuple):
    """The result of a step of the same repetition (lag 0) or of the one before (lag 1)."""

    step: int
    lag: int


Source = Lagged | Sequence[Message]  # or a table from elsewhere for every repetition


@dataclass(frozen=True, eq=False)
class RecurrentStep:
    """One step: ``recipe`` on the tables, then the messages received.

    ``tables`` holds, per operand, one table for all repetitions or a sequence with one for each.
    """

    recipe: Recipe
    tables: tuple[Message | Sequence[Message], ...]
    received: tuple[Source, ...]

    @property
    def constant(self) -> bool:
        """Whether its tables are the same in all repetitions."""
        return all(isinstance(table, Scaled | Stack) for table in self.tables)

    @cached_property
    def sparse(self) -> bool:
        """Whether a table of some repetition is sparse."""
        return any(
            table.sparse
            if isinstance(table, Series)
            else any(table_of(each).sparse for each in ([table] if isinstance(table, Scaled | Stack) else table))
            for table in self.tables
        )

    @property
    def series(self) -> bool:
        """Whether its tables are the same in all repetitions, or series."""
        return all(isinstance(table, Scaled | Stack | Series) for table in self.tables)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.recipe.sizes[x] for x in self.recipe.out)

    def at(self, c: int) -> list[Message]:
        """The tables of repetition c."""
        return [table if isinstance(table, Scaled | Stack) else table[c] for table in self.tables]


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Steps that are run ``count`` times; see the module. ``before`` holds, by step, what lag 1 means at the start."""

    count: int
    steps: tuple[RecurrentStep, ...]
    before: Mapping[int, Message]
    batch: int | None = None

    @cached_property
    def chain(self) -> bool:
        """Whether everything hangs on one message that is carried over: then bounds move by what tables alone say."""
        known = all(step.series for step in self.steps)
        alone = all(len(step.received) == 1 and isinstance(step.received[0], Lagged) for step in self.steps)
        return known and alone and len(self.before) == 1

    def tracks(self, start: int, stop: int, allocate: Allocate = np.empty) -> list[History]:
        """Empty tracks for the repetitions from ``start`` to ``stop``.

        In a chain only what is carried over is kept: the rest follows from it.
        """
        kept = self.before if self.chain else range(len(self.steps))
        return [
            History(stop - start, step.shape, self.batch, allocate, passing=j not in kept)
            for j, step in enumerate(self.steps)
        ]
