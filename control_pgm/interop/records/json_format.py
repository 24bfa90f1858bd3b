"""Records as JSON text: readable, one field per line, with arrays as nested lists or lists of their non-zeros."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control_pgm.display import size
from control_pgm.errors import InvalidFile, TooLarge
from control_pgm.interop.records.json_arrays import decode_array, encode_array
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import Budget, Kind, Record, Shape, Source, read_bytes
from control_pgm.progress import Progress, Reporter

EXPANSION = 32  # bytes of memory per byte of JSON, at worst: '{"":0},' becomes a dict
DEEPEST = 64
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # an open string reaches to the end


def write_json(record: Record, path: Path, progress: Progress | None = None) -> None:
    """Write a record; ``progress`` counts fields and arrays."""
    report = Reporter(progress, _count(record), "fields written")
    path.write_text(_lines(record, "", report) + "\n", encoding="ascii", newline="\n")
    report.end()


def _count(record: Record) -> int:
    """Fields and arrays, those of parts among them."""
    return len(record.fields) + len(record.arrays) + sum(map(_count, record.parts.values()))


def read_json(path: Path, max_bytes: int) -> Source:
    """Open a file for reading; it may be as long as its values fit ``max_bytes`` of memory."""
    document = parse(read_bytes(path, max_bytes // EXPANSION), str(path))
    return JsonSource(str(path), document, Budget(str(path), max_bytes))


def read_json_text(text: str, name: str, max_bytes: int) -> Source:
    """The same for a text in memory; ``name`` stands for the file in errors."""
    content = text.encode("utf-8", "surrogatepass")
    if len(content) > max_bytes // EXPANSION:
        raise TooLarge(f"{name} is longer than {size(max_bytes // EXPANSION)}", remedy="pass max_bytes")
    return JsonSource(name, parse(content, name), Budget(name, max_bytes))


class JsonSource(Source):
    """A JSON object being read."""

    @property
    def names(self) -> Set[str]:
        """All fields."""
        return self.fields.keys()

    def array(self, name: str, shape: Shape, kind: Kind) -> NDArray[Any]:
        """A nested list, or a list of entries, as an array."""
        return decode_array(self, name, shape, kind)

    def part(self, name: str) -> Source:
        """An object within the object."""
        value = self.value(name)
        if not isinstance(value, dict):
            raise self.error(f"{self.prefix}{name} is {shortened(value)}", allowed="a JSON object")
        return JsonSource(self.file, value, self.budget, f"{self.prefix}{name}.")


def parse(text: bytes, file: str) -> dict[str, Any]:
    """The JSON object of a text: of bounded depth, without NaN literals, no key twice.

    Raises
    ------
    InvalidFile
        If it is anything else; names line and column where there are some.
    """
    if _depth(text) > DEEPEST:
        raise InvalidFile(f"{file}: the JSON is nested more than {DEEPEST} deep", allowed=f"{DEEPEST} levels")
    try:
        document = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_distinct, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InvalidFile(
            f"{file}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}",
            remedy="was the file cut off? save it again",
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidFile(f"{file}: byte {error.start} is not UTF-8", allowed="JSON in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InvalidFile(f"{file}: {error}", allowed="JSON") from None
    if not isinstance(document, dict):
        raise InvalidFile(f"{file}: the JSON is {shortened(document)}", allowed="a JSON object")
    return document


def dump(value: Any) -> str:
    """A JSON value in one line; floats are written with all their digits."""
    return json.dumps(value, allow_nan=False)


def plain_number(x: float) -> float | str:
    """A float, or the string that stands for it where JSON has no number.

    >>> plain_number(0.1), plain_number(float("-inf"))
    (0.1, '-inf')
    """
    return float(x) if math.isfinite(x) else str(float(x))


def _lines(record: Record, indent: str, report: Reporter) -> str:
    """The object with one field per line."""
    inner = indent + "  "
    rows = []
    for name, value in [*record.fields.items(), *record.arrays.items()]:
        plain = encode_array(value) if isinstance(value, np.ndarray) else value
        rows.append(f"{dump(name)}: {dump(plain)}")
        report.advance()
    rows += [f"{dump(name)}: {_lines(part, inner, report)}" for name, part in record.parts.items()]
    return "{\n" + ",\n".join(inner + row for row in rows) + f"\n{indent}}}"


def _depth(text: bytes) -> int:
    """How deep brackets are nested outside strings."""
    letters = np.frombuffer(_STRING.sub(b"", text), dtype=np.uint8)
    opened = (letters == ord("[")) | (letters == ord("{"))
    closed = (letters == ord("]")) | (letters == ord("}"))
    steps = opened.astype(np.int8) - closed.astype(np.int8)
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


def _distinct(pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the field {shortened(twice)} occurs twice")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is no JSON number; write "{"-inf" if name[0] == "-" else name[:3].lower()}"')
