"""Kernels write what recipes compute into memory that exists, through views that share it."""

import numpy as np
import pytest

from control_pgm.tables.contraction.kernel import Sight, kernel
from control_pgm.tables.contraction.pairwise import View
from control_pgm.tables.contraction.plan import recipe


def random_contraction(rng):
    """Scopes, an output scope, sizes and operands of a random contraction."""
    n = int(rng.integers(1, 6))
    sizes = tuple(int(x) for x in rng.integers(1, 5, n))
    scopes = [tuple(int(x) for x in rng.permutation(n)[: rng.integers(0, n + 1)]) for _ in range(rng.integers(1, 5))]
    used = sorted({x for scope in scopes for x in scope})
    label = {x: i for i, x in enumerate(used)}
    scopes = tuple(tuple(label[x] for x in scope) for scope in scopes)
    out = tuple(int(x) for x in rng.permutation(len(used))[: rng.integers(0, len(used) + 1)])
    sizes = tuple(sizes[x] for x in used)
    return scopes, out, sizes, [rng.random([sizes[x] for x in scope]) for scope in scopes]


@pytest.mark.parametrize("seed", range(300))
def test_a_kernel_computes_what_einsum_does(seed):
    rng = np.random.default_rng(seed)
    scopes, out, sizes, operands = random_contraction(rng)
    registers = list(operands)
    for call in kernel(recipe(scopes, out, sizes)):
        result = np.full(call.kept, np.nan)
        call.function(*(sight.seen(registers[sight.register]) for sight in call.operands), result.reshape(call.written))
        registers.append(result)
    pairs = [x for operand, scope in zip(operands, scopes, strict=True) for x in (operand, list(scope))]
    assert np.abs(registers[-1] - np.einsum(*pairs, list(out))).max(initial=0.0) <= 1e-12


def test_a_view_that_would_be_a_copy_is_told():
    """reshape of a transposed array copies, and would then serve stale numbers."""
    array = np.arange(6.0).reshape(2, 3)
    assert Sight(0, View(order=(1, 0), shape=(6,))).of(array) is None
    seen = Sight(0, View(shape=(6,))).of(array)
    assert seen is not None
    assert np.shares_memory(seen, array)


@pytest.mark.parametrize(("scopes", "out"), [(((0, 1, 2), (2,)), (0, 1)), (((0, 1, 2), (0, 1)), (2,))])
def test_both_passes_see_the_transition_as_a_matrix_without_a_copy(scopes, out):
    """sum_s' P(s'|s,a) m(s') and sum_s,a P(s'|s,a) m(s,a) are one product each, on the table itself."""
    sizes = (5, 3, 5)
    table = np.random.default_rng(0).random(sizes)
    (call,) = kernel(recipe(scopes, out, sizes))
    assert call.function is np.dot
    sight = next(sight for sight in call.operands if sight.register == 0)
    seen = sight.of(table)
    assert seen is not None
    assert np.shares_memory(seen, table)
