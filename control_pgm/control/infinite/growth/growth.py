"""Growth of M^T 1 with T for any sparse M ≥ 0: rates, values and the chain that a long trajectory follows.

The graph of M falls into communicating classes; each has a leading eigenvalue. From state s, (M^T 1)(s) grows like the
largest eigenvalue lambda(s) of the classes that s can reach, its *leading* classes:

    (M^T 1)(s) ≈ lambda(s)^T x(s),     lambda(s) x(s) = sum_{s': lambda(s') = lambda(s)} M(s,s') x(s').

Inside a leading class x is its right eigenvector; elsewhere it is what is collected on the way there, a first-exit
problem. Next states of slower growth only matter for the scale of x: a trajectory may end among them, having spent
almost all of its time in the class before. If a leading class can reach another one of the same rate, growth is
T lambda^T and there is no such limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.infinite.growth.communicating_classes import among_others, communicating_classes, grouped
from control_pgm.control.infinite.growth.eigenpair import Eigenpair, grows, leading_eigenpair, left_eigenvector
from control_pgm.control.infinite.growth.endings import endings
from control_pgm.control.infinite.growth.first_exit import first_exit
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.errors import InvalidModel
from control_pgm.progress import QUIET, Reporter
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray
from control_pgm.tables.variable import Labels


@dataclass(frozen=True, eq=False)
class Growth:
    """The answer, in nats.

    Attributes
    ----------
    log_rates : array [state]
        log lambda(s); −inf where every path dies.
    log_x : array [state]
        log x(s), scaled so that log (M^T 1)(s) = T log lambda(s) + log x(s) + o(1); the average over a period where a
        leading class is periodic. −inf where every path dies.
    classes : tuple of int arrays
        The states of each leading class.
    stationary : array [state]
        Within each leading class the stationary distribution of the chain; 0 elsewhere.
    chain : CSR matrix
        The shares M(s,s') x(s') / (lambda(s) x(s)): where a long trajectory goes.
    width : float
        No log lambda is further from the exact one.
    iterations : int
        Of all eigenvalue problems together.
    """

    log_rates: FloatArray
    log_x: FloatArray
    classes: tuple[IntArray, ...]
    stationary: FloatArray
    chain: Any
    width: float
    iterations: int


def growth(
    matrix: LogMatrix, states: Labels, *, tolerance: float, max_iterations: int, newton: bool, report: Reporter = QUIET
) -> Growth:
    """Rates and values of M^T 1.

    Parameters
    ----------
    matrix : LogMatrix, square
    states : Labels
        For messages only.
    tolerance, max_iterations, newton, report
        As for `leading_eigenpair`.

    Raises
    ------
    InvalidModel
        If a leading class can reach another one that grows at the same rate.
    InvalidArgument
        If the iterations do not suffice.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.log([1.0, 1.0, 2.0]), (2, 2))
    >>> found = growth(matrix, Labels("ab"), tolerance=1e-12, max_iterations=100, newton=True)
    >>> np.exp(found.log_rates).round(9).tolist(), np.exp(found.log_x).round(9).tolist()
    ([2.0, 2.0], [1.0, 1.0])
    """
    label = communicating_classes(matrix)
    pairs = _eigenpairs(matrix, label, tolerance, max_iterations, newton, report)
    own = _class_rates(matrix, label, pairs)
    width = max((pair.width for _, pair in pairs), default=0.0)
    own, moved = _tied(own, width + tolerance)
    rates = _reached(matrix, own)
    leading = (own == rates) & (rates > -np.inf)
    level = _same_rate(matrix, rates)
    _check_apart(level, leading, label, states)
    led = [(members, pair) for members, pair in pairs if leading[members[0]]]
    log_x, log_left, iterations = _eigenvectors(matrix, leading, led, tolerance, max_iterations, newton, report)
    iterations += sum(pair.iterations for _, pair in pairs)
    stationary = np.exp(log_left + log_x)
    classes = tuple(grouped(np.flatnonzero(leading), label))
    ends = endings(matrix, rates, leading, tolerance, max_iterations, newton, report)
    for members in classes:
        log_x[members] += np.logaddexp.reduce(log_left[members] + ends[members])
    upstream = (rates > -np.inf) & ~leading
    if upstream.any():
        options: dict[str, Any] = {"tolerance": tolerance, "max_iterations": max_iterations, "newton": newton}
        log_x = first_exit(level, upstream, log_x, **options, report=report).v
    return Growth(rates, log_x, classes, stationary, level.shares(log_x), max(width, moved), iterations)


def growing_class(matrix: LogMatrix, *, max_iterations: int) -> IntArray | None:
    """The states of a class whose leading eigenvalue is one or more; None if none is found.

    Examples
    --------
    >>> matrix = LogMatrix.of(np.array([0, 0, 1]), np.array([0, 1, 1]), np.log([1.0, 1.0, 0.5]), (2, 2))
    >>> growing_class(matrix, max_iterations=100).tolist()
    [0]
    """
    label = communicating_classes(matrix)
    staying = np.flatnonzero(_class_rates(matrix, label, []) >= 0.0)
    if staying.size:
        return staying[:1]
    for members in grouped(among_others(label), label):
        if grows(matrix.block(members), max_iterations=max_iterations):
            return members
    return None


def _eigenpairs(
    matrix: LogMatrix, label: IntArray, tolerance: float, max_iterations: int, newton: bool, report: Reporter
) -> list[tuple[IntArray, Eigenpair]]:
    """The states and the eigenpair of classes of several states.

    Classes that grow slower than staying somewhere within their reach, as in episodes that end, are left out: they do
    not lead, and their own rates may take many iterations to find.
    """
    floor = _reached(matrix, _class_rates(matrix, label, []))
    pairs = []
    for members in grouped(among_others(label), label):
        pair = leading_eigenpair(
            matrix.block(members),
            tolerance=tolerance,
            max_iterations=max_iterations,
            newton=newton,
            floor=float(floor[members[0]]),
            report=report,
        )
        pairs += [(members, pair)] if pair is not None else []
    return pairs


def _eigenvectors(
    matrix: LogMatrix,
    leading: BoolArray,
    pairs: list[tuple[IntArray, Eigenpair]],
    tolerance: float,
    max_iterations: int,
    newton: bool,
    report: Reporter,
) -> tuple[FloatArray, FloatArray, int]:
    """log of right and left eigenvectors of leading classes, −inf elsewhere, and the iterations for the left ones."""
    log_x = np.where(leading, 0.0, -np.inf)  # a single state that stays is its own eigenvector
    log_left, iterations = log_x.copy(), 0
    for members, pair in pairs:
        log_x[members] = pair.log_right
        log_left[members], taken = left_eigenvector(
            matrix.block(members),
            pair.log_right,
            tolerance=tolerance,
            max_iterations=max_iterations,
            newton=newton,
            report=report,
        )
        iterations += taken
    return log_x, log_left, iterations


def _class_rates(matrix: LogMatrix, label: IntArray, pairs: list[tuple[IntArray, Eigenpair]]) -> FloatArray:
    """The log eigenvalue of each state's own class: for a class of one state, what staying there is worth."""
    single = np.bincount(label)[label] == 1
    loops = matrix.where((matrix.rows == matrix.columns) & single[matrix.rows])
    rates = loops.row_sums(loops.logs)
    for members, pair in pairs:
        rates[members] = pair.log_value
    return rates


