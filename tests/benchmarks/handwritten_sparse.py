"""Forward-backward by hand on a sparse transition: SciPy's row-wise products, transposes stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import _sparsetools

from control_pgm.tables.arrays import FloatArray
from tests.benchmarks import handwritten as by_hand
from tests.benchmarks.handwritten import Answers, Product, Room, Run
from tests.benchmarks.instances import Instance


def weighted(instance: Instance) -> Any:
    """W(s,a,s') as a CSR array (S·A, S)."""
    transition, reward = instance.transition, instance.reward
    values = reward.data if sparse.issparse(reward) else np.repeat(reward.ravel(), np.diff(transition.indptr))
    data = transition.data * np.exp(values - values.max()) / instance.n_actions
    return sparse.csr_array((data, transition.indices, transition.indptr), shape=transition.shape)


def times(matrix: Any) -> Product:
    """The product with a CSR array into an array that exists, which SciPy's operator does not offer."""
    kernel = partial(_sparsetools.csr_matvec, *matrix.shape, matrix.indptr, matrix.indices, matrix.data)

    def product(vector: FloatArray, out: FloatArray) -> None:
        out.fill(0.0)
        kernel(vector, out)

    return product


def recursion(instance: Instance, *, every_step: bool) -> Run:
    """The textbook's messages: W is read once, and its transpose once, per step."""
    matrix = weighted(instance)
    row_sums = matrix.sum(axis=1).reshape(-1, instance.n_actions).sum(axis=1)
    every = 1 if every_step else by_hand.steps_between_scalings(row_sums, instance.horizon)
    onwards, back = times(matrix), times(matrix.T.tocsr())

    def run(room: Room) -> Answers:
        by_hand.backward_by_pairs(onwards, room, every)
        by_hand.forward_by_pairs(back, room, every)
        return by_hand.answers(room)

    return run


def actions_summed_first(instance: Instance) -> Run:
    """The forward pass on M = sum_a W, where moves that end in the same state are one entry."""
    matrix = weighted(instance)
    n, pairs = instance.n_states, matrix.shape[0]
    over_actions = sparse.csr_array(
        (np.ones(pairs), np.arange(pairs), np.arange(0, pairs + 1, instance.n_actions)), shape=(n, pairs)
    )
    summed = sparse.csr_array(over_actions @ matrix)
    every = by_hand.steps_between_scalings(summed.sum(axis=1), instance.horizon)
    onwards, back = times(matrix), times(summed.T.tocsr())

    def run(room: Room) -> Answers:
        by_hand.backward_by_pairs(onwards, room, every)
        by_hand.forward_by_states(back, room, every)
        return by_hand.answers(room)

    return run


WAYS: Mapping[str, Callable[[Instance], Run]] = {
    "every step": partial(recursion, every_step=True),
    "when needed": partial(recursion, every_step=False),
    "summed first": actions_summed_first,
}
