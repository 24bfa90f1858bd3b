"""Linear systems of well-mixed chains by products alone, where the factors of a direct method would fill up.

GMRES (Saad and Schultz 1986) needs few products where a chain forgets quickly, since all but a few eigenvalues of
I − J then lie together around 1; where it does not, an incomplete factorisation takes over what is close by. Each
answer is checked in the end, by the residual that the rounding of a backward stable method would leave.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from control_pgm.tables.arrays import FloatArray

_STABLE = 1e-13  # a residual, relative to |x| + |b|, that a direct method would hardly undercut
_LENGTH = 80  # products between restarts
_RESTARTS = 6
_WIDE = 8  # a share of 1/8 of all states between neighbours in the narrowest order


def fills_up(system: Any) -> bool:
    """Whether the graph of a sparse matrix has no narrow band, so that elimination links almost everything.

    Examples
    --------
    >>> ring = sparse.csr_array(np.eye(100) + np.roll(np.eye(100), 1, axis=1))
    >>> fills_up(ring), fills_up(sparse.random_array((100, 100), density=0.1, rng=0, format="csr"))
    (False, True)
    """
    from scipy.sparse import csgraph  # slow to import

    n = system.shape[0]
    order = csgraph.reverse_cuthill_mckee(sparse.csr_matrix(system + system.T), symmetric_mode=True)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    rows = np.repeat(np.arange(n), np.diff(system.indptr))
    return bool(_WIDE * np.abs(place[rows] - place[system.indices]).max(initial=0) > n)


def solve_by_products(system: Any, right: FloatArray) -> FloatArray | None:
    """x of A x = b to the rounding of a backward stable method; None where that is not reached.

    Parameters
    ----------
    system : CSR matrix, square
        A.
    right : array [state] or [state, k]
        b.

    Examples
    --------
    >>> solve_by_products(sparse.csr_array([[1.0, -0.5], [0.0, 0.25]]), np.array([0.0, 1.0])).round(9).tolist()
    [2.0, 4.0]
    """
    columns = right.reshape(len(right), -1).T
    solution = np.empty_like(columns)
    preconditioner: Any = None
    for k, column in enumerate(columns):
        found = _gmres(system, column, preconditioner)
        if found is None and preconditioner is None:
            preconditioner = _incomplete_factors(system)
            found = None if preconditioner is None else _gmres(system, column, preconditioner)
        if found is None:
            return None
        solution[k] = found
    return np.ascontiguousarray(solution.T).reshape(right.shape)


def _gmres(system: Any, right: FloatArray, preconditioner: Any) -> FloatArray | None:
    """Restarted GMRES; given up as soon as a restart gains less than a digit."""
    from scipy.sparse import linalg  # slow to import

    x, rest, left = np.zeros(len(right)), right, np.inf
    for _ in range(_RESTARTS):
        change, _ = linalg.gmres(system, rest, rtol=_STABLE, atol=0.0, restart=_LENGTH, maxiter=1, M=preconditioner)
        x = x + change
        rest = right - system @ x
        error = float(np.abs(rest).max())
        if not np.isfinite(error):
            return None
        if error <= _STABLE * (float(np.abs(x).max()) + float(np.abs(right).max())):
            return np.asarray(x)
        if error > left / 10.0:
            return None
        left = error
    return None


def _incomplete_factors(system: Any) -> Any:
    """The solver of an incomplete factorisation as an operator; None where it is singular."""
    from scipy.sparse import linalg

    try:
        factors = linalg.spilu(
            sparse.csc_array(system), drop_tol=1e-2, fill_factor=4.0, permc_spec="NATURAL", diag_pivot_thresh=0.0
        )
    except RuntimeError:  # SciPy's word for a factor that is exactly singular
        return None
    return linalg.LinearOperator(system.shape, factors.solve)
