"""A recipe as calls of NumPy that write into memory which exists already.

`Recipe.linear` makes a new array for every result. Where one contraction is repeated thousands of times, that and the
looking-up cost more than the numbers. A kernel says once which function is called on which views; who repeats it binds
the views to memory, once per repetition, and then only calls. A compiled interpreter would take the same list of calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.sparse.array import SparseArray, Table


class Sight(NamedTuple):
    """The view of a register: a transposition, then a shape (None: as it is)."""

    register: int
    order: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None

    def of(self, array: FloatArray, *, lead: int = 0) -> FloatArray | None:
        """The array so seen, behind ``lead`` further axes that stay first; None where that would be a copy.

        A copy would serve stale numbers once the array is written to.
        """
        if self.order is None and self.shape is None:
            return array
        seen = self.seen(array, lead=lead)
        return seen if np.may_share_memory(seen, array) else None

    def seen(self, array: FloatArray, *, lead: int = 0) -> FloatArray:
        """The array so seen; a copy where no view shows it so."""
        if self.order is not None:
            array = array.transpose(*range(lead), *(lead + i for i in self.order))
        return array if self.shape is None else array.reshape(*array.shape[:lead], *self.shape)


class Call(NamedTuple):
    """``function(*operands, out)``; the result is written in the shape ``written`` and kept in the shape ``kept``."""

    function: Callable[..., object]
    operands: tuple[Sight, ...]
    written: tuple[int, ...]
    kept: tuple[int, ...]


@lru_cache(maxsize=1024)
def kernel(recipe: Recipe) -> tuple[Call, ...]:
    """The calls of a recipe on dense arrays. Registers number the operands first, then the results of the calls."""
    scopes: list[Scope] = list(recipe.scopes)
    uses = Counter(x for scope in scopes for x in scope)
    calls = []
    for k, step in enumerate(recipe.steps, start=1):
        a, b = scopes[step.left], scopes[step.right]
        uses.subtract(a)
        uses.subtract(b)
        last = k == len(recipe.steps)
        kept = tuple(dict.fromkeys(x for x in a + b if uses[x] > 0 or x in recipe.out))
        out = recipe.out if last else kept
        call = _pair((step.left, a), (step.right, b), out, recipe.sizes)
        if call is None:
            return whole(recipe)
        calls.append(call)
        scopes.append(out)
        uses.update(out)
    return tuple(calls) or whole(recipe)


def sparse_product(recipe: Recipe, table: Any, *, first: bool) -> tuple[Call, ...] | None:
    """A sparse matrix, one of two operands, times a dense vector; None where the contraction is another.

    The matrix is compressed along its rows in whichever direction it is used, and made once for each.
    """
    if len(recipe.scopes) != 2:
        return None
    scope, other = recipe.scopes if first else recipe.scopes[::-1]
    if set(other) | set(recipe.out) != set(scope) or set(other) & set(recipe.out) or not recipe.out:
        return None
    matrix = table.matrix(tuple(scope.index(x) for x in recipe.out))
    inner = tuple(x for x in scope if x in other)
    sight = _seen((int(first), other), inner, (prod(recipe.sizes[x] for x in inner),), recipe.sizes)
    shape = tuple(recipe.sizes[x] for x in recipe.out)
    return (Call(partial(_times_vector, matrix), (sight,), (prod(shape),), shape),)


def _times_vector(matrix: Any, vector: FloatArray, out: FloatArray) -> None:
    np.copyto(out, matrix @ vector)


def whole(recipe: Recipe) -> tuple[Call, ...]:
    """The recipe run as it is, its result copied to its place: for sparse operands and whatever no view can show."""
    shape = tuple(recipe.sizes[x] for x in recipe.out)
    return (Call(partial(_run, recipe), tuple(Sight(k) for k in range(len(recipe.scopes))), shape, shape),)


def _run(recipe: Recipe, *arrays: Any) -> None:
    result: Table = recipe.linear(arrays[:-1])
    np.copyto(arrays[-1], result.dense() if isinstance(result, SparseArray) else result)


def _pair(left: tuple[int, Scope], right: tuple[int, Scope], out: Scope, sizes: Sequence[int]) -> Call | None:
    """The call that contracts two registers onto ``out``; None where no single one does."""
    (_, a), (_, b) = left, right
    if any(x not in out for x in set(a) ^ set(b)):
        return None  # an axis to be summed in one operand alone
    larger = max((a, b), key=lambda scope: prod(sizes[x] for x in scope))
    inner = tuple(x for x in larger if x in a and x in b and x not in out)
    shape = tuple(sizes[x] for x in out)
    if not inner:
        sights = (_spread(left, out, (), sizes), _spread(right, out, (), sizes))
        return Call(np.multiply, sights, shape, shape)
    own_a, own_b = (tuple(x for x in out if x in own and x not in other) for own, other in ((a, b), (b, a)))
    shared = tuple(x for x in out if x in a and x in b)
    if (own_a and own_b) or not shared:
        return _matrices(left, right, (shared, own_a, own_b, inner), out, sizes)
    return Call(np.vecdot, (_spread(left, out, inner, sizes), _spread(right, out, inner, sizes)), shape, shape)


def _matrices(
    left: tuple[int, Scope],
    right: tuple[int, Scope],
    parts: tuple[Scope, Scope, Scope, Scope],
    out: Scope,
    sizes: Sequence[int],
) -> Call | None:
    """A matrix product, or several along shared axes; the operand whose own axes come first in ``out`` is the left."""
    shared, own_a, own_b, inner = parts
    if out == (*shared, *own_b, *own_a) and own_b:
        left, right, own_a, own_b = right, left, own_b, own_a
    elif out != (*shared, *own_a, *own_b):
        return None
    front, n = tuple(sizes[x] for x in shared), prod(sizes[x] for x in inner)
    rows = (prod(sizes[x] for x in own_a),) if own_a or shared else ()
    columns = (prod(sizes[x] for x in own_b),) if own_b or shared else ()
    first = _seen(left, (*shared, *own_a, *inner), (*front, *rows, n), sizes)
    second = _seen(right, (*shared, *inner, *own_b), (*front, n, *columns), sizes)
    kept = tuple(sizes[x] for x in out)
    return Call(np.matmul if shared else np.dot, (first, second), (*front, *rows, *columns), kept)


def _seen(operand: tuple[int, Scope], order: Scope, shape: tuple[int, ...], sizes: Sequence[int]) -> Sight:
    """The operand with its axes in ``order``, reshaped."""
    register, scope = operand
    axes = tuple(scope.index(x) for x in order)
    before = tuple(sizes[x] for x in order)
    return Sight(register, None if axes == tuple(range(len(axes))) else axes, None if before == shape else shape)


def _spread(operand: tuple[int, Scope], out: Scope, inner: Scope, sizes: Sequence[int]) -> Sight:
    """The operand as it broadcasts over ``out``, with the axes ``inner`` joined into one behind."""
    scope = operand[1]
    first = next((i for i, x in enumerate(out) if x in scope), len(out))
    front = tuple(sizes[x] if x in scope else 1 for x in out[first:])
    joined = (prod(sizes[x] for x in inner),) if inner else ()
    return _seen(operand, tuple(x for x in (*out, *inner) if x in scope), (*front, *joined), sizes)
