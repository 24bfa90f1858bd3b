"""A factor whose non-zeros are listed: any scope, at a cost in the number of non-zeros."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray, IntArray, frozen
from control_pgm.tables.checks import check_scope, where
from control_pgm.tables.factor import Factor
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.pattern import Pattern, check_shape
from control_pgm.tables.variable import Variable


class SparseFactor(Factor):
    """A function phi(x, y, …) ≥ 0 of named discrete variables that is zero but for the assignments listed.

    Parameters
    ----------
    variables : sequence of Variable
        The scope; their numbers of states may multiply to anything up to 2**62.
    indices : array_like of int, shape (nnz, len(variables))
        One assignment in each row, as state indices.
    values : array_like, shape (nnz,)
        phi at these assignments. Listed zeros are dropped.
    log : bool
        Whether ``values`` holds natural logarithms.

    Raises
    ------
    InvalidModel
        On a repeated variable, shapes that do not fit, an index that is no state, an assignment that is listed twice,
        or a value that is negative, NaN or infinite; names the assignment.
    TooLarge
        If there are more than 2**62 assignments in all.

    Notes
    -----
    The algebra is that of `Factor`. Products and slices are sparse again; sums are, unless the dense table of the
    result is not much larger than the list of non-zeros. `array` and `log_array` make dense arrays and refuse to make
    large ones.

    Examples
    --------
    >>> here, there = Variable("here", 1000), Variable("there", 1000)
    >>> step = SparseFactor([here, there], [[0, 1], [1, 2], [1, 0]], [1.0, 0.25, 0.75])
    >>> print(step)
    here  there  value
    ────  ─────  ─────
    0         1      1
    1         0   0.75
    1         2   0.25
    >>> step.marginal("there").value({"there": 2})
    0.25
    """

    def __init__(
        self, variables: Iterable[Variable], indices: ArrayLike, values: ArrayLike, *, log: bool = False
    ) -> None:
        scope = check_scope(variables)
        listed, numbers = _listed(scope, indices, values)
        _check_values(scope, listed, numbers, log=log)
        kept = numbers > (-inf if log else 0.0)
        if not kept.all():
            listed, numbers = listed[kept], numbers[kept]
        shape = tuple(v.cardinality for v in scope)
        pattern, order = _sorted(scope, shape, listed)
        scaled = SparseScaled.over(pattern, numbers if order is None else numbers[order], log=log)
        self.__dict__.update(variables=scope, scaled=scaled)


def _listed(scope: Sequence[Variable], indices: ArrayLike, values: ArrayLike) -> tuple[IntArray, FloatArray]:
    """The indices and values as arrays whose shapes fit and whose indices are states."""
    names = [v.name for v in scope]
    try:
        numbers, listed = frozen(values), np.asarray(indices)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidModel(f"sparse factor over {names!r}: no arrays of numbers ({error})") from None
    if listed.size == 0:  # an empty list says nothing of its shape and type
        listed = np.zeros((0 if scope else numbers.size, len(scope)), dtype=np.int64)
    if listed.ndim != 2 or numbers.ndim != 1 or listed.shape != (len(numbers), len(scope)):
        raise InvalidModel(
            f"sparse factor over {names!r} has indices of shape {listed.shape} and values of shape {numbers.shape}",
            allowed=f"(n, {len(scope)}) and (n,): one row of state indices for each value",
        )
    if not np.issubdtype(listed.dtype, np.integer):
        raise InvalidModel(
            f"sparse factor over {names!r} has indices of type {listed.dtype}",
            allowed="integers",
            remedy="translate labels by variable.index(label)",
        )
    outside = (listed < 0) | (listed >= [v.cardinality for v in scope])
    if outside.any():
        row, axis = np.argwhere(outside)[0]
        raise InvalidModel(
            f"sparse factor over {names!r} has the index {listed[row, axis]} of {names[axis]!r} in row {row}",
            allowed=f"0 … {scope[axis].cardinality - 1}",
        )
    return listed.astype(np.int64), numbers


def _check_values(scope: Sequence[Variable], listed: IntArray, numbers: FloatArray, *, log: bool) -> None:
    good = numbers < inf if log else (numbers >= 0.0) & (numbers < inf)
    if not good.all():
        k = int(np.argmin(good))
        raise InvalidModel(
            f"sparse factor over {[v.name for v in scope]!r} is {numbers[k]} at {where(scope, listed[k])}",
            allowed="logarithms below +inf" if log else "finite numbers ≥ 0",
        )


def _sorted(scope: Sequence[Variable], shape: tuple[int, ...], listed: IntArray) -> tuple[Pattern, IntArray | None]:
    """The pattern of distinct assignments, and their order in it; None if they came in that order."""
    check_shape(shape)
    positions = np.zeros(len(listed), dtype=np.int64)
    for axis, n in enumerate(shape):
        positions = positions * n + listed[:, axis]
    order = None
    if (np.diff(positions) <= 0).any():
        order = np.argsort(positions, kind="stable")
        positions = positions[order]
        twice = np.flatnonzero(np.diff(positions) == 0)
        if len(twice):
            first, second = (int(order[k]) for k in (twice[0], twice[0] + 1))
            raise InvalidModel(
                f"sparse factor over {[v.name for v in scope]!r} lists {where(scope, listed[first])} twice, "
                f"in rows {first} and {second}",
                allowed="distinct assignments",
                remedy="add up their values",
            )
    return Pattern.of(shape, positions), order
