"""Fixed points V = T(V) of monotone maps, by plain or Newton iteration, with a proved bound on what is left.

Every equation of infinite horizons has this form. Two bounds cover them.

*Contraction.* If |T(U) − T(V)| ≤ m |U − V| in the largest component, with a modulus m < 1, then V* exists and

    |T(V) − V*| ≤ m |V − V*| ≤ m (|V − T(V)| + |T(V) − V*|),   so   |T(V) − V*| ≤ m/(1 − m) · |T(V) − V|.

With discount gamma, Bellman's and the variational backup have m = gamma (Puterman 1994, theorem 6.3.1). Rounding in a
sweep counts as if it were part of |T(V) − V|, and once more for T(V) itself.

*Enclosure.* Where T is no contraction but monotone, find L ≤ V ≤ U with L < T(L) and T(U) < U. Applying T again and
again keeps both inequalities, so that a fixed point lies in between, and both it and T(V) lie between T(L) and T(U).
The strict inequalities also make it the only one that counts: see `Map`. U comes from pushing against T: with
g = |T(V) − V| repeat U ← T(U) + 2g until T takes back more than is pushed. Near V*, T is V + J (· − V) up to second
order, so that V + 2g n is such a U straight away if n = 1 + J n, the expected number of steps of the chain J, unless
actions are nearly tied; this is tried first, as it takes no sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from control_pgm.control.infinite.numerics.linear_systems import solve_leaving
from control_pgm.errors import InvalidArgument
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

_NOISE = 4 * np.finfo(float).eps  # of a sweep at least, relative to the largest value
_SLACK = 0.1  # of the equation n = 1 + J n, which the factor two in the step covers
_PUSHES = 1_000  # sweeps that an enclosure may take beyond what the iteration itself has taken


class Map(Protocol):
    """A monotone map T between value functions; −inf is a value like any other.

    Where it has no modulus below one, either T is a maximum or a minimum over policies of maps that are affine in
    exp(V/w), or V is a maximum of expected returns. In the first case a U above its own image bounds the spectral
    radius of an affine map below one, and so its fixed point is unique. In the second a policy that never ends loses
    at least the slack of the inequality in every step, and so does not count (Bertsekas and Tsitsiklis 1991).
    """

    @property
    def start(self) -> FloatArray:
        """The first V."""

    @property
    def moving(self) -> BoolArray:
        """The states whose value is asked for; those of the others are given."""

    @property
    def terms(self) -> int:
        """How many numbers are summed up in the longest sum of a sweep."""

    @property
    def settles(self) -> bool:
        """Whether values that no longer change are the answer even if no bound can be proved."""

    @property
    def trouble(self) -> str:
        """Why iteration may go on for ever, and what to do about it."""

    def sweep(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What T(V) was made from (Q, or the same again), and T(V)."""

    def slope(self, v: FloatArray, q: FloatArray, new: FloatArray) -> Any:
        """The derivative J of T at V as a CSR matrix: J ≥ 0 with rows that sum to at most one."""

    def unit(self, v: FloatArray, q: FloatArray) -> float:
        """The largest number that a sweep from V rounds; sums of probabilities of any size are rounded in nats."""

    def modulus(self, first: FloatArray) -> float:
        """m as it follows from the first sweep; 1 where T is no contraction."""


class Recurs(Exception):
    """Values come back to what they were, without settling.

    Attributes
    ----------
    period : int
        After how many sweeps.
    states : int array
        Those whose values changed in the meantime.
    """

    def __init__(self, period: int, states: IntArray) -> None:
        super().__init__(period)
        self.period, self.states = period, states


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """What an iteration has found.

    Attributes
    ----------
    q, v : arrays
        The last sweep: T(V) and what it was made from.
    residuals : array [iteration]
        The largest |T(V) − V| of every sweep; inf while states are still found impossible.
    error_bound : float
        Proved: no component of V or Q is further from the fixed point. inf where nothing could be proved.
    """

    q: FloatArray
    v: FloatArray
    residuals: FloatArray
    error_bound: float


