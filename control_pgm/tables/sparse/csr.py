"""Compressed sparse rows from outside, checked and put into canonical form."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any

import numpy as np

from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.sparse.pattern import Pattern


def listed_rows(matrix: Any, shape: Sequence[int]) -> tuple[Pattern, FloatArray]:
    """The pattern and values of a SciPy CSR matrix whose rows run over the leading axes of ``shape``.

    They share the memory of the matrix if its columns ascend within each row and no zero is listed.
    """
    heights = [prod(shape[:k]) for k in range(len(shape) + 1)]
    if prod(matrix.shape) != prod(shape) or matrix.shape[0] not in heights:
        raise InvalidModel(
            f"a matrix of shape {matrix.shape} cannot be a table of shape {tuple(shape)}",
            allowed="rows over the leading axes and columns over the rest",
        )
    if not matrix.has_canonical_format or (matrix.data == 0.0).any():
        matrix = matrix.copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    bad = ~((matrix.data >= 0.0) & (matrix.data < inf))
    if bad.any():
        k = int(np.argmax(bad))
        row = int(np.searchsorted(matrix.indptr, k, side="right")) - 1
        raise InvalidModel(
            f"the sparse matrix holds {matrix.data[k]} in row {row}, column {matrix.indices[k]}",
            allowed="finite numbers ≥ 0",
        )
    pattern = Pattern.from_csr(shape, heights.index(matrix.shape[0]), matrix.indptr, matrix.indices)
    return pattern, np.asarray(matrix.data, dtype=np.float64)
