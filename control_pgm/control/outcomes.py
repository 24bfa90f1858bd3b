"""Decision processes given outcome by outcome, as environments list them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse as scipy_sparse

from control_pgm.control.arguments import as_float
from control_pgm.control.rewards import Rewards
from control_pgm.control.validation import fits_dense, index
from control_pgm.display.text import shortened
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import BoolArray, lock
from control_pgm.tables.probabilities import MOST, first_miss, spacing
from control_pgm.tables.variable import Labels, labels

Outcome = tuple[Hashable, Hashable, float, Hashable, float]  # (s, a, probability, s', reward)
_LONGEST_SHOWN = 80  # letters of what an error quotes
LARGEST_DENSE = 2**22  # entries of a transition table; larger ones are made sparse


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a list of outcomes amounts to."""

    states: Labels
    actions: Labels
    transition: Any  # [s,a,s'], or a CSR matrix
    rewards: Rewards  # in the form of the transition
    available: BoolArray  # pairs with at least one outcome


def gather(
    outcomes: Iterable[Outcome],
    states: int | Iterable[Hashable] | None = None,
    actions: int | Iterable[Hashable] | None = None,
    *,
    sparse: bool | None = None,
) -> Gathered:
    """Add up equal outcomes and keep different rewards of one (s, a, s') apart, each with its share.

    The tables are sparse if ``sparse`` says so; by default if dense ones would have more than `LARGEST_DENSE` entries.
    """
    if sparse is not None and not isinstance(sparse, bool):
        raise InvalidArgument(f"sparse {sparse!r}", allowed="True, False, or None: by size")
    if not isinstance(outcomes, Iterable):
        raise InvalidModel(f"{_shown(outcomes)} are no outcomes", allowed="a list of (s, a, probability, s', reward)")
    given = list(outcomes)
    rows = [_checked(k, outcome) for k, outcome in enumerate(given)]
    if not rows:
        raise InvalidModel("there are no outcomes", allowed="(s, a, probability, s', reward), at least one")
    seen_states = dict.fromkeys([row[0] for row in rows] + [row[3] for row in rows])
    state_labels = labels(seen_states if states is None else states, owner="the MDP's states")
    action_labels = labels(
        dict.fromkeys(row[1] for row in rows) if actions is None else actions, owner="the MDP's actions"
    )
    mass: dict[tuple[int, int, int], dict[float, float]] = {}
    for k, (s, a, p, s_next, r) in enumerate(rows):
        key = (
            index(state_labels, s, f"outcome {k}: state"),
            index(action_labels, a, f"outcome {k}: action"),
            index(state_labels, s_next, f"outcome {k}: next state"),
        )
        rewards = mass.setdefault(key, {})
        rewards[r] = rewards.get(r, 0.0) + p
    n, m = len(state_labels), len(action_labels)
    matrix, listed = _listed(mass, n, m)
    _rescale(matrix, [outcome[2] for outcome in given])
    named = np.diff(matrix.indptr).reshape(n, m) > 0
    if n * m * n > LARGEST_DENSE if sparse is None else sparse:
        return Gathered(state_labels, action_labels, matrix, listed, named)
    fits_dense(n, m, len(listed.values))
    dense = lock(matrix.toarray().reshape(n, m, n))
    return Gathered(state_labels, action_labels, dense, listed.as_dense(matrix), named)


def _listed(mass: Mapping[tuple[int, int, int], Mapping[float, float]], n: int, m: int) -> tuple[Any, Rewards]:
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


def _rescale(matrix: Any, given: Sequence[Any]) -> None:
    """Make rows one that miss it by the rounding of numbers narrower than 64 bits; all others are checked later."""
    if not spacing(given):
        return
    counts = np.diff(matrix.indptr)
    sums = np.asarray(matrix.sum(axis=1))
    close = np.array(
        [n > 0 and first_miss(total, given, int(n)) is None for total, n in zip(sums, counts, strict=True)]
    )
    matrix.data /= np.repeat(np.where(close, sums, 1.0), counts)


def _checked(k: int, outcome: Outcome) -> tuple[Hashable, Hashable, float, Hashable, float]:
    try:
        s, a, p, s_next, r = outcome
        hash((s, a, s_next))
    except (TypeError, ValueError):
        raise InvalidModel(
            f"outcome {k} is {_shown(outcome)}",
            allowed="(s, a, probability, s', reward)",
            remedy="labels must be hashable: text, numbers, tuples",
        ) from None
    mass, paid = as_float(p), as_float(r)
    if not 0.0 <= mass <= 1.0 + MOST:
        raise InvalidModel(f"outcome {k} {_shown(outcome)} has probability {_shown(p)}", allowed="0 to 1")
    if np.isnan(paid):
        shown = "NaN" if isinstance(r, float) else _shown(r)
        raise InvalidModel(
            f"outcome {k} {_shown(outcome)} has reward {shown}", allowed="numbers below +inf; −inf forbids"
        )
    return s, a, mass, s_next, paid


def _shown(value: object) -> str:
    """What was given, short enough for a message."""
    return shortened(repr(value), _LONGEST_SHOWN)
