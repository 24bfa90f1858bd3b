"""Solutions of control problems: the results that every type of inference has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from control_pgm.control.mdp.checks import step
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.control_network import ControlNetwork, given_prior
from control_pgm.control.policies.checks import drawn_action
from control_pgm.control.saving import Savable
from control_pgm.control.solutions.html import solution_html
from control_pgm.control.solutions.labelled_results import WithPolicy
from control_pgm.control.solutions.step import SolutionStep
from control_pgm.display import number, text_table
from control_pgm.errors import NotAvailable
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.variable import Labels

Convention = Literal["mean", "sum"]

TABULATED = ("policy", "Q", "V", "advantage", "state_marginals", "state_action_marginals")

_OWNERS = {
    "risk": "'planning'",
    "log_probability": "'map'",
    "marginal_map": "'marginal-map'",
    "lower": "'marginal-map'",
    "upper": "'marginal-map'",
    "exact": "'marginal-map'",
    "expected_reward": "'bellman'; evaluate(mdp, solution).expected_reward is that of any",
    "valuation": "'variational', 'bellman', 'planning' or 'map'",
}  # what only some types of inference have -> which


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Savable, WithPolicy, ABC):
    """The answers about one control network under one type of inference; made by `solve`.

    Every array is labelled (``.sel(t=0, s="home")``), read-only and computed when it is first asked for; ``np.asarray``
    gives the plain array. S counts the states of the MDP. Time runs over 0 … T−1, for messages over states 0 … T.

    ===========================  ==========  =============================================================
    attribute                    axes        meaning and unit
    ===========================  ==========  =============================================================
    policy                       t, s, a     p(a_t | s_t, O_{t:T−1}=1); NaN where optimality is impossible
    Q                            t, s, a     alpha log beta_t(s,a) + sum_{k≥t} c_k, reward
    V                            T+1: t, s   alpha log beta_t(s) + sum_{k≥t} c_k, reward
    advantage                    t, s, a     Q − V, reward
    defined                      t, s        whether optimality is possible from there
    log_backward                 T+1: t, s   log beta_t(s) = log p(O_{t:T−1}=1 | s_t), nats
    log_backward_action          t, s, a     log beta_t(s,a) = log p(O_{t:T−1}=1 | s_t, a_t), nats
    log_forward                  T+1: t, s   log alpha_t(s) = log p(s_t, O_{0:t−1}=1), nats
    state_marginals              T+1: t, s   p(s_t | O_{0:T−1}=1)
    state_action_marginals       t, s, a     p(s_t, a_t | O_{0:T−1}=1)
    terminated                   T+1: t      p(ended by discount before t | O=1)
    log_evidence                 number      log p(O_{0:T−1}=1) of shifted rewards, nats
    log_evidence_unshifted       number      log p(O_{0:T−1}=1) + sum_t c_t/alpha, nats
    soft_value                   number      of the start at temperature alpha, reward; see each type
    value                        number      of the start, by all types but the posterior; reward
    network                      object      the `ControlNetwork` that was solved
    posterior                    object      the posterior of the network: any other question
    ===========================  ==========  =============================================================

    So for the posterior, whose Q and V are certainty equivalents alpha log E exp(return/alpha), not expected returns
    (Levine 2018, section 2.3). Variational inference and Bellman's optimum keep the true dynamics: their marginals are
    those of the policy under P, and they have no messages. ``log_evidence``, ``soft_value``, ``elbo``, ``gap`` exist
    where they have a meaning; anything else raises `NotAvailable` and names the type of inference.
    """

    network: ControlNetwork
    inference: str
    convention: Convention

    _lacks: ClassVar[Mapping[str, str]] = {}  # what this type of inference does not have -> why

    # --- what was solved ----------------------------------------------------------------------------------------
    @property
    def mdp(self) -> MDP:
        """The process."""
        return self.network.mdp

    @property
    def horizon(self) -> int:
        """T, the number of actions."""
        return self.network.horizon

    @property
    def as_unrolled(self) -> bool:
        """Whether nothing was replaced or added in the network."""
        return self.network.as_unrolled

    @property
    def temperatures(self) -> FloatArray:
        """alpha_t of each step of the network, in units of reward."""
        return self.network.temperatures

    @property
    def action_prior(self) -> FloatArray | str | None:
        """p(a|s) as `unroll` takes it: None for uniform, "counting", or an array.

        Raises
        ------
        NotAvailable
            If other tables were put in its place.
        """
        return given_prior(self.network)

    # --- policy and values --------------------------------------------------------------------------------------
    @property
    @abstractmethod
    def policy(self) -> LabelledArray:
        """pi(a_t | s_t), axes t, s, a; NaN where optimality is impossible."""

    @property
    @abstractmethod
    def Q(self) -> LabelledArray:
        """The value of acting, axes t, s, a, in units of reward; −inf where optimality is impossible."""

    @property
    @abstractmethod
    def V(self) -> LabelledArray:
        """The value of a state, T+1 rows, in units of reward; row T is the terminal reward, or 0."""

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V in units of reward; NaN where optimality is impossible (both are −inf)."""
        return self._labelled("tsa", difference(self.Q.values, self.V.values[:-1, :, None]))

    @cached_property
    def defined(self) -> LabelledArray:
        """Whether optimality is possible from there, axes t, s."""
        return self._labelled("ts", ~np.isnan(self.policy.values[:, :, 0]))

    def action(self, state: Hashable, t: int, rng: np.random.Generator | int) -> Hashable:
        """Draw an action from the policy, by label; ``rng`` is a generator, or a seed for a single draw.

        Environments count states and actions: ``env.step(mdp.actions.index(sol.action(mdp.states[s], t, rng)))``.

        Raises
        ------
        UndefinedConditional
            If optimality is impossible from ``state`` at ``t``.
        """
        return drawn_action(self.policy, state, rng, step(t, self._T))

    # --- marginals ----------------------------------------------------------------------------------------------
    @property
    @abstractmethod
    def state_marginals(self) -> LabelledArray:
        """The distribution of s_t, T+1 rows."""

    @property
    @abstractmethod
    def state_action_marginals(self) -> LabelledArray:
        """The distribution of (s_t, a_t), axes t, s, a."""

    @property
    @abstractmethod
    def terminated(self) -> LabelledArray:
        """p(the discount has ended the process before step t); 0 where the MDP has its own terminal state."""

    def at(self, t: int) -> SolutionStep:
        """The slices of one time t = 0 … T−1, without the arrays of all times where they were not asked for yet.

        Raises
        ------
        InvalidArgument
            If there is no such step.
        """
        return self._at(step(t, self._T))

    def _at(self, t: int) -> SolutionStep:
        q, v = self.Q.sel(t=t), self.V.sel(t=t)
        marginals = self.state_marginals.sel(t=t), self.state_action_marginals.sel(t=t)
        return SolutionStep(t, self.policy.sel(t=t), q, v, self.advantage.sel(t=t), *marginals)

    def _arrays(self) -> Mapping[str, LabelledArray]:
        return {name: getattr(self, name) for name in TABULATED if name not in self._lacks}

    # --- shifts, conventions, labels ----------------------------------------------------------------------------
    @property
    def reward_shift(self) -> FloatArray:
        """c_t for every optimality node, in units of reward."""
        return self.network.reward_shift

    def __getattr__(self, name: str) -> Any:
        if name in self._lacks or name in _OWNERS:
            why = self._lacks.get(name) or f"it belongs to inference={_OWNERS[name]}"
            raise NotAvailable(f"inference={self.inference!r} has no {name}", remedy=why)
        if hasattr(type(self), name):  # an attribute that there is has failed to compute: say how
            return object.__getattribute__(self, name)
        public = {known.lower(): known for known in dir(type(self)) if not known.startswith("_")}
        close = [] if name.startswith("_") else get_close_matches(name.lower(), public, n=1)
        hint = f"; did you mean {public[close[0]]!r}?" if close else ""
        # Without the object Python adds no suggestion of its own, which might be a private name.
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{hint}", name=name, obj=None)

    @property
    def _T(self) -> int:
        return self.network.horizon

    @property
    def _shift_to_go(self) -> FloatArray:
        """sum_{k≥t} c_k for t = 0 … T, the terminal node's included."""
        shift = self.network.reward_shift
        return np.asarray(np.append(np.cumsum(shift[::-1])[::-1], 0.0)[: self._T + 1])

    @property
    def _counted(self) -> FloatArray:
        """What the convention "sum" adds to V at t = 0 … T: alpha (T − t) log n."""
        if self.convention == "mean":
            return np.zeros(self._T + 1)
        steps_left = self._T - np.arange(self._T + 1)
        return np.asarray(self.network.temperature * steps_left * np.log(self.network.mdp.n_actions))

    def _labelled(self, dims: str, values: Any) -> LabelledArray:
        """Label the axes; ``T`` stands for the T+1 times of states. An appended terminal state has no column."""
        mdp = self.network.mdp
        sizes = {"t": self._T, "T": self._T + 1}
        coords = {"s": mdp.states, "a": mdp.actions, "t": Labels(range(sizes.get(dims[0], 0)))}
        if "s" in dims:
            values = values[:, : mdp.n_states]
        names = tuple(dims.lower())
        return LabelledArray(lock(np.ascontiguousarray(values)), names, {name: coords[name] for name in names})

    # --- showing ------------------------------------------------------------------------------------------------
    @abstractmethod
    def _figures(self) -> list[list[str]]:
        """Rows of figures for the text and HTML tables."""

    def _rows(self) -> list[list[str]]:
        net = self.network
        return [
            ["inference", self.inference],
            ["states, actions, horizon", f"{net.mdp.n_states}, {net.mdp.n_actions}, {net.horizon}"],
            *self._figures(),
        ]

    def __str__(self) -> str:
        return text_table(["solution", ""], self._rows())

    def _repr_html_(self) -> str:
        return solution_html(self, self._rows(), has_policy="policy" not in self._lacks)

    def __repr__(self) -> str:
        return f"Solution({self.network!r}, inference={self.inference!r})"


def difference(q: FloatArray, v: FloatArray) -> FloatArray:
    """Q − V; NaN where both are −inf."""
    result = np.full(q.shape, np.nan)
    np.subtract(q, v, out=result, where=np.broadcast_to(v > -np.inf, q.shape))
    return result


def evidence_rows(solution: Any) -> list[list[str]]:
    """The figures of solutions at a temperature."""
    return [
        ["temperature", number(solution.network.temperature)],
        ["log p(O=1), shifted", f"{number(solution.log_evidence, 8)} nats"],
        ["soft value", number(solution.soft_value, 8)],
    ]
