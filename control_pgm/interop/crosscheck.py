"""Checking the engine's answers against independent engines, query by query."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from control_pgm.control.network import ControlNetwork
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, TooLarge
from control_pgm.inference.infer import infer
from control_pgm.inference.posterior import Posterior
from control_pgm.interop.pgmpy import UNDERFLOW, PgmpyElimination
from control_pgm.models.network import BayesianNetwork
from control_pgm.tables.arrays import FloatArray

Progress = Callable[[int, int, str], None]  # (done, total, what)
REFERENCES = ("pgmpy", "enumeration")


@dataclass(frozen=True)
class Check:
    """One kind of query against one reference.

    Attributes
    ----------
    reference, query : str
    max_difference : float
        The largest |difference| of a probability; NaN where nothing was compared.
    compared, undefined : int
        Distributions compared, and those that the reference cannot answer.
    note : str
        Why the reference leaves some or all unanswered.
    """

    reference: str
    query: str
    max_difference: float
    compared: int
    undefined: int
    note: str = ""


@dataclass(frozen=True)
class Report:
    """The result of `crosscheck`. Print it."""

    checks: tuple[Check, ...]
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether something was compared and every difference lies within the tolerance."""
        differences = [check.max_difference for check in self.checks if check.compared]
        return bool(differences) and max(differences) <= self.tolerance

    def _rows(self) -> list[list[str]]:
        return [
            [
                c.reference,
                c.query,
                f"{c.max_difference:.1e}" if c.compared else "–",
                str(c.compared),
                str(c.undefined),
                c.note,
            ]
            for c in self.checks
        ]

    def __str__(self) -> str:
        header = ["reference", "query", "max |difference|", "compared", "undefined", "why"]
        verdict = "passed" if self.passed else "FAILED" if any(c.compared for c in self.checks) else "nothing compared"
        return text_table(header, self._rows()) + f"\n{verdict}: tolerance {number(self.tolerance)}"

    def _repr_html_(self) -> str:
        header = ["reference", "query", "max |difference|", "compared", "undefined", "why"]
        return html_table(header, self._rows(), caption="passed" if self.passed else "not passed")


def crosscheck(
    network: BayesianNetwork,
    evidence: Mapping[str, Hashable] | None = None,
    *,
    against: Iterable[str] | str = REFERENCES,
    tolerance: float = 1e-12,
    progress: Progress | None = None,
) -> Report:
    """Compare exact inference with independent engines.

    Parameters
    ----------
    network : BayesianNetwork
        For a control network every optimal action conditional p(a_t | s_t=s, O=1) is compared, at every (t, s), and
        every p(s_t, a_t | O=1). For other networks the marginal of every variable.
    evidence : mapping, optional
        Default: the network's own, such as ``.optimal``.
    against : "pgmpy", "enumeration", or several
    tolerance : float
        The largest difference of a probability that passes.
    progress : callable, optional
        Called with (done, total, what).

    Returns
    -------
    Report

    Examples
    --------
    >>> from control_pgm import MDP, unroll
    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
    >>> crosscheck(unroll(mdp, 2), against="enumeration").passed
    True
    """
    names = (against,) if isinstance(against, str) else tuple(against)
    for name in names:
        if name not in REFERENCES:
            raise InvalidArgument(f"against={name!r}", allowed=", ".join(map(repr, REFERENCES)))
    observed = dict(network.observed if evidence is None else evidence)
    posterior = infer(network, observed)
    queries = _queries(network, observed)
    checks: list[Check] = []
    for k, name in enumerate(names):

        def tell(done: int, name: str = name, k: int = k) -> None:
            if progress is not None:
                progress(k * len(queries) + done, len(names) * len(queries), name)

        try:
            reference = _REFERENCES[name](network, observed, posterior)
        except _Unusable as unusable:
            checks.append(Check(name, "all", float("nan"), 0, sum(q.count(network) for q in queries), str(unusable)))
            tell(len(queries))
            continue
        checks += _compare(name, posterior, reference, queries, network, tell)
    return Report(tuple(checks), tolerance)


