"""The errors that leave the library: what is wrong, what is allowed, and the remedy.

Every message names its culprit (a variable, a time, a state, a line), so that it can be mended without a debugger.
Each class also derives from the built-in exception that a caller would expect, so ``except ValueError`` works.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from copy import copy
from difflib import get_close_matches
from typing import Self

_WORD = re.compile(r"\S{401,}")  # longer than any usual path
_LONGEST = 1000  # characters of each part of a message


class ControlPGMError(Exception):
    """Base of every error raised on purpose.

    Its message fits a terminal whatever names a file may hold: control characters are written as in Python's strings,
    and the middle of very long words is left out.

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
        super().__init__("; ".join(_readable(part) for part in parts if part))

    def of(self, member: str) -> Self:
        """The same error of one among several problems, which it names."""
        again = copy(self)
        ControlPGMError.__init__(again, f"{member}: {self.what}", allowed=self.allowed, remedy=self.remedy)
        return again


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
    """An iteration that was stopped before it converged: messages of loopy belief propagation, bounds of a POMDP."""


class UnknownKeyword(ControlPGMError, TypeError):
    """A keyword that a function does not have."""


def _readable(text: str) -> str:
    """A part of a message on one line, of bounded length.

    >>> _readable("state 'a\x1b[2J' of " + 1000 * "x")
    "state 'a\\\\x1b[2J' of xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxxx"
    """
    text = _WORD.sub(lambda found: f"{found[0][:40]}…{found[0][-20:]}", text)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def unknown(name: Hashable, allowed: Iterable[Hashable], *, what: str, remedy: str = "") -> UnknownName:
    """An `UnknownName` for ``name`` that lists what exists and suggests the nearest spelling.

    Of names with times, such as s_0 … s_9, the range is given where only the time is wrong or missing; of numbers the
    range; and what stands at a position that was given in place of a label.
    """
    names = list(allowed)
    family = _family(name, names)
    if family or _are_numbers(name, names):
        shown = family or f"{names[0]!r} … {names[-1]!r}"
        return UnknownName(f"{what} {name!r} does not exist", allowed=shown, remedy=remedy)
    shown = ", ".join(map(repr, names[:8])) + (f", … ({len(names)} in all)" if len(names) > 8 else "")
    hint = suggestion(name, names)
    if not hint and isinstance(name, int) and not isinstance(name, bool) and 0 <= name < len(names):
        hint = f"positions are not taken: number {name} is {names[name]!r}"
    return UnknownName(f"{what} {name!r} does not exist", allowed=shown or "none", remedy=hint or remedy)


def no_choice(what: str, value: object, allowed: Iterable[str], *, remedy: str = "") -> InvalidArgument:
    """An `InvalidArgument` for a value that is none of a few words, with the nearest of them."""
    names = list(allowed)
    hint = suggestion(value, names) if isinstance(value, str) else ""
    return InvalidArgument(f"{what} {value!r}", allowed=", ".join(map(repr, names)), remedy=hint or remedy)


def suggestion(name: object, names: Iterable[Hashable]) -> str:
    """ "did you mean …?" with the nearest spelling, whatever the case and the spaces; empty if nothing is near.

    Examples
    --------
    >>> suggestion("Bellman", ["posterior", "bellman"]), suggestion((0, 1), ["(0,0)", "(0,1)"]), suggestion("x", ["y"])
    ("did you mean 'bellman'?", "did you mean '(0,1)'?", '')
    """
    by_text: dict[str, Hashable] = {}
    for other in names:
        by_text.setdefault(_plain(other), other)
    text = _plain(name)
    close = [text] if text in by_text else get_close_matches(text, by_text, n=1)
    return f"did you mean {by_text[close[0]]!r}?" if close else ""


def _plain(name: object) -> str:
    return str(name).replace(" ", "").lower()


def _are_numbers(name: object, names: list[Hashable]) -> bool:
    """Whether a number was asked for among consecutive ones."""
    if not isinstance(name, int) or not names or not isinstance(names[0], int):
        return False
    return names == list(range(names[0], names[0] + len(names)))


def _family(name: object, names: list[Hashable]) -> str:
    """ "s_0 … s_9" for s_12 and for s, if these names exist."""
    if not isinstance(name, str):
        return ""
    base, mark, time = name.rpartition("_")
    if not (mark and time.isdecimal()):
        base = name
    start = f"{base}_"
    ends = [other[len(start) :] for other in names if isinstance(other, str) and other.startswith(start)]
    times = sorted(int(end) for end in ends if end.isdecimal())
    if not times:
        return ""
    return f"{base}_{times[0]} … {base}_{times[-1]}" if len(times) > 1 else f"{base}_{times[0]}"
