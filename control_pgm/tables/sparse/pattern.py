"""Patterns of sparse tables: a sorted list of positions, shared by all tables with these non-zeros.

A position is the index of an entry of the dense table in C order. What sparse algebra needs of the list (the index of
every non-zero along some axes, its non-zeros in groups, compressed rows) is made when it is first asked for and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from control_pgm.errors import TooLarge
from control_pgm.tables.arrays import IndexArray, IntArray, index_type, lock_indices
from control_pgm.tables.frozen import Restored, remembered

Axes = tuple[int, ...]

_MAX_POSITION = 2**62
# A dense result may have this many entries for each non-zero that it is made from; small ones are dense anyway.
_ROOM, _SMALL = 16, 4096


class Compressed(NamedTuple):
    """Compressed sparse rows: row r has the non-zeros ``starts[r]`` … ``starts[r+1]`` of the list sorted by row."""

    starts: IndexArray
    columns: IndexArray
    order: IndexArray | None  # which non-zero comes at each place of that list; None where it is sorted so already


class Groups(NamedTuple):
    """The non-zeros grouped by their index along some axes."""

    ids: IntArray  # that index, ascending, of each group; every group has a non-zero
    starts: IndexArray  # where each group begins in the list sorted by group
    order: IndexArray | None  # as in `Compressed`


@dataclass(frozen=True, eq=False, repr=False)
class Pattern(Restored):
    """The positions of the non-zeros of a table of a given shape. Made by `of`, `from_csr`, `extended`, `repeated`.

    Attributes
    ----------
    shape : the shape of the dense table.
    nnz : how many non-zeros there are.
    """

    shape: tuple[int, ...]
    nnz: int
    _make_positions: Callable[[], IntArray]
    _given: tuple[int, Compressed] | None = None  # compressed rows over that many leading axes
    _base: Pattern | None = None  # the pattern that this one extends by a last axis

    # --- making -------------------------------------------------------------------------------------------------
    @staticmethod
    def of(shape: Sequence[int], positions: IntArray) -> Pattern:
        """From strictly ascending positions, which are not copied."""
        check_shape(shape)
        return Pattern(tuple(shape), len(positions), partial(_as_given, positions))

    @staticmethod
    def from_csr(shape: Sequence[int], leading: int, starts: IndexArray, columns: IndexArray) -> Pattern:
        """From compressed rows over ``leading`` axes with ascending columns over the rest; nothing is copied."""
        check_shape(shape)
        positions = partial(_of_rows, starts, columns, prod(shape[leading:]))
        given = Compressed(lock_indices(starts.view()), lock_indices(columns.view()), None)
        return Pattern(tuple(shape), len(columns), positions, (leading, given))

    def extended(self, size: int) -> Pattern:
        """A last axis more, along which every non-zero becomes ``size`` non-zeros. Taking one of them costs nothing."""
        shape = (*self.shape, size)
        check_shape(shape)
        return Pattern(shape, self.nnz * size, partial(_extended, self, size), _base=self)

    @remembered
    def repeated(self, times: int) -> Pattern:
        """A first axis more, along which the pattern is the same everywhere."""
        shape = (times, *self.shape)
        check_shape(shape)
        return Pattern(shape, self.nnz * times, partial(_repeated, self, times))

    # --- looking ------------------------------------------------------------------------------------------------
    @cached_property
    def positions(self) -> IntArray:
        """The positions of the non-zeros, ascending."""
        positions = self._make_positions()
        positions.flags.writeable = False
        return positions

    @remembered
    def along(self, axes: Axes) -> IndexArray:
        """The index of every non-zero along ``axes`` (together, the last one running fastest)."""
        if self._given is not None:
            leading, rows = self._given
            if axes == tuple(range(leading, len(self.shape))):
                return rows.columns
            if axes == tuple(range(leading)):
                numbers = np.arange(len(rows.starts) - 1, dtype=index_type(len(rows.starts)))
                return lock_indices(np.asarray(np.repeat(numbers, np.diff(rows.starts))))
        index = index_along(self.positions, self.shape, axes)
        return lock_indices(np.asarray(index, dtype=index_type(prod(self.shape[i] for i in axes))))

    @remembered
    def compressed(self, rows: Axes) -> Compressed:
        """Compressed rows over the axes ``rows``; columns run over all others in their order."""
        if self._given is not None and rows == tuple(range(self._given[0])):
            return self._given[1]
        others = tuple(i for i in range(len(self.shape)) if i not in rows)
        height, width = (prod(self.shape[i] for i in axes) for axes in (rows, others))
        places = np.arange(self.nnz, dtype=index_type(self.nnz))
        listed = (places, (self.along(rows), self.along(others)))
        table = sparse.coo_array(listed, shape=(height, width)).tocsr()
        order = None if rows == tuple(range(len(rows))) else lock_indices(table.data)
        return Compressed(lock_indices(table.indptr), lock_indices(table.indices), order)

    @remembered
    def groups(self, axes: Axes) -> Groups:
        """The non-zeros grouped by their index along ``axes``, at a cost in the number of non-zeros."""
        if axes == tuple(sorted(axes)) and has_room(prod(self.shape[i] for i in axes), self.nnz):
            starts, _, order = self.compressed(axes)
            ids = np.flatnonzero(starts[1:] > starts[:-1])
            return Groups(ids, starts[ids], order)
        index = self.along(axes)
        order = None if axes == tuple(range(len(axes))) else np.argsort(index, kind="stable")
        if order is not None:
            index = index[order]
        starts = np.flatnonzero(np.diff(index, prepend=-1))
        return Groups(index[starts].astype(np.int64), starts, order)

    # --- other patterns -----------------------------------------------------------------------------------------
    @remembered
    def transposed(self, order: Axes) -> tuple[Pattern, IntArray | None]:
        """The pattern with its axes in another order, and which of the old non-zeros comes at each place."""
        if order == tuple(range(len(order))):
            return self, None
        positions = self.along(order).astype(np.int64)
        places = np.argsort(positions, kind="stable")
        return Pattern.of([self.shape[i] for i in order], positions[places]), places

    @remembered
    def projected(self, axes: Axes) -> Pattern:
        """The pattern of the sums over all other axes."""
        return Pattern.of([self.shape[i] for i in axes], self.groups(axes).ids)

    def taken(self, index: Sequence[int | slice]) -> tuple[Pattern, slice | IntArray]:
        """The pattern at fixed indices or within slices of the axes, and which of the non-zeros it keeps."""
        whole = [slice(None)] * (len(self.shape) - len(index))
        pairs = zip((*index, *whole), self.shape, strict=True)
        return self._taken(tuple(i.indices(n) if isinstance(i, slice) else range(n)[i] for i, n in pairs))

    @remembered
    def _taken(self, index: tuple[int | tuple[int, int, int], ...]) -> tuple[Pattern, slice | IntArray]:
        whole = tuple((0, n, 1) for n in self.shape)
        if index == whole:
            return self, slice(None)
        if self._base is not None and index[:-1] == whole[:-1] and isinstance(index[-1], int):
            return self._base, slice(index[-1], None, self.shape[-1])
        wanted = {k: np.atleast_1d(i if isinstance(i, int) else np.arange(*i)) for k, i in enumerate(index)}
        pattern, chosen = self.restricted({k: i for k, i in wanted.items() if index[k] != whole[k]})
        # Fixed axes have length one by now: without them the positions are the same.
        shape = [n for n, i in zip(pattern.shape, index, strict=True) if not isinstance(i, int)]
        return Pattern.of(shape, pattern.positions), chosen

    def restricted(self, wanted: Mapping[int, IntArray]) -> tuple[Pattern, IntArray]:
        """The pattern at the wanted indices of some axes, in that order, and which of the non-zeros it keeps."""
        chosen = np.arange(self.nnz)
        places: dict[int, IntArray] = {}
        for axis, indices in wanted.items():
            place = np.full(self.shape[axis], -1)
            place[indices] = np.arange(len(indices))
            found = place[self.along((axis,))[chosen]]
            inside = found >= 0
            places[axis] = found
            chosen, places = chosen[inside], {k: p[inside] for k, p in places.items()}
        shape = [len(wanted[axis]) if axis in wanted else n for axis, n in enumerate(self.shape)]
        position = np.zeros(len(chosen), dtype=np.int64)
        for axis, n in enumerate(shape):
            position *= n
            position += places[axis] if axis in places else self.along((axis,))[chosen]
        if (np.diff(position) < 0).any():  # wanted in another order
            order = np.argsort(position)
            position, chosen = position[order], chosen[order]
        return Pattern.of(shape, position), chosen

    def __repr__(self) -> str:
        return f"Pattern({' × '.join(map(str, self.shape)) or 'scalar'}: {self.nnz} non-zeros)"


# --- positions, made when they are first asked for -------------------------------------------------------------------
def _as_given(positions: IntArray) -> IntArray:
    return positions


def _of_rows(starts: IndexArray, columns: IndexArray, width: int) -> IntArray:
    rows = np.repeat(np.arange(len(starts) - 1) * width, np.diff(starts))
    rows += columns
    return rows


def _extended(base: Pattern, size: int) -> IntArray:
    return np.asarray((base.positions[:, None] * size + np.arange(size)).ravel())


def _repeated(base: Pattern, times: int) -> IntArray:
    return np.asarray((np.arange(times)[:, None] * prod(base.shape) + base.positions).ravel())


def index_along(positions: IntArray, shape: Sequence[int], axes: Sequence[int]) -> IntArray:
    """The index along ``axes`` (together) of entries given by their positions."""
    index: Any = 0
    k = 0
    while k < len(axes):
        stop = k + 1
        while stop < len(axes) and axes[stop] == axes[stop - 1] + 1:
            stop += 1  # neighbouring axes are read off together
        first, last = axes[k], axes[stop - 1]
        behind, size = prod(shape[last + 1 :]), prod(shape[first : last + 1])
        part = positions // behind if behind > 1 else positions
        if first > 0:
            part = part % size
        index = index * size + part if k else part
        k = stop
    return np.asarray(index, dtype=np.int64) if len(axes) else np.zeros(len(positions), dtype=np.int64)


def indices_of(positions: IntArray, shape: Sequence[int]) -> IntArray:
    """The index of each entry along every axis, one row per entry."""
    indices = np.empty((len(positions), len(shape)), dtype=np.int64)
    for axis in range(len(shape)):
        indices[:, axis] = index_along(positions, shape, (axis,))
    return indices


def has_room(entries: int, nnz: int) -> bool:
    """Whether a dense table of so many entries is not much larger than a list of ``nnz`` non-zeros."""
    return entries <= max(_SMALL, _ROOM * nnz)


def check_shape(shape: Sequence[int]) -> None:
    """Refuse shapes whose positions are no machine integers."""
    if prod(shape) > _MAX_POSITION:
        raise TooLarge(
            f"a table of shape {tuple(shape)} has {float(prod(shape)):.3g} assignments",
            allowed="up to 2**62, even if hardly any of them has a non-zero value",
            remedy="split it into factors over fewer variables",
        )
