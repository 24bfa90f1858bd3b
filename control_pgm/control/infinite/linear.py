"""Linear systems (I − J) x = b of chains that leave their states: direct methods, dense where that is small."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.tables.arrays import FloatArray

_MAX_DENSE = 600  # states: below, LAPACK beats a sparse factorisation


def solve_leaving(
    chain: Any, right: FloatArray, *, leaving: FloatArray | None = None, transposed: bool = False
) -> FloatArray | None:
    """x of (I − J) x = b, or of its transpose; None where the matrix is singular to rounding.

    Parameters
    ----------
    chain : CSR matrix
        J ≥ 0, square, whose rows sum to at most one.
    right : array [state] or [state, k]
        b.
    leaving : array [state], optional
        1 − the sums of rows, where it is known better than by subtraction: with it nothing cancels on the diagonal.
    transposed : bool
        Whether to solve (I − J)^T x = b.

    Examples
    --------
    >>> solve_leaving(sparse.csr_array([[0.5, 0.5], [0.0, 0.75]]), np.array([0.0, 1.0])).tolist()
    [4.0, 4.0]
    """
    n = chain.shape[0]
    if n == 0:
        return right
    system = sparse.csr_array(sparse.diags_array(np.ones(n)) - chain)
    if leaving is not None:
        moving = chain - sparse.diags_array(chain.diagonal())
        system.setdiag(moving.sum(axis=1) + leaving)
    try:
        if n <= _MAX_DENSE:
            matrix = system.toarray()
            solution = np.linalg.solve(matrix.T if transposed else matrix, right)
        else:
            # An M-matrix needs no pivots, so that its rows and columns may be ordered alike: half of the fill-in.
            from scipy.sparse import linalg  # slow to import

            factors = linalg.splu(
                sparse.csc_array(system),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
            solution = factors.solve(right, trans="T" if transposed else "N")
    except (np.linalg.LinAlgError, RuntimeError):  # SciPy's word for a factor that is exactly singular
        return None
    return np.asarray(solution) if np.isfinite(solution).all() else None
