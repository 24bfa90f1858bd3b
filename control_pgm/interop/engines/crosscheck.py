"""Checking the engine's answers against independent engines, query by query."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, MissingPackage, no_choice
from control_pgm.inference.infer import infer
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import Evidence, conditioned
from control_pgm.interop.engines.references import INSTALL, MAKERS, EngineQuery, Reference, Unusable
from control_pgm.keywords import keywords
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.progress import Progress, Reporter, check_progress
from control_pgm.tables.frozen import Restored

REFERENCES = tuple(MAKERS)


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
class Report(Restored):
    """The result of `crosscheck`. Print it."""

    checks: tuple[Check, ...]
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether something was compared and every difference lies within the tolerance."""
        differences = [check.max_difference for check in self.checks if check.compared]
        return bool(differences) and max(differences) <= self.tolerance

    @property
    def failed(self) -> bool:
        """Whether some difference exceeds the tolerance."""
        return any(check.max_difference > self.tolerance for check in self.checks if check.compared)

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
        verdict = "passed" if self.passed else "FAILED" if self.failed else "nothing compared"
        return text_table(header, self._rows()) + f"\n{verdict}: tolerance {number(self.tolerance)}"

    def _repr_html_(self) -> str:
        header = ["reference", "query", "max |difference|", "compared", "undefined", "why"]
        return html_table(header, self._rows(), caption="passed" if self.passed else "not passed")


@keywords
def crosscheck(
    network: BayesianNetwork,
    evidence: Evidence | None = None,
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
        Default: the network's own, such as ``.optimal``. Likelihoods are as in `infer`.
    against : "pgmpy", "pyagrum", "enumeration", or several
        Default: all. Those whose package is not installed are reported, and are an error only when asked for by name.
    tolerance : float
        The largest difference of a probability that passes.
    progress : callable, optional
        Called with (done, total, what); see `solve`.

    Returns
    -------
    Report
        References that compute in plain floating point leave everything unanswered where log p(evidence) lies so low
        that they underflow.

    Raises
    ------
    ImpossibleEvidence
        If the evidence has probability zero.
    InvalidArgument
        If there is no reference of a name, or nothing to check.
    MissingPackage
        If the package of a reference asked for by name is not installed.

    Examples
    --------
    >>> from control_pgm import MDP, unroll
    >>> mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], [[0, 0], [1, 1]])
    >>> crosscheck(unroll(mdp, 2), against="enumeration").passed
    True
    """
    if not isinstance(network, BayesianNetwork):
        has_network = "network" in getattr(network, "__dict__", {})
        raise InvalidArgument(
            f"{type(network).__name__} cannot be cross-checked",
            allowed="a network: unroll(mdp, T)",
            remedy="crosscheck(solution.network)" if has_network else "",
        )
    if not isinstance(against, str | Iterable):
        raise InvalidArgument(f"against={against!r}", allowed=", ".join(map(repr, REFERENCES)))
    check_progress(progress)
    names = (against,) if isinstance(against, str) else tuple(against)
    for name in names:
        if name not in REFERENCES:
            raise no_choice("against", name, REFERENCES)
    network, labels = conditioned(network, network.observed if evidence is None else evidence)
    observed = dict(labels)
    posterior = infer(network, observed)
    queries = _queries(network, observed)
    checks: list[Check] = []
    report = Reporter(progress, len(names) * len(queries), names[0] if names else "")
    for k, name in enumerate(names):

        def reached(done: int, name: str = name, k: int = k) -> None:
            report.at(k * len(queries) + done, what=name)

        try:
            reference = MAKERS[name](network, observed, posterior, queries)
        except (Unusable, MissingPackage) as why:
            if isinstance(why, MissingPackage) and against is not REFERENCES:
                raise
            note = f"not installed: {INSTALL[name]}" if isinstance(why, MissingPackage) else str(why)
            checks.append(Check(name, "all", float("nan"), 0, sum(q.count(network) for q in queries), note))
            reached(len(queries))
            continue
        checks += _compare(name, posterior, reference, queries, network, reached)
    report.end()
    return Report(tuple(checks), tolerance)


def _queries(network: BayesianNetwork, observed: Mapping[str, Hashable]) -> list[EngineQuery]:
    if isinstance(network, ControlNetwork):
        free = [t for t in range(network.horizon) if not observed.keys() & {f"s_{t}", f"a_{t}"}]
        conditionals = [EngineQuery("p(a_t | s_t, O=1)", (f"a_{t}",), (f"s_{t}",)) for t in free]
        return conditionals + [EngineQuery("p(s_t, a_t | O=1)", (f"s_{t}", f"a_{t}")) for t in free]
    return [EngineQuery("p(x | evidence)", (name,)) for name in network.variables if name not in observed]


def _compare(
    name: str,
    posterior: Posterior,
    reference: Reference,
    queries: list[EngineQuery],
    network: BayesianNetwork,
    reached: Callable[[int], None],
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
        if reference.complete and not np.isnan(a)[~defined].all():
            worst = np.inf  # it knows where nothing is possible: there we must not have an answer either
        found.setdefault(query.label, []).append((worst, int(defined.sum()), int((~defined).sum())))
        reached(done + 1)
    checks = []
    for label, results in found.items():
        compared, undefined = sum(r[1] for r in results), sum(r[2] for r in results)
        worst = max(r[0] for r in results) if compared or reference.complete else float("nan")
        checks.append(Check(name, label, worst, compared, undefined, reference.undefined_because if undefined else ""))
    return checks
