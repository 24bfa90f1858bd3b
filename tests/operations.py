"""Counts of executed lines: the growth of an algorithm's work with its input, without a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import control_pgm

ROOT = str(Path(control_pgm.__file__).parent)


def executed_lines(run: Callable[[], Any]) -> int:
    """How many lines of the package run; work inside of NumPy does not count."""
    count = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(ROOT) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        run()
    finally:
        sys.settrace(before)
    return count
