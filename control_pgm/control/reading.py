"""The textbook messages, read off the engine's cluster tree.

Eliminating backwards gives, for every step t, a cluster {s_t, a_t} in which a_t is eliminated and a cluster
{s_{t−1}, a_{t−1}, s_t} in which s_t is. In the first, everything but the action prior multiplies to

    beta_t(s,a) = p(O_{t:T−1}=1 | s_t=s, a_t=a).

What the second receives from the first is beta_t(s); everything else in it sums to alpha_t(s) = p(s_t=s, O_{0:t−1}=1).
Factors that were added on s_t alone count as lying "at t", that is into beta_t(s).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from control_pgm.control.network import ControlNetwork
from control_pgm.errors import InvalidModel
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.messages import Operand, incoming
from control_pgm.tables.contraction import Scope
from control_pgm.tables.scaled import Scaled


@dataclass(frozen=True, eq=False)
class TextbookMessages:
    """alpha_t and beta_t of a control network, as tables over (s_t) or (s_t, a_t)."""

    network: ControlNetwork
    posterior: TreePosterior

    def backward_action(self, t: int) -> Scaled:
        """beta_t(s,a), axes (s, a)."""
        return self._contract(self._after_action(t, with_prior=False), self._pair(t))

    def optimal_action(self, t: int) -> Scaled:
        """p(a|s) beta_t(s,a), axes (s, a): the optimal action conditional before it is normalised."""
        return self._contract(self._after_action(t, with_prior=True), self._pair(t))

    def backward(self, t: int) -> Scaled:
        """beta_t(s); at the horizon the terminal factor, or one."""
        return self._contract(self._at_and_after(t), self._state(t))

    def forward(self, t: int) -> Scaled:
        """alpha_t(s)."""
        cluster = self._cluster(f"s_{t}")
        if t < self.network.horizon and len(self._at_and_after(t)) == 1:
            # What the engine has sent on to the action's cluster is just this.
            sent = self.posterior.operand(cluster, self._cluster(f"a_{t}"))
            if sent is not None and sent[0] == self._state(t):
                return sent[1]
        parent = self.posterior.plan.tree.parents[cluster]
        above = self.posterior.operand(parent, cluster) if parent >= 0 else None
        return self._contract([*self._before(t), *([above] if above else [])], self._state(t))

    def state_marginal(self, t: int) -> Scaled:
        """alpha_t(s) beta_t(s), which sums to p(O)."""
        return self._contract([(self._state(t), self.forward(t)), (self._state(t), self.backward(t))], self._state(t))

    # --- finding one's way in the tree --------------------------------------------------------------------------
    @cached_property
    def _tables(self) -> dict[str, int]:
        """child name -> number of its CPD among the model's tables."""
        return {cpd.child.name: k for k, cpd in enumerate(self.network.cpds)}

    @cached_property
    def _counting(self) -> frozenset[int]:
        counting = {id(factor) for factor in self.network.counting}
        return frozenset(k for k, factor in enumerate(self.network.tables) if id(factor) in counting)

    def _cluster(self, name: str) -> int:
        problem = self.posterior.plan.problem
        return self.posterior.plan.tree.position[problem.index[name]]

    def _state(self, t: int) -> Scope:
        return (self.posterior.plan.problem.index[f"s_{t}"],)

    def _pair(self, t: int) -> Scope:
        index = self.posterior.plan.problem.index
        return index[f"s_{t}"], index[f"a_{t}"]

    def _contract(self, operands: list[Operand], out: Scope) -> Scaled:
        return self.posterior.placed.contract(operands, out)

    def _after_action(self, t: int, *, with_prior: bool) -> list[Operand]:
        """The operands of the cluster that eliminates a_t: its tables, and what its children have sent."""
        cluster = self._cluster(f"a_{t}")
        posterior = self.posterior
        scope = posterior.plan.tree.scopes[cluster]
        if not set(scope) <= set(self._pair(t)):
            others = [posterior.plan.problem.variables[v].name for v in scope if v not in self._pair(t)]
            raise InvalidModel(
                f"the messages at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: there is no beta(s,a)",
                remedy="ask network.infer() for the conditional that you want instead of solve()",
            )
        prior = () if with_prior else (self._tables[f"a_{t}"], *self._counting)
        tables = [operand for k, operand in posterior.placed.factors(cluster) if k not in prior]
        return [*tables, *incoming(posterior.placed, posterior.sent_up, cluster)]

    def _at_and_after(self, t: int) -> list[Operand]:
        """The operands over s_t alone of the cluster that eliminates s_t, but for its CPD."""
        return [
            operand for k, operand in self._operands(t) if operand[0] == self._state(t) and k != self._tables[f"s_{t}"]
        ]

    def _before(self, t: int) -> list[Operand]:
        """The other operands of that cluster; its parent's message is not among them."""
        return [
            operand for k, operand in self._operands(t) if operand[0] != self._state(t) or k == self._tables[f"s_{t}"]
        ]

    def _operands(self, t: int) -> list[tuple[int, Operand]]:
        """Tables (by number) and children's messages (−1) of the cluster that eliminates s_t."""
        cluster = self._cluster(f"s_{t}")
        messages = incoming(self.posterior.placed, self.posterior.sent_up, cluster)
        return [*self.posterior.placed.factors(cluster), *((-1, message) for message in messages)]
