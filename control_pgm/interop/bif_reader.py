"""Reading the BIF format: blocks of words and punctuation, as other programs and `to_bif` write them."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from typing import Any

import numpy as np

from control_pgm.errors import ControlPGMError
from control_pgm.interop.label_codes import decode_label, shortened
from control_pgm.interop.plain_values import cpd_of_rows
from control_pgm.interop.source import Budget
from control_pgm.interop.words import WordSource
from control_pgm.models.cpd import CPD
from control_pgm.models.network import BayesianNetwork
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.variable import Variable

MARK = "// control_pgm: "  # begins a comment that tells what a variable is called by us
_TOKEN = re.compile(rf'{MARK}[^\n]*|"[^"]*"|[^\s{{}}()\[\],;|="]+|\S')
_COMMENT = re.compile(r'"[^"]*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_PUNCTUATION = frozenset("{}()[],;|=")


class Reader:
    """Reads the blocks of a text one after the other; see `from_bif`."""

    def __init__(self, text: str, name: str, max_bytes: int) -> None:
        self.source = WordSource(name, _without_comments(text), _TOKEN, Budget(name, max_bytes))
        self.variables: dict[str, Variable] = {}
        self.words: dict[str, dict[str, int]] = {}  # variable -> state as it is written -> its number
        self.cpds: list[CPD] = []

    def network(self) -> BayesianNetwork:
        blocks = {"network": self.header, "variable": self.variable, "probability": self.probability}
        while not self.source.done:
            kind = self.source.take("a block")
            if kind not in blocks:
                self.source.wrong(f"{shortened(kind)} begins no block", allowed=", ".join(blocks))
            blocks[kind]()
        if not self.cpds:
            raise self.source.error("the network has no variable", allowed="at least one probability block")
        try:
            return BayesianNetwork(self.cpds)
        except ControlPGMError as error:
            raise self.source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None

    def header(self) -> None:
        if self.source.peek() != "{":
            self.word("the network's name")
        self.source.expect_word("{")
        while self.source.take("a property or '}'") != "}":
            self.skip()

    def variable(self) -> None:
        """``variable NAME { type discrete [ n ] { a, b }; property …; }``."""
        source = self.source
        name = self.word("a variable's name")
        if name in self.variables:
            source.wrong(f"variable {shortened(name)} is declared for the second time", allowed="each variable once")
        source.expect_word("{")
        states: list[str] = []
        told: dict[str, Any] = {}
        while (word := source.take("'type', 'property' or '}'")) != "}":
            if word == "type" and not states:
                states = self.states(name)
            elif word.startswith(MARK):
                told = _told(word)
            else:
                self.skip()
        if not states:
            source.wrong(f"variable {shortened(name)} has no states", allowed="type discrete [ n ] { … };")
        self.variables[name] = self.named(name, states, told)
        self.words[name] = {word: k for k, word in enumerate(states)}

    def states(self, name: str) -> list[str]:
        source = self.source
        source.expect_word("discrete")
        source.expect_word("[")
        count = source.integer(f"the number of states of {shortened(name)}", 1, 2**31)
        source.expect_word("]")
        source.expect_word("{")
        states = [self.word("a state")]
        while source.peek() == ",":
            source.take("','")
            states.append(self.word("a state"))
        source.expect_word("}")
        source.expect_word(";")
        if len(states) != count or len(set(states)) < count:
            source.wrong(f"{shortened(name)} lists {len(states)} states", allowed=f"{count} different ones")
        return states

    def named(self, name: str, states: list[str], told: dict[str, Any]) -> Variable:
        """The variable with the name, labels, time and kind that a comment of ours tells."""
        source = self.source
        labels: list[Hashable] = list(states)
        given = told.get("states")
        if isinstance(given, list) and len(given) == len(states):
            labels = [decode_label(value, f"{source.file}: a state of {shortened(name)}") for value in given]
        own, time, kind = told.get("name", name), told.get("time"), told.get("kind", "")
        fits = isinstance(own, str) and own and isinstance(kind, str) and (time is None or type(time) is int)
        if not fits or len(set(labels)) < len(labels):
            source.wrong(f"the comment on variable {shortened(name)} does not fit it", remedy="leave the comment out")
        return Variable(own, labels, time=time, kind=kind)

    def probability(self) -> None:
        """``probability ( child | p, q ) { (a, b) …; table …; default …; }``."""
        source = self.source
        source.expect_word("(")
        child, parents = self.known(), list[str]()
        if source.peek() in ("|", ","):
            source.take("'|'")
            parents.append(self.known())
            while source.peek() == ",":
                source.take("','")
                parents.append(self.known())
        source.expect_word(")")
        where = f"the table of {shortened(child)}"
        if len({child, *parents}) <= len(parents):
            source.wrong(f"{where} names a variable twice", allowed="each variable once")
        scope = [self.variables[name] for name in (*parents, child)]
        shape = tuple(v.cardinality for v in scope)
        source.budget.take(shape, 8, where)
        rows = np.full(shape, np.nan)
        source.expect_word("{")
        while (word := source.take("a row or '}'")) != "}":
            self.row(word, where, rows, parents)
        missing = np.argwhere(np.isnan(rows))
        if len(missing):
            place = ", ".join(f"{v.name}={v.states[i]}" for v, i in zip(scope[:-1], missing[0], strict=False))
            source.wrong(f"{where} has no row{' at ' + place if place else ''}", allowed="a row for every condition")
        self.cpds.append(cpd_of_rows(source, where, scope[-1], tuple(scope[:-1]), rows))

    def row(self, word: str, where: str, rows: FloatArray, parents: list[str]) -> None:
        """One entry of a probability block."""
        source = self.source
        if word == "table":
            # BIF lists a whole table with the child varying slowest.
            values = self.numbers(rows.size, where).reshape(rows.shape[-1:] + rows.shape[:-1])
            rows[...] = np.moveaxis(values, 0, -1)
        elif word == "default":
            empty = np.isnan(rows).any(axis=-1)
            rows[empty] = self.numbers(rows.shape[-1], where)
        elif word == "(":
            at = []
            for k, parent in enumerate(parents):
                if k:
                    source.expect_word(",")
                at.append(self.state(parent))
            source.expect_word(")")
            rows[tuple(at)] = self.numbers(rows.shape[-1], where)
        else:
            self.skip()

    def numbers(self, count: int, where: str) -> FloatArray:
        """As many numbers, with or without commas, up to the semicolon."""
        words = []
        while (word := self.source.take("a number or ';'")) != ";":
            if word != ",":
                words.append(word)
        if len(words) != count:
            self.source.wrong(f"{where} has {len(words)} numbers in a row", allowed=str(count))
        return self.source.as_floats(words, where)

    def known(self) -> str:
        name = self.word("a variable's name")
        if name not in self.variables:
            self.source.wrong(f"variable {shortened(name)} is not declared", allowed="variables declared before")
        return name

    def state(self, parent: str) -> int:
        word = self.word(f"a state of {shortened(parent)}")
        if word not in self.words[parent]:
            shown = ", ".join(list(self.words[parent])[:8])
            self.source.wrong(f"{shortened(word)} is no state of {shortened(parent)}", allowed=shown)
        return self.words[parent][word]

    def word(self, what: str) -> str:
        """A name: a word, or a string in quotes."""
        word = self.source.take(what)
        if word in _PUNCTUATION:
            self.source.wrong(f"{word!r} stands where {what} should")
        return word.strip('"')

    def skip(self) -> None:
        """Leave out the rest of a property."""
        while self.source.take("';'") != ";":
            pass


def _without_comments(text: str) -> str:
    """The text with blanks in the place of comments, but for our own."""

    def blank(found: re.Match[str]) -> str:
        ours = found[0].startswith((MARK, '"'))
        return found[0] if ours else re.sub(r"[^\n]", " ", found[0])

    return _COMMENT.sub(blank, text)


def _told(comment: str) -> dict[str, Any]:
    """What a comment of ours tells; nothing if somebody has changed it beyond reading."""
    try:
        value = json.loads(comment.removeprefix(MARK))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
