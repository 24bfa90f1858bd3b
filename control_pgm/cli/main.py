"""The entry point: parse, run a verb, turn errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from control_pgm.cli.bar import remove_bar
from control_pgm.cli.output import as_typed, warnings_as_notes
from control_pgm.cli.parser import make_parser
from control_pgm.errors import ControlPGMError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without Greek letters or arrows shows "?" instead
            stream.reconfigure(errors="replace")
    options = make_parser().parse_args(arguments)
    try:
        with warnings_as_notes():
            return OK if _run(options) else FAILED
    except ControlPGMError as error:
        print(f"control-pgm: {as_typed(str(error))}", file=sys.stderr)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        where = f" {error.filename!r}" if error.filename else ""
        print(f"control-pgm: cannot read or write{where}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("control-pgm: interrupted", file=sys.stderr)
        return INTERRUPTED
    return USAGE


def _run(options: argparse.Namespace) -> bool:
    """Run the verb; whatever ends it finds an empty line."""
    try:
        return bool(options.run(options))
    finally:
        remove_bar(options)
