"""Temperatures alpha: one for all steps, or a schedule of one for each."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float, is_several
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, lock


def check_temperature(temperature: Any) -> float:
    """The temperature, if it is a positive finite number."""
    alpha = as_float(temperature)
    if not 0.0 < alpha < np.inf:
        raise InvalidArgument(
            f"temperature {temperature!r}",
            allowed="a finite number > 0, in units of reward",
            remedy="for the limit 0 take a small one, or inference='bellman' (largest expected reward) or 'map' (most "
            "probable trajectory)"
            if alpha == 0.0
            else "",
        )
    return alpha


def check_single(temperature: Any, where: str) -> float:
    """The temperature of all steps, where a schedule has no meaning.

    Parameters
    ----------
    where : str
        What takes no schedule, for the error.
    """
    if is_several(temperature):
        raise InvalidArgument(
            f"a schedule of temperatures for {where}",
            allowed="one number for all steps",
            remedy="solve(mdp, horizon, temperature=[…]) takes a schedule, for 'posterior' and 'variational'",
        )
    return check_temperature(temperature)


def check_schedule(temperature: Any, steps: int) -> FloatArray:
    """The temperature of every step t = 0 … T−1, from one number or a sequence of T numbers.

    Raises
    ------
    InvalidArgument
        If there are not T numbers, or one is not positive and finite; names t.

    Examples
    --------
    >>> check_schedule(0.5, 3).tolist(), check_schedule([1.0, 0.5, 0.1], 3).tolist()
    ([0.5, 0.5, 0.5], [1.0, 0.5, 0.1])
    """
    if not is_several(temperature):
        return np.broadcast_to(check_temperature(temperature), (steps,))
    given = list(temperature)
    if len(given) != steps:
        raise InvalidArgument(
            f"a schedule of {len(given)} temperatures", allowed=f"one number, or {steps} of them: one for each step"
        )
    for t, alpha in enumerate(given):
        try:
            check_temperature(alpha)
        except InvalidArgument as error:
            raise InvalidArgument(f"{error.what} at t={t}", allowed=error.allowed, remedy=error.remedy) from None
    return lock(np.array(given, dtype=np.float64))


def varies(temperatures: FloatArray) -> bool:
    """Whether a schedule is more than one number for all steps."""
    return bool((temperatures != temperatures[0]).any())
