"""Transition tables of a decision process, checked on entry: layouts, shapes, rows that sum to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.models.cpd import ROW_TOLERANCE
from control_pgm.tables.arrays import FloatArray, frozen, lock

if TYPE_CHECKING:
    from control_pgm.control.mdp import MDP


def transition_table(transition: Any, layout: str) -> Any:
    """The transition as a frozen array [s,a,s'] or [t,s,a,s'], or as a CSR matrix."""
    if sparse.issparse(transition):
        if layout != "s,a,s'":
            raise InvalidArgument(
                f"transition_layout {layout!r} with a sparse transition",
                remedy="leave it out: the shape is (S·A, S), row s·A+a",
            )
        table = sparse.csr_array(transition, dtype=np.float64, copy=True)
        table.sum_duplicates()
        return table
    axes = [axis.strip() for axis in str(layout).split(",")]
    if sorted(axes) != ["a", "s", "s'"] and sorted(axes) != ["a", "s", "s'", "t"]:
        raise InvalidArgument(
            f"transition_layout {layout!r}", allowed='an order of s, a, s\' (and t), such as "s,a,s\'" or "a,s,s\'"'
        )
    try:
        table = frozen(transition)
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"the transition is not an array of numbers ({error})") from None
    if table.ndim == 4 and len(axes) == 3:
        axes = ["t", *axes]
    if table.ndim != len(axes):
        raise InvalidModel(
            f"the transition has shape {table.shape}",
            allowed="3 axes (s, a, s'), or 4 with t first, or sparse (S·A, S)",
        )
    order = [axes.index(axis) for axis in ("t", "s", "a", "s'") if axis in axes]
    table = table if order == sorted(order) else frozen(np.ascontiguousarray(table.transpose(order)))
    if table.shape[-1] != table.shape[-3] or 0 in table.shape:
        raise InvalidModel(
            f"the transition has {table.shape[-3]} states s, {table.shape[-2]} actions and {table.shape[-1]} states s'",
            allowed="as many s as s', at least one of each",
            remedy='is it laid out otherwise? pass transition_layout, such as "a,s,s\'"',
        )
    return table


def sizes(table: Any) -> tuple[int, int]:
    """(S, A) of a transition table."""
    if table.ndim > 2:
        return int(table.shape[-1]), int(table.shape[-2])
    rows, n = table.shape
    if n == 0 or rows == 0 or rows % n:
        raise InvalidModel(f"the sparse transition has shape {table.shape}", allowed="(S·A, S), row s·A+a")
    return int(n), int(rows // n)


def rows(table: Any, mdp: MDP) -> Any:
    """Rows of available pairs sum to one; rows of unavailable pairs become self-loops, which nothing ever uses."""
    if table.ndim == 2:
        return _sparse_rows(table, mdp)
    used = mdp.available[..., None]
    bad = (np.isnan(table) | (table < 0) | np.isinf(table)) & used
    if bad.any():
        at = np.argwhere(bad)[0]
        raise InvalidModel(
            f"P(s'|s,a) is {table[tuple(at)]} at {_where(mdp, at, varying=table.ndim == 4)}, s'={mdp.states[at[-1]]!r}",
            allowed="numbers ≥ 0",
        )
    sums = np.where(mdp.available, table.sum(axis=-1, where=used), 1.0)
    _check_sums(sums, mdp)
    exact = bool(np.abs(sums - 1.0).max() <= 8 * np.finfo(float).eps)
    if exact and mdp.available.all():
        return table
    stay = np.eye(mdp.n_states)[:, None, :]
    return lock(np.where(used, table / sums[..., None], stay))


def _sparse_rows(table: Any, mdp: MDP) -> Any:
    entry_rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    unused = ~mdp.available.ravel()[entry_rows]
    table.data[unused] = 0.0
    values = table.data
    bad = np.isnan(values) | np.isinf(values) | (values < 0)
    if bad.any():
        k = int(np.argmax(bad))
        where = _where(mdp, divmod(int(entry_rows[k]), mdp.n_actions), varying=False)
        next_state = mdp.states[table.indices[k]]
        raise InvalidModel(f"P(s'|s,a) is {values[k]} at {where}, s'={next_state!r}", allowed="numbers ≥ 0")
    sums = np.asarray(table.sum(axis=1)).reshape(mdp.n_states, mdp.n_actions)
    _check_sums(np.where(mdp.available, sums, 1.0), mdp)
    keep = sparse.diags_array((mdp.available / np.where(sums > 0, sums, 1.0)).ravel())
    missing = np.flatnonzero(~mdp.available.ravel())
    stay = sparse.csr_array((np.ones(missing.size), (missing, missing // mdp.n_actions)), shape=table.shape)
    result = sparse.csr_array(keep @ table + stay)
    result.eliminate_zeros()
    return result


def _check_sums(sums: FloatArray, mdp: MDP) -> None:
    off = np.abs(sums - 1.0) > ROW_TOLERANCE
    if off.any():
        at = np.argwhere(off)[0]
        raise InvalidModel(
            f"P(s'|s,a) sums to {sums[tuple(at)]:.12g} over s' at {_where(mdp, at, varying=sums.ndim == 3)}",
            allowed="1 within 1e-9",
            remedy="if the pair does not exist, say so with available",
        )


def _where(mdp: MDP, at: Sequence[int], *, varying: bool) -> str:
    """ "t=…, s=…, a=…" of an index that begins with [t,] s, a."""
    time, (s, a) = ([f"t={at[0]}"], at[1:3]) if varying else ([], at[:2])
    return ", ".join([*time, f"s={mdp.states[s]!r}", f"a={mdp.actions[a]!r}"])
