"""The exact posterior: everything is read off the engine's messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import isqrt
from typing import ClassVar

import numpy as np

from control_pgm.control.solutions.solution import Solution, difference, evidence_rows
from control_pgm.control.solutions.step import SolutionStep
from control_pgm.control.solutions.textbook_messages import TextbookMessages
from control_pgm.inference.exact import TreePosterior
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.numbers.stacked import logarithms, probabilities


@dataclass(frozen=True, eq=False, repr=False)
class PosteriorSolution(Solution):
    """The solution of ``inference="posterior"``: exact marginals of the network given that every step is optimal."""

    posterior: TreePosterior

    _lacks: ClassVar[Mapping[str, str]] = {
        "elbo": "the posterior is exact: see .log_evidence",
        "gap": "the posterior is exact: see .log_evidence",
        "value": "its value is .soft_value",
        "plan": "an open-loop plan is another question: see .policy",
    }

    @cached_property
    def policy(self) -> LabelledArray:
        """p(a_t | s_t, O_{t:T−1}=1) = p(a|s) beta_t(s,a) / beta_t(s) (Levine 2018, section 2.3)."""
        if self.posterior.checkpoints:
            return self._labelled("tsa", self._together[0])
        return self._labelled("tsa", self._read.optimal_action(partial(probabilities, axes=(-1,))))

    # --- messages -----------------------------------------------------------------------------------------------
    @cached_property
    def log_backward_action(self) -> LabelledArray:
        """log beta_t(s,a) in nats."""
        return self._labelled("tsa", self._read.backward_action(logarithms))

    @cached_property
    def log_backward(self) -> LabelledArray:
        """log beta_t(s) in nats; row T is the terminal factor, or 0."""
        return self._labelled("Ts", self._read.backward(logarithms))

    @cached_property
    def log_forward(self) -> LabelledArray:
        """log alpha_t(s) in nats."""
        return self._labelled("Ts", self._read.forward(logarithms))

    # --- values -------------------------------------------------------------------------------------------------
    @cached_property
    def Q(self) -> LabelledArray:
        """alpha log beta_t(s,a) + sum_{k≥t} c_k, in units of reward; −inf where optimality is impossible."""
        values = self.network.temperature * self.log_backward_action.values + self._shift_to_go[: self._T, None, None]
        return self._labelled("tsa", values + self._counted[1:, None, None])

    @cached_property
    def V(self) -> LabelledArray:
        """alpha log beta_t(s) + sum_{k≥t} c_k, in units of reward; row T is the terminal reward, or 0."""
        values = self.network.temperature * self.log_backward.values + self._shift_to_go[:, None]
        return self._labelled("Ts", values + self._counted[:, None])

    # --- marginals ----------------------------------------------------------------------------------------------
    @cached_property
    def state_marginals(self) -> LabelledArray:
        """p(s_t | O_{0:T−1}=1) = alpha_t(s) beta_t(s) / p(O)."""
        return self._labelled("Ts", self._all_state_marginals)

    @cached_property
    def state_action_marginals(self) -> LabelledArray:
        """p(s_t, a_t | O_{0:T−1}=1) = p(s_t | O) p(a_t | s_t, O): given s_t, the past says nothing on a_t."""
        joint = self.state_marginals.values[:-1, :, None] * self.policy.values
        if not self.defined.values.all():
            joint[~self.defined.values] = 0.0  # where the policy is undefined the state is impossible
        return self._labelled("tsa", joint)

    @cached_property
    def terminated(self) -> LabelledArray:
        """p(the discount has ended the process before step t | O=1); 0 where the MDP has its own terminal state."""
        return self._labelled("T", self._all_state_marginals[:, self.network.mdp.n_states :].sum(axis=1))

    @cached_property
    def _all_state_marginals(self) -> FloatArray:
        if self.posterior.checkpoints:
            return self._together[1]
        return self._read.state_marginal(partial(probabilities, axes=(-1,)))

    def _at(self, t: int) -> SolutionStep:
        if "policy" in self.__dict__:
            return super()._at(t)
        n, here = self.network.mdp.n_states, range(t, t + 1)
        read, offset = self._read, float(self._shift_to_go[t])
        alpha = self.network.temperature
        q = alpha * read.backward_action(logarithms, here)[0, :n] + offset + float(self._counted[t + 1])
        v = alpha * read.backward(logarithms, here)[0, :n] + offset + float(self._counted[t])
        policy = read.optimal_action(partial(probabilities, axes=(-1,)), here)[0, :n]
        marginal = read.state_marginal(partial(probabilities, axes=(-1,)), here)[0, :n]
        joint = np.where(marginal[:, None] > 0.0, marginal[:, None] * policy, 0.0)
        tables = [policy, q, v, difference(q, v[:, None]), marginal, joint]
        return SolutionStep(t, *(self._slice(table) for table in tables))

    def _slice(self, values: FloatArray) -> LabelledArray:
        """Label the axes (s) or (s, a)."""
        coords = {"s": self.network.mdp.states, "a": self.network.mdp.actions}
        return LabelledArray(lock(np.ascontiguousarray(values)), tuple("sa"[: values.ndim]), coords)

    @cached_property
    def _together(self) -> tuple[FloatArray, FloatArray]:
        """Policy and state marginals, a stretch at a time: what lies between checkpoints is computed once for both."""
        steps = [range(t, min(t + isqrt(self._T), self._T)) for t in range(0, self._T, isqrt(self._T))]
        finish = partial(probabilities, axes=(-1,))
        both = [(self._read.optimal_action(finish, t), self._read.state_marginal(finish, t)) for t in steps]
        last = self._read.state_marginal(finish, range(self._T, self._T + 1))
        return np.concatenate([policy for policy, _ in both]), np.concatenate([*(m for _, m in both), last])

    # --- evidence -----------------------------------------------------------------------------------------------
    @property
    def log_evidence(self) -> float:
        """log p(O_{0:T−1}=1) in nats, of rewards shifted by c_t."""
        return self.posterior.log_evidence

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O) + sum_t c_t/alpha = log E exp(return/alpha) under the prior, in nats; no log-probability."""
        return self.log_evidence + float(self.reward_shift.sum()) / self.network.temperature

    @property
    def soft_value(self) -> float:
        """alpha log p(O) + sum_t c_t = alpha log E_{p(s_0)} exp(V_0/alpha), in units of reward."""
        offset = float(self._counted[0])
        return self.network.temperature * self.log_evidence + float(self.reward_shift.sum()) + offset

    @cached_property
    def _read(self) -> TextbookMessages:
        return TextbookMessages(self.network, self.posterior)

    def _figures(self) -> list[list[str]]:
        return evidence_rows(self)
