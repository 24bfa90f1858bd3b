"""Solving linearly solvable decision processes: z-iteration for every objective of Todorov (2006, 2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.arguments import choice
from control_pgm.control.infinite.growth.first_exit import first_exit
from control_pgm.control.infinite.growth.growth import growth
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.infinite.numerics.fixed_point import fixed_point, rounding
from control_pgm.control.infinite.process import check_range, checked_limit, in_units
from control_pgm.control.linearly_solvable.desirability import DesirabilitySolution
from control_pgm.control.linearly_solvable.process import LinearlySolvable
from control_pgm.control.mdp.checks import discount_factor
from control_pgm.control.network.unroll_arguments import check_length, check_single
from control_pgm.errors import InvalidArgument
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, Reporter, check_progress, counted
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

SOLVERS = {"newton": 1_000, "z-iteration": 100_000}  # name -> default number of iterations
OBJECTIVES = ("first-exit", "finite", "discounted", "average")


@dataclass(frozen=True, eq=False)
class _Options:
    """How to iterate."""

    tolerance: float
    max_iterations: int
    newton: bool
    report: Reporter


@dataclass(frozen=True, eq=False)
class DiscountedDesirability:
    """log z ← log(e^{q/alpha} P z^gamma): a `Map` that contracts by gamma."""

    weights: LogMatrix
    discount: float

    @property
    def start(self) -> FloatArray:
        """z = 1."""
        return np.zeros(self.weights.height)

    @property
    def moving(self) -> BoolArray:
        """All states."""
        return np.ones(self.weights.height, dtype=bool)

    @property
    def terms(self) -> int:
        """The states that the longest sum is over."""
        return self.weights.longest

    @property
    def settles(self) -> bool:
        """The contraction proves its bound."""
        return False

    @property
    def trouble(self) -> str:
        """What to do about too few sweeps."""
        return "raise max_iterations, or take method='newton'"

    def ahead(self, v: FloatArray) -> FloatArray:
        """gamma log z, where 0 · (−inf) = 0."""
        return self.discount * v if self.discount > 0.0 else np.zeros(len(v))

    def sweep(self, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The new log z, twice."""
        new = self.weights.times(self.ahead(v))
        return new, new

    def slope(self, v: FloatArray, q: FloatArray, new: FloatArray) -> Any:
        """gamma u(s'|s)."""
        return sparse.csr_array(self.discount * self.weights.shares(self.ahead(v)))

    def unit(self, v: FloatArray, q: FloatArray) -> float:
        """Logarithms are in nats, as large as they are."""
        return 1.0

    def modulus(self, first: FloatArray) -> float:
        """Gamma."""
        return self.discount


@keywords
def solve_linearly_solvable(
    problem: LinearlySolvable,
    objective: str = "first-exit",
    *,
    temperature: float = 1.0,
    horizon: int | None = None,
    discount: float | None = None,
    method: str = "newton",
    tolerance: float = 1e-10,
    max_iterations: int | None = None,
    progress: Progress | None = None,
) -> DesirabilitySolution:
    """The desirability of states and the optimal controlled dynamics u(s'|s).

    Parameters
    ----------
    problem : LinearlySolvable
    objective : {"first-exit", "finite", "discounted", "average"}
        What is maximised: the reward until an absorbing state, over a horizon, with discount, or on average.
    temperature : float
        alpha > 0, in units of reward: the price of a nat of KL(u ‖ p).
    horizon : int
        The number of steps T of "finite", and only of that.
    discount : float
        Gamma in [0, 1) of "discounted", and only of that.
    method : {"newton", "z-iteration"}
        Newton's method in log z, a sparse linear system in every step, or plain products z ← e^{q/alpha} P z.
    tolerance : float
        The error bound to reach (of logarithms for "first-exit" and "average"), relative to the largest value where
        that is above 1.
    max_iterations : int, optional
        Default 1,000, or 100,000 of z-iteration. "finite" is T products, without any of these three.
    progress : callable, optional
        Called with (done, total, what) while it iterates, where total is an estimate from how fast the error
        shrinks; see `solve`.

    Raises
    ------
    InvalidArgument
        On options that do not go together; if the iterations do not suffice, as where staying inside pays for ever.
    InvalidModel
        For "average", if one part of the process can turn into another in which the same is earned.

    Examples
    --------
    A random walk over a bridge with a pit at one end and home at the other: control leans home.

    >>> walk = LinearlySolvable([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]], [0, -1, 0], final_reward=[0, 0, np.log(3)],
    ...                         states=["pit", "bridge", "home"])
    >>> solution = solve_linearly_solvable(walk)
    >>> solution.controlled().sel(s="bridge").values.round(6).tolist()
    [0.25, 0.0, 0.75]
    >>> float(np.exp(solution.V.sel(s="bridge") + 1).round(6))
    2.0
    """
    if not isinstance(problem, LinearlySolvable):
        raise InvalidArgument(f"{type(problem).__name__} cannot be solved", allowed="a LinearlySolvable process")
    choice(objective, OBJECTIVES, "objective")
    check_progress(progress)
    _check_options(objective, horizon, discount)
    _check_final(problem, objective)
    alpha = check_single(temperature, "a linearly solvable process")
    limit = checked_limit(method, SOLVERS, tolerance, max_iterations)
    if horizon is not None:
        return _finite(problem, alpha, horizon, progress)
    options = _Options(tolerance, limit, method == "newton", Reporter(progress, limit, "iterations"))
    if discount is not None:
        found = _discounted(problem, alpha, discount, options)
    else:
        found = (_first_exit if objective == "first-exit" else _average)(problem, alpha, options)
    options.report.end()
    return found


