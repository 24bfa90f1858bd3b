"""Ends of the trajectories of a class: inside it, or among states of slower growth after leaving it for good.

What comes after has a limit: among slower states sum_k lambda^{-(k+1)} M^k 1 = w with w = (1 + M w)/lambda, so that
ending in s weighs 1 + sum_{s' slower} M(s,s') w(s') instead of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.infinite.growth.first_exit import first_exit
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import BoolArray, FloatArray


def endings(
    matrix: LogMatrix,
    rates: FloatArray,
    leading: BoolArray,
    tolerance: float,
    max_iterations: int,
    newton: bool,
    report: Reporter = QUIET,
) -> FloatArray:
    """log(1 + sum_{s' slower} M(s,s') w(s')) for the states of leading classes, 0 for others.

    Parameters
    ----------
    matrix : LogMatrix, square
        M.
    rates : array [state]
        log lambda(s), the growth from each state.
    leading : bool array [state]
        The states whose own class grows at their rate.
    tolerance, max_iterations, newton, report
        As for `first_exit`.

    Examples
    --------
    A room that doubles, with a door to a room that does not: paths end inside, or outside after 0, 1, 2, … more steps.

    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.log([2.0, 3.0, 1.0]), (2, 2))
    >>> found = endings(matrix, np.log([2.0, 1.0]), np.array([True, True]), 1e-12, 100, True)
    >>> np.exp(found).round(9).tolist()
    [4.0, 1.0]
    """
    ends = np.zeros(matrix.height)
    leaks = leading[matrix.rows] & (rates[matrix.columns] < rates[matrix.rows])
    for rate in np.unique(rates[matrix.rows[leaks]]):
        slower = rates < rate
        log_w = _after(matrix, slower, rate, tolerance, max_iterations, newton, report)
        out = matrix.where(leaks & (rates[matrix.rows] == rate)).times(log_w)
        ends = np.where(leading & (rates == rate), np.logaddexp(0.0, out), ends)
    return ends


def _after(
    matrix: LogMatrix,
    slower: BoolArray,
    rate: float,
    tolerance: float,
    max_iterations: int,
    newton: bool,
    report: Reporter,
) -> FloatArray:
    """log w of w = (1 + M w)/lambda: first exit into an end of weight one, added as the last state."""
    n = matrix.height
    kept = slower[matrix.rows]
    rows = np.concatenate([matrix.rows[kept], np.flatnonzero(slower)])
    columns = np.concatenate([matrix.columns[kept], np.full(int(slower.sum()), n)])
    logs = np.concatenate([matrix.logs[kept] - rate, np.full(int(slower.sum()), -rate)])
    order = np.argsort(rows, kind="stable")
    larger = LogMatrix.of(rows[order], columns[order], logs[order], (n + 1, n + 1))
    given = np.append(np.full(n, -np.inf), 0.0)
    inside = np.append(slower, False)
    options: dict[str, Any] = {"tolerance": tolerance, "max_iterations": max_iterations, "newton": newton}
    found = first_exit(larger, inside, given, **options, report=report)
    return found.v[:n]
