"""Stationary tables of a process for the infinite horizon: weights of actions and of outcomes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from control_pgm.control.arguments import as_float, choice, is_count, to_process
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.network.priors import parse_prior
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray, IntArray
from control_pgm.tables.operators import phi

_LARGEST_VALUE = 1e306  # of all values; sums of a few still are numbers
_LARGEST = 1e14  # nats: beyond, logarithms keep no digit after the point


def check_stationary(mdp: MDP) -> None:
    """Refuse what has no meaning without an end: tables that vary with time, a terminal reward."""
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} cannot be solved", allowed="an MDP", remedy=to_process(mdp))
    if mdp.time_steps is not None:
        raise InvalidArgument(
            f"tables with {mdp.time_steps} time steps, without a horizon",
            allowed="tables that do not vary with time",
            remedy="solve(mdp, horizon) takes them",
        )
    if mdp.terminal_reward is not None:
        raise InvalidArgument("a terminal reward, without a last step", remedy="solve(mdp, horizon) has one")


def checked_limit(method: str, methods: Mapping[str, int], tolerance: float, max_iterations: int | None) -> int:
    """The number of iterations allowed: as given, or the method's own; tolerance and method are checked as well."""
    choice(method, methods, "method")
    if not 0.0 < as_float(tolerance) < np.inf:
        raise InvalidArgument(f"tolerance {tolerance!r}", allowed="a finite number > 0")
    if max_iterations is None:
        return methods[method]
    if not is_count(max_iterations):
        raise InvalidArgument(f"max_iterations {max_iterations!r}", allowed="an integer ≥ 1")
    return min(int(max_iterations), sys.maxsize)


def check_range(rewards: FloatArray, discount: float) -> None:
    """Refuse discounted sums of rewards that exceed all floating-point numbers."""
    largest = float(np.abs(rewards).max(where=np.isfinite(rewards), initial=0.0))
    if largest > _LARGEST_VALUE * (1.0 - discount):
        raise InvalidArgument(
            f"rewards up to {largest:g} with discount {discount:.15g} add up to values beyond floating point",
            allowed=f"up to {_LARGEST_VALUE * (1.0 - discount):.3g}",
            remedy="measure rewards in a larger unit, or lower the discount",
        )


def action_measure(mdp: MDP, action_prior: ArrayLike | str | None) -> FloatArray:
    """What each action weighs, shape (S, A): its prior probability, or 1 where available actions are counted."""
    prior = parse_prior(mdp, action_prior, 1)
    if prior.varying:
        raise InvalidArgument(
            f"action_prior has shape {prior.table.shape}, without a horizon",
            allowed=f"({mdp.n_actions},) or ({mdp.n_states}, {mdp.n_actions})",
        )
    return prior.measure


def transition_matrix(mdp: MDP) -> Any:
    """P(s'|s,a) as a CSR matrix (S·A, S), row s·A+a."""
    return sparse.csr_array(mdp.matrix_at(0))


def outcome_weights(mdp: MDP, weight: float) -> LogMatrix:
    """P(s'|s,a) E[e^{r/w} | s,a,s'] for available pairs, shape (S·A, S), row s·A+a; other rows are empty.

    An outcome may have several rewards: E is over them. ``weight`` is w > 0, in units of reward.
    """
    transition, values, shares = _outcomes(mdp)
    scaled = in_units(values, weight, shares > 0)
    scaled = scaled + np.log(shares, out=np.full(shares.shape, -np.inf), where=shares > 0)
    logs = np.logaddexp.reduce(scaled, axis=0) + np.log(transition.data)
    return LogMatrix.of(_rows(transition), transition.indices.astype(np.int64), logs, transition.shape)


def outcome_rewards(mdp: MDP, weight: float) -> tuple[Any, FloatArray]:
    """P(s'|s,a) for available pairs as a CSR matrix (S·A, S), row s·A+a, and the reward of each of its entries.

    An outcome may have several rewards: then it is their certainty equivalent w log E e^{r/w}. ``weight`` is w, in
    units of reward, of either sign.
    """
    transition, values, shares = _outcomes(mdp)
    in_units(values, weight, shares > 0)
    return transition, phi(values.T, shares.T, weight, weight)


def _outcomes(mdp: MDP) -> tuple[Any, FloatArray, FloatArray]:
    """Transitions of available pairs; rewards and their weights, shape (number of rewards, non-zeros)."""
    matrix = transition_matrix(mdp)
    rewards = mdp.reward_table.at(0)
    if rewards.on_outcome:
        rewards = rewards if rewards.listed else rewards.as_list(matrix)
        values, shares = rewards.values, rewards.weights
    else:
        values, shares = rewards.values.reshape(len(rewards.values), -1)[:, _rows(matrix)], None
    possible = mdp.available.ravel()[_rows(matrix)] & (matrix.data > 0)
    weights = np.ones(values.shape) if shares is None else np.broadcast_to(shares, values.shape)
    starts = np.concatenate([[0], np.cumsum(possible)])[matrix.indptr]
    kept = sparse.csr_array((matrix.data[possible], matrix.indices[possible], starts), shape=matrix.shape)
    return kept, values[:, possible], weights[:, possible]


def _rows(matrix: Any) -> IntArray:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def in_units(values: FloatArray, weight: float, used: Any) -> FloatArray:
    """r/w where it is used, −inf elsewhere.

    Raises
    ------
    InvalidArgument
        Where logarithms would keep no digit after the point.
    """
    scaled = np.full(values.shape, -np.inf)
    with np.errstate(over="ignore"):
        np.divide(values, weight, out=scaled, where=used)
    lost = used & np.isfinite(values) & (np.abs(scaled) > _LARGEST)
    if lost.any():
        raise InvalidArgument(
            f"a reward of {values[lost][0]:g} overflows in units of {abs(weight):g}, the temperature or inverse risk",
            allowed=f"up to {_LARGEST:g} such units",
            remedy="raise the temperature, or take a risk closer to 0; write −inf for what is forbidden",
        )
    return scaled
