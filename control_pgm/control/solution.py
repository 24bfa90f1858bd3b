"""What a solved control problem tells: policy, values, messages and marginals by their textbook names."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from control_pgm.control.network import ControlNetwork
from control_pgm.control.reading import TextbookMessages
from control_pgm.display import html_table, number, text_table
from control_pgm.errors import InvalidArgument, NotAvailable, UndefinedConditional
from control_pgm.inference.exact import TreePosterior
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.labelled import LabelledArray
from control_pgm.tables.variable import Labels

Convention = Literal["mean", "sum"]


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
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
    ===========================  ==========  =============================================================

    Q and V are certainty equivalents, alpha log E exp(return/alpha), not expected returns (Levine 2018, section 2.3).
    """

    network: ControlNetwork
    inference: str
    convention: Convention
    posterior: TreePosterior

    # --- policy -------------------------------------------------------------------------------------------------
    @cached_property
    def policy(self) -> LabelledArray:
        """p(a_t | s_t, O_{t:T−1}=1) = p(a|s) beta_t(s,a) / beta_t(s) (Levine 2018, equation 7)."""
        return self._labelled("tsa", self._read.optimal_action().normalised((2,)))

    @cached_property
    def defined(self) -> LabelledArray:
        """Whether beta_t(s) > 0."""
        return self._labelled("ts", ~np.isnan(self.policy.values[:, :, 0]))

    def action(self, state: Hashable, t: int, rng: np.random.Generator) -> Hashable:
        """Draw an action from the policy, by label."""
        if not isinstance(t, int | np.integer) or not 0 <= t < self.network.horizon:
            raise InvalidArgument(f"time {t!r}", allowed=f"0 … {self.network.horizon - 1}")
        p = self.policy.sel(t=int(t), s=state)
        if np.isnan(p.values).any():
            raise UndefinedConditional(
                f"no action is optimal at t={t}, s={state!r}: optimality is impossible from there"
            )
        return self.network.mdp.actions[int(rng.choice(len(p), p=p.values))]

    # --- messages -----------------------------------------------------------------------------------------------
    @cached_property
    def log_backward_action(self) -> LabelledArray:
        """log beta_t(s,a) in nats."""
        return self._labelled("tsa", self._read.backward_action().log())

    @cached_property
    def log_backward(self) -> LabelledArray:
        """log beta_t(s) in nats; row T is the terminal factor, or 0."""
        return self._labelled("Ts", self._read.backward().log())

    @cached_property
    def log_forward(self) -> LabelledArray:
        """log alpha_t(s) in nats."""
        return self._labelled("Ts", self._read.forward().log())

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

    @cached_property
    def advantage(self) -> LabelledArray:
        """Q − V in units of reward; NaN where optimality is impossible (both are −inf)."""
        q, v = self.Q.values, self.V.values[:-1, :, None]
        difference = np.full(q.shape, np.nan)
        np.subtract(q, v, out=difference, where=np.broadcast_to(v > -np.inf, q.shape))
        return self._labelled("tsa", difference)

    @property
    def _shift_to_go(self) -> FloatArray:
        """sum_{k≥t} c_k for t = 0 … T, the terminal node's included."""
        shift = self.network.reward_shift
        return np.asarray(np.append(np.cumsum(shift[::-1])[::-1], 0.0)[: self._T + 1])

    @property
    def _counted(self) -> FloatArray:
        """What the convention "sum" adds at t = 0 … T: alpha (T − t) log n."""
        if self.convention == "mean":
            return np.zeros(self._T + 1)
        steps_left = self._T - np.arange(self._T + 1)
        return np.asarray(self.network.temperature * steps_left * np.log(self.network.mdp.n_actions))

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
        return self._read.state_marginal().normalised((1,))

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

    @property
    def reward_shift(self) -> FloatArray:
        """c_t for every optimality node, in units of reward."""
        return self.network.reward_shift

    def __getattr__(self, name: str) -> Any:
        if name in ("elbo", "gap"):
            raise NotAvailable(f"inference={self.inference!r} has no {name}: the posterior is exact, there is no bound")
        if name == "plan":
            raise NotAvailable(f"inference={self.inference!r} has no open-loop plan", remedy="see .policy")
        raise AttributeError(name)

    # --- reading and labelling ----------------------------------------------------------------------------------
    @cached_property
    def _read(self) -> TextbookMessages:
        return TextbookMessages(self.network, self.posterior)

    @property
    def _T(self) -> int:
        return self.network.horizon

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
    def _rows(self) -> list[list[str]]:
        net = self.network
        return [
            ["inference", self.inference],
            ["states, actions, horizon", f"{net.mdp.n_states}, {net.mdp.n_actions}, {net.horizon}"],
            ["temperature", number(net.temperature)],
            ["log p(O=1), shifted", f"{number(self.log_evidence, 8)} nats"],
            ["soft value", number(self.soft_value, 8)],
        ]

    def __str__(self) -> str:
        return text_table(["solution", ""], self._rows())

    def _repr_html_(self) -> str:
        return html_table(["solution", ""], self._rows())

    def __repr__(self) -> str:
        return f"Solution({self.network!r}, inference={self.inference!r})"
