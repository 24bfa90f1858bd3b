"""The progress bar of long commands: on a terminal's standard error, gone when the work is done."""

from __future__ import annotations

import argparse
import os
import sys
from time import monotonic
from typing import TextIO

from control_pgm.display import printable
from control_pgm.progress import Progress

_PATIENCE = 1.0  # seconds without a bar
_WIDTH, _FALLBACK = 24, 80  # cells of the bar; columns of a terminal that does not say


class Bar:
    """One line that is overwritten, once the work has taken longer than a second.

    Examples
    --------
    >>> class Terminal:
    ...     def __init__(self):
    ...         self.text = ""
    ...     def write(self, text):
    ...         self.text += text
    ...     def flush(self):
    ...         pass
    ...     def fileno(self):
    ...         raise OSError
    >>> bar = Bar(Terminal(), patience=0.0)
    >>> bar(1, 2, "messages backward")
    >>> bar.stream.text
    '\\r  messages backward [############............]  50 %'
    """

    def __init__(self, stream: TextIO, patience: float = _PATIENCE) -> None:
        self.stream, self._patience = stream, patience
        self._start, self._shown = monotonic(), 0  # and the columns that are written

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show how much is done; remove the bar when everything is."""
        if done >= total:
            self.remove()
        elif monotonic() - self._start >= self._patience:
            cells = _WIDTH * done // total
            line = f"  {printable(what)} [{'#' * cells}{'.' * (_WIDTH - cells)}] {100 * done // total:3} %"
            line = line[: _columns(self.stream) - 1]  # a full line would go on in the next
            self._write("\r" + line.ljust(self._shown))
            self._shown = len(line)

    def remove(self) -> None:
        """Leave an empty line, with the cursor at its beginning."""
        if self._shown:
            self._write("\r" + " " * self._shown + "\r")
            self._shown = 0

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def progress(options: argparse.Namespace) -> Progress | None:
    """The bar of a command, the same for all its work; None off a terminal, in continuous integration, or if quiet."""
    bar: Bar | None = getattr(options, "bar", None)
    if bar is None and not options.quiet and not os.environ.get("CI") and sys.stderr.isatty():
        bar = options.bar = Bar(sys.stderr)
    return bar


def remove_bar(options: argparse.Namespace) -> None:
    """Remove the bar of work that was stopped, before anything else is written."""
    bar: Bar | None = getattr(options, "bar", None)
    if bar is not None:
        bar.remove()


def _columns(stream: TextIO) -> int:
    """How wide the terminal is."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _FALLBACK
    except (OSError, ValueError):  # no terminal, or one without a descriptor
        return _FALLBACK
