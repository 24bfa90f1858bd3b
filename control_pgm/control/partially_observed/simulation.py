"""Sampled histories of a policy over beliefs: hidden states, actions, observations, beliefs, rewards."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from control_pgm.control.arguments import is_count
from control_pgm.control.mdp.checks import MAX_DENSE_BYTES
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.control.policies.simulation import draw_rows
from control_pgm.display import number, size
from control_pgm.errors import InvalidArgument, TooLarge
from control_pgm.inference.seeds import generator
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.frozen import Restored


@dataclass(frozen=True, eq=False, repr=False)
class BeliefTrajectories(Restored):
    """n sampled histories of horizon T.

    Attributes
    ----------
    pomdp : POMDP
    states : int array [n, T+1]
        Indices of the hidden states.
    actions, observations : int array [n, T]
        Indices; o_t is observed after a_t.
    beliefs : array [n, T+1, s]
        The belief before each action, and after the last observation.
    rewards : array [n, T]
        r(s_t, a_t), or r(s_t, a_t, s_{t+1}) where the reward depends on the next state.
    """

    pomdp: POMDP
    states: IntArray
    actions: IntArray
    observations: IntArray
    beliefs: FloatArray
    rewards: FloatArray

    @property
    def returns(self) -> FloatArray:
        """sum_t gamma^t r_t of each history."""
        return np.asarray(self.rewards @ self.pomdp.discount ** np.arange(self.rewards.shape[1]))

    @property
    def mean_return(self) -> float:
        """The mean of the returns."""
        return float(self.returns.mean())

    @property
    def standard_error(self) -> float:
        """The standard error of the mean return; 0 of a single history."""
        n = len(self)
        return float(self.returns.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0

    def labels(self, k: int) -> list[Hashable]:
        """History k as labels: a_0, o_0, a_1, …, o_{T−1}."""
        steps = zip(self.actions[k], self.observations[k], strict=True)
        return [x for a, o in steps for x in (self.pomdp.actions[a], self.pomdp.observations[o])]

    def __len__(self) -> int:
        return len(self.states)

    def __repr__(self) -> str:
        horizon = self.actions.shape[1]
        return f"BeliefTrajectories({len(self)} of horizon {horizon}, mean return {number(self.mean_return)})"


def draw_histories(
    pomdp: POMDP, choose: Callable[[int, FloatArray], IntArray], n: int, seed: int | np.random.Generator, horizon: int
) -> BeliefTrajectories:
    """Draw n histories; ``choose(t, beliefs)`` gives the indices of the actions at beliefs [n,s]."""
    if not is_count(n):
        raise InvalidArgument(f"n {n!r}", allowed="an integer ≥ 1")
    rng = generator(seed)
    if (need := 8 * n * (horizon + 1) * (pomdp.n_states + 4)) > MAX_DENSE_BYTES:
        raise TooLarge(f"{n:,} histories need {size(need)}", allowed=size(MAX_DENSE_BYTES), remedy="draw fewer at once")
    states = np.empty((n, horizon + 1), dtype=np.int64)
    actions, observations = np.empty((n, horizon), dtype=np.int64), np.empty((n, horizon), dtype=np.int64)
    beliefs, rewards = np.empty((n, horizon + 1, pomdp.n_states)), np.empty((n, horizon))
    table = pomdp.mdp.rewards.expected()  # r(s,a), or r(s,a,s')
    beliefs[:, 0] = pomdp.initial
    states[:, 0] = draw_rows(beliefs[:, 0], rng)
    for t in range(horizon):
        s, a = states[:, t], np.asarray(choose(t, beliefs[:, t]))
        s_next = draw_rows(pomdp.transition[s, a], rng)
        o = draw_rows(pomdp.observation[a, s_next], rng)
        rewards[:, t] = table[s, a, s_next] if pomdp.mdp.rewards.on_outcome else table[s, a]
        weights = np.einsum("ns,nsm->nm", beliefs[:, t], pomdp.joint[a, o])
        beliefs[:, t + 1] = weights / weights.sum(axis=1, keepdims=True)
        states[:, t + 1], actions[:, t], observations[:, t] = s_next, a, o
    for array in (states, actions, observations, beliefs, rewards):
        array.flags.writeable = False
    return BeliefTrajectories(pomdp, states, actions, observations, beliefs, rewards)
