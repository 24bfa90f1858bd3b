"""Inference that keeps the true dynamics: maximum-entropy reinforcement learning and the Bellman optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from control_pgm.control.backup import backward_induction, greedy_policy, soft_policy
from control_pgm.control.evaluation import Evaluation, evaluate
from control_pgm.control.solution import Solution, evidence_rows
from control_pgm.display import number
from control_pgm.inference.exact import TreePosterior
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.labelled import LabelledArray

_NO_MESSAGES = "messages belong to inference='posterior'; see .Q and .V"


@dataclass(frozen=True, eq=False, repr=False)
class DynamicsSolution(Solution):
    """What variational and Bellman solutions share: marginals of the policy under P."""

    @cached_property
    def state_marginals(self) -> LabelledArray:
        """p(s_t | pi) under the true dynamics."""
        return self._evaluation.state_marginals

    @cached_property
    def state_action_marginals(self) -> LabelledArray:
        """p(s_t, a_t | pi) under the true dynamics."""
        return self._evaluation.state_action_marginals

    @cached_property
    def terminated(self) -> LabelledArray:
        """p(discount has ended the process before t | pi)."""
        return self._evaluation.terminated

    @cached_property
    def _evaluation(self) -> Evaluation:
        return evaluate(self.network.mdp, self.policy)

    def _value_of_start(self, v: FloatArray) -> float:
        p = self.network.mdp.initial
        return float(np.where(p > 0, p * np.where(p > 0, v, 0.0), 0.0).sum())


@dataclass(frozen=True, eq=False, repr=False)
class VariationalSolution(DynamicsSolution):
    """The solution of ``inference="variational"``: the best q(a_t|s_t) under the true dynamics (Levine 2018, sec. 3).

    Q = E_P[r + gamma V'], V = alpha log sum_a p(a|s) exp(Q/alpha), pi = p(a|s) exp((Q − V)/alpha).
    """

    _lacks: ClassVar[Mapping[str, str]] = {
        "log_backward": _NO_MESSAGES,
        "log_backward_action": _NO_MESSAGES,
        "log_forward": _NO_MESSAGES,
        "plan": "an open-loop plan is another question: see .policy",
    }

    @cached_property
    def _backup(self) -> tuple[FloatArray, FloatArray]:
        return backward_induction(self.network.mdp, self._T, self._measure, self.network.temperature)

    def _measure(self, t: int) -> FloatArray:
        prior = self.network.prior
        return (prior.at(t) > 0).astype(np.float64) if prior.counting else prior.at(t)

    @cached_property
    def policy(self) -> LabelledArray:
        """pi(a_t | s_t) = p(a|s) exp((Q − V)/alpha); NaN where V = −inf."""
        q, v = self._backup
        measure = np.stack([self._measure(t) for t in range(self._T)])
        return self._labelled("tsa", soft_policy(q, v[:-1], measure, self.network.temperature))

    @cached_property
    def Q(self) -> LabelledArray:
        """E_P[r + gamma V'], in units of reward."""
        return self._labelled("tsa", self._backup[0] + self._counted[1:, None, None])

    @cached_property
    def V(self) -> LabelledArray:
        """alpha log sum_a p(a|s) exp(Q/alpha), in units of reward."""
        return self._labelled("Ts", self._backup[1] + self._counted[:, None])

    @property
    def soft_value(self) -> float:
        """E_{p(s_0)} V_0 = E[sum r] − alpha E[sum KL(pi ‖ p)], in units of reward."""
        return self._value_of_start(self.V.values[0])

    @property
    def elbo(self) -> float:
        """E_q[sum_t (r_t − c_t)/alpha − KL(q ‖ p)] in shifted nats: a lower bound on log p(O)."""
        value = self._value_of_start(self._backup[1][0])
        return (value - float(self.reward_shift.sum())) / self.network.temperature

    @property
    def gap(self) -> float:
        """log p(O) − ELBO = KL(q ‖ p(tau|O)) ≥ 0; 0 iff the dynamics are deterministic, given the start."""
        return self.log_evidence - self.elbo

    @cached_property
    def posterior(self) -> TreePosterior:
        """The exact posterior that the bound is measured against; inferred when it is first asked for."""
        return self.network.infer()

    @property
    def log_evidence(self) -> float:
        """log p(O_{0:T−1}=1) in nats, of rewards shifted by c_t; exact."""
        return self.posterior.log_evidence

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O) + sum_t c_t/alpha, in nats."""
        return self.log_evidence + float(self.reward_shift.sum()) / self.network.temperature

    def _figures(self) -> list[list[str]]:
        rows = [["ELBO, shifted", f"{number(self.elbo, 8)} nats"], ["gap", f"{number(self.gap, 8)} nats"]]
        return [*evidence_rows(self), *rows]


@dataclass(frozen=True, eq=False, repr=False)
class BellmanSolution(DynamicsSolution):
    """The solution of ``inference="bellman"``: the largest expected reward; ties are shared uniformly."""

    _lacks: ClassVar[Mapping[str, str]] = {
        name: why
        for names, why in (
            (("log_backward", "log_backward_action", "log_forward"), _NO_MESSAGES),
            (("posterior", "log_evidence", "log_evidence_unshifted", "elbo", "gap"), "it has no temperature"),
            (("soft_value",), "its value is not soft: see .V"),
            (("plan",), "an open-loop plan is another question: see .policy"),
        )
        for name in names
    }

    @cached_property
    def _backup(self) -> tuple[FloatArray, FloatArray]:
        available = self.network.mdp.available.astype(np.float64)
        return backward_induction(self.network.mdp, self._T, lambda _: available, 0.0)

    @cached_property
    def policy(self) -> LabelledArray:
        """Uniform over the actions of largest Q; NaN where V = −inf."""
        return self._labelled("tsa", greedy_policy(self._backup[0], self._backup[1][:-1]))

    @cached_property
    def Q(self) -> LabelledArray:
        """E_P[r + gamma V'], in units of reward: an expected return."""
        return self._labelled("tsa", self._backup[0])

    @cached_property
    def V(self) -> LabelledArray:
        """max_a Q, in units of reward."""
        return self._labelled("Ts", self._backup[1])

    def _figures(self) -> list[list[str]]:
        return [["expected reward", number(self._value_of_start(self.V.values[0]), 8)]]
