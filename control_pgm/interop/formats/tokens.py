"""Formats of words and punctuation, read from a text: UAI, BIF and .pomdp."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence, Set
from math import inf
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from control_pgm.errors import DoubtfulFile
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import Budget, Kind, Shape, Source
from control_pgm.tables.arrays import FloatArray

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBERS = re.compile(rf"{_NUMBER.pattern}(?: {_NUMBER.pattern})*")
_ZERO = re.compile(r"[+-]?[0.]+(?:[eE]|$)")
_COUNT = re.compile(r"[0-9]{1,18}")
CUT = "was the file cut off? save it again"


class WordSource(Source):
    """The words of a text, taken one after the other; errors name the line and the column."""

    def __init__(self, file: str, text: str, pattern: re.Pattern[str], budget: Budget) -> None:
        super().__init__(file, {}, budget)
        self._words: list[str] = []
        self._starts: list[int] = []
        for found in pattern.finditer(text):
            self._words.append(found[0])
            self._starts.append(found.start())
        self._text = text
        self.at = 0

    @property
    def names(self) -> Set[str]:
        """None: there are no fields."""
        return frozenset()

    def array(self, name: str, shape: Shape, kind: Kind) -> NDArray[np.float64]:
        """There are no named arrays; see `numbers`."""
        raise self.error(f"the field {name!r} is missing")

    def part(self, name: str) -> Source:
        """There are no parts."""
        raise self.error(f"the field {name!r} is missing")

    # --- reading ------------------------------------------------------------------------------------------------
    @property
    def done(self) -> bool:
        """Whether all words have been taken."""
        return self.at == len(self._words)

    def peek(self) -> str:
        """The next word; empty at the end."""
        return "" if self.done else self._words[self.at]

    def take(self, what: str) -> str:
        """The next word, which stands for ``what``."""
        if self.done:
            self.wrong(f"the text ends where {what} should stand", remedy=CUT)
        self.at += 1
        return self._words[self.at - 1]

    def until(self, end: str, what: str) -> list[str]:
        """The words before the next ``end``, which is taken too; they stand for ``what``."""
        first = self.at
        try:
            self.at = self._words.index(end, first) + 1
        except ValueError:
            self.at = len(self._words)
            self.wrong(f"the text ends where {what} or {end!r} should stand", remedy=CUT)
        return self._words[first : self.at - 1]

    def expect_word(self, word: str) -> None:
        """Take a word that must be this one."""
        found = self.take(repr(word))
        if found != word:
            self.wrong(f"{shortened(found)} stands where {word!r} should", allowed=repr(word))

    def integer(self, what: str, least: int, most: int) -> int:
        """The next word as an integer in a range."""
        word = self.take(what)
        if not _COUNT.fullmatch(word) or not least <= int(word) <= most:
            self.wrong(f"{what} is {shortened(word)}", allowed=f"an integer from {least} to {most}")
        return int(word)

    def written(self, count: int, what: str) -> list[str]:
        """The next ``count`` words, which should be numbers."""
        self.budget.take((count,), 8, what)
        if len(self._words) - self.at < count:
            left = len(self._words) - self.at
            self.at = len(self._words)
            self.wrong(f"{what} has {left} of its {count} numbers", remedy=CUT)
        first = self.at
        self.at += count
        return self._words[first : self.at]

    def as_floats(self, words: Sequence[str], what: str) -> FloatArray:
        """The words taken last, which may have commas between them, as numbers.

        Digits, a point and an exponent: neither ``nan`` and ``inf``, nor the digits of other scripts, nor ``1_0``, all
        of which Python reads. What a floating-point number cannot hold is refused rather than read as 0 or infinity.
        """
        if not _NUMBERS.fullmatch(" ".join(words)):
            self._wrong_number(words, what, "is no number", lambda word: not _NUMBER.fullmatch(word))
        values = list(map(float, words))
        if values and (inf in (max(values), -min(values)) or (0.0 in values and any(map(_underflows, words, values)))):
            wrong = {word for word, x in zip(words, values, strict=True) if abs(x) == inf or _underflows(word, x)}
            self._wrong_number(words, what, "is beyond floating-point numbers", lambda word: word in wrong)
        return np.array(values)

    def _wrong_number(self, words: Sequence[str], what: str, why: str, wrong: Callable[[str], bool]) -> NoReturn:
        """Raise an error that names the first wrong number of the words taken last, and its place."""
        bad = next(word for word in words if wrong(word))
        while self._words[self.at - 1] != bad:
            self.at -= 1
        allowed = "numbers such as 0.25 or 1e-3, of size 1e-308 to 1e308, and 0"
        self.wrong(f"{what} has the entry {shortened(bad)}, which {why}", allowed=allowed)

    def wrong(self, what: str, *, allowed: str = "", remedy: str = "") -> NoReturn:
        """Raise an error that names the place of the word taken last."""
        raise self.error(f"{self.place}: {what}", allowed=allowed, remedy=remedy)

    @property
    def place(self) -> str:
        """Line and column of the word taken last."""
        start = self._starts[max(self.at - 1, 0)] if self._words else 0
        return f"line {self._text.count(chr(10), 0, start) + 1}, column {start - self._text.rfind(chr(10), 0, start)}"


def _underflows(word: str, value: float) -> bool:
    """Whether a number that is written with another digit than 0 is read as 0."""
    return value == 0.0 and not _ZERO.match(word)


def doubt_end(path: str | Path, text: str) -> None:
    """Warn of a text that ends right after a digit: others may have followed."""
    if text[-1:].isdigit():
        warnings.warn(
            f"{path} ends right after a number, without a line end: if the file was cut off, digits may be missing",
            DoubtfulFile,
            stacklevel=3,
        )


def without_comments(text: str, comment: re.Pattern[str]) -> str:
    """The text with blanks in the place of comments, so that every word stays where it was."""
    return comment.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
