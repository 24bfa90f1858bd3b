"""Good assignments of the maximised variables, where the best one is too hard to find: greedy choice and ascent.

`Ascent` holds the messages of a mixed tree and a state for each maximised variable. A *sweep* walks through the tree,
depth first, and keeps the messages towards the place where it is up to date. At the cluster of a maximised variable it
therefore knows

    f(x) = sum over all summed variables, the other maximised ones held at their states,

for every state x of that one, and takes the best. No choice lowers the value, and a sweep without a change is a
coordinate-wise maximum (Park and Darwiche 2004 do the same one variable at a time). In the first sweep variables that
were not reached yet are still maximised out below the place: there the choice is greedy, by an optimistic estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from control_pgm.inference.contract import Operand, contract
from control_pgm.inference.map.max_product import MixedTree, first_best, log_value, sent, tolerance
from control_pgm.tables.numbers.scaled import Scaled

_MAX_SWEEPS = 100


class Ascent:
    """The working state of a search; see the module.

    Parameters
    ----------
    tree : MixedTree
    messages : sequence of Scaled
        The messages of `collect`.
    start : mapping, optional
        Maximised variable -> its state, for all of them; by default none is decided.

    Attributes
    ----------
    states : dict
        Maximised variable -> its state, for those that are decided.
    """

    def __init__(self, tree: MixedTree, messages: Sequence[Scaled], start: Mapping[int, int] | None = None) -> None:
        self.tree = tree
        self.states = dict(start or {})
        self._up = list(messages)
        self._down: dict[int, Scaled] = {}
        self._walk = _walk(tree)
        if self.states:
            for cluster in sorted({cluster for cluster, _ in self._walk}):
                self._send_up(cluster)

    @property
    def log_value(self) -> float:
        """log of the sum over the summed variables, in nats; an upper bound while a variable is undecided."""
        return log_value(self.tree, self._up)

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
            if self.tree.maximised[cluster]:
                self._decide(cluster)
        return self.states != before

    def _decide(self, cluster: int) -> None:
        v, cards = self.tree.order[cluster], self.tree.problem.cardinalities
        operands = [*self.tree.operands[cluster], *self._from_parent(cluster)]
        logs = contract([*operands, *self.tree.received(cluster, self._up)], (v,), cards).log()
        present = self.states.get(v)
        if present is None or logs[present] < logs.max() - tolerance(logs):
            self.states[v] = first_best(logs)

    def _send_up(self, cluster: int) -> None:
        undecided = self.tree.maximised[cluster] and self.tree.order[cluster] not in self.states
        operands = [*self._own(cluster), *self.tree.received(cluster, self._up)]
        self._up[cluster] = sent(self.tree, cluster, operands, undecided)

    def _receive(self, cluster: int) -> None:
        """The message from the parent, the latest messages of its other children included."""
        tree, parent = self.tree, self.tree.parents[cluster]
        if parent < 0:
            return
        others = tree.received(parent, self._up, but=cluster)
        operands = [*self._own(parent), *self._from_parent(parent), *others]
        self._down[cluster] = contract(operands, tree.separators[cluster], tree.problem.cardinalities)

    def _own(self, cluster: int) -> list[Operand]:
        """The tables of a cluster, and the state of its variable as one of them."""
        v = self.tree.order[cluster]
        if v not in self.states:
            return list(self.tree.operands[cluster])
        state = point(self.tree.problem.cardinalities[v], self.states[v])
        return [*self.tree.operands[cluster], ((v,), state)]

    def _from_parent(self, cluster: int) -> list[Operand]:
        return [(self.tree.separators[cluster], self._down[cluster])] if self.tree.parents[cluster] >= 0 else []


@lru_cache(maxsize=1024)
def point(cardinality: int, state: int) -> Scaled:
    """A table that allows one state only."""
    values = np.zeros(cardinality)
    values[state] = 1.0
    return Scaled.from_linear(values)


def _walk(tree: MixedTree) -> list[tuple[int, bool]]:
    """Every cluster with a maximised variable in or below it, entered from its parent and left again, depth first."""
    concerned = list(tree.maximised)
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
