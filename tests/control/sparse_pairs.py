"""Random decision processes, each written twice: with sparse tables, and with dense ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm import MDP
from tests.control.instances import rows

FORMS = ("s", "sa", "tsa", "sas, sparse", "sas, dense", "tsas", "outcomes", "several rewards")
SEEDS = range(96)


@dataclass(frozen=True, eq=False)
class Pair:
    """One process in both forms, a horizon that fits, and options of `solve`."""

    sparse: MDP
    dense: MDP
    horizon: int
    options: dict[str, Any]
    form: str


@cache
def pair(seed: int) -> Pair:
    """The pair of a seed; forms of rewards, discounts, masks and priors are mixed."""
    rng = np.random.default_rng(seed)
    form = FORMS[seed % len(FORMS)]
    n, m, horizon = int(rng.integers(1, 7)), int(rng.integers(1, 4)), int(rng.integers(1, 5))
    p = rows(rng, n, m, n, zeros=float(rng.choice([0.0, 0.5, 0.8])))
    more: dict[str, Any] = {
        "discount": float(rng.choice([1.0, 1.0, 0.9, 0.4, 0.0])),
        "initial": rows(rng, n, zeros=0.3),
    }
    available = np.ones((n, m), bool)
    if rng.random() < 0.4:
        available = rng.random((n, m)) < 0.6
        available[:, 0] |= ~available.any(axis=1)
    if rng.random() < 0.3:
        more["terminal_reward"] = rng.normal(size=n)
    own = rng.random() < 0.3
    if own:
        p[-1], available[-1] = np.eye(n)[-1], True
        more["states"] = [*(f"s{k}" for k in range(n - 1)), "terminal"]
        if "terminal_reward" in more:
            more["terminal_reward"][-1] = 0.0
    forbidden = 0.25 if rng.random() < 0.4 else 0.0

    def reward(*shape: int, s_axis: int) -> Any:
        values = rng.normal(scale=2, size=shape)
        values[rng.random(shape) < forbidden] = -np.inf
        if own:
            np.moveaxis(values, s_axis, 0)[-1] = 0.0
        return values

    options = {"temperature": float(rng.choice([0.1, 1.0, 5.0])), "action_prior": _prior(rng, available, horizon)}
    if form in ("outcomes", "several rewards"):
        both = _of_outcomes(rng, p, reward, available, several=2 if form != "outcomes" else 1, **more)
    else:
        both = _of_arrays(rng, p, reward, available, form, horizon, **more)
    return Pair(*both, horizon, options, form)


def _prior(rng, available, horizon):
    kind = rng.choice(["none", "counting", "sa", "tsa"])
    if kind in ("none", "counting"):
        return None if kind == "none" else "counting"
    shape = available.shape if kind == "sa" else (horizon, *available.shape)
    weights = (rng.random(shape) + 0.1) * available
    return weights / weights.sum(axis=-1, keepdims=True)


def _of_arrays(rng, p, reward, available, form, horizon, **more):
    n, m, _ = p.shape
    matrix = sparse.csr_array(p.reshape(n * m, n))
    if form == "sas, sparse":
        values = reward(n, m, n, s_axis=0)
        values[rng.random(values.shape) < 0.3] = 0.0
        given = sparse.coo_array(np.where(p > 0, values, 0.0).reshape(n * m, n))
        dense = MDP(p, values, reward_axes="sas", available=available, **more)
        return MDP(matrix, given, available=available, **more), dense
    axes = form.removesuffix(", dense")
    shape = [{"t": horizon, "s": n, "a": m}[axis] for axis in axes]
    values = reward(*shape, s_axis=axes.index("s"))
    return tuple(MDP(table, values, reward_axes=axes, available=available, **more) for table in (matrix, p))


def _of_outcomes(rng, p, reward, available, *, several, **more):
    n, m, _ = p.shape
    names = more.pop("states", list(range(n)))
    values, shares = reward(several, n, m, n, s_axis=1), rows(rng, n, m, n, several, zeros=0.3)
    listed = [
        (names[s], a, float(p[s, a, nxt] * shares[s, a, nxt, k]), names[nxt], float(values[k, s, a, nxt]))
        for s, a, nxt, k in np.ndindex(n, m, n, several)
        if available[s, a]
    ]
    order = rng.permutation(len(listed))
    mixed = [listed[k] for k in order]
    return tuple(MDP.from_outcomes(mixed, states=names, actions=m, sparse=form, **more) for form in (True, False))
