"""Occupancy of a long trajectory: the class that it enters from the start, and the stationary share within."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.infinite.growth.growth import Growth
from control_pgm.control.infinite.numerics.linear_systems import solve_leaving
from control_pgm.errors import InvalidArgument
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import FloatArray


def occupancy(
    found: Growth, initial: FloatArray, *, tolerance: float, max_iterations: int, newton: bool, report: Reporter = QUIET
) -> FloatArray:
    """p(s|O) long after the start and long before the end, shape (S,).

    Starts from which evidence grows slower do not count in the end, the others by p(s_0) x(s_0). From there the chain
    of `Growth` runs into leading classes, within each of which it is stationary.

    Parameters
    ----------
    initial : array [state]
        p(s_0); some path from there must live.
    newton : bool
        Whether to solve a linear system; otherwise the chain is followed until all but ``tolerance`` has arrived.
    report : Reporter
        Counts the steps of following it.
    """
    fastest = found.log_rates.max(where=initial > 0, initial=-np.inf)
    counts = (initial > 0) & (found.log_rates == fastest)
    log_start = np.full(len(initial), -np.inf)
    log_start[counts] = np.log(initial[counts]) + found.log_x[counts]
    start = np.exp(log_start - log_start.max())
    arrived = _arrived(found, start / start.sum(), tolerance, max_iterations, newton, report)
    shares = np.zeros(len(initial))
    for members in found.classes:
        shares[members] = arrived[members].sum() * found.stationary[members]
    return np.asarray(shares / shares.sum())


def _arrived(
    found: Growth, start: FloatArray, tolerance: float, max_iterations: int, newton: bool, report: Reporter
) -> FloatArray:
    """How the chain first enters leading classes, by the state of entry."""
    leading = np.zeros(len(start), dtype=bool)
    leading[np.concatenate(found.classes)] = True
    upstream = np.flatnonzero(~leading)
    arrived = np.where(leading, start, 0.0)
    if not start[upstream].any():
        return arrived
    onward = found.chain[upstream]
    visits = solve_leaving(onward[:, upstream], start[upstream], transposed=True) if newton else None
    if visits is None:
        visits = _followed(onward[:, upstream], start[upstream], tolerance, max_iterations, report)
    return np.asarray(arrived + np.where(leading, visits @ onward, 0.0))


def _followed(chain: Any, start: FloatArray, tolerance: float, max_iterations: int, report: Reporter) -> FloatArray:
    """The expected number of visits of each state before the chain leaves."""
    visits = belief = start
    for k in range(max_iterations):
        before = float(belief.sum())
        belief = belief @ chain
        report.step(before, float(belief.sum()), tolerance, max_iterations - k)
        visits = visits + belief
        if belief.sum() <= tolerance:
            return np.asarray(visits)
    raise InvalidArgument(
        f"max_iterations {max_iterations}: of long trajectories {belief.sum():.3g} are still on the way",
        allowed=f"as many as bring it to {tolerance:g}",
        remedy="raise max_iterations, or take method='newton'",
    )
