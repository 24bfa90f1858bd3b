"""The leading eigenpair of an irreducible non-negative matrix (Perron and Frobenius), in logarithms.

For v = log x let T(v) = log(M e^v), and let P be the chain of shares, P(i,j) = M(i,j) x(j) / (M x)(i). Then

    min_i (T(v) − v)(i)  ≤  log lambda  ≤  max_i (T(v) − v)(i)               (Collatz 1942, Wielandt 1950),

both with equality at the eigenvector. T is convex with derivative P, so that Newton's method for T(v) = v + g,

    (I − P) Δ + g = T(v) − v,   Δ(k) = 0,   v ← v + Δ,

converges from everywhere: it is Howard's policy iteration for the ergodic control problem whose policies are the chains
P, since T(v)(i) = max_P [P v − KL(P ‖ M)]. Power iteration needs no linear systems; adding v itself to its image (a
shift by one) keeps it from cycling where M is periodic.

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

from control_pgm.control.infinite.linear import solve_leaving
from control_pgm.control.infinite.log_matrix import LogMatrix
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray

_NOISE = 4 * np.finfo(float).eps  # of a product, relative to the largest |v|
_SHORTEST = 2.0  # the smallest multiple of a power step that is tried at once
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
    stationary : array [state]
        The stationary distribution of the chain of shares: left times right eigenvector, summing to one.
    width : float
        The distance of the bounds on log lambda, in nats.
    iterations : int
    """

    log_value: float
    log_right: FloatArray
    stationary: FloatArray
    width: float
    iterations: int


def leading_eigenpair(
    matrix: LogMatrix, *, tolerance: float, max_iterations: int, newton: bool, floor: float = -np.inf
) -> Eigenpair | None:
    """The Perron eigenpair of a square irreducible matrix; None as soon as log lambda is seen to lie below ``floor``.

    ``tolerance`` is for log lambda, in nats, and relative to the largest |log| in play where that is above one.

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
    for k, (v, low, high) in enumerate(islice(_bounds(matrix, newton), max_iterations), start=1):
        scale = max(1.0, abs(low), abs(high), float(np.ptp(v)))
        if high < floor - tolerance * scale:
            return None
        if high - low <= max(tolerance, _NOISE) * scale:
            stationary = _stationary(matrix.shares(v), tolerance, max_iterations, newton)
            return Eigenpair((low + high) / 2, v, stationary, high - low + _NOISE * scale, k)
    raise InvalidArgument(
        f"max_iterations {max_iterations}: the growth of evidence is known to {high - low:.3g} nats only",
        allowed=f"as many as bring it to {tolerance:g}",
        remedy="raise max_iterations" + ("" if newton else ", or take method='newton'"),
    )


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
    """Ever better v, with the bounds on log lambda that it gives."""
    v, stride = np.zeros(matrix.height), _SHORTEST
    while True:
        gap = matrix.times(v) - v
        low, high = float(gap.min()), float(gap.max())
        yield v, low, high
        leap = _newton_leap(matrix, v, gap) if newton else None
        if leap is None:
            leap = v + stride * (gap - high)
            ahead = matrix.times(leap) - leap
            in_vain = ahead.min() < low or ahead.max() > high
            leap = np.logaddexp(v + gap - (low + high) / 2, v) if in_vain else leap
            stride = max(stride / 4.0, _SHORTEST) if in_vain else 2.0 * stride
        v = leap - leap.max()


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


def _stationary(chain: Any, tolerance: float, max_iterations: int, newton: bool) -> FloatArray:
    """The stationary distribution of an irreducible chain: by a linear system, or by lazy steps."""
    n = chain.shape[0]
    if newton:
        k = _often_visited(chain)
        others = np.delete(np.arange(n), k)
        into, back = chain[[k]][:, others].toarray()[0], chain[others][:, [k]].toarray()[:, 0]
        # How often each state is visited between two returns to k.
        visits = solve_leaving(chain[others][:, others], into, leaving=back, transposed=True)
        if visits is not None and (visits >= -tolerance).all():
            belief = np.insert(np.maximum(visits, 0.0), k, 1.0)
            return np.asarray(belief / belief.sum())
    belief = np.full(n, 1.0 / n)
    for _ in range(max_iterations):
        moved = 0.5 * (belief + belief @ chain)
        moved /= moved.sum()
        change = float(np.abs(moved - belief).sum())
        belief = moved
        if change <= tolerance:
            return np.asarray(belief)
    raise InvalidArgument(
        f"max_iterations {max_iterations}: the stationary distribution still changes by {change:.3g} in each step",
        allowed=f"as many as bring it to {tolerance:g}",
        remedy="raise max_iterations, or take method='newton'",
    )
