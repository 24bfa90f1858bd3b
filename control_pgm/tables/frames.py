"""Labelled results as pandas data frames and xarray data arrays; both packages are optional, and imported here only.

A frame is tidy: one row for each entry, one column for each axis with its labels, then the values. A label keeps its
type; tuples stay tuples.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from control_pgm.errors import InvalidArgument, MissingPackage
from control_pgm.tables.variable import Labels

if TYPE_CHECKING:
    import pandas
    import xarray

INSTALL = "pip install 'control_pgm[frames]'"


class LabelledValues(Protocol):
    """An array with named axes, as `LabelledArray` is."""

    @property
    def values(self) -> NDArray[Any]:
        """The numbers."""

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the axes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their lengths."""

    @property
    def ndim(self) -> int:
        """How many there are."""

    @property
    def coords(self) -> Mapping[str, Labels]:
        """Axis -> its labels."""


def entries_frame(
    labels: Mapping[str, Sequence[Hashable]], codes: Sequence[NDArray[Any]], values: Mapping[str, NDArray[Any]]
) -> pandas.DataFrame:
    """A frame with one row for each entry: the label of each axis, then the values.

    Parameters
    ----------
    labels : mapping
        Axis -> its labels.
    codes : sequence of int arrays
        For each axis the position of its label, row by row.
    values : mapping
        Column -> values, row by row.
    """
    pandas = _pandas()
    for name in values:
        if name in labels:
            raise InvalidArgument(f"the column of values {name!r} has the name of an axis", remedy="pass name=…")
    columns: dict[str, Any] = {}
    for (axis, names), code in zip(labels.items(), codes, strict=True):
        column = pandas.Series(as_objects(names) if _kept(names) else list(names))
        columns[axis] = column.take(code).reset_index(drop=True)
    return pandas.DataFrame(columns | dict(values))


def array_frame(array: LabelledValues, name: str) -> pandas.DataFrame:
    """The frame of one labelled array."""
    return joined_frame({name: array})


def joined_frame(arrays: Mapping[str, LabelledValues]) -> pandas.DataFrame:
    """Arrays side by side: a row for each entry of the first one that has the most axes.

    The others are repeated along the axes that they do not have; what they hold for labels that it lacks, such as the
    last time of state marginals, is left out.
    """
    lead = max(arrays.values(), key=lambda array: array.ndim)
    labels = {dim: lead.coords[dim] for dim in lead.dims}
    codes = [code.ravel() for code in np.indices(lead.shape)]
    values = {}
    for name, array in arrays.items():
        place = []
        for dim in array.dims:
            index = array.coords[dim].index_of
            where = np.array([index[label] for label in labels[dim]])
            place.append(where[codes[lead.dims.index(dim)]])
        values[name] = array.values[tuple(place)]
    return entries_frame(labels, codes, values)


def data_array(array: LabelledValues, name: str | None) -> xarray.DataArray:
    """The array with its axes and labels as xarray has them."""
    made: xarray.DataArray = _xarray().DataArray(array.values, _coords(array), array.dims, name=name)
    return made


def dataset(arrays: Mapping[str, LabelledValues]) -> xarray.Dataset:
    """Several arrays in one data set; where one of them lacks a label, such as the last time, it has NaN."""
    made: xarray.Dataset = _xarray().merge([data_array(array, name) for name, array in arrays.items()], join="outer")
    return made


def columns_frame(columns: Mapping[str, Iterable[Any]]) -> pandas.DataFrame:
    """A frame of columns."""
    lists = {name: list(column) for name, column in columns.items()}
    return _pandas().DataFrame({name: as_objects(c) if _kept(c) else c for name, c in lists.items()})


def as_objects(labels: Sequence[Hashable]) -> NDArray[Any]:
    """Labels as an array of objects, with tuples as entries."""
    result = np.empty(len(labels), dtype=object)
    for k, label in enumerate(labels):
        result[k] = label
    return result


def _kept(labels: Sequence[Hashable]) -> bool:
    """Whether a package would change labels: take tuples apart, or turn numbers beside other things into floats."""
    kinds = {type(label) for label in labels}
    return tuple in kinds or len(kinds) > 1


def _coords(array: LabelledValues) -> dict[str, Any]:
    def column(names: Labels) -> Any:
        return as_objects(names) if _kept(names) else np.asarray(names)

    return {dim: column(array.coords[dim]) for dim in array.dims}


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingPackage("to_frame() needs pandas, which is not installed", remedy=INSTALL) from error
    return pandas


def _xarray() -> Any:
    try:
        import xarray
    except ImportError as error:
        raise MissingPackage("to_xarray() needs xarray, which is not installed", remedy=INSTALL) from error
    return xarray
