"""Horizons and temperatures of unrolled networks: what is allowed, and what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float, is_count, is_several, to_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidArgument, TooLarge
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


MAX_HORIZON = 1_000_000


def check_horizon(mdp: MDP, horizon: Any) -> int:
    """The horizon, if it is an integer ≥ 1 that fits the time-varying tables."""
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} is no MDP", allowed="an MDP", remedy=to_process(mdp))
    steps = check_length(horizon)
    if mdp.time_steps is not None and steps != mdp.time_steps:
        raise InvalidArgument(
            f"horizon {steps} does not fit the MDP's tables, which have {mdp.time_steps} time steps",
            allowed=str(mdp.time_steps),
        )
    return steps


def _horizon_remedy(horizon: Any) -> str:
    """What to do about a horizon that is no integer."""
    if (isinstance(horizon, str) and horizon.lower().startswith("inf")) or as_float(horizon) == np.inf:
        return "without a last step: solve_infinite(mdp), or solve_average(mdp)"
    steps = as_float(horizon)
    return f"write {int(steps)}" if steps >= 1.0 and steps.is_integer() else ""


def check_length(horizon: Any) -> int:
    """The horizon, if it is an integer ≥ 1 that is not too large."""
    if not is_count(horizon):
        raise InvalidArgument(
            f"horizon {horizon!r}", allowed="an integer ≥ 1, the number of actions", remedy=_horizon_remedy(horizon)
        )
    if horizon > MAX_HORIZON:
        raise TooLarge(
            f"horizon {horizon:,} would need one set of messages per step",
            allowed=f"up to {MAX_HORIZON:,} steps",
            remedy="a policy hardly changes far from the end: a shorter horizon tells the same",
        )
    return int(horizon)
