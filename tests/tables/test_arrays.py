"""Arrays become read-only without touching the caller's own, and what is no number never gets in."""

import numpy as np
import pytest

from control_pgm import CPD, Factor, SparseFactor, Variable
from control_pgm.errors import InvalidModel
from control_pgm.tables.arrays import frozen

X = Variable("x", 2)


def test_a_writable_array_is_copied_and_a_frozen_one_shared():
    own = np.array([0.25, 0.75])
    table = frozen(own)
    assert not np.shares_memory(table, own)
    assert own.flags.writeable
    assert frozen(table) is table


def test_a_read_only_view_of_writable_memory_is_copied():
    own = np.array([0.25, 0.75])
    view = own[:]
    view.flags.writeable = False
    table = frozen(view)
    own[0] = 9.0
    assert table.tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (np.array([0.5, 0.5j]), "complex128"),
        (np.ma.array([0.5, 0.5], mask=[False, True]), "masked"),
        (["0.5", "0.5"], "str"),
        ([10**400, 1], "too large"),
        ([[1], [1, 2]], "inhomogeneous"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), "datetime64"),
    ],
)
def test_what_is_no_real_number_is_refused_by_every_kind_of_table(table, words):
    for make in (lambda: Factor([X], table), lambda: CPD(X, [], table), lambda: SparseFactor([X], [[0], [1]], table)):
        with pytest.raises(InvalidModel, match=words):
            make()
