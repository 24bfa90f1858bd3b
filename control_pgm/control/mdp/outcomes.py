"""Outcomes of one step of a process as a list, whether its tables are dense or sparse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.tables.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The possible outcomes (s, a, s') of the available actions, in the order of s, then a, then s'.

    Attributes
    ----------
    state, action, after : indices of s, a and s'.
    probability : P(s'|s,a).
    rewards : shape (K, n), in units of reward; an outcome may have several.
    weights : of the several rewards, the same shape; 0 where an outcome has fewer than K.
    """

    state: IntArray
    action: IntArray
    after: IntArray
    probability: FloatArray
    rewards: FloatArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.state)

    @property
    def expected(self) -> FloatArray:
        """The expected reward of every outcome."""
        counting = np.where(self.weights > 0, self.rewards, 0.0)
        return np.asarray((self.weights * counting).sum(axis=0))


def outcomes_at(mdp: MDP, t: int) -> Outcomes:
    """The outcomes of step t; a process whose tables do not vary has the same at every step.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> step = outcomes_at(gridworld("S.G"), 0)
    >>> [(int(s), int(a), int(x)) for s, a, x in zip(step.state, step.action, step.after)][2:7]
    [(0, 2, 1), (0, 3, 0), (1, 0, 0), (1, 1, 1), (1, 2, 2)]
    """
    t = min(t, (mdp.time_steps or t + 1) - 1)
    m, table = mdp.n_actions, mdp.reward_table.at(t)
    if mdp.sparse:
        matrix = mdp.matrix_at(t)
        pairs = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        listed = np.flatnonzero(mdp.available.ravel()[pairs])
        pairs, after, probability = pairs[listed], matrix.indices[listed].astype(np.int64), matrix.data[listed]
        state, action = np.divmod(pairs, m)
    else:
        dense = mdp.transition_at(t)
        state, action, after = np.nonzero((dense > 0) & mdp.available[:, :, None])
        listed = np.arange(0)
        probability = dense[state, action, after]
    place: tuple[Any, ...] = (state, action)
    if table.on_outcome:
        place = (listed,) if table.listed else (state, action, after)
    rewards = table.values[:, *place]
    weights = np.ones(rewards.shape) if table.weights is None else table.weights[:, *place]
    return Outcomes(state, action, after, np.asarray(probability), rewards, weights)
