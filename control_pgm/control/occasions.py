"""The chance that some states are reached within the horizon: as the posterior believes, and as a policy has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.mdp import MDP
from control_pgm.control.solution_posterior import PosteriorSolution
from control_pgm.tables.arrays import FloatArray


def believed(solution: PosteriorSolution, states: Sequence[int]) -> float:
    """P(one of the states is reached by T | O=1); read off the last marginal where they cannot be left again."""
    net, event = solution.network, list(states)
    if net.mdp.discount == 1.0 and _absorbing(net.mdp, event, net.horizon):
        return float(np.asarray(solution.state_marginals)[-1, event].sum())
    reached, away = 0.0, np.array(solution.posterior.marginal("s_0").array())
    for t in range(net.horizon):
        reached, away = reached + float(away[event].sum()), _without(away, event)
        pair = solution.posterior.marginal(f"s_{t}", f"s_{t + 1}").array(f"s_{t}", f"s_{t + 1}")
        sums = pair.sum(axis=1)
        away = np.divide(away, sums, out=np.zeros_like(sums), where=sums > 0) @ pair
    return min(reached + float(away[event].sum()), 1.0)


def happens(mdp: MDP, policy: ArrayLike, states: Sequence[int]) -> float:
    """P(one of the states is reached by T) of a policy [t, s, a] under the true dynamics.

    Discount ends the process. Where the policy is undefined the event counts as missed.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> mdp = gridworld("SG", slip=0.2)
    >>> round(happens(mdp, np.tile([0.0, 0.0, 1.0, 0.0], (2, 2, 1)), [1]), 6)
    0.96
    """
    event = list(states)
    reached, away = 0.0, np.array(mdp.initial)
    for t, row in enumerate(np.nan_to_num(np.asarray(policy))):
        reached, away = reached + float(away[event].sum()), _without(away, event)
        away = mdp.discount * ((away[:, None] * row).ravel() @ mdp.matrix_at(t))
    return reached + float(away[event].sum())


def _without(away: FloatArray, event: list[int]) -> FloatArray:
    away = away.copy()
    away[event] = 0.0
    return away


def _absorbing(mdp: MDP, event: list[int], horizon: int) -> bool:
    """Whether no available action leaves the event."""
    inside = np.zeros(mdp.n_states)
    inside[event] = 1.0
    for t in range(horizon if mdp.table.ndim == 4 else 1):
        stays = (mdp.matrix_at(t) @ inside).reshape(mdp.n_states, mdp.n_actions)[event] > 1 - 1e-12
        if not (stays | ~mdp.available[event]).all():
            return False
    return True
