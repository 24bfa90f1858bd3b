"""Notes for people who typed a command, and warnings as such notes: without the place in somebody's source."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from control_pgm.display import printable

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
    told: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        text = " ".join(_COLOUR.sub("", str(message)).removeprefix("WARN: ").split())
        if text not in told:
            told.add(text)
            note(text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for those who write programs
        warnings.showwarning = show
        yield
