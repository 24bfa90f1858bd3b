"""The forms in which rewards are given: arrays of every shape, sparse matrices, and how each is stored.

A process with a dense transition holds rewards densely. Beside a sparse transition rewards on outcomes are listed like
its non-zeros, and what a sparse reward leaves out is 0. Rewards that were given for impossible outcomes are kept as
they are, for networks whose dynamics are replaced.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.arguments import as_csr, as_numbers, choice
from control_pgm.control.mdp.checks import fits_dense
from control_pgm.control.mdp.dynamics import aligned
from control_pgm.control.mdp.given_rewards import Listing
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import frozen, lock, lock_mask

AXES = ("s", "sa", "sas", "tsa", "tsas")


def stored_rewards(reward: Any, axes: str | None, given: Any, table: Any, n_states: int, n_actions: int) -> Rewards:
    """Rewards in the form that fits the transition.

    Parameters
    ----------
    reward : array_like, scipy.sparse or Rewards
    axes : the form of an array, or None.
    given, table : the transition as it was given, which listed `Rewards` follow, and as it is stored.
    """
    if sparse.issparse(reward):
        return _from_sparse(reward, axes, given, table, n_states, n_actions)
    if isinstance(reward, Rewards):
        rewards = reward
        _check_size(rewards, n_states, n_actions)
    else:
        varying = table.shape[0] if table.ndim == 4 else None
        rewards = parse_rewards(reward, axes, n_states, n_actions, varying=varying)
    if rewards.listed:
        beyond = rewards.beyond or _lost(rewards, given, table, (n_states, n_actions))
        return replace(rewards.moved(given, table), beyond=beyond)
    if rewards.on_outcome and table.ndim == 2:
        return replace(rewards.as_list(table), beyond=Listing.of_all(rewards))
    return rewards


def _lost(rewards: Rewards, given: Any, table: Any, shape: tuple[int, int]) -> Listing | None:
    """Listed rewards as they were given, if the transition as it is stored lacks some of their outcomes."""
    if given is table or (aligned(np.ones(table.nnz), table, given) == 1.0).all():
        return None
    return Listing(rewards, given, shape)


def _check_size(rewards: Rewards, n_states: int, n_actions: int) -> None:
    """Refuse the rewards of a process with other numbers of states or actions; listed ones are aligned later."""
    sizes = {"s": n_states, "a": n_actions}
    axes = rewards.axes.removeprefix("t")
    wanted = tuple([sizes[axis] for axis in axes if axis in sizes])
    given = rewards.values.shape[-len(axes) :]
    if not rewards.listed and given != wanted:
        raise InvalidModel(f"the rewards of another process have the shape {given}", allowed=_shape_text(wanted))


def _from_sparse(reward: Any, axes: str | None, given: Any, table: Any, n_states: int, n_actions: int) -> Rewards:
    if axes not in (None, "sas"):
        raise InvalidArgument(f"reward_axes {axes!r} with a sparse reward", allowed="'sas', or nothing")
    rows = n_states * n_actions
    if reward.shape != (rows, n_states):
        raise InvalidModel(f"the sparse reward has shape {reward.shape}", allowed=f"({rows}, {n_states}), row s·A+a")
    matrix = as_csr(reward, "the reward")
    listed = Rewards("o", frozen(matrix.data[None]))
    if table.ndim == 2:
        there = (aligned(np.ones(given.nnz), given, table) > 0) | (aligned(np.ones(matrix.nnz), matrix, table) > 0)
        known = None if there.all() else lock_mask(np.asarray(there))
        values = frozen(aligned(matrix.data, matrix, table)[None])
        beyond = _lost(listed, matrix, table, (n_states, n_actions))
        return Rewards("o", values, None, known, beyond)
    fits_dense(n_states, n_actions)
    return listed.as_dense(matrix)


def parse_rewards(reward: Any, axes: str | None, n_states: int, n_actions: int, *, varying: int | None) -> Rewards:
    """Rewards from an array, whose form is given by its shape, or by ``axes`` where the shape fits several forms.

    ``varying`` is the number of steps of a time-varying transition, if any.
    """
    values = as_numbers(reward, "the reward")
    s, a = n_states, n_actions
    shapes: dict[str, tuple[int | None, ...]] = {
        "s": (s,),
        "sa": (s, a),
        "sas": (s, a, s),
        "tsa": (varying, s, a),
        "tsas": (varying, s, a, s),
    }
    if axes is not None:
        choice(axes, AXES, "reward_axes")
    fits = [name for name, shape in shapes.items() if _matches(values.shape, shape)]
    if axes is not None:
        if axes not in fits:
            raise InvalidModel(
                f"reward of shape {values.shape} does not fit reward_axes={axes!r}", allowed=_shape_text(shapes[axes])
            )
        fits = [axes]
    if not fits:
        allowed = ", ".join(f"{name} {_shape_text(shape)}" for name, shape in shapes.items())
        raise InvalidModel(f"reward of shape {values.shape} fits no form", allowed=allowed)
    if len(fits) > 1:
        raise InvalidModel(
            f"reward of shape {values.shape} is ambiguous: it may mean {' or '.join(fits)}",
            remedy=f"pass reward_axes={fits[0]!r} or {fits[1]!r}, to MDP(…) or mdp.varied(…)",
        )
    (form,) = fits
    if form == "s":
        values, form = lock(np.repeat(values[:, None], a, axis=1)), "sa"
    return Rewards(form, values[None])


def _matches(actual: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(actual) == len(wanted) and all(w is None or w == n for n, w in zip(actual, wanted, strict=True))


def _shape_text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("T" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
