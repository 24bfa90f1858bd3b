"""A named variable with a finite, labelled set of states."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from control_pgm.display import printable
from control_pgm.errors import InvalidArgument, InvalidModel, unknown

_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d*)?$")


class Labels(tuple[Hashable, ...]):
    """A tuple of distinct labels that knows the index of each; shared by all variables over the same states."""

    @cached_property
    def index_of(self) -> Mapping[Hashable, int]:
        """label -> index."""
        return {label: i for i, label in enumerate(self)}


def labels(states: int | np.integer[Any] | Iterable[Hashable], *, owner: str) -> Labels:
    """``states`` as `Labels`: an int n stands for 0 … n−1. ``owner`` is named in errors."""
    if isinstance(states, Labels):
        return states
    if isinstance(states, str | set | frozenset):
        kind = "the single string" if isinstance(states, str) else "the unordered set"
        raise InvalidModel(f"{owner} is given by {kind} {states!r}", allowed="an int or a list of labels")
    try:
        if isinstance(states, bool):
            raise TypeError("a truth value")
        result = Labels(range(int(states)) if isinstance(states, int | np.integer) else states)
        distinct = len(result) if isinstance(states, int | np.integer) else len(set(result))  # a range has no twins
    except TypeError as error:
        raise InvalidModel(
            f"states of {owner} cannot be labels: {error}", allowed="an int n ≥ 1 or a list of hashable labels"
        ) from None
    if not result:
        raise InvalidModel(f"{owner} has no states", allowed="at least one state")
    if distinct != len(result):
        twice = next(label for label, times in Counter(result).items() if times > 1)
        raise InvalidModel(f"{owner} has the state {twice!r} twice", allowed="distinct labels")
    return result


@dataclass(frozen=True, eq=False)
class Variable:
    """A discrete random variable.

    Parameters
    ----------
    name : str
        Unique within a model.
    states : int or iterable of hashable
        The labels; an int n stands for ``range(n)``.
    time : int, optional
        The slice it belongs to; for display and error messages only.
    kind : str, optional
        For people too, such as ``"state"``: pictures choose rows and colours by it. Any word will do; those with rows
        of their own are listed in `control_pgm.display.conventions.KIND_ROWS`. An unrolled decision process observes
        what is added to it with the last of them: see `control_pgm.ControlNetwork`.

    Raises
    ------
    InvalidModel
        If there is no state, a label occurs twice, or the name is not a non-empty string.

    Notes
    -----
    Two variables are equal if name and states are: ``time`` and ``kind`` are ignored by the engine.

    Examples
    --------
    >>> Variable("s_0", ["left", "right"]).index("right")
    1
    >>> Variable("x", 3).states
    (0, 1, 2)
    """

    name: str
    states: Labels
    time: int | None = field(default=None)
    kind: str = field(default="")

    def __init__(self, name: str, states: int | Iterable[Hashable], *, time: int | None = None, kind: str = "") -> None:
        if not isinstance(name, str) or not name:
            raise InvalidModel(f"variable name {name!r} is not a name", allowed="a non-empty string")
        fields = self.__dict__  # a frozen dataclass is filled through its dict: one slice costs three of these
        fields["name"] = name
        fields["states"] = labels(states, owner=f"variable {name!r}")
        fields["time"] = time
        fields["kind"] = kind

    @property
    def cardinality(self) -> int:
        """The number of states."""
        return len(self.states)

    def index(self, label: Hashable) -> int:
        """The axis index of a state label; an unknown label is an error, never taken as an index."""
        try:
            return self.states.index_of[label]
        except (KeyError, TypeError):
            raise unknown(label, self.states, what=f"state of {self.name!r}:") from None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Variable):
            return NotImplemented
        return self.name == other.name and (self.states is other.states or self.states == other.states)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.states[:6])) + (", …" if self.cardinality > 6 else "")
        return printable(f"Variable({self.name!r}: {self.cardinality} states {shown})")


def by_time(variables: Iterable[Variable]) -> list[Variable]:
    """Variables slice by slice, those without a time first; within a slice in the order given.

    >>> [v.name for v in by_time([Variable("x_1", 2, time=1), Variable("u", 2), Variable("x_0", 2, time=0)])]
    ['u', 'x_0', 'x_1']
    """
    return sorted(variables, key=lambda v: -1 if v.time is None else v.time)


def label_of(text: str, allowed: Iterable[Hashable], *, what: str) -> Hashable:
    """The label that a text stands for: by its ``str``, but for spaces, or as a number.

    Parameters
    ----------
    text : str
    allowed : iterable of labels
    what : str
        Names the text in errors, such as ``"state of 'x':"``.

    Raises
    ------
    UnknownName
        If it stands for none.
    InvalidArgument
        If it stands for several.

    Examples
    --------
    >>> label_of("(0, 1)", ["(0,0)", "(0,1)"], what="state")
    '(0,1)'
    >>> label_of("1", [False, True], what="state")
    True
    """
    every = list(allowed)
    fits = [label for label in every if str(label) == text]
    if not fits:
        fits = [label for label in every if str(label).replace(" ", "") == text.replace(" ", "")]
    if not fits and _NUMBER.match(text):
        fits = [label for label in every if isinstance(label, Real) and label == float(text)]
    if not fits:
        raise unknown(text, map(str, every), what=what)
    if len(fits) > 1:
        raise InvalidArgument(
            f"{what} {text!r} fits several labels: {', '.join(map(repr, fits))}",
            allowed="a text that stands for one",
            remedy="in Python, infer(model, evidence) takes the label itself",
        )
    return fits[0]
