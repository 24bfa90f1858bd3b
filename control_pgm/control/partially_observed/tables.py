"""Tables of a partially observable process: those of the process, and probabilities of observations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_numbers
from control_pgm.control.mdp import checks as check
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.probabilities import exact, first_miss
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False, repr=False)
class ObservedTables(Restored):
    """The checked data of a `POMDP`, and the tables that follow from them.

    Attributes
    ----------
    mdp : MDP
        The same process with observed states: its values are upper bounds.
    observations : Labels
    observation : array [a,s',o]
    """

    mdp: MDP
    observations: Labels
    observation: FloatArray

    @property
    def states(self) -> Labels:
        """The labels of hidden states."""
        return self.mdp.states

    @property
    def actions(self) -> Labels:
        """The labels of actions."""
        return self.mdp.actions

    @property
    def transition(self) -> FloatArray:
        """P(s'|s,a), shape (S, A, S)."""
        return self.mdp.transition

    @property
    def reward(self) -> FloatArray:
        """The expected reward E[r | s, a], shape (S, A)."""
        return self.mdp.reward

    @property
    def initial(self) -> FloatArray:
        """The belief before the first action, shape (S,)."""
        return self.mdp.initial

    @property
    def discount(self) -> float:
        """Gamma."""
        return self.mdp.discount

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.states)

    @property
    def n_actions(self) -> int:
        """A."""
        return len(self.actions)

    @property
    def n_observations(self) -> int:
        """O."""
        return len(self.observations)

    @cached_property
    def joint(self) -> FloatArray:
        """P(o, s'|s,a) = P(s'|s,a) P(o|a,s'), shape (A, O, S, S'): the kernel of filter and backup."""
        kernel = self.transition.transpose(1, 0, 2)[:, None] * self.observation.transpose(0, 2, 1)[:, :, None, :]
        return lock(np.ascontiguousarray(kernel))

    def belief(self, given: Any = None) -> FloatArray:
        """A belief as probabilities of the states.

        Parameters
        ----------
        given : array_like, mapping {label: p}, or state label, optional
            Default: the initial belief.

        Raises
        ------
        InvalidModel
            If these are no probabilities of the states; names the state.
        UnknownName
            On a label that is no state.
        """
        return self.initial if given is None else check.distribution(given, self.states, "belief")


def observation_table(observation: Any, mdp: MDP) -> FloatArray:
    """The table [a,s',o] of what was given, possibly without the axis of actions."""
    table = as_numbers(observation, "the observation table")
    n, m = mdp.n_states, mdp.n_actions
    if table.ndim == 2 and table.shape[0] == n and table.size:
        table = np.broadcast_to(table, (m, *table.shape))
    if table.ndim != 3 or table.shape[:2] != (m, n) or not table.size:
        raise InvalidModel(
            f"the observation table has shape {table.shape}",
            allowed=f"({m}, {n}, O), axes a, s', o; or ({n}, O) where it is the same after every action",
        )
    return table


def observation_rows(table: FloatArray, mdp: MDP, names: Labels, given: Any) -> FloatArray:
    """The table with rows that sum to one."""
    bad = ~((table >= 0) & (table < np.inf))
    if bad.any():
        a, s, o = np.argwhere(bad)[0]
        raise InvalidModel(
            f"P(o|a,s') is {table[a, s, o]} at a={mdp.actions[a]!r}, s'={mdp.states[s]!r}, o={names[o]!r}",
            allowed="numbers ≥ 0",
        )
    sums = table.sum(axis=-1)
    if miss := first_miss(sums, given, lambda: (table > 0).sum(axis=-1)):
        a, s = miss.at
        raise InvalidModel(
            f"P(o|a,s') sums to {miss.total:.12g} over o at a={mdp.actions[a]!r}, s'={mdp.states[s]!r}",
            allowed=miss.allowed,
            remedy=miss.remedy("the axes are a, s', o"),
        )
    return lock(np.array(table if exact(sums) else table / sums[..., None]))
