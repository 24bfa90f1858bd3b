"""Notes for people who typed a command, and warnings as such notes: without the place in somebody's source."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def note(text: str) -> None:
    """A line on standard error: nothing is wrong, but it may not be what was meant."""
    print(f"control-pgm: note: {text}", file=sys.stderr)


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
