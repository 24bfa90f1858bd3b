"""The operator that sums, averages or maximises, by the values of two weights.

    Phi^mu_{kappa,w}[f] = w log sum_{x: mu(x)>0} exp((f(x) + kappa log mu(x)) / w)

with the limits w → 0: max_x (f + kappa log mu) and kappa = w → ∞: the expectation E_mu f (Lázaro-Gredilla et al. 2024,
arXiv:2406.17863). With kappa = w it is a certainty equivalent: w > 0 seeks risk, w < 0 shuns it.

Points of measure zero never count, whatever f is there. A value of −inf forbids: it adds nothing to a sum with w > 0
and loses every maximum, while an expectation, and any w < 0, is −inf as soon as one possible point is.
"""

from __future__ import annotations

from math import inf, isfinite, isnan
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.reductions import ConsecutiveGroups, LastAxis, Reduction

NEAR = 0.05  # where |f − max f|/|w| stays below, expm1 and log1p keep the digits that exp and log would lose
_ROUNDING = 64 * np.finfo(np.float64).eps
_SMALL = 1e-280  # a sum below has lost digits to underflow


class Operator(NamedTuple):
    """The two weights of Phi."""

    kappa: float
    weight: float

    @property
    def linear(self) -> bool:
        """Whether it is the expectation."""
        return self.weight == inf

    @property
    def strict(self) -> bool:
        """Whether one possible point of value −inf makes the whole −inf."""
        return self.weight == inf or self.weight < 0

    def commutes(self, other: Operator) -> bool:
        """Whether the order in which two variables are eliminated never matters: sums of a kind, or two maxima."""
        return self.weight == other.weight

    def __str__(self) -> str:
        return f"(kappa={self.kappa:g}, w={self.weight:g})"


EXPECTATION = Operator(inf, inf)
MAXIMUM = Operator(0.0, 0.0)


def check_operator(kappa: float, weight: float) -> Operator:
    """The operator of two weights.

    Raises
    ------
    InvalidArgument
        On NaN, −inf, or one infinite weight beside a finite one, where Phi diverges.
    """
    if isnan(kappa) or isnan(weight) or -inf in (kappa, weight) or isfinite(kappa) != isfinite(weight):
        raise InvalidArgument(
            f"the operator with kappa={kappa} and w={weight}",
            allowed="two finite numbers, or both inf for the expectation",
        )
    return Operator(float(kappa), float(weight))


# --- the operator -------------------------------------------------------------------------------------------------
def phi(values: FloatArray, measure: Any, kappa: float, weight: float) -> FloatArray:
    """Phi over the last axis.

    Parameters
    ----------
    values : array
        f in any unit, the unit of ``weight``; −inf is allowed. A vector where ``measure`` is sparse.
    measure : array or scipy.sparse matrix
        mu ≥ 0; an array broadcasts against the values.
    kappa, weight : float
        Both inf for the expectation; ``weight`` = 0 for the maximum; negative weights are pessimistic.

    Returns
    -------
    array
        Without the last axis. Where mu is zero throughout: −inf, but 0 for the expectation, whose sum is empty.

    Raises
    ------
    InvalidArgument
        If just one of the weights is infinite.

    Notes
    -----
    The expectation of a vector is one product of a matrix with it. With kappa = w the measure is never put into
    logarithms, and for a large |w| the digits of w log E exp(f/w) = E f + Var f/(2w) + … are kept.

    Examples
    --------
    >>> f, mu = np.array([0.0, 1.0, -np.inf]), np.array([0.5, 0.5, 0.0])
    >>> float(phi(f, mu, inf, inf)), float(phi(f, mu, 0.0, 0.0))
    (0.5, 1.0)
    >>> [round(float(phi(f, mu, w, w)), 9) for w in (1.0, -1.0, 1e6)]
    [0.620114507, 0.379885493, 0.500000125]
    """
    operator = check_operator(kappa, weight)
    if sparse.issparse(measure):
        return _of_sparse(values, sparse.csr_array(measure), operator)
    if operator.linear and values.ndim == 1 and measure.ndim > 1:
        return _expected(values, measure)
    values, measure = np.broadcast_arrays(values, measure)
    return phi_over(LastAxis(), values, measure, operator)


