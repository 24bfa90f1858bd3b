"""The backups of THEORY's other types of inference by hand: one loop each, as one would write it in a notebook.

    Q_t = r + E V_{t+1}  or  log E exp, max over next states;    V_t = log mean exp, max over actions

For dense r(s,a), a uniform action prior, temperature and risk 1. Values and policies of all steps are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from control_pgm.tables.arrays import FloatArray
from tests.benchmarks.instances import Instance

Values = tuple[FloatArray, FloatArray]  # Q [t,s,a] and the policy [t,s,a]
Backup = Callable[[FloatArray], FloatArray]  # V_{t+1} -> what the next states are worth, one number per (s, a)


def variational(instance: Instance) -> Values:
    """Maximum-entropy reinforcement learning."""
    return _soft(instance, _expectation(instance))


def bellman(instance: Instance) -> Values:
    """The standard optimum."""
    return _greedy(instance, _expectation(instance))


def planning(instance: Instance) -> Values:
    """Exponential utility."""
    matrix = instance.transition.reshape(-1, instance.n_states)

    def backup(v: FloatArray) -> FloatArray:
        top = v.max()
        return np.asarray(top + np.log(matrix @ np.exp(v - top)))

    return _greedy(instance, backup)


def most_probable(instance: Instance) -> Values:
    """Values on to the most probable trajectory, log p(a|s) included."""
    logs = np.log(instance.transition.reshape(-1, instance.n_states))
    return _greedy(instance, lambda v: np.asarray((logs + v).max(axis=1)), prior=-np.log(instance.n_actions))


WAYS: Mapping[str, Callable[[Instance], Values]] = {
    "variational": variational,
    "bellman": bellman,
    "planning": planning,
    "map": most_probable,
}


def _expectation(instance: Instance) -> Backup:
    matrix = instance.transition.reshape(-1, instance.n_states)
    return lambda v: np.asarray(matrix @ v)


def _backward(instance: Instance, backup: Backup, value: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Q of all steps."""
    q = np.empty((instance.horizon, *instance.reward.shape))
    v = np.zeros(instance.n_states)
    for t in reversed(range(instance.horizon)):
        np.add(instance.reward, backup(v).reshape(instance.reward.shape), out=q[t])
        v = value(q[t])
    return q


def _soft(instance: Instance, backup: Backup) -> Values:
    def value(q: FloatArray) -> FloatArray:
        top = q.max(axis=1)
        return np.asarray(top + np.log(np.exp(q - top[:, None]).mean(axis=1)))

    q = _backward(instance, backup, value)
    weights = np.exp(q - q.max(axis=2, keepdims=True))
    return q, weights / weights.sum(axis=2, keepdims=True)


def _greedy(instance: Instance, backup: Backup, *, prior: float = 0.0) -> Values:
    q = _backward(instance, backup, lambda q: np.asarray(q.max(axis=1)) + prior)
    best = (q == q.max(axis=2, keepdims=True)).astype(np.float64)
    return q, best / best.sum(axis=2, keepdims=True)
