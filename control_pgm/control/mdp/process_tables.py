"""Tables of a decision process: dense or sparse, of one step or of all, rewards or their means."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.mdp import checks as check
from control_pgm.control.mdp.dynamics import DenseDynamics, Dynamics, SparseDynamics
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class ProcessTables(Restored):
    """The checked data of an `MDP`, and the tables that follow from them.

    Attributes
    ----------
    states, actions : Labels
    available : array [s,a]
    initial : array [s]
    terminal_reward : array [s], or None
    discount : float
    positions : mapping label -> (row, column), or None
    table : array or CSR matrix
        P as stored: dense [s,a,s'] or [t,s,a,s'], or sparse (S·A, S).
    reward_table : Rewards
        As stored: rewards on outcomes of a sparse transition are listed like its non-zeros.
    """

    states: Labels
    actions: Labels
    initial: FloatArray
    available: BoolArray
    terminal_reward: FloatArray | None
    discount: float
    positions: Mapping[Hashable, tuple[int, int]] | None
    table: Any
    reward_table: Rewards

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.states)

    @property
    def n_actions(self) -> int:
        """A."""
        return len(self.actions)

    @property
    def sparse(self) -> bool:
        """Whether the transition is stored as a sparse matrix."""
        return bool(self.table.ndim == 2)

    @property
    def time_steps(self) -> int | None:
        """T, where transition or reward vary with time; None where they do not."""
        varying = self.table.shape[0] if self.table.ndim == 4 else None
        return varying if varying is not None else self.reward_table.time_steps

    @cached_property
    def transition(self) -> FloatArray:
        """P(s'|s,a), dense: shape (S, A, S) or (T, S, A, S)."""
        if not self.sparse:
            return self.table  # type: ignore[no-any-return]
        check.fits_dense(self.n_states, self.n_actions)
        return lock(self.table.toarray().reshape(self.n_states, self.n_actions, self.n_states))

    def transition_at(self, t: int) -> FloatArray:
        """P(s'|s,a) at step t, dense: shape (S, A, S)."""
        table = self.transition
        return table[check.step(t, len(table))] if table.ndim == 4 else table

    def matrix_at(self, t: int) -> Any:
        """P(s'|s,a) at step t as a matrix (S·A, S), row s·A+a: an array, or CSR where the process is sparse.

        ``mdp.matrix_at(t) @ v`` is E[v(s') | s, a] either way, at a cost in the number of non-zeros.
        """
        return self.dynamics_at(t).matrix

    def dynamics_at(self, t: int) -> Dynamics:
        """P(s'|s,a) at step t as it is stored."""
        if self.sparse:
            return SparseDynamics(self.table)
        return DenseDynamics(self.table[check.step(t, len(self.table))] if self.table.ndim == 4 else self.table)

    @cached_property
    def rewards(self) -> Rewards:
        """The rewards with axes "sa", "sas", "tsa" or "tsas", and a leading one for several rewards of an outcome."""
        if not self.reward_table.listed:
            return self.reward_table
        check.fits_dense(self.n_states, self.n_actions, self.reward_table.values[..., 0].size)
        return self.reward_table.as_dense(self.table)

    @cached_property
    def reward(self) -> FloatArray:
        """The expected reward E[r | s, a], shape (S, A) or (T, S, A); unavailable pairs count as 0.

        For reading, and for inference that keeps the dynamics; exact inference uses `rewards`, never this average.
        """
        steps = [self._expected_at(t) for t in range(self.time_steps or 1)]
        return lock(np.stack(steps) if self.time_steps else steps[0])

    def _expected_at(self, t: int) -> FloatArray:
        rewards = self.reward_table.at(t)
        values = rewards.expected()
        if rewards.on_outcome:
            dynamics = self.dynamics_at(t)
            p = dynamics.probabilities
            values = dynamics.sums(np.where(p > 0, p * np.where(p > 0, values, 0.0), 0.0))
        return np.where(self.available, values, 0.0)

    def support_at(self, t: int) -> BoolArray:
        """Where (s, a) is available and, for rewards on outcomes, s' possible: shape (S, A) or (S, A, S)."""
        if not self.reward_table.on_outcome:
            return self.available
        return DenseDynamics(self.transition_at(t)).support(self.available)

    @cached_property
    def uniform_prior(self) -> FloatArray:
        """p(a|s) uniform over the available actions, shape (S, A)."""
        return lock(self.available / self.available.sum(axis=1, keepdims=True))

    def check_rewards(self) -> None:
        """No NaN, no +inf and nothing near overflow inside the support, as many time steps as the transition has."""
        given = self.reward_table.time_steps
        if given is not None and self.table.ndim == 4 and given != self.table.shape[0]:
            raise InvalidModel(
                f"the transition has {self.table.shape[0]} time steps and the reward {given}", allowed="the same number"
            )
        for t in range(self.time_steps or 1):
            self._check_rewards_at(t)

    def _check_rewards_at(self, t: int) -> None:
        rewards, dynamics = self.reward_table.at(t), self.dynamics_at(t)
        support = dynamics.support(self.available) if rewards.on_outcome else self.available
        bad = ~check.payable(rewards.values) & rewards.used(support)
        if not bad.any():
            return
        k, *place = np.argwhere(bad)[0]
        at = dynamics.outcome(tuple(place)) if rewards.on_outcome else place
        named = [f"t={t}"] if self.time_steps else []
        named += [f"s={self.states[at[0]]!r}", f"a={self.actions[at[1]]!r}"]
        named += [f"s'={self.states[at[2]]!r}"] if rewards.on_outcome else []
        raise InvalidModel(f"the reward is {rewards.values[(k, *place)]} at {', '.join(named)}", allowed=check.PAYABLE)