def rounding(terms: int, size: float) -> float:
    """How far rounding may take one sweep: errors of sums grow like the root of their length (Higham and Mary 2019).

    Parameters
    ----------
    terms : int
        The length of the longest sum.
    size : float
        The largest number in it; logarithms count for one at least.
    """
    return float(np.finfo(float).eps * (4.0 + np.sqrt(terms)) * max(1.0, size))


def fixed_point(
    problem: Map, *, tolerance: float, max_iterations: int, newton: bool, report: Reporter = QUIET
) -> FixedPoint:
    """Iterate until the error bound is at most ``tolerance``, relative to the largest |V| where that is above one.

    Where one nat is worth more than that, rounding may stand against it: then the bound is as small as it gets.

    Parameters
    ----------
    newton : bool
        Whether to go from V to V + (I − J)^{-1} (T(V) − V) instead of to T(V). For Bellman's and the variational backup
        this is policy iteration (Puterman and Brumelle 1979).
    report : Reporter
        Counts the sweeps.

    Raises
    ------
    InvalidArgument
        If ``max_iterations`` do not suffice, or floating point does not.
    Recurs
        If values recur for ever instead of settling, which no contraction does.
    """
    v, modulus, look = problem.start, None, np.inf
    residuals: list[float] = []
    earlier, since = v, 0  # a value function to come back to, taken after 1, 2, 4, … sweeps (Brent 1980)
    for _ in range(max_iterations):
        q, new = problem.sweep(v)
        modulus = problem.modulus(new) if modulus is None else modulus
        previous, residual = residuals[-1] if residuals else np.inf, _distance(new, v)
        if not residual < np.inf and (np.isnan(new) | (new == np.inf)).any():
            raise _overflown(problem)
        residuals.append(residual)
        scale = max(1.0, float(np.abs(new[np.isfinite(new)]).max(initial=0.0)))
        goal, still = tolerance * scale, residual <= _NOISE * scale
        amplified = modulus / (1.0 - modulus) if modulus < 1.0 else 1.0
        left = residual * amplified
        report.step(previous * amplified, left, goal, max_iterations - len(residuals))
        if left <= goal or residual >= previous or still:  # only then is there anything to prove
            unit = problem.unit(v, q)
            noise = rounding(problem.terms, max(scale, unit))
            at_end = still or previous <= residual <= noise
            bound = np.inf
            if modulus < 1.0 and residual < np.inf:
                bound = left + noise / (1.0 - modulus)
            elif modulus == 1.0 and (residual <= min(goal, look) or at_end):
                bound = noise + _enclosure(problem, v, residual + 2.0 * noise, 2 * len(residuals) + _PUSHES, newton)
                look = residual * (0.01 if bound == np.inf else min(0.1, goal / max(bound, goal)))
            if bound <= goal or (at_end and (problem.settles if bound == np.inf else unit > scale)):
                return FixedPoint(q, new, np.array(residuals), bound)
            if at_end:
                raise _unreachable(problem, tolerance, bound, scale)
        v = _newton(problem, v, q, new) if newton else new
        if modulus < 1.0 or newton:
            continue
        since += 1
        if residual > goal and _distance(v, earlier) <= _NOISE * scale:
            raise Recurs(since, _changing(problem, v, since, goal))
        if since >= len(residuals) // 2:
            earlier, since = v, 0
    raise InvalidArgument(
        f"max_iterations {max_iterations}: the last sweep still changed values by {residuals[-1]:.3g}",
        allowed=f"as many as bring the error bound to {tolerance:g}",
        remedy=problem.trouble,
    )


def _changing(problem: Map, v: FloatArray, period: int, goal: float) -> IntArray:
    """The states whose values change by more than ``goal`` within a period."""
    image, changed = v, np.zeros(len(v), bool)
    for _ in range(period):
        image = problem.sweep(image)[1]
        changed |= (image != v) & ~(np.abs(np.where(image == v, 0.0, image) - np.where(image == v, 0.0, v)) <= goal)
    return np.flatnonzero(changed)


