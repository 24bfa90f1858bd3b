"""Variables: labels, equality, and errors that name the culprit."""

import pytest

from control_pgm import Variable
from control_pgm.errors import InvalidModel, UnknownName
from control_pgm.tables.variable import Labels


def test_an_int_stands_for_a_range_of_labels():
    assert Variable("x", 3).states == (0, 1, 2)


def test_labels_map_to_their_positions():
    x = Variable("x", ["left", (0, 1), None, 2.5])
    assert [x.index(label) for label in x.states] == [0, 1, 2, 3]
    assert x.cardinality == 4


def test_states_may_come_from_any_iterable():
    assert Variable("x", (c for c in "ab")).states == ("a", "b")


def test_variables_over_the_same_labels_share_them():
    states = Labels("ab")
    assert Variable("x", states).states is Variable("y", states).states


def test_time_and_kind_do_not_tell_variables_apart():
    a, b = Variable("x", 2, time=3, kind="state"), Variable("x", 2)
    assert a == b
    assert hash(a) == hash(b)
    assert (a.time, a.kind, b.time, b.kind) == (3, "state", None, "")


@pytest.mark.parametrize("other", [Variable("y", 2), Variable("x", 3), Variable("x", [1, 0]), "x"])
def test_name_and_states_do_tell_variables_apart(other):
    assert Variable("x", 2) != other


def test_a_variable_is_frozen():
    with pytest.raises(AttributeError):
        Variable("x", 2).name = "y"


@pytest.mark.parametrize("label", [2, "0", [0], None])
def test_an_unknown_label_is_an_error_that_names_variable_and_labels(label):
    with pytest.raises(UnknownName, match=r"state of 'x'.*does not exist; allowed: 0") as caught:
        Variable("x", 2).index(label)
    assert repr(label) in str(caught.value)


def test_an_index_is_not_taken_for_a_label():
    with pytest.raises(UnknownName, match="'left', 'right'"):
        Variable("x", ["left", "right"]).index(0)


def test_a_misspelt_label_is_answered_by_the_nearest_one():
    with pytest.raises(UnknownName, match="did you mean 'right'"):
        Variable("x", ["left", "right"]).index("rihgt")


def test_a_long_list_of_labels_is_cut_short():
    with pytest.raises(UnknownName, match=r"… \(100 in all\)"):
        Variable("x", 100).index("a")


@pytest.mark.parametrize("name", ["", 3, None])
def test_a_name_must_be_a_non_empty_string(name):
    with pytest.raises(InvalidModel, match=rf"{name!r} is not a name; allowed: a non-empty string"):
        Variable(name, 2)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (0, "variable 'x' has no states; allowed: at least one state"),
        (-1, "variable 'x' has no states; allowed: at least one state"),
        ([], "variable 'x' has no states; allowed: at least one state"),
        (["a", "b", "a"], "variable 'x' has the state 'a' twice; allowed: distinct labels"),
        ("ab", "variable 'x' is given by the single string 'ab'; allowed: an int or a list of labels"),
        ([[0], [1]], "states of variable 'x' cannot be labels: .*; allowed: an int n ≥ 1 or a list of hashable labels"),
        (2.0, "states of variable 'x' cannot be labels: .*; allowed: an int n ≥ 1 or a list of hashable labels"),
    ],
)
def test_states_that_are_none_are_refused(states, message):
    with pytest.raises(InvalidModel, match=message):
        Variable("x", states)


def test_the_representation_shows_name_and_states():
    assert repr(Variable("x", 2)) == "Variable('x': 2 states 0, 1)"
    assert repr(Variable("x", 9)).endswith("5, …)")


def test_a_numpy_integer_counts_states_too():
    np = pytest.importorskip("numpy")
    assert Variable("x", np.int64(3)).states == (0, 1, 2)
