"""Action priors p(a|s): given, uniform over the available actions, or counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_numbers
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.termination import terminal_state
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.probabilities import MOST, first_miss


@dataclass(frozen=True, eq=False)
class Prior(Restored):
    """p(a|s), one table or one per step.

    Attributes
    ----------
    table : shape (S, A) or (T, S, A), normalised over a.
    uniform : whether it is uniform over the available actions.
    counted : shape (S, A), what the actions weigh where they are counted, each available one as one; else None.
    """

    table: FloatArray
    uniform: bool
    counted: FloatArray | None = None

    @property
    def counting(self) -> bool:
        """Whether every available action weighs one instead of 1/|A(s)|."""
        return self.counted is not None

    @property
    def given(self) -> FloatArray | str | None:
        """As `unroll` takes it."""
        return "counting" if self.counting else None if self.uniform else self.table

    @property
    def measure(self) -> FloatArray:
        """What the actions weigh, shape (S, A) or (T, S, A)."""
        return self.table if self.counted is None else self.counted

    def measure_at(self, t: int) -> FloatArray:
        """What the actions of step t weigh, shape (S, A)."""
        return self.at(t) if self.counted is None else self.counted

    @property
    def varying(self) -> bool:
        """Whether it depends on time."""
        return self.table.ndim == 3

    def at(self, t: int) -> FloatArray:
        """The table of step t, shape (S, A)."""
        return self.table[t] if self.varying else self.table


def parse_prior(mdp: MDP, prior: Any, horizon: int) -> Prior:
    """The prior from None, "counting", or an array (A,), (S, A) or (T, S, A)."""
    n, m = mdp.n_states, mdp.n_actions
    uniform = mdp.uniform_prior
    if prior is None:
        return Prior(uniform, uniform=True)
    if isinstance(prior, str):
        if prior != "counting":
            raise InvalidArgument(f"action_prior {prior!r}", allowed="None (uniform), 'counting', or an array")
        return Prior(uniform, uniform=True, counted=_counted(mdp, uniform))
    table = as_numbers(prior, "action_prior", InvalidArgument, remedy="None is uniform, 'counting' weighs each by one")
    if table.shape not in ((m,), (n, m), (horizon, n, m)):
        raise InvalidArgument(
            f"action_prior has shape {table.shape}", allowed=f"({m},), ({n}, {m}) or ({horizon}, {n}, {m})"
        )
    if table.ndim == 1:
        table = lock(np.broadcast_to(table, (n, m)).copy())
    _check(mdp, table, prior)
    sums = table.sum(axis=-1, keepdims=True)
    table = table if (sums == 1.0).all() else lock(table / sums)
    same = bool(np.abs(table - uniform).max() == 0.0)
    return Prior(table, uniform=same)


def _counted(mdp: MDP, uniform: FloatArray) -> FloatArray:
    """1 for every available action; a process that discount has ended acts no more, and its state counts once."""
    counted = (uniform > 0).astype(np.float64)
    ended = terminal_state(mdp) if mdp.discount < 1.0 else None
    if ended is not None:
        counted[ended] = uniform[ended]
    return lock(counted)


def _check(mdp: MDP, table: FloatArray, given: Any) -> None:
    def where(at: Any) -> str:
        time = [f"t={at[0]}"] if table.ndim == 3 else []
        names = [f"s={mdp.states[at[len(time)]]!r}"]
        names += [f"a={mdp.actions[at[len(time) + 1]]!r}"] if len(at) > len(time) + 1 else []
        return ", ".join(time + names)

    bad = ~((table >= 0) & (table <= 1 + MOST))
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        raise InvalidArgument(f"action_prior is {table[at]} at {where(at)}", allowed="probabilities")
    if miss := first_miss(table.sum(axis=-1), given, lambda: (table > 0).sum(axis=-1)):
        raise InvalidArgument(
            f"action_prior sums to {miss.total:.12g} over a at {where(miss.at)}",
            allowed=miss.allowed,
            remedy=miss.remedy(),
        )
    forbidden = (table > 0) & ~mdp.available
    if forbidden.any():
        at = tuple(np.argwhere(forbidden)[0])
        raise InvalidArgument(
            f"action_prior is {table[at]:g} at {where(at)}, which is not available",
            allowed="0",
            remedy="give a prior of shape (S, A) that is zero there, or None for uniform over the available actions",
        )
