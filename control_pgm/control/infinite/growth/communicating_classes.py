"""Communicating classes of a non-negative matrix: states that can reach each other, and the periods of their loops."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.infinite.growth.log_matrix import LogMatrix
from control_pgm.tables.arrays import IntArray


def communicating_classes(matrix: LogMatrix) -> IntArray:
    """The number of each state's class: states that can reach each other share one."""
    from scipy.sparse import csgraph  # slow to import

    return np.asarray(csgraph.connected_components(_pattern(matrix), connection="strong")[1], dtype=np.int64)


def period(matrix: LogMatrix, members: IntArray) -> int:
    """The greatest common divisor of the lengths of all loops in a communicating class.

    Examples
    --------
    >>> ring = LogMatrix.of(np.arange(3), np.array([1, 2, 0]), np.zeros(3), (3, 3))
    >>> period(ring, np.arange(3))
    3
    """
    inside = matrix.block(members)
    from scipy.sparse import csgraph

    order, before = csgraph.breadth_first_order(_pattern(inside), 0)
    depth = np.zeros(len(members), dtype=np.int64)
    for node in order[1:]:
        depth[node] = depth[before[node]] + 1
    return int(np.gcd.reduce(depth[inside.rows] + 1 - depth[inside.columns]))


def _pattern(matrix: LogMatrix) -> Any:
    ones = np.ones(len(matrix.logs))
    pattern = sparse.csr_array((ones, matrix.columns, matrix.starts), shape=(matrix.height, matrix.width), copy=True)
    pattern.sum_duplicates()  # SciPy's graph routines expect each edge once
    return pattern


def grouped(members: IntArray, label: IntArray) -> list[IntArray]:
    """The given states, class by class."""
    ordered = members[np.argsort(label[members], kind="stable")]
    return np.split(ordered, np.flatnonzero(np.diff(label[ordered])) + 1) if len(members) else []


def among_others(label: IntArray) -> IntArray:
    """The states whose class has several."""
    return np.flatnonzero(np.bincount(label)[label] > 1)
