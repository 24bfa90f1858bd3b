"""Sum-product contraction of named axes on arrays: planned once per signature, run many times.

A contraction multiplies operands, each with a *scope* (a tuple of axis labels), and sums out every label that is not
in the output scope:

    out(o) = sum_{x not in o}  prod_k operand_k(scope_k)

The last axes of the result may be marked as maximised, for who runs the recipe: max-product sums nothing.

The recipe depends on labels and sizes alone, so the slices of an unrolled network share one. Two arithmetics run it:
`Recipe.linear` on plain numbers and `Recipe.log` on natural logarithms. Which one is safe is decided by `Scaled`. With
a sparse operand the order of the pairs is chosen anew, from the numbers of non-zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import combinations
from math import prod
from typing import Any, overload

from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.contraction.fusing import Fused, fuse
from control_pgm.tables.contraction.pairwise import PairStep, pair_step, reduce_to
from control_pgm.tables.contraction.sparse import LINEAR, LOGARITHMS, contract_sparse
from control_pgm.tables.logarithms import log_contract
from control_pgm.tables.sparse.array import SparseArray, Table

_FEW_AXES = 6  # up to so many, NumPy itself joins axes in passing, and fusing them first would only cost time
_MAX_GREEDY = 8  # with more operands than this, the pairwise search is replaced by folding the two smallest


@dataclass(frozen=True)
class Recipe:
    """How to contract operands of given scopes onto ``out``; made by `recipe`, run by `linear` or `log`.

    Of the result the last ``maximised`` axes are to be maximised: what is left has the scope `result`.
    """

    scopes: tuple[Scope, ...]
    out: Scope
    sizes: tuple[int, ...]
    steps: tuple[PairStep, ...]
    last: Scope  # scope of the array that the steps leave
    terms: int  # how many terms each sum has
    kept: Scope  # ``out``, where axes are fused for the steps
    shape: tuple[int, ...] | None  # of the result, where its axes were fused
    maximised: int = 0

    @property
    def result(self) -> Scope:
        """The scope of the result once its last axes have been maximised."""
        return self.out[: len(self.out) - self.maximised]

    @property
    def maxima(self) -> tuple[int, ...]:
        """The axes that are to be maximised."""
        return tuple(range(len(self.out) - self.maximised, len(self.out)))

    @overload
    def linear(self, operands: Sequence[FloatArray]) -> FloatArray: ...
    @overload
    def linear(self, operands: Sequence[Table]) -> Table: ...
    def linear(self, operands: Sequence[Any]) -> Table:
        """The contraction in plain numbers. The result may be a view of an operand."""
        if SparseArray in map(type, operands):
            return contract_sparse(operands, self.scopes, self.out, self.sizes, LINEAR)
        array: FloatArray
        if len(operands) == 2:
            array = self.steps[0].run(operands[0], operands[1])
        else:
            registers = dict(enumerate(operands))
            for k, step in enumerate(self.steps, start=len(operands)):
                # Each register is used once: popping it lets its memory go.
                registers[k] = step.run(registers.pop(step.left), registers.pop(step.right))
            (array,) = registers.values()
        if self.last != self.kept:
            array = reduce_to(array, self.last, self.kept)
        return array if self.shape is None else array.reshape(self.shape)

    def log(self, operands: Sequence[Table]) -> Table:
        """The contraction of natural logarithms: log sum exp of the sum, with −inf as an exact zero."""
        return contract_logs(operands, self.scopes, self.out, self.sizes)


def contract_logs(operands: Sequence[Table], scopes: Sequence[Scope], out: Scope, sizes: Sequence[int]) -> Table:
    """The contraction of natural logarithms, which needs no plan."""
    dense = [operand for operand in operands if not isinstance(operand, SparseArray)]
    if len(dense) < len(operands):
        return contract_sparse(operands, scopes, out, sizes, LOGARITHMS)
    return log_contract(dense, scopes, out, sizes)


@lru_cache(maxsize=4096)
def recipe(scopes: tuple[Scope, ...], out: Scope, sizes: tuple[int, ...], maximised: int = 0) -> Recipe:
    """Plan a contraction; ``sizes[label]`` is the length of an axis. The smallest intermediate result goes first."""
    terms = prod(sizes[x] for x in {x for scope in scopes for x in scope} - set(out))
    if len(scopes) == 1:
        return Recipe(scopes, out, sizes, (), scopes[0], terms, out, None, maximised)
    fused = fuse(scopes, out, sizes) if max(map(len, scopes)) > _FEW_AXES else Fused(scopes, out, sizes)
    shapes = [
        tuple(fused.sizes[x] for x in short) if len(short) < len(scope) else None
        for short, scope in zip(fused.scopes, scopes, strict=True)
    ]
    steps, last = _steps(fused, shapes)
    shape = tuple(sizes[x] for x in out) if len(fused.out) < len(out) else None
    return Recipe(scopes, out, sizes, steps, last, terms, fused.out, shape, maximised)


def _steps(fused: Fused, shapes: Sequence[tuple[int, ...] | None]) -> tuple[tuple[PairStep, ...], Scope]:
    """The steps, and the scope of what they leave. ``shapes`` fuse the axes of the operands."""
    scopes, out, sizes = fused
    live = dict(enumerate(scopes))
    uses = Counter(x for scope in scopes for x in scope)
    uses.update(out)
    choose = _cheapest_pair if len(scopes) <= _MAX_GREEDY else _SmallestTwo(live, sizes)
    unfused = dict(enumerate(shapes))
    steps: list[PairStep] = []
    while len(live) > 1:
        left, right = choose(live, uses, sizes)
        a, b = live.pop(left), live.pop(right)
        uses.subtract(a)
        uses.subtract(b)
        kept = tuple(dict.fromkeys(x for x in (out if not live else a + b) if uses[x] > 0))
        step, scope = pair_step(left, right, a, b, kept, sizes, (unfused.get(left), unfused.get(right)))
        uses.update(scope)
        live[len(scopes) + len(steps)] = scope
        steps.append(step)
    (last,) = live.values()
    return tuple(steps), last


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
