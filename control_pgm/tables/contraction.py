"""Sum-product contraction of named axes on plain arrays: planned once per signature, run many times.

A contraction multiplies operands, each with a *scope* (a tuple of axis labels), and sums out every label that is not
in the output scope:

    out(o) = sum_{x not in o}  prod_k operand_k(scope_k)

The recipe depends on labels and sizes alone, so the slices of an unrolled network share one. Two arithmetics run it:
`Recipe.linear` on plain numbers and `Recipe.log` on natural logarithms. Which one is safe is decided by `Scaled`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import combinations
from math import prod
from string import ascii_letters
from typing import Literal

import numpy as np

from control_pgm.tables.arrays import FloatArray

Scope = tuple[int, ...]

_MAX_GREEDY = 8  # with more operands than this, the pairwise search is replaced by folding the two smallest


@dataclass(frozen=True)
class View:
    """How an operand is looked at: axes summed first, then a transposition, then a shape; None where not needed."""

    presum: tuple[int, ...] | None
    order: tuple[int, ...] | None
    shape: tuple[int, ...] | None

    @staticmethod
    def make(presum: Sequence[int], order: Sequence[int], before: Sequence[int], after: Sequence[int]) -> View | None:
        """A view that leaves out what would change nothing; ``before`` is the shape after the transposition."""
        moved = tuple(order) != tuple(range(len(order)))
        reshaped = tuple(before) != tuple(after)
        if not (presum or moved or reshaped):
            return None
        return View(tuple(presum) or None, tuple(order) if moved else None, tuple(after) if reshaped else None)

    def of(self, array: FloatArray) -> FloatArray:
        """The array as this view shows it."""
        if self.presum is not None:
            array = array.sum(axis=self.presum)
        if self.order is not None:
            array = array.transpose(self.order)
        return array if self.shape is None else array.reshape(self.shape)


@dataclass(frozen=True)
class Step:
    """One pairwise contraction of two registers, whose result goes to the next free one; operands come first.

    ``kind`` says how: "multiply" (nothing summed: broadcast), "matrix" (a matrix product on reshaped views),
    or "einsum" (some axes shared and kept).
    """

    kind: Literal["multiply", "matrix", "einsum"]
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
        return np.asarray(np.einsum(self.subscripts, a, b))


@dataclass(frozen=True)
class Recipe:
    """How to contract operands of given scopes onto ``out``; made by `recipe`, run by `linear` or `log`."""

    scopes: tuple[Scope, ...]
    out: Scope
    sizes: tuple[int, ...]
    steps: tuple[Step, ...]
    last: Scope  # scope of the array that the steps leave
    terms: int  # how many terms each sum has

    def linear(self, operands: Sequence[FloatArray]) -> FloatArray:
        """The contraction in plain numbers. The result may be a view of an operand."""
        if len(operands) == 2:
            array = self.steps[0].run(operands[0], operands[1])
        else:
            registers = dict(enumerate(operands))
            for k, step in enumerate(self.steps, start=len(operands)):
                # Each register is used once: popping it lets its memory go.
                registers[k] = step.run(registers.pop(step.left), registers.pop(step.right))
            (array,) = registers.values()
        return array if self.last == self.out else reduce_to(array, self.last, self.out)

    def log(self, operands: Sequence[FloatArray]) -> FloatArray:
        """The contraction of natural logarithms: log sum exp of the sum, with −inf as an exact zero."""
        summed = tuple(sorted({x for scope in self.scopes for x in scope} - set(self.out)))
        full = self.out + summed
        total = sum_aligned(operands, self.scopes, full, self.sizes)
        return log_sum_exp(total, tuple(range(len(self.out), len(full))))


def reduce_to(array: FloatArray, scope: Scope, out: Scope) -> FloatArray:
    """Sum out what is not in ``out`` and bring the axes into its order."""
    gone = tuple(i for i, x in enumerate(scope) if x not in out)
    if gone:
        array = np.asarray(array.sum(axis=gone))
        scope = tuple(x for x in scope if x in out)
    return array if scope == out else array.transpose([scope.index(x) for x in out])


def align(array: FloatArray, scope: Scope, full: Scope) -> FloatArray:
    """A view of ``array`` whose axes follow ``full``, with length 1 where its scope has no such label."""
    order = sorted(range(len(scope)), key=lambda i: full.index(scope[i]))
    have = set(scope)
    index = tuple(slice(None) if x in have else None for x in full)
    return array.transpose(order)[index]


def sum_aligned(arrays: Sequence[FloatArray], scopes: Sequence[Scope], full: Scope, sizes: Sequence[int]) -> FloatArray:
    """The broadcast sum of arrays over ``full``, which is materialised."""
    total = np.zeros([sizes[x] for x in full])
    for array, scope in zip(arrays, scopes, strict=True):
        total += align(array, scope, full)
    return total


def log_sum_exp(array: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """log sum exp over ``axes`` with exact −inf, without warnings."""
    if not axes:
        return array
    top = array.max(axis=axes, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(array - top).sum(axis=axes)) + top.squeeze(axis=axes))


@lru_cache(maxsize=4096)
def recipe(scopes: tuple[Scope, ...], out: Scope, sizes: tuple[int, ...]) -> Recipe:
    """Plan a contraction; ``sizes[label]`` is the length of an axis. The smallest intermediate result goes first."""
    live = dict(enumerate(scopes))
    uses = Counter(x for scope in scopes for x in scope)
    uses.update(out)
    choose = _cheapest_pair if len(scopes) <= _MAX_GREEDY else _SmallestTwo(live, sizes)
    steps: list[Step] = []
    while len(live) > 1:
        left, right = choose(live, uses, sizes)
        a, b = live.pop(left), live.pop(right)
        uses.subtract(a)
        uses.subtract(b)
        kept = tuple(dict.fromkeys(x for x in (out if not live else a + b) if uses[x] > 0))
        step, scope = _step(left, right, a, b, kept, sizes)
        uses.update(scope)
        live[len(scopes) + len(steps)] = scope
        steps.append(step)
    (last,) = live.values()
    summed = {x for scope in scopes for x in scope} - set(out)
    return Recipe(scopes, out, sizes, tuple(steps), last, prod(sizes[x] for x in summed))


def _cheapest_pair(live: dict[int, Scope], uses: Counter[int], sizes: tuple[int, ...]) -> tuple[int, int]:
    """The pair whose product, after summing what nothing else needs, is smallest; the first on ties."""

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        own = Counter(live[pair[0]] + live[pair[1]])
        needed = prod(sizes[x] for x, n in own.items() if uses[x] > n)
        return needed, prod(sizes[x] for x in own)

    return min(combinations(live, 2), key=cost)


class _SmallestTwo:
    """For many operands: the two smallest, kept in a heap."""

    def __init__(self, live: dict[int, Scope], sizes: tuple[int, ...]) -> None:
        self.heap = [(prod(sizes[x] for x in scope), k) for k, scope in live.items()]
        self.seen = len(live)
        heapify(self.heap)

    def __call__(self, live: dict[int, Scope], uses: Counter[int], sizes: tuple[int, ...]) -> tuple[int, int]:
        newest = next(reversed(live))
        if newest >= self.seen:
            heappush(self.heap, (prod(sizes[x] for x in live[newest]), newest))
            self.seen = newest + 1
        first, second = heappop(self.heap)[1], heappop(self.heap)[1]
        return min(first, second), max(first, second)


def _step(left: int, right: int, a: Scope, b: Scope, out: Scope, sizes: tuple[int, ...]) -> tuple[Step, Scope]:
    """The pairwise contraction of scopes ``a`` and ``b`` onto ``out``; returns it with the scope of its result."""
    presum = (
        tuple(i for i, x in enumerate(a) if x not in b and x not in out),
        tuple(i for i, x in enumerate(b) if x not in a and x not in out),
    )
    a = tuple(x for x in a if x in b or x in out)
    b = tuple(x for x in b if x in a or x in out)
    common = set(a) & set(b)
    summed, batch = common - set(out), common & set(out)
    keep_a, keep_b = (tuple(x for x in scope if x not in common) for scope in (a, b))

    def shape(scope: Sequence[int]) -> tuple[int, ...]:
        return tuple(sizes[x] for x in scope)

    def view(k: int, order: Sequence[int], after: Sequence[int]) -> View | None:
        scope = (a, b)[k]
        return View.make(presum[k], [scope.index(x) for x in order], shape(order), after)

    if not summed:
        order = tuple(x for x in out if x in a or x in b)
        views = (
            view(0, [x for x in order if x in a], _broadcast_shape(order, a, sizes)),
            view(1, [x for x in order if x in b], _broadcast_shape(order, b, sizes)),
        )
        return Step("multiply", left, right, views, None), order
    if batch:
        # Shared axes that stay: np.einsum walks them without copies. Letters are local, so 52 always suffice.
        letter = {x: ascii_letters[i] for i, x in enumerate(dict.fromkeys(a + b))}
        order = tuple(x for x in out if x in letter)
        subscripts = ",".join("".join(letter[x] for x in s) for s in (a, b)) + "->" + "".join(letter[x] for x in order)
        return Step("einsum", left, right, (view(0, a, shape(a)), view(1, b, shape(b))), None, subscripts), order
    # A matrix product. The larger operand dictates the order of the summed axes, so that it stays a view when its
    # kept and summed axes lie together, as (s,a | s') does in a transition table.
    larger = a if prod(shape(a)) >= prod(shape(b)) else b
    inner = tuple(x for x in larger if x in summed)
    n = prod(shape(inner))
    rows = (prod(shape(keep_a)), n) if keep_a else (n,)
    columns = (n, prod(shape(keep_b))) if keep_b else (n,)
    scope = keep_a + keep_b
    result = None if len(keep_a) <= 1 and len(keep_b) <= 1 else shape(scope)
    return Step("matrix", left, right, (view(0, keep_a + inner, rows), view(1, inner + keep_b, columns)), result), scope


def _broadcast_shape(order: Scope, scope: Scope, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which an operand broadcasts over ``order``: 1 where it has no such axis, leading ones left out."""
    first = next((i for i, x in enumerate(order) if x in scope), len(order))
    return tuple(sizes[x] if x in scope else 1 for x in order[first:])
