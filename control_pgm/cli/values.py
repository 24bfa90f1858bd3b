"""What the values of options may be; argparse says where a value was wrong, these functions say how."""

from __future__ import annotations

from argparse import ArgumentTypeError
from fractions import Fraction

INFINITE = "infinite"


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
