"""Roles of a model's tables when utilities are eliminated: a measure, a probability, or values."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any, NamedTuple

import numpy as np

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.contract import Operand
from control_pgm.inference.problem import Problem
from control_pgm.inference.tree.slices.repeating import Repeating
from control_pgm.models.every_slice import EverySlice
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.operators import Operator
from control_pgm.tables.sparse.array import SparseArray, Table, entries

OWN, CHANCE, VALUE = "own", "chance", "value"
_ROUNDING = 1e-12  # logarithms of equal probabilities that were summed in other orders


class Held(NamedTuple):
    """What a table is in a cluster, and a key equal for equal tables of one kind.

    ``OWN`` weighs the variable that is eliminated there, ``CHANCE`` is another probability, ``VALUE`` holds values.
    """

    kind: str
    table: Scaled | Table
    key: Hashable


@dataclass(frozen=True, eq=False)
class RoleTables:
    """The tables of a problem, and how they are to be read.

    Attributes
    ----------
    operators : per free variable.
    unit : what a logarithm of one counts as a value.
    values : name of an observed variable -> values in place of the logarithms of its CPD, axes as its free parents.
    likelihood : names of observed variables whose CPDs are probabilities, not values.
    weights : factors that weigh the variable in whose cluster they are, as its CPD does.
    """

    problem: Problem
    operators: Sequence[Operator]
    unit: float
    values: Mapping[str, Table]
    likelihood: Collection[str]
    weights: Collection[Factor]

    def same_operator(self, variables: range) -> bool:
        """Whether variables that are copies of one another have the same operator."""
        return isinstance(self.operators, Repeating) or len({self.operators[v] for v in variables}) == 1

    def same_values(self, tables: range) -> bool:
        """Whether tables that are copies of one another are read in the same way."""
        if self.likelihood:
            return False
        if isinstance(self.values, EverySlice):
            return True
        owners = self.problem.owners
        first = self.values.get(owners[tables[0]])
        return all(self.values.get(owners[k]) is first for k in tables)

    def check(self) -> None:
        """Refuse names of variables that are not observed, and numbers that are no values."""
        for name in (*first_names(self.values), *self.likelihood):
            if name not in self.problem.observed:
                raise unknown(name, self.problem.observed, what="observed variable")
        for name, table in distinct(self.values):
            bad = ~(entries(table) < inf)
            if bad.any():
                raise InvalidArgument(
                    f"the values of {name!r} hold {entries(table)[bad].flat[0]}", allowed="numbers below +inf"
                )

    def held(self, k: int, variable: int) -> Held:
        """What table k is in the cluster that eliminates a variable."""
        child = self.problem.children[k]
        if child >= 0 and child == variable:
            return Held(OWN, self.problem.tables[k], self.problem.identity(k))
        if child >= 0:
            return self._displaced(k, self.operators[child])
        name = self.problem.owners[k]
        if name in self.values:
            table = self.values[name]
            if table.shape != self.problem.tables[k].shape:
                raise InvalidArgument(
                    f"the values of {name!r} have shape {table.shape}", allowed=f"{self.problem.tables[k].shape}"
                )
            return Held(VALUE, table, id(table))
        if name in self.likelihood:
            return Held(CHANCE, self.problem.tables[k], self.problem.identity(k))
        if k in self._weighing:
            return Held(OWN, self.problem.tables[k], self.problem.identity(k))
        return self._logarithms(k, self.unit)

    def chance(self, variable: int, scope: Scope, table: Scaled, label: int) -> Operand:
        """A probability as the cluster that eliminates a variable receives it, over labels of which it has ``label``.

        What is known before a variable is chosen does not depend on the choice: the probability of it is the same for
        all states then, and loses that axis. Under an operator that averages nothing is changed.
        """
        operator = self.operators[variable]
        if label not in scope or operator.kappa == operator.weight != 0:
            return scope, table
        axis = scope.index(label)
        logs = table.log()
        low, high = logs.min(axis=axis), logs.max(axis=axis)
        if not np.array_equal(np.isneginf(low), np.isneginf(high)):
            return scope, table
        if (high[low > -inf] - low[low > -inf] > _ROUNDING).any():
            return scope, table
        at = tuple(0 if k == axis else slice(None) for k in range(len(scope)))
        return tuple(x for x in scope if x != label), table.take(at)

    def _displaced(self, k: int, operator: Operator) -> Held:
        """A CPD that another variable's cluster holds: a sum of its kind, or a maximum, is to be taken later."""
        if operator.kappa == operator.weight != 0:
            return Held(CHANCE, self.problem.tables[k], self.problem.identity(k))
        if operator.weight < 0:
            raise InvalidArgument(
                f"the operator {operator} of {self.problem.names[self.problem.children[k]]!r}, which is eliminated "
                "after one of its parents",
                remedy="make the plan with order='reverse topological'",
            )
        return self._logarithms(k, operator.kappa)

    def _logarithms(self, k: int, unit: float) -> Held:
        key = self.problem.identity(k), unit
        if key not in self._logs:
            self._logs[key] = _logarithms(self.problem.tables[k], unit)
        return Held(VALUE, self._logs[key], key)

    @cached_property
    def _logs(self) -> dict[Hashable, Table]:
        return {}

    @cached_property
    def _weighing(self) -> frozenset[int]:
        return self.problem.added(self.weights)


def distinct(values: Mapping[str, Table]) -> list[tuple[str, Table]]:
    """Every table once, with the first name that has it."""
    found: dict[int, tuple[str, Table]] = {}
    for name in first_names(values):
        found.setdefault(id(values[name]), (name, values[name]))
    return list(found.values())


def first_names(values: Mapping[str, Any]) -> Sequence[str]:
    """The names in a mapping; of those that are given once for all slices, the first."""
    return [f"{base}_0" for base in values.labels] if isinstance(values, EverySlice) else list(values)


def _logarithms(table: Scaled, unit: float) -> Table:
    """Unit times the logarithms of a table; zeros stay −inf, also at unit 0."""
    if isinstance(table, SparseScaled):
        listed = Scaled(table.data, table.exponent, table.in_logs)
        return SparseArray(table.pattern, _scaled_logs(listed, unit), -inf)
    return _scaled_logs(table, unit)


def _scaled_logs(table: Scaled, unit: float) -> FloatArray:
    logs = table.log()
    return np.where(np.isneginf(logs), -inf, unit * np.where(np.isneginf(logs), 0.0, logs))
