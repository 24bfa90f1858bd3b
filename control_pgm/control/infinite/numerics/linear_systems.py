"""Linear systems (I − J) x = b of chains that leave their states: by the cheapest method that is exact.

Small systems are dense. Large ones are factored where their graph has a narrow band, as on grids and lines; on random
graphs factors fill up, so that products come first there and factors only where those do not suffice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.control.infinite.numerics.krylov import fills_up, solve_by_products
from control_pgm.tables.arrays import FloatArray

_ALWAYS_DENSE = 600  # states: below, LAPACK beats a sparse factorisation
_MAX_DENSE = 1_000  # states: below, it does so where sparse factors fill up


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
    system = sparse.csr_array(system.T) if transposed else system
    if n <= _ALWAYS_DENSE:
        solution = _dense(system, right)
    elif not fills_up(system):
        solution = _factored(system, right)
    elif n <= _MAX_DENSE:
        solution = _dense(system, right)
    else:
        by_products = solve_by_products(system, right)
        solution = _factored(system, right) if by_products is None else by_products
    return solution if solution is not None and np.isfinite(solution).all() else None


def _dense(system: Any, right: FloatArray) -> FloatArray | None:
    try:
        return np.asarray(np.linalg.solve(system.toarray(), right))
    except np.linalg.LinAlgError:
        return None


def _factored(system: Any, right: FloatArray) -> FloatArray | None:
    """By sparse factors. An M-matrix needs no pivots, so that its rows and columns are ordered alike: half the fill."""
    from scipy.sparse import linalg  # slow to import

    options = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
    try:
        return np.asarray(linalg.splu(sparse.csc_array(system), **options).solve(right))
    except RuntimeError:  # SciPy's word for a factor that is exactly singular
        return None
