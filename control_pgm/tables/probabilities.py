"""Rows of probabilities: how far from one a sum may be in the number type that the rows were given in.

A row that was divided by its sum in floating-point numbers of spacing eps sums to one within n · eps / 2, where n is
the number of its positive entries: (n − 1) eps / 2 from adding them up in any order, and eps / 2 from the division
(Higham 2002, section 4.2). Twice that is accepted, and at most `MOST`. Python's and NumPy's 64-bit numbers, and longer
ones, are accepted within `ROW_TOLERANCE` whatever n is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.tables.arrays import BoolArray, FloatArray

ROW_TOLERANCE = 1e-9
MOST = 1e-3  # of 16-bit numbers, which are spaced that far below one, and of very long rows of 32-bit numbers
DIVIDE = "divide rows by their sum"
_ROUNDED = 0.05  # sums that miss one by less were probably rounded
_EXACT = 8 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Miss:
    """The first row that does not sum to one.

    Attributes
    ----------
    at : tuple of int
        Its index.
    total : float
        Its sum.
    allowed : str
        What would have been accepted.
    """

    at: tuple[int, ...]
    total: float
    allowed: str

    def remedy(self, otherwise: str = "") -> str:
        """What to do: rows of rounded numbers are divided by their sum; anything else may have another cause."""
        if abs(self.total - 1.0) < _ROUNDED or not otherwise:
            return DIVIDE
        return f"{otherwise}; or {DIVIDE}" if 0.0 < self.total < np.inf else otherwise


def first_miss(
    sums: FloatArray, given: Any, counts: Callable[[], Any] | int, *, where: BoolArray | None = None
) -> Miss | None:
    """The first of the sums that is not one within the precision in which its row was given.

    Parameters
    ----------
    sums : array
        In 64-bit numbers.
    given : array_like, sparse matrix, mapping, or number
        The rows as they came, whose number type decides.
    counts : int or callable
        The number of positive entries of each row; computed where the number type matters.
    where : array of bool, optional
        Which sums count.

    Examples
    --------
    >>> first_miss(np.array([1.0 - 1e-7]), np.float32([0.5, 0.5]), 2) is None
    True
    >>> first_miss(np.array([1.0 - 1e-7]), [0.5, 0.5], 2).allowed
    '1 within 1e-9'
    """
    off = np.abs(np.asarray(sums) - 1.0)
    if not (bad := _over(off, ROW_TOLERANCE, where)).any():
        return None
    eps = spacing(given)
    tolerance = np.full(off.shape, ROW_TOLERANCE)
    if eps > 0.0:
        tolerance = np.broadcast_to(
            np.clip(np.asarray(counts() if callable(counts) else counts) * eps, ROW_TOLERANCE, MOST), off.shape
        )
        if not (bad := _over(off, tolerance, where)).any():
            return None
    at = tuple(int(i) for i in np.argwhere(bad)[0])
    return Miss(at, float(np.asarray(sums)[at]), f"1 within {tolerance[at]:.0e}".replace("e-0", "e-"))


def exact(sums: FloatArray) -> bool:
    """Whether sums are one to rounding, so that dividing by them would only move bits."""
    off = np.abs(np.asarray(sums) - 1.0)
    return bool(off.max(initial=0.0) <= _EXACT)


def spacing(given: Any) -> float:
    """The largest eps of the floating-point numbers among what was given; 0 if all are of 64 bits or integers.

    Examples
    --------
    >>> spacing(np.float32([0.5])) == spacing([0, {"x": np.float32(1)}]) == 2.0**-23
    True
    >>> spacing([0.5]), spacing(np.arange(3))
    (0.0, 0.0)
    """
    if isinstance(given, Mapping):
        return spacing(list(given.values()))
    if isinstance(given, Sequence) and not isinstance(given, str):
        return max(map(spacing, given), default=0.0)
    kind = getattr(given, "dtype", None)
    if not isinstance(kind, np.dtype):
        if not hasattr(given, "__array__"):
            return 0.0
        kind = np.asarray(given).dtype  # tensors and data frames
    if kind.kind == "O":
        return max((spacing(x) for x in np.asarray(given).flat if isinstance(x, np.generic)), default=0.0)
    return float(np.finfo(kind).eps) if kind.kind == "f" and kind.itemsize < 8 else 0.0


def _over(off: FloatArray, tolerance: FloatArray | float, where: BoolArray | None) -> BoolArray:
    bad = ~(off <= tolerance)  # NaN is over any tolerance
    return bad if where is None else bad & where
