"""Termination by discount (Levine 2018): the absorbing state of reward 0 in which a process ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from control_pgm.control.mdp.dynamics import Dynamics
from control_pgm.control.mdp.process_tables import ProcessTables
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray

TERMINAL = "terminal"


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


def terminal_state(process: ProcessTables) -> int | None:
    """The index of an absorbing state "terminal" of reward 0 that the process has already.

    Raises
    ------
    InvalidModel
        If the label is taken by a state that is not absorbing with reward 0.
    """
    k = process.states.index_of.get(TERMINAL)
    if k is None:
        return None
    paid = process.terminal_reward is not None and process.terminal_reward[k] != 0.0
    for t in range(process.time_steps or 1):
        dynamics, rewards = process.dynamics_at(t), process.reward_table.at(t)
        stays = dynamics.of_state(dynamics.probabilities, k) == 1.0
        values = dynamics.of_state(rewards.values, k) if rewards.on_outcome else rewards.values[:, k]
        if paid or not (stays.all() and (values == 0.0).all() and process.available[k].all()):
            raise InvalidModel(
                f"discount {process.discount:g} needs an absorbing state, but the state {TERMINAL!r} is not absorbing "
                "with reward 0 under every action and at the end",
                remedy="rename it",
            )
    return k


def with_terminal(prior: FloatArray) -> FloatArray:
    """The prior with a row for the appended state, which has all actions.

    If the prior does not depend on the state it must not begin to, else the edge s → a would appear.
    """
    row = prior[0] if (prior == prior[0]).all() else np.full(prior.shape[1], 1.0 / prior.shape[1])
    return np.vstack([prior, row])
