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
from control_pgm.inference.contract import Operand, contract_each
from control_pgm.inference.exact import TreePosterior
from control_pgm.tables.scaled import Scaled, Stack

STATE, ACTION = 0, 1  # labels of the axes s and a in the batched contractions below


@dataclass(frozen=True, eq=False)
class TextbookMessages:
    """alpha_t and beta_t of a control network for all t: stacks of tables over (s) or (s, a)."""

    network: ControlNetwork
    posterior: TreePosterior

    def backward_action(self) -> Stack:
        """beta_t(s,a) for t = 0 … T−1, axes (t, s, a)."""
        steps = [self._after_action(t, with_prior=False) for t in range(self.network.horizon)]
        return contract_each(steps, (STATE, ACTION), self._sizes)

    def optimal_action(self) -> Stack:
        """p(a|s) beta_t(s,a), axes (t, s, a): the optimal action conditional before it is normalised."""
        steps = [self._after_action(t, with_prior=True) for t in range(self.network.horizon)]
        return contract_each(steps, (STATE, ACTION), self._sizes)

    def backward(self) -> Stack:
        """beta_t(s) for t = 0 … T, axes (t, s); at the horizon the terminal factor, or one."""
        return contract_each(self._at_and_after, (STATE,), self._sizes)

    def forward(self) -> Stack:
        """alpha_t(s) for t = 0 … T, axes (t, s)."""
        return contract_each([[((STATE,), self._forward(t))] for t in self._times], (STATE,), self._sizes)

    def state_marginal(self) -> Stack:
        """alpha_t(s) beta_t(s), which sums to p(O) for every t; axes (t, s)."""
        both = [[((STATE,), self._forward(t)), *self._at_and_after[t]] for t in self._times]
        return contract_each(both, (STATE,), self._sizes)

    # --- finding one's way in the tree --------------------------------------------------------------------------
    @cached_property
    def _counting(self) -> frozenset[int]:
        if not self.network.counting:
            return frozenset()
        counting = {id(factor) for factor in self.network.counting}
        return frozenset(k for k, factor in enumerate(self.network.tables) if id(factor) in counting)

    @property
    def _times(self) -> range:
        return range(self.network.horizon + 1)

    @cached_property
    def _states(self) -> list[int]:
        """The engine's numbers of s_0 … s_T."""
        return [self.posterior.plan.problem.index[f"s_{t}"] for t in self._times]

    @cached_property
    def _actions(self) -> list[int]:
        """The engine's numbers of a_0 … a_{T−1}."""
        return [self.posterior.plan.problem.index[f"a_{t}"] for t in self._times[:-1]]

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        cards = self.posterior.plan.problem.cardinalities
        return cards[self._states[0]], cards[self._actions[0]]

    def _after_action(self, t: int, *, with_prior: bool) -> list[Operand]:
        """What the cluster that eliminates a_t holds and has received: all of beta_t(s,a), and the prior if wanted."""
        compiled = self.posterior.compiled
        s, a = self._states[t], self._actions[t]
        cluster = compiled.tree.position[a]
        scope = compiled.tree.scopes[cluster]
        if scope != (s, a) and scope != (a,):
            others = [compiled.problem.names[v] for v in scope if v not in (s, a)]
            raise InvalidModel(
                f"the messages at t={t} depend on {', '.join(others)} beside s_{t} and a_{t}: there is no beta(s,a)",
                remedy="ask network.infer() for the conditional that you want instead of solve()",
            )
        if with_prior:
            operands = [*compiled.operands(cluster), *compiled.received(self.posterior.collected, cluster)]
        else:
            tables = compiled.factors(cluster)
            operands = [operand for k, operand in tables if not self._is_cpd(k, a) and k not in self._counting]
            operands += compiled.received(self.posterior.collected, cluster)
        return [(tuple([STATE if v == s else ACTION for v in scope]), table) for scope, table in operands]

    def _forward(self, t: int) -> Scaled:
        """alpha_t(s): what the engine has sent on to the action's cluster, or, where it sent more, all before t."""
        posterior, tree = self.posterior, self.posterior.plan.tree
        s = self._states[t]
        cluster = tree.position[s]
        if t < self.network.horizon and len(self._at_and_after[t]) == 1:
            sent = posterior.operand(cluster, tree.position[self._actions[t]])
            if sent is not None and sent[0] == (s,):
                return sent[1]
        before = [
            *(
                operand
                for k, operand in posterior.compiled.factors(cluster)
                if operand[0] != (s,) or self._is_cpd(k, s)
            ),
            *(sent for sent in posterior.compiled.received(posterior.collected, cluster) if sent[0] != (s,)),
        ]
        parent = tree.parents[cluster]
        if parent >= 0 and (above := posterior.operand(parent, cluster)) is not None:
            before.append(above)
        return posterior.compiled.contract(before, (s,))

    @cached_property
    def _at_and_after(self) -> list[list[Operand]]:
        """Per t, what lies at and after t in the cluster that eliminates s_t: its operands over s_t but for the CPD."""
        tree, problem, sent = self.posterior.plan.tree, self.posterior.plan.problem, self.posterior.collected.up
        result: list[list[Operand]] = []
        for s in self._states:
            cluster = tree.position[s]
            here = [k for k in tree.factors[cluster] if problem.scopes[k] == (s,) and not self._is_cpd(k, s)]
            after = [child for child in tree.children[cluster] if tree.separators[child] == (s,) and child in sent]
            tables = [problem.tables[k] for k in here] + [sent[child] for child in after]
            result.append([((STATE,), table) for table in tables])
        return result

    def _is_cpd(self, k: int, variable: int) -> bool:
        return self.posterior.plan.problem.children[k] == variable
