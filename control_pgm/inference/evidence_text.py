"""Evidence as text: the label of a state, or likelihoods of the states."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from typing import Any

from control_pgm.errors import InvalidArgument
from control_pgm.tables.variable import Variable, label_of

_LIKELIHOODS = "{label: number, label: number}"


def observation(text: str, variable: Variable, *, what: str) -> Any:
    """What a text says of a variable: one of its labels, or likelihoods as in ``{no: 0.2, yes: 0.8}``.

    Parameters
    ----------
    text : str
    variable : Variable
    what : str
        Names the text in errors, such as ``"state of 'x':"``.

    Raises
    ------
    UnknownName, InvalidArgument
        As `control_pgm.tables.variable.label_of`; and if a likelihood is no number.

    Examples
    --------
    >>> observation("{no: 1/5, yes: 0.8}", Variable("wet", ["no", "yes"]), what="state of 'wet':")
    {'no': 0.2, 'yes': 0.8}
    """
    inside = text.strip()
    if not (inside.startswith("{") and inside.endswith("}")) or text in map(str, variable.states):
        return label_of(text, variable.states, what=what)
    try:
        parts = split_outside_brackets(inside[1:-1])
    except ValueError as error:
        raise InvalidArgument(f"{what} {text!r} {error}", allowed=_LIKELIHOODS) from None
    found: dict[Hashable, float] = {}
    for part in parts:
        label, _, number = part.rpartition(":")
        try:
            value = float(Fraction(number))
        except (ValueError, ArithmeticError):
            raise InvalidArgument(
                f"{what} {text!r} has {part.strip()!r} in place of a likelihood", allowed=_LIKELIHOODS
            ) from None
        state = label_of(label.strip(), variable.states, what=what)
        if state in found:
            raise InvalidArgument(f"{what} {text!r} gives {label.strip()!r} two likelihoods", allowed="one")
        found[state] = value
    return found


def split_outside_brackets(text: str) -> list[str]:
    """The parts between commas that stand outside all brackets.

    Raises
    ------
    ValueError
        If brackets do not match; says how.

    Examples
    --------
    >>> split_outside_brackets("s_3=(2,2), O=1")
    ['s_3=(2,2)', ' O=1']
    """
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            raise ValueError("closes a bracket that is not open")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth:
        raise ValueError("leaves a bracket open")
    return parts
