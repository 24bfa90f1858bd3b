"""Kinds of INPUT that a verb cannot use, and the verbs that can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from control_pgm.errors import ControlPGMError, InvalidArgument
from control_pgm.interop.network_files import READ
from control_pgm.interop.records.json_format import read_json, read_json_text
from control_pgm.interop.records.npz_format import read_npz
from control_pgm.interop.records.record import MAX_BYTES, Source, suffix

STANDARD_INPUT = "-"
GYM = "gym:"
MADE = (GYM, "textbook:")  # what is made rather than read
_PROCESS, _NETWORK, _SOLUTION = "control_pgm/mdp", "control_pgm/network", "control_pgm/solution"
_READERS: dict[str, Callable[[Path, int], Source]] = {".json": read_json, ".npz": read_npz}


def refuse_missing(name: str, allowed: str) -> None:
    """Refuse a file that is not there; names without an ending are most often a slip of the pen."""
    if name != STANDARD_INPUT and not name.startswith(MADE) and not Path(name).exists():
        raise InvalidArgument(f"{name!r} does not exist", allowed=allowed)


def refuse_gym_options(name: str) -> None:
    """Refuse options behind the id of an environment, and say where they can be given."""
    environment, mark, given = name.removeprefix(GYM).partition("?")
    if name.startswith(GYM) and mark:
        arguments = ", ".join([repr(environment), *filter(None, given.split("&"))])
        raise InvalidArgument(
            f"{name!r} has options behind the id",
            allowed=f"{GYM}{environment}",
            remedy=f"in Python: from_gymnasium(gymnasium.make({arguments}))",
        )


def no_process(name: str, text: str | None = None) -> InvalidArgument | None:
    """Why INPUT, or the text of standard input, is no process; None if it does not claim to be anything else."""
    kind, form = suffix(name), _format(name, text)
    if form == _NETWORK or (kind in READ and kind not in _READERS):
        return InvalidArgument(
            f"{name!r} holds a network, not a process",
            remedy=f"ask control-pgm infer {'FILE' if text else name} or query; or see info, draw, trace",
        )
    return _solution(name) if form == _SOLUTION else None


def no_network(name: str) -> InvalidArgument | None:
    """Why INPUT is no network; None if it claims to be one, or nothing that is known."""
    form = _format(name)
    if form == _SOLUTION:
        return _solution(name)
    made = name == STANDARD_INPUT or name.startswith(MADE)
    if form == _PROCESS or made or Path(name).suffix.lower() in (".txt", ".csv"):
        return InvalidArgument(
            f"{name!r} holds a process, not a network ({', '.join(READ)})",
            remedy=f"ask control-pgm query or solve, or unroll it: control-pgm convert {name} net.json --horizon T",
        )
    return None


def _solution(name: str) -> InvalidArgument:
    return InvalidArgument(
        f"{name!r} holds a solution, which no verb reads",
        remedy="give the process that it solves to control-pgm solve or query",
    )


def _format(name: str, text: str | None = None) -> object:
    """The format that a header claims, if it can be read."""
    try:
        if text is not None:
            source = read_json_text(text, name, MAX_BYTES)
        elif (kind := Path(name).suffix.lower()) in _READERS:
            source = _READERS[kind](Path(name), MAX_BYTES)
        else:
            return None
    except (ControlPGMError, OSError):
        return None  # the reader names what is wrong with the file itself
    return source.fields.get("format")
