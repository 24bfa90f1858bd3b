"""Solutions under a schedule of temperatures alpha_t: policies, marginals and evidence; values have no common unit.

Step t counts rewards in units of alpha_t: p(O_t=1|·) = exp((r_t − c_t)/alpha_t). Messages stay what they are, in nats.
The variational policy maximises E_q[sum_t (r_t − c_t)/alpha_t − KL(q(·|s_t) ‖ p(·|s_t))].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.dynamics import VariationalSolution, lacking, unavailable
from control_pgm.control.solutions.posterior import PosteriorSolution
from control_pgm.control.solutions.step import SolutionStep
from control_pgm.display import number
from control_pgm.errors import NotAvailable

_NO_UNIT = "a schedule of temperatures leaves values without a common unit: see .policy and .log_evidence"
_VALUES = lacking((("Q", "V", "advantage", "soft_value", "value"), _NO_UNIT))


def shift_in_nats(network: ControlNetwork) -> float:
    """sum_t c_t/alpha_t, that of a terminal reward in units of the last step."""
    alphas = np.append(network.temperatures, network.temperatures[-1])
    return float((network.reward_shift / alphas[: len(network.reward_shift)]).sum())


@dataclass(frozen=True, eq=False, repr=False)
class ScheduledPosteriorSolution(PosteriorSolution):
    """The solution of ``inference="posterior"`` under a schedule of temperatures."""

    _lacks: ClassVar[Mapping[str, str]] = {**PosteriorSolution._lacks, **_VALUES}

    Q = unavailable("Q")
    V = unavailable("V")
    soft_value = unavailable("soft_value")

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O) + sum_t c_t/alpha_t, in nats; no log-probability."""
        return self.log_evidence + shift_in_nats(self.network)

    def _at(self, t: int) -> SolutionStep:
        raise _no_step(self.inference, t)

    def _figures(self) -> list[list[str]]:
        return _schedule_rows(self.network, self.log_evidence)


@dataclass(frozen=True, eq=False, repr=False)
class ScheduledVariationalSolution(VariationalSolution):
    """The solution of ``inference="variational"`` under a schedule of temperatures."""

    _lacks: ClassVar[Mapping[str, str]] = {**VariationalSolution._lacks, **_VALUES}

    Q = unavailable("Q")
    V = unavailable("V")
    soft_value = unavailable("soft_value")
    value = unavailable("value")

    @property
    def elbo(self) -> float:
        """E_q[sum_t (r_t − c_t)/alpha_t − KL(q ‖ p)] in shifted nats: a lower bound on log p(O)."""
        return self.valuation.total - shift_in_nats(self.network)

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O) + sum_t c_t/alpha_t, in nats; no log-probability."""
        return self.log_evidence + shift_in_nats(self.network)

    def _at(self, t: int) -> SolutionStep:
        raise _no_step(self.inference, t)

    def _bound_rows(self) -> list[list[str]]:
        rows = [["ELBO, shifted", f"{number(self.elbo, 8)} nats"], ["gap", f"{number(self.gap, 8)} nats"]]
        return [*_schedule_rows(self.network, self.log_evidence), *rows]


def _no_step(inference: str, t: int) -> NotAvailable:
    return NotAvailable(
        f"inference={inference!r} has no step with Q and V under a schedule of temperatures",
        remedy=f"see .policy.sel(t={t}) and .state_marginals.sel(t={t})",
    )


def _schedule_rows(network: ControlNetwork, log_evidence: float) -> list[list[str]]:
    first, last = (number(float(alpha)) for alpha in network.temperatures[[0, -1]])
    return [["temperatures", f"{first} … {last}"], ["log p(O=1), shifted", f"{number(log_evidence, 8)} nats"]]
