"""Sums and products of tables held by natural logarithms: −inf is an exact zero, and nothing warns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.tables.arrays import FloatArray, IndexArray, Scope


def log_sum_exp(array: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """log sum exp over ``axes`` with exact −inf, without warnings."""
    if not axes:
        return array
    top = array.max(axis=axes, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(array - top).sum(axis=axes)) + top.squeeze(axis=axes))


def log_sum_exp_of_groups(values: FloatArray, starts: IndexArray) -> FloatArray:
    """log sum exp of consecutive groups, which begin at ``starts``; none is empty."""
    if not len(starts):
        return np.empty(0)
    top = np.maximum.reduceat(values, starts)
    top = np.where(np.isneginf(top), 0.0, top)
    relative = values - np.repeat(top, np.diff(starts, append=len(values)))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.add.reduceat(np.exp(relative, out=relative), starts)) + top)


def log_contract(arrays: Sequence[FloatArray], scopes: Sequence[Scope], out: Scope, sizes: Sequence[int]) -> FloatArray:
    """The sum-product of arrays of logarithms; the table of all their axes together is made."""
    # In place: what it needs besides its operands is this one table, and the result.
    summed = tuple(sorted({x for scope in scopes for x in scope} - set(out)))
    full = out + summed
    total = np.zeros([sizes[x] for x in full])
    for array, scope in zip(arrays, scopes, strict=True):
        total += align(array, scope, full)
    axes = tuple(range(len(out), len(full)))
    if not axes:
        return total
    top = total.max(axis=axes, keepdims=True)
    top[np.isneginf(top)] = 0.0
    total -= top
    np.exp(total, out=total)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total.sum(axis=axes)) + top.squeeze(axis=axes))


def align(array: FloatArray, scope: Scope, full: Scope) -> FloatArray:
    """A view of ``array`` whose axes follow ``full``, with length 1 where its scope has no such label."""
    order, index = alignment(scope, full)
    return array.transpose(order)[index]


def alignment(scope: Scope, full: Scope) -> tuple[tuple[int, ...], tuple[slice | None, ...]]:
    """The transposition, and then the index, with which a table over ``scope`` is seen by `align`."""
    order = tuple(sorted(range(len(scope)), key=lambda i: full.index(scope[i])))
    return order, tuple([slice(None) if x in scope else None for x in full])
