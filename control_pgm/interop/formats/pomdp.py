"""Cassandra's format of partially observable decision processes (.pomdp): reader and writer.

See https://www.pomdp.org/code/pomdp-file-spec.html. A preamble gives discount, states, actions and observations; then
``T``, ``O`` and ``R`` entries fill P(s'|s,a), P(o|a,s') and the rewards, one number, row or matrix each, later entries
over earlier ones. Rewards may depend on the observation there: of those the expectation under P(o|a,s') is read.
"""

from __future__ import annotations

import re

from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.errors import InvalidArgument
from control_pgm.interop.formats.pomdp_reader import KEYWORDS, LISTS, PomdpReader
from control_pgm.interop.formats.tokens import WordSource, without_comments
from control_pgm.interop.records.record import MAX_BYTES, Budget
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.variable import Labels

_WORD = re.compile(r":|[^\s:]+")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def write_pomdp(pomdp: POMDP) -> str:
    """A partially observable process in Cassandra's format; every number has all its digits.

    Raises
    ------
    InvalidArgument
        On labels that are neither the numbers 0 … n−1 nor words of letters, digits, ``_`` and ``-``.

    Examples
    --------
    >>> from control_pgm import tiger
    >>> print("\\n".join(write_pomdp(tiger()).splitlines()[:6]))
    discount: 0.95
    values: reward
    states: tiger-left tiger-right
    actions: listen open-left open-right
    observations: hear-left hear-right
    start: 0.5 0.5
    """
    if not isinstance(pomdp, POMDP):
        raise InvalidArgument(f"{type(pomdp).__name__} cannot be written as .pomdp", allowed="a POMDP")
    lines = [f"discount: {pomdp.discount!r}", "values: reward"]
    lines += [f"{what}: {_label_line(what, getattr(pomdp, what))}" for what in LISTS]
    lines += ["start: " + _numbers(pomdp.initial)]
    states, actions = (list(map(str, names)) for names in (pomdp.states, pomdp.actions))
    for a, action in enumerate(actions):
        lines += ["", f"T: {action}", *map(_numbers, pomdp.transition[:, a])]
    for a, action in enumerate(actions):
        lines += ["", f"O: {action}", *map(_numbers, pomdp.observation[a])]
    lines += [""]
    rewards = pomdp.mdp.rewards
    table = rewards.expected()
    for a, action in enumerate(actions):
        for s, state in enumerate(states):
            if rewards.on_outcome:
                row = enumerate(table[s, a].tolist())
                lines += [f"R: {action} : {state} : {states[k]} : * {value!r}" for k, value in row]
            else:
                lines += [f"R: {action} : {state} : * : * {float(table[s, a])!r}"]
    return "\n".join(lines) + "\n"


def read_pomdp(text: str, *, name: str = "the .pomdp text", max_bytes: int = MAX_BYTES) -> POMDP:
    """The process of a text in Cassandra's format; costs are negative rewards.

    Parameters
    ----------
    text : str
    name : str
        What errors call the text.
    max_bytes : int
        How much memory its tables may take.

    Raises
    ------
    InvalidFile
        Naming the line and column, or the row, and what is wrong with it.
    TooLarge
        If its tables would take more than ``max_bytes``.

    Warns
    -----
    DoubtfulFile
        If rows were written with few digits, and were therefore divided by their sums.

    Examples
    --------
    >>> text = "discount: 0.9 values: cost states: 2 actions: stay observations: off on "
    >>> text += "T: * identity O: * : 0 uniform O: * : 1 0.25 0.75 R: stay : 1 : * : * 3"
    >>> pomdp = read_pomdp(text)
    >>> pomdp.reward.tolist(), pomdp.observation.tolist()
    ([[0.0], [-3.0]], [[[0.5, 0.5], [0.25, 0.75]]])
    """
    source = WordSource(name, without_comments(text, _COMMENT), _WORD, Budget(name, max_bytes))
    reader = PomdpReader(source)
    while not source.done:
        reader.entry()
    return reader.pomdp()


def _label_line(what: str, names: Labels) -> str:
    """A list of labels, or how many there are where they are numbers."""
    if all(type(label) is int for label in names) and names == tuple(range(len(names))):
        return str(len(names))
    for label in names:
        if not isinstance(label, str) or not _NAME.fullmatch(label) or label in KEYWORDS:
            raise InvalidArgument(
                f"label {label!r} of the {what} cannot be written as .pomdp",
                allowed="words of letters, digits, _ and - that begin with a letter and are no keyword, or 0 … n−1",
                remedy="rename it",
            )
    return " ".join(map(str, names))


def _numbers(row: FloatArray) -> str:
    return " ".join(map(repr, row.tolist()))
