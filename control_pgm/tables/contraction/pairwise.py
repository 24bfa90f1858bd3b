"""Pairwise contractions of dense arrays: the function of NumPy that does each, and views that bring operands to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray, Scope


@dataclass(frozen=True)
class View:
    """Axes fused, then some of them summed, then a transposition, then a shape; None where not needed."""

    fused: tuple[int, ...] | None = None
    presum: tuple[int, ...] | None = None
    order: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None

    @staticmethod
    def make(
        fused: tuple[int, ...] | None,
        presum: Sequence[int],
        order: Sequence[int],
        before: Sequence[int],
        after: Sequence[int],
    ) -> View | None:
        """The view, None if it changes nothing; ``before`` is the shape after the transposition."""
        moved = tuple(order) != tuple(range(len(order)))
        if fused is not None and not presum and not moved:
            return View(shape=tuple(after))  # one change of shape does for both
        reshaped = tuple(before) != tuple(after)
        if not (fused or presum or moved or reshaped):
            return None
        return View(fused, tuple(presum) or None, tuple(order) if moved else None, tuple(after) if reshaped else None)

    def of(self, array: FloatArray, lead: int = 0) -> FloatArray:
        """The array as this view shows it, behind ``lead`` further axes that stay first; a copy where it must be."""
        front = array.shape[:lead]
        if self.fused is not None:
            array = array.reshape(*front, *self.fused)
        if self.presum is not None:
            array = array.sum(axis=tuple([lead + i for i in self.presum]))
        if self.order is not None:
            array = array.transpose(*range(lead), *[lead + i for i in self.order])
        return array if self.shape is None else array.reshape(*front, *self.shape)


@dataclass(frozen=True)
class PairStep:
    """The contraction of two registers, whose result goes to the next free one; operands come first.

    ``function`` is np.multiply (nothing summed: broadcast), np.dot or np.matmul (products of reshaped matrices),
    np.vecdot (inner products along the last axis, all others broadcast) or np.einsum with its subscripts (the rest).

    Attributes
    ----------
    left, right : registers.
    views : how the operands are brought to the function; None where they are as they should be.
    function : ``function(a, b[, out])``.
    written : the shape in which the function returns the result.
    kept : its shape over the scope of the result.
    """

    left: int
    right: int
    views: tuple[View | None, View | None]
    function: Callable[..., Any]
    written: tuple[int, ...]
    kept: tuple[int, ...]

    def run(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """The pairwise contraction of two arrays."""
        first, second = self.views
        if first is not None:
            a = first.of(a)
        if second is not None:
            b = second.of(b)
        result = np.asarray(self.function(a, b))
        return result if self.written == self.kept else result.reshape(self.kept)


class Operand:
    """A register in a pair: its scope once private axes are summed out, and its view."""

    def __init__(
        self, register: int, scope: Scope, needed: set[int], sizes: Sequence[int], fused: tuple[int, ...] | None
    ) -> None:
        self.register, self.sizes, self.fused = register, sizes, fused
        self.scope = tuple(x for x in scope if x in needed)
        self.presum = tuple(i for i, x in enumerate(scope) if x not in needed)

    def shape(self, scope: Sequence[int]) -> tuple[int, ...]:
        """The sizes of labels."""
        return tuple(self.sizes[x] for x in scope)

    def view(self, order: Sequence[int], after: Sequence[int]) -> View | None:
        """The operand with its axes in ``order`` and then of shape ``after``."""
        axes = [self.scope.index(x) for x in order]
        return View.make(self.fused, self.presum, axes, self.shape(order), after)

    def spread(self, out: Scope, inner: Scope = ()) -> View | None:
        """The operand as it broadcasts over ``out``, with the axes ``inner`` joined into one behind."""
        own = [x for x in out if x in self.scope]
        first = out.index(own[0]) if own else len(out)
        front = tuple(self.sizes[x] if x in own else 1 for x in out[first:])
        return self.view([*own, *inner], front + ((prod(self.shape(inner)),) if inner else ()))


def pair_step(
    left: int,
    right: int,
    a: Scope,
    b: Scope,
    out: Scope,
    sizes: Sequence[int],
    fused: tuple[tuple[int, ...] | None, tuple[int, ...] | None] = (None, None),
) -> tuple[PairStep, Scope]:
    """The pairwise contraction of scopes ``a`` and ``b`` onto ``out``; returns it with the scope of its result.

    ``fused`` holds the shapes that fuse axes of the operands, for those that come with more axes than their scope.
    """
    first = Operand(left, a, {*b, *out}, sizes, fused[0])
    second = Operand(right, b, {*a, *out}, sizes, fused[1])
    return _Pair(first, second, out).step()


def step_into(left: int, right: int, a: Scope, b: Scope, out: Scope, sizes: Sequence[int]) -> PairStep | None:
    """The pairwise contraction that writes its result in the order of ``out``; None where no single function does."""
    first, second = Operand(left, a, {*b, *out}, sizes, None), Operand(right, b, {*a, *out}, sizes, None)
    if first.presum or second.presum:
        return None  # an axis to be summed in one operand alone
    return _Pair(first, second, out).step_into()


class _Pair:
    """Two operands, and which of their axes are shared, summed and kept."""

    def __init__(self, a: Operand, b: Operand, out: Scope) -> None:
        self.a, self.b = a, b
        self.out = tuple(x for x in out if x in a.scope or x in b.scope)
        self.summed = {x for x in a.scope if x in b.scope and x not in out}
        self.own_a = tuple(x for x in self.out if x in a.scope and x not in b.scope)
        self.own_b = tuple(x for x in self.out if x in b.scope and x not in a.scope)
        self.shared = tuple(x for x in self.out if x in a.scope and x in b.scope)

    @cached_property
    def inner(self) -> Scope:
        """The summed axes in the order of the larger operand.

        That stays a view where its kept and summed axes lie together, as (s,a | s') does in a transition table.
        """
        a, b = self.a, self.b
        larger = a if prod(a.shape(a.scope)) >= prod(b.shape(b.scope)) else b
        return tuple(x for x in larger.scope if x in self.summed)

    def step(self) -> tuple[PairStep, Scope]:
        """The step on views alone, and the scope of its result."""
        if not self.summed:
            return self._broadcast(np.multiply), self.out
        if not self.shared:
            own_a = tuple(x for x in self.a.scope if x in self.own_a)
            own_b = tuple(x for x in self.b.scope if x in self.own_b)
            return self._product(self.a, own_a, self.b, own_b), own_a + own_b
        n = len(self.inner)
        together = self.a.scope[-n:] == self.inner == self.b.scope[-n:]
        if together and not (self.own_a and self.own_b):
            return self._broadcast(np.vecdot), self.out
        return self._einsum(), self.out

    def step_into(self) -> PairStep | None:
        """The step whose result lies in the order of ``out``; operands that no view shows so are copied."""
        if not self.summed:
            return self._broadcast(np.multiply)
        if self.shared and not (self.own_a and self.own_b):
            return self._broadcast(np.vecdot)
        a, b, own_a, own_b = self.a, self.b, self.own_a, self.own_b
        if self.out == (*self.shared, *own_b, *own_a) and own_b:
            return self._product(b, own_b, a, own_a)
        return self._product(a, own_a, b, own_b) if self.out == (*self.shared, *own_a, *own_b) else None

    def _broadcast(self, function: Callable[..., Any]) -> PairStep:
        """Entry by entry of the result, along the summed axes joined into one."""
        views = self.a.spread(self.out, self.inner), self.b.spread(self.out, self.inner)
        return self._as_kept(function, views)

    def _product(self, a: Operand, own_a: Scope, b: Operand, own_b: Scope) -> PairStep:
        """A matrix product, or several along shared axes, with the own axes of ``a`` first in the result."""
        shared = self.shared
        front, n = a.shape(shared), prod(a.shape(self.inner))
        rows = (prod(a.shape(own_a)),) if own_a or shared else ()
        columns = (prod(a.shape(own_b)),) if own_b or shared else ()
        first = a.view((*shared, *own_a, *self.inner), (*front, *rows, n))
        second = b.view((*shared, *self.inner, *own_b), (*front, n, *columns))
        function = np.matmul if shared else np.dot
        kept = a.shape((*shared, *own_a, *own_b))
        return PairStep(a.register, b.register, (first, second), function, (*front, *rows, *columns), kept)

    def _einsum(self) -> PairStep:
        """Shared axes that stay: np.einsum walks them without copies. Letters are local, so 52 always suffice."""
        a, b = self.a, self.b
        letter = {x: ascii_letters[i] for i, x in enumerate(dict.fromkeys(a.scope + b.scope))}
        left, right, out = ("".join(letter[x] for x in scope) for scope in (a.scope, b.scope, self.out))
        views = a.view(a.scope, a.shape(a.scope)), b.view(b.scope, b.shape(b.scope))
        return self._as_kept(partial(np.einsum, f"{left},{right}->{out}"), views)

    def _as_kept(self, function: Callable[..., Any], views: tuple[View | None, View | None]) -> PairStep:
        """The step whose function returns the result in the shape of ``out``."""
        shape = self.a.shape(self.out)
        return PairStep(self.a.register, self.b.register, views, function, shape, shape)


def reduce_to(array: FloatArray, scope: Scope, out: Scope) -> FloatArray:
    """Sum out what is not in ``out`` and bring the axes into its order."""
    gone = tuple(i for i, x in enumerate(scope) if x not in out)
    if gone:
        array = np.asarray(array.sum(axis=gone))
        scope = tuple(x for x in scope if x in out)
    return array if scope == out else array.transpose([scope.index(x) for x in out])
