"""Planning as inference: the policy of largest exponential utility under the true dynamics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from control_pgm.control.solutions.dynamics import MESSAGES, NO_MESSAGES, NO_PLAN, ValuedSolution, changed_rows, lacking
from control_pgm.display import number


@dataclass(frozen=True, eq=False, repr=False)
class PlanningSolution(ValuedSolution):
    """The solution of ``inference="planning"``: the policy that maximises (1/lambda) log E exp(lambda · return).

    Q = (1/lambda) log E_P exp(lambda (r + V')), V = max_a Q: certainty equivalents in units of reward (Howard and
    Matheson 1972; Lázaro-Gredilla et al. 2024). lambda > 0 seeks risk, lambda < 0 shuns it; for lambda → 0 it is the
    Bellman optimum. Ties are shared uniformly.

    Attributes
    ----------
    risk : float
        lambda, in units of 1/reward.
    """

    risk: float

    _lacks: ClassVar[Mapping[str, str]] = lacking(
        (MESSAGES, NO_MESSAGES),
        (("posterior", "log_evidence", "log_evidence_unshifted", "elbo", "gap"), "it has no temperature: see .risk"),
        (("soft_value",), "its certainty equivalent is .value"),
        (("plan",), NO_PLAN),
    )

    def _figures(self) -> list[list[str]]:
        rows = [["risk", number(self.risk)], ["certainty equivalent", number(self.value, 8)]]
        return [*changed_rows(self), *rows]
