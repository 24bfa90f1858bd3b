"""The distribution that attains the operator Phi of `tables.operators`."""

from __future__ import annotations

from math import inf

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.operators import check_operator, log_where
from control_pgm.tables.reductions import LastAxis

TIE = 1e-12  # values closer than this, relative to the larger of 1 and the best one, are tied
_ROWS = LastAxis()


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
    everywhere = bool((measure > 0).all() and values.min(initial=0.0) > -inf)
    values, measure = np.broadcast_arrays(values, measure)
    counting = None if everywhere else (measure > 0) & ~np.isneginf(values)
    if operator.linear:
        return _shares(_only(counting, measure, 0.0))
    exponents = _only(counting, values, 0.0)
    if kappa == weight != 0:
        return _shares(measure * _relative(exponents, counting, weight))
    if kappa:
        exponents = exponents + kappa * log_where(measure, measure > 0)
    return _shares(_relative(exponents, counting, weight) if weight else _tied(_only(counting, exponents, -inf)))


def _only(counting: BoolArray | None, values: FloatArray, other: float) -> FloatArray:
    """The values at points that count, which are all if nothing is said, and another value elsewhere."""
    return values if counting is None else np.where(counting, values, other)


def _tied(values: FloatArray) -> FloatArray:
    """1 at the maximisers, 0 elsewhere; −inf does not count."""
    best = _ROWS.maxima(values)[..., None]
    best = np.where(np.isneginf(best), inf, best)
    with np.errstate(invalid="ignore"):
        return np.where(values >= best - TIE * np.maximum(1.0, np.abs(best)), 1.0, 0.0)


def _relative(values: FloatArray, counting: BoolArray | None, weight: float) -> FloatArray:
    """exp(f/w) relative to its largest; 0 at points that do not count."""
    signed = values if weight > 0 else -values
    best = _ROWS.maxima(_only(counting, signed, -inf))[..., None]
    best = np.where(np.isneginf(best), 0.0, best)
    with np.errstate(over="ignore"):
        return np.exp(_only(counting, (signed - best) / abs(weight), -inf))


def _shares(weights: FloatArray) -> FloatArray:
    total = _ROWS.sums(weights)[..., None]
    if total.min(initial=1.0) > 0.0:
        return np.asarray(weights / total)
    return np.asarray(np.divide(weights, total, out=np.full(weights.shape, np.nan), where=total > 0))