@dataclass(frozen=True)
class _Query:
    """p(targets | given, evidence); ``label`` names the kind that it is reported under."""

    label: str
    targets: tuple[str, ...]
    given: tuple[str, ...] = ()

    def count(self, network: BayesianNetwork) -> int:
        """How many distributions the query asks for."""
        return int(np.prod([network.variable(name).cardinality for name in self.given], dtype=int))


def _queries(network: BayesianNetwork, observed: Mapping[str, Hashable]) -> list[_Query]:
    if isinstance(network, ControlNetwork):
        free = [t for t in range(network.horizon) if not observed.keys() & {f"s_{t}", f"a_{t}"}]
        conditionals = [_Query("p(a_t | s_t, O=1)", (f"a_{t}",), (f"s_{t}",)) for t in free]
        return conditionals + [_Query("p(s_t, a_t | O=1)", (f"s_{t}", f"a_{t}")) for t in free]
    return [_Query("p(x | evidence)", (name,)) for name in network.variables if name not in observed]


class _Reference(Protocol):
    undefined_because: str

    def answer(self, query: _Query) -> FloatArray:
        """The table with axes (*given, *targets); NaN where the reference has no answer."""


class _Unusable(Exception):
    """Why a reference cannot answer anything about this network."""


class _Pgmpy:
    undefined_because = "unreachable given the evidence: 0/0 in the reference"

    def __init__(self, network: BayesianNetwork, observed: Mapping[str, Hashable], ours: Posterior) -> None:
        if ours.log_evidence < UNDERFLOW:
            raise _Unusable(f"reference underflows: log p(evidence) = {ours.log_evidence:.0f}")
        self.engine = PgmpyElimination(network, observed)
        self.joint: dict[tuple[str, ...], FloatArray] = {}

    def answer(self, query: _Query) -> FloatArray:
        names = (*query.given, *query.targets)
        if names not in self.joint:
            self.joint[names] = self.engine.marginal(*names)
        joint = self.joint[names]
        axes = tuple(range(len(query.given), joint.ndim))
        total = joint.sum(axis=axes, keepdims=True)
        return np.asarray(np.divide(joint, total, out=np.full(joint.shape, np.nan), where=total > 0))


class _Enumeration:
    undefined_because = "the evidence is impossible from there"

    def __init__(self, network: BayesianNetwork, observed: Mapping[str, Hashable], ours: Posterior) -> None:
        try:
            self.posterior = infer(network, observed, method="enumeration")
        except TooLarge as error:
            raise _Unusable(error.what) from None

    def answer(self, query: _Query) -> FloatArray:
        if not query.given:
            return self.posterior.marginal(*query.targets).array()
        return self.posterior.conditional(*query.targets, given=query.given, undefined="nan").array()


_REFERENCES: Mapping[str, Callable[[BayesianNetwork, Mapping[str, Hashable], Posterior], _Reference]] = {
    "pgmpy": _Pgmpy,
    "enumeration": _Enumeration,
}


def _compare(
    name: str,
    posterior: Posterior,
    reference: _Reference,
    queries: list[_Query],
    network: BayesianNetwork,
    tell: Callable[[int], None],
) -> list[Check]:
    """One check per kind of query."""
    found: dict[str, list[tuple[float, int, int]]] = {}
    for done, query in enumerate(queries):
        theirs = reference.answer(query)
        if query.given:
            ours = posterior.conditional(*query.targets, given=query.given, undefined="nan").array()
        else:
            ours = posterior.marginal(*query.targets).array()
        rows = query.count(network)
        a, b = ours.reshape(rows, -1), theirs.reshape(rows, -1)
        defined = ~np.isnan(b).any(axis=1)
        # Where the reference has an answer we must have one too: a NaN of ours counts as a difference without bound.
        difference = np.abs(np.where(np.isnan(a), np.inf, a) - b)[defined]
        worst = float(difference.max()) if difference.size else 0.0
        found.setdefault(query.label, []).append((worst, int(defined.sum()), int((~defined).sum())))
        tell(done + 1)
    checks = []
    for label, results in found.items():
        compared, undefined = sum(r[1] for r in results), sum(r[2] for r in results)
        worst = max(r[0] for r in results) if compared else float("nan")
        checks.append(Check(name, label, worst, compared, undefined, reference.undefined_because if undefined else ""))
    return checks
