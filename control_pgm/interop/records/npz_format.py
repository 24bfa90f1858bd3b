"""Records as NPZ: a zip of numpy arrays, with everything that is no array as JSON text in the member ``header``.

Nothing is read before the sizes that the zip and the arrays' headers declare have been checked, and no array of
Python objects is ever loaded: such arrays can run code.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Set
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.errors import InvalidFile
from control_pgm.interop.records.json_format import EXPANSION, dump, parse
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import Budget, Kind, Record, Shape, Source, fits, read_bytes, shape_text
from control_pgm.progress import Progress, Reporter

HEADER = "header"
_LARGEST_DIRECTORY = 2**16
_ARRAY_HEADER = re.compile(
    r"\{'descr': '([<>|][a-zA-Z]\d{1,9})', 'fortran_order': (?:True|False), "
    r"'shape': \(((?:\d{1,18},? ?){0,8})\), \} *\n"
)
_TYPES = {"float": ("<f8",), "bool": ("|b1",), "int": ("<i4", "<i8"), "text": ("|u1",)}
# What the zip and array readers raise on bytes that make no sense; all bytes are in memory, so OSError is one of them.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError)
_MALFORMED = (ValueError, KeyError, OSError, OverflowError, RuntimeError, *_ZIP_ERRORS)


def write_npz(record: Record, path: Path, progress: Progress | None = None) -> None:
    """Write a record, as `numpy.savez_compressed` does; ``progress`` counts bytes."""
    header = dump(_fields(record)).encode("ascii")
    members: dict[str, Any] = {HEADER: np.frombuffer(header, dtype=np.uint8), **_arrays(record, "")}
    report = Reporter(progress, sum(array.nbytes for array in members.values()), "bytes written")
    done = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(_Counted(member, report, done), array, allow_pickle=False)
            done += array.nbytes
    report.end()


class _Counted:
    """A member of a zip being written; bytes are reported as they come, in pieces of some megabytes."""

    def __init__(self, member: IO[bytes], report: Reporter, done: int) -> None:
        self._member, self._report, self._done = member, report, done

    def write(self, data: bytes) -> int:
        """Write a piece."""
        self._done += len(data)
        self._report.at(min(self._done, self._report.total - 1))  # headers are not counted
        return self._member.write(data)


def read_npz(path: Path, max_bytes: int) -> Source:
    """Open a file for reading; its arrays may take ``max_bytes`` together."""
    content, file = read_bytes(path, max_bytes), str(path)
    archive = _Archive(file, content, Budget(file, max_bytes))
    if HEADER not in archive.members:
        raise InvalidFile(f"{file}: the member {HEADER!r} is missing", allowed="files written by save")
    text = archive.array(HEADER, (None,), "text", itemsize=EXPANSION).tobytes()
    return NpzSource(archive, parse(text, f"{file}, member {HEADER!r}"), "")


class NpzSource(Source):
    """An NPZ file, or the members of one prefix, being read."""

    def __init__(self, archive: _Archive, fields: Mapping[str, Any], prefix: str) -> None:
        super().__init__(archive.file, fields, archive.budget, prefix)
        self.archive = archive

    @property
    def names(self) -> Set[str]:
        """The header's fields, and the members of this part."""
        own = {name.removeprefix(self.prefix) for name in self.archive.members if name.startswith(self.prefix)}
        parts = {name for name, value in self.fields.items() if isinstance(value, dict)}
        inner = {name for name in own if "." in name and name.split(".")[0] in parts}
        return self.fields.keys() | (own - inner - {HEADER})

    def array(self, name: str, shape: Shape, kind: Kind) -> NDArray[Any]:
        """A member of the zip."""
        return self.archive.array(self.prefix + name, shape, kind)

    def part(self, name: str) -> Source:
        """The fields of an object in the header, and the members that begin with its name."""
        value = self.value(name)
        if not isinstance(value, dict):
            raise self.error(f"{self.prefix}{name} is {shortened(value)}", allowed="a JSON object")
        return NpzSource(self.archive, value, f"{self.prefix}{name}.")


