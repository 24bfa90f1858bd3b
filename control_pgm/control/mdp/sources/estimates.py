"""Processes estimated from logged transitions: counts, and the mean of the posterior under a Dirichlet prior.

With n(s,a,s') transitions seen and a Dirichlet prior of kappa pseudo-counts for every next state of a pair (s,a), the
posterior of P(·|s,a) is again a Dirichlet distribution, whose mean is

    P(s'|s,a) = (n(s,a,s') + kappa) / (n(s,a) + kappa S)

(Gelman et al., Bayesian Data Analysis, section 3.4). kappa = 0 leaves relative frequencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float
from control_pgm.control.mdp.checks import MAX_DENSE_BYTES, fits_dense, index
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.sources.from_outcomes import LARGEST_DENSE, Gathered, tables_of
from control_pgm.control.mdp.sources.rows import Row, RowForm, is_table, read_columns, read_rows, shown
from control_pgm.control.mdp.termination import TERMINAL
from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge
from control_pgm.tables.arrays import FloatArray, IntArray, lock, lock_mask
from control_pgm.tables.variable import Labels, labels

COUNTS_FORM = RowForm("transition", ("s", "a", "r", "next"), ("done",), "(s, a, r, s')")
Transition = tuple[Hashable, Hashable, Hashable, float]  # (s, a, s', reward)


@dataclass(frozen=True, eq=False)
class TransitionEstimate:
    """What logged transitions amount to.

    Attributes
    ----------
    tables : Gathered
        Dense with a prior; otherwise as outcomes are gathered.
    counts : int array [s,a]
        How often each pair was tried.
    cut_off : tuple of hashable
        States that were seen but never acted in; without a prior they are absorbing with reward 0.
    """

    tables: Gathered
    counts: IntArray
    cut_off: tuple[Hashable, ...]


def logged(log: Any, columns: Mapping[str, Hashable | None]) -> Counter[Transition]:
    """How often each transition was seen; those that end an episode lead to ``"terminal"``."""
    by_column = is_table(log) or isinstance(log, Mapping)
    if not by_column and any(name is not None for name in columns.values()):
        raise InvalidArgument(
            f"columns named for a log of type {type(log).__name__}", remedy="name columns of a table with columns only"
        )
    rows = read_columns(log, columns, COUNTS_FORM) if by_column else read_rows(log, COUNTS_FORM)[0]
    if not rows:
        raise InvalidModel("there are no transitions", allowed=f"{COUNTS_FORM.positions}, at least one")
    return Counter(_checked(k, row) for k, row in enumerate(rows))


def estimate(
    seen: Mapping[Transition, int],
    states: int | Iterable[Hashable] | None = None,
    actions: int | Iterable[Hashable] | None = None,
    *,
    prior: float = 0.0,
    unseen_reward: float | None = None,
) -> TransitionEstimate:
    """The process of counted transitions; see the top of this module, and `MDP.from_transitions`."""
    kappa = as_float(prior)
    if not 0.0 <= kappa < np.inf:
        raise InvalidArgument(f"prior {prior!r}", allowed="pseudo-counts of every next state: a finite number ≥ 0")
    state_labels, action_labels = _labels(seen, states, actions)
    n, m = len(state_labels), len(action_labels)
    counts = np.zeros((n, m), dtype=np.int64)
    mass: dict[tuple[int, int, int], dict[float, float]] = {}
    for (s, a, s_next, r), times in seen.items():
        pair = (index(state_labels, s, "logged state"), index(action_labels, a, "logged action"))
        rewards = mass.setdefault((*pair, index(state_labels, s_next, "logged next state")), {})
        rewards[r] = rewards.get(r, 0.0) + times
        counts[pair] += times
    acted = counts.sum(axis=1) > 0
    cut_off = tuple(s for s, has in zip(state_labels, acted, strict=True) if not has and s != TERMINAL)
    ends = TERMINAL in state_labels.index_of and not acted[state_labels.index_of[TERMINAL]]
    staying = [state_labels.index_of[s] for s in ((TERMINAL,) if ends else ())]
    staying += [state_labels.index_of[s] for s in cut_off] if kappa == 0.0 else []
    for s in staying:
        mass.update({(s, a, s): {0.0: 1.0} for a in range(m)})
    tried = counts.copy()
    tried[staying] = 1
    available = np.asarray((tried > 0) | (kappa > 0.0))
    matrix, rewards_of = tables_of(mass, n, m)
    matrix.data /= np.repeat(tried.ravel(), np.diff(matrix.indptr))
    if kappa == 0.0 and n * m * n > LARGEST_DENSE:
        return TransitionEstimate(Gathered(state_labels, action_labels, matrix, rewards_of, available), counts, cut_off)
    _fits(mass, n, m)
    table = matrix.toarray().reshape(n, m, n)
    listed = rewards_of.as_dense(matrix)
    if kappa > 0.0:
        free = np.setdiff1d(np.arange(n), staying)
        listed = _with_unseen(listed, table, counts, free, unseen_reward)
        table[free] = (table[free] * counts[free, :, None] + kappa) / (counts[free, :, None] + kappa * n)
    found = Gathered(state_labels, action_labels, lock(table), listed, available)
    return TransitionEstimate(found, counts, cut_off)


def _with_unseen(
    rewards: Rewards, table: FloatArray, counts: IntArray, free: IntArray, unseen: float | None
) -> Rewards:
    """The rewards, with one for what was never seen: given, or the mean of the pair, or of all transitions."""
    values = rewards.values.copy()
    expected = (table * rewards.expected()).sum(axis=-1)
    total = counts.sum()
    mean = float((expected * counts).sum() / total)
    paid = np.where(counts > 0, expected, mean)
    if unseen is not None:
        if not as_float(unseen) < np.inf:
            raise InvalidArgument(f"unseen_reward {unseen!r}", allowed="a number below +inf, or None")
        paid = np.full(counts.shape, float(unseen))
    values[0, free] = np.where(table[free] > 0, values[0, free], paid[free, :, None])
    assert rewards.known is not None
    known = rewards.known.copy()
    known[free] = True
    return Rewards(rewards.axes, lock(values), rewards.weights, lock_mask(known))


def _labels(seen: Mapping[Transition, int], states: Any, actions: Any) -> tuple[Labels, Labels]:
    """Those given; otherwise those seen, sorted where they can be, ``"terminal"`` last."""
    if states is None:
        found = dict.fromkeys(label for s, _, s_next, _ in seen for label in (s, s_next))
        ends = found.pop(TERMINAL, 0) is None
        states = [*_in_order(list(found)), *[TERMINAL] * ends]
    if actions is None:
        actions = _in_order(list(dict.fromkeys(a for _, a, _, _ in seen)))
    return labels(states, owner="the MDP's states"), labels(actions, owner="the MDP's actions")


def _in_order(names: list[Hashable]) -> list[Hashable]:
    """Sorted, where they can be compared; as they were met otherwise."""
    try:
        return sorted(names)  # type: ignore[type-var]
    except TypeError:
        return names


def _fits(mass: Mapping[tuple[int, int, int], Mapping[float, float]], n_states: int, n_actions: int) -> None:
    """Refuse tables of several rewards per outcome before they are allocated, if they are too large."""
    several = max(len(rewards) for rewards in mass.values())
    fits_dense(n_states, n_actions)
    need = 8 * several * n_states * n_actions * n_states
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"{several} different rewards of one outcome, {n_states} states and {n_actions} actions need {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="round the rewards, or make the states coarser",
        )


def _checked(k: int, row: Row) -> Transition:
    s, a, r, s_next, done = row
    paid = as_float(r)
    if not -np.inf < paid < np.inf:
        raise InvalidModel(
            f"transition {k} {shown(row[:4])} has reward {shown(r)}",
            allowed="a finite number",
            remedy=f"the order is {COUNTS_FORM.positions}; by name nothing can be swapped: {{'s': …, 'a': …, 'r': …}}",
        )
    if done not in (None, True, False):
        raise InvalidModel(f"transition {k} {shown(row[:4])} has done={shown(done)}", allowed="True or False")
    return s, a, TERMINAL if done else s_next, paid
