"""Which options of `solve` a type of inference has, and what is said about all others."""

from __future__ import annotations

from math import isfinite
from numbers import Real
from typing import Any

import numpy as np

from control_pgm.control.network import ControlNetwork, unroll
from control_pgm.errors import InvalidArgument

INFERENCES = {
    "posterior": "posterior",
    "variational": "variational",
    "maxent": "variational",
    "planning": "planning",
    "bellman": "bellman",
    "optimal": "bellman",
    "map": "map",
    "marginal-map": "marginal-map",
}  # every accepted name -> the type of inference

_SOFT = frozenset({"posterior", "variational"})  # a prior weighs the actions, and a log-sum-exp makes values of them
_LACKING = {  # option -> type of inference -> why it has none
    "temperature": {
        "planning": "its weight is the risk, solve(…, risk=1/temperature)",
        "bellman": "it is the limit of temperature 0",
    },
    "action_prior": {
        "planning": "every available action counts the same",
        "bellman": "every available action counts the same",
        "marginal-map": "every available action counts the same",
    },
}


def checked_inference(inference: Any, risk: Any, convention: Any, **options: Any) -> str:
    """The type of inference of a name; options that it does not have are refused.

    Raises
    ------
    InvalidArgument
        Names the option, and says what to do.
    """
    if inference not in INFERENCES:
        raise InvalidArgument(f"inference {inference!r}", allowed=", ".join(map(repr, INFERENCES)))
    kind = INFERENCES[inference]
    _check_risk(inference, kind, risk)
    if convention not in ("mean", "sum"):
        raise InvalidArgument(f"convention {convention!r}", allowed="'mean', 'sum'")
    if convention == "sum" and kind not in _SOFT:
        raise InvalidArgument(
            f"convention='sum' with inference={inference!r}",
            allowed="'posterior', 'variational'",
            remedy="leave convention out: nothing is summed over actions",
        )
    for name, reasons in _LACKING.items():
        if options[name] is not None and kind in reasons:
            raise InvalidArgument(f"{name} with inference={inference!r}", remedy=f"leave {name} out: {reasons[kind]}")
    if options["keep"] != "memory" and kind != "posterior":
        raise InvalidArgument(
            f"keep={options['keep']!r} with inference={inference!r}",
            allowed="'memory'",
            remedy="leave keep out: only the posterior's messages are kept elsewhere",
        )
    return kind


def _check_risk(inference: str, kind: str, risk: Any) -> None:
    if kind != "planning":
        if risk is not None:
            raise InvalidArgument(
                f"risk={risk!r} with inference={inference!r}",
                allowed="inference='planning'",
                remedy="leave risk out: it has none",
            )
        return
    if isinstance(risk, bool) or not isinstance(risk, Real) or not isfinite(float(risk)) or risk == 0:
        raise InvalidArgument(
            f"risk={risk!r} with inference='planning'",
            allowed="a finite number lambda ≠ 0, in units of 1/reward: > 0 seeks risk, < 0 shuns it",
            remedy="inference='bellman' is the limit of risk 0" if risk == 0 else "pass risk=lambda",
        )


def check_sum(network: ControlNetwork) -> None:
    """The convention "sum" differs by a constant per step only with a uniform prior over n actions everywhere."""
    actions = [network.cpd(f"a_{t}").array() for t in range(network.horizon)] if not network.as_unrolled else []
    replaced = any(np.ptp(table) > 0 for table in actions)
    reasons = {
        "the action prior is not uniform": not network.prior.uniform or replaced,
        "the number of actions varies between states": not network.mdp.available.all(),
        "discount < 1 ends episodes early": network.mdp.discount < 1.0,
        "the network counts actions already": network.prior.counting,
        "under a schedule of temperatures values have no common unit": network.scheduled,
    }
    for reason, holds in reasons.items():
        if holds:
            raise InvalidArgument(
                f"convention='sum' has no meaning here: {reason}",
                remedy="use convention='mean'; action_prior='counting' counts actions where their number varies",
            )


def check_schedule_use(network: ControlNetwork, kind: str) -> None:
    """A schedule of temperatures leaves no unit of value where one is needed."""
    if not network.scheduled or kind in _SOFT:
        return
    if kind in ("map", "marginal-map"):
        raise InvalidArgument(
            f"a schedule of temperatures with inference={kind!r}",
            allowed="one temperature for all steps; a schedule for 'posterior' and 'variational'",
            remedy="unroll the process at one temperature",
        )
    if not network.as_unrolled:
        raise InvalidArgument(
            f"inference={kind!r} on a network with replaced or added tables and a schedule of temperatures",
            allowed="one temperature, the unit in which such tables are rewards",
            remedy="unroll the process at one temperature, or change the MDP instead",
        )


def counting_network(network: ControlNetwork) -> ControlNetwork:
    """The network with every available action counting as one, as an open-loop plan needs it.

    Raises
    ------
    InvalidArgument
        If the network has another prior, or was changed; says what to do.
    """
    if network.prior.counting:
        return network
    if network.prior.uniform and network.as_unrolled:
        return unroll(network.mdp, network.horizon, temperature=network.temperature, action_prior="counting")
    why = "an action prior" if not network.prior.uniform else "replaced or added tables"
    raise InvalidArgument(
        f"inference='marginal-map' on a network with {why}",
        allowed="networks that count every available action as one",
        remedy="begin with unroll(mdp, horizon, action_prior='counting')",
    )
