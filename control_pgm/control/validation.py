"""Entry checks of a decision process: each returns the checked value, or names t, s, a, the value and the remedy."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, unknown
from control_pgm.models.cpd import ROW_TOLERANCE
from control_pgm.tables.arrays import BoolArray, FloatArray, frozen, lock
from control_pgm.tables.variable import Labels

if TYPE_CHECKING:
    from control_pgm.control.mdp import MDP

MAX_DENSE_BYTES = 4 * 2**30


def count(what: str, names: Labels, n: int) -> None:
    """As many labels as the tables have entries."""
    if len(names) != n:
        raise InvalidModel(f"{len(names)} {what} are named, but the transition has {n}", allowed=f"{n} labels")


def initial_distribution(initial: Any, states: Labels) -> FloatArray:
    """p(s_0) from None (uniform), a label, a mapping label -> probability, or a vector."""
    n = len(states)
    if initial is None:
        return lock(np.full(n, 1.0 / n))
    if isinstance(initial, Mapping):
        vector = np.zeros(n)
        for label, p in initial.items():
            vector[index(states, label, "initial state")] = _number(p, f"initial[{label!r}]")
    elif isinstance(initial, Hashable) and initial in states.index_of:
        vector = np.zeros(n)
        vector[states.index_of[initial]] = 1.0
    elif isinstance(initial, str | int):
        raise unknown(initial, states, what="initial state")
    else:
        vector = _vector(initial, "initial")
    if vector.shape != (n,):
        raise InvalidModel(f"initial has shape {vector.shape}", allowed=f"({n},), a state label, or {{label: p}}")
    bad = ~(vector >= 0)
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidModel(f"initial is {vector[k]} at s={states[k]!r}", allowed="numbers ≥ 0")
    total = float(vector.sum())
    if abs(total - 1.0) > ROW_TOLERANCE:
        raise InvalidModel(f"initial sums to {total:.12g}", allowed="1 within 1e-9")
    return lock(vector / total)


def availability(available: Any, states: Labels, actions: Labels) -> BoolArray:
    """The boolean (S, A) mask of available actions; every state needs one."""
    mask = np.ones((len(states), len(actions)), dtype=bool)
    if isinstance(available, Mapping):
        for label, allowed in available.items():
            s = index(states, label, "state in available:")
            mask[s] = False
            if isinstance(allowed, str) or not isinstance(allowed, Iterable):
                raise InvalidModel(f"available[{label!r}] is {allowed!r}", allowed="a list of actions")
            for action in allowed:
                mask[s, index(actions, action, f"action in available[{label!r}]:")] = True
    elif available is not None:
        mask = np.array(available)
        if mask.shape != (len(states), len(actions)) or mask.dtype != np.bool_:
            raise InvalidModel(
                f"available has shape {mask.shape} and type {mask.dtype}",
                allowed=f"booleans of shape ({len(states)}, {len(actions)}), or {{state: [actions]}}",
            )
    if not mask.any(axis=1).all():
        s = int(np.argmin(mask.any(axis=1)))
        raise InvalidModel(
            f"no action is available at s={states[s]!r}", remedy="give absorbing states all actions, with reward 0"
        )
    mask.flags.writeable = False
    return mask


def terminal_rewards(terminal: Any, states: Labels) -> FloatArray | None:
    """The reward of s_T, or None."""
    if terminal is None:
        return None
    values = _vector(terminal, "terminal_reward")
    if values.shape != (len(states),):
        raise InvalidModel(f"terminal_reward has shape {values.shape}", allowed=f"({len(states)},)")
    bad = np.isnan(values) | np.isposinf(values)
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidModel(
            f"terminal_reward is {values[k]} at s={states[k]!r}", allowed="numbers below +inf; −inf forbids"
        )
    return values


def discount_factor(discount: Any) -> float:
    """Gamma in [0, 1]."""
    if isinstance(discount, bool) or not isinstance(discount, Real) or not 0.0 <= float(discount) <= 1.0:
        raise InvalidArgument(f"discount {discount!r}", allowed="a number from 0 to 1")
    return float(discount)


def grid_positions(positions: Any, states: Labels) -> Mapping[Hashable, tuple[int, int]] | None:
    """label -> (row, column), known labels only."""
    if positions is None:
        return None
    if not isinstance(positions, Mapping):
        raise InvalidModel(f"positions is {positions!r}", allowed="{state: (row, column)}")
    result: dict[Hashable, tuple[int, int]] = {}
    for label, place in positions.items():
        index(states, label, "state in positions:")
        try:
            row, column = map(operator.index, place)
        except (TypeError, ValueError):
            raise InvalidModel(f"position of {label!r} is {place!r}", allowed="(row, column), two integers") from None
        result[label] = (row, column)
    return result


def dense_reward(reward: Any, axes: str | None, n_states: int, n_actions: int) -> tuple[Any, str | None]:
    """A sparse reward (S·A, S) as a dense array with axes "sas"; anything else as it is."""
    if not sparse.issparse(reward):
        return reward, axes
    if axes not in (None, "sas"):
        raise InvalidArgument(f"reward_axes {axes!r} with a sparse reward", allowed="'sas', or nothing")
    if reward.shape != (n_states * n_actions, n_states):
        raise InvalidModel(
            f"the sparse reward has shape {reward.shape}", allowed=f"({n_states * n_actions}, {n_states}), row s·A+a"
        )
    fits_dense(n_states, n_actions)
    return reward.toarray().reshape(n_states, n_actions, n_states), "sas"


def reward_values(mdp: MDP, t: int) -> None:
    """No NaN and no +inf inside the support at step t."""
    rewards = mdp.rewards.at(t)
    bad = (np.isnan(rewards.values) | np.isposinf(rewards.values)) & rewards.used(mdp.support_at(t))
    if not bad.any():
        return
    at = np.argwhere(bad)[0]
    place = [f"t={t}"] if mdp.time_steps else []
    place += [f"s={mdp.states[at[1]]!r}", f"a={mdp.actions[at[2]]!r}"]
    place += [f"s'={mdp.states[at[3]]!r}"] if len(at) > 3 else []
    raise InvalidModel(
        f"the reward is {rewards.values[tuple(at)]} at {', '.join(place)}", allowed="numbers below +inf; −inf forbids"
    )


def fits_dense(n_states: int, n_actions: int) -> None:
    """Refuse a dense (S, A, S) table before it is allocated, if it is too large."""
    need = 8 * n_states * n_actions * n_states
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"a dense table of {n_states} × {n_actions} × {n_states} entries needs {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="merge states, or split the problem",
        )


def _vector(values: Any, what: str) -> FloatArray:
    try:
        return frozen(values)
    except (TypeError, ValueError):
        raise InvalidModel(f"{what} is {values!r}", allowed="an array of numbers") from None


def _number(value: Any, what: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidModel(f"{what} is {value!r}", allowed="a number") from None


def index(names: Labels, label: Hashable, what: str) -> int:
    """The index of a label."""
    try:
        return names.index_of[label]
    except (KeyError, TypeError):
        raise unknown(label, names, what=what) from None
