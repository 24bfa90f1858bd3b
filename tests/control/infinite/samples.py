"""Random decision processes and matrices for the infinite horizon, and dense answers to compare with."""

from __future__ import annotations

from itertools import product

import numpy as np

from control_pgm import MDP
from control_pgm.control.infinite.growth.log_matrix import LogMatrix


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


def random_process(seed, sparse=False):
    """Rewards of states, an absorbing state that pays on entering, actions that are not always available."""
    rng = np.random.default_rng(seed)
    n, actions = int(rng.integers(3, 6)), int(rng.integers(1, 4))
    transition = rng.dirichlet(np.ones(n), size=(n, actions)) * (rng.random((n, actions, n)) < 0.7)
    transition[:, :, 0] += 0.05
    transition /= transition.sum(axis=2, keepdims=True)
    transition[-1] = np.eye(n)[-1]
    available = rng.random((n, actions)) < 0.7
    available[:, 0] = True
    reward = np.repeat(rng.normal(size=(n, 1, 1)), actions, axis=1).repeat(n, axis=2)
    reward[-1] = 0.0
    reward[:-1, :, -1] += rng.normal()
    made = MDP(transition, reward, available=available, reward_axes="sas")
    if not sparse:
        return made
    outcomes = [
        (s, a, transition[s, a, t], t, reward[s, a, t])
        for s, a, t in zip(*np.nonzero(transition * available[:, :, None]), strict=True)
    ]
    outcomes = [(int(s), int(a), float(p), int(t), float(r)) for s, a, p, t, r in outcomes]
    return MDP.from_outcomes(outcomes, states=n, actions=actions, sparse=True)
