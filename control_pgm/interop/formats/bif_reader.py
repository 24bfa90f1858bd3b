"""Reading the BIF format: blocks of words and punctuation, as other programs and `to_bif` write them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from control_pgm.errors import ControlPGMError, InvalidFile
from control_pgm.interop.declared_order import network_in_order
from control_pgm.interop.formats.rounded_rows import RoundedRows
from control_pgm.interop.formats.tokens import CUT, WordSource
from control_pgm.interop.records.json_format import parse
from control_pgm.interop.records.label_codes import decode_label, shortened
from control_pgm.interop.records.record import Budget
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import MAX_AXES, FloatArray
from control_pgm.tables.checks import where as assignment
from control_pgm.tables.variable import Variable

MARK = "// control_pgm: "  # begins a comment with the name of a variable in this package
_TOKEN = re.compile(rf'{MARK}[^\n]*|"[^"]*"|[^\s{{}}()\[\],;|"]+|\S')
_COMMENT = re.compile(r'"[^"]*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_PUNCTUATION = frozenset("{}()[],;|")


class Reader:
    """Reads the blocks of a text one after the other; see `from_bif`."""

    def __init__(self, text: str, name: str, max_bytes: int) -> None:
        self.source = WordSource(name, _without_comments(text), _TOKEN, Budget(name, max_bytes))
        self.rounded = RoundedRows(self.source)
        self.variables: dict[str, Variable] = {}  # as they are called in the text, in its order
        self.words: dict[str, dict[str, int]] = {}  # variable -> state as it is written -> its number
        self.cpds: dict[str, CPD] = {}

    def network(self) -> BayesianNetwork:
        blocks = {"network": self.header, "variable": self.variable, "probability": self.probability}
        while not self.source.done:
            kind = self.source.take("a block")
            if kind not in blocks:
                self.source.wrong(f"{shortened(kind)} begins no block", allowed=", ".join(blocks))
            blocks[kind]()
        if not self.variables:
            raise self.source.error("the network has no variable", allowed="at least one variable block")
        for name in self.variables:
            if name not in self.cpds:
                raise self.source.error(
                    f"variable {shortened(name)} has no probability block", allowed="one for each variable", remedy=CUT
                )
        try:
            network = network_in_order([v.name for v in self.variables.values()], list(self.cpds.values()))
        except ControlPGMError as error:
            raise self.source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None
        self.rounded.warn()
        return network

    def header(self) -> None:
        if self.source.peek() != "{":
            self.word("the network's name")
        self.source.expect_word("{")
        while (word := self.source.take("a property or '}'")) != "}":
            self.property(word, "'property' or '}'")

    def variable(self) -> None:
        """``variable NAME { type discrete [ n ] { a, b }; property …; }``."""
        source = self.source
        name = self.word("a variable's name")
        if name in self.variables:
            source.wrong(f"variable {shortened(name)} is declared for the second time", allowed="each variable once")
        source.expect_word("{")
        states: list[str] = []
        noted: dict[str, Any] = {}
        while (word := source.take("'type', 'property' or '}'")) != "}":
            if word == "type" and not states:
                states = self.states(name)
            elif word.startswith(MARK) and not noted:
                noted = self.noted(word, name)
            else:
                self.property(word, "'type' once, 'property' or '}'")
        if not states:
            source.wrong(f"variable {shortened(name)} has no states", allowed="type discrete [ n ] { … };")
        self.variables[name] = self.named(name, states, noted)
        self.words[name] = {word: k for k, word in enumerate(states)}

    def states(self, name: str) -> list[str]:
        source = self.source
        source.expect_word("discrete")
        source.expect_word("[")
        count = source.integer(f"the number of states of {shortened(name)}", 1, 2**31)
        source.expect_word("]")
        source.expect_word("{")
        states = self.listed("a state", "}")
        source.expect_word(";")
        if len(states) != count or len(set(states)) < count:
            source.wrong(f"{shortened(name)} lists {len(states)} states", allowed=f"{count} different ones")
        return states

    def named(self, name: str, states: list[str], noted: dict[str, Any]) -> Variable:
        """The variable with the name, labels, time and kind that a comment of this package has."""
        source = self.source
        labels: list[Hashable] = list(states)
        given = noted.get("states", states)
        if fits := isinstance(given, list) and len(given) == len(states):
            labels = [decode_label(value, f"{source.file}: a state of {shortened(name)}") for value in given]
        own, time, kind = noted.get("name", name), noted.get("time"), noted.get("kind", "")
        fits = fits and isinstance(own, str) and own != "" and isinstance(kind, str)
        if not fits or not (time is None or type(time) is int) or len(set(labels)) < len(labels):
            source.wrong(f"the comment on variable {shortened(name)} does not fit it", remedy="leave the comment out")
        return Variable(own, labels, time=time, kind=kind)

    def noted(self, comment: str, name: str) -> dict[str, Any]:
        """The name, labels, time and kind of a variable in a comment of this package."""
        try:
            value = parse(comment.removeprefix(MARK).encode(), self.source.file)
        except InvalidFile:
            value = {}
        if not value or not value.keys() <= {"name", "states", "time", "kind"}:
            self.source.wrong(
                f"the comment on variable {shortened(name)} cannot be read",
                allowed='a JSON object of "name", "states", "time" and "kind"',
                remedy="leave the comment out",
            )
        return value

    def probability(self) -> None:
        """``probability ( child | p, q ) { (a, b) …; table …; default …; }``."""
        source = self.source
        source.expect_word("(")
        child, *parents = [self.known(name) for name in self.listed("a variable's name", ")", "|")]
        where = f"the table of {shortened(child)}"
        if len({child, *parents}) <= len(parents):
            source.wrong(f"{where} names a variable twice", allowed="each variable once")
        scope = [self.variables[name] for name in (*parents, child)]
        shape = tuple(v.cardinality for v in scope)
        if len(shape) > MAX_AXES:
            source.wrong(f"{where} has {len(shape)} variables", allowed=f"{MAX_AXES}, as numpy's arrays have")
        source.budget.take(shape, 8, where)
        if child in self.cpds:
            source.wrong(f"variable {shortened(child)} has two probability blocks", allowed="one")
        rows, default, written = np.full(shape, np.nan), np.full(shape[-1], np.nan), list[str]()
        source.expect_word("{")
        while (word := source.take("a row or '}'")) != "}":
            if word == "default":
                self.put(default, ..., self.numbers(shape[-1], where, written), f"{where}, default,", [])
            else:
                self.row(word, where, rows, parents, written)
        rows = np.where(np.isnan(rows), default, rows)
        missing = np.argwhere(np.isnan(rows))
        if len(missing):
            place = self.place(scope[:-1], missing[0])
            source.wrong(f"{where} has no row{place}", allowed="a row for every condition")
        self.cpds[child] = self.rounded.cpd(where, scope[-1], tuple(scope[:-1]), rows, written)

    def row(self, word: str, where: str, rows: FloatArray, parents: list[str], written: list[str]) -> None:
        """One entry of a probability block."""
        source = self.source
        scope = [self.variables[name] for name in parents]
        if word == "table":
            # BIF lists a whole table with the child varying slowest.
            values = self.numbers(rows.size, where, written).reshape(rows.shape[-1:] + rows.shape[:-1])
            self.put(rows, ..., np.moveaxis(values, 0, -1), where, scope)
        elif word == "(":
            states = self.listed("a state", ")")
            if len(states) != len(parents):
                source.wrong(f"{where} has a row for {len(states)} states", allowed=f"{len(parents)}, one per parent")
            at = tuple([self.state(parent, state) for parent, state in zip(parents, states, strict=True)])
            self.put(rows, at, self.numbers(rows.shape[-1], where, written), where, scope)
        else:
            self.property(word, "'(', 'table', 'default', 'property' or '}'")

    def put(self, rows: FloatArray, at: Any, values: FloatArray, where: str, scope: list[Variable]) -> None:
        """Set rows, unless they are there already with other numbers."""
        there = rows[at]
        differs = ~np.isnan(there) & (there != values)
        if differs.any():
            first = np.argwhere(differs)[0] if at is ... else at
            self.source.wrong(f"{where} has a second row{self.place(scope, first)}", allowed="one for every condition")
        rows[at] = values

    @staticmethod
    def place(scope: Sequence[Variable], at: Sequence[int]) -> str:
        """A condition, for messages; nothing where there are no parents."""
        return f" at {assignment(scope, at[: len(scope)])}" if scope else ""

    def numbers(self, count: int, where: str, written: list[str]) -> FloatArray:
        """As many numbers, with or without commas, up to the semicolon; added to those written."""
        words = [word for word in self.source.until(";", "a number") if word != ","]
        if len(words) != count:
            self.source.wrong(f"{where} has {len(words)} numbers in a row", allowed=str(count))
        written += words
        return self.source.as_floats(words, where)

    def known(self, name: str) -> str:
        if name not in self.variables:
            self.source.wrong(f"variable {shortened(name)} is not declared", allowed="variables declared before")
        return name

    def state(self, parent: str, word: str) -> int:
        if word not in self.words[parent]:
            shown = ", ".join(list(self.words[parent])[:8])
            self.source.wrong(f"{shortened(word)} is no state of {shortened(parent)}", allowed=shown)
        return self.words[parent][word]

    def listed(self, what: str, end: str, *separators: str) -> list[str]:
        """At least one name up to a closing bracket, with commas between them or, as JavaBayes has it, without."""
        names = [self.word(what)]
        while self.source.peek() != end:
            if self.source.peek() in (",", *separators):
                self.source.take("','")
            names.append(self.word(what))
        self.source.take(repr(end))
        return names

    def word(self, what: str) -> str:
        """A name: a word, or a string in quotes."""
        word = self.source.take(what)
        if word in _PUNCTUATION:
            self.source.wrong(f"{word!r} stands where {what} should")
        return word.strip('"')

    def property(self, word: str, allowed: str) -> None:
        """Leave out a property, and nothing else."""
        if word != "property":
            self.source.wrong(f"{shortened(word)} begins nothing that can stand here", allowed=allowed)
        self.source.until(";", "a property")


def _without_comments(text: str) -> str:
    """The text with blanks in the place of comments, but for our own."""

    def blank(found: re.Match[str]) -> str:
        ours = found[0].startswith((MARK, '"'))
        return found[0] if ours else re.sub(r"[^\n]", " ", found[0])

    return _COMMENT.sub(blank, text)
