"""The errors that leave the library: what is wrong, what is allowed, and the remedy.

Every message names its culprit (a variable, a time, a state, a line), so that it can be mended without a debugger.
Each class also derives from the built-in exception that a caller would expect, so ``except ValueError`` works.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from difflib import get_close_matches


class ControlPGMError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    what : str
        The culprit and what is wrong with it, as one sentence without its full stop.
    allowed : str, optional
        What would have been accepted.
    remedy : str, optional
        What to do about it.
    """

    def __init__(self, what: str, *, allowed: str = "", remedy: str = "") -> None:
        self.what, self.allowed, self.remedy = what, allowed, remedy
        parts = [what, f"allowed: {allowed}" if allowed else "", remedy]
        super().__init__("; ".join(part for part in parts if part))


class InvalidModel(ControlPGMError, ValueError):
    """A table, network, MDP or grid that does not define what it claims to define."""


class InvalidFile(InvalidModel):
    """A file that does not hold what its ending or its header claims."""


class InvalidArgument(ControlPGMError, ValueError):
    """An argument outside its range, or a combination of arguments that has no meaning."""


class UnknownName(ControlPGMError, LookupError):
    """A variable, state or action that does not exist."""


class ImpossibleEvidence(ControlPGMError, ValueError):
    """The evidence has probability zero under the model (a true zero, never an underflow).

    Attributes
    ----------
    time : int or None
        The first slice at which nothing is possible any more, where the model has times.
    variable : str or None
        The observation that makes it impossible; None where a factor without evidence does.
    """

    def __init__(
        self, what: str, *, allowed: str = "", remedy: str = "", time: int | None = None, variable: str | None = None
    ) -> None:
        super().__init__(what, allowed=allowed, remedy=remedy)
        self.time, self.variable = time, variable

    def of(self, member: str) -> ImpossibleEvidence:
        """The same error of one among several problems, which it names."""
        what = f"{member}: {self.what}"
        return type(self)(what, allowed=self.allowed, remedy=self.remedy, time=self.time, variable=self.variable)


class UndefinedConditional(ControlPGMError, ValueError):
    """A conditional asked for at a condition under which the evidence is impossible (0/0)."""


class NotAvailable(ControlPGMError, AttributeError):
    """A quantity that this result, or this type of inference, does not have."""


class TooLarge(ControlPGMError, MemoryError):
    """A computation refused before anything is allocated, since it would not fit the memory limit."""


class MissingPackage(ControlPGMError, ImportError):
    """An optional package that is not installed."""


class DoubtfulFile(UserWarning):
    """A file that was read, but may not say what was meant: rows rounded to few digits, or an end within a number."""


class NotConverged(UserWarning):
    """Messages of loopy belief propagation that have not converged: beliefs depend on when they were stopped."""


def unknown(name: Hashable, allowed: Iterable[Hashable], *, what: str, remedy: str = "") -> UnknownName:
    """An `UnknownName` for ``name`` that lists what exists and suggests the nearest spelling."""
    names = list(allowed)
    shown = ", ".join(map(repr, names[:8])) + (f", … ({len(names)} in all)" if len(names) > 8 else "")
    by_text = {str(n): n for n in names}
    close = get_close_matches(str(name), list(by_text), n=1)
    hint = f"did you mean {by_text[close[0]]!r}?" if close else ""
    return UnknownName(f"{what} {name!r} does not exist", allowed=shown or "none", remedy=hint or remedy)
