"""Entry checks of a decision process: each returns the checked value, or names t, s, a, the value and the remedy."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from control_pgm.control.arguments import as_float, as_numbers, is_count
from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidModel, TooLarge, suggestion, unknown
from control_pgm.tables.arrays import BoolArray, FloatArray, lock
from control_pgm.tables.probabilities import MOST, exact, first_miss
from control_pgm.tables.variable import Labels

MAX_DENSE_BYTES = 4 * 2**30
BYTES_A_PAIR = 100  # what sparse tables take for each state and action while they are made, about
MAX_REWARD = 1e300  # in magnitude: sums over a million steps are still numbers
PAYABLE = f"numbers up to {MAX_REWARD:g} in magnitude; −inf forbids"
_AVAILABLE = "an array of booleans of shape (S, A), or {state: [actions]}"


def count(what: str, names: Labels, n: int) -> None:
    """As many labels as the tables have entries."""
    if len(names) != n:
        raise InvalidModel(f"{len(names)} {what} are named, but the transition has {n}", allowed=f"{n} labels")


def initial_distribution(initial: Any, states: Labels) -> FloatArray:
    """p(s_0) from None (uniform), a label, a mapping label -> probability, or a vector."""
    vector = distribution(initial, states, "initial")
    return lock(vector / float(vector.sum()))


def distribution(given: Any, states: Labels, what: str) -> FloatArray:
    """Probabilities of states from None (uniform), a label, a mapping label -> probability, or a vector.

    Those that sum to one to rounding are kept bit by bit; ``what`` names them in errors.
    """
    n = len(states)
    if given is None:
        return lock(np.full(n, 1.0 / n))
    if isinstance(given, Mapping):
        vector = np.zeros(n)
        for label, p in given.items():
            vector[index(states, label, f"{what} state")] = _probability(p, f"{what}[{label!r}]")
    elif isinstance(given, Hashable) and given in states.index_of:
        vector = np.zeros(n)
        vector[states.index_of[given]] = 1.0
    elif isinstance(given, str | int) or (isinstance(given, tuple) and suggestion(given, states)):
        raise unknown(given, states, what=f"{what} state")
    else:
        vector = as_numbers(given, what)
    if vector.shape != (n,):
        raise InvalidModel(f"{what} has shape {vector.shape}", allowed=f"({n},), a state label, or {{label: p}}")
    bad = ~(vector >= 0)
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidModel(f"{what} is {vector[k]} at s={states[k]!r}", allowed="numbers ≥ 0")
    total = float(vector.sum())
    if miss := first_miss(np.array(total), given, lambda: (vector > 0).sum()):
        raise InvalidModel(f"{what} sums to {total:.12g}", allowed=miss.allowed, remedy=miss.remedy())
    return lock(vector if exact(np.array(total)) else vector / total)


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
        mask = _mask(available)
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
    values = as_numbers(terminal, "terminal_reward")
    if values.shape != (len(states),):
        raise InvalidModel(f"terminal_reward has shape {values.shape}", allowed=f"({len(states)},)")
    bad = ~payable(values)
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidModel(f"terminal_reward is {values[k]} at s={states[k]!r}", allowed=PAYABLE)
    return values


def discount_factor(discount: Any) -> float:
    """Gamma in [0, 1]."""
    gamma = as_float(discount)
    if not 0.0 <= gamma <= 1.0:
        raise InvalidArgument(f"discount {discount!r}", allowed="a number from 0 to 1")
    return gamma


def grid_positions(positions: Any, states: Labels) -> Mapping[Hashable, tuple[int, int]] | None:
    """label -> (row, column), known labels only."""
    if positions is None:
        return None
    if not isinstance(positions, Mapping):
        raise InvalidModel(f"positions is {positions!r}", allowed="{state: (row, column)}")
    for label in positions:
        if label not in states.index_of:
            raise unknown(label, states, what="state in positions:")
    return {label: _row_and_column(label, place) for label, place in positions.items()}


def _row_and_column(label: Hashable, place: Any) -> tuple[int, int]:
    try:
        row, column = place
        return operator.index(row), operator.index(column)
    except (TypeError, ValueError):
        raise InvalidModel(f"position of {label!r} is {place!r}", allowed="(row, column), two integers") from None


def payable(values: FloatArray) -> BoolArray:
    """Where a value may be a reward: −inf, or a number whose sum over any horizon is one."""
    return np.asarray((np.abs(values) <= MAX_REWARD) | np.isneginf(values))


def fits_dense(n_states: int, n_actions: int, several: int = 1) -> None:
    """Refuse dense (S, A, S) tables before they are allocated, if they are too large."""
    need = 8 * several * n_states * n_actions * n_states
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"a dense table of {n_states} × {n_actions} × {n_states} entries needs {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="pass a scipy.sparse matrix of shape (S·A, S), and ask for matrix_at(t) instead",
        )


def fits_pairs(n_states: int, n_actions: int) -> None:
    """Refuse sparse tables before they are made, if there are too many pairs of a state and an action."""
    need = BYTES_A_PAIR * n_states * n_actions
    if need > MAX_DENSE_BYTES:
        raise TooLarge(
            f"tables of {n_states} states and {n_actions} actions need {size(need)}",
            allowed=size(MAX_DENSE_BYTES),
            remedy="let states share the names of actions: each state has its own first, second, …",
        )


def _probability(value: Any, what: str) -> float:
    p = as_float(value)
    if not 0.0 <= p <= 1.0 + MOST:
        raise InvalidModel(f"{what} is {value!r}", allowed="a probability, 0 to 1")
    return p


def _mask(available: Any) -> BoolArray:
    try:
        return np.array(available)
    except ValueError:
        raise InvalidModel("the rows of available differ in length", allowed=_AVAILABLE) from None


def step(t: Any, steps: int) -> int:
    """A time t of tables that vary over T steps."""
    if not is_count(t, least=0) or t >= steps:
        raise InvalidArgument(f"time {t!r}", allowed=f"0 … {steps - 1}")
    return int(t)


def index(names: Labels, label: Hashable, what: str) -> int:
    """The index of a label."""
    try:
        return names.index_of[label]
    except (KeyError, TypeError):
        raise unknown(label, names, what=what) from None
