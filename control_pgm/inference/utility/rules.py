"""Rules that eliminate one variable under a measure: expectation, certainty equivalent, or point by point.

A rule is made once for all clusters that hold the same tables and receive values over the same scopes. It is run on the
values received, and returns values over the rest; ``constant`` are those that never change. What does not mention the
eliminated variable never comes here: adding it afterwards is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log
from typing import Protocol

import numpy as np

from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.utility.potentials import Points, Sum, Term, points
from control_pgm.inference.utility.sums import Averages, best_and_worst
from control_pgm.tables.arrays import BoolArray, FloatArray, Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.operators import EXPECTATION, NEAR, Operator

_SAFE = 600.0  # e^±600 is far from where numbers lose digits, and sums of many of them too
_MUCH = 100.0  # by so much |w| is above the values before rows that differ little are treated one by one


@dataclass(frozen=True, eq=False)
class EliminationRule:
    """What a rule needs to know of the clusters that it serves.

    Attributes
    ----------
    measure : scope and table of the weights.
    normalised : whether they sum to one over the eliminated variable, up to rounding.
    static : terms that never change.
    received : the scopes of the terms that the rule will be run on.
    eliminated, sizes : the variable, and the sizes of all.
    """

    operator: Operator
    measure: Operand
    normalised: bool
    static: Sequence[Term]
    received: Sequence[Scope]
    eliminated: int
    sizes: Sequence[int]

    @cached_property
    def points(self) -> Points:
        """Where static values and the measure are."""
        return points(self.measure, [term.scope for term in self.static], self.eliminated, self.sizes)

    @cached_property
    def values(self) -> FloatArray:
        """The sum of all static terms at these points."""
        return sum((self.points.at(term) for term in self.static), np.zeros(self.points.measure.shape))


class Rule(Protocol):
    """An elimination; without anything received only its constants count, and it is not run."""

    constant: Sequence[Term]
    scope: Scope

    def __call__(self, received: Sequence[FloatArray]) -> FloatArray:
        """Values over ``scope``, to be added to the constants."""


def rule(what: EliminationRule) -> Rule:
    """The rule of an operator."""
    if what.operator.linear:
        return Expectation(what)
    if what.operator.kappa == what.operator.weight != 0:
        return CertaintyEquivalent(what)
    return Pointwise(what)


class Expectation:
    """E_mu f: linear, so that what never changes is averaged once."""

    def __init__(self, what: EliminationRule) -> None:
        self.constant: Sequence[Term] = [what.points.reduce(what.values, EXPECTATION)] if what.static else []
        self._sum = Sum(what.received, what.sizes)
        self._averages = Averages(what.measure, self._sum.scope, what.eliminated, what.sizes)
        self.scope = self._averages.scope

    def __call__(self, received: Sequence[FloatArray]) -> FloatArray:
        """Values over ``scope``."""
        values = self._sum(received)
        if np.minimum.reduce(values, axis=None, initial=inf) > -inf:
            return self._averages.of(values)
        average = self._averages.of(np.where(np.isneginf(values), 0.0, values))
        return average + self._averages.forbidden(values)


class CertaintyEquivalent:
    """w log E_mu exp(f/w), as a sum-product of numbers of any magnitude.

    Where |f/w| is small throughout, around the best value m, it is m + w log1p(E_mu expm1((f − m)/w)), which keeps its
    digits however large |w| is. For a static part g and a received part h, expm1(g + h) = expm1(g) + exp(g) expm1(h):
    linear in what is received.
    """

    def __init__(self, what: EliminationRule) -> None:
        self._what, self._weight = what, what.operator.weight
        self._sum = Sum(what.received, what.sizes)
        self._top, static = 0.0, np.zeros(())
        weights = what.measure
        self.constant: Sequence[Term] = []
        if what.static:
            self._top, static = _static_below_best(what)
            if what.operator.strict and what.received:
                reached = what.points.reduce(what.values, EXPECTATION)
                self.constant = [Term(reached.scope, np.where(np.isneginf(reached.dense), -inf, 0.0))]
            shares = what.points.scope, what.points.scaled(static)
            weights = what.points.scope, contract([what.measure, shares], what.points.scope, what.sizes)
        if not what.received and (what.static or not what.normalised):
            self.constant = [what.points.reduce(what.values, what.operator)]
        self._weights = weights
        self._averages = Averages(weights, self._sum.scope, what.eliminated, what.sizes)
        self.scope = self._averages.scope
        self._differs_little = what.normalised and _is_near(static)
        self._static = static

    @cached_property
    def _original(self) -> Averages:
        """Sums under the measure alone."""
        return Averages(self._what.measure, self._sum.scope, self._what.eliminated, self._what.sizes)

    @cached_property
    def _static_differences(self) -> Term | None:
        """E_mu expm1(g)."""
        what = self._what
        return what.points.reduce(np.expm1(self._static), EXPECTATION) if what.static else None

    @cached_property
    def _onto(self) -> Sum:
        """Adding E_mu expm1(g) to other differences."""
        static = self._static_differences
        return Sum([self.scope, *([static.scope] if static else [])], self._what.sizes)

    @cached_property
    def _spread(self) -> float:
        """Up to which |f − m|/|w| plain sums of products lose no digits to underflow, nor overflow."""
        table = self._weights[1]
        lowest, highest = (log(x) + table.exponent * log(2.0) if x > 0 else -inf for x in table.bounds)
        return min(_SAFE, _SAFE + lowest) if highest < _SAFE else -inf

    def __call__(self, received: Sequence[FloatArray]) -> FloatArray:
        """Values over ``scope``."""
        values, weight = self._sum(received), self._weight
        top, bottom = best_and_worst(values, weight)
        width = (top - bottom) / weight
        if not width < inf:
            return self._with_forbidden(values)
        return weight * self._logs((values - top) / weight, width, top) + (top + self._top)

    def _with_forbidden(self, values: FloatArray) -> FloatArray:
        """The same where some values are −inf: with w > 0 they add nothing, with w < 0 they forbid."""
        top, below = _below_best(values, self._weight)
        width = -float(np.min(below, where=~np.isneginf(below), initial=0.0))
        result = self._weight * self._logs(below, width, top) + (top + self._top)
        return result + self._original.forbidden(values) if self._what.operator.strict else result

    def _logs(self, below: FloatArray, width: float, top: float) -> FloatArray:
        """log E_mu exp(g + h) for h = ``below`` ≤ 0, the smallest of them that is finite −``width``."""
        if self._differs_little and width < NEAR:
            return self._by_differences(below)
        if width < self._spread:
            with np.errstate(divide="ignore"):
                logs = self._but_impossible(np.log(self._averages.of(np.exp(below))))
        else:
            logs = self._by_sums(below)
        if self._differs_little and abs(self._weight) > _MUCH * max(1.0, abs(top)):
            far = self._averages.of((below < -NEAR).astype(np.float64)) > 0
            return np.where(far, logs, self._by_differences(np.maximum(below, -NEAR)))
        return logs

    def _by_differences(self, below: FloatArray) -> FloatArray:
        static = self._static_differences
        differences = self._averages.of(np.expm1(below))
        total = self._onto([differences, *([static.dense] if static else [])])
        if float(total.min(initial=0.0)) > -0.5:
            return np.log1p(total)
        # Most of the mass is on forbidden values: what is left of it is a difference of numbers near one.
        kept = total > -0.5
        return np.where(kept, np.log1p(np.where(kept, total, 0.0)), self._by_sums(below))

    def _by_sums(self, below: FloatArray) -> FloatArray:
        operands = [self._weights, (self._sum.scope, Scaled.from_log(below))]
        return self._but_impossible(contract(operands, self.scope, self._what.sizes).log())

    def _but_impossible(self, logs: FloatArray) -> FloatArray:
        """With w < 0 forbidden values have been put aside: only an impossible condition leaves nothing, and gets 0."""
        return np.where(np.isneginf(logs), 0.0, logs) if self._what.operator.strict else logs


class Pointwise:
    """Maxima, and all operators whose measure counts differently from its probability: values at every point."""

    def __init__(self, what: EliminationRule) -> None:
        self._operator = what.operator
        self._points = points(
            what.measure, [*(term.scope for term in what.static), *what.received], what.eliminated, what.sizes
        )
        self._received = what.received
        self.scope = self._points.kept
        self._values = sum((self._points.at(term) for term in what.static), np.zeros(self._points.measure.shape))
        if self._operator.weight == 0:
            possible = self._points.log_measure > -inf
            weighed = self._values + (self._operator.kappa * self._points.log_measure if self._operator.kappa else 0.0)
            self._values = np.where(possible, weighed, -inf)
        self._plain = self._operator.weight == 0 and not self._values.any()
        self.constant: Sequence[Term] = [] if what.received else [Term(self.scope, self([]))]

    def __call__(self, received: Sequence[FloatArray]) -> FloatArray:
        """Values over ``scope``."""
        terms = [self._points.at(Term(scope, array)) for scope, array in zip(self._received, received, strict=True)]
        if self._operator.weight == 0:
            return self._points.maxima(terms if self._plain and terms else [self._values, *terms])
        return self._points.reduce(sum(terms, self._values), self._operator).dense


def _static_below_best(what: EliminationRule) -> tuple[float, FloatArray]:
    """The best finite value m at possible points, and (f − m)/w ≤ 0 there; elsewhere as if forbidden, or 0."""
    possible = what.points.measure > 0
    return _below_best(what.values, what.operator.weight, possible)


def _below_best(values: FloatArray, weight: float, possible: BoolArray | bool = True) -> tuple[float, FloatArray]:
    """The best finite value m at possible points, and (f − m)/w ≤ 0 there.

    A forbidden value gives −inf for w > 0; for w < 0, where it is accounted for elsewhere, it gives 0.
    """
    sign = 1.0 if weight > 0 else -1.0
    counting = possible & ~np.isneginf(values)
    best = float(np.max(sign * values, where=counting, initial=-inf))
    top = sign * best if best > -inf else 0.0
    with np.errstate(over="ignore"):
        below = np.where(counting, (np.where(counting, values, top) - top) / weight, 0.0)
    if weight > 0:
        below = np.where(np.isneginf(values), -inf, below)
    return top, below


def _is_near(below: FloatArray) -> bool:
    """Whether finite values lie so close together that differences keep more digits than sums."""
    return float(np.min(below, where=~np.isneginf(below), initial=0.0)) > -NEAR
