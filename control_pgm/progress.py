"""Progress of long work: one form of reports, and how often they come. No knowledge of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, log
from time import monotonic
from typing import Any, TypeVar

from control_pgm.errors import InvalidArgument

Progress = Callable[[int, int, str], None]  # (done, total, what)
_APART = 0.1  # seconds between two reports of slow work
_REPORTS = 100  # of work that is faster

Item = TypeVar("Item")


def check_progress(progress: Any) -> None:
    """Refuse what cannot be called.

    Raises
    ------
    InvalidArgument
        If it is neither None nor a function.

    Examples
    --------
    >>> check_progress(None)
    >>> check_progress(print)
    """
    if progress is not None and not callable(progress):
        raise InvalidArgument(f"progress {progress!r}", allowed="a function of (done, total, what), or None")


class Reporter:
    """The reports of one piece of work.

    The first has done = 0 and the last done = total. In between there is one after each hundredth of the work, and at
    most ten a second where a hundredth takes longer. What ``progress`` raises is not caught: it stops the work.

    Parameters
    ----------
    progress : callable or None
        Called with (done, total, what).
    total : int
        How much there is to do. Where that is not known beforehand `at` gives an estimate.
    what : str
        What is counted, such as "messages backward".

    Examples
    --------
    >>> report = Reporter(print, 2, "sweeps")
    0 2 sweeps
    >>> report.at(1)
    1 2 sweeps
    >>> report.end()
    2 2 sweeps
    """

    def __init__(self, progress: Progress | None, total: int, what: str) -> None:
        self.total, self.what, self._progress = total, what, progress
        self._last, self._next, self._time = (-1, -1), 0.0, 0.0  # (done, total) of the last report, and the next done
        self._steps = 0
        self.at(0)

    def at(self, done: int, *, total: int | None = None, what: str | None = None) -> None:
        """So much is done, of as much as before or of a new ``total``; reported if it is time to."""
        if self._progress is None or (done < self._next and monotonic() - self._time < _APART):
            return
        self.total = max(self.total if total is None else total, done)
        self.what = self.what if what is None else what
        if done > self._last[0]:
            self._call(done)

    def advance(self) -> None:
        """One more is done."""
        self._steps += 1
        self.at(self._steps)

    def step(self, before: float, now: float, goal: float, most: int) -> None:
        """One more step of an iteration whose error has come from ``before`` to ``now``, and may be ``goal``.

        The total becomes an estimate: as many steps more, up to ``most``, as the error needs if it goes on to shrink
        like that.
        """
        if self._progress is None:
            return
        self._steps += 1
        self.at(self._steps, total=self._steps + _steps_left(before, now, goal, most))

    def end(self, total: int | None = None) -> None:
        """Everything is done; ``total`` is how much it was where it was not known, which steps count by themselves."""
        self.total = total if total is not None else self._steps or self.total
        if self._progress is not None and self._last != (self.total, self.total):
            self._call(self.total)

    def _call(self, done: int) -> None:
        assert self._progress is not None
        self._last = (done, self.total)
        self._next, self._time = done + max(1.0, self.total / _REPORTS), monotonic()
        self._progress(done, self.total, self.what)


def counted(items: Sequence[Item], progress: Progress | None, what: str) -> Iterator[Item]:
    """The items one after another, each reported when the next is asked for.

    Examples
    --------
    >>> for item in counted("ab", print, "letters"):
    ...     pass
    0 2 letters
    1 2 letters
    2 2 letters
    """
    report = Reporter(progress, len(items), what)
    for done, item in enumerate(items):
        report.at(done)
        yield item
    report.end()


def _steps_left(before: float, now: float, goal: float, most: int) -> int:
    """How many more steps an error needs that shrinks as it did in the last one; ``most`` where it does not shrink.

    >>> _steps_left(1e-1, 1e-2, 1e-10, 1000), _steps_left(1.0, 1.0, 1e-10, 1000), _steps_left(1.0, 0.1, 0.5, 1000)
    (8, 1000, 1)
    """
    if now <= goal:
        return 1
    if goal <= 0.0 or not now < before < inf:
        return max(1, most)
    return min(max(1, most), max(1, round(log(now / goal) / log(before / now))))


QUIET = Reporter(None, 0, "")  # for work that nobody follows
