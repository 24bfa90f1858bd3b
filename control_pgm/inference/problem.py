"""The numbers-free core of a query: free variables as integers, scopes, shared tables, evidence sliced away."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from control_pgm.errors import InvalidArgument, UnknownName, unknown
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.every_slice import EverySlice
from control_pgm.models.factor_graph import Model
from control_pgm.models.virtual_evidence import likelihood_factor
from control_pgm.tables.arrays import Scope
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series
from control_pgm.tables.variable import Variable, by_time

AnyModel = TypeVar("AnyModel", bound=Model)
Labels = Mapping[str, Hashable]
Evidence = Mapping[str, Hashable | Mapping[Any, float]]


class TablesOfSteps(Sequence[Scaled]):
    """Tables by their steps: each is one for all steps, or that of its step in a series."""

    def __init__(self, tables: Sequence[tuple[Scaled | Series, int]]) -> None:
        self._tables = tables

    def __len__(self) -> int:
        return len(self._tables)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        table, step = self._tables[i]
        return table[step] if isinstance(table, Series) else table

    def number(self, i: int) -> int:
        """The number of a table among the distinct ones of its series; 0 for others."""
        table, step = self._tables[i]
        return int(table.chosen[step]) if isinstance(table, Series) else 0


@dataclass(frozen=True, eq=False)
class Problem:
    """A model with its evidence sliced away.

    Attributes
    ----------
    model : what was asked about, with a factor for each variable that was observed by likelihoods.
    names : the free variables in `natural_order`; the integers below index this list.
    observed : name -> state index of the evidence.
    cardinalities : per free variable.
    scopes, tables : per table of the model its free scope, and the sliced table.
    keys : per table a number, equal for tables shared by slices.
    children : per table the variable whose CPD it is (−1 if it is none, or that variable is observed).
    owners : per table the name of the variable whose CPD it is, observed or not; "" if it is none.
    origins : per table the model's, before evidence was sliced away.
    constants : the tables without a free variable, each with the number of times that it counts.
    """

    model: Model
    names: Sequence[str]
    observed: Mapping[str, int]
    cardinalities: Sequence[int]
    scopes: Sequence[Scope]
    tables: Sequence[Scaled]
    keys: Sequence[int]
    children: Sequence[int]
    owners: Sequence[str]
    origins: Sequence[Scaled]
    constants: Sequence[tuple[Scaled, int]]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """name -> integer of a free variable."""
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def distinct(self) -> Sequence[int]:
        """Per table a number, equal for tables that are one and the same."""
        numbers: dict[Hashable, int] = {}
        return [numbers.setdefault(self.identity(k), len(numbers)) for k in range(len(self.keys))]

    def identity(self, k: int) -> Hashable:
        """A key that is equal for tables that are one and the same."""
        return (self.keys[k], self.tables.number(k)) if isinstance(self.tables, TablesOfSteps) else self.keys[k]

    def added(self, factors: Collection[Factor]) -> frozenset[int]:
        """The numbers of the tables that are these factors of the model, none of them a CPD."""
        if not factors:
            return frozenset()
        wanted = {id(factor.scaled) for factor in factors}
        pairs = zip(self.origins, self.owners, strict=True)
        return frozenset(k for k, (origin, owner) in enumerate(pairs) if id(origin) in wanted and not owner)

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The free variables themselves, for display."""
        return tuple(self.model.variables[name] for name in self.names)


def check_model(model: object) -> None:
    """Refuse what inference cannot ask, such as a decision process that was not unrolled."""
    # Asked of the type: an unrolled network makes its tables when they are first read.
    if not hasattr(type(model), "tables") or not hasattr(type(model), "variables"):
        raise InvalidArgument(
            f"{type(model).__name__} is no model with variables and tables",
            allowed="a BayesianNetwork, a FactorGraph, or an unrolled network",
            remedy=_as_model(model),
        )


def _as_model(given: object) -> str:
    """How to come from what was given to a model."""
    if isinstance(given, str | Path):
        return "a file is read first: load_network(path)"
    if hasattr(type(given), "unroll"):
        return "it is unrolled first: .unroll()" if hasattr(given, "mdp") else "it is unrolled first: .unroll(horizon)"
    if "network" in getattr(given, "__dict__", {}):
        return "its network is .network, and its posterior .posterior or .network.infer()"
    if "model" in getattr(given, "__dict__", {}):
        return "it is a posterior already: ask it, or take its .model"
    return "an MDP is unrolled first: unroll(mdp, horizon)"


def check_evidence(evidence: object) -> None:
    """Refuse what is no mapping, and say how to write it."""
    if evidence is None or isinstance(evidence, Mapping):
        return
    if isinstance(evidence, str):
        remedy = f"as text: query(model, 'target | {evidence}')"
    elif isinstance(evidence, Factor):
        remedy = (
            "likelihoods of one variable are a mapping, {name: {label: number, …}}; other factors: model.extend(factor)"
        )
    else:
        remedy = "pairs of names and labels: dict(pairs)"
    raise InvalidArgument(
        f"evidence {evidence!r} is not a mapping", allowed="{variable name: state label}", remedy=remedy
    )


