"""The leading eigenpair of an irreducible non-negative matrix (Perron and Frobenius), in logarithms.

For v = log x let T(v) = log(M e^v), and let P be the chain of shares, P(i,j) = M(i,j) x(j) / (M x)(i). Then

    min_i (T(v) − v)(i)  ≤  log lambda  ≤  max_i (T(v) − v)(i)               (Collatz 1942, Wielandt 1950),

both with equality at the eigenvector. T is convex with derivative P, so that Newton's method for T(v) = v + g,

    (I − P) Δ + g = T(v) − v,   Δ(k) = 0,   v ← v + Δ,

converges from everywhere: it is Howard's policy iteration for the ergodic control problem whose policies are the chains
P, since T(v)(i) = max_P [P v − KL(P ‖ M)]. Power iteration needs no linear systems; adding v itself to its image (a
shift by one) keeps it from cycling where M is periodic.

The left eigenvector is the right one of the transposed matrix. It is sought in logarithms too, as the stationary shares
left times right may be far below what floating point can represent, and yet set the scale of everything.

Nothing underflows, however cold the temperature. But then parts of the state space may look closed to each other, until
v differs between them by as much as the way between them costs: linear systems are singular, and power iteration moves
v by a constant in every step. So steps are tried at a growing multiple of that constant, as long as neither bound gets
worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.numerics.linear_systems import solve_leaving
from control_pgm.errors import InvalidArgument
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import FloatArray

_NOISE = 4 * np.finfo(float).eps  # of a product, relative to the largest |v|
_SHORTEST = 2.0  # the smallest multiple of a power step that is tried at once
_LONGEST_PAUSE = 64  # power steps between two trials of Newton's
_WARM_UP = 32  # steps of a uniform start that find a state worth returning to


@dataclass(frozen=True, eq=False)
class Eigenpair:
    """The leading eigenvalue and what belongs to it.

    Attributes
    ----------
    log_value : float
        log lambda, in nats: half-way between its bounds.
    log_right : array [state]
        log of the right eigenvector; its largest entry is 0.
    width : float
        The distance of the bounds on log lambda, in nats.
    iterations : int
    """

    log_value: float
    log_right: FloatArray
    width: float
    iterations: int


def leading_eigenpair(
    matrix: LogMatrix,
    *,
    tolerance: float,
    max_iterations: int,
    newton: bool,
    floor: float = -np.inf,
    report: Reporter = QUIET,
) -> Eigenpair | None:
    """The Perron eigenpair of a square irreducible matrix; None as soon as log lambda is seen to lie below ``floor``.

    ``tolerance`` is for log lambda, in nats, and relative to the largest |log| in play where that is above one;
    ``report`` counts the iterations.

    Raises
    ------
    InvalidArgument
        If ``max_iterations`` do not suffice.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.zeros(3), (2, 2))  # Fibonacci's
    >>> pair = leading_eigenpair(matrix, tolerance=1e-12, max_iterations=100, newton=True)
    >>> float(np.exp(pair.log_value).round(9))
    1.618033989
    """
    before = np.inf
    for k, (v, low, high) in enumerate(islice(_bounds(matrix, newton), max_iterations), start=1):
        scale = max(1.0, abs(low), abs(high), float(np.ptp(v)))
        report.step(before, high - low, max(tolerance, _NOISE) * scale, max_iterations - k)
        before = high - low
        if high < floor - tolerance * scale:
            return None
        if high - low <= max(tolerance, _NOISE) * scale:
            return Eigenpair((low + high) / 2, v, float(high - low + _NOISE * scale), k)
    raise InvalidArgument(
        f"max_iterations {max_iterations}: the growth of evidence is known to {high - low:.3g} nats only",
        allowed=f"as many as bring it to {tolerance:g}",
        remedy="raise max_iterations" + ("" if newton else ", or take method='newton'"),
    )


def left_eigenvector(
    matrix: LogMatrix,
    log_right: FloatArray,
    *,
    tolerance: float,
    max_iterations: int,
    newton: bool,
    report: Reporter = QUIET,
) -> tuple[FloatArray, int]:
    """log of the left eigenvector, scaled so that left times right sums to one, and the iterations that it took.

    Left times right is the stationary distribution of the chain of shares. Found as the right eigenvector of the
    transposed matrix, it keeps its digits where a state is visited too rarely for its share to be represented.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.0, 0.0, -5000.0]), (2, 2))
    >>> options = {"tolerance": 1e-12, "max_iterations": 100, "newton": True}
    >>> pair = leading_eigenpair(matrix, **options)
    >>> (left_eigenvector(matrix, pair.log_right, **options)[0] + pair.log_right).round(6).tolist()
    [0.0, -5000.0]
    """
    pair = leading_eigenpair(
        matrix.transposed(), tolerance=tolerance, max_iterations=max_iterations, newton=newton, report=report
    )
    assert pair is not None  # without a floor
    return pair.log_right - np.logaddexp.reduce(pair.log_right + log_right), pair.iterations


def grows(matrix: LogMatrix, *, max_iterations: int) -> bool | None:
    """Whether the leading eigenvalue of an irreducible matrix is one or more; None if that is not seen so soon.

    Examples
    --------
    >>> grows(LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.zeros(3), (2, 2)), max_iterations=100)
    True
    """
    for _, low, high in islice(_bounds(matrix, newton=False), max_iterations):
        if low >= 0.0 or high < 0.0:
            return low >= 0.0
    return None


def _bounds(matrix: LogMatrix, newton: bool) -> Iterator[tuple[FloatArray, float, float]]:
    """Ever better v, with the bounds on log lambda that it gives.

    Where Newton's step fails, power steps are taken instead: ever more of them, as each trial costs a linear system.
    """
    v, stride, pause = np.zeros(matrix.height), _SHORTEST, 1
    while True:
        gap = matrix.times(v) - v
        yield v, float(gap.min()), float(gap.max())
        leap = _newton_leap(matrix, v, gap) if newton else None
        if leap is not None:
            v, pause = leap - leap.max(), 1
            continue
        for _ in range(pause):
            v, stride = _power_step(matrix, v, stride)
        pause = min(2 * pause, _LONGEST_PAUSE) if newton else 1


def _power_step(matrix: LogMatrix, v: FloatArray, stride: float) -> tuple[FloatArray, float]:
    """The next v, by a multiple of a power step if that makes neither bound worse, and the multiple to try after it."""
    gap = matrix.times(v) - v
    low, high = gap.min(), gap.max()
    leap = v + stride * (gap - high)
    ahead = matrix.times(leap) - leap
    if ahead.min() < low or ahead.max() > high:
        leap, stride = np.logaddexp(v + gap - (low + high) / 2, v), max(stride / 4.0, _SHORTEST)
    else:
        stride *= 2.0
    return leap - leap.max(), stride


def _newton_leap(matrix: LogMatrix, v: FloatArray, gap: FloatArray) -> FloatArray | None:
    """v + Δ of Newton's step; None where rounding has spoilt it.

    Exactly, the lower bound rises to g or more, and g lies above the old one unless v is the eigenvector already.
    """
    answer = _newton_change(matrix.shares(v), gap)
    if answer is None:
        return None
    change, rate = answer
    leap = v + change
    spread = float(np.ptp(leap))
    if spread > _widest(matrix):
        return None
    ahead = matrix.times(leap) - leap
    slack = _NOISE * max(1.0, spread)
    rises = gap.min() + slack < rate <= ahead.min() + slack
    return leap if rises or np.ptp(ahead) < np.ptp(gap) / 2.0 else None


def _widest(matrix: LogMatrix) -> float:
    """What log x(j) − log x(i) cannot exceed: on a path from i to j, lambda^k x(i) ≥ M(i,·) … M(·,j) x(j)."""
    n = matrix.height
    return (n - 1) * (float(np.ptp(matrix.logs)) + float(np.log(n * len(matrix.logs))))


def _newton_change(chain: Any, gap: FloatArray) -> tuple[FloatArray, float] | None:
    """Δ and g of Newton's step; None where the linear system is singular to rounding."""
    k = _often_visited(chain)
    others = np.delete(np.arange(len(gap)), k)
    into, back = chain[[k]][:, others].toarray()[0], chain[others][:, [k]].toarray()[:, 0]
    right = np.stack([gap[others], np.ones(len(others))], axis=1)
    answers = solve_leaving(chain[others][:, others], right, leaving=back)
    if answers is None:
        return None
    earned, steps = answers[:, 0], answers[:, 1]  # until the chain is back at k
    rate = (gap[k] + into @ earned) / (1.0 + into @ steps)
    change = np.zeros(len(gap))
    change[others] = earned - rate * steps
    return change, float(rate)


def _often_visited(chain: Any) -> int:
    """A state that the chain visits often: returns to it are short, and the system is well conditioned."""
    belief = np.full(chain.shape[0], 1.0 / chain.shape[0])
    for _ in range(_WARM_UP):
        belief = 0.5 * (belief + belief @ chain)
    return int(np.argmax(belief))
