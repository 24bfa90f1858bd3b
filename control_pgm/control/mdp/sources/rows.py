"""Rows that users list, such as outcomes and logged transitions: by position, by name, or as the columns of a table.

A field has one name and a few usual others. By name nothing can be swapped; by position the order is the field's own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.display.text import shortened
from control_pgm.errors import InvalidArgument, InvalidModel, UnknownName, unknown

USUAL: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "time"),
    "s": ("s", "state"),
    "a": ("a", "action"),
    "p": ("p", "prob", "probability"),
    "next": ("next", "s'", "s_next", "next_state"),
    "r": ("r", "reward"),
    "done": ("done", "terminated"),
}  # field -> its names, the shortest first
_FIELD = {name: field for field, names in USUAL.items() for name in names}
_LABELS = frozenset({"s", "a", "next"})
_PLAIN = frozenset({str, int, bool})  # labels that need no look
_LONGEST_SHOWN = 80  # letters of what an error quotes
_PASSED_OVER = frozenset({"Index"})  # what pandas' itertuples puts first


@dataclass(frozen=True)
class RowForm:
    """What a row consists of.

    Attributes
    ----------
    noun : str
        What errors call a row.
    fields : tuple of str
        By position; all of them are needed.
    optional : tuple of str
        By name only.
    positions : str
        The fields by position, for people.
    """

    noun: str
    fields: tuple[str, ...]
    optional: tuple[str, ...]
    positions: str

    @property
    def every(self) -> tuple[str, ...]:
        """All fields, in the order in which rows are given back."""
        return (*self.fields, *self.optional)

    def allowed(self) -> str:
        """The forms of a row."""
        return f"{self.positions}, or by name: {', '.join(self.fields)}, and perhaps {', '.join(self.optional)}"


Row = tuple[Any, ...]


def read_rows(items: Any, form: RowForm) -> tuple[list[Row], bool]:
    """Rows with the fields in the order of ``form.every``, None where an optional one is left out.

    Returns
    -------
    (list of tuple, bool)
        The rows, and whether any was given by position.
    """
    if not isinstance(items, Iterable) or isinstance(items, str):
        raise InvalidModel(f"{shown(items)} are no {form.noun}s", allowed=f"a list of {form.positions}")
    if is_table(items):
        raise InvalidModel(
            f"a table with columns where {form.noun}s are listed", remedy="MDP.from_frame(table) reads its columns"
        )
    rows: list[Row] = []
    positional = False
    length, missing = len(form.fields), (None,) * len(form.optional)
    first, second, third = (form.fields.index(field) for field in ("s", "a", "next"))
    for k, item in enumerate(items):
        if type(item) is tuple and len(item) == length:  # the usual case, made quick
            positional = True
            plain = {type(item[first]), type(item[second]), type(item[third])} <= _PLAIN
            rows.append(item + missing if plain else _labelled(item + missing, form, k, item))
            continue
        named = _named(item)
        if named is not None:
            rows.append(_labelled(_from_names(named, form, k), form, k, item))
            continue
        try:
            row = tuple(item)
        except TypeError:
            row = ()
        if len(row) != length or isinstance(item, str):
            raise InvalidModel(f"{form.noun} {k} is {shown(item)}", allowed=form.allowed())
        rows.append(_labelled((*row, *missing), form, k, item))
        positional = True
    return rows, positional


def is_table(items: Any) -> bool:
    """Whether it has columns with names: a data frame, or an array of records."""
    return hasattr(items, "columns") or getattr(getattr(items, "dtype", None), "names", None) is not None


def read_columns(table: Any, chosen: Mapping[str, Hashable | None], form: RowForm) -> list[Row]:
    """The rows of a table with columns: a data frame, a mapping of columns, or an array of records.

    ``chosen`` names the column of each field; where it is None, the one of a usual name is taken.
    """
    names = _columns(table)
    columns: dict[str, list[Any]] = {}
    for field in form.every:
        name = chosen.get(field)
        if name is None:
            name = next((usual for usual in USUAL[field] if usual in names), None)
        elif name not in names:
            raise unknown(name, names, what="column")
        if name is not None:
            columns[field] = _listed(table[name])
        elif field in form.fields:
            raise _no_column(field, names)
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidModel(f"columns of different lengths: {lengths}", allowed="one entry for each row")
    empty = [None] * next(iter(lengths.values()))
    rows = zip(*(columns.get(field, empty) for field in form.every), strict=True)
    return [_labelled(row, form, k, row) for k, row in enumerate(rows)]


def shown(value: object) -> str:
    """What was given, short enough for a message."""
    return shortened(repr(value), _LONGEST_SHOWN)


def _no_column(field: str, names: Sequence[Hashable]) -> UnknownName:
    remedy = f"name it: {field}=…"
    if field == "p":
        remedy += "; logged transitions, without probabilities, are counted by MDP.from_transitions(table)"
    usual = ", ".join(map(repr, USUAL[field]))
    found = ", ".join(map(repr, names))
    return UnknownName(f"the table has no column {field!r}, only {found}", allowed=usual, remedy=remedy)


def _columns(table: Any) -> list[Hashable]:
    records = getattr(getattr(table, "dtype", None), "names", None)
    if records is not None:
        return list(records)
    if hasattr(table, "columns"):
        return list(table.columns)
    if isinstance(table, Mapping):
        return list(table)
    raise InvalidArgument(
        f"{type(table).__name__} is no table",
        allowed="a data frame, or a mapping of columns",
        remedy="single outcomes: MDP.from_outcomes(…)",
    )


def _listed(column: Any) -> list[Any]:
    """The entries as Python has them; NumPy's stay where they carry a narrower number type."""
    if isinstance(column, np.ndarray) or isinstance(getattr(column, "dtype", None), np.dtype):
        array = np.asarray(column)
        if array.dtype.kind == "f" and array.dtype.itemsize < 8:
            return list(array)
    make: Callable[[], Any] | None = getattr(column, "tolist", None) or getattr(column, "to_list", None)
    return list(make() if make else column)