def _tied(rates: FloatArray, tolerance: float) -> tuple[FloatArray, float]:
    """Rates that the tolerance cannot distinguish made equal, and by how much the most distant was moved."""
    alive = rates > -np.inf
    known = np.unique(rates[alive])
    if not known.size:
        return rates, 0.0
    scale = max(1.0, float(np.abs(known).max()))
    group = np.concatenate([[0], np.cumsum(np.diff(known) > tolerance * scale)])
    largest = np.array([known[group == g].max() for g in range(group[-1] + 1)])
    result = rates.copy()
    result[alive] = largest[group[np.searchsorted(known, rates[alive])]]
    return result, float((result[alive] - rates[alive]).max())


def _reached(matrix: LogMatrix, own: FloatArray) -> FloatArray:
    """The largest of ``own`` over all states that each state can reach, itself included."""
    rates = own
    while True:
        further = np.maximum(rates, matrix.row_maxima(rates[matrix.columns]))
        if np.array_equal(further, rates):
            return rates
        rates = further


def _same_rate(matrix: LogMatrix, rates: FloatArray) -> LogMatrix:
    """M(s,s') / lambda(s) between states of the same rate."""
    alive = np.where(rates > -np.inf, rates, 0.0)
    kept: BoolArray = (rates[matrix.rows] == rates[matrix.columns]) & (rates > -np.inf)[matrix.rows]
    return matrix.where(kept).scaled(-alive)


def _check_apart(level: LogMatrix, leading: BoolArray, label: IntArray, states: Labels) -> None:
    """A leading class that leaves itself for states of its own rate leads on to another leading class."""
    leaves = leading[level.rows] & (label[level.rows] != label[level.columns])
    if leaves.any():
        k = int(np.argmax(leaves))
        raise InvalidModel(
            f"the classes of states around s={states[level.rows[k]]!r} and beyond s={states[level.columns[k]]!r} earn "
            "the same on average, and the first can turn into the second: evidence grows like T exp(T rate), "
            "and policies have no limit of their own",
            allowed="classes of different average rewards, or none within reach of another",
            remedy="a discount below 1 and solve_infinite, or solve(mdp, horizon)",
        )
