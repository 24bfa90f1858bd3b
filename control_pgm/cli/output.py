"""Results as text: tables for people, JSON and CSV for programs; files appear whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from control_pgm.display import number, printable, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.tables.factor import Factor
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.writing import write_text

FORMATS = ("table", "json", "csv")
_ENDINGS = {".json": "json", ".csv": "csv"}


def deliver(as_text: Callable[[str], str], kind: str, out: Path | None) -> None:
    """Print a result in the asked format, or write it to a file in the format of its ending."""
    if out is None:
        text = as_text(kind)
        if kind == "table" or sys.stdout.isatty():
            show(text)
        else:
            print(text)  # for programs, letter by letter
        return
    check_ending(out, (*_ENDINGS, ".txt"))
    write_text(out, as_text(_ENDINGS.get(out.suffix.lower(), kind)) + "\n")
    show(f"wrote {out}")


def show(text: str) -> None:
    """Print a text, line by line; control characters, which names in files may hold, do not reach the terminal."""
    print("\n".join(map(printable, text.split("\n"))))


def check_ending(out: Path, allowed: tuple[str, ...]) -> None:
    """Refuse a file whose ending names no format that can be written."""
    if out.suffix.lower() not in allowed:
        raise InvalidArgument(f"--out {str(out)!r} ends in {out.suffix!r}", allowed=", ".join(allowed))


def factor_text(factor: Factor, kind: str) -> str:
    """A table of probabilities."""
    if kind == "json":
        states = {v.name: [plain(label) for label in v.states] for v in factor.variables}
        return json.dumps({"axes": list(factor.scope), "states": states, "values": plain(factor.array())})
    labels = [list(map(str, at)) for at in product(*(v.states for v in factor.variables))]
    values = [float(x) for x in factor.array().flat]
    header = [*factor.scope, "probability"]
    if kind == "csv":
        return csv_text(header, [[*at, x] for at, x in zip(labels, values, strict=True)])
    return text_table(header, [[*at, number(x)] for at, x in zip(labels, values, strict=True)], limit=200)


def array_text(array: LabelledArray, name: str, kind: str) -> str:
    """A labelled array with at most two axes as a table, or with any number of axes as CSV."""
    if kind == "table":
        header, cells = array.table()
        return text_table(header if array.ndim == 2 else [header[0], name], cells, limit=200)
    labels = [[str(label) for label in array.coords[dim]] for dim in array.dims]
    rows = [[*at, float(x)] for at, x in zip(product(*labels), array.values.flat, strict=True)]
    return csv_text([*array.dims, name], rows)


def csv_text(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Comma-separated values; numbers keep every digit."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().rstrip("\n")


def json_text(record: Mapping[str, Any]) -> str:
    """A record as JSON; NaN becomes null, infinities become strings, since JSON has neither."""
    return json.dumps(plain(record))


def plain(value: Any) -> Any:
    """A value in JSON's own types."""
    if isinstance(value, LabelledArray):
        return plain(value.values)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return None if np.isnan(value) else value if np.isfinite(value) else "-inf" if value < 0 else "inf"
    return value if isinstance(value, str | int | bool | None) else str(value)


_OPTIONS = {
    "memory_limit": "--memory-limit",
    "pass max_bytes": "raise --memory-limit",
    "parents_fastest": "--parents-fastest",
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def note(text: str) -> None:
    """A line on standard error: nothing is wrong, but it may not be what was meant."""
    print(f"control-pgm: note: {printable(text)}", file=sys.stderr)


def as_typed(text: str) -> str:
    """The text of an error with the options of the command line in the place of the arguments of Python's functions.

    >>> as_typed("allowed: 4 GiB (memory_limit); observe more variables, or raise memory_limit")
    'allowed: 4 GiB (--memory-limit); observe more variables, or raise --memory-limit'
    """
    for argument, option in _OPTIONS.items():
        text = text.replace(argument, option)
    return printable(text)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Each warning that would be shown, once, as a line on standard error."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = " ".join(_COLOUR.sub("", str(message)).removeprefix("WARN: ").split())
        if text not in shown:
            shown.add(text)
            note(text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for those who write programs
        warnings.showwarning = show
        yield
