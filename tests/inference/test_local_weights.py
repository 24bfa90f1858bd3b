"""Weights read row by row against plain loops over dense tables."""

from itertools import product

import numpy as np
import pytest

from control_pgm.inference.local_weights import Logarithms, log_entries, log_weights
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.sparse.pattern import Pattern

SIZES = (3, 2, 4, 1, 2)


def random_table(rng, scope, *, sparse):
    """The same numbers as a table and as an array of logarithms."""
    shape = [SIZES[v] for v in scope]
    values = rng.random(shape) * (rng.random(shape) < 0.5)
    positions = np.flatnonzero(values)
    table = (
        SparseScaled.over(Pattern.of(shape, positions), values.ravel()[positions])
        if sparse
        else Scaled.from_linear(values)
    )
    with np.errstate(divide="ignore"):
        return table, np.log(values)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_products_of_tables_at_rows(seed, sparse):
    rng = np.random.default_rng(seed)
    variable = int(rng.integers(len(SIZES)))
    scopes = [tuple(int(v) for v in rng.permutation(len(SIZES))[: rng.integers(1, 5)]) for _ in range(3)]
    scopes.append((variable,))
    tables = [random_table(rng, scope, sparse=sparse) for scope in scopes]
    count = int(rng.integers(1, 12))
    rows = {v: rng.integers(n, size=count) for v, n in enumerate(SIZES) if v != variable}
    logarithms = Logarithms()
    operands = [logarithms.of_table((scope, table)) for scope, (table, _) in zip(scopes, tables, strict=True)]
    found = log_weights(operands, variable, SIZES[variable], rows, count)
    assert found.shape == (count, SIZES[variable])
    for k, state in product(range(count), range(SIZES[variable])):
        at = {**{v: column[k] for v, column in rows.items()}, variable: state}
        terms = [logs[tuple(at[v] for v in scope)] for scope, (_, logs) in zip(scopes, tables, strict=True)]
        expected = sum(terms)
        assert found[k, state] == expected or abs(found[k, state] - expected) < 1e-14


@pytest.mark.parametrize("sparse", [False, True])
def test_single_entries(sparse):
    rng = np.random.default_rng(1)
    table, logs = random_table(rng, (0, 1, 2), sparse=sparse)
    indices = np.array(list(product(*(range(SIZES[v]) for v in (0, 1, 2)))))
    found = log_entries(table, indices)
    with np.errstate(invalid="ignore"):
        assert np.abs(np.nan_to_num(found - logs.ravel())).max() < 1e-15
    assert np.array_equal(np.isneginf(found), np.isneginf(logs.ravel()))


def test_a_sparse_table_without_any_non_zero():
    empty = SparseScaled.over(Pattern.of((3, 2), np.zeros(0, dtype=np.int64)), np.zeros(0))
    operand = Logarithms().of_table(((0, 1), empty))
    assert np.isneginf(log_weights([operand], 1, 2, {0: np.array([0, 2])}, 2)).all()


@pytest.mark.parametrize("sparse", [False, True])
def test_a_message_is_read_without_its_scale(sparse):
    """Logarithms near −1e9 would have no digits left for differences of 1e-9."""
    values = np.array([1.0, 1.0 + 1e-9, 0.5])
    table = SparseScaled.over(Pattern.of((3,), np.arange(3)), values) if sparse else Scaled.from_linear(values)
    far = type(table).__new__(type(table))
    far.__dict__.update(table.__dict__)
    far.__dict__["exponent"] = -(10**9)
    _, logs = Logarithms.of_message(((0,), far))
    dense = logs.dense() if sparse else logs
    assert abs((dense[1] - dense[0]) - 1e-9) < 1e-15


def test_a_table_is_converted_once():
    logarithms = Logarithms()
    table = Scaled.from_linear(np.array([0.5, 0.5]))
    _, first = logarithms.of_table(((0,), table))
    scope, second = logarithms.of_table(((4,), table))
    assert first is second
    assert scope == (4,)
