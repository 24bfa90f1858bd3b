"""Runs of equal steps in an unrolled network, under evidence, replaced tables, and added tables.

Where tables differ from step to step in their numbers alone, at many steps, they are a `Series`, and no reason to end
a run. Everything else that makes a step unlike the one before it ends one: other variables observed, another edge, an
added table, a replaced one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from control_pgm.inference.tree.slices.evidence import FREE, Observed, is_time, observe
from control_pgm.inference.tree.slices.short_network import StepForm, StepRun, StepTable, Timed
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME, DynamicBayesianNetwork
from control_pgm.tables.arrays import IntArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Distinct, Series

_CHANGES = 16  # a table that changes its numbers more often over the steps is a series


class StepRuns(NamedTuple):
    """The runs of a network, its tables by number, see `Problem` for their origins, and what is observed."""

    runs: tuple[StepRun, ...]
    tables: Sequence[Scaled | Series]
    origins: Sequence[Scaled]
    observed: Mapping[str, int]


def runs_of(model: DynamicBayesianNetwork, evidence: Mapping[str, Hashable]) -> StepRuns | None:
    """The runs of a network given evidence; None where its steps are no runs, or the evidence is wrong."""
    observed = observe(model, evidence)
    if observed is None:
        return None
    return _Steps(model, observed).runs()


# --- steps ------------------------------------------------------------------------------------------------------
@dataclass(eq=False)
class _TemplateTable:
    """A CPD of the template's step, or of its first slice, in all steps that have it.

    Attributes
    ----------
    scope, sizes, child : as in `StepTable`.
    default : the template's table.
    varying : one table per step in place of it.
    replaced : step -> the CPD in its place.
    """

    scope: tuple[Timed, ...]
    sizes: tuple[int, ...]
    default: Scaled
    varying: Series | None = None
    replaced: dict[int, CPD] = field(default_factory=dict)
    series: bool = False

    @property
    def child(self) -> Timed:
        return self.scope[-1]


@dataclass(frozen=True)
class _Added:
    """An added table at a step."""

    scope: tuple[Timed, ...]
    table: Scaled
    child: Timed | str

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.table.shape


class _Irregular(Exception):
    """Something that runs of steps cannot express."""


class _Steps:
    """The steps of a network: −1 is the first slice, T what is added behind the last step."""

    def __init__(self, model: DynamicBayesianNetwork, observed: Observed) -> None:
        self.model, self.observed, self.horizon = model, observed, model.horizon
        self.first = [_own(cpd, 1) for cpd in model.template.first]
        self.step = [_own(cpd, 0) for cpd in model.template.step]
        self.lengths = model.template.slices(model.horizon)
        self.primed = {own.child[0]: own.child[1] for own in self.step}
        self.added: dict[int, list[_Added]] = {}
        self.new: dict[str, Timed] = {}  # variables that the template does not have
        self.tables: list[Scaled | Series] = []
        self.origins: list[Scaled] = []
        self.numbers: dict[Hashable, int] = {}
        self.sliced: dict[Hashable, Scaled] = {}

    def runs(self) -> StepRuns | None:
        """See `runs_of`."""
        try:
            self.take_changes()
            return StepRuns(self.compressed(), self.tables, self.origins, self.observed.by_name(self.lengths))
        except _Irregular:
            return None

    # --- what was changed ---------------------------------------------------------------------------------------
    def take_changes(self) -> None:
        """Sort replaced and added tables by step."""
        own = {o.child[0]: o for o in self.step}
        for name, tables in self.model.series.items():
            own[name.removesuffix(PRIME)].varying = tables
        first = {o.child[0]: o for o in self.first}
        for name, cpd in self.model.replaced.items():
            base, time = self.timed(name)
            if time - self.primed[base] < 0:
                first[base].replaced[-1] = cpd
            else:
                own[base].replaced[time - self.primed[base]] = cpd
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
        if isinstance(child, str) and child:  # observed, of a name of its own
            table = factor.scaled.take((*[slice(None)] * len(timed), self.observed.added[child]))
        else:
            table = factor.scaled
        self.added.setdefault(t, []).append(_Added(scope, table, relative))

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
        if base in self.primed and time < self.lengths[base]:
            return time - self.primed[base]
        return time

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
        """The steps from 1 to T − 1 that may differ from the one before them."""
        cuts: set[int] = set()
        for t in self.added:
            cuts |= {t, t + 1}
        for states in self.observed.slices.values():
            for time in _changes(states >= 0):
                cuts |= {time - 1, time}
        for own in self.step:
            structural = {t for t, cpd in own.replaced.items() if self.replaced_scope(cpd, t) != own.scope}
            for t in structural:
                cuts |= {t, t + 1}
            changes = self.number_changes(own, structural)
            own.series = len(changes) > _CHANGES
            if not own.series:
                cuts |= changes
        return {t for t in cuts if 0 < t < self.horizon}

    def number_changes(self, own: _TemplateTable, structural: Iterable[int]) -> set[int]:
        """The steps at which the numbers of a table change."""
        changes: set[int] = set()
        for t in own.replaced.keys() - set(structural):
            changes |= {t, t + 1}
        if own.varying is not None:
            changes.update(_changes(own.varying.chosen))
        for base, dt in own.scope:
            if base in self.observed.slices:
                states = self.observed.slices[base]
                both = (states[1:] >= 0) & (states[:-1] >= 0) & (states[1:] != states[:-1])
                changes.update((np.flatnonzero(both) + 1 - dt).tolist())
        return changes

    def replaced_scope(self, cpd: CPD, t: int) -> tuple[Timed, ...]:
        """The scope of a replaced CPD, relative to its step."""
        timed = [self.timed(v.name) for v in cpd.variables]
        scope = tuple([(base, time - t) for base, time in timed])
        if any(dt not in (0, 1) or self.step_of(v) > t for (_, dt), v in zip(scope, timed, strict=True)):
            raise _Irregular
        return scope

    # --- forms --------------------------------------------------------------------------------------------------
    def form(self, t: int) -> StepForm:
        """What is in step t."""
        columns: list[StepTable] = []
        observed: set[Timed] = set()
        added = self.added.get(t, [])
        own = self.first if t < 0 else self.step if t < self.horizon else []
        items: list[_TemplateTable | _Added] = self.sorted(
            [*own, *(a for a in added if not isinstance(a.child, str))], t
        )
        items += [a for a in added if isinstance(a.child, str)]
        for item in items:
            columns.append(self.column(item, t, observed))
        return StepForm(tuple(columns), frozenset(observed))

    def sorted(self, items: Sequence[_TemplateTable | _Added], t: int) -> list[_TemplateTable | _Added]:
        """The CPDs of step t in natural order: parents first, and of what is ready what belongs to slice t."""
        order = _natural_order(tuple([(item.child, self.scope(item, t)) for item in items]))
        return [items[k] for k in order]

    def scope(self, item: _TemplateTable | _Added, t: int) -> tuple[Timed, ...]:
        """The scope of a table of step t."""
        replaced = item.replaced.get(t) if isinstance(item, _TemplateTable) else None
        return item.scope if replaced is None else self.replaced_scope(replaced, t)

    def column(self, item: _TemplateTable | _Added, t: int, observed: set[Timed]) -> StepTable:
        """A table of step t; notes which of its variables are observed."""
        replaced, scope = item.replaced.get(t) if isinstance(item, _TemplateTable) else None, self.scope(item, t)
        sizes = item.sizes if replaced is None else replaced.shape
        states = [self.state(base, t + dt) for base, dt in scope]
        observed.update(timed for timed, state in zip(scope, states, strict=True) if state >= 0)
        if isinstance(item, _TemplateTable) and item.series and (replaced is None or scope == item.scope):
            series, key = True, self.of_series(item, tuple([state >= 0 for state in states]))
        else:
            table = replaced.scaled if replaced is not None else self.table(item, t)
            series, key = False, self.number(self.given(table, states), table)
        return StepTable(scope, sizes, key, series, item.child)

    def state(self, base: str, time: int) -> int:
        """The state that a variable is observed in; −1 if it is free."""
        if time < self.lengths.get(base, 0):
            return self.observed.state(base, time)
        return self.observed.added.get(f"{base}_{time}", FREE)

    def table(self, item: _TemplateTable | _Added, t: int) -> Scaled:
        """The table of an item at a step, evidence not yet sliced away."""
        if isinstance(item, _Added):
            return item.table
        return item.default if item.varying is None or t < 0 else item.varying[t]

    def given(self, table: Scaled, states: Sequence[int]) -> Scaled:
        """The table at the states that are observed; made once for each."""
        if all(state < 0 for state in states):
            return table
        key = id(table), tuple(states)
        if key not in self.sliced:
            self.sliced[key] = table.take(tuple([slice(None) if state < 0 else state for state in states]))
        return self.sliced[key]

    def number(self, table: Scaled, origin: Scaled) -> int:
        """The number of a table; the same object has one."""
        if id(table) not in self.numbers:
            self.numbers[id(table)] = len(self.tables)
            self.tables.append(table)
            self.origins.append(origin)
        return self.numbers[id(table)]

    def of_series(self, own: _TemplateTable, mask: tuple[bool, ...]) -> int:
        """The number of the series of a table, some of its variables observed."""
        key = id(own), mask
        if key not in self.numbers:
            self.numbers[key] = len(self.tables)
            self.tables.append(self.series(own, mask))
            self.origins.append(own.default)
        return self.numbers[key]

    def series(self, own: _TemplateTable, mask: tuple[bool, ...]) -> Series:
        """One table for each step; where other variables are observed than in ``mask`` it is never read."""
        base = own.varying or Series.of([own.default] * self.horizon)
        replaced = {t: cpd for t, cpd in own.replaced.items() if self.replaced_scope(cpd, t) == own.scope}
        if replaced:
            tables = list(base)
            for t, cpd in replaced.items():
                tables[t] = cpd.scaled
            base = Series.of(tables)
        seen = [timed for timed, observed in zip(own.scope, mask, strict=True) if observed]
        if all(name in self.observed.everywhere for name, _ in seen):
            at = [
                self.observed.everywhere[name] if observed else slice(None)
                for (name, _), observed in zip(own.scope, mask, strict=True)
            ]
            return base.take(tuple(at)) if seen else base
        states = [self.states_of(name, dt) for name, dt in seen]
        columns, index = np.unique(np.stack([base.chosen, *states]), axis=1, return_inverse=True)
        distinct = []
        for number, *found in columns.T.tolist():
            rest = iter(found)
            distinct.append(
                self.given(base.distinct.tables[number], [next(rest) if observed else FREE for observed in mask])
            )
        return Series(Distinct(distinct), index.reshape(-1))

    def states_of(self, base: str, dt: int) -> IntArray:
        """The states of an observed variable by step; 0 where it is free."""
        if base in self.observed.everywhere:
            return np.full(self.horizon, self.observed.everywhere[base])
        return np.maximum(self.observed.slices[base][dt : dt + self.horizon], 0)


def _own(cpd: CPD, initial: int) -> _TemplateTable:
    """A CPD of the template; variables of the first slice count as the next ones of step −1."""
    return _TemplateTable(_timed(cpd.scope, initial), cpd.shape, cpd.scaled)


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


def _changes(values: Any) -> list[int]:
    """The positions at which a sequence differs from the one before."""
    return (np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()
