"""Factors for notebooks: values with bars, long ones summarised, hostile labels harmless."""

import re

import numpy as np
import pytest

from control_pgm import CPD, Factor, Variable
from control_pgm.tables.factor_html import shares
from control_pgm.tables.sparse_factor import SparseFactor
from tests.display.reading import parsed
from tests.display.test_markup import FORBIDDEN, HOSTILE

X, Y = Variable("x", ["a", "b"]), Variable("y", [10, 20, 30])


def bars(html):
    return [int(width) for width in re.findall(r"width:(\d+)px", html)]


def test_bars_are_as_long_as_the_values_are_large():
    factor = Factor([X, Y], [[0.0, 1.0, 2.0], [4.0, 8.0, 0.5]])
    html = factor._repr_html_()
    assert bars(html) == [0, 10, 20, 40, 80, 5]
    rows = parsed(html).findall(".//tbody/tr")
    assert [[cell.text for cell in row][:3] for row in rows][4] == ["b", "20", "8"]


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_values_over_the_largest(seed):
    values = np.random.default_rng(seed).random((3, 4, 2))
    factor = Factor([Variable(n, k) for n, k in zip("abc", values.shape, strict=True)], values)
    assert np.allclose(shares(factor.scaled), values.ravel() / values.max(), rtol=0, atol=1e-11)


def test_numbers_beyond_floating_point_have_bars_too():
    assert shares(Factor([X], [1e4, 1e4 - np.log(4)], log=True).scaled) == pytest.approx([1.0, 0.25])
    assert shares(Factor([X], [-1e6, -np.inf], log=True).scaled) == [1.0, 0.0]


def test_factors_of_zeros_have_no_bars():
    with np.errstate(all="raise"):
        assert shares(Factor([X], [0.0, 0.0]).scaled) == [0.0, 0.0]


def test_sparse_factors_list_their_non_zeros():
    html = SparseFactor([X, Y], [[1, 2], [0, 1]], [0.5, 0.25])._repr_html_()
    assert bars(html) == [40, 80]


def test_undefined_conditionals_have_no_bars():
    joint = CPD(Y, [X], [[1, 0, 0], [0, 1, 0]])
    undefined = Factor.of(joint.variables, (joint * Factor([X], [1.0, 0.0])).scaled.normalise((1,)))
    assert shares(undefined.scaled)[3:] == [0.0, 0.0, 0.0]
    parsed(undefined._repr_html_())


def test_long_factors_are_summarised_by_their_axes():
    wide = Variable("wide", 5000)
    html = Factor([wide, X], np.ones((5000, 2)))._repr_html_()
    root = parsed(html)
    assert root.find(".//caption").text == "Factor(wide: 5000, x: 2)"
    rows = [[cell.text for cell in row] for row in root.findall(".//tbody/tr")]
    assert rows == [["wide", "5,000", "0, 1, 2, 3, 4, 5, …"], ["x", "2", "a, b"]]


def test_a_factor_without_variables_is_a_number():
    assert "<th scope='row'>2</th>" in Factor([], 2.0)._repr_html_()


@pytest.mark.parametrize("label", [*HOSTILE, *FORBIDDEN])
@pytest.mark.parametrize("size", [2, 5000])
def test_any_label_gives_well_formed_html(label, size):
    variable = Variable(label, [label, *range(size - 1)])
    root = parsed(Factor([variable], np.ones(size))._repr_html_())
    assert "script" not in {e.tag for e in root.iter()}
