"""The most probable trajectory as a policy, and the best open-loop plan."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from control_pgm.control.solutions.dynamics import (
    MESSAGES,
    NO_MESSAGES,
    NO_PLAN,
    DynamicsSolution,
    ValuedSolution,
    lacking,
    unavailable,
)
from control_pgm.control.solutions.textbook_messages import TextbookMessages
from control_pgm.display import number
from control_pgm.inference.map.marginal_map import MarginalMap
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.numbers.stacked import logarithms

_OTHER_QUESTION = "the mode is no sum over trajectories: inference='posterior' has it"


@dataclass(frozen=True, eq=False, repr=False)
class MapSolution(ValuedSolution):
    """The solution of ``inference="map"``: on to the most probable trajectory given optimality, from every state.

    Q = max_{s'} [r + V' + alpha log P(s'|s,a)], V = max_a [Q + alpha log p(a|s)], in units of reward; the policy is
    uniform over the maximisers. It chooses the most probable luck together with the action. Of several rewards of one
    outcome it takes the best r_k + alpha log w_k. The trajectory itself: ``network.infer().mode()``.
    """

    _lacks: ClassVar[Mapping[str, str]] = lacking(
        (MESSAGES, NO_MESSAGES),
        (("log_evidence", "log_evidence_unshifted", "elbo", "gap", "posterior"), _OTHER_QUESTION),
        (("soft_value",), "its value is not soft: see .value"),
        (("plan",), NO_PLAN),
    )

    @property
    def log_probability(self) -> float:
        """log max p(tau, O=1) over trajectories tau from the start, in nats, of rewards shifted by c_t."""
        return (self.value - float(self.reward_shift.sum())) / self.network.temperature

    def _figures(self) -> list[list[str]]:
        rows = [["temperature", number(self.network.temperature)], ["value", number(self.value, 8)]]
        return [*rows, ["log max p(tau, O=1), shifted", f"{number(self.log_probability, 8)} nats"]]


@dataclass(frozen=True, eq=False, repr=False)
class MarginalMapSolution(DynamicsSolution):
    """The solution of ``inference="marginal-map"``: the sequence of actions that is best without looking at the state.

    argmax_a alpha log E exp(return/alpha) over s_0, s_1, … under the dynamics, every available action counting as one.
    Found by `control_pgm.inference.map.marginal_map.marginal_map`: exactly, or within bounds.

    Attributes
    ----------
    marginal_map : MarginalMap
        The record in shifted nats.
    """

    marginal_map: MarginalMap

    _lacks: ClassVar[Mapping[str, str]] = lacking(
        (MESSAGES, NO_MESSAGES),
        (("Q", "V", "advantage"), "a plan is made before any state is seen: see .plan, .lower and .upper"),
        (("log_evidence", "log_evidence_unshifted", "elbo", "gap", "posterior"), "see .lower and .upper"),
        (("soft_value",), "the value of the plan is .value"),
    )

    @cached_property
    def plan(self) -> tuple[Hashable, ...]:
        """The actions a_0, …, a_{T−1}, by label."""
        return tuple(self.marginal_map.assignment[f"a_{t}"] for t in range(self._T))

    @cached_property
    def _policy(self) -> FloatArray:
        """1 for the plan's action; NaN where it is not available, which must not be reached, or where nothing helps.

        That optimality is impossible is known where nothing was replaced or added.
        """
        mdp = self.network.mdp
        chosen = [mdp.actions.index_of[label] for label in self.plan]
        rows = np.zeros((self._T, len(self.network.variable("s_0").states), mdp.n_actions))
        rows[np.arange(self._T), :, chosen] = 1.0
        rows[:, : mdp.n_states][~mdp.available[:, chosen].T] = np.nan
        if self.network.as_unrolled:
            backward = TextbookMessages(self.network, self.network.infer()).backward(logarithms)
            rows[np.isneginf(backward[:-1])] = np.nan
        return lock(rows)

    Q = unavailable("Q")
    V = unavailable("V")

    @property
    def lower(self) -> float:
        """The value of the plan, in units of reward: the best one has at least this."""
        return self._in_reward(self.marginal_map.lower)

    @property
    def upper(self) -> float:
        """No plan has a larger value, in units of reward."""
        return self._in_reward(self.marginal_map.upper)

    @property
    def value(self) -> float:
        """alpha log E exp(return/alpha) of the plan, in units of reward; the same as `lower`."""
        return self.lower

    @property
    def exact(self) -> bool:
        """Whether the plan is known to be a best one: the bounds meet."""
        return self.marginal_map.exact

    def _in_reward(self, log_value: float) -> float:
        return self.network.temperature * log_value + float(self.reward_shift.sum())

    def _figures(self) -> list[list[str]]:
        rows = [["temperature", number(self.network.temperature)], ["value of the plan", number(self.value, 8)]]
        return rows if self.exact else [*rows, ["upper bound", number(self.upper, 8)]]
