"""The numbers of one slice of the control network: P(s'|s,a), p(a|s) and log p(O=1|s,a[,s']).

Discount is termination *after* the reward (Levine 2018): with probability 1 − gamma the process ends in an absorbing
state of reward 0, having collected r(s,a,s') for the s' that it would have reached. In that state s' is forgotten, so
the optimality of a terminated step is the mixture

    p(O=1 | s, a, terminal) = sum_s' P(s'|s,a) p(O=1 | s, a, s').
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control_pgm.control.mdp import MDP
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray
from control_pgm.tables.variable import Labels

TERMINAL = "terminal"


@dataclass(frozen=True, eq=False)
class Slice:
    """One step of the network, terminated by discount where there is one."""

    transition: FloatArray  # [s,a,s']
    prior: FloatArray  # [s,a], normalised
    log_optimality: FloatArray  # [s,a] or [s,a,s']
    shift: float  # c_t


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
        stays = mdp.transition_at(t)[k, :, k] == 1.0
        values = mdp.rewards.at(t).values[:, k]
        values = values[..., k] if mdp.rewards.on_outcome else values
        if paid or not (stays.all() and (values == 0.0).all() and mdp.available[k].all()):
            raise InvalidModel(
                f"discount {mdp.discount:g} needs an absorbing state, but the state {TERMINAL!r} is not absorbing "
                "with reward 0 under every action and at the end",
                remedy="rename it",
            )
    return k


def state_labels(mdp: MDP) -> Labels:
    """The states of the network: with discount, "terminal" comes last unless the process has it."""
    if mdp.discount == 1.0 or terminal_state(mdp) is not None:
        return mdp.states
    return Labels((*mdp.states, TERMINAL))


def make_slice(mdp: MDP, t: int, prior: FloatArray, temperature: float, existing: int | None) -> Slice:
    """The slice of step t under an action prior of shape (S, A); ``existing`` is the process's own `terminal_state`."""
    transition, rewards = mdp.transition_at(t), mdp.rewards.at(t)
    possible: BoolArray = prior > 0
    support = possible[:, :, None] & (transition > 0) if rewards.on_outcome else possible
    appended = mdp.discount < 1.0 and existing is None
    top = rewards.maximum(support)
    shift = max(top, 0.0) if appended else top
    shift = 0.0 if shift == -np.inf else shift
    log_optimality = rewards.log_optimality(support, shift, temperature)
    if mdp.discount < 1.0:
        if appended:
            transition, prior, log_optimality = _append(transition, prior, log_optimality, -shift / temperature)
        k = len(transition) - 1 if existing is None else existing
        transition, log_optimality = _terminate(transition, log_optimality, mdp.discount, k)
    return Slice(transition, prior, log_optimality, shift)


def _append(
    transition: FloatArray, prior: FloatArray, log_optimality: FloatArray, at_zero: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add an absorbing state as the last one, with all actions. ``at_zero`` is log p(O=1) of its reward 0."""
    n, m = prior.shape
    larger = np.zeros((n + 1, m, n + 1))
    larger[:n, :, :n] = transition
    larger[n, :, n] = 1.0
    # If the prior does not look at the state it must not begin to, else the edge s → a would appear.
    row = prior[0] if (prior == prior[0]).all() else np.full(m, 1.0 / m)
    prior = np.vstack([prior, row])
    if log_optimality.ndim == 2:
        return larger, prior, np.vstack([log_optimality, np.where(row > 0, at_zero, -np.inf)])
    on_outcome = np.full((n + 1, m, n + 1), -np.inf)
    on_outcome[:n, :, :n] = log_optimality
    on_outcome[n, :, n] = np.where(row > 0, at_zero, -np.inf)
    return larger, prior, on_outcome


def _terminate(
    transition: FloatArray, log_optimality: FloatArray, discount: float, k: int
) -> tuple[FloatArray, FloatArray]:
    """Move the mass 1 − gamma of every transition to state k, rewards collected."""
    moved = discount * transition
    moved[:, :, k] += 1.0 - discount
    moved[k] = transition[k]
    if log_optimality.ndim == 2:
        return moved, log_optimality
    # The mixture is a log-sum-exp over s': relative to each row's own maximum nothing that counts underflows.
    top = log_optimality.max(axis=2, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    optimal = np.exp(log_optimality - top)
    reached = discount * transition[:, :, k] * optimal[:, :, k]
    ended = (1.0 - discount) * (transition * optimal).sum(axis=2)
    with np.errstate(divide="ignore"):
        mixture = np.log((reached + ended) / moved[:, :, k]) + top[:, :, 0]
    result = log_optimality.copy()
    result[:, :, k] = np.minimum(mixture, 0.0)
    result[k] = log_optimality[k]
    return moved, result
