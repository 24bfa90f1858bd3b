"""The distribution that attains the operator Phi of `tables.operators`."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.operators import check_operator, log_where

TIE = 1e-12  # values closer than this, relative to the larger of 1 and the best one, are tied


def optimiser(values: FloatArray, measure: FloatArray, kappa: float, weight: float) -> FloatArray:
    """The distribution over the last axis that attains Phi: p ∝ exp((f + kappa log mu)/w).

    At w = 0 it is uniform over the maximisers, values that differ by less than 1e-12 of the larger of 1 and the best
    one being tied; for the expectation it is mu itself.

    Parameters
    ----------
    values, measure, kappa, weight
        As for `phi`, with an array of measures.

    Returns
    -------
    array
        Of the shape that both broadcast to; NaN in rows without a point that counts.

    Examples
    --------
    >>> q, prior = np.array([1.0, 2.0, 2.0]), np.array([0.5, 0.25, 0.25])
    >>> optimiser(q, prior, 0.0, 0.0).tolist(), optimiser(q, prior, 1.0, 0.0).tolist()
    ([0.0, 0.5, 0.5], [0.0, 0.5, 0.5])
    >>> optimiser(q, prior, 1.0, 1.0).round(3).tolist()
    [0.269, 0.366, 0.366]
    """
    operator = check_operator(kappa, weight)
    values, measure = np.broadcast_arrays(values, measure)
    counting = (measure > 0) & ~np.isneginf(values)
    if operator.linear:
        return _shares(np.where(counting, measure, 0.0))
    exponents = np.where(counting, values, 0.0)
    if weight == 0:
        exponents += kappa * log_where(measure, counting)
        return _shares(_tied(exponents, counting))
    if kappa == weight:
        return _shares(_relative(exponents, counting, weight, lambda factors: measure * factors))
    exponents += kappa * log_where(measure, counting)
    return _shares(_relative(exponents, counting, weight, lambda factors: factors))


def _tied(values: FloatArray, counting: BoolArray) -> FloatArray:
    """1 at the maximisers, 0 elsewhere."""
    best = np.where(counting, values, -inf).max(axis=-1, keepdims=True)
    best = np.where(np.isneginf(best), 0.0, best)
    slack = TIE * np.maximum(1.0, np.abs(best))
    return np.where(counting & (values - best >= -slack), 1.0, 0.0)


def _relative(
    values: FloatArray, counting: BoolArray, weight: float, weigh: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """exp(f/w) relative to its largest, weighed; 0 at points that do not count."""
    sign = 1.0 if weight > 0 else -1.0
    best = np.where(counting, sign * values, -inf).max(axis=-1, keepdims=True)
    best = sign * np.where(np.isneginf(best), 0.0, best)
    with np.errstate(over="ignore"):
        exponents = np.where(counting, (values - best) / weight, -inf)
    return weigh(np.exp(exponents))


def _shares(weights: FloatArray) -> FloatArray:
    total = weights.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.full(weights.shape, np.nan), where=total > 0))
