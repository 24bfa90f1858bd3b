"""Virtual evidence: an uncertain observation of a variable as a factor of likelihoods (Pearl 1988, section 2.2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from numbers import Real
from typing import Any

from control_pgm.display import listing
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable


def numbers_of_states(variable: Variable, given: Mapping[Any, Any], what: str) -> list[float]:
    """A finite number ≥ 0 for each state of a variable, given by labels; ``what`` names one of them in errors.

    Raises
    ------
    UnknownName
        On a label that is no state.
    InvalidArgument
        If a state is left out, a number is none or negative, or all of them are zero.
    """
    values = dict.fromkeys(range(variable.cardinality), inf)
    for label, number in given.items():
        try:
            place = variable.states.index_of[label]
        except (KeyError, TypeError):
            raise unknown(label, variable.states, what=f"the {what} of {variable.name!r}: the state") from None
        good = isinstance(number, Real) and not isinstance(number, bool) and isfinite(number)
        if not good or number < 0:
            raise InvalidArgument(f"the {what} of {variable.name}={label} is {number!r}", allowed="a finite number ≥ 0")
        values[place] = float(number)
    missing = [variable.states[place] for place, number in values.items() if number == inf]
    if missing:
        raise InvalidArgument(
            f"there is no {what} of {variable.name}={missing[0]}",
            allowed=f"a number for each of {listing(map(repr, variable.states))}",
            remedy="0 for a state that is excluded",
        )
    if not any(values.values()):
        raise InvalidArgument(f"the {what} of {variable.name!r} is 0 for every state", allowed="one or more above 0")
    return list(values.values())


def likelihood_factor(variable: Variable, likelihoods: Mapping[Any, Any]) -> Factor:
    """L(x) = p(observation | x), up to a constant, as a factor over x.

    Examples
    --------
    >>> print(likelihood_factor(Variable("wet", ["no", "yes"]), {"yes": 0.8, "no": 0.2}))
    wet  value
    ───  ─────
    no     0.2
    yes    0.8
    """
    return Factor([variable], numbers_of_states(variable, likelihoods, "likelihood"))