def _overflown(problem: Map) -> InvalidArgument:
    """Why there is no number."""
    return InvalidArgument(
        "values exceed all floating-point numbers",
        allowed=f"values up to {np.finfo(float).max:.0e} in magnitude",
        remedy=f"measure rewards in a larger unit; or else {problem.trouble}",
    )


def _unreachable(problem: Map, tolerance: float, bound: float, scale: float) -> InvalidArgument:
    """Why values that no longer change, to rounding, are no answer."""
    if bound == np.inf:
        return InvalidArgument(
            f"values up to {scale:.3g} no longer change, but nothing bounds their error", remedy=problem.trouble
        )
    return InvalidArgument(
        f"tolerance {tolerance:g} cannot be reached: rounding alone leaves an error bound of {bound:.3g}",
        allowed=f"{2.0 * bound / scale:.1g} or more",
        remedy="raise the tolerance",
    )


def _distance(new: FloatArray, old: FloatArray) -> float:
    """The largest |difference|; inf where only one of the two is infinite."""
    same = new == old
    return float(np.abs(np.where(same, 0.0, new) - np.where(same, 0.0, old)).max(initial=0.0))


def _newton(problem: Map, v: FloatArray, q: FloatArray, new: FloatArray) -> FloatArray:
    """V + (I − J)^{-1} (T(V) − V) on finite values, once no more states are found impossible; else T(V)."""
    if not np.array_equal(np.isfinite(new), np.isfinite(v)):
        return new
    inside = np.flatnonzero(np.isfinite(new) & problem.moving)
    chain = problem.slope(v, q, new)[inside][:, inside]
    change = solve_leaving(chain, new[inside] - v[inside])
    if change is None:
        return new
    result = new.copy()
    result[inside] = v[inside] + change
    return result


def _enclosure(problem: Map, v: FloatArray, gap: float, limit: int, newton: bool) -> float:
    """A bound on the distance from T(V) to the fixed point by enclosing both; inf if that fails."""
    q, new = problem.sweep(v)
    inside = np.flatnonzero(np.isfinite(new) & problem.moving)
    chain = problem.slope(v, q, new)[inside][:, inside]
    steps = solve_leaving(chain, np.ones(len(inside))) if newton else _expected_steps(chain, limit)
    known, bound = np.isfinite(q), 0.0
    for side in (gap, -gap):
        beyond = _beyond(problem, v, inside, side, steps, limit)
        if beyond is None:
            return np.inf
        bound = max(bound, float(np.abs(problem.sweep(beyond)[0][known] - q[known]).max(initial=0.0)))
    return bound


def _beyond(
    problem: Map, v: FloatArray, inside: IntArray, gap: float, steps: FloatArray | None, limit: int
) -> FloatArray | None:
    """U on the side of the sign of ``gap`` from which T turns back by half of the gap or more; None if not found."""
    if steps is not None:
        far = v.copy()
        far[inside] += 2.0 * gap * steps
        if _turns_back(far, problem.sweep(far)[1], inside, gap):
            return far
    far = v
    for _ in range(limit):
        image = problem.sweep(far)[1]
        if _turns_back(far, image, inside, gap):
            return far
        far = image.copy()
        far[inside] += 2.0 * gap
    return None


def _expected_steps(chain: Any, limit: int) -> FloatArray | None:
    """n with n = 1 + J n up to a tenth, by products; None if they do not suffice."""
    steps = np.ones(chain.shape[0])
    for _ in range(limit):
        longer = 1.0 + chain @ steps
        if float((longer - steps).max(initial=0.0)) <= _SLACK:
            return np.asarray(longer)
        steps = longer
    return None


def _turns_back(far: FloatArray, image: FloatArray, inside: IntArray, gap: float) -> bool:
    return bool((np.sign(gap) * (image[inside] - far[inside]) <= -abs(gap) / 2.0).all())
