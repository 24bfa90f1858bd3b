"""Rewards of impossible outcomes in records: which of them are known, and those that a sparse process lists apart.

They count where a file's network has other dynamics than its process, or will be given such.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from control_pgm.control.mdp.dynamics import locked
from control_pgm.control.mdp.given_rewards import Entering, Listing
from control_pgm.control.mdp.rewards import Rewards, RewardSource
from control_pgm.interop.records.record import Source
from control_pgm.tables.arrays import BoolArray, frozen, lock_mask

_ENTERING = ("reward_step", "reward_entering", "reward_moving")
_LISTING = ("given_data", "given_weights", "given_known", "given_indices", "given_indptr")
BEYOND = (*_ENTERING, *_LISTING)


def beyond_arrays(beyond: RewardSource | None) -> dict[str, NDArray[Any]]:
    """What to write of rewards that are listed apart."""
    if isinstance(beyond, Entering):
        return dict(zip(_ENTERING, (beyond.step, beyond.entering, beyond.moving), strict=True))
    if not isinstance(beyond, Listing):
        return {}
    rewards, matrix = beyond.rewards, beyond.matrix
    parts = (None, None) if matrix is None else (matrix.indices, matrix.indptr)
    known = None if rewards.known is None else np.broadcast_to(rewards.known, rewards.values.shape[1:])
    arrays = zip(_LISTING, (rewards.values, rewards.weights, known, *parts), strict=True)
    return {name: array for name, array in arrays if array is not None}


def known_from(source: Source, shape: tuple[int, ...]) -> BoolArray | None:
    """Where a reward was given; ``shape`` is that of the rewards. None: everywhere."""
    if "reward_known" not in source.names:
        return None
    return lock_mask(source.array("reward_known", shape, "bool"))


def beyond_from(source: Source, n: int, m: int, times: tuple[int, ...]) -> RewardSource | None:
    """Rewards that are listed apart, of n states and m actions; ``times`` is (T,) where they vary."""
    if _ENTERING[0] in source.names:
        step, entering = source.array(_ENTERING[0], (n, m), "float"), source.array(_ENTERING[1], (n,), "float")
        return Entering(frozen(step), frozen(entering), lock_mask(source.array(_ENTERING[2], (n,), "bool")))
    if _LISTING[0] not in source.names:
        return None
    matrix = _matrix(source, n, m) if "given_indices" in source.names else None
    count = n * m * n if matrix is None else matrix.nnz
    values = source.array("given_data", (None, *times, count), "float")
    weights = known = None
    if "given_weights" in source.names:
        weights = frozen(source.array("given_weights", values.shape, "float"))
    if "given_known" in source.names:
        known = lock_mask(source.array("given_known", values.shape[1:], "bool"))
    if not len(values) or (weights is None) != (len(values) == 1):
        raise source.error(f"given_data has {len(values)} rewards an outcome", allowed="1, or more with given_weights")
    return Listing(Rewards("to" if times else "o", frozen(values), weights, known), matrix, (n, m))


def _matrix(source: Source, n: int, m: int) -> Any:
    indices, indptr = source.array("given_indices", (None,), "int"), source.array("given_indptr", (n * m + 1,), "int")
    fits = indptr[0] == 0 and indptr[-1] == len(indices) and (np.diff(indptr) >= 0).all()
    if not fits or ((indices < 0) | (indices >= n)).any():
        raise source.error("given_indices and given_indptr do not fit", allowed=f"rows of states 0 … {n - 1}")
    matrix = sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(n * m, n))
    if not matrix.has_canonical_format:
        raise source.error("given_indices do not ascend", allowed="each outcome once, ascending in every row")
    return locked(matrix)
