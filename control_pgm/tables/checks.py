"""Checks of scopes and tables, whose errors name the assignment that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from control_pgm.display import printable
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import frozen
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.variable import Variable


def check_scope(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """The variables as a tuple, if they are distinct variables."""
    scope = tuple(variables) if isinstance(variables, Iterable) else (variables,)
    for v in scope:
        if not isinstance(v, Variable):
            raise InvalidModel(f"{v!r} in the scope of a factor is no Variable", allowed="a list of Variables")
    names = [v.name for v in scope]
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InvalidModel(f"factor over {names!r} has {twice!r} twice", allowed="distinct variables")
    return scope


def where(variables: Sequence[Variable], at: Iterable[int]) -> str:
    """An assignment, given by state indices, for an error message."""
    shown = ", ".join(f"{v.name}={v.states[i]}" for v, i in zip(variables, at, strict=True))
    return printable(shown) or "its only entry"


def checked_table(scope: tuple[Variable, ...], table: ArrayLike, *, log: bool) -> Scaled:
    """A dense table for the scope, if its shape fits and every entry is a number ≥ 0 or a logarithm of one."""
    names = [v.name for v in scope]
    try:
        values = frozen(table)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidModel(f"factor over {names!r}: the table is not an array of numbers ({error})") from None
    expected = tuple(v.cardinality for v in scope)
    if values.shape != expected:
        raise InvalidModel(
            f"factor over {names!r} has a table of shape {values.shape}", allowed=f"{expected}, one axis per variable"
        )
    low = "" if log else "negative, "
    bad = np.isnan(values) | np.isposinf(values) | ((values < 0) if not log else np.zeros(values.shape, dtype=bool))
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        raise InvalidModel(
            f"factor over {names!r} is {values[at]} at {where(scope, at)}",
            allowed="logarithms below +inf" if log else f"finite numbers ≥ 0 (not {low}NaN or inf)",
        )
    return Scaled.from_log(values) if log else Scaled.from_linear(values)
