"""Factors: named axes, the algebra, and errors that name the assignment."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from control_pgm import Factor, Variable
from control_pgm.errors import InvalidArgument, InvalidModel, UndefinedConditional, UnknownName
from control_pgm.tables.factor import contract
from tests.strategies import quick, random_logs, seeds

X, Y, Z = Variable("x", ["a", "b"]), Variable("y", [10, 20, 30]), Variable("z", 2)
TABLE = np.arange(1.0, 7.0).reshape(2, 3)


@pytest.fixture
def factor():
    return Factor([X, Y], TABLE)


def test_axes_come_in_the_order_asked(factor):
    assert np.array_equal(factor.array(), TABLE)
    assert np.array_equal(factor.array("y", "x"), TABLE.T)
    assert np.allclose(factor.log_array("y", "x"), np.log(TABLE.T), rtol=0, atol=1e-15)
    assert (factor.scope, factor.shape, factor.axis("y")) == (("x", "y"), (2, 3), 1)


@pytest.mark.parametrize("order", [("x",), ("x", "x"), ("x", "z"), ("x", "y", "z")])
def test_an_order_that_does_not_name_each_axis_once_is_refused(factor, order):
    with pytest.raises(InvalidArgument, match=r"does not name every axis once; allowed: an order of \('x', 'y'\)"):
        factor.array(*order)


def test_values_are_read_by_label(factor):
    assert factor.value({"y": 30, "x": "b"}) == 6.0
    assert np.array_equal(factor.condition({"y": 20}).array(), [2.0, 5.0])
    assert factor.condition({}).allclose(factor)


def test_a_value_needs_every_label(factor):
    with pytest.raises(InvalidArgument, match="no state given for 'y'"):
        factor.value({"x": "a"})


@pytest.mark.parametrize("evidence", [{"x": 0}, {"z": 0}, {"y": 40}])
def test_conditioning_on_what_does_not_exist_is_an_error(factor, evidence):
    (name,) = evidence
    with pytest.raises(UnknownName, match=rf"'{name}'.*allowed: "):
        factor.condition(evidence)


def test_the_callers_array_is_neither_frozen_nor_shared():
    own = np.ones(2)
    factor = Factor([X], own)
    own[0] = 7.0
    assert factor.array()[0] == 1.0


def test_a_read_only_array_is_shared_but_a_view_of_a_writeable_one_is_not():
    locked = np.array([0.5, 0.5])
    locked.flags.writeable = False
    assert np.shares_memory(Factor([X], locked).scaled.data, locked)
    own = np.ones(2)
    view = own.view()
    view.flags.writeable = False
    factor = Factor([X], view)
    own[0] = 7.0
    assert factor.array()[0] == 1.0


def test_arrays_that_are_handed_out_cannot_be_written_to(factor):
    for array in (factor.array(), factor.log_array(), factor.array("y", "x"), factor.normalise().array()):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 9.0


def test_equality_is_identity_and_closeness_is_asked_for(factor):
    twin = Factor([Y, X], TABLE.T)
    assert factor != twin
    assert factor.allclose(twin)
    assert not factor.allclose(Factor([X, Y], TABLE + 1e-11))
    assert factor.allclose(Factor([X, Y], TABLE + 1e-11), atol=1e-10)
    assert not factor.allclose(Factor([X], [1, 2]))


@quick
@given(seeds)
def test_products_and_sums_match_plain_broadcasting(seed):
    rng = np.random.default_rng(seed)
    a, b = (np.exp(random_logs(rng, shape)) for shape in ((2, 3), (3, 2)))
    product = Factor([X, Y], a) * Factor([Y, Z], b)
    joint = a[:, :, None] * b[None]
    assert product.scope == ("x", "y", "z")
    assert np.abs(product.array() - joint).max() < 1e-12
    assert np.abs(product.marginal("z", "x").array() - joint.sum(axis=1).T).max() < 1e-12
    assert np.abs(product.eliminate("y").array() - joint.sum(axis=1)).max() < 1e-12
    assert np.array_equal(product.eliminate("y", by="max").array(), product.array().max(axis=1))
    assert np.abs(contract([Factor([X, Y], a), Factor([Y, Z], b)], [Z]).array() - joint.sum(axis=(0, 1))).max() < 1e-12


def test_normalising_matches_fractions(factor):
    table = factor.normalise(given=["x"]).array()
    exact = [[Fraction(int(v), int(sum(row))) for v in row] for row in TABLE]
    assert np.abs(table - np.array(exact, dtype=float)).max() < 1e-15
    assert abs(factor.normalise().array().sum() - 1.0) < 1e-15


def test_normalising_a_row_of_zeros_names_the_row():
    with pytest.raises(UndefinedConditional, match=r"sums to zero at x=b: 0/0 is undefined"):
        Factor([X, Y], [[1, 2, 3], [0, 0, 0]]).normalise(given=["x"])
    with pytest.raises(UndefinedConditional, match="sums to zero: 0/0"):
        Factor([X], [0, 0]).normalise()


def test_normalising_needs_names_that_exist(factor):
    with pytest.raises(UnknownName, match="'z' does not exist; allowed: 'x', 'y'"):
        factor.normalise(given=["z"])


def test_a_normalised_factor_has_no_false_zero():
    logs = Factor([X, Y], [[0.0, -1e4, -np.inf], [-1.0, -800.0, -1e6]], log=True).normalise().log_array()
    total = np.log1p(np.exp(-1))
    expected = np.array([[0.0, -1e4, -np.inf], [-1.0, -800.0, -1e6]]) - total
    seen = ~np.isneginf(expected)
    assert np.array_equal(np.isneginf(logs), ~seen)
    assert np.abs(logs[seen] - expected[seen]).max() < 1e-9


def test_scalars_are_factors_too():
    product = Factor([], 3.0) * Factor([], 4.0)
    assert product.array() == 12.0
    assert product.value({}) == 12.0
    assert (product * Factor([X], [1, 2])).array().tolist() == [12.0, 24.0]
    assert Factor([X], [1, 2]).eliminate("x").value({}) == 3.0


def test_logarithms_beyond_plain_numbers_survive_the_algebra():
    deep = Factor([X], [-1e6, -1e6 - 1], log=True)
    assert np.abs((deep * deep).log_array() - [-2e6, -2e6 - 2]).max() < 1e-9
    assert np.abs(deep.normalise().array() - [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))]).max() < 1e-9


@pytest.mark.parametrize(
    ("table", "log", "message"),
    [
        ([[1, 2, 3], [4, -5, 6]], False, r"is -5.0 at x=b, y=20; allowed: finite numbers ≥ 0"),
        ([[1, np.nan, 3], [4, 5, 6]], False, r"is nan at x=a, y=20; allowed: finite"),
        ([[1, 2, 3], [4, 5, np.inf]], False, r"is inf at x=b, y=30; allowed: finite"),
        ([[1, 2, 3], [4, 5, np.inf]], True, r"is inf at x=b, y=30; allowed: logarithms below \+inf"),
        ([[1, 2, 3], [np.nan, 5, 0]], True, r"is nan at x=b, y=10; allowed: logarithms below \+inf"),
        ([[1, 2], [3, 4], [5, 6]], False, r"has a table of shape \(3, 2\); allowed: \(2, 3\), one axis per variable"),
        ([["p", "q", "r"]] * 2, False, r"over \['x', 'y'\]: the table is not an array of numbers"),
        ([[1, 2], [3]], False, r"over \['x', 'y'\]: the table is not an array of numbers"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_place(table, log, message):
    with pytest.raises(InvalidModel, match=message):
        Factor([X, Y], table, log=log)


def test_a_repeated_variable_is_refused():
    with pytest.raises(InvalidModel, match=r"over \['x', 'x'\] has 'x' twice; allowed: distinct variables"):
        Factor([X, X], np.ones((2, 2)))


def test_one_name_with_different_states_cannot_be_multiplied():
    with pytest.raises(InvalidModel, match=r"'x' occurs with 2 states.*and with 3 states.*the same Variable"):
        Factor([X], [1, 2]) * Factor([Variable("x", 3)], [1, 2, 3])


def test_elimination_knows_sum_and_max_only(factor):
    with pytest.raises(InvalidArgument, match="'min' does not exist; allowed: 'sum', 'max'"):
        factor.eliminate("x", by="min")


@pytest.mark.parametrize(
    "call", [lambda f: f.marginal("x", "x"), lambda f: f.eliminate("x", "x"), lambda f: f.eliminate("x", "x", by="max")]
)
def test_a_name_given_twice_is_an_error_of_the_library_that_names_it(factor, call):
    with pytest.raises(InvalidArgument, match="'x'"):
        call(factor)


def test_a_factor_prints_labels_and_values(factor):
    lines = str(factor.condition({"x": "a"})).splitlines()
    assert lines == ["y   value", "──  ─────", "10      1", "20      2", "30      3"]
    assert "<th scope='row'>b</th><td>30</td><td>6</td>" in factor._repr_html_()
    assert repr(factor) == "Factor(x: 2, y: 3)"


def test_a_factor_of_huge_numbers_prints_without_a_warning():
    with np.errstate(all="raise"):
        assert "inf" in str(Factor([X], [1000.0, -1000.0], log=True))
