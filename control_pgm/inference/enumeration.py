"""Brute force: every assignment of every free variable, weighed one by one.

An independent second method. It shares no algorithm with the bucket tree: no elimination, no messages, no scaling. Its
cost is the number of assignments, so it is for small models and for checking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from math import inf, prod
from typing import Any

import numpy as np

from control_pgm.errors import TooLarge
from control_pgm.inference.exact_posterior import ExactPosterior
from control_pgm.inference.map.max_product import first_best
from control_pgm.inference.map.mode import Mode, mode_of
from control_pgm.inference.problem import Evidence, certain, conditioned, natural_order
from control_pgm.inference.tree.sampling import Samples, choose, room_for_samples
from control_pgm.models.factor_graph import Model
from control_pgm.progress import Progress, counted
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

MAX_ASSIGNMENTS = 2**22


class EnumeratedPosterior(ExactPosterior):
    """The posterior by enumeration of all assignments."""

    def __init__(self, model: Model, evidence: Evidence, memory_limit: int, progress: Progress | None = None) -> None:
        self.model, self.evidence = model, dict(evidence)
        self._tables = conditioned(model, self.evidence)[0].tables
        self.method, self.exact = "enumeration", True
        self._memory_limit, self._progress = memory_limit, progress
        self._limit = min(MAX_ASSIGNMENTS, memory_limit // 32)
        self._free = [model.variables[name] for name in natural_order(model) if name not in self.observed]
        self._refuse_if_too_many(self._free)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: all but the caller's function that reports progress."""
        return {**vars(self), "_progress": None}

    @cached_property
    def log_evidence(self) -> float:
        """log of the sum of the weights of all assignments that agree with the evidence."""
        factors = counted(self._tables, self._progress, "tables of all assignments")
        return float(_grouped_log_sum(self._log_weights(self._free, factors), None, 1)[0])

    def _joint(self, targets: tuple[str, ...], given: tuple[str, ...], at: Mapping[str, int]) -> Factor:
        names, factors = self._relevant(targets, given)
        names |= {*targets, *given}
        scope = [v for v in self._free if v.name in names]
        log_weights = self._log_weights(scope, factors)
        asked = [self.model.variables[name] for name in (*given, *targets)]
        group = np.zeros(log_weights.shape, dtype=np.int64)
        for variable in asked:
            group = group * variable.cardinality + _states(scope, variable)
        shape = [v.cardinality for v in asked]
        logs = _grouped_log_sum(log_weights, group, prod(shape)).reshape(shape)
        table = Factor(asked, logs, log=True)
        return table.condition({name: self.model.variables[name].states[i] for name, i in at.items()})

    def _mode(self, names: tuple[str, ...]) -> Mode:
        asked = [v for v in self._free if v.name in names]
        log_weights = self._log_weights(self._free, self._tables)
        if len(asked) < len(self._free):
            shape = [v.cardinality for v in asked]
            group = np.ravel_multi_index([_states(self._free, v) for v in asked], shape) if asked else None
            log_weights = _grouped_log_sum(log_weights, group, prod(shape))
        best = first_best(log_weights)
        states = np.unravel_index(best, [v.cardinality for v in asked])
        labels = {**certain(self.evidence), **{v.name: v.states[int(i)] for v, i in zip(asked, states, strict=True)}}
        assignment = {name: labels[name] for name in names}
        return mode_of(self.model, assignment, float(log_weights[best]), self.log_evidence)

    def _sample(self, n: int, rng: np.random.Generator) -> Samples:
        states = room_for_samples(self.model, self.observed, n, self._memory_limit)
        log_weights = self._log_weights(self._free, self._tables)
        drawn = choose(log_weights[None], np.zeros(n, dtype=np.int64), rng)
        if self._free:
            row_of = {name: row for row, name in enumerate(self.model.variables)}
            rows = [row_of[v.name] for v in self._free]
            states[rows] = np.unravel_index(drawn, [v.cardinality for v in self._free])
        states.flags.writeable = False
        return Samples(tuple(self.model.variables.values()), states.T)

    def _relevant(self, targets: Iterable[str], given: Iterable[str]) -> tuple[set[str], list[Factor]]:
        """What still touches the targets when ``given`` and all that is known are held fixed; the rest cancels."""
        single = (name for name, variable in self.model.variables.items() if variable.cardinality == 1)
        fixed = {*given, *self.observed, *single}
        found: set[str] = set()
        factors: dict[int, Factor] = {}
        stack = list(targets)
        while stack:
            name = stack.pop()
            if name in found or name in fixed:
                continue
            found.add(name)
            for k, factor in enumerate(self._tables):
                if name in factor.scope:
                    factors[k] = factor
                    stack += factor.scope
        return {n for f in factors.values() for n in f.scope} - set(self.observed), list(factors.values())

    def _log_weights(self, scope: list[Variable], factors: Iterable[Factor]) -> FloatArray:
        """log prod phi of every assignment of ``scope``, in C order."""
        self._refuse_if_too_many(scope)
        several = [v for v in scope if v.cardinality > 1]  # of which there are few enough for axes of an array
        place = {v.name: k for k, v in enumerate(several)}
        total = np.zeros([v.cardinality for v in several])
        for factor in factors:
            own = [v for v in factor.variables if v.name not in self.observed]
            index = tuple([self.observed.get(v.name, slice(None)) for v in factor.variables])
            free = [k for k, v in enumerate(own) if v.name in place]
            logs = factor.scaled.take(index).log().reshape([own[k].cardinality for k in free])
            order = sorted(range(len(free)), key=lambda k: place[own[free[k]].name])
            shape = np.ones(len(several), dtype=np.int64)
            shape[[place[own[k].name] for k in free]] = [own[k].cardinality for k in free]
            total += logs.transpose(order).reshape(shape)
        return total.ravel()

    def _refuse_if_too_many(self, scope: list[Variable]) -> None:
        n = prod(v.cardinality for v in scope)
        if n > self._limit:
            raise TooLarge(
                f"enumeration of {len(scope)} variables has {float(n):.3g} assignments",
                allowed=f"{self._limit:,}",
                remedy="use method='exact', or a shorter horizon",
            )


def _states(scope: list[Variable], variable: Variable) -> IntArray:
    """The state index of one variable in every assignment of ``scope``, in C order."""
    k = [v.name for v in scope].index(variable.name)
    before = prod(v.cardinality for v in scope[:k])
    after = prod(v.cardinality for v in scope[k + 1 :])
    return np.tile(np.repeat(np.arange(variable.cardinality), after), before)


def _grouped_log_sum(logs: FloatArray, group: IntArray | None, n: int) -> FloatArray:
    """log sum exp of the entries of each group 0 … n−1."""
    if group is None:
        group = np.zeros(logs.shape, dtype=np.int64)
    top = np.full(n, -inf)
    np.maximum.at(top, group, logs)
    shift = np.where(np.isneginf(top), 0.0, top)
    sums = np.bincount(group, weights=np.exp(logs - shift[group]), minlength=n)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(sums) + shift)