def _check_options(objective: str, horizon: int | None, discount: float | None) -> None:
    for name, value, owner in (("horizon", horizon, "finite"), ("discount", discount, "discounted")):
        if (value is None) == (objective == owner):
            raise InvalidArgument(
                f"{name} {value!r} with objective={objective!r}",
                remedy=f"it belongs to objective={owner!r}, which needs it",
            )
    if horizon is not None:
        check_length(horizon)
    if discount is not None and discount_factor(discount) == 1.0:
        raise InvalidArgument("discount 1", allowed="0 up to, but without, 1", remedy="objective='average' has none")


def _check_final(problem: LinearlySolvable, objective: str) -> None:
    if objective in ("discounted", "average") and problem.final_reward.any():
        s = int(np.argmax(problem.final_reward != 0.0))
        raise InvalidArgument(
            f"a final reward (of s={problem.states[s]!r}) with objective={objective!r}, which has no last step",
            allowed="objective='first-exit' or 'finite'",
            remedy="leave final_reward out",
        )


def _log_final(problem: LinearlySolvable, alpha: float) -> FloatArray:
    return in_units(problem.final_reward, alpha, problem.final_reward > -np.inf)


def _finite(problem: LinearlySolvable, alpha: float, horizon: int, progress: Progress | None) -> DesirabilitySolution:
    """z_t = e^{q/alpha} P z_{t+1}, back from z_T = e^{final/alpha}."""
    weights = problem.weights(alpha)
    log_z = np.empty((horizon + 1, problem.n_states))
    log_z[horizon] = _log_final(problem, alpha)
    for t in counted(range(horizon - 1, -1, -1), progress, "steps backward"):
        log_z[t] = weights.times(log_z[t + 1])
    labels = {"t": Labels(range(horizon + 1)), "s": problem.states}
    matrices = tuple(weights.shares(log_z[t + 1]) for t in range(horizon))
    v = LabelledArray(lock(alpha * log_z), ("t", "s"), labels)
    largest = np.abs(log_z).max(where=np.isfinite(log_z), initial=0.0)
    bound = alpha * horizon * rounding(weights.longest, largest)
    return DesirabilitySolution(problem, "finite", alpha, v, None, matrices, bound, horizon)


def _discounted(problem: LinearlySolvable, alpha: float, discount: float, options: _Options) -> DesirabilitySolution:
    """The fixed point of a contraction."""
    check_range(problem.reward, discount)
    process = DiscountedDesirability(problem.weights(alpha), discount)
    found = fixed_point(
        process,
        tolerance=options.tolerance,
        max_iterations=options.max_iterations,
        newton=options.newton,
        report=options.report,
    )
    matrix = process.weights.shares(process.ahead(found.v))
    v, bound = _by_state(problem, alpha * found.v), alpha * found.error_bound
    return DesirabilitySolution(problem, "discounted", alpha, v, None, (matrix,), bound, len(found.residuals))


def _first_exit(problem: LinearlySolvable, alpha: float, options: _Options) -> DesirabilitySolution:
    """A linear system inside, final rewards at the absorbing states."""
    inside = ~problem.absorbing
    if inside.all():
        raise InvalidArgument(
            "objective='first-exit' without an absorbing state",
            allowed="at least one state s with p(s|s) = 1",
            remedy="objective='average' or 'discounted' need none",
        )
    weights = problem.weights(alpha)
    found = first_exit(
        weights,
        inside,
        _log_final(problem, alpha),
        tolerance=options.tolerance,
        max_iterations=options.max_iterations,
        newton=options.newton,
        report=options.report,
    )
    stay = sparse.diags_array(problem.absorbing.astype(np.float64))
    leave = sparse.diags_array(inside.astype(np.float64))
    matrix = sparse.csr_array(leave @ weights.shares(found.v) + stay)
    v, bound = _by_state(problem, alpha * found.v), alpha * found.error_bound
    return DesirabilitySolution(problem, "first-exit", alpha, v, None, (matrix,), bound, len(found.residuals))


def _average(problem: LinearlySolvable, alpha: float, options: _Options) -> DesirabilitySolution:
    """The leading eigenpair."""
    found = growth(
        problem.weights(alpha),
        problem.states,
        tolerance=options.tolerance,
        max_iterations=options.max_iterations,
        newton=options.newton,
        report=options.report,
    )
    v, rates = _by_state(problem, alpha * found.log_x), _by_state(problem, alpha * found.log_rates)
    return DesirabilitySolution(
        problem, "average", alpha, v, rates, (found.chain,), alpha * found.width, found.iterations
    )


def _by_state(problem: LinearlySolvable, values: FloatArray) -> LabelledArray:
    return LabelledArray(lock(values), ("s",), {"s": problem.states})
