"""Arguments of public functions: numbers, counts, names and arrays, read and refused in one way everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, nan
from numbers import Real
from os import PathLike
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.errors import InvalidArgument, InvalidModel, no_choice
from control_pgm.tables.arrays import NO_NUMBERS, FloatArray, frozen


def as_float(value: Any) -> float:
    """The value as a float; NaN if it is no real number, which fails every comparison. Truth values are none.

    Examples
    --------
    >>> as_float(0.5), as_float("0.5"), as_float(True), as_float(10**400)
    (0.5, nan, nan, inf)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return nan
    number: Any = value  # Real promises no order
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def is_count(value: Any, *, least: int = 1) -> bool:
    """Whether the value is an integer, Python's or NumPy's, and at least ``least``.

    Examples
    --------
    >>> is_count(np.int64(3)), is_count(0), is_count(2.0), is_count(True)
    (True, False, False, False)
    """
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def is_several(value: Any) -> bool:
    """Whether the value is a sequence or an array, and no single value or text.

    Examples
    --------
    >>> is_several([1.0]), is_several(np.ones(2)), is_several(1.0), is_several("one")
    (True, True, False, False)
    """
    if isinstance(value, Sequence):
        return not isinstance(value, str)
    return hasattr(value, "__array__") and np.ndim(value) > 0


def choice(value: Any, allowed: Iterable[str], what: str, *, remedy: str = "") -> str:
    """The value, if it is one of the names that exist.

    Raises
    ------
    InvalidArgument
        Lists the names.

    Examples
    --------
    >>> choice("fast", ("fast", "small"), "method")
    'fast'
    """
    names = tuple(allowed)
    if not isinstance(value, str) or value not in names:
        raise no_choice(what, value, names, remedy=remedy)
    return value


def as_numbers(
    values: Any, what: str, error: type[InvalidModel] | type[InvalidArgument] = InvalidModel, *, remedy: str = ""
) -> FloatArray:
    """The values as a read-only array of floats.

    Raises
    ------
    InvalidModel
        Or another ``error``: if they are ragged, complex, text, or no numbers at all.

    Examples
    --------
    >>> as_numbers([[1, 2], [3, 4]], "reward").tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    try:
        return frozen(values)
    except (TypeError, ValueError, OverflowError) as reason:
        raise error(f"{what} is not an array of numbers ({reason})", remedy=remedy) from None


def to_process(given: Any) -> str:
    """How to come from what was given in place of a decision process to one; empty where nothing is known."""
    if isinstance(given, str | PathLike):
        return "a file is read by load(path), a drawing by gridworld(text)"
    if hasattr(given, "observation_probabilities"):
        return (
            "states are hidden: solve(given, horizon, inference='bellman'), and .simulate of that; .mdp observes them"
        )
    if "network" in getattr(given, "__dict__", {}):
        return "its process is .network.mdp"
    return "its process is .mdp" if hasattr(given, "mdp") else ""


def as_csr(matrix: Any, what: str) -> Any:
    """A sparse matrix of real numbers as a CSR array without duplicates: a copy.

    Raises
    ------
    InvalidModel
        If it holds other numbers, or none.
    """
    if matrix.dtype.kind in NO_NUMBERS:
        raise InvalidModel(f"{what} is not a sparse matrix of numbers (one of {matrix.dtype.name})")
    made = sparse.csr_array(matrix, dtype=np.float64, copy=True)
    made.sum_duplicates()
    return made
