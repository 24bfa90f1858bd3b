"""One operator that sums, averages or maximises, told apart by two weights.

    Phi^mu_{kappa,w}[f] = w log sum_{x: mu(x)>0} exp((f(x) + kappa log mu(x)) / w)

with the limits w → 0: max_x (f + kappa log mu) and kappa = w → ∞: the expectation E_mu f (Lázaro-Gredilla et al. 2024).
"""

from __future__ import annotations

from math import inf

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.logarithms import log_sum_exp


def phi(values: FloatArray, measure: FloatArray, kappa: float, weight: float) -> FloatArray:
    """Phi over the last axis of ``values``; ``measure`` broadcasts against them.

    Parameters
    ----------
    values : array
        f; −inf is allowed, and never meets a factor 0: points of measure zero do not count.
    measure : array
        mu ≥ 0.
    kappa, weight : float
        Both inf for the expectation; ``weight`` = 0 for the maximum.

    Examples
    --------
    >>> f, mu = np.array([0.0, 1.0, -np.inf]), np.array([0.5, 0.5, 0.0])
    >>> float(phi(f, mu, inf, inf)), float(phi(f, mu, 0.0, 0.0))
    (0.5, 1.0)
    """
    possible = np.broadcast_to(measure > 0, np.broadcast_shapes(values.shape, measure.shape))
    if weight == inf:
        return np.asarray(np.where(possible, measure * np.where(possible, values, 0.0), 0.0).sum(axis=-1))
    log_measure = np.log(measure, out=np.zeros(measure.shape), where=measure > 0)
    total = np.where(possible, values + (kappa * log_measure if kappa else 0.0), -inf if weight >= 0 else inf)
    if weight == 0:
        return np.asarray(total.max(axis=-1))
    return weight * log_sum_exp(total / weight, (total.ndim - 1,))
