"""Horizons of control networks: checks of the number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float, is_count, to_process
from control_pgm.control.mdp.mdp import MDP
from control_pgm.errors import InvalidArgument, TooLarge

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
