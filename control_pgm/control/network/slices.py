"""The numbers of one slice of the control network: P(s'|s,a), p(a|s) and log p(O=1|s,a[,s']).

Discount is termination *after* the reward (Levine 2018): with probability 1 − gamma the process ends in an absorbing
state of reward 0, having collected r(s,a,s') for the s' that it would have reached. In that state s' is forgotten, so
the optimality of a terminated step is the mixture

    p(O=1 | s, a, terminal) = sum_s' P(s'|s,a) p(O=1 | s, a, s').
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control_pgm.control.mdp.dynamics import Dynamics
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.termination import Ending, with_terminal
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled


@dataclass(frozen=True, eq=False)
class Stage(Restored):
    """What one step is made of: that of the process, or of a network in which it was replaced.

    Attributes
    ----------
    dynamics : P(s'|s,a) without discount, over the states of the process.
    rewards : of this step, over pairs or as values on outcomes of the dynamics.
    prior : array [s,a] over the states of the network.
    goes_on : the share of P that discount leaves to go on, gamma; or an array [s,a] where it was replaced.
    ending : how discount ends the step; None if it does not.
    transition : the table p(s'|s,a) of the network.
    """

    dynamics: Dynamics
    rewards: Rewards
    prior: FloatArray
    goes_on: float | FloatArray
    ending: Ending | None
    transition: Scaled

    @property
    def appends(self) -> bool:
        """Whether discount has appended a terminal state, as the last one."""
        return self.ending is not None and self.ending.own is None

    @property
    def support(self) -> BoolArray:
        """What can happen in the states of the process: pairs (s,a), or values on outcomes where rewards are."""
        allowed = (self.prior[:-1] if self.appends else self.prior) > 0
        return self.dynamics.support(allowed) if self.rewards.on_outcome else allowed


@dataclass(frozen=True, eq=False)
class Slice(Restored):
    """One step of the network, terminated by discount where there is one."""

    dynamics: Dynamics
    prior: FloatArray  # [s,a], normalised
    log_optimality: FloatArray  # [s,a], or values on outcomes of the dynamics
    on_outcome: bool
    shift: float  # c_t


def stage_of(mdp: MDP, t: int, prior: FloatArray) -> Stage:
    """Step t of a process under an action prior of shape (S, A)."""
    ending = mdp.template.ending(t)
    transition = mdp.template.transition(t).scaled
    prior = with_terminal(prior) if ending is not None and ending.own is None else prior
    return Stage(mdp.dynamics_at(t), mdp.reward_table.at(t), prior, mdp.discount, ending, transition)


def make_slice(stage: Stage, temperature: float, *, least: float = -np.inf) -> Slice:
    """The slice of a step; its shift c_t is ``least`` at least."""
    rewards, support = stage.rewards, stage.support
    top = rewards.maximum(support)
    shift = max(top, 0.0) if stage.appends else top
    shift = max(0.0 if shift == -np.inf else shift, least)
    log_optimality = rewards.log_optimality(support, shift, temperature)
    plain = Slice(stage.dynamics, stage.prior, log_optimality, rewards.on_outcome, shift)
    return plain if stage.ending is None else _terminated(plain, stage.ending, stage.goes_on, temperature)


def _terminated(plain: Slice, ending: Ending, goes_on: float | FloatArray, temperature: float) -> Slice:
    """The slice with the mass 1 − gamma of every transition moved to the terminal state, rewards collected."""
    own, after = ending.own, ending.dynamics
    pairs = _mixture(plain, goes_on, own) if plain.on_outcome else plain.log_optimality
    if own is None:
        at_zero = np.where(plain.prior[-1] > 0, -plain.shift / temperature, -np.inf)
        pairs = np.vstack([pairs, at_zero])
    if not plain.on_outcome:
        return Slice(after, plain.prior, pairs, False, plain.shift)
    if own is not None:
        pairs[own] = plain.dynamics.column(plain.log_optimality, own)[own]
    carried = plain.dynamics.carried(plain.log_optimality, after)
    log_optimality = after.with_column(carried, len(pairs) - 1 if own is None else own, pairs)
    return Slice(after, plain.prior, log_optimality, True, plain.shift)


def _mixture(plain: Slice, goes_on: float | FloatArray, own: int | None) -> FloatArray:
    """log p(O=1 | s, a, terminal) for every (s, a): a mixture of what would have been reached, terminal itself too.

    The mixture is a log-sum-exp over s': relative to each row's own maximum nothing that counts underflows.
    """
    dynamics = plain.dynamics
    top = dynamics.maxima(plain.log_optimality)
    top = np.where(np.isneginf(top), 0.0, top)
    joint = dynamics.probabilities * np.exp(plain.log_optimality - dynamics.spread(top))
    mass, total = np.full(top.shape, 1.0 - goes_on), (1.0 - goes_on) * dynamics.sums(joint)
    if own is not None:
        mass += goes_on * dynamics.column(dynamics.probabilities, own)
        total += goes_on * dynamics.column(joint, own)
    share = np.divide(total, mass, out=np.zeros(top.shape), where=mass > 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(np.log(share) + top, 0.0))
