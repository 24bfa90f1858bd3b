"""Labelled arrays: like the plain array, and readable by label."""

import copy
import pickle

import numpy as np
import pytest

from control_pgm import LabelledArray
from control_pgm.errors import InvalidArgument, InvalidModel, UnknownName
from control_pgm.tables.variable import Labels

PLAIN = np.arange(12.0).reshape(2, 3, 2)


@pytest.fixture
def array():
    coords = {"t": Labels([0, 1]), "s": Labels(["(0,0)", "(0,1)", "(1,0)"]), "a": Labels(["l", "r"])}
    return LabelledArray(PLAIN.copy(), ("t", "s", "a"), coords)


def test_it_is_the_plain_array_to_numpy(array):
    assert np.array_equal(np.asarray(array), PLAIN)
    assert (array.shape, array.ndim, len(array)) == ((2, 3, 2), 3, 2)
    assert np.array_equal(np.asarray(array, dtype=np.float32), PLAIN.astype(np.float32))


def test_arithmetic_and_comparison_are_those_of_the_plain_array(array):
    assert np.array_equal(2 * array - 1, 2 * PLAIN - 1)
    assert np.array_equal(np.exp(array), np.exp(PLAIN))
    assert np.array_equal(array + array, 2 * PLAIN)
    assert (array == PLAIN).all()
    assert np.array_equal(np.add.reduce(array, axis=1), PLAIN.sum(axis=1))


def test_indexing_iteration_and_methods_are_those_of_the_plain_array(array):
    assert array[1, 2, 0] == PLAIN[1, 2, 0]
    assert np.array_equal(array[:, 1], PLAIN[:, 1])
    assert [part.tolist() for part in array] == PLAIN.tolist()
    assert array.sum() == PLAIN.sum()
    assert np.array_equal(array.argmax(axis=-1), PLAIN.argmax(axis=-1))


def test_all_labels_give_a_number(array):
    assert array.sel(t=1, s="(0,1)", a="r") == PLAIN[1, 1, 1]


def test_some_labels_give_the_rest_with_its_own_labels(array):
    part = array.sel(s="(1,0)")
    assert part.dims == ("t", "a")
    assert np.array_equal(part, PLAIN[:, 2])
    assert part.sel(a="l", t=0) == PLAIN[0, 2, 0]


def test_an_unknown_axis_is_named(array):
    with pytest.raises(UnknownName, match=r"axis 'state' does not exist; allowed: 't', 's', 'a'"):
        array.sel(state="(0,0)")


@pytest.mark.parametrize("label", ["(9,9)", 0])
def test_an_unknown_label_is_named_with_its_axis(array, label):
    with pytest.raises(UnknownName, match=r"label of axis 's'.*'\(0,0\)', '\(0,1\)', '\(1,0\)'"):
        array.sel(s=label)


def test_it_cannot_be_written_to(array):
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(array)[0, 0, 0] = 7.0


def test_the_callers_own_array_stays_writeable():
    own = np.zeros(2)
    LabelledArray(own, ("a",), {"a": Labels(["l", "r"])})
    own[0] = 1.0


def test_copies_and_pickles_keep_values_and_labels(array):
    for twin in (copy.deepcopy(array), pickle.loads(pickle.dumps(array))):
        assert np.array_equal(twin, PLAIN)
        assert twin.sel(t=0, s="(0,1)", a="l") == PLAIN[0, 1, 0]


def test_it_prints_as_a_labelled_table(array):
    assert str(array.sel(t=0)).splitlines() == [
        "s      l  r",
        "─────  ─  ─",
        "(0,0)  0  1",
        "(0,1)  2  3",
        "(1,0)  4  5",
    ]
    assert "<th scope='row'>(0,1)</th><td>2</td><td>3</td>" in array.sel(t=0)._repr_html_()
    assert str(array) == repr(array)
    assert repr(array).splitlines() == [
        "LabelledArray(t: 2, s: 3, a: 2) at t=0",
        *str(array.sel(t=0)).splitlines(),
        "ask: .sel(t=0), .sel(t=0, s='(0,0)', a='l')",
    ]


def test_a_printed_array_of_any_size_shows_numbers_and_how_to_ask():
    labels = {"t": Labels(range(50)), "s": Labels(range(100)), "a": Labels(range(30))}
    shown = repr(LabelledArray(np.arange(150_000.0).reshape(50, 100, 30), ("t", "s", "a"), labels)).splitlines()
    assert len(shown) == 1 + 2 + 13 + 1  # what it is, header, 12 rows and those left out, how to ask
    assert shown[3].split() == ["0", "0", "1", "2", "3", "4", "5", "6", "…", "26", "27", "28", "29"]
    assert shown[-1] == "ask: .sel(t=0), .sel(t=0, s=0, a=0)"
    assert repr(LabelledArray(np.array([True, False]), ("s",), {"s": Labels("xy")})).splitlines()[3:] == [
        "x  True",
        "y  False",
        "ask: .sel(s='x')",
    ]


def test_its_notebook_form_escapes_whatever_the_axes_are_called():
    labels = Labels(["x"])
    array = LabelledArray(np.zeros((1, 1, 1)), ("<b>", "&", "a"), {"<b>": labels, "&": labels, "a": labels})
    shown = array._repr_html_()
    assert shown.startswith(
        "<code>LabelledArray(&lt;b&gt;: 1, &amp;: 1, a: 1) at &lt;b&gt;=&#x27;x&#x27;</code><table>"
    )
    assert "<b>" not in shown


def test_three_axes_do_not_fit_a_table(array):
    with pytest.raises(InvalidArgument, match=r"3 axes do not fit a table; fix some with .sel"):
        array.table()


@pytest.mark.parametrize("label", [slice(0, 2), [0, 1], np.array([0, 1])])
def test_what_is_no_single_label_is_refused_with_a_way_out(array, label):
    with pytest.raises(InvalidArgument, match=r"axis 't'.* no single label; allowed: \.sel\(t=0\).*np\.asarray"):
        array.sel(t=label)


def test_labels_do_not_count_from_the_end(array):
    with pytest.raises(UnknownName, match=r"-1 does not exist; allowed: 0 … 1; the last is \.sel\(t=1\)") as caught:
        array.sel(t=-1)
    assert "did you mean" not in str(caught.value)


def test_a_label_needs_the_name_of_its_axis(array):
    with pytest.raises(InvalidArgument, match=r"given 0 without an axis; allowed: t=label, s=label, a=label"):
        array.sel(0, "l")


@pytest.mark.parametrize(
    ("index", "shown"),
    [("(0,1)", r"\.sel\(s='\(0,1\)'\)"), ((0, 1, "r"), r"\.sel\(a='r'\)"), ("?", r"\.sel\(t=label\)")],
)
def test_brackets_with_a_label_name_sel(array, index, shown):
    with pytest.raises(UnknownName, match=rf"is no position; labels are picked by {shown}; np\.asarray"):
        array[index]


def test_an_array_has_as_many_rows_as_labels():
    with pytest.raises(InvalidModel, match=r"shape \(3, 2\) with the axes \('t', 's'\); allowed: \(2, 2\)"):
        LabelledArray(np.zeros((3, 2)), ("t", "s"), {"t": Labels([0, 1]), "s": Labels(["a", "b"])})
