"""One step on plain arrays: what comes next on average, and the policy of given values."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.operators import EXPECTATION, phi
from control_pgm.tables.optimiser import optimiser


def expected_next(transition: Any, values: FloatArray) -> FloatArray:
    """E[V(s') | s, a], shape (S, A); −inf where a state of value −inf is possible.

    Parameters
    ----------
    transition : array [s,a,s'], or array or CSR matrix of shape (S·A, S) with row s·A+a
    values : array [s']
        In any unit; −inf is allowed.

    Examples
    --------
    >>> expected_next(np.array([[[0.5, 0.5]], [[0.0, 1.0]]]), np.array([2.0, 4.0])).tolist()
    [[3.0], [4.0]]
    """
    n = len(values)
    matrix = transition if transition.ndim == 2 else transition.reshape(-1, n)
    return phi(values, matrix, *EXPECTATION).reshape(n, -1)


def soft_policy(q: FloatArray, v: FloatArray, measure: FloatArray, alpha: float) -> FloatArray:
    """p(a|s) exp((Q − V)/alpha), normalised; NaN where V = −inf."""
    return _defined(optimiser(q, measure, alpha, alpha), v)


def _defined(policy: FloatArray, v: FloatArray) -> FloatArray:
    return np.where(np.isneginf(v)[..., None], np.nan, policy)
