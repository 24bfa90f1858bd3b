"""Tables of an unrolled network by step: the template's, those that replace them, and those that were added.

Step t holds the CPDs of the transition from t; step −1 is the first slice, step T what is added behind the last step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from control_pgm.inference.tree.slices.evidence import Observed, is_time
from control_pgm.inference.tree.slices.short_network import Timed
from control_pgm.models.cpd import CPD
from control_pgm.models.template import PRIME, DynamicBayesianNetwork
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series


@dataclass(eq=False)
class Placed:
    """A table and its place in a step.

    Attributes
    ----------
    scope, child : as in `StepTable`.
    table : the template's, or one that was added or put in its place.
    repeats : whether it is the template's, in every step but where it is replaced.
    varying : one table per step in place of it.
    replaced : step -> a table over other variables in place of it.
    """

    scope: tuple[Timed, ...]
    child: Timed | str
    table: Scaled
    repeats: bool = False
    varying: Series | None = None
    replaced: dict[int, Placed] = field(default_factory=dict)


class Irregular(Exception):
    """Something that steps cannot express."""


class Placement:
    """The tables of a network by step.

    Attributes
    ----------
    first, step : name without time -> the CPD of the first slice, and of every step.
    added : step -> the tables that were added.
    lengths : name without time -> how many slices have it.

    Raises
    ------
    Irregular
        If a table cannot be placed: it reaches over more than two slices, or names a variable of none, as those of an
        episode are.
    """

    def __init__(self, model: DynamicBayesianNetwork, observed: Observed) -> None:
        self._observed, self._horizon = observed, model.horizon
        if model.template.episode:
            raise Irregular
        # Variables of the first slice count as the next ones of step −1.
        self.first, self.step = _placed(model.template.first, 1), _placed(model.template.step, 0)
        self.lengths = model.template.slices(model.horizon)
        self.added: dict[int, list[Placed]] = {}
        self._new: dict[str, Timed] = {}  # variables that the template does not have
        if not model.uniform:
            self._take_changes(model)

    def _take_changes(self, model: DynamicBayesianNetwork) -> None:
        """Sort replaced and added tables by step."""
        for name, tables in model.series.items():
            own = self.step[name.removesuffix(PRIME)]
            own.table, own.varying = tables[0], tables if tables.changes else None
        numbers: dict[str, dict[int, Scaled]] = {}
        for name, cpd in model.replaced.items():
            base, time = self._timed(name)
            t = self._step_of((base, time))
            own = (self.step if t >= 0 else self.first)[base]
            scope = self._replaced_scope(cpd, t)
            if t >= 0 and scope == own.scope:
                numbers.setdefault(base, {})[t] = cpd.scaled
            else:
                own.replaced[t] = Placed(scope, own.child, cpd.scaled)
        for base, changed in numbers.items():
            own = self.step[base]
            own.varying = (own.varying or Series.constant(own.table, self._horizon)).replaced(changed)
        for cpd in model.added:
            self._add_variable(cpd)
        for cpd in model.added:
            child = self._new.get(cpd.child.name, cpd.child.name)
            self._add(cpd, child)
        for factor in model.factors:
            self._add(factor, "")

    def _add_variable(self, cpd: CPD) -> None:
        """A new variable: free ones need a time, and a name that ends with it."""
        name, time = cpd.child.name, cpd.child.time
        base, _, suffix = name.rpartition("_")
        if base and time is not None and suffix == str(time) and 0 <= time <= self._horizon:
            self._new[name] = base, time
        elif name not in self._observed.added:
            raise Irregular

    def _add(self, factor: Factor, child: Timed | str) -> None:
        """Put an added table into the last step that has one of its variables."""
        timed = [self._timed(v.name) for v in factor.variables if v.name != child]
        if not timed:
            raise Irregular  # over no variable of a slice
        t = max(self._step_of(name) for name in timed)
        scope = tuple([(base, time - t) for base, time in timed])
        if any(dt not in (0, 1) or (dt == 0 and t < 0) for _, dt in scope):
            raise Irregular
        relative = (child[0], child[1] - t) if not isinstance(child, str) else child
        table = factor.scaled
        if isinstance(child, str) and child:  # observed, of a name of its own
            table = table.take((*[slice(None)] * len(timed), self._observed.added[child]))
        self.added.setdefault(t, []).append(Placed(scope, relative, table))

    def _timed(self, name: str) -> Timed:
        """A variable's name without time, and its time."""
        if name in self._new:
            return self._new[name]
        base, _, time = name.rpartition("_")
        if base not in self.lengths or not is_time(time) or int(time) >= self.lengths[base]:
            raise Irregular
        return base, int(time)

    def _step_of(self, name: Timed) -> int:
        """The step that a variable belongs to."""
        base, time = name
        own = self.step.get(base)
        return time - own.scope[-1][1] if own is not None and time < self.lengths[base] else time

    def _replaced_scope(self, cpd: CPD, t: int) -> tuple[Timed, ...]:
        """The scope of a replaced CPD, relative to its step."""
        timed = [self._timed(v.name) for v in cpd.variables]
        scope = tuple([(base, time - t) for base, time in timed])
        if any(dt not in (0, 1) or self._step_of(v) > t for (_, dt), v in zip(scope, timed, strict=True)):
            raise Irregular
        return scope


def _placed(cpds: tuple[CPD, ...], unprimed: int) -> dict[str, Placed]:
    """The template's CPDs by the name of their child; ``unprimed`` is the time of names without a prime."""
    scopes = [_timed(cpd.scope, unprimed) for cpd in cpds]
    return {
        scope[-1][0]: Placed(scope, scope[-1], cpd.scaled, unprimed == 0)
        for scope, cpd in zip(scopes, cpds, strict=True)
    }


@lru_cache(maxsize=1024)
def _timed(names: tuple[str, ...], unprimed: int) -> tuple[Timed, ...]:
    """Names of a template with their times; ``unprimed`` is that of names without a prime."""
    return tuple([(name[:-1], 1) if name[-1] == PRIME else (name, unprimed) for name in names])
