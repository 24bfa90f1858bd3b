"""Reward terms of a control model: tables over any scope of a step, each with an optimality node of its own.

    p(O_t^k = 1 | scope) = exp((r_k(scope) − c_k)/alpha),    c_k the largest value of r_k

so that sum_k r_k, over all terms and steps, is what a trajectory is paid (Levine 2018, section 2.2, term by term).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.variable import Variable


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Reward(Restored):
    """A reward term.

    Parameters
    ----------
    name : str
        Its optimality nodes are O_name_0, O_name_1, …; with the name "" they are O_0, O_1, ….
    scope : iterable of str
        The variables of the step that it depends on, without times; a prime marks the next slice.
    table : array_like, shape (*scope), or (T, *scope) with ``varying``
        Rewards; −inf forbids.
    varying : bool
        Whether the first axis runs over the steps.

    Raises
    ------
    InvalidModel
        If the table holds NaN or +inf, or has another number of axes.

    Examples
    --------
    >>> Reward("fuel", ["u"], [0.0, -1.0])
    Reward('fuel' over u)
    """

    name: str
    scope: tuple[str, ...]
    table: FloatArray
    varying: bool

    def __init__(self, name: str, scope: Iterable[str], table: ArrayLike, *, varying: bool = False) -> None:
        names = (scope,) if isinstance(scope, str) else tuple(scope)
        if not isinstance(name, str) or not all(isinstance(v, str) for v in names):
            raise InvalidModel(f"Reward({name!r}, {names!r}, …)", allowed="a name, and a list of names of variables")
        values = np.array(table, dtype=np.float64)
        if values.ndim != len(names) + varying:
            raise InvalidModel(
                f"the table of reward {name!r} has {values.ndim} axes",
                allowed=f"{len(names) + varying}: {'the step, then ' if varying else ''}{', '.join(names) or 'none'}",
            )
        if np.isnan(values).any() or (values == np.inf).any():
            raise InvalidModel(
                f"the table of reward {name!r} holds NaN or +inf",
                allowed="finite numbers, and −inf for what is forbidden",
            )
        for field, value in (("name", name), ("scope", names), ("table", lock(values)), ("varying", varying)):
            object.__setattr__(self, field, value)

    @property
    def node(self) -> str:
        """The name of its optimality nodes, without time."""
        return f"O_{self.name}" if self.name else "O"

    @property
    def largest(self) -> FloatArray:
        """c, shape (), or (T,) where it varies; 0 where everything is forbidden."""
        axes = tuple(range(int(self.varying), self.table.ndim))
        top = self.table.max(axis=axes, initial=-np.inf)
        return np.where(np.isneginf(top), 0.0, top)

    def optimality(self, temperature: float, t: int | None = None) -> Scaled:
        """p(O | scope) over (0, 1) along a new last axis, of step t where it varies."""
        shift = self.largest
        values = self.table if t is None else self.table[t]
        logs = np.minimum((values - (shift if t is None else shift[t])) / temperature, 0.0)
        both = np.empty((*logs.shape, 2))
        both[..., 1] = logs
        with np.errstate(divide="ignore"):
            np.log(-np.expm1(logs), out=both[..., 0])  # 1 − p keeps its digits where p is near one
        return Scaled.from_log(lock(both))

    def check(self, variables: tuple[Variable, ...], steps: int | None = None) -> None:
        """Refuse a table that does not fit its variables, or the number of steps.

        Raises
        ------
        InvalidModel
        """
        shape = tuple([v.cardinality for v in variables])
        own = self.table.shape[1:] if self.varying else self.table.shape
        if own != shape:
            raise InvalidModel(
                f"the table of reward {self.name!r} has shape {own} over {', '.join(self.scope)}", allowed=str(shape)
            )
        if steps is not None and self.varying and len(self.table) != steps:
            raise InvalidModel(
                f"the table of reward {self.name!r} has {len(self.table)} steps", allowed=f"{steps}, the horizon"
            )

    def __repr__(self) -> str:
        return f"Reward({self.name!r} over {', '.join(self.scope) or 'nothing'})"


def constraint(name: str, scope: Iterable[str], allowed: Any) -> Reward:
    """A hard constraint: what is not allowed has the reward −inf, everything else 0.

    Parameters
    ----------
    name, scope
        As for `Reward`.
    allowed : array_like of bool, shape (*scope)

    Examples
    --------
    >>> constraint("fence", ["x"], [True, False]).table.tolist()
    [0.0, -inf]
    """
    return Reward(name, scope, np.where(np.asarray(allowed, dtype=bool), 0.0, -np.inf))
