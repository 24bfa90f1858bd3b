"""Networks for pgmpy, and answers from its variable elimination; the only place that imports pgmpy, on first use.

What pgmpy needs to answer rightly: an unrolled network with string names, state names that are no integers, and
variable elimination. Its other engines are wrong on such networks, and variable elimination itself underflows without
a warning once log p(evidence) falls below about −650.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from control_pgm.errors import InvalidArgument, MissingPackage
from control_pgm.interop.plain_values import whole_rows
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

INSTALL_PGMPY = "pip install pgmpy"
UNDERFLOW = -600.0  # nats of log p(evidence) below which other engines' plain floating point cannot be trusted


def to_pgmpy(network: BayesianNetwork) -> Any:
    """The network as a ``pgmpy.models.DiscreteBayesianNetwork``.

    States are named ``"index:label"``. A further factor phi becomes a binary node ``"factor_k"`` with
    p(1 | scope) = phi / max phi, to be observed at 1: see `pgmpy_evidence`.

    Parameters
    ----------
    network : BayesianNetwork

    Raises
    ------
    MissingPackage
        If pgmpy is not installed.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> len(to_pgmpy(unroll(gridworld("S.G"), 2)).nodes())
    7
    """
    if not isinstance(network, BayesianNetwork):
        raise InvalidArgument(f"{type(network).__name__} cannot be exported to pgmpy", allowed="a BayesianNetwork")
    with _quiet():
        try:
            from pgmpy.factors.discrete import TabularCPD
            from pgmpy.models import DiscreteBayesianNetwork
        except ImportError as error:
            raise MissingPackage("pgmpy is not installed", remedy=INSTALL_PGMPY) from error

        model = DiscreteBayesianNetwork()
        model.add_nodes_from(list(network.variables))
        for child, parents, table in plain_tables(network):
            model.add_edges_from([(parent.name, child.name) for parent in parents])
            scope = [*parents, child]
            # pgmpy's tables have two axes: the child's states, and all parents' with the first parent slowest.
            values = np.moveaxis(table, -1, 0).reshape(child.cardinality, -1)
            cpd = TabularCPD(
                child.name,
                child.cardinality,
                values,
                evidence=[p.name for p in parents] or None,
                evidence_card=[p.cardinality for p in parents] or None,
                state_names={v.name: state_names(v) for v in scope},
            )
            model.add_cpds(cpd)
    return model


def pgmpy_evidence(network: BayesianNetwork, evidence: Mapping[str, Hashable]) -> dict[str, str]:
    """Evidence in pgmpy's state names, with the nodes that stand for further factors."""
    named = {
        name: state_names(network.variable(name))[network.variable(name).index(label)]
        for name, label in evidence.items()
    }
    return named | {name: "1:1" for name, _ in named_factors(network)}


class PgmpyElimination:
    """Joint marginals of a network given evidence, by pgmpy's variable elimination."""

    def __init__(self, network: BayesianNetwork, evidence: Mapping[str, Hashable]) -> None:
        self.network = network
        self.evidence = pgmpy_evidence(network, evidence)
        model = to_pgmpy(network)
        with _quiet():
            from pgmpy.inference import VariableElimination

            self.engine = VariableElimination(model)

    def marginal(self, *names: str) -> FloatArray:
        """p(names | evidence) with the axes in the order asked."""
        with _quiet(), np.errstate(all="ignore"):
            result = self.engine.query(list(names), evidence=self.evidence, show_progress=False)
        order = [result.variables.index(name) for name in names]
        values = np.asarray(result.values, dtype=np.float64).transpose(order)
        for axis, name in enumerate(names):
            states = state_names(self.network.variable(name))
            values = values.take([result.state_names[name].index(state) for state in states], axis=axis)
        return values


def plain_tables(network: BayesianNetwork) -> Iterator[tuple[Variable, tuple[Variable, ...], FloatArray]]:
    """(child, parents, table) of every CPD, and of every further factor as a binary child of its scope."""
    for cpd in network.cpds:
        yield cpd.child, cpd.parents, whole_rows(cpd)
    for name, factor in named_factors(network):
        log_values = factor.log_array()
        p = np.exp(log_values - log_values.max())
        yield Variable(name, 2), factor.variables, np.stack([1 - p, p], axis=-1)


def named_factors(network: BayesianNetwork) -> list[tuple[str, Factor]]:
    """Further factors with names that no variable has; constants change no probability and are left out."""
    prefix = "factor_"
    while any(name.startswith(prefix) for name in network.variables):
        prefix = "_" + prefix
    return [(f"{prefix}{k}", factor) for k, factor in enumerate(network.factors) if factor.variables]


def state_names(variable: Variable) -> list[str]:
    """Names that no engine takes for numbers, and that differ even where labels look alike."""
    return [f"{i}:{label}" for i, label in enumerate(variable.states)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pgmpy's warnings and log lines, and leave the caller's settings as they were."""
    logger = logging.getLogger("pgmpy")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
