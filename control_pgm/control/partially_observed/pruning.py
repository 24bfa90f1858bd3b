"""Pruning of alpha vectors: those that are nowhere the largest over the simplex of beliefs are left out.

A vector w is needed beside the vectors u if the linear program

    max d   subject to   b·w ≥ b·u + d for all u,   sum b = 1,   b ≥ 0

has d > 0; its b is a witness, at which the largest of the vectors that are left is kept next (Lark's filter: White
1991; Cassandra, Littman and Zhang 1997, table 2). Pointwise dominance, which needs no program, comes first. The
programs of several candidates have no variable in common, and are solved as one.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from control_pgm.tables.arrays import BoolArray, FloatArray, IntArray

TOLERANCE = 1e-10  # relative to the largest entry where that is above one: gains up to this count as none
_AT_ONCE = 64  # candidates whose programs are solved together
_FEASIBILITY = 1e-10  # the smallest tolerance that HiGHS accepts


def pruned(vectors: FloatArray) -> IntArray:
    """The indices of some vectors [k,s] whose maximum at every belief is that of all.

    Within twice the tolerance, and what the linear programs miss, which are solved to 1e-10 of the largest difference.
    """
    tolerance = TOLERANCE * max(1.0, float(np.abs(vectors).max()))
    left = np.zeros(len(vectors), dtype=bool)
    left[_undominated(vectors, tolerance)] = True
    kept: list[int] = []
    n = vectors.shape[1]
    for belief in (*np.eye(n), np.full(n, 1.0 / n)):
        _keep_largest(vectors, belief, left, kept, tolerance)
    while left.any():
        tested = np.flatnonzero(left)[:_AT_ONCE]
        base = vectors[kept]
        for k, witness in zip(tested, _witnesses(vectors[tested], base), strict=True):
            if float(vectors[k] @ witness - (base @ witness).max()) <= tolerance:
                left[k] = False
            else:  # another one may have been kept since: then k is tested again
                _keep_largest(vectors, witness, left, kept, tolerance)
    return np.array(sorted(kept), dtype=np.int64)


def _keep_largest(vectors: FloatArray, belief: FloatArray, left: BoolArray, kept: list[int], tolerance: float) -> None:
    """Keep the largest vector that is left at a belief, if it is larger there than those kept.

    Of several the one with the largest sum: at a corner of the simplex it is the largest towards the middle, too.
    """
    places = np.flatnonzero(left)
    if not places.size:
        return
    values = vectors[places] @ belief
    top = float(values.max())
    if kept and top - float((vectors[kept] @ belief).max()) <= tolerance:
        return
    ties = places[values >= top - tolerance]
    best = int(ties[np.argmax(vectors[ties].sum(axis=1))])
    kept.append(best)
    left[best] = False


def _undominated(vectors: FloatArray, tolerance: float) -> IntArray:
    """Vectors such that every other one is nowhere above one of them by more than the tolerance."""
    order = np.argsort(-vectors.sum(axis=1), kind="stable")
    found = np.empty_like(vectors)
    kept: list[int] = []
    for k in order:
        if not (found[: len(kept)] >= vectors[k] - tolerance).all(axis=1).any():
            found[len(kept)] = vectors[k]
            kept.append(int(k))
    return np.array(kept, dtype=np.int64)


def _witnesses(candidates: FloatArray, base: FloatArray) -> FloatArray:
    """For every candidate a belief at which it exceeds the base by most, or falls short of it by least."""
    from scipy.optimize import linprog

    n_candidates, n = candidates.shape
    gains = candidates[:, None, :] - base[None]
    unit = float(np.abs(gains).max()) or 1.0
    rows = np.concatenate([-gains / unit, np.ones((n_candidates, len(base), 1))], axis=2)  # d − b·(w − u) ≤ 0
    columns = np.arange(n_candidates * (n + 1)).reshape(n_candidates, 1, n + 1)
    at = np.broadcast_to(columns, rows.shape).ravel()
    shape = (n_candidates * len(base), n_candidates * (n + 1))
    upper = sparse.csr_array((rows.ravel(), at, np.arange(0, rows.size + 1, n + 1)), shape=shape)
    is_gain = np.tile(np.append(np.zeros(n), 1.0), n_candidates)
    sums = sparse.kron(sparse.eye_array(n_candidates), np.append(np.ones(n), 0.0)[None], format="csr")
    solved = linprog(
        -is_gain,
        A_ub=upper,
        b_ub=np.zeros(shape[0]),
        A_eq=sums,
        b_eq=np.ones(n_candidates),
        bounds=np.stack([np.where(is_gain > 0, -np.inf, 0.0), np.full(is_gain.size, np.inf)], axis=1),
        method="highs",
        options={"primal_feasibility_tolerance": _FEASIBILITY, "dual_feasibility_tolerance": _FEASIBILITY},
    )
    if solved.x is None:  # every program has a solution: the solver has lost it to rounding
        raise ArithmeticError(f"the linear programs that prune alpha vectors were not solved: {solved.message}")
    beliefs = np.maximum(solved.x.reshape(n_candidates, n + 1)[:, :n], 0.0)
    return np.asarray(beliefs / beliefs.sum(axis=1, keepdims=True))
