"""Good assignments of the maximised variables, where the best one is too hard to find: greedy choice and ascent.

`Ascent` holds the messages of a compiled tree and a state for each maximised variable. A *sweep* walks through the
tree, depth first, and keeps the messages towards the place where it is up to date. At the cluster of a maximised
variable it therefore knows

    f(x) = sum over all summed variables, the other maximised ones held at their states,

for every state x of that one, and takes the best. No choice lowers the value, and a sweep without a change is a
coordinate-wise maximum (Park and Darwiche 2004 do the same one variable at a time). In the first sweep variables that
were not reached yet are still maximised out below the place: there the choice is greedy, by an optimistic estimate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np

from control_pgm.inference.contract import Operand
from control_pgm.inference.map.max_product import first_best, tolerance
from control_pgm.inference.tree.bucket_tree import BucketTree
from control_pgm.inference.tree.compile import Compiled, Upward
from control_pgm.tables.numbers.scaled import Scaled

_MAX_SWEEPS = 100


class Ascent:
    """The working state of a search; see the module.

    Parameters
    ----------
    compiled, sent
        What `collect` returns.
    start : mapping, optional
        Maximised variable -> its state, for all of them; by default none is decided.

    Attributes
    ----------
    states : dict
        Maximised variable -> its state, for those that are decided.
    """

    def __init__(self, compiled: Compiled, sent: Upward, start: Mapping[int, int] | None = None) -> None:
        self.compiled, self.tree = compiled, compiled.tree
        self.states = dict(start or {})
        self._held = [compiled.operands(i) for i in range(len(compiled.held))]
        self._up = {i: sent[i] for i in range(len(compiled.held)) if not compiled.barren[i]}
        self._down: dict[int, Scaled] = {}
        self._walk = _walk(compiled.tree, compiled.maximised)
        if self.states:
            for cluster in sorted({cluster for cluster, _ in self._walk}):
                self._send_up(cluster)

    @property
    def log_value(self) -> float:
        """log of the sum over the summed variables, in nats; an upper bound while a variable is undecided."""
        return self.compiled.log_total(self._up)

    def climb(self) -> None:
        """Sweep until nothing changes."""
        for _ in range(_MAX_SWEEPS):
            if not self.sweep():
                return

    def sweep(self) -> bool:
        """Decide every maximised variable anew, one after another; whether any state has changed."""
        before = dict(self.states)
        for cluster, entering in self._walk:
            if not entering:
                self._send_up(cluster)
                continue
            self._receive(cluster)
            if self.tree.order[cluster] in self.compiled.maximised:
                self._decide(cluster)
        return self.states != before

    def _decide(self, cluster: int) -> None:
        v = self.tree.order[cluster]
        operands = [*self._held[cluster], *self._from_parent(cluster), *self.compiled.received(self._up, cluster)]
        logs = self.compiled.contract(operands, (v,)).log()
        present = self.states.get(v)
        if present is None or logs[present] < logs.max() - tolerance(logs):
            self.states[v] = first_best(logs)

    def _send_up(self, cluster: int) -> None:
        v, out = self.tree.order[cluster], self.tree.separators[cluster]
        undecided = v in self.compiled.maximised and v not in self.states
        operands = [*self._own(cluster), *self.compiled.received(self._up, cluster)]
        self._up[cluster] = self.compiled.contract(operands, (*out, v) if undecided else out, int(undecided))

    def _receive(self, cluster: int) -> None:
        """The message from the parent, the latest messages of its other children included."""
        tree, parent = self.tree, self.tree.parents[cluster]
        if parent < 0:
            return
        others = self.compiled.received(self._up, parent, but=cluster)
        operands = [*self._own(parent), *self._from_parent(parent), *others]
        self._down[cluster] = self.compiled.contract(operands, tree.separators[cluster])

    def _own(self, cluster: int) -> list[Operand]:
        """The tables of a cluster, and the state of its variable as one of them."""
        v = self.tree.order[cluster]
        if v not in self.states:
            return self._held[cluster]
        state = point(self.compiled.problem.cardinalities[v], self.states[v])
        return [*self._held[cluster], ((v,), state)]

    def _from_parent(self, cluster: int) -> list[Operand]:
        return [(self.tree.separators[cluster], self._down[cluster])] if self.tree.parents[cluster] >= 0 else []


@lru_cache(maxsize=1024)
def point(cardinality: int, state: int) -> Scaled:
    """A table that allows one state only."""
    values = np.zeros(cardinality)
    values[state] = 1.0
    return Scaled.from_linear(values)


def _walk(tree: BucketTree, maximised: Collection[int]) -> list[tuple[int, bool]]:
    """Every cluster with a maximised variable in or below it, entered from its parent and left again, depth first."""
    concerned = [v in maximised for v in tree.order]
    for i, parent in enumerate(tree.parents):
        if parent >= 0:
            concerned[parent] |= concerned[i]
    walk: list[tuple[int, bool]] = []
    stack = [(i, True) for i, parent in enumerate(tree.parents) if parent < 0 and concerned[i]]
    while stack:
        cluster, entering = stack.pop()
        walk.append((cluster, entering))
        if entering:
            stack.append((cluster, False))
            stack += [(j, True) for j in tree.children[cluster] if concerned[j]]
    return walk
