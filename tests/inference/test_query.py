"""Queries written as text."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Factor, FactorGraph, Variable, gridworld, infer, query, solve, unroll
from control_pgm.errors import InvalidArgument, UndefinedConditional, UnknownName

NET = unroll(gridworld("S.\n.G", slip=0.2), 3, temperature=0.3)
POSTERIOR = infer(NET, NET.optimal)


def test_the_readme_form_is_the_optimal_action_conditional():
    found = query(NET, "a_1 | s_1=(0,1), O=1")
    assert found.scope == ("a_1",)
    expected = POSTERIOR.conditional("a_1", given={"s_1": "(0,1)"})
    assert found.allclose(expected)


def test_a_condition_without_a_label_gives_an_axis():
    found = query(NET, "a_1 | s_1, O=1", undefined="nan")
    assert found.scope == ("s_1", "a_1")
    assert np.allclose(
        found.array(), POSTERIOR.conditional("a_1", given="s_1", undefined="nan").array(), equal_nan=True
    )


def test_labels_and_axes_may_be_mixed():
    found = query(NET, "s_2 | a_1=right, s_1, O=1", undefined="nan")
    whole = POSTERIOR.conditional("s_2", given=["a_1", "s_1"], undefined="nan").array("a_1", "s_1", "s_2")
    assert np.allclose(found.array("s_1", "s_2"), whole[2], equal_nan=True)


@pytest.mark.parametrize("text", ["p({})", " P ({} ) ", "p( {})"])
def test_the_notation_of_books_asks_the_same(text):
    for inside in ("a_1 | s_1=(0,1), O=1", "s_1 | s_2, O=1", "s_1, a_2"):
        assert query(NET, text.format(inside), undefined="nan").array() == pytest.approx(
            query(NET, inside, undefined="nan").array(), abs=0, nan_ok=True
        )


def test_a_name_that_looks_like_the_notation_of_books_is_a_name():
    graph = FactorGraph([Factor([Variable("p(x)", 2)], [1, 3]), Factor([Variable("x", 2)], [1, 1])])
    assert query(graph, "p(x)").scope == ("p(x)",)
    assert query(graph, "p(p(x))").array().tolist() == [0.25, 0.75]


def test_ranges_observe_some_times_only():
    found = query(NET, "s_1 | O[1:]=1")
    assert found.allclose(infer(NET, {"O_1": 1, "O_2": 1}).marginal("s_1"))
    assert query(NET, "s_1 | O[:2]=1").allclose(infer(NET, {"O_0": 1, "O_1": 1}).marginal("s_1"))
    assert query(NET, "s_1 | O[1:2]=1").allclose(infer(NET, {"O_1": 1}).marginal("s_1"))


def waypoints(labels=(0, 1), kind="optimality"):
    """Nodes H_0 … H_2 that ask for the upper row, over two labels of which the second observes it."""
    rows = [[0.1, 0.9], [0.1, 0.9], [0.7, 0.3], [0.7, 0.3]]
    cpds = [CPD(Variable(f"H_{t}", labels, time=t, kind=kind), [NET.variable(f"s_{t}")], rows) for t in range(3)]
    return NET.extend(*cpds)


@pytest.mark.parametrize("labels", [(0, 1), (False, True), (0.0, 1.0)], ids=str)
def test_a_group_is_all_evidence_of_the_model_what_was_added_included(labels):
    net = waypoints(labels)
    expected = solve(net).policy.sel(t=0, s="(0,0)").values
    found = query(net, "a_0 | s_0=(0,0), O=1").array()
    assert np.abs(found - expected).max() < 1e-12
    assert np.abs(found - query(NET, "a_0 | s_0=(0,0), O=1").array()).max() > 1e-3
    late = {name: 1 for name in net.optimal if not name.endswith("_0")}
    assert query(net, "s_1 | O[1:]=1").allclose(infer(net, late).marginal("s_1"))


def test_without_a_group_a_base_name_is_its_own_variables_alone():
    net = waypoints(kind="")
    assert set(net.groups["O"]) == set(NET.optimal)
    assert query(net, "s_1 | H=1").allclose(infer(net, {f"H_{t}": 1 for t in range(3)}).marginal("s_1"))
    plain = BayesianNetwork(net.cpds)
    assert dict(plain.groups) == {}
    assert query(plain, "s_1 | O=1").allclose(query(NET, "s_1 | O=1"))


def test_a_process_is_unrolled_first():
    process = gridworld("SG")
    with pytest.raises(InvalidArgument) as asked:
        query(process, "a_0")
    with pytest.raises(InvalidArgument) as inferred:
        infer(process)
    assert str(asked.value) == str(inferred.value)


def test_without_conditions_the_prior_answers():
    assert query(NET, "s_2, s_1").allclose(infer(NET).marginal("s_2", "s_1"))


def test_spaces_in_labels_of_tuples_do_not_matter():
    x = Variable("x", [(2, 2), (0, 1)])
    y = Variable("y", 2)
    graph = FactorGraph([Factor([x, y], [[1, 3], [2, 2]])])
    assert query(graph, "y | x=(2,2)").array().tolist() == [0.25, 0.75]
    assert query(graph, "y | x=(2, 2)").array().tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", InvalidArgument, ["asks for nothing", "targets | conditions"]),
        ("| O=1", InvalidArgument, ["asks for nothing"]),
        ("a_1 | s_1=(0,1) | O=1", InvalidArgument, ["cannot be read"]),
        ("a_1=left | O=1", InvalidArgument, ["'a_1=left'", "target"]),
        ("a_1 | s_1=(0,1, O=1", InvalidArgument, ["leaves a bracket open"]),
        ("a_1 | s_1=0,1), O=1", InvalidArgument, ["closes a bracket"]),
        ("a_1 | s_1=(0,1),, O=1", InvalidArgument, ["nothing between two commas"]),
        ("a_9 | O=1", UnknownName, ["'a_9' does not exist; allowed: a_0 … a_2"]),
        ("a_0 | s_12=(0,1), O=1", UnknownName, ["'s_12' does not exist; allowed: s_0 … s_3"]),
        ("a_0 | s_12, O=1", UnknownName, ["'s_12' does not exist; allowed: s_0 … s_3"]),
        ("b_0 | O=1", UnknownName, ["'b_0'", "did you mean"]),
        ("p(a_1 | s_1=(0,1), O=1", InvalidArgument, ["leaves a bracket open"]),
        ("p(a_1) p(a_2)", InvalidArgument, ["closes a bracket"]),
        ("p()", InvalidArgument, ["asks for nothing"]),
        ("a_1 | s_1=(5,5), O=1", UnknownName, ["'(5,5)'", "'s_1'", "(0,1)"]),
        ("a_1 | X=1", UnknownName, ["'X'"]),
        ("a_1 | O=2", UnknownName, ["'2'", "'O_0'"]),
        ("a_1 | O[7:]=1", InvalidArgument, ["O[7:]", "times 0 … 2"]),
        ("a_1 | s_1=(0,1), s_1=(1,0), O=1", InvalidArgument, ["'s_1' two labels"]),
        ("a_1, a_1 | O=1", InvalidArgument, ["'a_1' is named twice"]),
        (3, InvalidArgument, ["cannot be read"]),
    ],
)
def test_what_is_wrong_with_a_query_is_named(text, error, words):
    with pytest.raises(error) as caught:
        query(NET, text)
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, (missing, str(caught.value))


def test_a_text_that_fits_two_labels_is_refused():
    x = Variable("x", [1, "1"])
    with pytest.raises(InvalidArgument, match="state of 'x': '1' fits several labels: 1, '1'"):
        query(FactorGraph([Factor([x], [1, 2]), Factor([Variable("y", 2)], [1, 1])]), "y | x=1")


def test_an_impossible_condition_is_named():
    net = unroll(MDP([[[1, 0]] * 2, [[0, 1]] * 2], [0, -np.inf], initial=0), 2)
    for text in ("a_1 | s_1=1, O=1", "a_1 | s_1, O=1"):
        with pytest.raises(UndefinedConditional, match="s_1=1"):
            query(net, text)
    assert np.isnan(query(net, "a_1 | s_1=1, O=1", undefined="nan").array()).all()
