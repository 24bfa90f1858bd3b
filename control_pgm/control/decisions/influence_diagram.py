"""Influence diagrams: chance nodes, decisions in the order in which they are made, and utilities that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from control_pgm.display import listing
from control_pgm.errors import InvalidModel, unknown
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.checks import where
from control_pgm.tables.factor import same_states_error
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Variable


@dataclass(frozen=True, eq=False, init=False, repr=False)
class InfluenceDiagram(Restored):
    """A decision problem without forgetting: who decides knows all that was known, and decided, before.

    Parameters
    ----------
    chances : iterable of CPD
        p(x | parents); decisions may be among the parents.
    decisions : iterable of (Variable, names)
        In the order in which they are made, each with the names of what is known beside what was known before.
    utilities : mapping
        name -> (variables, values), an array with one axis for each variable: finite numbers, or −inf for what is
        forbidden. The utility of an outcome is their sum.

    Attributes
    ----------
    order : tuple of Variable
        Chance nodes and decisions in the order in which they become known: what is known before the first decision, the
        first decision, what is known before the second, …, and last what is never seen.

    Raises
    ------
    InvalidModel
        On a variable with two tables or none, different states under one name, a cycle, values that are no numbers or
        do not fit, or a decision that knows what depends on it or on a later one; names the node.

    Source: Howard and Matheson (1981); Jensen, Jensen and Dittmer (1994) for the order.

    Examples
    --------
    >>> rain, forecast = Variable("rain", ["no", "yes"]), Variable("forecast", ["dry", "wet"])
    >>> umbrella = Variable("umbrella", ["leave", "take"])
    >>> diagram = InfluenceDiagram(
    ...     [CPD(rain, [], [0.7, 0.3]), CPD(forecast, [rain], [[0.8, 0.2], [0.1, 0.9]])],
    ...     [(umbrella, ["forecast"])],
    ...     {"comfort": ([rain, umbrella], [[10.0, 8.0], [0.0, 7.0]])},
    ... )
    >>> [variable.name for variable in diagram.order]
    ['forecast', 'umbrella', 'rain']
    """

    chances: tuple[CPD, ...]
    decisions: tuple[tuple[Variable, tuple[str, ...]], ...]
    utilities: Mapping[str, tuple[tuple[Variable, ...], FloatArray]]
    order: tuple[Variable, ...]

    def __init__(
        self,
        chances: Iterable[CPD],
        decisions: Iterable[tuple[Variable, Iterable[str]]],
        utilities: Mapping[str, tuple[Sequence[Variable], object]],
    ) -> None:
        tables = tuple(chances)
        made = tuple((variable, tuple(known)) for variable, known in decisions)
        variables = _variables(tables, made)
        valued = {name: _utility(name, scope, values, variables) for name, (scope, values) in utilities.items()}
        for name in valued:
            if name in variables:
                raise InvalidModel(f"{name!r} is a utility and a variable", allowed="a name of its own for each")
        self.__dict__.update(chances=tables, decisions=made, utilities=valued, order=_order(tables, made, variables))

    @property
    def variables(self) -> Mapping[str, Variable]:
        """name -> chance node or decision, as they become known."""
        return {variable.name: variable for variable in self.order}

    def __repr__(self) -> str:
        parts = (
            (len(self.chances), "chance nodes"),
            (len(self.decisions), "decisions"),
            (len(self.utilities), "utilities"),
        )
        return f"InfluenceDiagram({', '.join(f'{n} {what}' for n, what in parts)})"


def _variables(chances: Sequence[CPD], decisions: Sequence[tuple[Variable, Sequence[str]]]) -> dict[str, Variable]:
    """All variables by their names, each of which has one table or is one decision."""
    variables: dict[str, Variable] = {}
    for variable in (*(cpd.child for cpd in chances), *(decision for decision, _ in decisions)):
        if variable.name in variables:
            raise InvalidModel(
                f"{variable.name!r} is there twice", allowed="one CPD, or one decision, for each variable"
            )
        variables[variable.name] = variable
    for cpd in chances:
        _check_scope(repr(cpd), cpd.variables, variables)
    for decision, known in decisions:
        for name in known:
            if name not in variables:
                raise unknown(name, variables, what=f"variable known to {decision.name!r}:")
    return variables


def _check_scope(what: str, scope: Iterable[Variable], variables: Mapping[str, Variable]) -> None:
    for variable in scope:
        if variable.name not in variables:
            raise InvalidModel(
                f"{what} mentions {variable.name!r}, which is neither a chance node nor a decision",
                allowed=listing(map(repr, variables)),
            )
        if variables[variable.name] != variable:
            raise same_states_error(variables[variable.name], variable)


def _utility(
    name: str, scope: Sequence[Variable], values: object, variables: Mapping[str, Variable]
) -> tuple[tuple[Variable, ...], FloatArray]:
    """The scope of a utility, and its values as a read-only array that fits."""
    given = tuple(scope)
    _check_scope(f"utility {name!r}", given, variables)
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"utility {name!r} has no array of numbers ({error})") from None
    shape = tuple(v.cardinality for v in given)
    if array.shape != shape:
        raise InvalidModel(
            f"utility {name!r} has values of shape {array.shape}", allowed=f"{shape}, an axis per variable"
        )
    bad = ~(array < inf)
    if bad.any():
        at = tuple(int(k) for k in np.argwhere(bad)[0])
        raise InvalidModel(f"utility {name!r} is {array[at]} at {where(given, at)}", allowed="finite numbers, or −inf")
    return given, lock(array)


def _order(
    chances: Sequence[CPD], decisions: Sequence[tuple[Variable, Sequence[str]]], variables: Mapping[str, Variable]
) -> tuple[Variable, ...]:
    """What is known before the first decision, that decision, …, and last what is never seen."""
    below = _descendants(chances, variables)
    names = [decision.name for decision, _ in decisions]
    order: list[str] = []
    for k, (decision, known) in enumerate(decisions):
        for name in known:
            late = next((later for later in names[k:] if name == later or name in below[later]), None)
            if late is not None:
                raise InvalidModel(
                    f"decision {decision.name!r} knows {name!r}, which depends on {late!r}"
                    if name != late
                    else f"decision {decision.name!r} knows the decision {name!r}",
                    allowed="what is settled before it is made",
                    remedy="decisions are listed in the order in which they are made",
                )
        order += [name for name in known if name not in order]
        order += [decision.name] if decision.name not in order else []
    return tuple(variables[name] for name in [*order, *(name for name in variables if name not in order)])


def _descendants(chances: Sequence[CPD], variables: Mapping[str, Variable]) -> dict[str, set[str]]:
    """name -> the chance nodes whose distribution depends on it."""
    children: dict[str, list[str]] = {name: [] for name in variables}
    for cpd in chances:
        for parent in cpd.parents:
            children[parent.name].append(cpd.child.name)
    below: dict[str, set[str]] = {}
    for name in variables:
        found, stack = set[str](), list(children[name])
        while stack:
            if (child := stack.pop()) not in found:
                found.add(child)
                stack += children[child]
        if name in found:
            raise InvalidModel(f"the chance node {name!r} is on a cycle of parents", allowed="an acyclic graph")
        below[name] = found
    return below
