"""One pairwise contraction of dense arrays: the function of NumPy that does it, and views that bring operands to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from string import ascii_letters
from typing import Literal

import numpy as np

from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.contraction.views import View


@dataclass(frozen=True)
class PairStep:
    """One pairwise contraction of two registers, whose result goes to the next free one; operands come first.

    ``kind`` says how: "multiply" (nothing summed: broadcast), "matrix" (a matrix product on reshaped views), "rows"
    (inner products along the last axis, all others broadcast) or "einsum" (the rest of what keeps shared axes).
    """

    kind: Literal["multiply", "matrix", "rows", "einsum"]
    left: int
    right: int
    views: tuple[View | None, View | None]
    result: tuple[int, ...] | None  # shape of a matrix product, where it is not two-dimensional
    subscripts: str = ""

    def run(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """The pairwise contraction of two arrays."""
        first, second = self.views
        if first is not None:
            a = first.of(a)
        if second is not None:
            b = second.of(b)
        if self.kind == "matrix":
            product: FloatArray = np.dot(a, b)
            return product if self.result is None else product.reshape(self.result)
        if self.kind == "multiply":
            return a * b
        if self.kind == "rows":
            return np.asarray(np.vecdot(a, b))
        return np.asarray(np.einsum(self.subscripts, a, b))


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


class _Pair:
    """Two operands, and which of their axes are shared, summed and kept."""

    def __init__(self, a: Operand, b: Operand, out: Scope) -> None:
        self.a, self.b = a, b
        self.out = tuple(x for x in out if x in a.scope or x in b.scope)
        self.summed = {x for x in a.scope if x in b.scope and x not in out}
        self.own_a = tuple(x for x in a.scope if x not in b.scope)
        self.own_b = tuple(x for x in b.scope if x not in a.scope)

    @cached_property
    def inner(self) -> Scope:
        """The summed axes in the order of the larger operand.

        That stays a view where its kept and summed axes lie together, as (s,a | s') does in a transition table.
        """
        a, b = self.a, self.b
        larger = a if prod(a.shape(a.scope)) >= prod(b.shape(b.scope)) else b
        return tuple(x for x in larger.scope if x in self.summed)

    def step(self) -> tuple[PairStep, Scope]:
        """The step, and the scope of its result."""
        if not self.summed:
            return self._make("multiply", self.a.spread(self.out), self.b.spread(self.out)), self.out
        if set(self.out) == {*self.own_a, *self.own_b}:
            return self._matrix(), self.own_a + self.own_b
        n = len(self.inner)
        together = self.a.scope[-n:] == self.inner == self.b.scope[-n:]
        if together and not (self.own_a and self.own_b):
            views = self.a.spread(self.out, self.inner), self.b.spread(self.out, self.inner)
            return self._make("rows", *views), self.out
        return self._einsum(), self.out

    def _matrix(self) -> PairStep:
        a, b = self.a, self.b
        n = prod(a.shape(self.inner))
        rows = (prod(a.shape(self.own_a)), n) if self.own_a else (n,)
        columns = (n, prod(b.shape(self.own_b))) if self.own_b else (n,)
        several = len(self.own_a) > 1 or len(self.own_b) > 1
        views = a.view(self.own_a + self.inner, rows), b.view(self.inner + self.own_b, columns)
        return self._make("matrix", *views, result=a.shape(self.own_a + self.own_b) if several else None)

    def _einsum(self) -> PairStep:
        """Shared axes that stay: np.einsum walks them without copies. Letters are local, so 52 always suffice."""
        a, b = self.a, self.b
        letter = {x: ascii_letters[i] for i, x in enumerate(dict.fromkeys(a.scope + b.scope))}
        left, right, out = ("".join(letter[x] for x in scope) for scope in (a.scope, b.scope, self.out))
        views = a.view(a.scope, a.shape(a.scope)), b.view(b.scope, b.shape(b.scope))
        return self._make("einsum", *views, subscripts=f"{left},{right}->{out}")

    def _make(
        self,
        kind: Literal["multiply", "matrix", "rows", "einsum"],
        first: View | None,
        second: View | None,
        *,
        result: tuple[int, ...] | None = None,
        subscripts: str = "",
    ) -> PairStep:
        return PairStep(kind, self.a.register, self.b.register, (first, second), result, subscripts)


def reduce_to(array: FloatArray, scope: Scope, out: Scope) -> FloatArray:
    """Sum out what is not in ``out`` and bring the axes into its order."""
    gone = tuple(i for i, x in enumerate(scope) if x not in out)
    if gone:
        array = np.asarray(array.sum(axis=gone))
        scope = tuple(x for x in scope if x in out)
    return array if scope == out else array.transpose([scope.index(x) for x in out])
