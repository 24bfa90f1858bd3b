"""Decision processes given outcome by outcome, as environments list them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from control_pgm.control.rewards import Rewards
from control_pgm.control.validation import fits_dense, index
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.variable import Labels, labels

Outcome = tuple[Hashable, Hashable, float, Hashable, float]  # (s, a, probability, s', reward)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a list of outcomes amounts to."""

    states: Labels
    actions: Labels
    transition: FloatArray  # [s,a,s']
    rewards: Rewards
    available: BoolArray  # pairs with at least one outcome


def gather(
    outcomes: Iterable[Outcome],
    states: int | Iterable[Hashable] | None = None,
    actions: int | Iterable[Hashable] | None = None,
) -> Gathered:
    """Add up equal outcomes and keep different rewards of one (s, a, s') apart, each with its share."""
    if not isinstance(outcomes, Iterable):
        raise InvalidModel(f"{outcomes!r} are no outcomes", allowed="a list of (s, a, probability, s', reward)")
    rows = [_checked(k, outcome) for k, outcome in enumerate(outcomes)]
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
    fits_dense(n, m)
    transition = np.zeros((n, m, n))
    several = max(len(rewards) for rewards in mass.values())
    values = np.zeros((several, n, m, n))
    weights = np.zeros((several, n, m, n))
    weights[0] = 1.0
    for key, rewards in mass.items():
        total = sum(rewards.values())
        transition[key] = total
        for k, (r, p) in enumerate(sorted(rewards.items())):
            values[(k, *key)] = r
            weights[(k, *key)] = p / total if total > 0 else float(k == 0)
    table = Rewards("sas", lock(values), lock(weights) if several > 1 else None)
    named = np.zeros((n, m), dtype=bool)
    for s_index, a_index, _ in mass:
        named[s_index, a_index] = True
    return Gathered(state_labels, action_labels, lock(transition), table, named)


def _checked(k: int, outcome: Outcome) -> tuple[Hashable, Hashable, float, Hashable, float]:
    try:
        s, a, p, s_next, r = outcome
        p, r = float(p), float(r)
    except (TypeError, ValueError):
        raise InvalidModel(f"outcome {k} is {outcome!r}", allowed="(s, a, probability, s', reward)") from None
    if not 0.0 <= p <= 1.0:
        raise InvalidModel(f"outcome {k} {outcome!r} has probability {p}", allowed="0 to 1")
    if np.isnan(r):
        raise InvalidModel(f"outcome {k} {outcome!r} has reward NaN", allowed="numbers below +inf; −inf forbids")
    return s, a, p, s_next, r
