"""What the infinite horizon needs of a decision process: stationary tables, weights of actions and of outcomes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from control_pgm.control.arguments import as_float, choice, is_count
from control_pgm.control.infinite.log_matrix import LogMatrix
from control_pgm.control.mdp import MDP
from control_pgm.control.priors import parse_prior
from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray

_LARGEST = 1e14  # nats: beyond, logarithms keep no digit after the point


def check_stationary(mdp: MDP) -> None:
    """Refuse what has no meaning without an end: tables that vary with time, a terminal reward."""
    if not isinstance(mdp, MDP):
        raise InvalidArgument(f"{type(mdp).__name__} cannot be solved", allowed="an MDP")
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

    An outcome may have several rewards: E is over them. ``weight`` is w, in units of reward; with w < 0 a forbidden
    reward, −inf, makes its row infinite.
    """
    transition = transition_matrix(mdp)
    rows = np.repeat(np.arange(transition.shape[0]), np.diff(transition.indptr))
    rewards = mdp.reward_table.at(0)
    if rewards.on_outcome:
        rewards = rewards if rewards.listed else rewards.as_list(transition)
        values, shares = rewards.values, rewards.weights
    else:
        values, shares = rewards.values.reshape(len(rewards.values), -1)[:, rows], None
    possible = mdp.available.ravel()[rows] & (transition.data > 0)
    used = np.broadcast_to(possible, values.shape) & (True if shares is None else shares > 0)
    scaled = in_units(values, weight, used)
    if shares is not None:
        scaled = scaled + np.log(shares, out=np.full(shares.shape, -np.inf), where=used)
    logs = np.full(len(rows), -np.inf)
    logs[possible] = np.logaddexp.reduce(scaled, axis=0)[possible] + np.log(transition.data[possible])
    return LogMatrix.of(rows, transition.indices.astype(np.int64), logs, transition.shape)


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
