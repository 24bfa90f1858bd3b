"""Random decision processes and matrices for the infinite horizon, and dense answers to compare with."""

from __future__ import annotations

from itertools import product

import numpy as np

from control_pgm import MDP
from control_pgm.control.infinite.log_matrix import LogMatrix


def rows(rng, *shape, zeros=0.0):
    """Random distributions over the last axis, a share of the entries zero."""
    p = rng.random(shape) * (rng.random(shape) >= zeros)
    p[..., 0] += p.sum(axis=-1) == 0
    return p / p.sum(axis=-1, keepdims=True)


def random_mdp(seed, *, n=5, m=3, discount=0.8, form="sas", zeros=0.4, shift=0.0, forbidden=0.0, some=False):
    """A random process; ``some`` leaves actions out, ``forbidden`` is the share of rewards −inf."""
    rng = np.random.default_rng(seed)
    reward = rng.normal(size={"s": n, "sa": (n, m), "sas": (n, m, n)}[form]) + shift
    reward = np.where(rng.random(reward.shape) < forbidden, -np.inf, reward)
    available = rng.random((n, m)) < 0.6
    available[:, 0] |= ~available.any(axis=1)
    return MDP(
        rows(rng, n, m, n, zeros=zeros),
        reward,
        discount=discount,
        reward_axes=form,
        available=available if some else None,
        initial=rows(rng, n),
    )


def dense_log_matrix(matrix):
    """A dense array as a LogMatrix."""
    i, j = np.nonzero(matrix)
    return LogMatrix.of(i, j, np.log(matrix[i, j]), matrix.shape)


def policies(mdp):
    """All deterministic policies as tuples of action indices."""
    return product(*(np.flatnonzero(row) for row in mdp.available))


def weights(mdp, weight):
    """P(s'|s,a) e^{r/w} of a dense process, shape (S, A, S)."""
    reward = mdp.rewards.values[0]
    reward = reward if reward.ndim == 3 else reward[:, :, None]
    with np.errstate(divide="ignore"):
        logs = np.log(mdp.transition)
    return np.exp(logs + np.where(logs > -np.inf, reward / weight, 0.0))
