"""Composing the steps of a repetition: one small table instead of several large ones.

Where all steps hang on one message that is carried over, and tables do not change, a repetition is a linear map of
that message: m_c = M m_{c−1}. With its tables multiplied together and everything else summed out once,

    M(s, s') = sum_a p(a|s) p(O=1|s,a) P(s'|s,a)

say, each repetition is one small matrix-vector product. The results of the steps in between follow from what is carried
when somebody asks for them, all repetitions at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from control_pgm.tables.contraction.plan import recipe
from control_pgm.tables.contraction.views import Scope
from control_pgm.tables.numbers.message import contract, is_linear, table_of
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.stack import Stack
from control_pgm.tables.recurrence.recurrence import Lagged, Recurrence, RecurrentStep

_SPARSE_COUNT = 32  # repetitions that make up for composing sparse tables


def composed(repetition: Recurrence) -> Recurrence | None:
    """The repetition of the carried step alone; None where that is no gain, or too wide for linear numbers."""
    path = _path(repetition)
    if not path or repetition.batch is not None or not _pays(repetition, path):
        return None
    sizes: list[int] = []
    scopes: list[Scope] = []
    operands: list[Scaled | Stack] = []
    out = _fresh(repetition.steps[path[0]].shape, sizes)
    wanted = out  # the axes that are asked of a step, by the labels of the whole
    for j in path:  # from the step that is carried back to the message that it began with
        step = repetition.steps[j]
        labels = dict(zip(step.recipe.out, wanted, strict=True))
        for scope in step.recipe.scopes:
            new = [x for x in scope if x not in labels]
            labels |= dict(zip(new, _fresh([step.recipe.sizes[x] for x in new], sizes), strict=True))
        scopes += [tuple(labels[x] for x in scope) for scope in step.recipe.scopes[:-1]]
        operands += step.at(0)
        wanted = tuple(labels[x] for x in step.recipe.scopes[-1])
    # An axis of the carried message that no table mentions passes through: the composed table has none either.
    mentioned = {x for scope in scopes for x in scope}
    axes = tuple(x for x in dict.fromkeys((*out, *wanted)) if x in mentioned)
    matrix = contract(operands, recipe(tuple(scopes), axes, tuple(sizes)))
    if not is_linear(matrix) or table_of(matrix).n_entries > sum(table_of(table).n_entries for table in operands):
        return None
    apply = recipe((axes, wanted), out, tuple(sizes))
    step = RecurrentStep(apply, (matrix,), (Lagged(0, 1),))
    return Recurrence(repetition.count, (step,), {0: repetition.before[path[0]]})


def _path(repetition: Recurrence) -> list[int] | None:
    """The steps from the one that is carried over back to the one that receives it."""
    if not repetition.chain or not all(step.constant for step in repetition.steps):
        return None
    (carried,) = repetition.before
    path = [carried]
    while True:
        (source,) = repetition.steps[path[-1]].received
        assert isinstance(source, Lagged)
        if source.lag:
            return path if source.step == carried else None
        path.append(source.step)


def _pays(repetition: Recurrence, path: list[int]) -> bool:
    """Whether the composed table is smaller than its parts by enough to make up for composing it."""
    tables = [table_of(table) for j in path for table in repetition.steps[j].at(0)]
    if not tables:
        return False
    entries = sum(table.n_entries for table in tables)
    first, last = repetition.steps[path[0]], repetition.steps[path[-1]]
    small = prod(first.shape) * prod(last.recipe.sizes[x] for x in last.recipe.scopes[-1])
    if any(table.sparse for table in tables):  # sorting non-zeros into groups costs as much as many products
        return repetition.count >= _SPARSE_COUNT
    return len(path) > 1 and small < entries and repetition.count * (entries - small) > 4 * entries


def _fresh(lengths: Sequence[int], sizes: list[int]) -> Scope:
    """New labels for axes of the given lengths."""
    start = len(sizes)
    sizes.extend(lengths)
    return tuple(range(start, len(sizes)))
