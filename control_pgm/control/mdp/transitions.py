"""Transition tables of a decision process, checked on entry: layouts, shapes, rows that sum to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from control_pgm.control.arguments import as_csr, as_numbers
from control_pgm.control.mdp.dynamics import SparseDynamics, locked
from control_pgm.errors import InvalidArgument, InvalidModel
from control_pgm.tables.arrays import BoolArray, FloatArray, frozen, lock
from control_pgm.tables.probabilities import exact, first_miss
from control_pgm.tables.variable import Labels


def transition_table(transition: Any, layout: str) -> Any:
    """The transition as a frozen array [s,a,s'] or [t,s,a,s'], or as a CSR matrix."""
    if sparse.issparse(transition):
        if layout != "s,a,s'":
            raise InvalidArgument(
                f"transition_layout {layout!r} with a sparse transition",
                remedy="leave it out: the shape is (S·A, S), row s·A+a",
            )
        return locked(as_csr(transition, "the transition"))
    axes = [axis.strip() for axis in str(layout).split(",")]
    if sorted(axes) != ["a", "s", "s'"] and sorted(axes) != ["a", "s", "s'", "t"]:
        raise InvalidArgument(
            f"transition_layout {layout!r}", allowed='an order of s, a, s\' (and t), such as "s,a,s\'" or "a,s,s\'"'
        )
    table = as_numbers(transition, "the transition", remedy="sparse ones are one matrix of shape (S·A, S), row s·A+a")
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


class Pairs(NamedTuple):
    """The pairs of states and actions by label, and which of them exist: ``available[s, a]``."""

    states: Labels
    actions: Labels
    available: BoolArray

    def at(self, index: Sequence[int], *, varying: bool) -> str:
        """ "t=…, s=…, a=…" of an index that begins with [t,] s, a."""
        time, (s, a) = ([f"t={index[0]}"], index[1:3]) if varying else ([], index[:2])
        return ", ".join([*time, f"s={self.states[s]!r}", f"a={self.actions[a]!r}"])


def rows(table: Any, pairs: Pairs, given: Any) -> Any:
    """Rows of available pairs sum to one; rows of unavailable pairs become self-loops, which nothing ever uses.

    ``given`` is the transition as it came, in whose number type rows may be off by rounding.
    """
    if table.ndim == 2:
        return _sparse_rows(table, pairs, given)
    used = pairs.available[..., None]
    bad = (np.isnan(table) | (table < 0) | np.isinf(table)) & used
    if bad.any():
        at = np.argwhere(bad)[0]
        raise InvalidModel(
            f"P(s'|s,a) is {table[tuple(at)]} at {pairs.at(at, varying=table.ndim == 4)}, s'={pairs.states[at[-1]]!r}",
            allowed="numbers ≥ 0",
        )
    sums = np.where(pairs.available, table.sum(axis=-1, where=used), 1.0)
    _check_sums(sums, pairs, given, lambda: (table > 0).sum(axis=-1))
    if exact(sums) and pairs.available.all():
        return table
    stay = np.eye(len(pairs.states))[:, None, :]
    return lock(np.where(used, table / sums[..., None], stay))


def _sparse_rows(table: Any, pairs: Pairs, given: Any) -> Any:
    counts = np.diff(table.indptr)
    used = np.repeat(pairs.available.ravel(), counts)
    bad = ~((table.data >= 0) & (table.data < np.inf)) & used
    if bad.any():
        k = int(np.argmax(bad))
        s, a, s_next = SparseDynamics(table).outcome((k,))
        where = pairs.at((s, a), varying=False)
        raise InvalidModel(
            f"P(s'|s,a) is {table.data[k]} at {where}, s'={pairs.states[s_next]!r}", allowed="numbers ≥ 0"
        )
    values = np.where(used, table.data, 0.0)
    kept = sparse.csr_array((values, table.indices, table.indptr), shape=table.shape)
    row_sums = kept @ np.ones(table.shape[1])
    sums = np.where(pairs.available, row_sums.reshape(pairs.available.shape), 1.0)
    _check_sums(sums, pairs, given, lambda: counts.reshape(pairs.available.shape))
    if exact(sums) and pairs.available.all() and (values > 0).all():
        return table
    kept.data /= np.repeat(sums.ravel(), counts)
    missing = np.flatnonzero(~pairs.available.ravel())
    stay = sparse.csr_array((np.ones(missing.size), (missing, missing // len(pairs.actions))), shape=table.shape)
    return locked(sparse.csr_array(kept + stay))  # the sum keeps no zeros


def _check_sums(sums: FloatArray, pairs: Pairs, given: Any, counts: Callable[[], Any]) -> None:
    if miss := first_miss(sums, given, counts):
        raise InvalidModel(
            f"P(s'|s,a) sums to {miss.total:.12g} over s' at {pairs.at(miss.at, varying=sums.ndim == 3)}",
            allowed=miss.allowed,
            remedy=miss.remedy("if the pair does not exist, say so with available"),
        )
