"""A recipe as calls of NumPy that write into memory which exists already.

`Recipe.linear` makes a new array for every result. Where one contraction is repeated thousands of times, that and the
looking-up cost more than the numbers. A kernel says once which function is called on which views; who repeats it binds
the views to memory, once per repetition, and then only calls. A compiled interpreter would take the same list of calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from control_pgm.tables.arrays import FloatArray, Scope
from control_pgm.tables.contraction.pairwise import Operand, View, step_into
from control_pgm.tables.contraction.plan import Recipe
from control_pgm.tables.sparse.array import SparseArray, Table


class Sight(NamedTuple):
    """A register, and the view of it (None: as it is)."""

    register: int
    view: View | None = None

    def of(self, array: FloatArray, *, lead: int = 0) -> FloatArray | None:
        """The array so seen, behind ``lead`` further axes that stay first; None where that would be a copy.

        A copy would serve stale numbers once the array is written to.
        """
        seen = self.seen(array, lead=lead)
        return seen if seen is array or np.may_share_memory(seen, array) else None

    def seen(self, array: FloatArray, *, lead: int = 0) -> FloatArray:
        """The array so seen; a copy where no view shows it so."""
        return array if self.view is None else self.view.of(array, lead)


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
        made = step_into(step.left, step.right, a, b, out, recipe.sizes)
        if made is None:
            return whole(recipe)
        sights = Sight(made.left, made.views[0]), Sight(made.right, made.views[1])
        calls.append(Call(made.function, sights, made.written, made.kept))
        scopes.append(out)
        uses.update(out)
    if not calls:
        return whole(recipe)
    return (*calls, _maximum(recipe, len(scopes) - 1)) if recipe.maximised else tuple(calls)


def _maximum(recipe: Recipe, register: int) -> Call:
    """The maxima over the last axes of a register."""
    shape = tuple(recipe.sizes[x] for x in recipe.result)
    return Call(partial(_maximise, recipe.maxima), (Sight(register),), shape, shape)


def _maximise(axes: tuple[int, ...], values: FloatArray, out: FloatArray) -> None:
    np.max(values, axis=axes, out=out)


def sparse_product(recipe: Recipe, table: Any, *, first: bool) -> tuple[Call, ...] | None:
    """A sparse matrix, one of two operands, times a dense vector; None where the contraction is another.

    The matrix is compressed along its rows in whichever direction it is used, and made once for each.
    """
    if len(recipe.scopes) != 2 or recipe.maximised:
        return None
    scope, other = recipe.scopes if first else recipe.scopes[::-1]
    if set(other) | set(recipe.out) != set(scope) or set(other) & set(recipe.out) or not recipe.out:
        return None
    matrix = table.matrix(tuple(scope.index(x) for x in recipe.out))
    inner = tuple(x for x in scope if x in other)
    size = prod(recipe.sizes[x] for x in inner)
    sight = Sight(int(first), Operand(int(first), other, {*inner}, recipe.sizes, None).view(inner, (size,)))
    shape = tuple(recipe.sizes[x] for x in recipe.out)
    return (Call(partial(_times_vector, matrix), (sight,), (prod(shape),), shape),)


def _times_vector(matrix: Any, vector: FloatArray, out: FloatArray) -> None:
    np.copyto(out, matrix @ vector)


def whole(recipe: Recipe) -> tuple[Call, ...]:
    """The recipe run as it is, its result copied to its place: for sparse operands and whatever no view can show."""
    shape = tuple(recipe.sizes[x] for x in recipe.result)
    return (Call(partial(_run, recipe), tuple(Sight(k) for k in range(len(recipe.scopes))), shape, shape),)


def _run(recipe: Recipe, *arrays: Any) -> None:
    result: Table = recipe.linear(arrays[:-1])
    dense = result.dense() if isinstance(result, SparseArray) else result
    np.copyto(arrays[-1], dense.max(axis=recipe.maxima) if recipe.maximised else dense)
