"""Interventions on Bayesian networks: the mutilated network of do(x) (Pearl 2009, section 1.3.1)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.tables.variable import Variable

Network = TypeVar("Network", bound=BayesianNetwork)


def do(model: Network, states: Mapping[str, Hashable] | None = None, /, **more: Hashable) -> Network:
    """The network in which variables are set to states from outside, whatever their parents are.

    p(v | do(x)) = ∏ p(v_i | parents) over the variables that are not set, where v agrees with x, and 0 elsewhere: the
    truncated factorisation (Pearl 2009, equation 1.37; the g-formula of Robins 1986).

    Parameters
    ----------
    model : BayesianNetwork, DynamicBayesianNetwork or ControlNetwork
        It stays as it is; tables that are not replaced are shared.
    states, **more
        Variable name -> state label; as one mapping, as keywords, or both.

    Returns
    -------
    BayesianNetwork
        Of the same class. The variables that are set have no parents, and a point mass as their CPD.

    Raises
    ------
    InvalidArgument
        If nothing is set, the model has no directions, or one variable is set twice.
    UnknownName
        If a variable or a label does not exist.
    InvalidModel
        If the `replace` of the network refuses a table, as that of a `ControlNetwork` may.

    Notes
    -----
    Factors that were added to the network stay, also those that mention a variable that is set: they are likelihoods of
    what is seen after the intervention, and weigh the state that it is set to. Evidence that belongs to the network
    stays, too. Where only the distribution of a variable changes, ``model.replace(CPD(variable, [], p))`` cuts its
    parents in the same way.

    Examples
    --------
    A sprinkler that was found on says that it is no rainy season; one that was switched on says nothing of it:

    >>> from control_pgm import infer
    >>> season, on = Variable("season", ["dry", "rainy"]), Variable("sprinkler", ["off", "on"])
    >>> net = BayesianNetwork([CPD(season, [], [0.6, 0.4]), CPD(on, [season], [[0.3, 0.7], [0.9, 0.1]])])
    >>> infer(net, {"sprinkler": "on"}).marginal("season").array().round(3).tolist()
    [0.913, 0.087]
    >>> infer(do(net, sprinkler="on")).marginal("season").array().round(3).tolist()
    [0.6, 0.4]
    """
    _check_model(model)
    if states is not None and not isinstance(states, Mapping):
        raise InvalidArgument(
            f"do({states!r}) is not a mapping", allowed="{variable name: state label}, or name=label as keywords"
        )
    for name in more:
        if name in (states or {}):
            raise InvalidArgument(f"do(…) sets {name!r} in the mapping and as a keyword", allowed="one state of each")
    wanted = {**(states or {}), **more}
    if not wanted:
        raise InvalidArgument("do(…) sets no variable", allowed="{variable name: state label}, at least one")
    return model.replace(*[_point_mass(model, name, label) for name, label in wanted.items()])


def _point_mass(model: BayesianNetwork, name: str, label: Hashable) -> CPD:
    """p(x) of a variable that is set."""
    if name not in model.variables:
        remedy = f"variables go by their names: {name.name!r}" if isinstance(name, Variable) else ""
        raise unknown(name, model.variables, what="variable", remedy=remedy)
    variable = model.variables[name]
    if isinstance(label, Mapping | list | np.ndarray):
        raise InvalidArgument(
            f"do(…) sets {name!r} to {label!r}, which is no single state",
            allowed=f"one of its states, such as {variable.states[0]!r}",
            remedy=f"a distribution replaces the table: model.replace(CPD(model.variables[{name!r}], [], [p, …]))",
        )
    return CPD(variable, [], np.eye(1, variable.cardinality, variable.index(label))[0])


def _check_model(model: object) -> None:
    """Refuse what has no directions, and what is no network."""
    if isinstance(model, BayesianNetwork):
        return
    if isinstance(model, FactorGraph):
        raise InvalidArgument(
            "do(…) of a FactorGraph: its factors have no directions, and so no parents to cut",
            allowed="a BayesianNetwork or an unrolled network",
        )
    raise InvalidArgument(
        f"do(…) of {type(model).__name__}",
        allowed="a BayesianNetwork or an unrolled network",
        remedy="templates and decision processes are unrolled first",
    )
