"""Labelled arrays and factors as data frames and data arrays: every entry under its own labels."""

import sys

import numpy as np
import pytest

from control_pgm import Factor, LabelledArray, SparseFactor, Variable
from control_pgm.errors import InvalidArgument, MissingPackage
from control_pgm.tables.frames import joined_frame
from control_pgm.tables.variable import Labels

pandas = pytest.importorskip("pandas")
pytest.importorskip("xarray")

STATES = [(0, 0), "hall", 7, None]  # of every kind
ARRAY = LabelledArray(
    np.random.default_rng(0).normal(size=(2, 4, 3)),
    ("t", "s", "a"),
    {"t": Labels([0, 1]), "s": Labels(STATES), "a": Labels(["l", "r", "n"])},
)


def test_a_frame_holds_every_entry_under_its_labels():
    frame = ARRAY.to_frame("Q")
    assert list(frame.columns) == ["t", "s", "a", "Q"]
    assert len(frame) == 24
    for t, s, a, q in frame.itertuples(index=False):
        s = None if s is None or s != s else s
        assert q == ARRAY.sel(t=t, s=s, a=a)
    assert frame["s"].iloc[0] == (0, 0)
    assert frame["s"].iloc[6] == 7


def test_a_data_array_is_asked_by_the_same_labels():
    made = ARRAY.to_xarray("Q")
    assert (made.dims, made.name) == (("t", "s", "a"), "Q")
    assert float(made.sel(t=1, s="hall", a="n")) == ARRAY.sel(t=1, s="hall", a="n")
    assert np.array_equal(made.values, ARRAY.values)
    assert made["s"].values[0] == (0, 0)


def test_the_column_of_values_needs_a_name_of_its_own():
    with pytest.raises(InvalidArgument, match=r"'s' has the name of an axis; pass name"):
        ARRAY.to_frame("s")


def test_arrays_over_fewer_axes_are_repeated_and_times_without_an_action_left_out():
    v = LabelledArray(np.arange(12.0).reshape(3, 4), ("t", "s"), {"t": Labels(range(3)), "s": Labels(STATES)})
    frame = joined_frame({"V": v, "Q": ARRAY})
    assert list(frame.columns) == ["t", "s", "a", "V", "Q"]
    assert frame["V"].tolist() == np.repeat(v.values[:2], 3).tolist()
    assert frame["Q"].tolist() == ARRAY.values.ravel().tolist()


def test_factors_dense_and_sparse():
    x, y = Variable("x", ["a", "b"]), Variable("y", 3)
    table = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 5.0]])
    dense = Factor([x, y], table).to_frame("phi")
    assert dense.values.tolist() == [[s, k, table[i, k]] for i, s in enumerate("ab") for k in range(3)]
    thin = SparseFactor([x, y], [[0, 1], [1, 0], [1, 2]], [2.0, 1.0, 5.0])
    assert thin.to_frame("phi").values.tolist() == [row for row in dense.values.tolist() if row[2]]
    for factor in (Factor([x, y], table), thin):
        assert np.array_equal(factor.to_xarray().sel(x="b").values, table[1])
        assert np.array_equal(factor.labelled().values, table)
    number = Factor([], 3.0).to_frame()
    assert number.values.tolist() == [[3.0]]


@pytest.mark.parametrize(("package", "ask"), [("pandas", "to_frame"), ("xarray", "to_xarray")])
def test_without_the_package_the_error_says_how_to_install_it(package, ask, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=rf"{package}.*pip install 'control_pgm\[frames\]'"):
        getattr(ARRAY, ask)()
