"""Policies and values as pictures read them: of solutions with and without a last step, saved ones, bare policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.policies.checks import read_policy
from control_pgm.control.policies.sources import opened, table_of
from control_pgm.errors import InvalidArgument, NotAvailable
from control_pgm.tables.arrays import FloatArray

_ALLOWED = (
    "a Solution, made by solve(mdp, horizon, …), solve_infinite or solve_average, a saved one, or its file; any policy "
    "together with mdp=…"
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A solution or a policy, read step by step; a stationary one is the same at every step.

    Attributes
    ----------
    source : object
        The solution. Its other quantities are read from here by the same names; a bare policy has none.
    mdp : MDP
    horizon : int
        T; of what is stationary over how many steps it is read.
    inference : str
        The type of inference, or "".
    stationary : bool
    policy : array [t, s, a]
    """

    source: Any
    mdp: MDP
    horizon: int
    inference: str
    stationary: bool

    @property
    def policy(self) -> FloatArray:
        """pi(a|s), axes t, s, a."""
        return self._over(self.source.policy, self.horizon)

    @property
    def V(self) -> FloatArray:
        """Values of states, T+1 rows."""
        return self._over(self.source.V, self.horizon + 1)

    @property
    def Q(self) -> FloatArray:
        """Values of actions, axes t, s, a."""
        return self._over(self.source.Q, self.horizon)

    @property
    def advantage(self) -> FloatArray:
        """Q − V, axes t, s, a."""
        return self._over(self.source.advantage, self.horizon)

    def at(self, t: int) -> str:
        """The step, in mathtext."""
        return "at every step" if self.stationary else f"at $t={t}$"

    def _over(self, array: Any, rows: int) -> FloatArray:
        table = np.asarray(array)
        return np.broadcast_to(table, (rows, *table.shape)) if self.stationary else table

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "source" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.source, name)


@dataclass(frozen=True, eq=False)
class _Bare:
    """A policy alone."""

    policy: FloatArray

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotAvailable(f"a policy alone has no {name}", remedy="pass the solution that it is of")


def shown(source: Any, function: str, mdp: MDP | None = None, horizon: int | None = None) -> Shown:
    """What a picture is given, ready to be read.

    Parameters
    ----------
    source : solution, saved solution, path of its file, or any policy
    function : str
        Which picture, for errors.
    mdp : MDP, optional
        The process of a bare policy.
    horizon : int, optional
        Over how many steps to read what is stationary; default 1.

    Raises
    ------
    InvalidArgument
        If there is nothing to draw, or no process to draw it on.
    """
    given = opened(source)
    own = getattr(given, "mdp", None)
    if hasattr(given, "inference") and isinstance(own, MDP):
        if mdp is not None:
            raise InvalidArgument(f"{function}(…, mdp=…) with a solution, which has its own", remedy="leave mdp out")
        stationary = not hasattr(given, "horizon") and np.ndim(given.policy) == 2
        steps = (horizon or 1) if stationary else len(given.policy) if not hasattr(given, "horizon") else given.horizon
        return Shown(given, own, int(steps), given.inference, stationary)
    if mdp is None:
        raise InvalidArgument(f"{function} draws no {type(source).__name__}", allowed=_ALLOWED)
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"mdp is a {type(mdp).__name__}", allowed="an MDP")
    stationary = np.ndim(table_of(mdp, given)) == 2
    policy = read_policy(mdp, given, (horizon or mdp.time_steps or 1) if stationary else None)
    return Shown(_Bare(policy.table[0] if stationary else policy.table), mdp, policy.horizon, "", stationary)


def shown_steps(source: Any, function: str) -> Shown:
    """The same for a picture of all steps: of a solution over a horizon.

    Raises
    ------
    InvalidArgument
        If it is of something without a last step.
    """
    found = shown(source, function)
    if found.stationary:
        raise InvalidArgument(
            f"{function} of a {type(found.source).__name__}, which has no last step",
            allowed="a solution over a horizon: solve(mdp, horizon, …)",
            remedy="plot_policy and plot_values draw it",
        )
    return found
