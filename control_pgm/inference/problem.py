"""The numbers-free core of a query: free variables as integers, scopes, shared tables, evidence sliced away."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.models.cpd import CPD
from control_pgm.models.factorgraph import Model
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.variable import Variable

Evidence = Mapping[str, Hashable]


@dataclass(frozen=True, eq=False)
class Problem:
    """A model with its evidence sliced away.

    Attributes
    ----------
    variables : the free variables, in the model's natural order; the integers below index this list.
    index : name -> integer, for free variables only.
    observed : name -> state index of the evidence.
    scopes, tables, children : per table of the model: free scope, sliced table, and the child (−1 if the table is no CPD
        of a free variable).
    """

    variables: tuple[Variable, ...]
    index: Mapping[str, int]
    observed: Mapping[str, int]
    cardinalities: tuple[int, ...]
    scopes: tuple[Scope, ...]
    tables: tuple[Scaled, ...]
    children: tuple[int, ...]


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


def pose(model: Model, evidence: Evidence | None = None) -> Problem:
    """Slice the evidence away. Tables shared by slices of the model stay shared after slicing."""
    observed = state_indices(model, evidence)
    free = [v for name, v in model.variables.items() if name not in observed]
    index = {v.name: i for i, v in enumerate(free)}
    sliced: dict[tuple[int, tuple[int, ...]], Scaled] = {}
    scopes, tables, children = [], [], []
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
        children.append(index.get(names[-1], -1) if names and isinstance(factor, CPD) else -1)
    cardinalities = tuple(v.cardinality for v in free)
    return Problem(tuple(free), index, observed, cardinalities, tuple(scopes), tuple(tables), tuple(children))
