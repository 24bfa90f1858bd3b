"""The yardstick: forward-backward on one decision process as one would write it by hand, fast, in NumPy.

It knows that the problem is a stationary Markov decision process, holds its messages as linear numbers, writes into
arrays made beforehand, and has no guard against underflow. With W(s,a,s') = p(a|s) p(O=1|s,a,s') P(s'|s,a) it computes

    j_t(s,a) = sum_s' W(s,a,s') b_{t+1}(s'),    b_t(s) = sum_a j_t(s,a),    f_{t+1}(s') = sum_{s,a} f_t(s) W(s,a,s'),

so that p(a_t|s_t,O) = j_t/b_t and p(s_t|O) ∝ f_t b_t. "By pairs" goes through all (s,a) in every step; "by states" uses
M(s,s') = sum_a W(s,a,s'), which is A times smaller and the same for all steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray
from tests.benchmarks.instances import Instance

Product = Callable[[FloatArray, FloatArray], object]  # (vector, out): a fixed matrix times a vector
_CHUNK = 2**16  # entries whose answers are computed at once, while they are in the cache
_SPAN = 100 * np.log(10.0)  # nats by which messages may shrink between two rescalings


class Answers(NamedTuple):
    """What the job asks for."""

    policy: FloatArray  # p(a_t | s_t, O), axes t, s, a
    marginals: FloatArray  # p(s_t, a_t | O), axes t, s, a
    log_evidence: float  # of rewards shifted to at most 0, nats


Run = Callable[["Room"], Answers]


@dataclass(frozen=True, eq=False)
class Room:
    """The arrays that a run writes into, and their rows. The answers lie in it, until the next run."""

    initial: FloatArray
    joint: FloatArray  # [t, s·a], turned into the policy at the end
    marginals: FloatArray  # [t, s, a]
    backward: FloatArray  # [T+1, s]
    forward: FloatArray  # [t, s]
    scales: FloatArray  # [t], what b_t was divided by

    @staticmethod
    def of(instance: Instance) -> Room:
        """Fresh arrays of the right size."""
        horizon, n, m = instance.horizon, instance.n_states, instance.n_actions
        backward, forward = np.empty((horizon + 1, n)), np.empty((horizon, n))
        backward[-1], forward[0] = 1.0, instance.initial
        joint, marginals = np.empty((horizon, n * m)), np.empty((horizon, n, m))
        return Room(instance.initial, joint, marginals, backward, forward, np.empty(horizon))

    @cached_property
    def joint_rows(self) -> list[FloatArray]:
        """Vectors over s·a."""
        return list(self.joint)

    @cached_property
    def joint_tables(self) -> list[FloatArray]:
        """Tables over (s, a)."""
        return list(self.joint.reshape(self.marginals.shape))

    @cached_property
    def backward_rows(self) -> list[FloatArray]:
        """Vectors over s for t = 0 … T."""
        return list(self.backward)

    @cached_property
    def forward_rows(self) -> list[FloatArray]:
        """Vectors over s for t = 0 … T−1."""
        return list(self.forward)


def steps_between_scalings(row_sums: FloatArray, horizon: int) -> int:
    """How many steps the messages can do without rescaling.

    ``row_sums`` are those of M. No step makes the smallest entry of b, or the sum of f, smaller than by their minimum.
    """
    shrinking = -np.log(row_sums.min())
    return horizon if shrinking * horizon <= _SPAN else max(1, int(_SPAN / shrinking))


def backward_by_pairs(times: Product, room: Room, every: int) -> None:
    """All j_t and b_t; ``times`` multiplies by W."""
    joint, tables, rows, scales = room.joint_rows, room.joint_tables, room.backward_rows, room.scales
    scales.fill(1.0)
    over_actions, over_states = np.ones(room.marginals.shape[2]), np.ones(room.marginals.shape[1])
    for t in range(len(joint) - 1, -1, -1):
        times(rows[t + 1], joint[t])
        row = rows[t]
        tables[t].dot(over_actions, row)
        if t % every == 0:
            scale = row.dot(over_states)
            row *= 1.0 / scale
            scales[t] = scale


def backward_by_states(times: Product, room: Room, every: int) -> None:
    """All b_t; ``times`` multiplies by M."""
    rows, scales = room.backward_rows, room.scales
    scales.fill(1.0)
    over_states = np.ones(len(rows[0]))
    for t in range(len(rows) - 2, -1, -1):
        row = rows[t]
        times(rows[t + 1], row)
        if t % every == 0:
            scale = row.dot(over_states)
            row *= 1.0 / scale
            scales[t] = scale


def forward_by_pairs(times: Product, room: Room, every: int) -> None:
    """All f_t; ``times`` multiplies by the transpose of W."""
    rows, columns = room.forward_rows, list(room.forward[:, :, None])
    table = np.empty(room.marginals.shape[1:])
    pairs, over_states = table.reshape(-1), np.ones(len(table))
    for t in range(1, len(rows)):
        row = rows[t]
        table[...] = columns[t - 1]
        times(pairs, row)
        if t % every == 0:
            row *= 1.0 / row.dot(over_states)


def forward_by_states(times: Product, room: Room, every: int) -> None:
    """All f_t; ``times`` multiplies by the transpose of M."""
    rows = room.forward_rows
    over_states = np.ones(len(rows[0]))
    for t in range(1, len(rows)):
        row = rows[t]
        times(rows[t - 1], row)
        if t % every == 0:
            row *= 1.0 / row.dot(over_states)


def answers(room: Room) -> Answers:
    """Policies and marginals of all steps at once, and the log-evidence."""
    policy, backward = room.joint.reshape(room.marginals.shape), room.backward[:-1]
    steps = max(1, _CHUNK // policy[0].size)
    for start in range(0, len(policy), steps):
        some = slice(start, start + steps)
        policy[some] *= (1.0 / (backward[some] * room.scales[some, None]))[:, :, None]
        belief = room.forward[some] * backward[some]
        belief /= belief.sum(axis=1, keepdims=True)
        np.multiply(policy[some], belief[:, :, None], out=room.marginals[some])
    log_evidence = float(np.log(room.initial @ backward[0]) + np.log(room.scales).sum())
    return Answers(policy, room.marginals, log_evidence)
