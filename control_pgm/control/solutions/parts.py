"""Parts of a batch of problems: solved at once, one by one, or read from a file, behind one interface.

Arrays of a part have the axes b, t, s (, a), where b counts the members of the part, and numbers the axis b alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.solution import Solution, difference
from control_pgm.control.solutions.textbook_messages import TextbookMessages
from control_pgm.control.solve_options import DEFAULT
from control_pgm.errors import NotAvailable
from control_pgm.inference.tree.batch import TreeBatch
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.frozen import Restored
from control_pgm.tables.numbers.stacked import logarithms, probabilities

ARRAYS = {  # T: one time more than there are actions
    "policy": "tsa",
    "Q": "tsa",
    "V": "Ts",
    "advantage": "tsa",
    "state_marginals": "Ts",
    "state_action_marginals": "tsa",
}
NUMBERS = (
    "log_evidence",
    "log_evidence_unshifted",
    "soft_value",
    "value",
    "elbo",
    "gap",
    "log_probability",
    "lower",
    "upper",
)
_OF_BATCH = ("log_evidence", "log_evidence_unshifted", "soft_value")
Plan = tuple[Hashable, ...]


class Part(Protocol):
    """Some members of a batch and their results."""

    @property
    def members(self) -> Sequence[int]:
        """Their numbers in the whole batch."""

    def array(self, name: str) -> FloatArray:
        """One of `ARRAYS`."""

    def numbers(self, name: str) -> FloatArray:
        """One of `NUMBERS`."""

    def plans(self) -> Sequence[Plan]:
        """The best plans."""

    def solution(self, k: int) -> Solution | None:
        """The whole solution of member k of the part, where the part holds it."""


@dataclass(frozen=True, eq=False)
class Together(Restored):
    """Exact posteriors of several problems whose messages were sent at once."""

    members: Sequence[int]
    networks: Sequence[ControlNetwork]
    batch: TreeBatch

    def array(self, name: str) -> FloatArray:
        """One of `ARRAYS`."""
        found: FloatArray = getattr(self, f"_{name}")
        return found

    def numbers(self, name: str) -> FloatArray:
        """log p(O), the same of rewards as given, and alpha log p(O) + sum_t c_t of every problem."""
        if name not in _OF_BATCH:
            raise self._none(name)
        logs, shift = self.batch.log_evidence, self._shifts.sum(axis=1)
        if name == "log_evidence":
            return logs
        alphas = self._temperatures
        return np.asarray(alphas * logs + shift if name == "soft_value" else logs + shift / alphas)

    def plans(self) -> Sequence[Plan]:
        """None: under the posterior actions depend on the states."""
        raise self._none("plan")

    def solution(self, k: int) -> Solution | None:
        """None: messages of one problem alone are not held."""
        return None

    # --- messages as the textbook reads them ----------------------------------------------------------------------
    @cached_property
    def _policy(self) -> FloatArray:
        """p(a_t | s_t, O_{t:T−1}=1) = p(a|s) beta_t(s,a) / beta_t(s) (Levine 2018, section 2.3)."""
        return self._by_member(self._read.optimal_action(partial(probabilities, axes=(-1,))))

    @cached_property
    def _Q(self) -> FloatArray:
        """alpha log beta_t(s,a) + sum_{k≥t} c_k."""
        return self._values(self._read.backward_action(logarithms))

    @cached_property
    def _V(self) -> FloatArray:
        """alpha log beta_t(s) + sum_{k≥t} c_k."""
        return self._values(self._read.backward(logarithms))

    @property
    def _advantage(self) -> FloatArray:
        return difference(self._Q, self._V[:, :-1, :, None])

    @cached_property
    def _state_marginals(self) -> FloatArray:
        """p(s_t | O_{0:T−1}=1)."""
        return self._by_member(self._read.state_marginal(partial(probabilities, axes=(-1,))))

    @property
    def _state_action_marginals(self) -> FloatArray:
        """p(s_t, a_t | O_{0:T−1}=1) = p(s_t | O=1) p(a_t | s_t, O=1)."""
        marginal, policy = self._state_marginals[:, :-1, :, None], self._policy
        joint = np.zeros(policy.shape)
        return np.multiply(marginal, policy, out=joint, where=~np.isnan(policy))

    @cached_property
    def _read(self) -> TextbookMessages:
        return TextbookMessages(self.networks[0], self.batch)

    @cached_property
    def _temperatures(self) -> FloatArray:
        return np.array([network.temperature for network in self.networks])

    @cached_property
    def _shifts(self) -> FloatArray:
        return np.array([network.reward_shift for network in self.networks])

    def _values(self, logs: FloatArray) -> FloatArray:
        """Logarithms of messages [t, b, s, …] in units of reward."""
        logs = self._across(logs)
        to_go = np.cumsum(self._shifts[:, ::-1], axis=1)[:, ::-1]
        to_go = np.concatenate([to_go, np.zeros((len(self.networks), 1))], axis=1)[:, : len(logs)].T
        ones = [1] * (logs.ndim - 2)
        logs *= self._temperatures.reshape(1, -1, *ones)
        logs += to_go.reshape(*to_go.shape, *ones)
        return self._first(logs)

    def _by_member(self, values: FloatArray) -> FloatArray:
        """An array of messages with b first."""
        return self._first(self._across(values))

    def _across(self, values: FloatArray) -> FloatArray:
        """An array [t, b, s, …] of what messages hold, which have no axis b where the problems do not differ at all."""
        return values if self.batch.compiled.batch else np.repeat(values[:, None], len(self.networks), axis=1)

    def _first(self, values: FloatArray) -> FloatArray:
        """An array [t, b, s, …] with b first; an appended terminal state has no column."""
        return np.swapaxes(values, 0, 1)[:, :, : self.networks[0].mdp.n_states]

    def _none(self, name: str) -> NotAvailable:
        return NotAvailable(f"inference={DEFAULT!r} has no {name} of many problems at once")


@dataclass(frozen=True, eq=False)
class Alone(Restored):
    """One problem that was solved on its own."""

    members: Sequence[int]
    held: Solution

    def array(self, name: str) -> FloatArray:
        """One of `ARRAYS`, if the type of inference has it."""
        return np.asarray(getattr(self.held, name))[None]

    def numbers(self, name: str) -> FloatArray:
        """One of `NUMBERS`, if the type of inference has it."""
        return np.array([getattr(self.held, name)], dtype=np.float64)

    def plans(self) -> Sequence[Plan]:
        """The best plan, if the type of inference has one."""
        return (tuple(self.held.plan),)

    def solution(self, k: int) -> Solution | None:
        """The solution."""
        return self.held


@dataclass(frozen=True, eq=False)
class Stored(Restored):
    """What a file holds of all members: arrays over the longest horizon, numbers, plans."""

    members: Sequence[int]
    inference: str
    arrays: Mapping[str, FloatArray]
    figures: Mapping[str, FloatArray]
    held_plans: Sequence[Plan] | None

    def array(self, name: str) -> FloatArray:
        """One of `ARRAYS`, if it was saved."""
        return self._held(self.arrays, name)

    def numbers(self, name: str) -> FloatArray:
        """One of `NUMBERS`, if it was saved."""
        return self._held(self.figures, name)

    def plans(self) -> Sequence[Plan]:
        """The best plans, if they were saved."""
        if self.held_plans is None:
            raise NotAvailable(f"the saved solutions, inference={self.inference!r}, have no plan")
        return self.held_plans

    def solution(self, k: int) -> Solution | None:
        """None: files hold no messages."""
        return None

    def _held(self, held: Mapping[str, FloatArray], name: str) -> FloatArray:
        if name not in held:
            raise NotAvailable(f"the saved solutions, inference={self.inference!r}, have no {name}")
        return held[name]
