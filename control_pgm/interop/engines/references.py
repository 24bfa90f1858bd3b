"""The independent engines that `crosscheck` asks, each answering one query at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from control_pgm.errors import TooLarge
from control_pgm.inference.infer import infer
from control_pgm.inference.posterior import Posterior
from control_pgm.interop.engines import pgmpy, pyagrum
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.tables.arrays import FloatArray


@dataclass(frozen=True)
class EngineQuery:
    """p(targets | given, evidence); ``label`` names the kind that it is reported under."""

    label: str
    targets: tuple[str, ...]
    given: tuple[str, ...] = ()

    def count(self, network: BayesianNetwork) -> int:
        """How many distributions the query asks for."""
        return int(np.prod([network.variable(name).cardinality for name in self.given], dtype=int))


_DIGITS_LOST = 1e-280  # a joint probability this small has lost digits on the way in plain floating point


class Reference(Protocol):
    undefined_because: str  # why answers are NaN
    complete: bool  # whether it answers wherever an answer exists

    def answer(self, query: EngineQuery) -> FloatArray:
        """The table with axes (*given, *targets); NaN where the reference has no answer."""


class Unusable(Exception):
    """Why a reference cannot answer anything about this network."""


class _Engine(Protocol):
    def marginal(self, *names: str) -> FloatArray:
        """p(names | evidence) with the axes in the order asked."""


class _Joints:
    """A reference that knows joint marginals, in plain floating point: conditionals are their quotients."""

    complete = False

    def __init__(self, engine: Callable[[], _Engine], network: BayesianNetwork, ours: Posterior) -> None:
        # Further factors are exported relative to their maximum.
        log_p = ours.log_evidence - sum(float(factor.log_array().max()) for factor in network.factors)
        if log_p < pgmpy.UNDERFLOW:
            raise Unusable(f"reference underflows: log p(evidence) = {log_p:.0f}")
        self.undefined_because = "unreachable given the evidence: 0/0 in the reference"
        self.engine = engine()
        self.joint: dict[tuple[str, ...], FloatArray] = {}

    def answer(self, query: EngineQuery) -> FloatArray:
        names = (*query.given, *query.targets)
        if names not in self.joint:
            self.joint[names] = self.engine.marginal(*names)
        joint = self.joint[names]
        axes = tuple(range(len(query.given), joint.ndim))
        total = joint.sum(axis=axes, keepdims=True)
        if ((total > 0) & (total < _DIGITS_LOST)).any():
            self.undefined_because = "reference underflows there, or 0/0: unreachable given the evidence"
        return np.asarray(np.divide(joint, total, out=np.full(joint.shape, np.nan), where=total >= _DIGITS_LOST))


class _Enumeration:
    undefined_because = "the evidence is impossible from there"
    complete = True

    def __init__(self, network: BayesianNetwork, observed: Mapping[str, Hashable]) -> None:
        try:
            self.posterior = infer(network, observed, method="enumeration")
        except TooLarge as error:
            raise Unusable(error.what) from None

    def answer(self, query: EngineQuery) -> FloatArray:
        if not query.given:
            return self.posterior.marginal(*query.targets).array()
        return self.posterior.conditional(*query.targets, given=query.given, undefined="nan").array()


def _pgmpy(
    network: BayesianNetwork, observed: Mapping[str, Hashable], ours: Posterior, queries: list[EngineQuery]
) -> Reference:
    return _Joints(lambda: pgmpy.PgmpyElimination(network, observed), network, ours)


def _pyagrum(
    network: BayesianNetwork, observed: Mapping[str, Hashable], ours: Posterior, queries: list[EngineQuery]
) -> Reference:
    targets = [(*query.given, *query.targets) for query in queries]
    return _Joints(lambda: pyagrum.PyagrumPropagation(network, observed, targets), network, ours)


def _enumeration(
    network: BayesianNetwork, observed: Mapping[str, Hashable], ours: Posterior, queries: list[EngineQuery]
) -> Reference:
    return _Enumeration(network, observed)


MAKERS: Mapping[str, Callable[[BayesianNetwork, Mapping[str, Hashable], Posterior, list[EngineQuery]], Reference]] = {
    "pgmpy": _pgmpy,
    "pyagrum": _pyagrum,
    "enumeration": _enumeration,
}
INSTALL: Mapping[str, str] = {"pgmpy": pgmpy.INSTALL_PGMPY, "pyagrum": pyagrum.INSTALL_PYAGRUM}
