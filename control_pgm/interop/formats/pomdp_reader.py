"""Entries of a text in Cassandra's format of partially observable processes, read one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.errors import ControlPGMError, InvalidFile
from control_pgm.interop.formats.pomdp_tables import Entries
from control_pgm.interop.formats.rounded_rows import RoundedRows
from control_pgm.interop.formats.tokens import WordSource
from control_pgm.interop.records.label_codes import shortened
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.variable import Labels, Variable, labels

LISTS = ("states", "actions", "observations")
_HEADS = ("discount", "values", *LISTS, "start", "T", "O", "R")
KEYWORDS = (*_HEADS, "include", "exclude", "uniform", "identity", "reset", "reward", "cost", "*")
_MOST = 2**31 - 1
_LABEL = 200  # bytes that a label may take


class PomdpReader:
    """The entries of one text, taken one after the other."""

    def __init__(self, source: WordSource) -> None:
        self.source = source
        self.discount, self.sign = 1.0, 1.0
        self.names: dict[str, Labels] = {}
        self.start: FloatArray | None = None
        self.tables: dict[str, Entries] = {}
        self.written: dict[str, list[str]] = {"T": [], "O": [], "R": []}
        self.seen: set[str] = set()

    def entry(self) -> None:
        """The next entry, of the preamble or of a table."""
        source = self.source
        head = source.take("an entry")
        if head not in _HEADS:
            source.wrong(f"{shortened(head)} begins no entry", allowed=", ".join(_HEADS))
        if head in self.seen:
            source.wrong(f"a second entry {head!r}", allowed="one")
        if head in ("T", "O", "R"):
            self._table_entry(head)
            return
        self.seen.add(head)
        if head in LISTS and self.tables:
            source.wrong(f"{head!r} after a table", allowed="it before the first T, O or R")
        if head == "start":
            self._start()
            return
        source.expect_word(":")
        if head == "discount":
            self.discount = self._number("the discount")
        elif head == "values":
            word = source.take("reward or cost")
            if word not in ("reward", "cost"):
                source.wrong(f"values is {shortened(word)}", allowed="reward, cost")
            self.sign = 1.0 if word == "reward" else -1.0
        else:
            self.names[head] = self._labels(head)

    def _labels(self, what: str) -> Labels:
        """How many there are, or their names up to the next entry."""
        source = self.source
        if source.peek()[:1].isdigit():
            n = source.integer(f"the number of {what}", 1, _MOST)
            source.budget.take((n,), _LABEL, f"the {what}")
            return Labels(range(n))
        found: list[str] = []
        while not source.done and source.peek() not in _HEADS:
            word = source.take(f"one of the {what}")
            if not word[0].isalpha() or word in KEYWORDS:
                source.wrong(f"{shortened(word)} is no name of one of the {what}", allowed="words such as hear-left")
            if word in found:
                source.wrong(f"{shortened(word)} is twice among the {what}", allowed="distinct names")
            found.append(word)
        if not found:
            source.wrong(f"no {what} are named", allowed="names, or how many there are")
        return labels(found, owner=f"the {what}")

    def _known(self, what: str) -> Labels:
        if what not in self.names:
            self.source.wrong(f"the {what} are not declared before", allowed=f"'{what}: …' first")
        return self.names[what]

    def _element(self, what: str) -> int | None:
        """One of the labels, by name or position; None is all of them (*)."""
        word, names = self.source.take(f"one of the {what}"), self._known(what)
        if word == "*":
            return None
        if word in names.index_of:
            return names.index_of[word]
        if not (word.isascii() and word.isdigit() and len(word) <= 10 and int(word) < len(names)):
            shown = ", ".join(map(str, names[:8])) + (", …" if len(names) > 8 else "")
            self.source.wrong(f"{shortened(word)} is none of the {what}", allowed=f"{shown}; or 0 … {len(names) - 1}")
        return int(word)

    def _number(self, what: str) -> float:
        return float(self.source.as_floats([self.source.take(what)], what)[0])

    # --- the initial belief -------------------------------------------------------------------------------------
    def _start(self) -> None:
        source, n = self.source, len(self._known("states"))
        mode = source.take("':', include or exclude")
        if mode in ("include", "exclude"):
            source.expect_word(":")
            chosen = np.zeros(n, dtype=bool)
            while not source.done and source.peek() not in _HEADS:
                chosen[self._element("states")] = True
            chosen = chosen if mode == "include" else ~chosen
            if not chosen.any():
                source.wrong(f"start {mode} leaves no state", allowed="at least one state")
            self.start = chosen / chosen.sum()
            return
        if mode != ":":
            source.wrong(f"{shortened(mode)} follows start", allowed="':', include, exclude")
        if source.peek() == "uniform":
            source.take("uniform")
            self.start = np.full(n, 1.0 / n)
            return
        first = source.at
        words = [source.take("a probability or a state")]
        while not source.done and source.peek() not in _HEADS:
            words.append(source.take("a probability"))
        if len(words) == 1 and (n > 1 or words[0] in ("0", *map(str, self.names["states"]))):
            source.at = first
            self.start = np.zeros(n)
            self.start[self._element("states")] = 1.0
            return
        if len(words) != n:
            source.wrong(f"start has {len(words)} numbers", allowed=f"{n}, one for each state; or one state")
        self.start = source.as_floats(words, "start")

    # --- tables -------------------------------------------------------------------------------------------------
    def _table_entry(self, head: str) -> None:
        """Up to as many labels as the table has axes; numbers for the axes that are left."""
        source = self.source
        axes = {"T": ("actions", "states", "states"), "O": ("actions", "states", "observations")}
        order = axes.get(head, ("actions", "states", "states", "observations"))
        shape = tuple(len(self._known(what)) for what in order)
        if head not in self.tables:
            self.tables[head] = Entries(shape, source.budget, head)
        source.expect_word(":")
        at = [self._element("actions")]
        while source.peek() == ":" and len(at) < len(order):
            source.take("':'")
            at.append(self._element(order[len(at)]))
        left = shape[len(at) :]
        if len(left) > 2:
            source.wrong("a reward names an action alone", allowed="R: action : state, and a matrix, or more labels")
        self.tables[head].put(at, self._values(head, left))

    def _values(self, head: str, shape: Sequence[int]) -> FloatArray:
        source = self.source
        word = source.peek()
        if head != "R" and shape:
            if word == "uniform":
                source.take(word)
                return np.full(shape, 1.0 / shape[-1])
            if word == "identity" and len(shape) == 2 and shape[0] == shape[1]:
                source.take(word)
                return np.eye(shape[0])
            if word == "reset" and head == "T":
                source.take(word)
                n = shape[-1]
                return np.array(np.broadcast_to(np.full(n, 1.0 / n) if self.start is None else self.start, shape))
        words = source.written(int(np.prod(shape)), f"an entry of {head}")
        self.written[head] += words
        return source.as_floats(words, head).reshape(tuple(shape))

    # --- the process --------------------------------------------------------------------------------------------
    def pomdp(self) -> POMDP:
        """The process of all entries."""
        source = self.source
        for what in LISTS:
            if what not in self.names:
                raise source.error(f"the {what} are missing", allowed=f"'{what}: …'")
        for head in ("T", "O"):
            if head not in self.tables:
                raise source.error(f"the entries {head!r} are missing", allowed="a row for every action and state")
        states, actions, observations = (self.names[what] for what in LISTS)
        s, a, after = Variable("s", states), Variable("a", actions), Variable("s'", states)
        rows = RoundedRows(source)
        every = {head: self.tables[head].whole() for head in ("T", "O")}
        words = {head: self.written[head] or ["0"] for head in every}
        transition = rows.cpd("T", after, (a, s), every["T"], words["T"]).array()
        observation = rows.cpd("O", Variable("o", observations), (a, after), every["O"], words["O"]).array()
        shape = (len(actions), len(states), len(states), len(observations))
        rewards = self.tables.get("R", Entries(shape, source.budget, "R")).expected(observation)
        try:
            made = POMDP(
                np.ascontiguousarray(transition.transpose(1, 0, 2)),
                observation,
                lock(np.swapaxes(0.0 + self.sign * rewards, 0, 1).copy()),
                initial=self.start,
                discount=self.discount,
                states=states,
                actions=actions,
                observations=observations,
            )
        except InvalidFile:
            raise
        except ControlPGMError as error:
            raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None
        rows.warn()
        return made
