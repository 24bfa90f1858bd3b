"""Linear recurrences of tables: the same contractions again and again, each on what the one before has left.

A *recurrence* is a list of steps that is run ``count`` times. A step contracts tables with messages: results of its own
repetition, of the one before, or messages from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.history import Allocate, History
from control_pgm.tables.recurrence.series import Series


class Lagged(NamedTuple):
    """The result of a step of the same repetition (lag 0) or of the one before (lag 1)."""

    step: int
    lag: int


class Rows(Protocol):
    """Messages from outside, one for every repetition."""

    def __getitem__(self, c: int, /) -> Scaled: ...
    def stack(self, start: int, stop: int) -> Scaled:
        """Those of repetitions ``start`` … ``stop`` − 1 along a new first axis."""


@dataclass(frozen=True, eq=False)
class RecurrentStep:
    """One step: ``recipe`` on the tables, each one for all repetitions or a series, then on the messages received."""

    recipe: Recipe
    tables: tuple[Scaled | Series, ...]
    received: tuple[Lagged | Rows, ...]

    @cached_property
    def constant(self) -> bool:
        """Whether its tables are the same in all repetitions."""
        return not any(isinstance(table, Series) for table in self.tables)

    @cached_property
    def sparse(self) -> bool:
        """Whether a table of some repetition is sparse."""
        return any(table.sparse for table in self.tables)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.recipe.sizes[x] for x in self.recipe.result)

    def at(self, c: int) -> list[Scaled]:
        """The tables of repetition c."""
        return [table[c] if isinstance(table, Series) else table for table in self.tables]


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Steps that are run ``count`` times; see the module. ``before`` holds, by step, what lag 1 means at the start."""

    count: int
    steps: tuple[RecurrentStep, ...]
    before: Mapping[int, Scaled]
    batch: int | None = None

    @cached_property
    def carried(self) -> int | None:
        """The step whose result is all that is carried over, where every step is linear in it; None elsewhere."""
        linear = all(sum(isinstance(s, Lagged) for s in step.received) == 1 for step in self.steps)
        return next(iter(self.before)) if linear and len(self.before) == 1 else None

    @cached_property
    def chain(self) -> bool:
        """Whether nothing comes from outside: every step receives one result of the recurrence."""
        return self.carried is not None and all(len(step.received) == 1 for step in self.steps)

    def tracks(self, start: int, stop: int, allocate: Allocate = np.empty) -> list[History]:
        """Empty histories for the repetitions from ``start`` to ``stop``."""
        return [History(stop - start, step.shape, self.batch, allocate) for step in self.steps]
