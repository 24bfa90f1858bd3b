"""A non-negative table with named axes: the value type of the toolkit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import html_table, number, printable, text_table
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, UndefinedConditional, unknown
from control_pgm.tables.arrays import MAX_AXES, FloatArray, lock
from control_pgm.tables.checks import check_scope, checked_table, where
from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.factor_html import axes_table, shares
from control_pgm.tables.frames import data_array, entries_frame
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.pattern import indices_of
from control_pgm.tables.variable import Variable

if TYPE_CHECKING:
    import pandas
    import xarray

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
        scope = check_scope(variables)
        self.__dict__.update(variables=scope, scaled=checked_table(scope, table, log=log))

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
        at = self.scaled.first_empty(axes)
        if at is not None:
            condition = [v for v in self.variables if v.name in given]
            place = f" at {where(condition, at)}" if condition else ""
            raise UndefinedConditional(f"the factor sums to zero{place}: 0/0 is undefined")
        return Factor.of(self.variables, self.scaled.normalise(axes))

    def allclose(self, other: Factor, *, atol: float = 1e-12) -> bool:
        """Whether both have the same variables and values within ``atol`` (axis order does not matter)."""
        if set(self.variables) != set(other.variables):
            return False
        return self.scaled.allclose(other._ordered(self.scope), atol)

    def labelled(self) -> LabelledArray:
        """The values as a `LabelledArray`, whose axes are the variables."""
        return LabelledArray(self.array(), self.scope, {v.name: v.states for v in self.variables})

    def to_frame(self, name: str = "value") -> pandas.DataFrame:
        """A tidy pandas frame: one row for each assignment, a column for each variable, and one for the values.

        A sparse factor has one row for each non-zero.

        Raises
        ------
        MissingPackage
            If pandas is not installed.

        Examples
        --------
        >>> Factor([Variable("rain", ["no", "yes"])], [0.75, 0.25]).to_frame("p")
          rain     p
        0   no  0.75
        1  yes  0.25
        """
        labels = {v.name: v.states for v in self.variables}
        if isinstance(self.scaled, SparseScaled):
            positions, entries = self.scaled.nonzeros()
            return entries_frame(labels, list(indices_of(positions, self.shape).T), {name: entries.linear()})
        values = self.array().ravel()
        codes = np.indices(self.shape).reshape(len(self.shape), values.size)
        return entries_frame(labels, list(codes), {name: values})

    def to_xarray(self, name: str | None = None) -> xarray.DataArray:
        """An xarray data array whose axes are the variables; dense.

        Raises
        ------
        MissingPackage
            If xarray is not installed.

        Examples
        --------
        >>> Factor([Variable("rain", ["no", "yes"])], [0.75, 0.25]).to_xarray().sel(rain="yes").item()
        0.25
        """
        return data_array(self.labelled(), name)

    # --- showing ------------------------------------------------------------------------------------------------
    def _rows(self) -> list[list[str]]:
        """Labels and value of every assignment; of a sparse factor its non-zeros only."""
        if isinstance(self.scaled, SparseScaled):
            positions, values = self.scaled.nonzeros()
            return [
                [*(str(v.states[i]) for v, i in zip(self.variables, at, strict=True)), number(x)]
                for at, x in zip(indices_of(positions, self.shape), values.linear(), strict=True)
            ]
        labels = product(*(v.states for v in self.variables))
        return [[*map(str, at), number(x)] for at, x in zip(labels, self.scaled.linear().flat, strict=True)]

    @property
    def _is_long(self) -> bool:
        """Whether a table of all rows would be too long to print."""
        return self.scaled.n_entries > _MAX_PRINTED

    def __str__(self) -> str:
        return repr(self) if self._is_long else text_table([*self.scope, "value"], self._rows())

    def _repr_html_(self) -> str:
        if self._is_long:
            return axes_table(self.variables, repr(self))
        return html_table([*self.scope, "value"], self._rows(), bars=shares(self.scaled))

    def __repr__(self) -> str:
        axes = ", ".join(f"{v.name}: {v.cardinality}" for v in self.variables)
        listed = f"; {self.scaled.n_entries} non-zeros" if self.scaled.sparse else ""
        return printable(f"{type(self).__name__}({axes}{listed})")


def contract(factors: Sequence[Factor], onto: Sequence[Variable]) -> Factor:
    """Multiply factors and sum out every variable that is not in ``onto``: the one entry point for named tables."""
    variables: dict[str, Variable] = {}
    for factor in factors:
        for variable in factor.variables:
            first = variables.setdefault(variable.name, variable)
            if first != variable:
                raise same_states_error(first, variable)
    if len(onto) > MAX_AXES:
        raise TooLarge(
            f"a product over {len(onto)} variables",
            allowed=f"{MAX_AXES}, as numpy's arrays have",
            remedy="sum some out",
        )
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
