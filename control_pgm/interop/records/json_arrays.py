"""Arrays as JSON values: nested lists, or ``{"shape": […], "entries": [[i, j, value], …]}`` where most are zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import NOT_FINITE, Kind, Shape, Source, fits, shape_text

_TYPES = {"float": np.float64, "bool": np.bool_, "int": np.int64}
_WORDS = {"float": 'a number, "-inf", "inf" or "nan"', "bool": "true or false", "int": "an integer"}
_INTEGERS = range(-(2**63), 2**63)


def encode_array(array: NDArray[Any]) -> Any:
    """An array as nested lists, or by its non-zeros if those are fewer than half.

    Examples
    --------
    >>> encode_array(np.array([0.5, -np.inf]))
    [0.5, '-inf']
    >>> encode_array(np.eye(3))
    {'shape': [3, 3], 'entries': [[0, 0, 1.0], [1, 1, 1.0], [2, 2, 1.0]]}
    """
    if array.dtype.kind != "f":
        return array.tolist()
    stored = (array != 0) | np.signbit(array)  # −0.0 is kept
    if array.ndim < 2 or 2 * np.count_nonzero(stored) >= array.size:
        return _coded(array).tolist()
    places = np.argwhere(stored).tolist()
    values = _coded(array[stored]).tolist()
    return {"shape": list(array.shape), "entries": [[*at, x] for at, x in zip(places, values, strict=True)]}


def _coded(array: NDArray[np.float64]) -> NDArray[Any]:
    """The array with strings in the place of what JSON has no number for."""
    finite = np.isfinite(array)
    if finite.all():
        return array
    coded = array.astype(object)
    coded[~finite] = [str(x) for x in array[~finite].tolist()]
    return coded


def decode_array(source: Source, name: str, shape: Shape, kind: Kind) -> NDArray[Any]:
    """The array of a field, if it has the wanted shape; its size is checked before it is allocated."""
    value, where = source.value(name), source.prefix + name
    if isinstance(value, dict):
        return _from_entries(source, where, value, shape, kind)
    actual, numbers = _flattened(source, where, value)
    _check_shape(source, where, actual, shape)
    source.budget.take(actual, 8, where)
    checked = [_number(source, where, x, kind, actual, k) for k, x in enumerate(numbers)]
    return np.array(checked, dtype=_TYPES[kind]).reshape(actual)


def _flattened(source: Source, where: str, value: Any) -> tuple[tuple[int, ...], list[Any]]:
    """The shape of nested lists, and their values in order."""
    shape: list[int] = []
    level = [value]
    while level and isinstance(level[0], list):
        n = len(level[0])
        for k, part in enumerate(level):
            if not isinstance(part, list) or len(part) != n:
                given = f"{len(part)} entries" if isinstance(part, list) else shortened(part)
                raise source.error(f"{where}{_at(shape, k)} has {given}", allowed=f"a list of {n}, as the first one")
        shape.append(n)
        level = [x for part in level for x in part]
    return tuple(shape), level


def _from_entries(source: Source, where: str, value: dict[str, Any], wanted: Shape, kind: Kind) -> NDArray[Any]:
    """The array of ``{"shape": […], "entries": [[i, j, value], …]}``."""
    if set(value) != {"shape", "entries"} or kind != "float" or not isinstance(value["entries"], list):
        raise source.error(f"{where} is {shortened(value)}", allowed="lists, or shape and entries for numbers")
    shape = value["shape"]
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**63 for n in shape):
        raise source.error(f"{where}.shape is {shortened(shape)}", allowed="a list of sizes")
    actual = tuple(shape)
    _check_shape(source, where, actual, wanted)
    source.budget.take(actual, 8, where)
    result = np.zeros(actual)
    for k, entry in enumerate(value["entries"]):
        place = f"{where}.entries"
        if not isinstance(entry, list) or len(entry) != len(actual) + 1:
            raise source.error(
                f"{place}[{k}] is {shortened(entry)}", allowed=f"a list of {len(actual)} indices and a value"
            )
        at = entry[:-1]
        if not all(type(i) is int and 0 <= i < n for i, n in zip(at, actual, strict=True)):
            raise source.error(f"{place}[{k}] is outside the shape", allowed=f"indices below {shape_text(actual)}")
        result[tuple(at)] = _number(source, place, entry[-1], kind, (len(value["entries"]),), k)
    places = {tuple(entry[:-1]) for entry in value["entries"]}
    if len(places) != len(value["entries"]):
        raise source.error(f"{where}.entries name one place twice", allowed="each place once")
    return result


def _check_shape(source: Source, where: str, actual: tuple[int, ...], wanted: Shape) -> None:
    if not fits(actual, wanted):
        shown = shape_text(actual[:8])
        raise source.error(f"{where} has shape {shown}", allowed=f"{shape_text(wanted)}, as states and actions tell")


def _number(source: Source, where: str, x: Any, kind: Kind, shape: tuple[int, ...], k: int) -> Any:
    """One value of an array, checked; the k-th of the given shape."""
    if kind == "float":
        if type(x) is float and math.isfinite(x):
            return x
        if isinstance(x, str) and x in NOT_FINITE:
            return NOT_FINITE[x]
        if type(x) is int and x.bit_length() <= 1023:
            return float(x)
    elif (kind == "bool" and type(x) is bool) or (kind == "int" and type(x) is int and x in _INTEGERS):
        return x
    raise source.error(f"{where}{_at(shape, k)} is {shortened(x)}", allowed=_WORDS[kind])


def _at(shape: tuple[int, ...] | list[int], k: int) -> str:
    """The k-th place of a shape, such as [1][2]."""
    return "".join(f"[{i}]" for i in np.unravel_index(k, tuple(shape))) if shape else ""
