"""The numbers-free core of a query: free variables as integers, scopes, shared tables, evidence sliced away."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.models.cpd import CPD
from control_pgm.models.factorgraph import Model
from control_pgm.models.network import BayesianNetwork
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.variable import Variable, by_time
from control_pgm.tables.views import Scope

Evidence = Mapping[str, Hashable]


@dataclass(frozen=True, eq=False)
class Problem:
    """A model with its evidence sliced away.

    Attributes
    ----------
    model : what was asked about.
    names : the free variables in `natural_order`; the integers below index this list.
    observed : name -> state index of the evidence.
    cardinalities : per free variable.
    scopes, tables : per table of the model its free scope, and the sliced table.
    keys : per table a number, equal for tables shared by slices.
    children : per table the variable whose CPD it is (−1 if it is none, or that variable is observed).
    owners : per table the name of the variable whose CPD it is, observed or not; "" if it is none.
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
    constants: Sequence[tuple[Scaled, int]]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """name -> integer of a free variable."""
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The free variables themselves, for display."""
        return tuple(self.model.variables[name] for name in self.names)


def check_model(model: object) -> None:
    """Refuse what inference cannot ask, such as a decision process that was not unrolled."""
    # Asked of the type: an unrolled network makes its tables when they are first looked at.
    if not hasattr(type(model), "tables") or not hasattr(type(model), "variables"):
        raise InvalidArgument(
            f"{type(model).__name__} is no model with variables and tables",
            allowed="a BayesianNetwork, a FactorGraph, or an unrolled network",
            remedy="an MDP is unrolled first: unroll(mdp, horizon)",
        )


def state_indices(model: Model, evidence: Evidence | None) -> dict[str, int]:
    """name -> state index of the evidence; unknown names and labels are errors."""
    if evidence is not None and not isinstance(evidence, Mapping):
        raise InvalidArgument(f"evidence {evidence!r} is not a mapping", allowed="{variable name: state label}")
    observed = {}
    for name, label in (evidence or {}).items():
        if name not in model.variables:
            raise unknown(name, model.variables, what="variable")
        observed[name] = model.variables[name].index(label)
    return observed


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


def pose(model: Model, evidence: Evidence | None = None) -> Problem:
    """Slice the evidence away. Tables shared by slices of the model stay shared after slicing."""
    observed = state_indices(model, evidence)
    free = tuple(name for name in natural_order(model) if name not in observed)
    index = {name: i for i, name in enumerate(free)}
    sliced: dict[tuple[int, tuple[int, ...]], Scaled] = {}
    numbers: dict[int, int] = {}
    scopes, tables, keys, owners = [], [], [], []
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
        keys.append(numbers.setdefault(id(table), len(numbers)))
        owners.append(names[-1] if names and isinstance(factor, CPD) else "")
    cardinalities = tuple(model.variables[name].cardinality for name in free)
    constants = [(table, 1) for scope, table in zip(scopes, tables, strict=True) if not scope]
    children = [index.get(name, -1) if name else -1 for name in owners]
    return Problem(model, free, observed, cardinalities, scopes, tables, keys, children, owners, constants)