def _named(item: Any) -> Mapping[Any, Any] | None:
    if isinstance(item, Mapping):
        return item
    as_dict = getattr(item, "_asdict", None)
    return as_dict() if callable(as_dict) else None


def _from_names(named: Mapping[Any, Any], form: RowForm, k: int) -> Row:
    found: dict[str, Any] = {}
    for name, value in named.items():
        if name in _PASSED_OVER:
            continue
        field = _FIELD.get(name)
        if field not in form.every:
            raise unknown(name, form.every, what=f"field of {form.noun} {k}:")
        if field in found:
            raise InvalidModel(f"{form.noun} {k} has the field {field!r} twice: {shown(dict(named))}", allowed="one")
        found[field] = value
    for field in form.fields:
        if field not in found:
            raise InvalidModel(f"{form.noun} {k} has no {field!r}: {shown(dict(named))}", allowed=form.allowed())
    return tuple(found.get(field) for field in form.every)


def _labelled(row: Row, form: RowForm, k: int, item: Any) -> Row:
    """The row with its labels as plain Python values; labels must be hashable, and there."""
    values = list(row)
    for place, field in enumerate(form.every):
        if field not in _LABELS:
            continue
        label = values[place]
        if isinstance(label, np.generic):
            label = values[place] = label.item()
        try:
            hash(label)
        except TypeError:
            raise InvalidModel(
                f"{form.noun} {k} is {shown(item)}",
                allowed=form.allowed(),
                remedy="labels must be hashable: text, numbers, tuples",
            ) from None
        if _is_missing(label):
            raise InvalidModel(f"{form.noun} {k} has no {field}: it is missing ({label!r})", remedy="leave the row out")
    return tuple(values)


def _is_missing(label: Any) -> bool:
    """Whether it is NaN, or what stands for it in data frames."""
    try:
        return bool(label != label)
    except (TypeError, ValueError):
        return True
