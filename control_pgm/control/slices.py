"""The numbers of one slice of the control network: P(s'|s,a), p(a|s) and log p(O=1|s,a[,s']).

Discount is termination *after* the reward (Levine 2018): with probability 1 − gamma the process ends in an absorbing
state of reward 0, having collected r(s,a,s') for the s' that it would have reached. In that state s' is forgotten, so
the optimality of a terminated step is the mixture

    p(O=1 | s, a, terminal) = sum_s' P(s'|s,a) p(O=1 | s, a, s').
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from control_pgm.control.dynamics import Dynamics
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray

if TYPE_CHECKING:
    from control_pgm.control.mdp import MDP

TERMINAL = "terminal"


@dataclass(frozen=True, eq=False)
class Slice:
    """One step of the network, terminated by discount where there is one."""

    dynamics: Dynamics
    prior: FloatArray  # [s,a], normalised
    log_optimality: FloatArray  # [s,a], or values on outcomes of the dynamics
    on_outcome: bool
    shift: float  # c_t


@dataclass(frozen=True, eq=False)
class Ending:
    """How discount ends a step.

    Attributes
    ----------
    dynamics : the dynamics with the mass that discount moves to the terminal state.
    own : the terminal state, if the process has it already; None if it is appended as the last one.
    """

    dynamics: Dynamics
    own: int | None


def terminal_state(mdp: MDP) -> int | None:
    """The index of an absorbing state "terminal" of reward 0 that the process has already.

    Raises
    ------
    InvalidModel
        If the label is taken by a state that is not absorbing with reward 0.
    """
    k = mdp.states.index_of.get(TERMINAL)
    if k is None:
        return None
    paid = mdp.terminal_reward is not None and mdp.terminal_reward[k] != 0.0
    for t in range(mdp.time_steps or 1):
        dynamics, rewards = mdp.dynamics_at(t), mdp.reward_table.at(t)
        stays = dynamics.of_state(dynamics.probabilities, k) == 1.0
        values = dynamics.of_state(rewards.values, k) if rewards.on_outcome else rewards.values[:, k]
        if paid or not (stays.all() and (values == 0.0).all() and mdp.available[k].all()):
            raise InvalidModel(
                f"discount {mdp.discount:g} needs an absorbing state, but the state {TERMINAL!r} is not absorbing "
                "with reward 0 under every action and at the end",
                remedy="rename it",
            )
    return k


def make_slice(mdp: MDP, t: int, prior: FloatArray, temperature: float, ending: Ending | None) -> Slice:
    """The slice of step t under an action prior of shape (S, A); ``ending`` is given if there is discount."""
    dynamics, rewards = mdp.dynamics_at(t), mdp.reward_table.at(t)
    support = dynamics.support(prior > 0) if rewards.on_outcome else prior > 0
    top = rewards.maximum(support)
    shift = max(top, 0.0) if ending is not None and ending.own is None else top
    shift = 0.0 if shift == -np.inf else shift
    log_optimality = rewards.log_optimality(support, shift, temperature)
    plain = Slice(dynamics, prior, log_optimality, rewards.on_outcome, shift)
    return plain if ending is None else _terminated(plain, ending, mdp.discount, temperature)


def _terminated(plain: Slice, ending: Ending, discount: float, temperature: float) -> Slice:
    """The slice with the mass 1 − discount of every transition moved to the terminal state, rewards collected."""
    prior, own, after = plain.prior, ending.own, ending.dynamics
    pairs = _mixture(plain, discount, own) if plain.on_outcome else plain.log_optimality
    if own is None:
        prior = _with_terminal(prior)
        at_zero = np.where(prior[-1] > 0, -plain.shift / temperature, -np.inf)
        pairs = np.vstack([pairs, at_zero])
    if not plain.on_outcome:
        return Slice(after, prior, pairs, False, plain.shift)
    if own is not None:
        pairs[own] = plain.dynamics.column(plain.log_optimality, own)[own]
    carried = plain.dynamics.carried(plain.log_optimality, after)
    log_optimality = after.with_column(carried, len(pairs) - 1 if own is None else own, pairs)
    return Slice(after, prior, log_optimality, True, plain.shift)


def _with_terminal(prior: FloatArray) -> FloatArray:
    """The prior with a row for the appended state, which has all actions.

    If the prior does not look at the state it must not begin to, else the edge s → a would appear.
    """
    row = prior[0] if (prior == prior[0]).all() else np.full(prior.shape[1], 1.0 / prior.shape[1])
    return np.vstack([prior, row])


def _mixture(plain: Slice, discount: float, own: int | None) -> FloatArray:
    """log p(O=1 | s, a, terminal) for every (s, a): a mixture of what would have been reached, terminal itself too.

    The mixture is a log-sum-exp over s': relative to each row's own maximum nothing that counts underflows.
    """
    dynamics = plain.dynamics
    top = dynamics.maxima(plain.log_optimality)
    top = np.where(np.isneginf(top), 0.0, top)
    joint = dynamics.probabilities * np.exp(plain.log_optimality - dynamics.spread(top))
    mass, total = np.full(top.shape, 1.0 - discount), (1.0 - discount) * dynamics.sums(joint)
    if own is not None:
        mass += discount * dynamics.column(dynamics.probabilities, own)
        total += discount * dynamics.column(joint, own)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(np.log(total / mass) + top, 0.0))
