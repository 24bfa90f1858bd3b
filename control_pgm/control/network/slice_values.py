"""The values of one slice for any type of inference: r_t(s,a[,s']) over the states of the control network.

The network's own tables hold log p(O_t=1|·), which for several rewards of one outcome, and for an outcome that discount
has ended, are mixtures made for exact inference. Here the operator over states makes them: with exact inference the
same mixture, else the expectation of the rewards, the best r_k + alpha log w_k, or their exponential utility.
"""

from __future__ import annotations

from math import inf

import numpy as np

from control_pgm.control.mdp.dynamics import DenseDynamics, Dynamics
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.slices import Stage
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.operators import Operator, phi, phi_over
from control_pgm.tables.sparse.array import SparseArray, Table


def slice_values(network: ControlNetwork, t: int, operator: Operator, scale: float) -> Table:
    """What step t pays, over (s, a), or (s, a, s') if rewards depend on the outcome.

    Parameters
    ----------
    network : ControlNetwork
    t : int
    operator : Operator
        That of the states, which decides what several rewards of an outcome come to.
    scale : float
        Units of reward in one unit of value; the operator's weight is in units of value.

    Returns
    -------
    array or SparseArray
        −inf for what is forbidden, impossible, or an action of prior zero. Rewards on outcomes of a sparse process are
        listed like the non-zeros of the network's transition.
    """
    stage = network.stage(t)
    values = _one_each(stage.rewards, stage.support, operator, scale)
    if not stage.rewards.on_outcome:
        return lock(_with_terminal(values) if stage.appends else values)
    if stage.ending is not None:
        values = _ended(stage, values, operator)
    pattern = stage.transition.pattern if isinstance(stage.transition, SparseScaled) else None
    return lock(values) if pattern is None else SparseArray(pattern, values, -inf)


def terminal_values(mdp: MDP, scale: float) -> FloatArray:
    """What the last state pays, over the states of the network; units as in `slice_values`."""
    assert mdp.terminal_reward is not None
    extra = len(mdp.template.s.states) - mdp.n_states
    return lock(np.append(mdp.terminal_reward, np.zeros(extra)) / scale)


def _one_each(rewards: Rewards, support: BoolArray, operator: Operator, scale: float) -> FloatArray:
    """One value in place of several rewards; −inf outside the support."""
    used = rewards.used(support)
    values = np.where(used, rewards.values, -inf) / scale
    if rewards.weights is None:
        return np.asarray(values[0])
    weights = np.where(used, rewards.weights, 0.0)
    mixed = phi(np.moveaxis(values, 0, -1), np.moveaxis(weights, 0, -1), operator.kappa, operator.weight)
    return np.where(support, mixed, -inf)


def _with_terminal(pairs: FloatArray) -> FloatArray:
    """Values over (s, a) with a row for the appended state, which pays nothing."""
    return np.vstack([pairs, np.zeros(pairs.shape[1])])


def _ended(stage: Stage, values: FloatArray, operator: Operator) -> FloatArray:
    """Values on outcomes of the network's dynamics: what is ended by discount has collected its reward.

    The terminal state forgets what would have been reached: whatever the operator, that is summed over, not chosen.
    """
    dynamics, ending = stage.dynamics, stage.ending
    assert ending is not None
    summing = Operator(operator.kappa, operator.kappa)
    ends = 1.0 - stage.goes_on
    shares = ends if isinstance(ends, float) else dynamics.spread(ends)
    weights = np.where(_reaches(dynamics, ending.own), 1.0, shares) * dynamics.probabilities
    mass = dynamics.spread(dynamics.sums(weights))
    shares = np.divide(weights, mass, out=np.zeros(weights.shape), where=mass > 0)
    pairs = phi_over(dynamics, values, shares, summing)
    if ending.own is None:
        pairs = _with_terminal(pairs)
    carried = dynamics.carried(values, ending.dynamics)
    return ending.dynamics.with_column(carried, len(pairs) - 1 if ending.own is None else ending.own, pairs)


def _reaches(dynamics: Dynamics, k: int | None) -> BoolArray:
    """Which outcomes lead to a state of the process, as values on outcomes up to broadcasting."""
    if isinstance(dynamics, DenseDynamics):
        return np.asarray(np.arange(len(dynamics.table)) == k)
    return np.asarray(dynamics.matrix.indices == (-1 if k is None else k))
