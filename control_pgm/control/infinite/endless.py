"""Undiscounted processes that may go on for ever: where values have a limit, and which class of states has none.

What a process can do for ever it does in an *end component*: states and actions that stay among them and connect them
(de Alfaro 1997). With the actions of a component C alone the backup T_C adds constants: T_C(V + c) = T_C(V) + c, and

    min_C (T_C V − V)  ≤  what a step in C adds in the long run  ≤  max_C (T_C V − V)        for every V

(Odoni 1969). If that is above 0 values grow for ever in C and wherever it can be reached from. If it is below 0, and
nothing leaves C, they fall for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.infinite.backups import Backup, ExpectedBackup
from control_pgm.control.infinite.growth.communicating_classes import grouped
from control_pgm.control.mdp.mdp import MDP
from control_pgm.display import listing
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

_WORK = 50_000_000  # non-zeros that may be read to find out what components pay
_SWEEPS = (100, 5_000)  # at least and at most
_LEVEL = 1e-9  # of a component whose steps pay nothing in the long run, relative to its rewards


@dataclass(frozen=True, eq=False)
class Endless:
    """A class of states without values.

    Attributes
    ----------
    states : int array
    why : what its values do.
    """

    states: IntArray
    why: str


def endless_classes(backup: Backup) -> Iterator[Endless]:
    """The end components in which undiscounted values grow for ever, and those without a way out in which they fall.

    Examples
    --------
    >>> stay = ExpectedBackup(sparse.csr_array(np.eye(2)), np.array([[1.0], [0.0]]), 1.0)
    >>> [(found.states.tolist(), found.why) for found in endless_classes(Backup(stay, np.ones((2, 1)), 0.0))]
    [([0], 'grow for ever: a step adds 1 or more in the long run')]
    """
    pattern, taken = _pattern(backup), _taken(backup)
    live, label = end_components(pattern, taken)
    inside = np.flatnonzero(label >= 0)
    if not inside.size:
        return
    closed = np.ones(label.max() + 1, bool)
    closed[label[np.flatnonzero((taken & ~live).any(axis=1) & (label >= 0))]] = False
    least, most = _pay(replace(backup, measure=np.where(live, backup.measure, 0.0)), label, inside)
    for states in grouped(inside, label):
        c = label[states[0]]
        if least[c] > 0.0:
            yield Endless(states, f"grow for ever: a step adds {least[c]:.3g} or more in the long run")
        elif most[c] < 0.0 and closed[c]:
            yield Endless(states, f"fall for ever: a step adds {most[c]:.3g} or less in the long run")


def end_components(pattern: Any, taken: BoolArray) -> tuple[BoolArray, IntArray]:
    """Which pairs (s, a) stay in their end component, and the number of each state's component; −1 outside.

    Parameters
    ----------
    pattern : CSR matrix (S·A, S), row s·A+a: where P(s'|s,a) > 0.
    taken : bool array [s,a]: the actions that count.
    """
    from scipy.sparse import csgraph  # slow to import

    n, m = taken.shape
    live, label = taken.copy(), np.full(n, -1)
    rows = np.repeat(np.arange(n * m), np.diff(pattern.indptr))
    while True:
        kept = live.ravel()[rows]
        edges = sparse.csr_array((np.ones(int(kept.sum())), (rows[kept] // m, pattern.indices[kept])), shape=(n, n))
        _, label = csgraph.connected_components(edges, connection="strong")
        leaves = np.zeros(n * m, bool)
        leaves[rows[kept & (label[rows // m] != label[pattern.indices])]] = True
        if not leaves.any():
            break
        live &= ~leaves.reshape(n, m)
    numbers = np.full(n, -1)
    inside = live.any(axis=1)
    numbers[inside] = np.unique(label[inside], return_inverse=True)[1]
    return live, numbers


def recurring_class(backup: Backup, states: IntArray) -> IntArray:
    """Those of some states that are in one end component: what the others lead to."""
    label = end_components(_pattern(backup), _taken(backup))[1][states]
    return states[label == label[label >= 0][0]] if (label >= 0).any() else states


def leading_to(backup: Backup, states: IntArray) -> BoolArray:
    """Which states can reach some states, these among them."""
    return _closure(backup, states, forwards=False)


def reached_from(backup: Backup, states: IntArray) -> BoolArray:
    """Which states can be reached from some states, these among them."""
    return _closure(backup, states, forwards=True)


def refused(mdp: MDP, endless: Endless) -> InvalidArgument:
    """Why there are no values."""
    labels = [repr(mdp.states[s]) for s in endless.states]
    who = f"s={labels[0]}" if len(labels) == 1 else f"the class of s={listing(labels)}"
    return InvalidArgument(
        f"discount 1, but {who} can go on for ever, and values {endless.why}",
        allowed="classes that settle, such as absorbing states of reward 0; others out of reach of the first state",
        remedy="give the process a discount: mdp.varied(discount=0.99), --discount 0.99 in the shell",
    )


def _pattern(backup: Backup) -> Any:
    assert isinstance(backup.states, ExpectedBackup)
    pattern = sparse.csr_array(backup.states.transition)
    if (pattern.data == 0.0).any():
        pattern = pattern.copy()
        pattern.eliminate_zeros()
    return pattern


def _taken(backup: Backup) -> BoolArray:
    """The actions that weigh something and are not forbidden."""
    assert isinstance(backup.states, ExpectedBackup)
    return np.asarray((backup.measure > 0) & (backup.states.reward > -np.inf))


def _pay(inner: Backup, label: IntArray, inside: IntArray) -> tuple[FloatArray, FloatArray]:
    """Bounds on what a step adds in the long run, for every component; the backup has their actions alone."""
    assert isinstance(inner.states, ExpectedBackup)
    count, own = int(label.max()) + 1, label[inside]
    size = max(1, inner.states.transition.nnz if sparse.issparse(inner.states.transition) else inner.measure.size)
    sweeps = int(np.clip(_WORK // size, *_SWEEPS))
    least, most = np.full(count, -np.inf), np.full(count, np.inf)
    v = np.full(len(label), -np.inf)
    v[inside] = 0.0
    for _ in range(sweeps):
        new = inner.sweep(v)[1]
        added = new[inside] - v[inside]
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, own, added)
        np.maximum.at(high, own, added)
        scale = _LEVEL * max(1.0, float(np.abs(new[inside]).max()))
        least, most = np.maximum(least, low), np.minimum(most, high)
        settled = (least > scale) | (most < -scale) | (most - least <= scale)
        if settled.all():
            break
        v[inside] += added / 2.0  # half of the way, so that periods die out (Schweitzer 1971)
    level = np.abs(np.where(np.isfinite(least), least, 0.0)) + np.abs(np.where(np.isfinite(most), most, 0.0)) <= scale
    return np.where((least > scale) & ~level, least, 0.0), np.where((most < -scale) & ~level, most, 0.0)


def _closure(backup: Backup, states: IntArray, *, forwards: bool) -> BoolArray:
    from scipy.sparse import csgraph

    pattern, taken = _pattern(backup), _taken(backup)
    n, m = taken.shape
    rows = np.repeat(np.arange(n * m), np.diff(pattern.indptr))
    kept = taken.ravel()[rows]
    begins, ends = rows[kept] // m, pattern.indices[kept]
    begins, ends = (begins, ends) if forwards else (ends, begins)
    # One more state from which all of the given ones can be reached.
    begins, ends = np.concatenate([begins, np.full(len(states), n)]), np.concatenate([ends, states])
    graph = sparse.csr_array((np.ones(len(begins)), (begins, ends)), shape=(n + 1, n + 1))
    found = np.zeros(n + 1, bool)
    found[csgraph.breadth_first_order(graph, n, return_predecessors=False)] = True
    return found[:n]