class _Archive:
    """The zip and its budget."""

    def __init__(self, file: str, content: bytes, budget: Budget) -> None:
        self.file, self.budget = file, budget
        _check_directory(file, content)
        try:
            self.zip = zipfile.ZipFile(BytesIO(content))
        except _MALFORMED as error:
            raise InvalidFile(f"{file}: the zip's directory makes no sense ({error})", allowed="NPZ files") from None
        self.members: dict[str, zipfile.ZipInfo] = {}
        for info in self.zip.infolist():
            self.members[self._name(info)] = info

    def _name(self, info: zipfile.ZipInfo) -> str:
        """The array's name. Nothing is ever written under a member's name; odd ones are refused all the same."""
        name = info.filename.removesuffix(".npy")
        if not re.fullmatch(r"[a-zA-Z_.]{1,80}\.npy", info.filename) or name in self.members:
            raise InvalidFile(f"{self.file}: member {shortened(info.filename)}", allowed="plain names, each once")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise InvalidFile(
                f"{self.file}: member {name!r} is encrypted or packed in an unusual way", allowed="stored or deflated"
            )
        return name

    def array(self, name: str, shape: Shape, kind: str, itemsize: int | None = None) -> NDArray[Any]:
        """A member, if its header declares the wanted shape and type; ``itemsize`` is what to count for an item."""
        if name not in self.members:
            raise InvalidFile(f"{self.file}: the member {name!r} is missing")
        where = f"{self.file}, member {name!r}"
        info = self.members[name]
        try:
            with self.zip.open(info) as member:
                start, dtype, actual = _declared(member, where)
            if dtype not in _TYPES[kind]:
                raise InvalidFile(f"{where} has type {dtype!r}", allowed=", ".join(map(repr, _TYPES[kind])))
            if not fits(actual, shape):
                raise InvalidFile(f"{where} has shape {actual}", allowed=shape_text(shape))
            if info.file_size != start + math.prod(actual) * int(dtype[2:]):
                raise InvalidFile(f"{where} has {info.file_size} bytes, which do not fit its shape {actual}")
            self.budget.take(actual, itemsize or int(dtype[2:]), name)
            with self.zip.open(info) as member:
                array: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
        except InvalidFile:
            raise
        except _MALFORMED as error:
            raise InvalidFile(f"{where} is damaged ({error})", remedy="was the file cut off? save it again") from None
        return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _declared(member: Any, where: str) -> tuple[int, str, tuple[int, ...]]:
    """Where the data begin, the type and the shape, as the header of an array says; nothing in it is evaluated."""
    start = member.read(10)
    if start[:8] != b"\x93NUMPY\x01\x00" or len(start) < 10:
        raise InvalidFile(f"{where} is no numpy array of format 1.0", allowed="arrays written by save or numpy.savez")
    length = int(struct.unpack("<H", start[8:])[0])
    text = member.read(length).decode("latin-1") if length <= 1024 else ""
    match = _ARRAY_HEADER.fullmatch(text)
    if match is None:
        raise InvalidFile(
            f"{where}: the array's header is {shortened(text)}", allowed="a plain array of numbers or booleans"
        )
    return 10 + length, match[1], tuple(int(n) for n in re.findall(r"\d+", match[2]))


def _check_directory(file: str, content: bytes) -> None:
    """Refuse a zip with a comment or a long directory: reading the directory takes many times its length."""
    end = content[-22:]
    if len(end) < 22 or end[:4] != b"PK\x05\x06":
        raise InvalidFile(f"{file} is no NPZ file, or cut off", allowed="files written by save", remedy="save it again")
    length = int.from_bytes(end[12:16], "little")
    if content[-42:-38] == b"PK\x06\x07":
        length = max(length if length < 2**32 - 1 else 0, int.from_bytes(content[-58:-50], "little"))
    if length > _LARGEST_DIRECTORY:
        raise InvalidFile(f"{file}: the zip's directory is longer than {_LARGEST_DIRECTORY} bytes")


def _fields(record: Record) -> dict[str, Any]:
    return {**record.fields, **{name: _fields(part) for name, part in record.parts.items()}}


def _arrays(record: Record, prefix: str) -> dict[str, NDArray[Any]]:
    """All arrays by name; those of a part begin with its name and a dot."""
    own = {prefix + name: _portable(array) for name, array in record.arrays.items()}
    for name, part in record.parts.items():
        own.update(_arrays(part, f"{prefix}{name}."))
    return own


def _portable(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
