"""Evidence beside optimality: what else was observed, or is fixed, in the network that is solved.

An observed state s_t or action a_t becomes an indicator, a factor on that variable: beta_t(s), beta_t(s,a) and the
policy keep a row for every state, and other states are those from which the evidence is impossible. Any other variable
is observed as in `infer`. Likelihoods of any variable are a factor on it.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Any

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import InvalidArgument
from control_pgm.inference.problem import conditioned, state_indices
from control_pgm.tables.factor import Factor

_ANY = ("posterior", "map")  # the types of inference in which an observation is one, whatever it is of
_WHY_NONE = {
    "marginal-map": "a plan is made before anything is seen",
    "variational": "it keeps the true dynamics, which an observation of what the world does would bend",
    "bellman": "it keeps the true dynamics, which an observation of what the world does would bend",
    "planning": "it keeps the true dynamics, which an observation of what the world does would bend",
}


def observing(network: ControlNetwork, evidence: Any, kind: str) -> ControlNetwork:
    """The network conditioned on more than optimality.

    Parameters
    ----------
    evidence : mapping
        Name of a variable -> label of its state, or likelihoods by label.
    kind : str
        The type of inference.

    Raises
    ------
    UnknownName
        If a variable or a label does not exist.
    InvalidArgument
        If it contradicts optimality, or has no meaning for the type of inference.
    """
    weighted, labels = conditioned(network, evidence)
    places = state_indices(network, labels)
    actions = {f"a_{t}" for t in range(network.horizon)}
    chain = actions | {f"s_{t}" for t in range(network.horizon + 1)}
    indicators: list[Factor] = []
    observed: dict[str, Hashable] = {}
    for factor in weighted.factors[len(network.factors) :]:
        (name,) = factor.scope
        if name in network.evidence:
            raise InvalidArgument(
                f"evidence {evidence[name]!r} about {name!r}, which is observed as {network.evidence[name]!r}",
                remedy=f"leave it out; without optimality: infer(network, {{{name!r}: …}})",
            )
        _check_meaning(name, kind, actions)
        indicators.append(factor)
    for name, place in places.items():
        variable = network.variable(name)
        label = variable.states[place]
        if name in network.evidence:
            if label != network.evidence[name]:
                raise InvalidArgument(
                    f"evidence {name}={label!r} contradicts what is observed, {name}={network.evidence[name]!r}",
                    remedy=f"leave it out; without optimality: infer(network, {{{name!r}: {label!r}}})",
                )
            continue
        _check_meaning(name, kind, actions)
        if name in chain:
            indicators.append(Factor([variable], np.arange(variable.cardinality) == place))
        elif kind == "posterior":
            observed[name] = label
        else:  # the mode maximises over trajectories, all of whose variables have factors
            indicators.append(Factor([variable], np.arange(variable.cardinality) == place))
    if indicators:
        network = network.extend(*indicators)
    return network.given(observed) if observed else network


def _check_meaning(name: str, kind: str, actions: Collection[str]) -> None:
    """Refuse evidence that has no meaning for the type of inference."""
    if kind not in _ANY and (kind == "marginal-map" or name not in actions):
        raise InvalidArgument(
            f"evidence on {name!r} with inference={kind!r}: {_WHY_NONE[kind]}",
            allowed="inference='posterior' or 'map'" + ("; evidence on actions" if kind != "marginal-map" else ""),
            remedy="a known first state is mdp.varied(initial=…)" if name == "s_0" else "",
        )
