"""Inference that keeps the true dynamics: maximum-entropy reinforcement learning and the Bellman optimum."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from control_pgm.control.policies.occupancy import Occupation, occupation
from control_pgm.control.solutions.solution import Solution, evidence_rows
from control_pgm.control.solutions.valuation import Valuation
from control_pgm.display import number
from control_pgm.errors import ImpossibleEvidence, TooLarge
from control_pgm.inference.exact import TreePosterior
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.labelled_array import LabelledArray

NO_MESSAGES = "messages belong to inference='posterior'; see .Q and .V"
NO_PLAN = "an open-loop plan is another question: solve(…, inference='marginal-map').plan"
MESSAGES = ("log_backward", "log_backward_action", "log_forward")


def lacking(*reasons: tuple[tuple[str, ...], str]) -> Mapping[str, str]:
    """name -> why a solution lacks it, from (names, why)."""
    return {name: why for names, why in reasons for name in names}


def unavailable(name: str) -> Any:
    """A property that a class must have but this one lacks: reading it falls through to the error of `_lacks`."""

    def missing(self: Solution) -> Any:
        raise AttributeError(name)

    return property(missing)


@dataclass(frozen=True, eq=False, repr=False)
class DynamicsSolution(Solution):
    """What all solutions that keep the dynamics share: the marginals are those of the policy under P."""

    @property
    @abstractmethod
    def _policy(self) -> FloatArray:
        """pi(a_t | s_t) over all states of the network."""

    @cached_property
    def policy(self) -> LabelledArray:
        """pi(a_t | s_t), axes t, s, a; NaN where it is undefined."""
        return self._labelled("tsa", self._policy)

    @cached_property
    def state_marginals(self) -> LabelledArray:
        """p(s_t | pi) under the true dynamics."""
        return self._labelled("Ts", self._occupation.states)

    @cached_property
    def state_action_marginals(self) -> LabelledArray:
        """p(s_t, a_t | pi) under the true dynamics."""
        return self._labelled("tsa", self._occupation.pairs)

    @cached_property
    def terminated(self) -> LabelledArray:
        """p(discount has ended the process before t | pi); 0 where the MDP has its own terminal state."""
        return self._labelled("T", self._occupation.terminated)

    @cached_property
    def _occupation(self) -> Occupation:
        return occupation(self.network, self._policy)


@dataclass(frozen=True, eq=False, repr=False)
class ValuedSolution(DynamicsSolution):
    """What solutions by elimination of values share: Q, V, and the policy that attains them.

    Attributes
    ----------
    valuation : Valuation
        The messages that everything is read from.
    """

    valuation: Valuation

    @property
    def _policy(self) -> FloatArray:
        return self.valuation.policy

    @cached_property
    def Q(self) -> LabelledArray:
        """Phi^P[r + V'] over what follows, axes t, s, a, in units of reward."""
        return self._labelled("tsa", self.valuation.q + self._counted[1:, None, None])

    @cached_property
    def V(self) -> LabelledArray:
        """Phi[Q] over the actions, T+1 rows, in units of reward; row T is the terminal reward, or 0."""
        return self._labelled("Ts", self.valuation.v + self._counted[:, None])

    @property
    def value(self) -> float:
        """The value of the start, V_0 under p(s_0) by the operator of the states; in units of reward."""
        return self.valuation.total + float(self._counted[0])


@dataclass(frozen=True, eq=False, repr=False)
class VariationalSolution(ValuedSolution):
    """The solution of ``inference="variational"``: the best q(a_t|s_t) under the true dynamics (Levine 2018, sec. 3).

    Q = E_P[r + gamma V'], V = alpha log sum_a p(a|s) exp(Q/alpha), pi = p(a|s) exp((Q − V)/alpha).
    """

    _lacks: ClassVar[Mapping[str, str]] = lacking((MESSAGES, NO_MESSAGES), (("plan",), NO_PLAN))

    @property
    def soft_value(self) -> float:
        """E_{p(s_0)} V_0 = E[sum r] − alpha E[sum KL(pi ‖ p)], in units of reward."""
        return self.value

    @property
    def elbo(self) -> float:
        """E_q[sum_t (r_t − c_t)/alpha − KL(q ‖ p)] in shifted nats: a lower bound on log p(O)."""
        return (self.valuation.total - float(self.reward_shift.sum())) / self.network.temperature

    @property
    def gap(self) -> float:
        """log p(O) − ELBO = KL(q ‖ p(tau|O)) ≥ 0; 0 iff the dynamics are deterministic, given the start."""
        return self.log_evidence - self.elbo

    @cached_property
    def posterior(self) -> TreePosterior:
        """The exact posterior that the bound is measured against; inferred when it is first asked for."""
        return self.network.infer(memory_limit=self.valuation.memory_limit)

    @property
    def log_evidence(self) -> float:
        """log p(O_{0:T−1}=1) in nats, of rewards shifted by c_t; exact."""
        return self.posterior.log_evidence

    @property
    def log_evidence_unshifted(self) -> float:
        """log p(O) + sum_t c_t/alpha, in nats."""
        return self.log_evidence + float(self.reward_shift.sum()) / self.network.temperature

    def _figures(self) -> list[list[str]]:
        try:
            return self._bound_rows()
        except ImpossibleEvidence:
            return [["log p(O=1)", "−inf: no trajectory is optimal"]]
        except TooLarge:
            rows = [
                ["temperature", number(self.network.temperature)],
                ["ELBO, shifted", f"{number(self.elbo, 8)} nats"],
            ]
            return [*rows, ["log p(O=1)", "needs more memory than memory_limit"]]

    def _bound_rows(self) -> list[list[str]]:
        rows = [["ELBO, shifted", f"{number(self.elbo, 8)} nats"], ["gap", f"{number(self.gap, 8)} nats"]]
        return [*evidence_rows(self), *rows]


@dataclass(frozen=True, eq=False, repr=False)
class BellmanSolution(ValuedSolution):
    """The solution of ``inference="bellman"``: the largest expected reward; ties are shared uniformly.

    Q = E_P[r + gamma V'] is an expected return, V = max_a Q (Bellman 1957).
    """

    _lacks: ClassVar[Mapping[str, str]] = lacking(
        (MESSAGES, NO_MESSAGES),
        (("posterior", "log_evidence", "log_evidence_unshifted", "elbo", "gap"), "it has no temperature"),
        (("soft_value",), "its value is not soft: see .V"),
        (("plan",), NO_PLAN),
    )

    @property
    def expected_reward(self) -> float:
        """E[sum_t r_t] under the true dynamics, in units of reward: the same as `value`.

        Where tables were added or replaced, their logarithms count as rewards in units of the network's temperature.
        """
        return self.value

    def _figures(self) -> list[list[str]]:
        return [*changed_rows(self), ["expected reward", number(self.value, 8)]]


def changed_rows(solution: Solution) -> list[list[str]]:
    """The temperature, where it matters to a solution without one: it is the unit of tables added or replaced."""
    network = solution.network
    return [] if network.as_unrolled else [["temperature of changed tables", number(network.temperature)]]
