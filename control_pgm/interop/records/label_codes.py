"""State and action labels as JSON values, and back.

Strings, integers, finite floats, true, false and null stand for themselves; a list stands for a tuple, which is
unambiguous, as lists cannot be labels; ``{"float": "inf"}`` and ``{"float": "-inf"}`` are what JSON has no number for.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from control_pgm.errors import InvalidArgument, InvalidFile

ALLOWED = "strings, integers, floats, booleans, None, and tuples of these"
_DEEPEST = 16
_LONGEST = 4096  # bits of an integer label: beyond 4300 digits Python itself refuses to read it
_INFINITE = {"inf": math.inf, "-inf": -math.inf}


def encode_label(label: Hashable, *, depth: int = 0) -> Any:
    """A label as a JSON value. Numpy's scalars become the Python values that equal them.

    Raises
    ------
    InvalidArgument
        If the label has another type, or is NaN, which equals nothing, not even itself.

    Examples
    --------
    >>> encode_label(("a", (1, None)))
    ['a', [1, None]]
    >>> encode_label(float("-inf"))
    {'float': '-inf'}
    """
    if isinstance(label, np.integer | np.floating | np.bool_ | np.str_):
        label = label.item()
    if type(label) is tuple and depth < _DEEPEST:
        return [encode_label(part, depth=depth + 1) for part in label]
    if label is None or type(label) in (str, bool) or (type(label) is int and label.bit_length() <= _LONGEST):
        return label
    if type(label) is float and not math.isnan(label):
        return label if math.isfinite(label) else {"float": "inf" if label > 0 else "-inf"}
    raise InvalidArgument(
        f"the label {label!r} of type {type(label).__name__} cannot be written to a file",
        allowed=f"{ALLOWED} (at most {_DEEPEST} deep; no NaN)",
        remedy="build the process with such labels, for instance str(label)",
    )


def decode_label(value: Any, where: str, *, depth: int = 0) -> Hashable:
    """The label of a JSON value; ``where`` begins the error message.

    Raises
    ------
    InvalidFile
        If no label is written like that.

    Examples
    --------
    >>> decode_label(["a", [1, None]], "states[0]")
    ('a', (1, None))
    """
    if isinstance(value, list) and depth < _DEEPEST:
        return tuple(decode_label(part, where, depth=depth + 1) for part in value)
    if value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, dict) and list(value) == ["float"] and value["float"] in list(_INFINITE):
        return _INFINITE[value["float"]]
    raise InvalidFile(
        f"{where} is {shortened(value)}, which is no label",
        allowed=f'a string, number, true, false, null, {{"float": "inf"}}, or a list of these, {_DEEPEST} deep at most',
    )


def shortened(value: Any) -> str:
    """A value from a file, short enough for a message whatever the file holds."""
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'JSON object'} of {len(value)}"
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 66 else text[:60] + "…"
