"""Rewards that were given for outcomes which a transition makes impossible.

Inference in a process never needs them. They count where the dynamics of its network are replaced, so that more
outcomes are possible: the rewards of these are then known, or they are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from control_pgm.control.mdp.dynamics import found_at
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Listing:
    """Rewards of listed outcomes: a `RewardSource`.

    Attributes
    ----------
    rewards : Rewards
        Axes "o" or "to".
    matrix : CSR matrix (S·A, S), row s·A+a
        Its entries, zeros included, are the outcomes; None where all are listed, in the order of s, a, s'.
    shape : (S, A)
    """

    rewards: Rewards
    matrix: Any
    shape: tuple[int, int]

    @classmethod
    def of_all(cls, rewards: Rewards) -> Listing:
        """From rewards over all outcomes, axes "sas" or "tsas"."""

        def flat(values: Any) -> Any:
            return values.reshape(*values.shape[:-3], -1)

        weights, known = (None if x is None else flat(x) for x in (rewards.weights, rewards.known))
        listed = Rewards(rewards.axes.removesuffix("sas") + "o", flat(rewards.values), weights, known)
        return cls(listed, None, (rewards.values.shape[-1], rewards.values.shape[-2]))

    def at(self, t: int) -> Listing:
        """Those of step t."""
        return replace(self, rewards=self.rewards.at(t))

    def pick(self, s: IntArray, a: IntArray, s_next: IntArray) -> Rewards:
        """Those of single outcomes."""
        n, m = self.shape
        want = (s.astype(np.int64) * m + a) * n + s_next
        place, known = (want, np.ones(want.shape, bool)) if self.matrix is None else found_at(self.matrix, want)
        if self.rewards.known is not None:
            known = known & self.rewards.known[place]
        values = np.where(known, self.rewards.values[:, place], 0.0)
        weights = None if self.rewards.weights is None else self.rewards.weights[:, place]
        return Rewards("o", values, weights, known)


@dataclass(frozen=True, eq=False)
class Entering:
    """r(s,a,s') = step(s,a), and entering(s') if s' is another state than s: a `RewardSource`.

    Attributes
    ----------
    step : array [s,a], in units of reward.
    entering : array [s'], in units of reward.
    moving : bool array [s]
        Where the second part is paid.

    Examples
    --------
    >>> paid = Entering(np.array([[-0.1], [0.0]]), np.array([0.0, 1.0]), np.array([True, False]))
    >>> paid.pick(np.array([0, 0, 1]), np.array([0, 0, 0]), np.array([0, 1, 0])).values.tolist()
    [[-0.1, 0.9, 0.0]]
    """

    step: FloatArray
    entering: FloatArray
    moving: BoolArray

    def at(self, t: int) -> Entering:
        """The same at every step."""
        return self

    def pick(self, s: IntArray, a: IntArray, s_next: IntArray) -> Rewards:
        """Those of single outcomes."""
        enters = (s != s_next) & self.moving[s]
        return Rewards("o", (self.step[s, a] + np.where(enters, self.entering[s_next], 0.0))[None])
