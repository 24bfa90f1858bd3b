"""A non-negative table with named axes: the value type of the toolkit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, InvalidModel, UndefinedConditional, unknown
from control_pgm.tables.arrays import FloatArray, frozen, lock
from control_pgm.tables.contraction import recipe
from control_pgm.tables.scaled import Scaled
from control_pgm.tables.variable import Variable

_MAX_PRINTED = 4096


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Factor:
    """A function phi(x, y, …) ≥ 0 of named discrete variables.

    Parameters
    ----------
    variables : sequence of Variable
        The scope, in the order of the table's axes.
    table : array_like
        Shape = the cardinalities. Copied unless it is read-only already.
    log : bool
        Whether ``table`` holds natural logarithms (−inf is an exact zero).

    Raises
    ------
    InvalidModel
        On a repeated variable, a shape that does not fit, NaN, +inf, or a negative entry; names the assignment.

    Notes
    -----
    Frozen. ``==`` is identity; compare numbers with `allclose`. Numbers of any magnitude are held without underflow:
    ``Factor([x], [-1e6, 0.0], log=True)`` is not a factor with a zero.

    Examples
    --------
    >>> rain = Variable("rain", ["no", "yes"])
    >>> grass = Variable("grass", ["dry", "wet"])
    >>> f = Factor([rain, grass], [[0.9, 0.1], [0.2, 0.8]])
    >>> print(f.condition({"grass": "wet"}).normalise())
    rain   value
    ────  ──────
    no    0.1111
    yes   0.8889
    """

    variables: tuple[Variable, ...]
    scaled: Scaled

    def __init__(self, variables: Iterable[Variable], table: ArrayLike, *, log: bool = False) -> None:
        scope = tuple(variables) if isinstance(variables, Iterable) else (variables,)
        self.__dict__.update(variables=scope, scaled=_checked(scope, table, log=log))

    @classmethod
    def of(cls, variables: Sequence[Variable], scaled: Scaled) -> Factor:
        """A factor over numbers that are known to fit; nothing is checked or copied."""
        self = object.__new__(cls)
        fields = self.__dict__
        fields["variables"] = tuple(variables)
        fields["scaled"] = scaled
        return self

    # --- looking ------------------------------------------------------------------------------------------------
    @property
    def scope(self) -> tuple[str, ...]:
        """The names of the variables, in the order of the axes."""
        return tuple(v.name for v in self.variables)

    @property
    def shape(self) -> tuple[int, ...]:
        """The cardinalities."""
        return self.scaled.shape

    def array(self, *names: str) -> FloatArray:
        """The values as plain numbers, with the axes in the order asked (default: as stored)."""
        return lock(self._ordered(names).linear())

    def log_array(self, *names: str) -> FloatArray:
        """Natural logarithms of the values (−inf at zeros), with the axes in the order asked."""
        return lock(self._ordered(names).log())

    def value(self, assignment: Mapping[str, Hashable]) -> float:
        """phi at one assignment of all variables, given as name -> label."""
        rest = self.condition(assignment)
        if rest.variables:
            raise InvalidArgument(f"no state given for {', '.join(map(repr, rest.scope))}")
        return float(rest.scaled.linear())

    def _ordered(self, names: Sequence[str]) -> Scaled:
        if not names:
            return self.scaled
        if sorted(names) != sorted(self.scope):
            raise InvalidArgument(
                f"axis order {names!r} does not name every axis once", allowed=f"an order of {self.scope!r}"
            )
        return self.scaled.transpose([self.axis(name) for name in names])

    def _axes(self, names: Sequence[str]) -> tuple[int, ...]:
        """The axes of distinct names."""
        for k, name in enumerate(names):
            if name in names[:k]:
                raise InvalidArgument(f"variable {name!r} is named twice", allowed="distinct variables")
        return tuple(self.axis(name) for name in names)

    def axis(self, name: str) -> int:
        """The position of a variable among the axes."""
        for i, variable in enumerate(self.variables):
            if variable.name == name:
                return i
        raise unknown(name, self.scope, what="variable of this factor:")

    # --- the algebra --------------------------------------------------------------------------------------------
    def __mul__(self, other: Factor) -> Factor:
        """The product over the union of the scopes."""
        if not isinstance(other, Factor):
            return NotImplemented
        return contract([self, other], list(dict.fromkeys((*self.variables, *other.variables))))

    def condition(self, evidence: Mapping[str, Hashable]) -> Factor:
        """The slice at the given labels; every name must be in the scope."""
        index: list[int | slice] = [slice(None)] * len(self.variables)
        for name, label in evidence.items():
            axis = self.axis(name)
            index[axis] = self.variables[axis].index(label)
        rest = [v for v in self.variables if v.name not in evidence]
        return Factor.of(rest, self.scaled.take(tuple(index)))

    def eliminate(self, *names: str, by: Literal["sum", "max"] = "sum") -> Factor:
        """Sum (or maximise) over the named variables."""
        axes = self._axes(names)
        rest = [v for v in self.variables if v.name not in names]
        if by == "max":
            return Factor.of(rest, self.scaled.maximum(axes))
        if by != "sum":
            raise InvalidArgument(f"elimination by {by!r} does not exist", allowed="'sum', 'max'")
        return contract([self], rest)

    def marginal(self, *names: str) -> Factor:
        """Sum over everything but the named variables; the axes come in the order asked."""
        return contract([self], [self.variables[axis] for axis in self._axes(names)])

    def normalise(self, *, given: Sequence[str] = ()) -> Factor:
        """Divide by the sum over all variables but ``given``: a probability table p(rest | given).

        Raises
        ------
        UndefinedConditional
            If a sum is zero; names the assignment of ``given``.
        """
        axes = tuple(i for i, v in enumerate(self.variables) if v.name not in given)
        for name in given:
            self.axis(name)
        scaled = self.scaled.normalise(axes)
        if scaled.undefined().any():
            at = np.argwhere(scaled.undefined())[0]
            where = ", ".join(
                f"{v.name}={v.states[i]}" for v, i in zip(self.variables, at, strict=True) if v.name in given
            )
            raise UndefinedConditional(f"the factor sums to zero{' at ' + where if where else ''}: 0/0 is undefined")
        return Factor.of(self.variables, scaled)

    def allclose(self, other: Factor, *, atol: float = 1e-12) -> bool:
        """Whether both have the same variables and values within ``atol`` (axis order does not matter)."""
        if set(self.variables) != set(other.variables):
            return False
        return bool(np.allclose(self.array(), other.array(*self.scope), rtol=0.0, atol=atol))

    # --- showing ------------------------------------------------------------------------------------------------
    def _rows(self) -> list[list[str]]:
        values = self.scaled.linear()
        labels = product(*(v.states for v in self.variables))
        return [[*map(str, at), number(x)] for at, x in zip(labels, values.flat, strict=True)]

    def __str__(self) -> str:
        if int(np.prod(self.shape)) > _MAX_PRINTED:
            return repr(self)
        return text_table([*self.scope, "value"], self._rows())

    def _repr_html_(self) -> str:
        if int(np.prod(self.shape)) > _MAX_PRINTED:
            return f"<code>{self!r}</code>"
        return html_table([*self.scope, "value"], self._rows())

    def __repr__(self) -> str:
        axes = ", ".join(f"{v.name}: {v.cardinality}" for v in self.variables)
        return f"Factor({axes})"


def contract(factors: Sequence[Factor], onto: Sequence[Variable]) -> Factor:
    """Multiply factors and sum out every variable that is not in ``onto``: the one entry point for named tables."""
    variables: dict[str, Variable] = {}
    for factor in factors:
        for variable in factor.variables:
            first = variables.setdefault(variable.name, variable)
            if first != variable:
                raise same_states_error(first, variable)
    label = {name: i for i, name in enumerate(variables)}
    scopes = tuple(tuple(label[v.name] for v in factor.variables) for factor in factors)
    sizes = tuple(v.cardinality for v in variables.values())
    plan = recipe(scopes, tuple(label[v.name] for v in onto), sizes)
    return Factor.of(onto, Scaled.contract([factor.scaled for factor in factors], plan))


def same_states_error(first: Variable, second: Variable) -> InvalidModel:
    """The error for one name with two different sets of states."""
    return InvalidModel(
        f"variable {first.name!r} occurs with {first.cardinality} states {first.states[:6]!r} "
        f"and with {second.cardinality} states {second.states[:6]!r}",
        remedy="give both tables the same Variable",
    )


def _checked(scope: tuple[Variable, ...], table: ArrayLike, *, log: bool) -> Scaled:
    for v in scope:
        if not isinstance(v, Variable):
            raise InvalidModel(f"{v!r} in the scope of a factor is no Variable", allowed="a list of Variables")
    names = [v.name for v in scope]
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InvalidModel(f"factor over {names!r} has {twice!r} twice", allowed="distinct variables")
    try:
        values = frozen(table)
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"factor over {names!r}: the table is not an array of numbers ({error})") from None
    expected = tuple(v.cardinality for v in scope)
    if values.shape != expected:
        raise InvalidModel(
            f"factor over {names!r} has a table of shape {values.shape}", allowed=f"{expected}, one axis per variable"
        )
    low = "" if log else "negative, "
    bad = np.isnan(values) | np.isposinf(values) | ((values < 0) if not log else np.zeros(values.shape, dtype=bool))
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        where = ", ".join(f"{v.name}={v.states[i]}" for v, i in zip(scope, at, strict=True))
        raise InvalidModel(
            f"factor over {names!r} is {values[at]} at {where or 'its only entry'}",
            allowed="logarithms below +inf" if log else f"finite numbers ≥ 0 (not {low}NaN or inf)",
        )
    return Scaled.from_log(values) if log else Scaled.from_linear(values)
