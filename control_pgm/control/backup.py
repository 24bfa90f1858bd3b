"""Backward induction that keeps the true dynamics: maximum-entropy and Bellman backups.

    Q_t = E_P[r_t + gamma V_{t+1}],   V_t = Phi^{prior}_{ka,wa}[Q_t]

with (ka, wa) = (alpha, alpha) for variational inference, V = alpha log sum_a p(a|s) exp(Q/alpha) (Levine 2018, section
3; Ziebart 2010), and (0, 0) for the standard optimum, V = max_a Q (Bellman 1957).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.operators import phi

_TIE = 1e-12  # actions whose Q differ by less than this, relative to the largest |Q|, are tied


def backward_induction(
    mdp: MDP, horizon: int, measure: Callable[[int], FloatArray], weight: float
) -> tuple[FloatArray, FloatArray]:
    """Q [t,s,a] and V [t,s] (T+1 rows) in units of reward.

    ``measure(t)`` weighs the actions, shape (S, A); actions of measure zero get Q = −inf. ``weight`` is alpha, or 0 for
    the maximum.
    """
    n, m = mdp.n_states, mdp.n_actions
    q, v = np.empty((horizon, n, m)), np.empty((horizon + 1, n))
    v[horizon] = 0.0 if mdp.terminal_reward is None else mdp.terminal_reward
    rewards = mdp.reward if mdp.time_steps else np.broadcast_to(mdp.reward, (horizon, n, m))
    for t in range(horizon - 1, -1, -1):
        weights = measure(t)
        q[t] = rewards[t]
        if mdp.discount > 0:  # else what comes next counts nothing, be it −inf
            q[t] += mdp.discount * expected_next(mdp.matrix_at(t), v[t + 1])
        q[t][weights == 0] = -np.inf
        v[t] = phi(q[t], weights, weight, weight)
    return q, v


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
    forbidden = np.isneginf(values)
    expected: FloatArray = (matrix @ np.where(forbidden, 0.0, values)).reshape(n, -1)
    if forbidden.any():
        expected[(matrix @ forbidden.astype(np.float64)).reshape(n, -1) > 0] = -np.inf
    return expected


def soft_policy(q: FloatArray, v: FloatArray, measure: FloatArray, alpha: float) -> FloatArray:
    """p(a|s) exp((Q − V)/alpha); NaN where V = −inf."""
    return _normalised(q - np.where(np.isneginf(v), 0.0, v)[..., None], v, lambda gap: measure * np.exp(gap / alpha))


def greedy_policy(q: FloatArray, v: FloatArray) -> FloatArray:
    """Uniform over the maximisers; NaN where V = −inf."""
    scale = _TIE * np.maximum(1.0, np.abs(np.where(np.isneginf(v), 0.0, v)))[..., None]
    return _normalised(
        q - np.where(np.isneginf(v), 0.0, v)[..., None], v, lambda gap: (gap >= -scale).astype(np.float64)
    )


def _normalised(gap: FloatArray, v: FloatArray, weigh: Callable[[FloatArray], FloatArray]) -> FloatArray:
    weights = weigh(gap)
    total = weights.sum(axis=-1, keepdims=True)
    defined = ~np.isneginf(v)[..., None] & (total > 0)
    return np.asarray(np.divide(weights, total, out=np.full(weights.shape, np.nan), where=defined))
