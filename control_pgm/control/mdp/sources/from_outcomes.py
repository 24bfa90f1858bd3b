"""Decision processes given outcome by outcome, as environments list them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from scipy import sparse as scipy_sparse

from control_pgm.control.arguments import as_float, is_count
from control_pgm.control.mdp.checks import fits_dense, fits_pairs, index
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.control.mdp.sources.rows import Row, RowForm, read_columns, read_rows, shown
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import BoolArray, lock, lock_mask
from control_pgm.tables.probabilities import MOST, first_miss, spacing
from control_pgm.tables.variable import Labels, labels

Outcome = tuple[Hashable, Hashable, float, Hashable, float]  # (s, a, probability, s', reward)
Mass = Mapping[tuple[int, int, int], Mapping[float, float]]  # (s, a, s') -> reward -> probability, or weight
LARGEST_DENSE = 2**22  # entries of a transition table; larger ones are made sparse
FORM = RowForm("outcome", ("s", "a", "p", "next", "r"), ("t",), "(s, a, probability, s', reward)")


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a list of outcomes amounts to."""

    states: Labels
    actions: Labels
    transition: Any  # [s,a,s'] or [t,s,a,s'], or a CSR matrix
    rewards: Rewards  # in the form of the transition
    available: BoolArray  # pairs with at least one outcome


def listed_outcomes(outcomes: Any) -> list[Row]:
    """Single outcomes as rows (s, a, p, s', r, t), checked."""
    rows, positional = read_rows(outcomes, FORM)
    checked = [_checked(k, row) for k, row in enumerate(rows)]
    if positional:
        _refuse_ambiguous(rows)
    return checked


def tabulated_outcomes(table: Any, columns: Mapping[str, Hashable | None]) -> list[Row]:
    """The same from a table with columns."""
    return [_checked(k, row) for k, row in enumerate(read_columns(table, columns, FORM))]


def gather(
    rows: Sequence[Row],
    states: int | Iterable[Hashable] | None = None,
    actions: int | Iterable[Hashable] | None = None,
    *,
    sparse: bool | None = None,
) -> Gathered:
    """Add up equal outcomes and keep different rewards of one (s, a, s') apart, each with its share.

    The tables are sparse if ``sparse`` says so; by default if dense ones would have more than `LARGEST_DENSE` entries.
    Those of outcomes with times are dense.
    """
    if sparse is not None and not isinstance(sparse, bool):
        raise InvalidArgument(f"sparse {sparse!r}", allowed="True, False, or None: by size")
    if not rows:
        raise InvalidModel("there are no outcomes", allowed=f"{FORM.positions}, at least one")
    state_labels, action_labels = labels_of(rows, states, actions)
    fits_pairs(len(state_labels), len(action_labels))
    mass: dict[int, dict[tuple[int, int, int], dict[float, float]]] = {}
    for k, (s, a, p, s_next, r, t) in enumerate(rows):
        key = (
            index(state_labels, s, f"outcome {k}: state"),
            index(action_labels, a, f"outcome {k}: action"),
            index(state_labels, s_next, f"outcome {k}: next state"),
        )
        rewards = mass.setdefault(0 if t is None else t, {}).setdefault(key, {})
        rewards[r] = rewards.get(r, 0.0) + float(p)
    n, m = len(state_labels), len(action_labels)
    times = _times(rows)
    steps = [tables_of(mass[t], n, m) for t in (range(times) if times else (0,))]
    given = [row[2] for row in rows]
    for matrix, _ in steps:
        _rescale(matrix, given)
    named = np.any([np.diff(matrix.indptr).reshape(n, m) > 0 for matrix, _ in steps], axis=0)
    if times:
        if sparse:
            raise InvalidArgument("sparse=True with times", remedy="leave it out: tables that vary with time are dense")
        return Gathered(state_labels, action_labels, *_stacked(steps, n, m), named)
    matrix, listed = steps[0]
    if n * m * n > LARGEST_DENSE if sparse is None else sparse:
        return Gathered(state_labels, action_labels, matrix, listed, named)
    fits_dense(n, m, len(listed.values))
    dense = lock(matrix.toarray().reshape(n, m, n))
    return Gathered(state_labels, action_labels, dense, listed.as_dense(matrix), named)


def labels_of(rows: Sequence[Row], states: Any, actions: Any) -> tuple[Labels, Labels]:
    """The states and actions of rows that begin with s, a and hold s' as the fourth; in the order they come."""
    seen = dict.fromkeys([row[0] for row in rows] + [row[3] for row in rows])
    return (
        labels(seen if states is None else states, owner="the MDP's states"),
        labels(dict.fromkeys(row[1] for row in rows) if actions is None else actions, owner="the MDP's actions"),
    )


def tables_of(mass: Mass, n: int, m: int) -> tuple[Any, Rewards]:
    """The transition as a CSR matrix, and the rewards of its entries, from the mass of each reward of each outcome."""
    places = sorted(mass)
    several = max(len(rewards) for rewards in mass.values())
    totals = np.array([sum(mass[place].values()) for place in places])
    values, weights = np.zeros((several, len(places))), np.zeros((several, len(places)))
    for entry, place in enumerate(places):
        for k, (r, p) in enumerate(sorted(mass[place].items())):
            values[k, entry] = r
            weights[k, entry] = p / totals[entry] if totals[entry] > 0 else float(k == 0)
    s, a, s_next = np.array(places).T
    begins = np.searchsorted(s * m + a, np.arange(n * m + 1))
    matrix = scipy_sparse.csr_array((totals, s_next, begins), shape=(n * m, n))
    return matrix, Rewards("o", lock(values), lock(weights) if several > 1 else None)


