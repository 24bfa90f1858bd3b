"""Decision processes in tables of comma-separated values: one outcome a line, the columns named in the first.

    s,a,next,p,r
    home,go,shop,0.9,1
    home,go,home,0.1,0
    shop,go,shop,1,0

The names are those of `MDP.from_frame`; a column t makes the process vary with time, other columns are passed over.
Cells may be separated by commas, semicolons or tabs. Labels are text, unless all states (or all actions) are integers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from control_pgm.control.mdp.checks import BYTES_A_PAIR
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.mdp.sources.rows import USUAL
from control_pgm.display import size
from control_pgm.errors import ControlPGMError, InvalidFile, TooLarge
from control_pgm.interop.records.record import read_text

_BYTES_A_LETTER = 32  # what Python needs for one letter of a table, about
_BYTES_AN_OUTCOME = 40  # what dense tables take for each step, state, action and next state while they are made
_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)
_FIELDS = ("s", "a", "next", "p", "r", "t")
_WHAT = "text with the columns s, a, next, p, r"


def read_csv(path: Path, max_bytes: int) -> MDP:
    """The decision process of a table.

    Raises
    ------
    InvalidFile
        Names the file and the line.
    TooLarge
        If its tables would need more than ``max_bytes``.
    """
    text = read_text(path, max(1, max_bytes // _BYTES_A_LETTER), _WHAT)
    lines = _lines(path, text)
    if not lines:
        raise InvalidFile(f"{path} is empty", allowed=_WHAT)
    (_, header), *rows = lines
    names = [cell.strip() for cell in header]
    for name in names:
        if names.count(name) > 1:
            raise InvalidFile(f"{path}, line 1: two columns are named {name!r}", allowed="one of each name")
    for line, row in rows:
        if len(row) != len(names):
            raise InvalidFile(f"{path}, line {line}: {len(row)} cells", allowed=f"{len(names)}, as in the first line")
    if not rows:
        raise InvalidFile(f"{path} has no outcomes below its first line", allowed=_WHAT)
    cells = dict(zip(names, zip(*(row for _, row in rows), strict=True), strict=True))
    columns: dict[str, list[Any]] = {}
    for field in _FIELDS:
        column = next((name for name in names if name.lower() in USUAL[field]), None)
        if column is not None:
            columns[field] = _filled(path, [line for line, _ in rows], column, cells[column])
        elif field == "p":
            raise InvalidFile(
                f"{path} has no column 'p', only {', '.join(map(repr, names))}",
                allowed=", ".join(map(repr, USUAL["p"])),
                remedy="logged transitions, without probabilities, are counted: MDP.from_transitions(table)",
            )
        elif field != "t":
            raise InvalidFile(
                f"{path} has no column {field!r}, only {', '.join(map(repr, names))}",
                allowed=", ".join(map(repr, USUAL[field])),
            )
    for field in ("p", "r", "t"):
        if field in columns:
            columns[field] = [
                _number(path, line, field, cell) for (line, _), cell in zip(rows, columns[field], strict=True)
            ]
    if all(_INTEGER.fullmatch(cell) for field in ("s", "next") for cell in columns[field]):
        columns |= {field: list(map(int, columns[field])) for field in ("s", "next")}
    if all(map(_INTEGER.fullmatch, columns["a"])):
        columns["a"] = list(map(int, columns["a"]))
    _fits(path, columns, max_bytes)
    try:
        return MDP.from_frame(columns)
    except TooLarge:
        raise
    except ControlPGMError as error:
        what = re.sub(r"\boutcome (\d+)", lambda found: f"line {rows[int(found[1])][0]}:", error.what)
        raise InvalidFile(f"{path}: {what}", allowed=error.allowed, remedy=error.remedy) from None


def _lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """The number and the cells of every line that is not blank."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True, skipinitialspace=True)
    lines = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append((reader.line_num, row))
    except csv.Error as error:
        raise InvalidFile(f"{path}, line {reader.line_num}: {error}", allowed=_WHAT) from None
    return lines


def _filled(path: Path, lines: Sequence[int], column: str, cells: Sequence[str]) -> list[str]:
    """The cells of a column without the blanks around them; none may be empty."""
    filled = [cell.strip() for cell in cells]
    for line, cell in zip(lines, filled, strict=True):
        if not cell:
            raise InvalidFile(f"{path}, line {line}: {column} is empty", allowed="a label or a number in every cell")
    return filled


def _number(path: Path, line: int, field: str, cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        raise InvalidFile(f"{path}, line {line}: {field} is {cell[:80]!r}", allowed="a number, such as 0.25")
    return float(cell)


def _fits(path: Path, columns: Mapping[str, Sequence[Any]], limit: int) -> None:
    """Refuse large tables before they are made: counted by pairs (s, a), and by outcomes where they have times."""
    times = _distinct(columns.get("t", ()))
    states, actions = _distinct([*columns["s"], *columns["next"]]), _distinct(columns["a"])
    need = BYTES_A_PAIR * states * actions
    if times:
        need = _BYTES_AN_OUTCOME * times * states * actions * states
    if need > limit:
        steps = f"{times} steps, " if times else ""
        raise TooLarge(
            f"{path}: tables of {steps}{states} states and {actions} actions need {size(need)}",
            allowed=size(limit),
            remedy="if you trust the file, pass max_bytes",
        )


def _distinct(values: Iterable[Any]) -> int:
    return len(set(values))
