"""Textbook messages alpha_t and beta_t, read off the engine's cluster tree.

Eliminating backwards gives, for every step t, a cluster {s_t, a_t} in which a_t is eliminated and a cluster
{s_{t−1}, a_{t−1}, s_t} in which s_t is. In the first, everything but the action prior multiplies to

    beta_t(s,a) = p(O_{t:T−1}=1 | s_t=s, a_t=a).

What the second receives from the first is beta_t(s); everything else in it sums to alpha_t(s) = p(s_t=s, O_{0:t−1}=1).
Factors that were added on s_t alone lie "at t": they count into beta_t(s,a) and beta_t(s).

Every quantity is one query per step. Steps of one form are answered by one contraction; of steps that are copies of
one another, the query of one stands for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.control.solutions.step_clusters import StepClusters
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.tree.batch import TreeBatch
from control_pgm.inference.tree.queries import (
    Column,
    Fetched,
    Finish,
    Group,
    Item,
    Query,
    Reading,
    Received,
    answer,
    groups,
)
from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.series import Series

STATE, ACTION = 0, 1  # labels of the axes s and a in queries


@dataclass(frozen=True, eq=False)
class TextbookMessages:
    """alpha_t and beta_t of a control network for all t: arrays with axes (t, s) or (t, s, a)."""

    network: ControlNetwork
    posterior: TreePosterior | TreeBatch

    # Each for all steps, or for those of ``times`` alone.
    def backward_action(self, finish: Finish, times: range | None = None) -> FloatArray:
        """beta_t(s,a) for t = 0 … T−1, axes (t, s, a)."""
        times = range(self.network.horizon) if times is None else times
        return self._answer(lambda t: self._after_action(t, with_prior=False), times, (STATE, ACTION), finish)

    def optimal_action(self, finish: Finish, times: range | None = None) -> FloatArray:
        """p(a|s) beta_t(s,a), axes (t, s, a): the optimal action conditional before it is normalised."""
        times = range(self.network.horizon) if times is None else times
        return self._answer(lambda t: self._after_action(t, with_prior=True), times, (STATE, ACTION), finish)

    def backward(self, finish: Finish, times: range | None = None) -> FloatArray:
        """beta_t(s) for t = 0 … T, axes (t, s); at the horizon the terminal factor, or one."""
        times = range(self.network.horizon + 1) if times is None else times
        return self._answer(self._at_and_after, times, (STATE,), finish)

    def forward(self, finish: Finish, times: range | None = None) -> FloatArray:
        """alpha_t(s) for t = 0 … T, axes (t, s)."""
        times = range(self.network.horizon + 1) if times is None else times
        return self._answer(lambda t: [self._forward(t)], times, (STATE,), finish)

    def state_marginal(self, finish: Finish, times: range | None = None) -> FloatArray:
        """alpha_t(s) beta_t(s), which sums to p(O) for every t; axes (t, s)."""
        times = range(self.network.horizon + 1) if times is None else times
        return self._answer(lambda t: [self._forward(t), *self._at_and_after(t)], times, (STATE,), finish)

    def check(self) -> None:
        """Refuse a changed network whose messages are not functions of s_t and a_t, see `StepClusters.check`."""
        barren = self.posterior.compiled.barren
        roots = [i for i in self.posterior.plan.tree.roots if not barren[i]]
        self._clusters.check("messages", "beta(s,a)", "alpha and beta do not cover all evidence", roots)

    @cached_property
    def _clusters(self) -> StepClusters:
        return StepClusters(self.network, self.posterior.plan)

    # --- the query of a step ------------------------------------------------------------------------------------
    def _after_action(self, t: int, *, with_prior: bool) -> Query:
        """What the cluster that eliminates a_t holds and has received: all of beta_t(s,a), and the prior if wanted."""
        compiled, cluster, a = self.posterior.compiled, self._clusters.of_action(t), self._clusters.actions[t]
        held: Sequence[tuple[Scope, Scaled | Series]] = compiled.held[cluster]
        if not with_prior:
            counting = self._counting
            numbered = compiled.held_factors(cluster)
            held = [table for k, table in numbered if not self._is_cpd(k, a) and k not in counting]
        query = [(tuple([ACTION if v == a else STATE for v in scope]), self._item(cluster, x)) for scope, x in held]
        for child in compiled.tree.children[cluster]:
            # Messages that are identically one are not sent; a table of ones gives their step the form of the others.
            scope = tuple([ACTION if v == a else STATE for v in compiled.tree.separators[child]])
            query.append((scope, self._ones(scope) if compiled.barren[child] else self._up(child)))
        return query + [((STATE,), table) for table in self._beside_action(t)]

    def _beside_action(self, t: int) -> list[Item]:
        """What lies at and after t but does not come through a_t, over s_t alone.

        Tables other than the CPD of s_t (soft observations, O_T), and messages from other clusters than a_t's.
        """
        if self.network.uniform:
            return []
        tree, problem, compiled = self.posterior.plan.tree, self.posterior.plan.problem, self.posterior.compiled
        s, cluster, through = self._clusters.states[t], self._clusters.of_state(t), self._clusters.of_action(t)
        items = [
            self._item(cluster, compiled.tables[problem.keys[k]])
            for k in tree.factors[cluster]
            if problem.scopes[k] == (s,) and problem.children[k] != s
        ]
        others = [j for j in tree.children[cluster] if j != through and tree.separators[j] == (s,)]
        return items + [self._up(j) for j in others if not compiled.barren[j]]

    def _at_and_after(self, t: int) -> Query:
        """Everything at and after t: what came through a_t, and what lies beside it."""
        tables, through = self._beside_action(t), self._clusters.of_action(t)
        if through >= 0 and not self.posterior.compiled.barren[through] and self._over_state(through, t):
            tables.append(self._up(through))
        return [((STATE,), table) for table in tables or [self._ones((STATE,))]]

    def _forward(self, t: int) -> tuple[Scope, Item]:
        """alpha_t(s): what the engine has sent on to the action's cluster, or, where it sent more, all before t."""
        posterior, tree, compiled = self.posterior, self.posterior.plan.tree, self.posterior.compiled
        s, cluster, through = self._clusters.states[t], self._clusters.of_state(t), self._clusters.of_action(t)
        own = through >= 0 and tree.parents[through] == cluster and self._over_state(through, t)
        if own and not self._beside_action(t):
            return (STATE,), Received(posterior.distributed, through)
        held = [table for k, table in compiled.held_factors(cluster) if table[0] != (s,) or self._is_cpd(k, s)]
        before = [(scope, compiled.at(cluster, table)) for scope, table in held]
        speaking = [j for j in tree.children[cluster] if not compiled.barren[j] and tree.separators[j] != (s,)]
        before += [(tree.separators[j], posterior.collected[j]) for j in speaking]
        parent = tree.parents[cluster]
        if parent >= 0 and (above := posterior.operand(parent, cluster)) is not None:
            before.append(above)
        return (STATE,), compiled.contract_held(before, (s,))

    @cached_property
    def _counting(self) -> frozenset[int]:
        return self.posterior.plan.problem.added(self.network.counting)

    def _item(self, cluster: int, table: Scaled | Series) -> Item:
        """A table of a cluster as an operand of a query."""
        return Reading(table, self.posterior.compiled.steps[cluster]) if isinstance(table, Series) else table

    def _ones(self, scope: Scope) -> Scaled:
        """A table of ones over s, over a, or over both; made once."""
        if scope not in self._neutral:
            self._neutral[scope] = Scaled(np.ones([self._clusters.sizes[x] for x in scope]))
        return self._neutral[scope]

    @cached_property
    def _neutral(self) -> dict[Scope, Scaled]:
        return {}

    def _up(self, cluster: int) -> Received:
        return Received(self.posterior.collected, cluster)

    def _over_state(self, cluster: int, t: int) -> bool:
        return self.posterior.plan.tree.separators[cluster] == (self._clusters.states[t],)

    def _is_cpd(self, k: int, variable: int) -> bool:
        return self.posterior.plan.problem.children[k] == variable

    # --- one query for every step -------------------------------------------------------------------------------
    def _answer(self, query: Callable[[int], Query], times: range, out: Scope, finish: Finish) -> FloatArray:
        """The queries of all times, answered. Steps that are copies of one another are asked by one of them."""
        found: list[Group] = []
        at = times.start
        rolled = self.posterior.plan.rolled
        repeated = rolled.network.repeated if rolled else []
        ends = [*(copies.steps.start for copies in repeated[1:]), times.stop]
        for copies, end in zip(repeated, ends, strict=False):
            inside = range(max(copies.steps.start, at), min(copies.steps.stop, times.stop))
            if len(inside) < 2:
                continue
            model, width = query(inside[0]), copies.block.size.variables
            first, last = inside[0], inside[-1]
            # Before and after the copies most steps ask the same still.
            while first > at and _same(query(first - 1), model, width * (inside[0] - first + 1)):
                first -= 1
            while last + 1 < min(end, times.stop) and _same(query(last + 1), model, width * (inside[0] - last - 1)):
                last += 1
            found += groups([query(t) for t in range(at, first)])
            columns = [(scope, _along(item, first - inside[0], last - first + 1, width)) for scope, item in model]
            found.append(Group(last - first + 1, columns))
            at = last + 1
        found += groups([query(t) for t in range(at, times.stop)])
        tables = self.posterior.compiled.tables.values()
        largest = max((table.n_entries for table in tables if not table.sparse), default=0)
        batch = self.posterior.compiled.batch
        return answer(found, out, self._clusters.sizes, finish, tables=largest, batch=batch)


def _same(query: Query, model: Query, distance: int) -> bool:
    """Whether the query of another step is the model, its messages a distance of clusters behind the model's."""
    if len(query) != len(model):
        return False
    for (scope, item), (wanted, like) in zip(query, model, strict=True):
        if isinstance(like, Received):
            like = Received(like.source, like.cluster + distance)
        same = item is like or item == like
        if isinstance(item, Reading) and isinstance(like, Reading):
            same = item.series is like.series
        if scope != wanted or not same:
            return False
    return True


def _along(item: Item, offset: int, count: int, width: int) -> Column:
    """An operand of a step, and those in its place in ``count`` steps from ``offset`` steps later on.

    Clusters count backwards in time, ``width`` a step.
    """
    if isinstance(item, Received):
        first = item.cluster - offset * width
        return Fetched(item.source, range(first, first - count * width, -width))
    if isinstance(item, Reading):
        start = item.step + offset
        return item.series.window(range(start, start + count))
    return item
