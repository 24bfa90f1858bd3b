"""What the values of options may be; argparse says where a value was wrong, these functions say how."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Hashable, Iterable

from control_pgm.errors import InvalidArgument, unknown

INFINITE = "infinite"


def number(text: str) -> float:
    """A number."""
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a number") from None


def integer(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number") from None


def steps(text: str) -> int:
    """A number of actions."""
    if text == INFINITE:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number ≥ 1; only solve takes an infinite horizon")
    return integer(text)


def horizon(text: str) -> int | str:
    """A number of actions, or the word ``infinite``."""
    try:
        return text if text == INFINITE else int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number ≥ 1, or the word {INFINITE}") from None


def temperature(text: str) -> float | tuple[float, ...]:
    """A temperature, or several separated by commas, one per step."""
    try:
        values = tuple(map(float, text.split(",")))
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a number > 0, or one per step: A,B,…") from None
    return values[0] if len(values) == 1 else values


def label(text: str, labels: Iterable[Hashable], option: str) -> Hashable:
    """The label that is written so."""
    labels = list(labels)
    found = [one for one in labels if str(one) == text]
    if not found:
        raise unknown(text, labels, what=f"{option}: the state")
    if len(found) > 1:
        raise InvalidArgument(f"{option} {text!r} fits {len(found)} states", allowed="a label that is written once")
    return found[0]
