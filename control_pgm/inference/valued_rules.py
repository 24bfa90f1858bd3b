"""How one variable is eliminated under a measure: by expectation, certainty equivalent, or point by point.

A rule is made once for all clusters that hold the same tables; ``static`` are their values. It is run on the terms that
a cluster receives, and returns terms over the rest. What does not mention the eliminated variable never comes here:
adding it afterwards is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Protocol

import numpy as np

from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.valued_terms import Points, Term, add_up, linear, plain, points, without
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.operators import EXPECTATION, NEAR, Operator
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.sparse_array import Table
from control_pgm.tables.views import Scope


@dataclass(frozen=True, eq=False)
class Elimination:
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
    """An elimination."""

    def __call__(self, received: Sequence[Term]) -> list[Term]:
        """Terms over what is left, to be added up."""


def rule(what: Elimination) -> Rule:
    """The rule of an operator."""
    if what.operator.linear:
        return Expectation(what)
    if what.operator.kappa == what.operator.weight != 0:
        return CertaintyEquivalent(what)
    return Pointwise(what)


class Averages:
    """Sums over the eliminated variable under a measure, of received terms."""

    def __init__(self, measure: Operand, what: Elimination) -> None:
        self._scope, self._table = measure
        self._eliminated, self._sizes = what.eliminated, what.sizes

    @cached_property
    def _numbers(self) -> Table:
        return plain(self._table)

    def of(self, term: Term) -> Term:
        """Sums of finite values."""
        return self._sums(self._numbers, term)

    def forbidden(self, term: Term) -> Term | None:
        """−inf where a value of −inf is possible, 0 elsewhere; None if there is no such value at all."""
        forbidding = np.isneginf(term.dense)
        if not forbidding.any():
            return None
        reached = self._sums(self._table._indicator, Term(term.scope, forbidding.astype(np.float64)))
        return Term(reached.scope, np.where(reached.dense > 0, -inf, 0.0))

    def _sums(self, weights: Table, term: Term) -> Term:
        out = without({*self._scope, *term.scope}, self._eliminated)
        return Term(out, linear([(self._scope, weights), (term.scope, term.dense)], out, self._sizes))


class Expectation:
    """E_mu f: linear, so that what never changes is averaged once."""

    def __init__(self, what: Elimination) -> None:
        self._averages, self._sizes = Averages(what.measure, what), what.sizes
        self._constant = [what.points.reduce(what.values, EXPECTATION)] if what.static else []

    def __call__(self, received: Sequence[Term]) -> list[Term]:
        """Terms over what is left."""
        if not received:
            return self._constant
        term = add_up(received, self._sizes)
        forbidden = self._averages.forbidden(term)
        if forbidden is None:
            return [*self._constant, self._averages.of(term)]
        return [*self._constant, self._averages.of(_finite(term)), forbidden]


class CertaintyEquivalent:
    """w log E_mu exp(f/w), as a sum-product of numbers of any magnitude.

    Where |f/w| is small throughout, around the best value m, it is m + w log1p(E_mu expm1((f − m)/w)), which keeps its
    digits however large |w| is. For a static part g and a received part h, expm1(g + h) = expm1(g) + exp(g) expm1(h):
    linear in what is received.
    """

    def __init__(self, what: Elimination) -> None:
        self._what, self._weight = what, what.operator.weight
        self._forbidden: list[Term] = []
        self._top, self._static = 0.0, np.zeros(())
        weights = what.measure
        if what.static:
            self._top, self._static = _below_best(what.values, what.points.measure > 0, self._weight)
            if what.operator.strict:
                reached = what.points.reduce(what.values, EXPECTATION)
                self._forbidden = [Term(reached.scope, np.where(np.isneginf(reached.dense), -inf, 0.0))]
            shares = what.points.scope, what.points.scaled(self._static)
            weights = what.points.scope, contract([what.measure, shares], what.points.scope, what.sizes)
        self._weights = weights
        self._averages, self._original = Averages(weights, what), Averages(what.measure, what)
        self._differs_little = what.normalised and _is_near(self._static)

    @cached_property
    def _alone(self) -> list[Term]:
        """What comes out if nothing is received."""
        what = self._what
        return [what.points.reduce(what.values, what.operator)] if what.static or not what.normalised else []

    @cached_property
    def _static_differences(self) -> list[Term]:
        """E_mu expm1(g)."""
        what = self._what
        return [what.points.reduce(np.expm1(self._static), EXPECTATION)] if what.static else []

    def __call__(self, received: Sequence[Term]) -> list[Term]:
        """Terms over what is left."""
        if not received:
            return self._alone
        term = add_up(received, self._what.sizes)
        forbidden = self._original.forbidden(term) if self._what.operator.strict else None
        top, below = _below_best(term.dense, np.ones(term.dense.shape, dtype=bool), self._weight)
        part = Term(term.scope, below)
        logs = self._by_differences(part) if self._differs_little and _is_near(below) else self._by_sums(part)
        result = [Term(logs.scope, self._weight * logs.dense), Term((), np.asarray(top + self._top)), *self._forbidden]
        return result if forbidden is None else [*result, forbidden]

    def _by_differences(self, part: Term) -> Term:
        differences = [*self._static_differences, self._averages.of(Term(part.scope, np.expm1(part.dense)))]
        total = add_up(differences, self._what.sizes)
        if float(total.dense.min(initial=0.0)) > -0.5:
            return Term(total.scope, np.log1p(total.dense))
        # Most of the mass is on forbidden values: what is left of it is a difference of numbers near one.
        sums = add_up([self._by_sums(part)], self._what.sizes)
        kept = total.dense > -0.5
        return Term(total.scope, np.where(kept, np.log1p(np.where(kept, total.dense, 0.0)), sums.dense))

    def _by_sums(self, part: Term) -> Term:
        what = self._what
        out = without({*self._weights[0], *part.scope}, what.eliminated)
        logs = contract([self._weights, (part.scope, Scaled.from_log(part.dense))], out, what.sizes).log()
        # With w < 0 forbidden values have been put aside, and only an impossible condition leaves nothing.
        return Term(out, np.where(np.isneginf(logs), 0.0, logs) if what.operator.strict else logs)


class Pointwise:
    """Maxima, and all operators whose measure counts differently from its probability: values at every point."""

    def __init__(self, what: Elimination) -> None:
        self._operator = what.operator
        self._points = points(
            what.measure, [*(term.scope for term in what.static), *what.received], what.eliminated, what.sizes
        )
        self._values = sum((self._points.at(term) for term in what.static), np.zeros(self._points.measure.shape))
        if self._operator.weight == 0:
            possible = self._points.log_measure > -inf
            weighed = self._values + (self._operator.kappa * self._points.log_measure if self._operator.kappa else 0.0)
            self._values = np.where(possible, weighed, -inf)

    def __call__(self, received: Sequence[Term]) -> list[Term]:
        """Terms over what is left."""
        values = self._values
        for term in received:
            values = values + self._points.at(term)
        if self._operator.weight == 0:
            return [self._points.maxima(values)]
        return [self._points.reduce(values, self._operator)]


def _finite(term: Term) -> Term:
    return Term(term.scope, np.where(np.isneginf(term.dense), 0.0, term.dense))


def _below_best(values: FloatArray, possible: BoolArray, weight: float) -> tuple[float, FloatArray]:
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
