"""The chance that some states are reached within the horizon: as the posterior believes, and as a policy has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.control.analysis.evaluation import evaluate
from control_pgm.control.mdp.endings import ending_mass
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray


def check_event(mdp: MDP, states: Sequence[int]) -> None:
    """Refuse states that nothing enters where episodes end elsewhere: their chance would be 0 by construction.

    Raises
    ------
    InvalidArgument
        Naming the state and what to ask for.
    """
    if TERMINAL not in mdp.states.index_of:
        return
    entered = np.array(mdp.initial > 0)
    for t in range(mdp.table.shape[0] if mdp.table.ndim == 4 else 1):
        rows, columns = mdp.matrix_at(t).nonzero()
        entered[columns[rows // mdp.n_actions != columns]] = True
    if mdp.endings is not None:
        entered[mdp.endings.entered] = True
    for k in states:
        if not entered[k]:
            raise InvalidArgument(
                f"event {mdp.states[k]!r}: no transition leads to this state, and no ending of the process enters it",
                allowed=f"states that are entered; episodes end in {TERMINAL!r}",
                remedy=f"ask event=[{TERMINAL!r}], or give the process its endings= (from_gymnasium does)",
            )


def believed(solution: PosteriorSolution, states: Sequence[int]) -> float:
    """P(one of the states is reached by T | O=1); read off the last marginal where they cannot be left again.

    States that end the process count as reached when they are entered.
    """
    net, event = solution.network, list(states)
    ends = _ends(net.mdp, event)
    if not ends.any() and net.mdp.discount == 1.0 and _absorbing(net.mdp, event, net.horizon):
        return float(np.asarray(solution.state_marginals)[-1, event].sum())
    leaving = believed_endings(solution)[:, ends] if ends.any() else np.zeros((net.horizon, 0))
    origins = net.mdp.endings.state[ends] if net.mdp.endings is not None else np.zeros(0, dtype=np.int64)
    reached, away = 0.0, np.array(solution.posterior.marginal("s_0").array())
    for t in range(net.horizon):
        reached, away = reached + float(away[event].sum()), _without(away, event)
        pair = solution.posterior.marginal(f"s_{t}", f"s_{t + 1}").array(f"s_{t}", f"s_{t + 1}")
        sums = pair.sum(axis=1)
        shares = np.divide(away, sums, out=np.zeros_like(sums), where=sums > 0)
        reached += float(shares[origins] @ leaving[t])  # what has ended lies in "terminal", from where nothing returns
        away = shares @ pair
    return min(reached + float(away[event].sum()), 1.0)


def happens(mdp: MDP, policy: ArrayLike, states: Sequence[int]) -> float:
    """P(one of the states is reached by T) of a policy [t, s, a] under the true dynamics.

    Discount ends the process. Where the policy is undefined the event counts as missed. States that end the process
    count as reached when they are entered.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> mdp = gridworld("SG", slip=0.2)
    >>> round(happens(mdp, np.tile([0.0, 0.0, 1.0, 0.0], (2, 2, 1)), [1]), 6)
    0.96
    """
    event = list(states)
    ends = _ends(mdp, event)
    reached, away = 0.0, np.array(mdp.initial)
    for t, row in enumerate(np.nan_to_num(np.asarray(policy))):
        reached, away = reached + float(away[event].sum()), _without(away, event)
        occupied = away[:, None] * row
        if ends.any():
            reached += float(ending_mass(mdp, mdp.endings, occupied[None])[0, ends].sum())
        away = mdp.discount * (occupied.ravel() @ mdp.matrix_at(t))
    return reached + float(away[event].sum())


def believed_endings(solution: Any) -> FloatArray:
    """p(s_t, a_t, ending k | O=1), shape (T, K), of a network as it was unrolled; the formula is in `endings`.

    Of an exact posterior, saved or not.
    """
    mdp, found = solution.mdp, solution.mdp.endings
    if not solution.as_unrolled:
        raise InvalidArgument(
            "the states in which a changed network ends are not known",
            allowed="a network as unroll(mdp, horizon) made it",
            remedy=f"ask for {TERMINAL!r}, or change the process and unroll it",
        )
    if found is None:
        return np.zeros((solution.horizon, 0))
    after = np.asarray(solution.log_backward.sel(s=TERMINAL))[1:, None]
    pairs = np.asarray(solution.log_backward_action)[:, found.state, found.action]
    joint = np.asarray(solution.state_action_marginals)[:, found.state, found.action]
    shifted = (found.reward - solution.reward_shift[: solution.horizon, None]) / solution.temperatures[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(mdp.discount * found.probability) + shifted + after - pairs
        return np.asarray(np.where(joint > 0, joint * np.exp(logs), 0.0))


def belief_and_reality(solution: Any) -> tuple[FloatArray, FloatArray]:
    """The solution's state marginals, and those of its policy under the true dynamics: [t, s] each.

    Mass that has ended lies at the states that it entered rather than in "terminal". Of a changed network, and of
    distributions that are neither exact posteriors nor those of a policy, it stays in "terminal".

    Raises
    ------
    UndefinedConditional
        If, in the true world, a state is reached from which optimality is impossible.
    """
    mdp = solution.mdp
    real = np.asarray(evaluate(mdp, solution.policy).state_marginals)
    policy = np.nan_to_num(np.asarray(solution.policy))
    mass = ending_mass(mdp, mdp.endings, real[:-1, :, None] * policy)
    placed, belief = _placed(mdp, real, mass, mdp.discount), np.asarray(solution.state_marginals)
    going = [k for k, label in enumerate(mdp.states) if label != TERMINAL]
    if solution.inference != "posterior" and np.allclose(belief[:, going], real[:, going], rtol=0, atol=1e-12):
        return _placed(mdp, belief, mass), placed
    return placed_belief(solution), placed


def placed_belief(solution: Any) -> FloatArray:
    """p(s_t | O=1) with the mass that has ended at the states that it entered, where the solution has them."""
    marginals = np.asarray(solution.state_marginals)
    if solution.inference != "posterior" or not solution.as_unrolled:
        return marginals
    return _placed(solution.mdp, marginals, believed_endings(solution))


def _placed(mdp: MDP, marginals: FloatArray, mass: FloatArray, going_on: float = 1.0) -> FloatArray:
    if mdp.endings is None:
        return marginals
    ended = mdp.endings.cumulated(mass, mdp.n_states, going_on)
    placed, k = marginals + ended, mdp.states.index_of[TERMINAL]
    placed[:, k] = np.maximum(placed[:, k] - ended.sum(axis=1), 0.0)
    placed[placed[:, k] < 1e-12, k] = 0.0  # what rounding leaves
    return np.asarray(placed)


def _ends(mdp: MDP, event: Sequence[int]) -> BoolArray:
    """The endings that enter the event; none where what has ended belongs to the event anyhow."""
    if mdp.endings is None or mdp.states.index_of[TERMINAL] in event:
        return np.zeros(0 if mdp.endings is None else len(mdp.endings), dtype=bool)
    return np.isin(mdp.endings.entered, event)


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
