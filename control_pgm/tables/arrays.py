"""Array types, and how an array becomes read-only without touching the caller's own."""

from __future__ import annotations

from math import ldexp
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
IndexArray = NDArray[np.integer[Any]]  # 32 or 64 bits, as few as the indices need

Scope = tuple[int, ...]  # labels of a table's axes, in a contraction

MAX_AXES = 64  # of one array in numpy, and so variables of one dense table
NO_NUMBERS = "cUSVmM"  # kinds of arrays that NumPy would turn into floats, or try to: complex, text, dates


def _is_frozen(array: NDArray[Any]) -> bool:
    """Whether nobody can write to the memory behind ``array`` (a read-only view of writable memory does not count)."""
    base: Any = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None


def frozen(values: ArrayLike) -> FloatArray:
    """``values`` as a read-only float array: shared if its memory is frozen already, otherwise a copy.

    Raises
    ------
    TypeError, ValueError
        If they are no real numbers, ragged, or masked; whoever asked names the table.
    """
    if np.ma.is_masked(values):
        raise ValueError("some of its entries are masked")
    given = np.asarray(values)
    if given.dtype.kind in NO_NUMBERS:
        raise TypeError(f"an array of {given.dtype.name}")
    array = np.asarray(given, dtype=np.float64)
    if _is_frozen(array):
        return array
    copy = np.array(array, dtype=np.float64, order="C")
    copy.flags.writeable = False
    return copy


def lock(array: FloatArray) -> FloatArray:
    """Make an array that this library has just computed read-only, in place."""
    array = np.asarray(array)  # reductions return scalars where no axis is left
    array.flags.writeable = False
    return array


def lock_indices(array: IndexArray) -> IndexArray:
    """The same for an array of indices."""
    array.flags.writeable = False
    return array


def lock_mask(array: BoolArray) -> BoolArray:
    """The same for truth values."""
    array.flags.writeable = False
    return array


def index_type(largest: int) -> type[np.integer[Any]]:
    """The smaller integer type that holds indices up to ``largest``."""
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64


def times_power_of_two(values: FloatArray, power: int) -> FloatArray:
    """values · 2**power, exact; np.ldexp does the same an order of magnitude slower."""
    return values * ldexp(1.0, power) if abs(power) < 1000 else np.ldexp(values, power)


def positive_minimum(values: FloatArray) -> float:
    """The smallest positive entry; 1 if there is none."""
    if values.size == 0:
        return 1.0
    low = float(np.minimum.reduce(values, axis=None))
    if low > 0.0:
        return low
    low = float(values.min(where=values > 0.0, initial=np.inf))
    return low if low < np.inf else 1.0
