"""What the infinite horizon needs of a decision process: stationary tables, weights of actions and of outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from control_pgm.control.infinite.log_matrix import LogMatrix
from control_pgm.control.mdp import MDP
from control_pgm.control.priors import parse_prior
from control_pgm.control.slices import terminal_state
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
    if method not in methods:
        raise InvalidArgument(f"method {method!r}", allowed=", ".join(map(repr, methods)))
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float | np.floating) or not tolerance > 0:
        raise InvalidArgument(f"tolerance {tolerance!r}", allowed="a number > 0")
    if max_iterations is None:
        return methods[method]
    if isinstance(max_iterations, bool) or not isinstance(max_iterations, int | np.integer) or max_iterations < 1:
        raise InvalidArgument(f"max_iterations {max_iterations!r}", allowed="an integer ≥ 1")
    return int(max_iterations)


def action_measure(mdp: MDP, action_prior: ArrayLike | str | None) -> FloatArray:
    """What each action weighs, shape (S, A): its prior probability, or 1 where available actions are counted."""
    prior = parse_prior(mdp, action_prior, 1)
    if prior.varying:
        raise InvalidArgument(
            f"action_prior has shape {prior.table.shape}, without a horizon",
            allowed=f"({mdp.n_actions},) or ({mdp.n_states}, {mdp.n_actions})",
        )
    if not prior.counting:
        return prior.table
    counted = (prior.table > 0).astype(np.float64)
    ended = terminal_state(mdp) if mdp.discount < 1.0 else None
    if ended is not None:  # a process that discount has ended takes no further actions: its state counts once
        counted[ended] = prior.table[ended]
    return counted


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
    scaled = _over(values, weight, used)
    if shares is not None:
        scaled = scaled + np.log(shares, out=np.full(shares.shape, -np.inf), where=used)
    logs = np.full(len(rows), -np.inf)
    logs[possible] = np.logaddexp.reduce(scaled, axis=0)[possible] + np.log(transition.data[possible])
    return LogMatrix.of(rows, transition.indices.astype(np.int64), logs, transition.shape)


def _over(values: FloatArray, weight: float, used: Any) -> FloatArray:
    """r/w where it is used, −inf elsewhere; refused where floating point could not tell its digits."""
    scaled = np.full(values.shape, -np.inf)
    with np.errstate(over="ignore"):
        np.divide(values, weight, out=scaled, where=used)
    lost = used & np.isfinite(values) & (np.abs(scaled) > _LARGEST)
    if lost.any():
        raise InvalidArgument(
            f"a reward of {values[lost][0]:g} overflows at temperature {weight:g}",
            allowed=f"|reward|/temperature up to {_LARGEST:g}",
            remedy="raise the temperature, or write −inf for what is forbidden",
        )
    return scaled
