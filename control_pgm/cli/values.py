"""What the values of options may be; argparse says where a value was wrong, these functions say how."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from fractions import Fraction

INFINITE = "infinite"
_UNITS = {"": 1, "B": 1} | {
    letter + ending: base**power
    for power, letter in enumerate("KMGT", 1)
    for ending, base in (("", 1024), ("IB", 1024), ("B", 1000))
}
_MEMORY = re.compile(r"([0-9]+\.?[0-9]*(?:e[0-9]{1,2})?) ?([KMGT]?(?:i?B)?)", re.IGNORECASE | re.ASCII)


def number(text: str) -> float:
    """A number, or a fraction such as 1/6."""
    try:
        return _value(text)
    except (ValueError, ArithmeticError):
        raise ArgumentTypeError(f"{text!r}; allowed: a number, such as 0.1 or 1/6") from None


def integer(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number") from None


def memory(text: str) -> int:
    """An amount of memory: bytes, or a number with a unit such as 500MB or 2GiB.

    >>> memory("2GiB"), memory("500 MB"), memory("1e6")
    (2147483648, 500000000, 1000000)
    """
    found = _MEMORY.fullmatch(text.strip())
    amount = float(found[1]) * _UNITS[found[2].upper()] if found else 0.0
    if not 1 <= amount < 2**63:
        raise ArgumentTypeError(f"{text!r}; allowed: an amount of memory, such as 500MB or 8GiB")
    return int(amount)


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
        values = tuple(map(_value, text.split(",")))
    except (ValueError, ArithmeticError):
        raise ArgumentTypeError(f"{text!r}; allowed: a number > 0, or one per step: A,B,…") from None
    return values[0] if len(values) == 1 else values


def _value(text: str) -> float:
    """The float nearest to a number or a fraction."""
    return float(Fraction(text)) if "/" in text else float(text)
