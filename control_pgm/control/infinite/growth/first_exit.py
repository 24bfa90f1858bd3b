"""First-exit problems x = M x inside, x given outside, in logarithms: what is collected until a set is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.numerics.fixed_point import FixedPoint, fixed_point
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class FirstExit:
    """v ← log(M e^v) inside a set of states, v outside: a `Map`, affine in e^v.

    Attributes
    ----------
    matrix : LogMatrix, square
    moving : bool array [state]
        The inside.
    given : array [state]
        log x outside.
    """

    matrix: LogMatrix
    moving: BoolArray
    given: FloatArray

    @property
    def start(self) -> FloatArray:
        """x = 0 inside: sweeps rise from there to the least solution, what is collected within ever more steps."""
        return np.where(self.moving, -np.inf, self.given)

    @property
    def terms(self) -> int:
        """The states that the longest sum is over."""
        return self.matrix.longest

    @property
    def settles(self) -> bool:
        """An infinite sum may seem to stand still: only a proof counts."""
        return False

    @property
    def trouble(self) -> str:
        """Why the sweeps may go on for ever, and what to do about it."""
        return (
            "raise max_iterations; if the values only grow, staying inside is worth more than leaving: lower the "
            "rewards there, or raise the temperature"
        )

    def sweep(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The new v, twice."""
        new = np.where(self.moving, self.matrix.times(v), self.given)
        return new, new

    def slope(self, v: FloatArray, q: FloatArray, new: FloatArray) -> Any:
        """The shares of next states."""
        return sparse.csr_array(self.matrix.shares(v))

    def unit(self, v: FloatArray, q: FloatArray) -> float:
        """Logarithms are in nats, as large as they are."""
        return 1.0

    def modulus(self, first: FloatArray) -> float:
        """Steps that cannot leave do not contract."""
        return 1.0


def first_exit(
    matrix: LogMatrix,
    inside: BoolArray,
    log_x: FloatArray,
    *,
    tolerance: float,
    max_iterations: int,
    newton: bool,
    report: Reporter = QUIET,
) -> FixedPoint:
    """log x everywhere; −inf inside where the outside cannot be reached. See `fixed_point`.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0]), np.array([0, 1]), np.log([0.5, 0.5]), (2, 2))
    >>> found = first_exit(matrix, np.array([True, False]), np.log([1.0, 3.0]), tolerance=1e-12,
    ...                    max_iterations=1000, newton=True)
    >>> np.exp(found.v).round(9).tolist()
    [3.0, 3.0]
    """
    problem = FirstExit(matrix, inside, log_x)
    return fixed_point(problem, tolerance=tolerance, max_iterations=max_iterations, newton=newton, report=report)
