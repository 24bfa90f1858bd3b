"""Outcomes that end a process, with the state that each of them enters.

Environments end an episode when a cell is entered. The process goes on in one absorbing state, "terminal", whatever was
entered; what is kept here says which share of that mass entered which state. An ending k of (s, a) has probability p_k
and reward r_k, so that the exact posterior weighs it by

    p(s_t, a_t, ending k | O)
        = p(s_t, a_t | O) · gamma p_k exp((r_k − c_t)/alpha_t) beta_{t+1}(terminal) / beta_t(s_t, a_t).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.control.arguments import as_float
from control_pgm.control.mdp.checks import index
from control_pgm.control.mdp.process_tables import ProcessTables
from control_pgm.control.mdp.sources.from_outcomes import Outcome
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray, IntArray, lock
from control_pgm.tables.probabilities import ROW_TOLERANCE


@dataclass(frozen=True, eq=False)
class Endings:
    """Endings k of a process.

    Attributes
    ----------
    state, action, entered : indices of s, a and of the state entered, shape (K,).
    probability : of the ending given (s, a), shape (K,).
    reward : paid on entering, shape (K,).
    """

    state: IntArray
    action: IntArray
    entered: IntArray
    probability: FloatArray
    reward: FloatArray

    @classmethod
    def frozen(cls, *columns: NDArray[Any]) -> Endings:
        """From the columns in the order of the attributes, copied."""
        copies: list[Any] = [
            np.array(column, dtype=np.int64 if k < 3 else np.float64) for k, column in enumerate(columns)
        ]
        for column in copies:
            column.setflags(write=False)
        return cls(*copies)

    def __len__(self) -> int:
        return len(self.state)

    def cumulated(self, mass: FloatArray, n: int, going_on: float = 1.0) -> FloatArray:
        """The mass [t, k] of every ending at step t as mass [t, s] that has ended by t, by the state entered.

        ``going_on``: the share of it that is still counted a step later, where discount takes mass away.
        """
        total = np.zeros((len(mass) + 1, n))
        for t, row in enumerate(mass):
            total[t + 1] = going_on * total[t] + np.bincount(self.entered, row, n)
        return total


def checked(outcomes: Iterable[Outcome] | Endings, mdp: ProcessTables) -> Endings:
    """The endings of a process, which lead to its absorbing state "terminal".

    Raises
    ------
    InvalidModel
        If the process has no such state, varies with time, or leads there with a smaller probability; names s and a.
    """
    found = outcomes if isinstance(outcomes, Endings) else _gathered(outcomes, mdp)
    if TERMINAL not in mdp.states.index_of or mdp.table.ndim == 4:
        raise InvalidModel(
            "endings of a process without an absorbing state 'terminal', or whose dynamics vary with time",
            remedy="leave endings out",
        )
    total = np.bincount(found.state * mdp.n_actions + found.action, found.probability, mdp.n_states * mdp.n_actions)
    column = mdp.matrix_at(0)[:, [mdp.states.index_of[TERMINAL]]]
    allowed = np.asarray(column.toarray() if mdp.sparse else column).ravel()
    for pair in np.flatnonzero(total > allowed + ROW_TOLERANCE)[:1]:
        s, a = divmod(int(pair), mdp.n_actions)
        raise InvalidModel(
            f"endings of s={mdp.states[s]!r}, a={mdp.actions[a]!r} have probability {total[pair]:.12g}",
            allowed=f"at most P(terminal | s, a) = {allowed[pair]:.12g}",
        )
    return found


def _gathered(outcomes: Iterable[Outcome], mdp: ProcessTables) -> Endings:
    mass: dict[tuple[int, int, int, float], float] = {}
    for k, (s, a, p, entered, r) in enumerate(outcomes):
        where = (
            index(mdp.states, s, f"ending {k}: state"),
            index(mdp.actions, a, f"ending {k}: action"),
            index(mdp.states, entered, f"ending {k}: state entered"),
        )
        probability, paid = as_float(p), as_float(r)
        if not 0.0 <= probability <= 1.0 + ROW_TOLERANCE or not paid < np.inf:
            raise InvalidModel(
                f"ending {k} has probability {p!r} and reward {r!r}", allowed="0 to 1, and a number below +inf"
            )
        mass[*where, paid] = mass.get((*where, paid), 0.0) + probability
    keys = sorted(mass)
    places = np.array([key[:3] for key in keys], dtype=np.int64).reshape(-1, 3)
    return Endings.frozen(*places.T, np.array([mass[key] for key in keys]), np.array([key[3] for key in keys]))


def repaid(mdp: ProcessTables, found: Endings | None) -> Endings | None:
    """The endings of a process whose rewards were exchanged: each pays what (s, a, "terminal") pays.

    None where that is several rewards: which of them belongs to which ending is then unknown.
    """
    if found is None or mdp.reward_table.weights is not None or mdp.time_steps:
        return None
    rewards = mdp.reward_table
    values = rewards.values[0]
    if not rewards.on_outcome:
        return replace(found, reward=lock(values[found.state, found.action]))
    if not rewards.listed:
        return replace(found, reward=lock(values[found.state, found.action, mdp.states.index_of[TERMINAL]]))
    places = mdp.table.copy()
    places.data = np.arange(1.0, len(places.data) + 1)
    rows = found.state * mdp.n_actions + found.action
    column = places[:, [mdp.states.index_of[TERMINAL]]].toarray().ravel()
    return replace(found, reward=lock(values[column[rows].astype(np.int64) - 1]))


def entered_only(mdp: ProcessTables, found: Endings | None) -> dict[int, FloatArray]:
    """The states that are entered by endings alone -> the rewards paid on entering them."""
    if found is None:
        return {}
    matrix: Any = mdp.matrix_at(0)
    rows, columns = matrix.nonzero()
    others = np.zeros(mdp.n_states, dtype=bool)
    others[columns[rows // mdp.n_actions != columns]] = True
    others |= mdp.initial > 0
    reached = found.entered[(found.probability > 0) & (found.state != found.entered)]
    return {
        int(k): found.reward[(found.entered == k) & (found.state != k) & (found.probability > 0)]
        for k in np.unique(reached)
        if not others[k]
    }


def ending_mass(mdp: ProcessTables, found: Endings | None, occupied: FloatArray) -> FloatArray:
    """The probability [t, k] of every ending at step t under the true dynamics, of a policy that occupies [t, s, a]."""
    if found is None:
        return np.zeros((len(occupied), 0))
    return np.asarray(mdp.discount * occupied[:, found.state, found.action] * found.probability)