def _expected(values: FloatArray, matrix: Any) -> FloatArray:
    """E f for every row of a matrix of probabilities; −inf where a value of −inf is possible."""
    forbidden = np.isneginf(values)
    if not forbidden.any():
        return np.asarray(matrix @ values)
    result = np.asarray(matrix @ np.where(forbidden, 0.0, values))
    result[((matrix > 0) @ forbidden.astype(np.float64)) > 0] = -inf
    return result


def _of_sparse(values: FloatArray, matrix: Any, operator: Operator) -> FloatArray:
    if operator.linear:
        return _expected(values, matrix)
    filled = np.flatnonzero(np.diff(matrix.indptr))
    result = np.full(matrix.shape[0], -inf)
    groups = ConsecutiveGroups(matrix.indptr[filled], len(matrix.data))
    result[filled] = phi_over(groups, values[matrix.indices], matrix.data, operator)
    return result


def phi_over(groups: Reduction, values: FloatArray, measure: FloatArray, operator: Operator) -> FloatArray:
    """Phi of each group of points; values and measure have one shape.

    Examples
    --------
    >>> groups = ConsecutiveGroups(np.array([0, 2]), 3)
    >>> phi_over(groups, np.array([1.0, 3.0, 5.0]), np.array([0.5, 0.5, 1.0]), EXPECTATION)
    array([2., 5.])
    """
    possible = measure > 0
    if operator.linear:
        return groups.sums(np.where(possible, measure * np.where(possible, values, 0.0), 0.0))
    kappa, weight = operator
    if weight == 0:
        return groups.maxima(np.where(possible, values + kappa * log_where(measure, possible), -inf))
    counting = possible & ~np.isneginf(values)
    exponents = np.where(counting, values, 0.0)
    if kappa == weight:
        result = _certainty_equivalent(groups, exponents, measure, counting, weight)
    else:
        exponents += kappa * log_where(measure, counting)
        result = _certainty_equivalent(groups, exponents, np.ones(measure.shape), counting, weight)
    return np.where(_any(groups, possible & ~counting), -inf, result) if operator.strict else result


def _certainty_equivalent(
    groups: Reduction, values: FloatArray, measure: FloatArray, counting: BoolArray, weight: float
) -> FloatArray:
    """w log sum mu exp(f/w) over the points that count; −inf where none does. Values are finite."""
    sign = 1.0 if weight > 0 else -1.0
    best = groups.maxima(np.where(counting, sign * values, -inf))
    nothing = np.isneginf(best)
    best = sign * np.where(nothing, 0.0, best)
    with np.errstate(over="ignore"):
        below = np.where(counting, (values - groups.spread(best)) / weight, 0.0)
    weights = np.where(counting, measure, 0.0)
    near = -groups.maxima(-below) > -NEAR
    result = np.empty(near.shape)
    if near.any():
        mass = np.where(nothing, 1.0, groups.sums(weights))
        clipped = np.maximum(below, -NEAR)  # changes nothing where it counts
        result = best + weight * (np.log1p(groups.sums(weights * np.expm1(clipped)) / mass) + log_mass(mass))
    if not near.all():
        total = groups.sums(weights * np.exp(below))
        if total.min(where=~nothing, initial=1.0) > _SMALL:
            far = best + weight * np.log(np.where(nothing, 1.0, total))
        else:
            far = best + weight * _log_sum(groups, below + log_where(measure, counting), counting)
        result = np.where(near, result, far)
    return np.where(nothing, -inf, result)


def _log_sum(groups: Reduction, logs: FloatArray, counting: BoolArray) -> FloatArray:
    """log sum exp over the points that count; 0 where none does."""
    logs = np.where(counting, logs, -inf)
    top = groups.maxima(logs)
    top = np.where(np.isneginf(top), 0.0, top)
    total = groups.sums(np.exp(logs - groups.spread(top)))
    return np.asarray(top + np.log(np.where(total > 0, total, 1.0)))


def log_mass(mass: FloatArray) -> FloatArray:
    """log of the sums of a measure, which is 0 where they miss one by rounding alone: w log 1 is no error of w ulps."""
    return np.where(np.abs(mass - 1.0) <= _ROUNDING, 0.0, np.log(mass))


def log_where(measure: FloatArray, where: BoolArray) -> FloatArray:
    """Logarithms at the given places, 0 elsewhere."""
    return np.log(measure, out=np.zeros(measure.shape), where=where)


def _any(groups: Reduction, points: BoolArray) -> BoolArray:
    return np.asarray(groups.sums(points.astype(np.float64)) > 0)
