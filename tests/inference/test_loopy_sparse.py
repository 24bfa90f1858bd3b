"""Loopy belief propagation over tables whose non-zeros are listed: the same answers as over dense ones."""

import numpy as np
import pytest

from control_pgm import FactorGraph
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.tables import SparseFactor
from tests.inference.loopy_textbook import messages_of, movement, random_loops, random_tree


def listed(factor):
    """The same table by its non-zeros."""
    if not factor.scope:
        return factor
    at = np.argwhere(factor.array() > 0)
    return SparseFactor(factor.variables, at, factor.array()[tuple(at.T)])


@pytest.mark.parametrize("by", ["sum", "max"])
@pytest.mark.parametrize("schedule", ["flooding", "sequential", "residual"])
def test_sparse_tables_send_the_messages_of_dense_ones(schedule, by):
    options = LoopyOptions(schedule=schedule, elimination=by, max_sweeps=20)
    for seed in range(6):
        graph = random_loops(seed, zeros=0.2) if seed % 2 else random_tree(seed, zeros=0.1)
        dense = LoopyPosterior(graph, {}, options)
        sparse = LoopyPosterior(
            FactorGraph(listed(f) if k % 2 else f for k, f in enumerate(graph.factors)), {}, options
        )
        expected = messages_of(dense)
        assert max(movement(m, expected[e]) for e, m in messages_of(sparse).items()) < 1e-12
        for k in range(len(graph.factors)):
            assert np.abs(sparse.belief(k).array() - dense.belief(k).array()).max() < 1e-12
        if by == "max":
            assert sparse.mode().assignment == dense.mode().assignment
            assert abs(sparse.mode().log_probability - dense.mode().log_probability) < 1e-12
        else:
            assert abs(sparse.log_evidence - dense.log_evidence) < 1e-12
