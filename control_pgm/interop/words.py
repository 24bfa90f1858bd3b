"""Formats of words and punctuation, read from a text: UAI and BIF."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from control_pgm.interop.label_codes import shortened
from control_pgm.interop.source import Budget, Kind, Shape, Source
from control_pgm.tables.arrays import FloatArray


class WordSource(Source):
    """The words of a text, taken one after the other; errors name the line."""

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
            raise self.error(f"the text ends where {what} should stand", remedy="was the file cut off? save it again")
        self.at += 1
        return self._words[self.at - 1]

    def expect_word(self, word: str) -> None:
        """Take a word that must be this one."""
        found = self.take(repr(word))
        if found != word:
            self.wrong(f"{shortened(found)} stands where {word!r} should", allowed=repr(word))

    def integer(self, what: str, least: int, most: int) -> int:
        """The next word as an integer in a range."""
        word = self.take(what)
        if not re.fullmatch(r"\d{1,18}", word) or not least <= int(word) <= most:
            self.wrong(f"{what} is {shortened(word)}", allowed=f"an integer from {least} to {most}")
        return int(word)

    def floats(self, count: int, what: str) -> FloatArray:
        """The next ``count`` words as numbers."""
        self.budget.take((count,), 8, what)
        if len(self._words) - self.at < count:
            left = len(self._words) - self.at
            raise self.error(f"{what} has {left} of its {count} numbers", remedy="was the file cut off? save it again")
        first = self.at
        self.at += count
        return self.as_floats(self._words[first : self.at], what)

    def as_floats(self, words: Sequence[str], what: str) -> FloatArray:
        """Words as numbers."""
        try:
            return np.array([float(word) for word in words])
        except ValueError:
            self.wrong(f"{what} has an entry that is no number", allowed="numbers")

    def wrong(self, what: str, *, allowed: str = "", remedy: str = "") -> NoReturn:
        """Raise an error that names the line of the word taken last."""
        line = self._text.count("\n", 0, self._starts[max(self.at - 1, 0)]) + 1 if self._words else 1
        raise self.error(f"line {line}: {what}", allowed=allowed, remedy=remedy)
