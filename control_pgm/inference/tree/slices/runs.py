"""Runs of equal steps in an unrolled network, under evidence, replaced tables, and added tables.

Tables that differ from step to step in their numbers alone are a `Series`, and no reason to end a run. Everything else
that makes a step unlike the one before it ends one: other variables observed, another edge, an added table.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from control_pgm.inference.tree.slices.evidence import FREE, Observed, is_time, observe
from control_pgm.inference.tree.slices.short_network import StepForm, StepRun, StepTable, Timed
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME, DynamicBayesianNetwork
from control_pgm.tables.factor import Factor
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
        return None if observed is None else _Steps(model, observed).runs()
    except _Irregular:
        return None


@dataclass(eq=False)
class _Placed:
    """A table and its place in a step.

    Attributes
    ----------
    scope, child : as in `StepTable`.
    table : the template's, or that of a table that was added or replaced.
    repeats : whether it is the template's, in every step but where it is replaced.
    varying : one table per step in place of it.
    replaced : step -> a table over other variables in place of it.
    """

    scope: tuple[Timed, ...]
    child: Timed | str
    table: Scaled
    repeats: bool = False
    varying: Series | None = None
    replaced: dict[int, _Placed] = field(default_factory=dict)


class _Irregular(Exception):
    """Something that runs of steps cannot express."""


class _Steps:
    """The steps of a network: −1 is the first slice, T what is added behind the last step."""

    def __init__(self, model: DynamicBayesianNetwork, observed: Observed) -> None:
        self.model, self.observed, self.horizon = model, observed, model.horizon
        # Variables of the first slice count as the next ones of step −1.
        self.first, self.step = (
            {
                scope[-1][0]: _Placed(scope, scope[-1], cpd.scaled, dt == 0)
                for cpd in cpds
                for scope in [_timed(cpd.scope, dt)]
            }
            for cpds, dt in ((model.template.first, 1), (model.template.step, 0))
        )
        self.lengths = model.template.slices(model.horizon)
        self.added: dict[int, list[_Placed]] = {}
        self.new: dict[str, Timed] = {}  # variables that the template does not have
        self.tables: list[Scaled | Series] = []
        self.origins: list[Scaled] = []
        self.numbers: dict[Hashable, int] = {}
        self.sliced: dict[Hashable, Scaled] = {}

    def runs(self) -> StepRuns:
        """See `runs_of`."""
        if not self.model.uniform:
            self.take_changes()
        return StepRuns(self.compressed(), self.tables, self.origins, self.observed.by_name(self.lengths))

    # --- what was changed ---------------------------------------------------------------------------------------
    def take_changes(self) -> None:
        """Sort replaced and added tables by step."""
        for name, tables in self.model.series.items():
            self.step[name.removesuffix(PRIME)].varying = tables
        numbers: dict[str, dict[int, Scaled]] = {}
        for name, cpd in self.model.replaced.items():
            base, time = self.timed(name)
            t = self.step_of((base, time))
            own = (self.step if t >= 0 else self.first)[base]
            scope = self.replaced_scope(cpd, t)
            if t >= 0 and scope == own.scope:
                numbers.setdefault(base, {})[t] = cpd.scaled
            else:
                own.replaced[t] = _Placed(scope, own.child, cpd.scaled)
        for base, changed in numbers.items():
            own = self.step[base]
            own.varying = (own.varying or Series.constant(own.table, self.horizon)).replaced(changed)
        for cpd in self.model.added:
            self.add_variable(cpd)
        for cpd in self.model.added:
            child = self.new.get(cpd.child.name, cpd.child.name)
            self.add(cpd, child)
        for factor in self.model.factors:
            self.add(factor, "")

    def add_variable(self, cpd: CPD) -> None:
        """A new variable: free ones need a time, and a name that ends with it."""
        name, time = cpd.child.name, cpd.child.time
        base, _, suffix = name.rpartition("_")
        if base and time is not None and suffix == str(time) and 0 <= time <= self.horizon:
            self.new[name] = base, time
        elif name not in self.observed.added:
            raise _Irregular

    def add(self, factor: Factor, child: Timed | str) -> None:
        """Put an added table into the last step that has one of its variables."""
        timed = [self.timed(v.name) for v in factor.variables if v.name != child]
        if not timed:
            raise _Irregular  # over no variable of a slice
        t = max(self.step_of(name) for name in timed)
        scope = tuple([(base, time - t) for base, time in timed])
        if any(dt not in (0, 1) or (dt == 0 and t < 0) for _, dt in scope):
            raise _Irregular
        relative = (child[0], child[1] - t) if not isinstance(child, str) else child
        table = factor.scaled
        if isinstance(child, str) and child:  # observed, of a name of its own
            table = table.take((*[slice(None)] * len(timed), self.observed.added[child]))
        self.added.setdefault(t, []).append(_Placed(scope, relative, table))

    def timed(self, name: str) -> Timed:
        """A variable's name without time, and its time."""
        if name in self.new:
            return self.new[name]
        base, _, time = name.rpartition("_")
        if base not in self.lengths or not is_time(time) or int(time) >= self.lengths[base]:
            raise _Irregular
        return base, int(time)

    def step_of(self, name: Timed) -> int:
        """The step that a variable belongs to."""
        base, time = name
        own = self.step.get(base)
        return time - own.scope[-1][1] if own is not None and time < self.lengths[base] else time

    def replaced_scope(self, cpd: CPD, t: int) -> tuple[Timed, ...]:
        """The scope of a replaced CPD, relative to its step."""
        timed = [self.timed(v.name) for v in cpd.variables]
        scope = tuple([(base, time - t) for base, time in timed])
        if any(dt not in (0, 1) or self.step_of(v) > t for (_, dt), v in zip(scope, timed, strict=True)):
            raise _Irregular
        return scope

    # --- where runs end -----------------------------------------------------------------------------------------
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
        if self.horizon in self.added:
            runs.append(StepRun(self.form(self.horizon), 1))
        return tuple(runs)

    def cuts(self) -> set[int]:
        """The steps from 1 to T − 1 that may differ from the one before them in more than numbers."""
        changed = {t for own in self.step.values() for t in own.replaced}.union(self.added)
        cuts = changed.union([t + 1 for t in changed])
        for states in self.observed.slices.values():
            seen = states >= 0
            for time in (np.flatnonzero(seen[1:] != seen[:-1]) + 1).tolist():
                cuts |= {time - 1, time}
        return {t for t in cuts if 0 < t < self.horizon}

    # --- forms --------------------------------------------------------------------------------------------------
    def form(self, t: int) -> StepForm:
        """What is in step t."""
        added = self.added.get(t, [])
        own = self.first if t < 0 else self.step if t < self.horizon else {}
        placed = [table.replaced.get(t, table) for table in own.values()]
        if added or any(t in table.replaced for table in own.values()):  # elsewhere the template has them in order
            placed += [table for table in added if not isinstance(table.child, str)]
            placed = [placed[k] for k in _natural_order(tuple([(table.child, table.scope) for table in placed]))]
        placed += [table for table in added if isinstance(table.child, str)]
        observed: set[Timed] = set()
        tables = tuple([self.table(each, t, observed) for each in placed])
        return StepForm(tables, frozenset(observed))

    def table(self, placed: _Placed, t: int, observed: set[Timed]) -> StepTable:
        """A table of step t; notes which of its variables are observed."""
        states = tuple([self.state(base, t + dt) for base, dt in placed.scope])
        mask = tuple([state >= 0 for state in states])
        observed.update([timed for timed, seen in zip(placed.scope, mask, strict=True) if seen])
        series = placed.repeats and self.varies(placed, mask)
        if series:
            key = self.number((id(placed), mask), lambda: self.series(placed, mask), placed.table)
        else:
            sliced = self.given(placed.table, states)
            key = self.number(id(sliced), lambda: sliced, placed.table)
        return StepTable(placed.scope, placed.table.shape, key, series, placed.child)

    def varies(self, placed: _Placed, mask: Sequence[bool]) -> bool:
        """Whether the numbers of a template's table change with the steps, some of its variables observed."""
        seen = [name for (name, _), observed in zip(placed.scope, mask, strict=True) if observed]
        return placed.varying is not None or any(self.observed.varies(name) for name in seen)

    def state(self, base: str, time: int) -> int:
        """The state that a variable is observed in; −1 if it is free."""
        if time < self.lengths.get(base, 0):
            return self.observed.state(base, time)
        return self.observed.added.get(f"{base}_{time}", FREE)

    def given(self, table: Scaled, states: tuple[int, ...]) -> Scaled:
        """The table at the states that are observed; made once for each."""
        if max(states, default=FREE) < 0:
            return table
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

    def series(self, placed: _Placed, mask: Sequence[bool]) -> Series:
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


@lru_cache(maxsize=1024)
def _timed(names: tuple[str, ...], unprimed: int) -> tuple[Timed, ...]:
    """Names of a template with their times; ``unprimed`` is that of names without a prime."""
    return tuple([(name[:-1], 1) if name[-1] == PRIME else (name, unprimed) for name in names])
