"""Conditional probability distributions p(child | parents) as named tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import printable
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray, frozen, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.logarithms import log_sum_exp
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.probabilities import exact, first_miss
from control_pgm.tables.variable import Variable


class CPD(Factor):
    """p(child | parents): a factor whose rows sum to one over its last axis.

    Parameters
    ----------
    child : Variable
    parents : iterable of Variable
    table : array_like, shape (*parents, child)
    log : bool
        Whether ``table`` holds natural logarithms; log p = −1e4 needs that: exp(−1e4) is 0 in plain numbers.

    Raises
    ------
    InvalidModel
        If a row does not sum to 1 (names the parents' states and the sum), and as `Factor` does.

    Notes
    -----
    Rows may miss 1 by 1e-9; in narrower numbers than 64 bits by n · eps, n the number of positive entries, up to 1e-3
    (see `control_pgm.tables.probabilities`). They are rescaled, so that leaving out an unobserved leaf is exact.

    Examples
    --------
    >>> rain = Variable("rain", ["no", "yes"])
    >>> wet = Variable("wet", ["no", "yes"])
    >>> CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])
    CPD(wet | rain)
    """

    def __init__(self, child: Variable, parents: Iterable[Variable], table: ArrayLike, *, log: bool = False) -> None:
        scope = (*(parents if isinstance(parents, Iterable) else (parents,)), child)
        Factor.__init__(self, scope, table, log=log)
        self.__dict__["scaled"] = _rows_to_one(self, frozen(table), table, log=log)

    @property
    def child(self) -> Variable:
        """The variable whose distribution this is."""
        return self.variables[-1]

    @property
    def parents(self) -> tuple[Variable, ...]:
        """The variables conditioned on, in the order of the axes."""
        return self.variables[:-1]

    def over(self, child: Variable, parents: Iterable[Variable]) -> CPD:
        """The same (shared) table for other variables of the same cardinalities, as another slice needs it."""
        scope = (*parents, child)
        if tuple(v.cardinality for v in scope) != self.shape:
            raise InvalidModel(
                f"{self!r} has shape {self.shape}, which does not fit {[v.name for v in scope]!r}",
                allowed="variables of the same cardinalities",
            )
        return CPD.of(scope, self.scaled)

    @classmethod
    def of(cls, variables: Iterable[Variable], scaled: Scaled) -> CPD:
        """A CPD over numbers that are known to fit, child last; nothing is checked or copied."""
        self = object.__new__(CPD)
        fields = self.__dict__
        fields["variables"] = tuple(variables)
        fields["scaled"] = scaled
        return self

    def __repr__(self) -> str:
        given = ", ".join(v.name for v in self.parents)
        return printable(f"CPD({self.child.name}{' | ' + given if given else ''})")


def _rows_to_one(cpd: CPD, values: FloatArray, given: ArrayLike, *, log: bool) -> Scaled:
    """The table with rows that sum to one: as it is if they do to rounding, rescaled within the tolerance."""
    axis = (values.ndim - 1,)
    log_sums = log_sum_exp(values, axis) if log else None
    sums = np.exp(log_sums) if log_sums is not None else values.sum(axis=-1)
    if exact(sums):
        return cpd.scaled
    if miss := first_miss(sums, given, lambda: (values > (-np.inf if log else 0.0)).sum(axis=-1)):
        where = ", ".join(f"{v.name}={v.states[i]}" for v, i in zip(cpd.parents, miss.at, strict=True))
        raise InvalidModel(
            f"{cpd!r} sums to {miss.total:.12g} over {cpd.child.name!r}{' at ' + where if where else ''}",
            allowed=miss.allowed,
            remedy=miss.remedy("the child is the last axis: (*parents, child)"),
        )
    if log_sums is not None:
        return Scaled.from_log(lock(values - log_sums[..., None]))
    return Scaled.from_linear(lock(values / sums[..., None]))
