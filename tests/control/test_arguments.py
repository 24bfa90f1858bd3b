"""Numbers, counts, names and arrays are told apart from what only looks like them."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.arguments import as_csr, as_float, as_numbers, choice, is_count, is_several
from control_pgm.errors import InvalidArgument, InvalidModel


def test_real_numbers_of_every_kind_are_floats():
    assert [as_float(x) for x in (2, Fraction(1, 2), np.float32(0.5), np.int64(-3))] == [2.0, 0.5, 0.5, -3.0]
    assert (as_float(10**400), as_float(-(10**400))) == (np.inf, -np.inf)


@pytest.mark.parametrize("value", ["1", True, None, 1 + 0j, [1.0], np.ones(1)])
def test_what_is_no_real_number_fails_every_comparison(value):
    number = as_float(value)
    assert not number >= 0
    assert not number <= 0


def test_counts_are_integers_that_reach_the_least():
    assert all(map(is_count, (1, np.int32(7), 10**30)))
    assert not any(map(is_count, (0, -1, 1.0, True, "1", None, np.ones(1))))
    assert is_count(0, least=0)


def test_sequences_and_arrays_are_several():
    assert all(map(is_several, ([], (1,), range(3), np.ones(2))))
    assert not any(map(is_several, ("ab", 1.0, None, {1: 2}, np.ones(()), {1})))


@pytest.mark.parametrize("value", ["slow", None, ["fast"], {}])
def test_a_name_that_does_not_exist_lists_those_that_do_even_if_it_has_no_hash(value):
    with pytest.raises(InvalidArgument, match=r"method .*; allowed: 'fast', 'small'"):
        choice(value, ("fast", "small"), "method")


@pytest.mark.parametrize(
    "values",
    [[[1], [1, 2]], np.ones(2) + 1j, ["1", "2"], [10**400], {"a": 1}, object(), np.ma.masked_array([1], [True])],
)
@pytest.mark.parametrize("error", [InvalidModel, InvalidArgument])
def test_arrays_that_numpy_would_bend_into_floats_are_refused(values, error):
    with pytest.raises(error, match="the table is not an array of numbers"):
        as_numbers(values, "the table", error)


def test_sparse_matrices_are_copied_without_duplicates():
    given = sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 2))
    assert as_csr(given, "the table").toarray().tolist() == [[0.0, 3.0]]
    assert given.nnz == 2
    with pytest.raises(InvalidModel, match=r"the table is not a sparse matrix of numbers .*complex128"):
        as_csr(given * 1j, "the table")
