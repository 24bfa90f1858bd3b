"""Runs of equal steps in an unrolled network, under evidence, replaced tables, and added tables.

Tables that differ from step to step in their numbers alone are a `Series`, and no reason to end a run. Everything else
that makes a step unlike the one before it ends one: other variables observed, another edge, an added table.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from control_pgm.inference.tree.slices.evidence import FREE, Observed, observe
from control_pgm.inference.tree.slices.placement import Irregular, Placed, Placement
from control_pgm.inference.tree.slices.short_network import StepForm, StepRun, StepTable, Timed
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Distinct, Series, combinations


class StepRuns(NamedTuple):
    """The runs of a network, its tables by number, see `Problem` for their origins, and what is observed."""

    runs: tuple[StepRun, ...]
    tables: Sequence[Scaled | Series]
    origins: Sequence[Scaled]
    observed: Mapping[str, int]


def runs_of(model: DynamicBayesianNetwork, evidence: Mapping[str, Hashable]) -> StepRuns | None:
    """The runs of a network given evidence; None where its steps are no runs, or the evidence is wrong."""
    observed = observe(model, evidence)
    try:
        return None if observed is None else _Runs(model, observed).runs()
    except Irregular:
        return None


class _Runs:
    """The working state of `runs_of`."""

    def __init__(self, model: DynamicBayesianNetwork, observed: Observed) -> None:
        self.observed, self.horizon, self.placed = observed, model.horizon, Placement(model, observed)
        self.tables: list[Scaled | Series] = []
        self.origins: list[Scaled] = []
        self.numbers: dict[Hashable, int] = {}
        self.sliced: dict[Hashable, Scaled] = {}

    def runs(self) -> StepRuns:
        """See `runs_of`."""
        runs = self.compressed()
        return StepRuns(runs, self.tables, self.origins, self.observed.by_name(self.placed.lengths))

    def compressed(self) -> tuple[StepRun, ...]:
        """The runs."""
        ends = sorted({0, *self.cuts(), self.horizon})
        runs = [StepRun(self.form(-1), 1)]
        for start, stop in pairwise(ends):
            form = self.form(start)
            if len(runs) > 1 and runs[-1].form == form:
                runs[-1] = StepRun(form, runs[-1].steps + stop - start)
            else:
                runs.append(StepRun(form, stop - start))
        if self.horizon in self.placed.added:
            runs.append(StepRun(self.form(self.horizon), 1))
        return tuple(runs)

    def cuts(self) -> set[int]:
        """The steps from 1 to T − 1 that may differ from the one before them in more than numbers."""
        changed = {t for own in self.placed.step.values() for t in own.replaced}.union(self.placed.added)
        cuts = changed.union([t + 1 for t in changed])
        for states in self.observed.slices.values():
            seen = states >= 0
            for time in (np.flatnonzero(seen[1:] != seen[:-1]) + 1).tolist():
                cuts |= {time - 1, time}
        return {t for t in cuts if 0 < t < self.horizon}

    # --- forms --------------------------------------------------------------------------------------------------
    def form(self, t: int) -> StepForm:
        """What is in step t."""
        added = self.placed.added.get(t, [])
        own = self.placed.first if t < 0 else self.placed.step if t < self.horizon else {}
        placed = [table.replaced.get(t, table) for table in own.values()]
        if added or any(t in table.replaced for table in own.values()):  # elsewhere the template has them in order
            placed += [table for table in added if not isinstance(table.child, str)]
            placed = [placed[k] for k in _natural_order(tuple([(table.child, table.scope) for table in placed]))]
        placed += [table for table in added if isinstance(table.child, str)]
        observed: set[Timed] = set()
        tables = tuple([self.table(each, t, observed) for each in placed])
        return StepForm(tables, frozenset(observed))

    def table(self, placed: Placed, t: int, observed: set[Timed]) -> StepTable:
        """A table of step t; notes which of its variables are observed."""
        states = tuple([self.state(base, t + dt) for base, dt in placed.scope])
        seen = [timed for timed, state in zip(placed.scope, states, strict=True) if state >= 0]
        observed.update(seen)
        series = placed.repeats and (placed.varying is not None or any(self.observed.varies(name) for name, _ in seen))
        if series:
            mask = tuple([state >= 0 for state in states])
            key = self.number((id(placed), mask), lambda: self.series(placed, mask), placed.table)
        else:
            sliced = self.given(placed.table, states) if seen else placed.table
            key = self.number(id(sliced), lambda: sliced, placed.table)
        return StepTable(placed.scope, placed.table.shape, key, series, placed.child)

    def state(self, base: str, time: int) -> int:
        """The state that a variable is observed in; −1 if it is free."""
        if time < self.placed.lengths.get(base, 0):
            return self.observed.state(base, time)
        return self.observed.added.get(f"{base}_{time}", FREE)

    def given(self, table: Scaled, states: tuple[int, ...]) -> Scaled:
        """The table at the states that are observed; made once for each."""
        key = id(table), states
        if key not in self.sliced:
            self.sliced[key] = table.take(tuple([slice(None) if state < 0 else state for state in states]))
        return self.sliced[key]

    def number(self, key: Hashable, table: Callable[[], Scaled | Series], origin: Scaled) -> int:
        """The number of a table; those of one key have one."""
        if key not in self.numbers:
            self.numbers[key] = len(self.tables)
            self.tables.append(table())
            self.origins.append(origin)
        return self.numbers[key]

    def series(self, placed: Placed, mask: Sequence[bool]) -> Series:
        """One table for each step; where other variables are observed than in ``mask`` it is never read."""
        base = placed.varying or Series.constant(placed.table, self.horizon)
        seen = [timed for timed, observed in zip(placed.scope, mask, strict=True) if observed]
        everywhere = self.observed.everywhere
        if all(name in everywhere for name, _ in seen):
            at = [
                everywhere[name] if observed else slice(None)
                for (name, _), observed in zip(placed.scope, mask, strict=True)
            ]
            return base.take(tuple(at)) if seen else base
        states = [self.observed.states(name, slice(dt, dt + self.horizon)) for name, dt in seen]
        chosen, first = combinations([base.chosen, *states], self.horizon)
        distinct = []
        for number, *found in np.stack([base.chosen, *states])[:, first].T.tolist():
            rest = iter(found)
            given = tuple([next(rest) if observed else FREE for observed in mask])
            distinct.append(self.given(base.distinct.tables[number], given))
        return Series(Distinct(distinct), chosen)


@lru_cache(maxsize=1024)
def _natural_order(cpds: tuple[tuple[Any, tuple[Timed, ...]], ...]) -> tuple[int, ...]:
    """The positions of CPDs, given by child and scope: parents first, and of what is ready the earlier slice."""
    order: list[int] = []
    waiting = sorted(range(len(cpds)), key=lambda k: cpds[k][0][1])
    while waiting:
        left = {cpds[k][0] for k in waiting}
        ready = next(k for k in waiting if not left.intersection(cpds[k][1]) - {cpds[k][0]})
        order.append(ready)
        waiting.remove(ready)
    return tuple(order)
