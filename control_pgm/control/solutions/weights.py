"""The types of inference: two operators each, one for actions and one for states (Lázaro-Gredilla et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Literal, NamedTuple

from control_pgm.tables.operators import Operator

Weight = float | Literal["alpha", "1/lambda"]


class Operators(NamedTuple):
    """The operators of one type of inference."""

    actions: Operator
    states: Operator


class Weights(NamedTuple):
    """(kappa, w) of actions and of states; "alpha" and "1/lambda" stand for the temperature and the inverse risk.

    Examples
    --------
    >>> OPERATORS["variational"].at(temperature=0.5)
    Operators(actions=Operator(kappa=0.5, weight=0.5), states=Operator(kappa=inf, weight=inf))
    """

    actions: tuple[Weight, Weight]
    states: tuple[Weight, Weight]

    @property
    def soft(self) -> bool:
        """Whether a temperature matters."""
        return "alpha" in (*self.actions, *self.states)

    def at(self, *, temperature: float, risk: float | None = None) -> Operators:
        """The operators at a temperature, in units of reward, and a risk, in units of 1/reward."""
        known = {"alpha": temperature, "1/lambda": 1.0 / risk if risk else inf}
        bound = [tuple(known[x] if isinstance(x, str) else x for x in pair) for pair in self]
        return Operators(*(Operator(*pair) for pair in bound))


OPERATORS: Mapping[str, Weights] = MappingProxyType(
    {
        "posterior": Weights(("alpha", "alpha"), ("alpha", "alpha")),
        "variational": Weights(("alpha", "alpha"), (inf, inf)),
        "planning": Weights((0.0, 0.0), ("1/lambda", "1/lambda")),
        "bellman": Weights((0.0, 0.0), (inf, inf)),
        "map": Weights(("alpha", 0.0), ("alpha", 0.0)),
    }
)
