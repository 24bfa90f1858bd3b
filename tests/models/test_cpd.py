"""CPDs: rows that sum to one over the last axis, in plain numbers and in logarithms."""

import numpy as np
import pytest

from control_pgm import CPD, Factor, Variable
from control_pgm.errors import InvalidModel

X, Y, Z = Variable("x", ["a", "b"]), Variable("y", 3), Variable("z", 2)


def test_parents_come_first_and_the_child_last():
    cpd = CPD(Y, [X, Z], np.full((2, 2, 3), 1 / 3))
    assert (cpd.child, cpd.parents, cpd.scope) == (Y, (X, Z), ("x", "z", "y"))
    assert isinstance(cpd, Factor)
    assert repr(cpd) == "CPD(y | x, z)"
    assert repr(CPD(X, [], [0.5, 0.5])) == "CPD(x)"


@pytest.mark.parametrize("log", [False, True])
def test_a_row_that_does_not_sum_to_one_is_named(log):
    table = np.array([[[0.2, 0.3, 0.5], [0.5, 0.5, 1e-300]], [[0.2, 0.3, 0.5], [0.2, 0.3, 0.4]]])
    with pytest.raises(
        InvalidModel, match=r"CPD\(y \| x, z\) sums to 0.9 over 'y' at x=b, z=1; allowed: 1 within"
    ) as e:
        CPD(Y, [X, Z], np.log(table) if log else table, log=log)
    assert "the child is the last axis" in str(e.value)


def test_a_table_with_its_axes_the_wrong_way_round_is_told_where_the_child_belongs():
    with pytest.raises(InvalidModel, match=r"the child is the last axis: \(\*parents, child\)"):
        CPD(X, [Z], [[0.9, 0.2], [0.1, 0.8]])


def test_a_row_without_any_weight_is_refused():
    with pytest.raises(InvalidModel, match="sums to 0 over 'x' at z=1"):
        CPD(X, [Z], [[0.5, 0.5], [0, 0]])
    with pytest.raises(InvalidModel, match="sums to 0 over 'x'; allowed"):
        CPD(X, [], [-np.inf, -np.inf], log=True)


@pytest.mark.parametrize("log", [False, True])
def test_rows_within_the_tolerance_are_rescaled_and_others_are_left_to_the_last_bit(log):
    off = np.array([0.3, 0.7 + 5e-10])
    found = CPD(X, [], np.log(off) if log else off, log=log).array()
    assert abs(found.sum() - 1.0) < 1e-15
    assert np.abs(found - off / off.sum()).max() < 1e-15
    exact = np.array([0.3, 0.7])
    assert np.array_equal(CPD(X, [], exact).array(), exact)
    with pytest.raises(InvalidModel, match=r"1.000000002"):
        CPD(X, [], [0.3, 0.7 + 2e-9])


def test_logarithms_far_below_plain_numbers_are_no_zeros():
    cpd = CPD(X, [Z], [[-1e4, 0.0], [-np.inf, 0.0]], log=True)
    assert cpd.log_array().tolist() == [[-1e4, 0.0], [-np.inf, 0.0]]


def test_tables_are_shared_by_slices():
    cpd = CPD(X, [Z], [[0.2, 0.8], [0.5, 0.5]])
    later = cpd.over(Variable("x_1", ["a", "b"]), [Variable("z_0", 2)])
    assert later.scaled is cpd.scaled
    assert isinstance(later, CPD)
    assert later.scope == ("z_0", "x_1")
    with pytest.raises(InvalidModel, match=r"CPD\(x \| z\) has shape \(2, 2\).*'y'.*; allowed: .*same cardinalities"):
        cpd.over(Y, [Z])


def test_the_algebra_of_cpds_gives_factors():
    cpd = CPD(X, [Z], [[0.2, 0.8], [0.5, 0.5]])
    for factor in (cpd * cpd, cpd.condition({"z": 0}), cpd.marginal("x"), cpd.normalise()):
        assert not isinstance(factor, CPD)
    assert np.allclose(cpd.eliminate("x").array(), 1.0, rtol=0, atol=1e-15)


@pytest.mark.parametrize("table", [[[0.5, 0.5]], [0.5, 0.5], [[1.5, -0.5], [0.5, 0.5]], [[np.nan, 1], [0.5, 0.5]]])
def test_what_no_factor_may_be_no_cpd_may_be(table):
    with pytest.raises(InvalidModel, match=r"factor over \['z', 'x'\].*allowed: "):
        CPD(X, [Z], table)


def test_a_child_cannot_be_its_own_parent():
    with pytest.raises(InvalidModel, match="'x' twice"):
        CPD(X, [X], np.eye(2))
