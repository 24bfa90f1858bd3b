"""Classes and periods of small graphs."""

import numpy as np

from control_pgm.control.infinite.growth.communicating_classes import communicating_classes, period
from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from tests.control.infinite.samples import dense_log_matrix


def test_classes_and_periods_of_a_small_graph():
    """A ring of four with a chord that makes loops of four and two, before a ring of three."""
    edges = np.array([(0, 1), (1, 2), (2, 3), (3, 0), (1, 0), (2, 4), (4, 5), (5, 6), (6, 4), (6, 4)])
    order = np.argsort(edges[:, 0], kind="stable")
    matrix = LogMatrix.of(edges[order, 0], edges[order, 1], np.zeros(len(edges)), (7, 7))
    label = communicating_classes(matrix)
    assert len(set(label[:4])) == len(set(label[4:])) == 1
    assert label[0] != label[4]
    assert period(matrix, np.arange(4)) == 2
    assert period(matrix, np.arange(4, 7)) == 3
    assert period(dense_log_matrix(np.ones((2, 2))), np.arange(2)) == 1
