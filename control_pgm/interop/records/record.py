"""Records of the file formats: fields to write, sources to read from, and how much a file may claim."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidFile, TooLarge, unknown
from control_pgm.interop.foreign import foreign_format
from control_pgm.interop.records.label_codes import shortened

Kind = Literal["float", "bool", "int"]
_READERS = {
    "control_pgm/mdp": "load reads decision processes",
    "control_pgm/solution": "load_solution reads solutions",
    "control_pgm/stationary": "load_solution reads solutions",
    "control_pgm/solutions": "load_solution reads solutions",
    "control_pgm/desirability": "load_solution reads solutions",
    "control_pgm/network": "load_network reads networks",
}
Shape = tuple[int | None, ...]  # None: any length
MAX_BYTES = 2**30
GZIP = ".gz"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Record:
    """Something to write: JSON values and arrays by name, and parts that are records themselves."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    parts: Mapping[str, Record] = field(default_factory=dict)


class Budget:
    """How many bytes the arrays of one file may still take; asked before anything is allocated.

    Examples
    --------
    >>> Budget("big.npz", 1000).take((10, 10), 8, "transition")
    >>> Budget("big.npz", 100).take((10, 10), 8, "transition")
    Traceback (most recent call last):
        ...
    control_pgm.errors.TooLarge: big.npz: transition of shape (10, 10) needs 800 B; allowed: 100 B in all; if you \
trust the file, pass max_bytes
    """

    def __init__(self, file: str, limit: int) -> None:
        self.file, self.limit, self.left = file, limit, limit

    def take(self, shape: tuple[int, ...], itemsize: int, what: str) -> None:
        """Count an array, or refuse it."""
        need = math.prod(shape) * itemsize
        if need > self.left:
            shown = size(need) if need < 1e300 else "more bytes than there are"
            raise TooLarge(
                f"{self.file}: {what} of shape {shape} needs {shown}",
                allowed=f"{size(self.limit)} in all",
                remedy="if you trust the file, pass max_bytes",
            )
        self.left -= need


