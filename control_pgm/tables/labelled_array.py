"""An array whose axes have names and labels: what results over time come in."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from control_pgm.display import html_table, number, text_table
from control_pgm.display.markup import escaped
from control_pgm.display.text import kept
from control_pgm.errors import InvalidArgument, InvalidModel, UnknownName, unknown
from control_pgm.tables.frames import array_frame, data_array
from control_pgm.tables.frozen import Restored
from control_pgm.tables.variable import Labels

if TYPE_CHECKING:
    import pandas
    import xarray

_MOST_ROWS, _MOST_COLUMNS = 12, 12  # of the table that a prompt shows
_BY_POSITION = "np.asarray(array)[…] picks by position"


@dataclass(frozen=True, eq=False, repr=False)
class LabelledArray(Restored, NDArrayOperatorsMixin):
    """A read-only numpy array that can also be asked by label.

    Arithmetic, comparison, indexing and ``np.asarray`` treat it as the plain array; `sel` picks by label.

    Examples
    --------
    >>> p = LabelledArray(np.array([[0.25, 0.75]]), ("s", "a"), {"s": Labels(["up"]), "a": Labels(["l", "r"])})
    >>> float(p.sel(s="up", a="r"))
    0.75
    >>> (2 * p).tolist()
    [[0.5, 1.5]]
    >>> p
    LabelledArray(s: 1, a: 2)
    s      l     r
    ──  ────  ────
    up  0.25  0.75
    ask: .sel(s='up', a='l')
    """

    values: NDArray[Any]
    dims: tuple[str, ...]
    coords: Mapping[str, Labels]

    def __post_init__(self) -> None:
        labelled = tuple([len(self.coords[dim]) for dim in self.dims])
        if self.values.shape != labelled:
            raise InvalidModel(
                f"an array of shape {self.values.shape} with the axes {self.dims}", allowed=f"{labelled}, as labelled"
            )
        if self.values.flags.writeable:
            self.__dict__["values"] = self.values.copy()
            self.values.flags.writeable = False

    def sel(self, *unnamed: Hashable, **labels: Hashable) -> Any:
        """The part at the given labels: a `LabelledArray`, or a number if every axis is fixed.

        Parameters
        ----------
        **labels
            axis=label, one label each; axes that are not named stay.

        Raises
        ------
        InvalidArgument
            If a label comes without the name of its axis, or if a slice or a list stands for a label.
        UnknownName
            If an axis or a label does not exist.

        Examples
        --------
        >>> p = LabelledArray(np.array([[0.25, 0.75]]), ("s", "a"), {"s": Labels(["up"]), "a": Labels(["l", "r"])})
        >>> print(p.sel(s="up"))
        a
        ─  ────
        l  0.25
        r  0.75
        """
        if unnamed:
            raise InvalidArgument(
                f".sel() was given {unnamed[0]!r} without an axis",
                allowed=", ".join(f"{dim}=label" for dim in self.dims),
                remedy=_BY_POSITION,
            )
        index: list[int | slice] = [slice(None)] * len(self.dims)
        for dim, label in labels.items():
            if dim not in self.dims:
                raise unknown(dim, self.dims, what="axis")
            index[self.dims.index(dim)] = self._position(dim, label)
        part = self.values[tuple(index)]
        rest = tuple(d for d in self.dims if d not in labels)
        if rest:
            return LabelledArray(part, rest, {d: self.coords[d] for d in rest})
        return part[()] if isinstance(part, np.ndarray) else part  # entries may be labels

    def _position(self, dim: str, label: Hashable) -> int:
        """The index of a label on its axis."""
        known, what = self.coords[dim], f"label of axis {dim!r}:"
        if isinstance(label, slice | list | np.ndarray):
            raise InvalidArgument(
                f"{what} {label!r} is no single label",
                allowed=f".sel({dim}={known[0]!r}) and the like",
                remedy=_BY_POSITION,
            )
        try:
            return known.index_of[label]
        except (KeyError, TypeError):
            pass
        if isinstance(label, int | np.integer) and label < 0:
            raise UnknownName(
                f"{what} {label!r} does not exist",
                allowed=f"{known[0]!r} … {known[-1]!r}",
                remedy=f"the last is .sel({dim}={known[-1]!r}); {_BY_POSITION}",
            )
        raise unknown(label, known, what=what)

    # --- behaving like the plain array --------------------------------------------------------------------------
    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.values.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.values.ndim

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [x.values if isinstance(x, LabelledArray) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __getitem__(self, index: Any) -> Any:
        for part in index if isinstance(index, tuple) else (index,):
            if isinstance(part, str):
                axes = [f"{dim}={part!r}" for dim in self.dims if part in self.coords[dim].index_of]
                shown = axes[0] if axes else f"{self.dims[0]}=label"
                raise UnknownName(
                    f"[{part!r}] is no position", remedy=f"labels are picked by .sel({shown}); {_BY_POSITION}"
                )
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.values, name)  # .sum(), .max(), .T, .tolist() and so on: the plain array's

    def __iter__(self) -> Any:
        return iter(self.values)

    # --- showing ------------------------------------------------------------------------------------------------
    def table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of the text table; for one or two axes.

        Examples
        --------
        >>> p = LabelledArray(np.array([[0.25, 0.75]]), ("s", "a"), {"s": Labels(["up"]), "a": Labels(["l", "r"])})
        >>> p.table()
        (['s', 'l', 'r'], [['up', '0.25', '0.75']])
        """
        if self.ndim > 2:
            raise InvalidArgument(f"{self.ndim} axes do not fit a table", remedy="fix some with .sel(...)")
        rows_of, columns = self.dims[0], self.dims[1] if self.ndim == 2 else None
        header = [rows_of, *(map(str, self.coords[columns]) if columns else [""])]
        rows = [
            [str(label), *(_cell(x) for x in (self.values[i] if columns else [self.values[i]]))]
            for i, label in enumerate(self.coords[rows_of])
        ]
        return header, rows

    def _beginning(self) -> tuple[str, LabelledArray]:
        """Where the table lies that stands for more than two axes, and the table."""
        first = {dim: self.coords[dim][0] for dim in self.dims[:-2]}
        return ", ".join(f"{dim}={label!r}" for dim, label in first.items()), self.sel(**first)

    def _short_table(self) -> tuple[list[str], list[list[str]]]:
        """`table`, without the middle columns where there are many."""
        header, rows = self.table()
        head, tail = kept(len(header), _MOST_COLUMNS)
        if not tail:
            return header, rows
        header, *rows = ([*(row[i] for i in head), "…", *(row[i] for i in tail)] for row in [header, *rows])
        return header, rows

    def to_frame(self, name: str = "value") -> pandas.DataFrame:
        """A tidy pandas frame: one row for each entry, a column for each axis, and one for the values.

        Parameters
        ----------
        name : str
            Of the column of values.

        Raises
        ------
        MissingPackage
            If pandas is not installed.

        Examples
        --------
        >>> p = LabelledArray(np.array([[0.25, 0.75]]), ("s", "a"), {"s": Labels(["up"]), "a": Labels(["l", "r"])})
        >>> p.to_frame("p")
            s  a     p
        0  up  l  0.25
        1  up  r  0.75
        """
        return array_frame(self, name)

    def to_xarray(self, name: str | None = None) -> xarray.DataArray:
        """An xarray data array with the same axes and labels.

        Raises
        ------
        MissingPackage
            If xarray is not installed.

        Examples
        --------
        >>> p = LabelledArray(np.array([[0.25, 0.75]]), ("s", "a"), {"s": Labels(["up"]), "a": Labels(["l", "r"])})
        >>> float(p.to_xarray().sel(s="up", a="r"))
        0.75
        """
        return data_array(self, name)

    def __str__(self) -> str:
        return repr(self) if self.ndim > 2 else text_table(*self._short_table())

    def _repr_html_(self) -> str:
        if self.ndim <= 2:
            return html_table(*self._short_table())
        place, table = self._beginning()
        return f"<code>{escaped(f'{self._title()} at {place}')}</code>{table._repr_html_()}"

    def _title(self) -> str:
        axes = ", ".join(f"{d}: {n}" for d, n in zip(self.dims, self.shape, strict=True))
        return f"LabelledArray({axes})"

    def __repr__(self) -> str:
        place, table = self._beginning() if self.ndim > 2 else ("", self)
        example = ", ".join(f"{dim}={self.coords[dim][0]!r}" for dim in self.dims)
        return "\n".join(
            [
                self._title() + (f" at {place}" if place else ""),
                text_table(*table._short_table(), limit=_MOST_ROWS),
                f"ask: .sel({place}), .sel({example})" if place else f"ask: .sel({example})",
            ]
        )


def _cell(value: Any) -> str:
    """An entry as a table shows it: a number, a truth value, or a label."""
    if value is None:
        return "none"
    if isinstance(value, float | int | np.integer | np.floating) and not isinstance(value, bool):
        return number(float(value))
    return str(value)
