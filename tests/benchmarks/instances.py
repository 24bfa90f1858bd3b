"""The problems that are measured: random dense processes, and slippery grids with sparse transitions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm import MDP
from control_pgm.tables.arrays import FloatArray, IntArray

MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # left, down, right, up; neighbours in this list are perpendicular


@dataclass(frozen=True, eq=False)
class Instance:
    """A decision process and a horizon; action prior uniform, temperature 1.

    Attributes
    ----------
    transition : array [s,a,s'], or a CSR array (S·A, S) with row s·A+a.
    reward : array [s,a] or [s,a,s'], or a CSR array with the very pattern of the transition.
    """

    label: str
    transition: Any
    reward: Any
    initial: FloatArray
    horizon: int

    @cached_property
    def mdp(self) -> MDP:
        """The process, checked."""
        return MDP(self.transition, self.reward, initial=self.initial, reward_axes="sas" if self._on_outcome else "sa")

    def fresh(self) -> Instance:
        """The same problem with a new process, which remembers nothing of earlier solutions."""
        new = replace(self)
        new.mdp  # noqa: B018 - checked now, before any clock runs
        return new

    @property
    def _on_outcome(self) -> bool:
        return bool(sparse.issparse(self.reward) or self.reward.ndim == 3)

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.initial)

    @property
    def n_actions(self) -> int:
        """A."""
        rows = self.transition.shape[0] * (1 if sparse.issparse(self.transition) else self.transition.shape[1])
        return int(rows // self.n_states)

    @property
    def non_zeros(self) -> int:
        """The number of transition entries that are stored."""
        return int(self.transition.nnz if sparse.issparse(self.transition) else self.transition.size)


def dense(n_states: int, n_actions: int, horizon: int, *, seed: int = 0) -> Instance:
    """A random process with r(s,a) that starts in state 0."""
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.full(n_states, 0.3), (n_states, n_actions))
    label = f"S={n_states}, A={n_actions}, T={horizon}"
    return Instance(label, transition, rng.normal(size=(n_states, n_actions)), np.eye(n_states)[0], horizon)


def grid(side: int, horizon: int, *, on_outcome: bool = False, slip: float = 0.2) -> Instance:
    """A slippery square grid from one corner to an absorbing goal in the opposite one.

    The reward is r(s,a) = −0.1 per step before the goal, or r(s,a,s'), which adds 1 for entering the goal.
    """
    n, n_actions = side * side, len(MOVES)
    cells = np.arange(n - 1)  # the last one is the goal
    targets = np.stack([_neighbours(side, cells, move) for move in MOVES])
    rows, columns, probabilities = [], [], []
    for action in range(n_actions):
        for turn, probability in ((0, 1.0 - slip), (1, slip / 2), (-1, slip / 2)):
            rows.append(cells * n_actions + action)
            columns.append(targets[(action + turn) % n_actions])
            probabilities.append(np.full(n - 1, probability))
    rows.append((n - 1) * n_actions + np.arange(n_actions))
    columns.append(np.full(n_actions, n - 1))
    probabilities.append(np.ones(n_actions))
    entries = (np.concatenate(probabilities), (np.concatenate(rows), np.concatenate(columns)))
    transition = sparse.csr_array(entries, shape=(n * n_actions, n))  # adds up moves that end in the same cell
    before_goal = np.repeat(np.arange(n) < n - 1, n_actions)
    reward = np.where(before_goal, -0.1, 0.0).reshape(n, n_actions)
    label = f"{side}² cells, T={horizon}"
    if on_outcome:
        per_entry = np.repeat(before_goal, np.diff(transition.indptr))
        values = per_entry * (-0.1 + (transition.indices == n - 1))
        reward = sparse.csr_array((values, transition.indices, transition.indptr), shape=transition.shape)
        label += ", r(s,a,s')"
    return Instance(label, transition, reward, (np.arange(n) == 0).astype(float), horizon)


def _neighbours(side: int, cells: IntArray, move: tuple[int, int]) -> IntArray:
    """Where a move leads: the neighbour, or the cell itself at the border."""
    row, column = np.divmod(cells, side)
    row = np.clip(row + move[0], 0, side - 1)
    column = np.clip(column + move[1], 0, side - 1)
    return np.asarray(row * side + column)
