"""What to ask of the cluster tree at one step: where its messages lie, and which of them make alpha_t and beta_t."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.network.unroll import ControlNetwork
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.batch import TreeBatch
from control_pgm.inference.tree.queries import Item, Query, Received, Row
from control_pgm.tables.contraction.views import Scope
from control_pgm.tables.numbers.message import Message
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series

STATE, ACTION = 0, 1  # labels of the axes s and a in the queries below


@dataclass(frozen=True, eq=False)
class StepQueries:
    """The queries of single steps, for `control_pgm.control.solutions.textbook_messages` to answer for many."""

    network: ControlNetwork
    posterior: TreePosterior | TreeBatch

    @cached_property
    def _counting(self) -> frozenset[int]:
        return self.posterior.plan.problem.added(self.network.counting)

    @property
    def _steps(self) -> range:
        return range(self.network.horizon)

    @property
    def _times(self) -> range:
        return range(self.network.horizon + 1)

    @cached_property
    def _states(self) -> Sequence[int]:
        """The engine's numbers of s_0 … s_T."""
        return self.posterior.plan.series("s", len(self._times))

    @cached_property
    def _actions(self) -> Sequence[int]:
        """The engine's numbers of a_0 … a_{T−1}."""
        return self.posterior.plan.series("a", len(self._steps))

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        cards = self.posterior.plan.problem.cardinalities
        return cards[self._states[0]], cards[self._actions[0]]

    @cached_property
    def _largest(self) -> int:
        tables = self.posterior.compiled.problem_tables()
        return max((table.n_entries for table in tables if not table.sparse), default=0)

    def _after_action(self, t: int, *, with_prior: bool) -> Query:
        """What the cluster that eliminates a_t holds and has received: all of beta_t(s,a), and the prior if wanted."""
        compiled = self.posterior.compiled
        s, cluster = self._states[t], compiled.tree.position[self._actions[t]]
        operands: list[tuple[Scope, Item]] = list(self._tables_of_action(t, cluster, with_prior))
        for child in compiled.tree.children[cluster]:
            # The last step hears nothing from a silent child. A table of ones says so in the form of all other steps.
            scope = tuple([STATE if v == s else ACTION for v in compiled.tree.separators[child]])
            operands.append((scope, self._ones[scope] if compiled.silent[child] else self._up(child)))
        return operands + [((STATE,), table) for table in self._beside_action(t)]

    @cached_property
    def _ones(self) -> Mapping[Scope, Scaled]:
        """Tables of ones over s, over a, and over both in either order."""
        scopes: Sequence[Scope] = ((STATE,), (ACTION,), (STATE, ACTION), (ACTION, STATE))
        return {scope: Scaled(np.ones([self._sizes[x] for x in scope])) for scope in scopes}

    def _tables_of_action(self, t: int, cluster: int, with_prior: bool) -> list[tuple[Scope, Item]]:
        """The tables of a cluster that eliminates a_t."""
        compiled, a = self.posterior.compiled, self._actions[t]
        operands = compiled.held[cluster]
        if not with_prior:
            tables = compiled.held_factors(cluster)
            operands = [operand for k, operand in tables if not self._is_cpd(k, a) and k not in self._counting]
        return [
            (tuple([ACTION if v == a else STATE for v in scope]), self._item(cluster, table))
            for scope, table in operands
        ]

    def _item(self, cluster: int, table: Message | Series) -> Item:
        """A table of a cluster as an operand of a query."""
        return Row(table, self.posterior.compiled.steps[cluster]) if isinstance(table, Series) else table

    def _beside_action(self, t: int) -> list[Item]:
        """What lies at and after t but does not come through a_t, over s_t alone.

        Tables other than the CPD of s_t (soft observations, O_T), and messages from other clusters than a_t's.
        """
        if self.network.uniform:
            return []
        tree, problem, silent = self.posterior.plan.tree, self.posterior.plan.problem, self.posterior.compiled.silent
        s = self._states[t]
        cluster = tree.position[s]
        through = tree.position[self._actions[t]] if t < self.network.horizon else -1
        numbers = [k for k in tree.factors[cluster] if problem.scopes[k] == (s,) and problem.children[k] != s]
        others = [j for j in tree.children[cluster] if j != through and tree.separators[j] == (s,) and not silent[j]]
        tables = self.posterior.compiled.tables
        return [*(self._item(cluster, tables[problem.keys[k]]) for k in numbers), *map(self._up, others)]

    def _at_and_after(self, t: int) -> Query:
        """Everything at and after t: what came through a_t, and what lies beside it."""
        tree = self.posterior.plan.tree
        tables = self._beside_action(t)
        if t < self.network.horizon:
            through = tree.position[self._actions[t]]
            if not self.posterior.compiled.silent[through] and tree.separators[through] == (self._states[t],):
                tables.append(self._up(through))
        return [((STATE,), table) for table in tables or [self._ones[STATE,]]]

    def _forward(self, t: int) -> tuple[Scope, Item]:
        """alpha_t(s): what the engine has sent on to the action's cluster, or, where it sent more, all before t."""
        posterior, tree = self.posterior, self.posterior.plan.tree
        s = self._states[t]
        cluster = tree.position[s]
        if t < self.network.horizon and not self._beside_action(t):
            through = tree.position[self._actions[t]]
            if tree.parents[through] == cluster and tree.separators[through] == (s,):
                return (STATE,), Received(posterior.distributed, through)
        compiled = posterior.compiled
        held = compiled.held_factors(cluster)
        before = [
            (scope, compiled.at(cluster, table)) for k, (scope, table) in held if scope != (s,) or self._is_cpd(k, s)
        ]
        speaking = [j for j in tree.children[cluster] if not compiled.silent[j] and tree.separators[j] != (s,)]
        before += [(tree.separators[j], posterior.collected[j]) for j in speaking]
        parent = tree.parents[cluster]
        if parent >= 0 and (above := posterior.operand(parent, cluster)) is not None:
            before.append(above)
        return (STATE,), compiled.contract_held(before, (s,))

    def _up(self, cluster: int) -> Received:
        return Received(self.posterior.collected, cluster)

    def _is_cpd(self, k: int, variable: int) -> bool:
        return self.posterior.plan.problem.children[k] == variable
