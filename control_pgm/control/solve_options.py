"""Options of `solve` for each type of inference, and the refusal of all others."""

from __future__ import annotations

from difflib import get_close_matches
from math import inf
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float, choice
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.network.optimality_network import ACTION
from control_pgm.control.network.unroll import unroll_process
from control_pgm.errors import InvalidArgument

DEFAULT = "posterior"  # the type of inference wherever none is named
INFERENCES = {
    "posterior": "posterior",
    "variational": "variational",
    "maxent": "variational",
    "planning": "planning",
    "bellman": "bellman",
    "optimal": "bellman",
    "map": "map",
    "marginal-map": "marginal-map",
    "linearly-solvable": "linearly-solvable",
}  # every accepted name -> the type of inference

_SMALLEST = 1e-12  # units of the temperature: below, logarithms of evidence would keep few digits of the rewards
_SOFT = frozenset({"posterior", "variational"})  # a prior weighs the actions, and a log-sum-exp makes values of them
_LACKING = {  # option -> type of inference -> why it has none
    "temperature": {
        "planning": "its weight is the risk, solve(…, risk=1/temperature)",
        "bellman": "it is the limit of temperature 0; inference='posterior' and 'variational' have one",
    },
    "action_prior": {
        "planning": "every available action counts the same",
        "bellman": "every available action counts the same",
        "marginal-map": "every available action counts the same",
        "linearly-solvable": "the passive dynamics weigh the next states",
    },
}


def has_temperature(kind: str) -> bool:
    """Whether a type of inference has a temperature."""
    return kind not in _LACKING["temperature"]


def checked_inference(inference: Any, risk: Any, convention: Any, **options: Any) -> str:
    """The type of inference of a name; options that it does not have are refused.

    Raises
    ------
    InvalidArgument
        Names the option, and says what to do.
    """
    kind = INFERENCES[choice(inference, INFERENCES, "inference")]
    _check_risk(inference, kind, risk)
    choice(convention, ("mean", "sum"), "convention")
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
    check_risk(risk)


def check_risk(risk: Any) -> float:
    """lambda of inference="planning": a number that, like its inverse, is finite."""
    weight = as_float(risk)
    if not 0.0 < abs(weight) < inf or abs(1.0 / weight) == inf:
        raise InvalidArgument(
            f"risk={risk!r} with inference='planning'",
            allowed="a finite number lambda ≠ 0, in units of 1/reward: > 0 seeks risk, < 0 shuns it",
            remedy="inference='bellman' is the limit of risk 0" if abs(weight) < 1.0 else "pass risk=lambda",
        )
    return weight


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


def check_digits(mdp: MDP, unit: float, what: str, remedy: str = "lower the temperature") -> None:
    """Refuse units so large that rewards are lost in the rounding of logarithms of evidence.

    Parameters
    ----------
    unit : float
        The temperature or the inverse risk.
    what : str
        How to call it, with its value.
    """
    span = mdp.reward_table.span
    for paid in (mdp.reward_table.values if mdp.discount < 1.0 else None, mdp.terminal_reward):
        if paid is not None:
            span = max(span, float(np.abs(paid).max(where=np.isfinite(paid), initial=0.0)))
    if 0.0 < span < _SMALLEST * unit:
        raise InvalidArgument(
            f"rewards that differ by no more than {span:.3g} vanish beside {what}",
            allowed=f"temperatures, or inverse risks, up to {span / _SMALLEST:.3g}",
            remedy=remedy,
        )


def check_actions(network: ControlNetwork, inference: str) -> None:
    """Refuse further variables that act where actions are chosen: they would be averaged over, like states.

    The posterior has no choice to make, and the most probable trajectory is a maximum over all variables.
    """
    if network.as_unrolled or INFERENCES[inference] in ("posterior", "map"):
        return
    own = {f"a_{t}" for t in range(network.horizon)}
    acting = {kind for kind in {v.kind for v in network.variables.values()} if _acts(kind)}
    others = [v for v in network.variables.values() if v.kind in acting and v.name not in own]
    if others:
        other, last = others[0], network.horizon - 1
        raise InvalidArgument(
            f"variable {other.name!r} of kind {other.kind!r} with inference={inference!r}, which chooses a_0 … a_{last}"
            " alone",
            allowed=f"inference='posterior' or 'map', in which {other.name!r} is a variable like any other",
            remedy="make the actions of all agents one variable, a_t = (a, b) of the MDP; or give what nobody chooses "
            "another kind",
        )


def _acts(kind: str) -> bool:
    """Whether a kind means, or nearly, that of what is chosen."""
    return bool(get_close_matches(str(kind).strip().lower(), [ACTION], n=1, cutoff=0.8))


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
        return unroll_process(network.mdp, network.horizon, temperature=network.temperature, action_prior="counting")
    why = "an action prior" if not network.prior.uniform else "replaced or added tables"
    raise InvalidArgument(
        f"inference='marginal-map' on a network with {why}",
        allowed="networks that count every available action as one",
        remedy="begin with unroll(mdp, horizon, action_prior='counting')",
    )
