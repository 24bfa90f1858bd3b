"""Composition of the steps of a recurrence: one small table instead of several large ones.

Where all steps hang on one message that is carried over, a repetition is a linear map of that message:
m_c = M_c m_{c−1}. With its tables multiplied together and everything else summed out once,

    M(s, s') = sum_a p(a|s) p(O=1|s,a) P(s'|s,a)

say, each repetition is one small matrix-vector product. Repetitions with the same tables share M. The results of the
steps in between follow from what is carried when they are asked for, many repetitions at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from control_pgm.tables.arrays import Scope
from control_pgm.tables.contraction.plan import Recipe, recipe
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep
from control_pgm.tables.recurrence.series import Distinct, Series, combinations

_SPARSE_COUNT = 32  # repetitions that make up for composing sparse tables
_CALLS = 64  # repetitions that make up for the calls that compose different tables


def composed(recurrence: Recurrence) -> Recurrence | None:
    """The recurrence of the carried step alone; None where that is no gain, or too wide for linear numbers."""
    path = _path(recurrence)
    if not path or recurrence.batch is not None:
        return None
    series = [t.chosen for j in path for t in recurrence.steps[j].tables if isinstance(t, Series)]
    chosen, first = combinations(series, recurrence.count)
    if not _pays(recurrence, path, len(first)):
        return None
    multiply, apply = _product(tuple([recurrence.steps[j].recipe for j in path]))
    matrices: list[Scaled] = []
    for c in first.tolist():
        operands = [table for j in path for table in recurrence.steps[j].at(c)]
        matrix = Scaled.contract(operands, multiply)
        entries = sum(table.n_entries for table in operands)
        if matrix.leads or matrix.in_logs or matrix.n_entries > entries:
            return None
        matrices.append(matrix)
    table = matrices[0] if len(matrices) == 1 else Series(Distinct(matrices), chosen)
    step = RecurrentStep(apply, (table,), (Lagged(0, 1),))
    return Recurrence(recurrence.count, (step,), {0: recurrence.before[path[0]]})


def _path(recurrence: Recurrence) -> list[int] | None:
    """The steps from the one that is carried over back to the one that receives it."""
    if not recurrence.chain:
        return None
    (carried,) = recurrence.before
    path = [carried]
    if any(step.recipe.maximised for step in recurrence.steps):
        return None  # a product of maxima is no sum-product
    while True:
        (source,) = recurrence.steps[path[-1]].received
        assert isinstance(source, Lagged)
        if source.lag:
            return path if source.step == carried else None
        path.append(source.step)


def _pays(recurrence: Recurrence, path: list[int], different: int) -> bool:
    """Whether composed tables are smaller than their parts by enough to make up for composing them."""
    count = recurrence.count
    tables = [table for j in path for table in recurrence.steps[j].at(0)]
    if not tables or (different - 1) * _CALLS > count:
        return False
    entries = sum(table.n_entries for table in tables)
    first, last = recurrence.steps[path[0]], recurrence.steps[path[-1]]
    small = prod(first.shape) * prod(last.recipe.sizes[x] for x in last.recipe.scopes[-1])
    if any(table.sparse for table in tables):  # sorting non-zeros into groups costs as much as many products
        return count >= _SPARSE_COUNT * different
    return len(path) > 1 and small < entries and count * (entries - small) > 4 * different * entries


@lru_cache(maxsize=256)
def _product(path: tuple[Recipe, ...]) -> tuple[Recipe, Recipe]:
    """How the tables of a repetition are multiplied, and the product applied to the message carried."""
    sizes: list[int] = []
    scopes: list[Scope] = []
    out = _fresh([path[0].sizes[x] for x in path[0].out], sizes)
    wanted = out  # the axes that are asked of a step, by the labels of the whole
    for step in path:  # from the step that is carried back to the message that it began with
        labels = dict(zip(step.out, wanted, strict=True))
        for scope in step.scopes:
            new = [x for x in scope if x not in labels]
            labels |= dict(zip(new, _fresh([step.sizes[x] for x in new], sizes), strict=True))
        scopes += [tuple(labels[x] for x in scope) for scope in step.scopes[:-1]]
        wanted = tuple(labels[x] for x in step.scopes[-1])
    # An axis of the carried message that no table mentions passes through: the composed table has none either.
    mentioned = {x for scope in scopes for x in scope}
    axes = tuple(x for x in dict.fromkeys((*out, *wanted)) if x in mentioned)
    return recipe(tuple(scopes), axes, tuple(sizes)), recipe((axes, wanted), out, tuple(sizes))


def _fresh(lengths: Sequence[int], sizes: list[int]) -> Scope:
    """New labels for axes of the given lengths."""
    start = len(sizes)
    sizes.extend(lengths)
    return tuple(range(start, len(sizes)))
