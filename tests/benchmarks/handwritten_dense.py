"""Forward-backward by hand on a dense transition: the plain way, and three fast ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from control_pgm.tables.arrays import FloatArray
from tests.benchmarks import handwritten as by_hand
from tests.benchmarks.handwritten import Answers, Room, Run
from tests.benchmarks.instances import Instance


def weighted(instance: Instance) -> FloatArray:
    """W(s,a,s') as a matrix (S·A, S)."""
    reward = instance.reward
    top = reward.max() if reward.ndim == 2 else reward[instance.transition > 0].max()
    weight = np.exp(reward - top) / instance.n_actions
    if reward.ndim == 2:
        weight = weight[:, :, None]
    return np.asarray((weight * instance.transition).reshape(-1, instance.n_states))


def recursion(instance: Instance, *, every_step: bool) -> Run:
    """The textbook's messages: W is read twice per step. Rescaled in every step, or only where bounds demand it."""
    matrix = weighted(instance)
    row_sums = matrix.sum(axis=1).reshape(-1, instance.n_actions).sum(axis=1)
    every = 1 if every_step else by_hand.steps_between_scalings(row_sums, instance.horizon)

    def run(room: Room) -> Answers:
        by_hand.backward_by_pairs(matrix.dot, room, every)
        by_hand.forward_by_pairs(matrix.T.dot, room, every)
        return by_hand.answers(room)

    return run


def actions_summed_first(instance: Instance) -> Run:
    """Both passes on M = sum_a W, and the j_t of all steps as one matrix product."""
    matrix = weighted(instance)
    summed = matrix.reshape(-1, instance.n_actions, instance.n_states).sum(axis=1)
    every = by_hand.steps_between_scalings(summed.sum(axis=1), instance.horizon)

    def run(room: Room) -> Answers:
        by_hand.backward_by_states(summed.dot, room, every)
        by_hand.forward_by_states(summed.T.dot, room, every)
        np.dot(room.backward[1:], matrix.T, out=room.joint)
        return by_hand.answers(room)

    return run


def plain(instance: Instance) -> Run:
    """What one writes on a first afternoon, for r(s,a): the textbook's messages, in new arrays at every step."""
    n, m, _ = instance.transition.shape
    flat = instance.transition.reshape(n * m, n)
    weight = np.exp(instance.reward - instance.reward.max()) / m  # p(a|s) p(O=1|s,a)

    def run(_: Room) -> Answers:
        policy, marginals = np.empty((instance.horizon, n, m)), np.empty((instance.horizon, n, m))
        backward = np.ones((instance.horizon + 1, n))
        log_scale = 0.0
        for t in range(instance.horizon - 1, -1, -1):
            joint = weight * (flat @ backward[t + 1]).reshape(n, m)
            total = joint.sum(axis=1)
            policy[t] = joint / total[:, None]
            top = total.max()
            backward[t] = total / top
            log_scale += np.log(top)
        log_evidence = float(np.log(instance.initial @ backward[0]) + log_scale)
        forward = instance.initial
        for t in range(instance.horizon):
            belief = forward * backward[t]
            marginals[t] = (belief / belief.sum())[:, None] * policy[t]
            forward = (forward[:, None] * weight).reshape(-1) @ flat
            forward /= forward.max()
        return Answers(policy, marginals, log_evidence)

    return run


WAYS: Mapping[str, Callable[[Instance], Run]] = {
    "plain": plain,
    "every step": partial(recursion, every_step=True),
    "when needed": partial(recursion, every_step=False),
    "summed first": actions_summed_first,
}
