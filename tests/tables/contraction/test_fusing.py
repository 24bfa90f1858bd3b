"""Axes that always lie together, treated as one."""

from unittest import mock

import numpy as np
from hypothesis import given

from control_pgm.tables.contraction import plan as contraction
from control_pgm.tables.contraction.fusing import fuse
from control_pgm.tables.contraction.plan import recipe
from tests.strategies import seeds, thorough


def definition(scopes, out):
    """The pairs (x, y) in which y follows x, and x comes before y, wherever one of them occurs."""
    sequences = [*scopes, out]
    labels = {x for sequence in sequences for x in sequence}
    return {
        (x, y)
        for x in labels
        for y in labels
        if all(
            (x in s) == (y in s) and (x not in s or s.index(y) == s.index(x) + 1) for s in sequences if x in s or y in s
        )
    }


def random_scopes(rng):
    """Scopes over up to eight labels, in which some labels often lie together."""
    blocks = [(0, 1), (2, 3, 4), (5,), (6,), (7,)]
    scopes = []
    for _ in range(rng.integers(1, 5)):
        order = rng.permutation(len(blocks))[: rng.integers(0, len(blocks) + 1)]
        scope = [x for i in order for x in blocks[i]]
        if scope and rng.random() < 0.2:
            scope.pop(int(rng.integers(len(scope))))
        scopes.append(tuple(scope))
    return scopes


@thorough
@given(seeds)
def test_labels_are_fused_exactly_where_they_always_lie_together(seed):
    rng = np.random.default_rng(seed)
    *scopes, out = [*random_scopes(rng), ()]
    covered = {x for scope in scopes for x in scope}
    out = tuple(x for x in random_scopes(rng)[0] if x in covered)
    sizes = tuple(int(n) for n in rng.integers(1, 4, 8))
    pairs = definition(scopes, out)
    followers = {y for _, y in pairs}
    fused = fuse(scopes, out, sizes)
    assert fused.scopes == tuple(tuple(x for x in scope if x not in followers) for scope in scopes)
    assert fused.out == tuple(x for x in out if x not in followers)
    for scope, short in zip((*scopes, out), (*fused.scopes, fused.out), strict=True):
        assert np.prod([sizes[x] for x in scope]) == np.prod([fused.sizes[x] for x in short])


@thorough
@given(seeds)
def test_contractions_with_fused_axes_match_einsum(seed):
    rng = np.random.default_rng(seed)
    scopes = random_scopes(rng)
    covered = {x for scope in scopes for x in scope}
    out = tuple(x for x in random_scopes(rng)[0] if x in covered)
    sizes = tuple(int(n) for n in rng.integers(1, 4, 8))
    arrays = [rng.random([sizes[x] for x in scope]) for scope in scopes]
    operands = [part for array, scope in zip(arrays, scopes, strict=True) for part in (array, list(scope))]
    with mock.patch.object(contraction, "_FEW_AXES", 0):
        result = recipe.__wrapped__(tuple(scopes), out, sizes).linear(arrays)
    expected = np.einsum(*operands, list(out))
    assert result.shape == tuple(sizes[x] for x in out)
    assert np.abs(result - expected).max(initial=0.0) < 1e-12 * max(1.0, np.abs(expected).max(initial=0.0))


def test_ten_binary_axes_are_planned_like_one_of_a_thousand_states():
    many, few = tuple(range(10)), (10, 11)
    plan = recipe(((*many, *few), few, many), many, (2,) * 10 + (3, 4))
    like = recipe(((0, 1), (1,), (0,)), (0,), (1024, 12))
    for step, other in zip(plan.steps, like.steps, strict=True):
        assert (step.function, step.left, step.right) == (other.function, other.left, other.right)
    assert plan.kept == (0,)
    assert plan.shape == (2,) * 10


def test_no_operand_is_copied():
    many, few = tuple(range(6)), (6, 7)
    sizes = (2,) * 6 + (3, 4)
    rng = np.random.default_rng(0)
    for scopes, out in [
        (((*many, *few), few), many),
        ((few, (*few, *many)), many),
        ((many, (*many, *few), few), few),
        ((many, (*few, *many)), (*few, *many)),
        ((many, many, (*many, *few)), few),
    ]:
        plan = recipe(scopes, out, sizes)
        arrays = [rng.random([sizes[x] for x in scope]) for scope in scopes]
        for step in plan.steps:
            for register, view in zip((step.left, step.right), step.views, strict=True):
                if register < len(arrays) and view is not None:
                    assert view.presum is None
                    assert np.shares_memory(view.of(arrays[register]), arrays[register])


def test_an_operand_whose_axes_lie_apart_in_memory_is_contracted_all_the_same():
    rng = np.random.default_rng(1)
    table = rng.random((2, 3, 4, 5)).transpose(2, 0, 3, 1)
    message = rng.random((3, 5)).T
    result = recipe(((0, 1, 2, 3), (2, 3)), (0, 1), (4, 2, 5, 3)).linear([table, message])
    assert np.abs(result - np.einsum("abcd,cd->ab", table, message)).max() < 1e-13
