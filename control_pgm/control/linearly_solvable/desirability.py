"""The answer about a linearly solvable decision process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.linearly_solvable.process import LinearlySolvable
from control_pgm.control.mdp.checks import fits_dense, step
from control_pgm.control.saving import Savable
from control_pgm.control.solutions.labelled_results import LabelledResults
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray


@dataclass(frozen=True, eq=False, repr=False)
class DesirabilitySolution(Savable, LabelledResults):
    """Values and controlled dynamics; made by `solve_linearly_solvable`.

    Attributes
    ----------
    problem : LinearlySolvable
    objective : str
        "first-exit", "finite", "discounted" or "average".
    temperature : float
        alpha, in units of reward.
    V : LabelledArray [s], or [t, s] with T+1 rows for "finite"
        alpha log z, in units of reward; −inf where nothing allowed leads on. For "average" relative to the rate.
    rates : LabelledArray [s] or None
        The average reward of a step from each state, control costs deducted, in units of reward.
    matrices : tuple of CSR matrices
        u(s'|s): one, or T for "finite". Rows of states of value −inf are zero.
    error_bound : float
        Proved: no entry of V ("average": of rates) is further from the exact one, in units of reward.
    iterations : int
    """

    problem: LinearlySolvable
    objective: str
    temperature: float
    V: LabelledArray
    rates: LabelledArray | None
    matrices: tuple[Any, ...]
    error_bound: float
    iterations: int

    @property
    def log_desirability(self) -> FloatArray:
        """log z = V/alpha, in nats."""
        return np.asarray(self.V.values / self.temperature)

    def controlled(self, t: int | None = None) -> LabelledArray:
        """u(s'|s), axes s, s'; NaN in rows of states of value −inf. ``t`` is for a finite horizon.

        Raises
        ------
        InvalidArgument
            If ``t`` is missing for a finite horizon, out of range, or given without one.
        """
        if self.objective != "finite":
            if t is not None:
                raise InvalidArgument(f"t={t!r} with objective={self.objective!r}", remedy="leave it out")
            t = 0
        else:
            t = step(t, len(self.matrices))
        states = self.problem.states
        fits_dense(len(states), 1)
        matrix = self.matrices[t]
        dense = np.where(matrix.sum(axis=1)[:, None] > 0, matrix.toarray(), np.nan)
        return LabelledArray(lock(dense), ("s", "s'"), {"s": states, "s'": states})

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {"V": self.V} | ({} if self.rates is None else {"rates": self.rates})

    def _rows(self) -> list[list[str]]:
        rows = [
            ["objective", self.objective],
            ["states", str(self.problem.n_states)],
            ["temperature", number(self.temperature)],
            ["iterations", str(self.iterations)],
            ["error bound", number(self.error_bound)],
        ]
        return rows if self.rates is None else [*rows, ["largest average reward", number(self.rates.values.max(), 8)]]

    def __str__(self) -> str:
        return text_table(["linearly solvable process", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["linearly solvable process", ""], self._rows())

    def __repr__(self) -> str:
        return f"DesirabilitySolution({self.problem!r}, objective={self.objective!r})"