def _stacked(steps: Sequence[tuple[Any, Rewards]], n: int, m: int) -> tuple[Any, Rewards]:
    """Dense tables [t,s,a,s'] of several steps, and their rewards."""
    several = max(len(listed.values) for _, listed in steps)
    fits_dense(n, m, (1 + several) * len(steps))
    values = np.zeros((several, len(steps), n, m, n))
    weights, known = np.zeros(values.shape), np.zeros(values.shape[1:], bool)
    weights[0] = 1.0
    for t, (matrix, listed) in enumerate(steps):
        dense = listed.as_dense(matrix)
        values[: len(dense.values), t] = dense.values
        known[t] = dense.known
        if dense.weights is not None:
            weights[: len(dense.weights), t] = dense.weights
    transition = np.stack([matrix.toarray().reshape(n, m, n) for matrix, _ in steps])
    return lock(transition), Rewards("tsas", lock(values), lock(weights) if several > 1 else None, lock_mask(known))


def _times(rows: Sequence[Row]) -> int:
    """The number of steps, if the rows have times."""
    times = {row[5] for row in rows}
    if times == {None}:
        return 0
    if None in times:
        k = next(k for k, row in enumerate(rows) if row[5] is None)
        raise InvalidModel(f"outcome {k} has no time, and others have", allowed="t for all outcomes, or for none")
    first_missing = next(t for t in count() if t not in times)
    if first_missing <= max(times):
        raise InvalidModel(f"there are no outcomes at t={first_missing}", allowed="times 0 … T−1, each of them")
    return first_missing


def _rescale(matrix: Any, given: Sequence[Any]) -> None:
    """Make rows one that miss it by the rounding of numbers narrower than 64 bits; all others are checked later."""
    if not any(isinstance(p, np.floating) for p in given) or not spacing(given):
        return
    narrow = max((p for p in given if isinstance(p, np.floating)), key=spacing)  # one stands for all: the coarsest
    counts = np.diff(matrix.indptr)
    sums = np.asarray(matrix.sum(axis=1))
    close = [n > 0 and first_miss(total, narrow, int(n)) is None for total, n in zip(sums, counts, strict=True)]
    matrix.data /= np.repeat(np.where(close, sums, 1.0), counts)


def _checked(k: int, row: Row) -> Row:
    s, a, p, s_next, r, t = row
    mass, paid = as_float(p), as_float(r)
    if not 0.0 <= mass <= 1.0 + MOST:
        raise InvalidModel(
            f"outcome {k} {shown(_positions(row))} has probability {shown(p)}",
            allowed="0 to 1",
            remedy=f"the order is {FORM.positions}; by name nothing can be swapped: {{'s': …, 'a': …, 'p': …}}",
        )
    if np.isnan(paid):
        what = "NaN" if isinstance(r, float) else shown(r)
        raise InvalidModel(
            f"outcome {k} {shown(_positions(row))} has reward {what}", allowed="numbers below +inf; −inf forbids"
        )
    if t is not None and not is_count(_whole(t), least=0):
        raise InvalidModel(f"outcome {k} {shown(_positions(row))} has time {shown(t)}", allowed="0 … T−1")
    return s, a, p, s_next, paid, None if t is None else int(t)


def _positions(row: Row) -> Row:
    return row if row[5] is not None else row[:5]


def _whole(t: Any) -> Any:
    """A time, which tables with missing entries may hold as a float."""
    return int(t) if isinstance(t, float) and t.is_integer() else t


def _refuse_ambiguous(rows: Sequence[Row]) -> None:
    """Refuse rows by position whose p and s' may be swapped: both readings are processes, and they differ.

    The other reading needs probabilities in the fourth place that sum to one, and known states in the third.
    """
    known = {row[0] for row in rows}
    sums: dict[tuple[Hashable, Hashable], float] = {}
    for s, a, p, s_next, *_ in rows:
        if not 0.0 <= as_float(s_next) <= 1.0 or p not in known:
            return
        sums[s, a] = sums.get((s, a), 0.0) + float(s_next)
    if any(abs(total - 1.0) > MOST for total in sums.values()):
        return
    one, other = ({(s, a, x, float(y)) for s, a, x, y in reading if y} for reading in _readings(rows))
    if one != other:
        raise InvalidModel(
            f"outcome 0 {shown(rows[0][:5])} and all others may mean (s, a, p, s', r) or (s, a, s', p, r)",
            remedy="give them by name: {'s': …, 'a': …, 'p': …, 'next': …, 'r': …}",
        )


def _readings(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """(s, a, s', p) as the order is, and with p and s' swapped."""
    return [(s, a, z, p) for s, a, p, z, *_ in rows], [(s, a, p, z) for s, a, p, z, *_ in rows]