class Source(ABC):
    """A file, or a part of one, being read. Every error names the file and the field."""

    def __init__(self, file: str, fields: Mapping[str, Any], budget: Budget, prefix: str = "") -> None:
        self.file, self.fields, self.budget, self.prefix = file, fields, budget, prefix

    @property
    @abstractmethod
    def names(self) -> Set[str]:
        """All fields, arrays and parts."""

    @abstractmethod
    def array(self, name: str, shape: Shape, kind: Kind) -> NDArray[Any]:
        """An array of the given shape; its size is checked before it is read."""

    @abstractmethod
    def part(self, name: str) -> Source:
        """A part that is a record itself."""

    def value(self, name: str) -> Any:
        """A JSON value."""
        if name not in self.fields:
            raise self.error(f"the field {self.prefix + name!r} is missing")
        return self.fields[name]

    def text(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of a few strings."""
        value = self.value(name)
        if value not in list(allowed):
            raise self.error(f"{self.prefix}{name} is {shortened(value)}", allowed=", ".join(map(repr, allowed)))
        return str(value)

    def number(self, name: str) -> float:
        """A number, or "inf", "-inf", "nan"."""
        value = self.value(name)
        if isinstance(value, str) and value in NOT_FINITE:
            return NOT_FINITE[value]
        if type(value) is int and value.bit_length() <= 1023:
            return float(value)
        if type(value) is not float or not math.isfinite(value):
            raise self.error(f"{self.prefix}{name} is {shortened(value)}", allowed="a number")
        return value

    def only(self, allowed: tuple[str, ...]) -> None:
        """Refuse a field that nobody knows: it may be a spelling of one that would otherwise be left out."""
        for name in sorted(self.names - set(allowed)):
            error = unknown(shortened(name)[1:-1], allowed, what="the field")
            raise self.error(error.what, allowed=", ".join(allowed), remedy=error.remedy)

    def expect(self, form: str, others: Mapping[str, str] | None = None, versions: tuple[int, ...] = (VERSION,)) -> int:
        """The version, if format and version are known; an error names the reader of another format, ``others`` too."""
        given = self.value("format")
        if given != form:
            known = {**_READERS, **(others or {})}
            remedy = known.get(given, "") if isinstance(given, str) else ""
            raise self.error(f"format is {shortened(given)}", allowed=repr(form), remedy=remedy)
        version = self.value("version")
        if type(version) is not int or version not in versions:
            raise self.error(
                f"version {shortened(version)} of {form!r} is unknown",
                allowed=", ".join(map(str, versions)),
                remedy="a newer control_pgm may have written it: update",
            )
        return version

    def error(self, what: str, *, allowed: str = "", remedy: str = "") -> InvalidFile:
        """An error that names the file."""
        return InvalidFile(f"{self.file}: {what}", allowed=allowed, remedy=remedy)


NOT_FINITE = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan}


def fits(actual: tuple[int, ...], wanted: Shape) -> bool:
    """Whether a shape is the wanted one; None fits any length.

    >>> fits((5, 2), (None, 2)), fits((5,), (None, 2))
    (True, False)
    """
    return len(actual) == len(wanted) and all(w is None or w == n for n, w in zip(actual, wanted, strict=True))


def shape_text(shape: Shape) -> str:
    """A shape for people: any length is written n."""
    return "(" + ", ".join("n" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"


def suffix(path: str | Path) -> str:
    """The ending of a file's name in small letters, and the one before ".gz".

    >>> suffix("grid.JSON"), suffix("asia.bif.gz")
    ('.json', '.bif.gz')
    """
    *_, before, last = "", "", *Path(path).suffixes
    return (before + last if last.lower() == GZIP else last).lower()


def ending(path: str | Path, allowed: tuple[str, ...], more: str = "") -> str:
    """The ending of a file, if it is one of those allowed; of other programs' formats the error says what they are.

    >>> ending("grid.JSON", (".json", ".npz"))
    '.json'
    """
    if not isinstance(path, str | Path):
        raise InvalidArgument(f"{path!r} is no path", allowed="a string or a pathlib.Path")
    kind = suffix(path)
    if kind not in allowed:
        what, remedy = foreign_format(path)
        raise InvalidArgument(
            f"file {str(path)!r} ends in {kind!r}{what and f': {what}'}",
            allowed=", ".join(allowed) + more,
            remedy=remedy,
        )
    return kind


def check_limit(max_bytes: int) -> None:
    """Refuse a limit that is no number of bytes."""
    if type(max_bytes) is not int or max_bytes < 1:
        raise InvalidArgument(f"max_bytes {max_bytes!r}", allowed="a number of bytes, at least 1")


def read_text(path: Path, limit: int, what: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark, with any line ends."""
    content = read_bytes(path, limit)
    if suffix(path).endswith(GZIP):
        content = _unpacked(path, content, limit)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile(f"{path}, line {line}: byte {error.start} is not UTF-8", allowed=what) from None


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole file, if it is not longer than ``limit``; endless files are refused too."""
    with open(path, "rb") as handle:
        length = os.fstat(handle.fileno()).st_size
        content = handle.read(limit + 1) if length <= limit else b""
    if max(length, len(content)) > limit:
        raise TooLarge(
            f"{path} is longer than {size(limit)}",
            allowed=f"files of {size(limit)}, for their format",
            remedy="if you trust the file, pass max_bytes; .npz takes the least memory",
        )
    return content


def _unpacked(path: Path, content: bytes, limit: int) -> bytes:
    """The contents of a gzip file, if they are not longer than ``limit``; no more than that is unpacked."""
    try:
        with gzip.GzipFile(fileobj=BytesIO(content)) as packed:
            unpacked = packed.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidFile(
            f"{path} is no gzip file, or damaged ({error})", allowed="gzip files", remedy="was the file cut off?"
        ) from None
    if len(unpacked) > limit:
        raise TooLarge(
            f"{path} is longer than {size(limit)} when unpacked",
            allowed=f"files of {size(limit)}, for their format",
            remedy="if you trust the file, pass max_bytes",
        )
    return unpacked
