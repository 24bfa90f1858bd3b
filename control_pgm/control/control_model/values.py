"""Values of a control model as functions of what an action sees, read off an elimination of values.

When u_t is about to be eliminated, everything behind it in the order of the model has been: what is still to come is
worth the values in its cluster, and the messages that pass it by towards variables before it. Rewards from step t on
that depend on variables before u_t alone, such as those of an episode, belong to V_t as well, though they lie in later
clusters.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from control_pgm.control.control_model.network import ModelNetwork
from control_pgm.control.control_model.policies import cluster_scope, spread, valued_in_clusters
from control_pgm.errors import NotAvailable
from control_pgm.inference.utility.potentials import Term
from control_pgm.inference.utility.result import Valued
from control_pgm.tables.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class ModelValues:
    """The values of a network's actions."""

    network: ModelNetwork
    valued: Valued

    def acting(self, base: str) -> FloatArray:
        """Q of an action, axes t, what it sees, itself."""
        steps = []
        for times in self.valued.plan.alike(range(self.network.horizon), numbers=False):
            scope = cluster_scope(self.valued.plan, f"{base}_{times[0]}")
            values = valued_in_clusters(self.network, self.valued, base, times)
            names = [*self.network.information(base, times[0]), f"{base}_{times[0]}"]
            steps.append(self._with_others(spread(scope, values, names, self.network), base, times, acting=True))
        return np.concatenate(steps)

    def seen(self, base: str) -> FloatArray:
        """V of what an action sees, before it is chosen: axes t, what it sees."""
        steps = []
        for t in range(self.network.horizon):
            found = self.valued.after(f"{base}_{t}")
            own = spread(found.dims, found.values[None], self.network.information(base, t), self.network)
            steps.append(self._with_others(own, base, range(t, t + 1), acting=False))
        return np.concatenate(steps)

    def _with_others(self, values: FloatArray, base: str, times: range, *, acting: bool) -> FloatArray:
        """Values with what lies outside of an action's cluster added."""
        others = [self._others(base, t, acting=acting) for t in times]
        return values if all(other is None for other in others) else values + np.stack([_or_zero(o) for o in others])

    def _others(self, base: str, t: int, *, acting: bool) -> FloatArray | None:
        names = [*self.network.information(base, t), *([f"{base}_{t}"] if acting else [])]
        total: FloatArray | None = None
        for term in (*self._passing[f"{base}_{t}"], *self._beside(base, t)):
            scope = [self.valued.plan.problem.names[x] for x in term.scope]
            unseen = [name for name in scope if name not in names]
            if unseen:
                raise NotAvailable(
                    f"the value of what {base}_{t} sees: it depends on {unseen[0]!r} too",
                    remedy="ask the posterior, or let the action see it",
                )
            own = spread(scope, term.dense[None], names, self.network)[0]
            total = own if total is None else total + own
        return total

    @cached_property
    def _passing(self) -> dict[str, list[Term]]:
        """Per action the messages from clusters before its own to clusters behind it."""
        tree, names = self.valued.plan.tree, self.valued.plan.problem.names
        wanted = {name for _, _, name in self.network.choices}
        at = sorted((i, names[v]) for i, v in enumerate(tree.order) if names[v] in wanted)
        places = [i for i, _ in at]
        found: dict[str, list[Term]] = {name: [] for name in wanted}
        for i, parent in enumerate(tree.parents):
            stop = len(places) if parent < 0 else bisect_left(places, parent)
            passed = at[bisect_right(places, i) : stop]
            values = self.valued.messages[i].values if passed else None
            for _, name in passed if values is not None else ():
                found[name].append(values)  # type: ignore[arg-type]
        return found

    def _beside(self, base: str, t: int) -> list[Term]:
        """The rewards and factors from step t on that lie in clusters behind the action's."""
        position = self.valued.plan.tree.position[self.valued.plan.problem.index[f"{base}_{t}"]]
        later = [term for time, term in self._of_step[1] if time > t]
        return [*later, *(term for at, term in self._of_step[0].get(t, []) if at > position)]

    @cached_property
    def _of_step(self) -> tuple[dict[int, list[tuple[int, Term]]], list[tuple[int, Term]]]:
        """The rewards and factors of each step with the cluster that they lie in; and rewards of the episode alone."""
        problem, tree = self.valued.plan.problem, self.valued.plan.tree
        tables = self.network.values()
        found: dict[int, list[tuple[int, Term]]] = {}
        lasting: list[tuple[int, Term]] = []
        once = {problem.index.get(cpd.child.name, -1) for cpd in self.network.model.episode}
        for _, t, name in self.network.paid:
            scope = tuple([problem.index[p.name] for p in self.network.cpd(name).parents if p.name in problem.index])
            if scope:
                term = Term(scope, np.asarray(tables[name]))
                found.setdefault(t, []).append((min(tree.position[x] for x in scope), term))
                if once.issuperset(scope):
                    lasting.append((t, term))
        for factor in self.network.factors:
            times = [v.time for v in factor.variables if v.time is not None]
            if times and all(v.name in problem.index for v in factor.variables):
                scope = tuple([problem.index[v.name] for v in factor.variables])
                term = Term(scope, self.network.temperature * factor.log_array())
                found.setdefault(max(times), []).append((min(tree.position[x] for x in scope), term))
        return found, lasting


def _or_zero(values: FloatArray | None) -> FloatArray:
    return np.zeros(()) if values is None else values
