"""Every trajectory of a small process as index arrays, so that sums over all of them are plain sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Paths:
    """All trajectories that the dynamics allow; one a column.

    ``chance`` is p(s_0) prod_t P(s_{t+1}|s_t,a_t): the actions' own probabilities are left out.
    """

    states: np.ndarray  # [t, path], T+1 rows
    actions: np.ndarray  # [t, path]
    chance: np.ndarray  # [path]

    def total(self, steps):
        """The sum along every path of the tables of all steps, each [s,a] or [s,a,s']."""
        return sum(self._read(table, t) for t, table in enumerate(steps))

    def _read(self, table, t):
        index = (self.states[t], self.actions[t], self.states[t + 1])
        return table[index[: np.ndim(table)]]

    def drawn_by(self, policy):
        """The probability of every path under a policy [t,s,a] and the true dynamics."""
        return self.chance * np.prod([self._read(pi, t) for t, pi in enumerate(policy)], axis=0)


def all_paths(mdp, horizon) -> Paths:
    """The trajectories of a process whose dynamics are dense and the same at every step."""
    shape = (mdp.n_states,) * (horizon + 1) + (mdp.n_actions,) * horizon
    every = np.indices(shape).reshape(len(shape), -1)
    states, actions = every[: horizon + 1], every[horizon + 1 :]
    chance = mdp.initial[states[0]]
    for t in range(horizon):
        chance = chance * mdp.transition[states[t], actions[t], states[t + 1]]
    possible = chance > 0
    return Paths(states[:, possible], actions[:, possible], chance[possible])