def conditioned(model: AnyModel, evidence: Evidence | None) -> tuple[AnyModel, Labels]:
    """The model with a factor for each variable that was observed by likelihoods, and the labels that remain.

    Virtual evidence multiplies in: p(x, e) ∏ L_i(x_i). Without any, both are returned as they are.

    Raises
    ------
    UnknownName
        If likelihoods are given of a variable or a state that does not exist.
    InvalidArgument
        If evidence is no mapping, or likelihoods are no numbers ≥ 0, one for each state and not all zero.

    Examples
    --------
    >>> from control_pgm import FactorGraph
    >>> x, y = Variable("x", 2), Variable("y", 2)
    >>> conditioned(FactorGraph([Factor([x, y], [[1, 2], [3, 4]])]), {"x": {0: 0.2, 1: 0.8}, "y": 1})
    (FactorGraph(2 variables, 2 factors), {'y': 1})
    """
    check_evidence(evidence)
    values = evidence.labels if isinstance(evidence, EverySlice) else evidence or {}  # the labels of a slice, or of all
    if not any(issubclass(kind, Mapping) for kind in {*map(type, values.values())}):
        return model, evidence or {}
    labels: dict[str, Hashable] = {}
    factors: list[Factor] = []
    for name, value in (evidence or {}).items():
        if not isinstance(value, Mapping):
            labels[name] = value
        elif name in model.variables:
            factors.append(likelihood_factor(model.variables[name], value))
        else:
            raise unknown_variable(model, name, value)
    return cast(AnyModel, model.extend(*factors)), labels


def certain(evidence: Evidence) -> Labels:
    """The evidence that is a single state."""
    if isinstance(evidence, EverySlice):
        return evidence
    return {name: value for name, value in evidence.items() if not isinstance(value, Mapping)}


def state_indices(model: Model, evidence: Evidence | None) -> dict[str, int]:
    """name -> state index of evidence that has single states; unknown names and labels are errors."""
    check_evidence(evidence)
    observed = {}
    for name, label in (evidence or {}).items():
        if name not in model.variables:
            raise unknown_variable(model, name, label)
        if isinstance(label, Mapping | list | np.ndarray):
            raise InvalidArgument(
                f"evidence {label!r} about {name!r} is no single state",
                allowed=f"one of its states, such as {model.variables[name].states[0]!r}",
                remedy=f"likelihoods are evidence by labels: infer(model, {{{name!r}: {{label: number, …}}}})",
            )
        observed[name] = model.variables[name].index(label)
    return observed


def unknown_variable(model: Model, name: Hashable, label: object) -> UnknownName:
    """The error for evidence about a variable that does not exist."""
    if isinstance(name, Variable):
        return unknown(name, model.variables, what="variable", remedy=f"variables go by their names: {name.name!r}")
    remedy = ""
    if name in model.groups:
        remedy = f"all at once: infer(net, net.optimal), or query(net, 'target | {name}={label}')"
    return unknown(name, model.variables, what="variable", remedy=remedy)


def natural_order(model: Model) -> Iterable[str]:
    """The names in the order that inference starts from, whatever order was declared.

    Parents come before children in networks, and slices in the order of time in factor graphs.

    >>> rain, wet = Variable("rain", 2), Variable("wet", 2)
    >>> net = BayesianNetwork([CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]]), CPD(rain, [], [0.7, 0.3])])
    >>> list(net.variables), list(natural_order(net))
    (['wet', 'rain'], ['rain', 'wet'])
    """
    if isinstance(model, BayesianNetwork):
        return model.topological
    return [variable.name for variable in by_time(model.variables.values())]


def pose(model: Model, evidence: Labels | None = None) -> Problem:
    """Slice the evidence away. Tables shared by slices of the model stay shared after slicing.

    Likelihoods among the evidence are factors of the model by then, see `conditioned`.
    """
    observed = state_indices(model, evidence)
    free = tuple(name for name in natural_order(model) if name not in observed)
    index = {name: i for i, name in enumerate(free)}
    sliced: dict[tuple[int, tuple[int, ...]], Scaled] = {}
    numbers: dict[int, int] = {}
    scopes, tables, keys, owners, origins = [], [], [], [], []
    for factor in model.tables:
        names = [v.name for v in factor.variables]
        scope = [index[name] for name in names if name in index]
        table = factor.scaled
        if len(scope) < len(names):
            key = (id(table), tuple([observed.get(name, -1) for name in names]))
            if key not in sliced:
                sliced[key] = table.take(tuple([slice(None) if i < 0 else i for i in key[1]]))
            table = sliced[key]
        scopes.append(tuple(scope))
        tables.append(table)
        origins.append(factor.scaled)
        keys.append(numbers.setdefault(id(table), len(numbers)))
        owners.append(names[-1] if names and isinstance(factor, CPD) else "")
    cardinalities = tuple(model.variables[name].cardinality for name in free)
    constants = [(table, 1) for scope, table in zip(scopes, tables, strict=True) if not scope]
    children = [index.get(name, -1) if name else -1 for name in owners]
    return Problem(model, free, observed, cardinalities, scopes, tables, keys, children, owners, origins, constants)
