"""Templates and their unrolling: which slices, which tables, which errors."""

import re

import numpy as np
import pytest
from hypothesis import given

from control_pgm import CPD, BayesianNetwork, DynamicBayesianNetwork, Factor, TwoSliceTemplate, Variable, infer
from control_pgm.errors import InvalidArgument, InvalidModel, UnknownName
from tests.strategies import quick, random_template, seeds

X, X1, Y, Y1, A = (Variable(name, 2) for name in ("x", "x'", "y", "y'", "a"))
START, STEP, SEE = [0.3, 0.7], [[0.9, 0.1], [0.4, 0.6]], [[0.8, 0.2], [0.25, 0.75]]
HIDDEN = TwoSliceTemplate([CPD(X, [], START), CPD(Y, [X], SEE)], [CPD(X1, [X], STEP), CPD(Y1, [X1], SEE)])
DECIDE = TwoSliceTemplate([CPD(X, [], START)], [CPD(A, [X], SEE), CPD(X1, [X, A], [STEP, STEP])])


def test_a_hidden_markov_model_has_every_variable_in_every_slice():
    net = HIDDEN.unroll(2)
    assert sorted(net.variables) == ["x_0", "x_1", "x_2", "y_0", "y_1", "y_2"]
    assert [p.name for p in net.cpd("x_2").parents] == ["x_1"]
    assert [p.name for p in net.cpd("y_2").parents] == ["x_2"]
    assert isinstance(net, DynamicBayesianNetwork)
    assert (net.horizon, net.template) == (2, HIDDEN)


def test_a_decision_process_ends_with_its_last_state():
    net = DECIDE.unroll(2)
    assert net.topological == ("x_0", "a_0", "x_1", "a_1", "x_2")
    assert [p.name for p in net.cpd("x_2").parents] == ["x_1", "a_1"]


def test_every_variable_knows_its_time_and_kind():
    x, x1 = Variable("x", 2, kind="state"), Variable("x'", 2, kind="state")
    net = TwoSliceTemplate([CPD(x, [], START)], [CPD(x1, [x], STEP)]).unroll(3)
    assert [(v.time, v.kind) for v in net.variables.values()] == [(t, "state") for t in range(4)]


def test_slices_share_their_tables():
    net = HIDDEN.unroll(50)
    assert len({id(cpd.scaled) for cpd in net.cpds}) == 4
    assert net.cpd("x_1").scaled is net.cpd("x_50").scaled is HIDDEN.transition[0].scaled


@quick
@given(seed=seeds)
def test_an_unrolled_network_stands_up_to_the_full_checks(seed):
    net = random_template(seed).unroll(3)
    plain = BayesianNetwork(net.cpds)
    assert set(plain.variables) == set(net.variables)
    place = {name: i for i, name in enumerate(net.topological)}
    assert all(place[p.name] < place[cpd.child.name] for cpd in net.cpds for p in cpd.parents)


@pytest.mark.parametrize("horizon", [0, -1, 2.0, "3", True, None])
def test_a_horizon_must_be_a_positive_integer(horizon):
    with pytest.raises(InvalidArgument, match=rf"horizon {horizon!r}; allowed: an integer ≥ 1"):
        HIDDEN.unroll(horizon)


def test_steps_may_vary():
    other = CPD(X1, [X], [[0.0, 1.0], [1.0, 0.0]])
    net = HIDDEN.unroll(3, varying={"x'": [HIDDEN.transition[0], other, HIDDEN.transition[0]]})
    assert net.cpd("x_2").array().tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert net.cpd("x_3").array().tolist() == STEP
    p = np.array(START) @ STEP @ [[0, 1], [1, 0]] @ STEP
    assert np.abs(infer(net).marginal("x_3").array() - p).max() < 1e-15


@pytest.mark.parametrize(
    ("varying", "error", "message"),
    [
        ({"x": []}, UnknownName, "child of the transition: 'x' does not exist; allowed: \"x'\", \"y'\""),
        ({"x'": [CPD(X1, [X], STEP)]}, InvalidArgument, r"varying\[\"x'\"\] has 1 CPDs; allowed: 2, one per step"),
        (
            {"x'": CPD(X1, [X], STEP)},
            InvalidArgument,
            r"varying\[\"x'\"\] is one CPD; allowed: a list of 2 CPDs, one per step; .* belongs in transition$",
        ),
        ({"x'": [STEP] * 2}, InvalidArgument, r"varying\[\"x'\"\]\[0\] is \[\[0.9, 0.1\]"),
        ([CPD(X1, [X], STEP)] * 2, InvalidArgument, r"varying is no mapping but list"),
        (
            {"x'": [CPD(X1, [], START)] * 2},
            InvalidArgument,
            r"varying\[\"x'\"\]\[0\] is CPD\(x'\); allowed: .*'x', \"x'\"",
        ),
    ],
)
def test_steps_that_do_not_fit_are_refused(varying, error, message):
    with pytest.raises(error, match=message):
        HIDDEN.unroll(2, varying=varying)


@pytest.mark.parametrize(
    ("initial", "transition", "message"),
    [
        ([], [CPD(X1, [X], STEP)], r"'x' has no CPD in slice 0; .*; add p\(x\) to initial$"),
        ([CPD(X, [], START)], [], r"'x' has no CPD in slice 1; .*; add p\(x' \| …\) to transition$"),
        ([CPD(X, [], START)], [CPD(X, [], START)], r"'x' has two CPDs in slice 0; .*; leave out p\(x\) in initial"),
        ([], [CPD(X, [], START), CPD(X1, [X], STEP)], r"'x' has two CPDs in slice 1; .*; leave out p\(x \| …\) or p"),
        ([CPD(X1, [], START)], [CPD(X1, [], START)], r"initial CPD\(x'\) mentions the next slice; allowed: unprimed"),
        ([CPD(X, [], START)], [CPD(X1, [Y], STEP)], "'y_0', which has no CPD"),
        ([CPD(X, [], START)], [CPD(X1, [X], STEP), CPD(X1, [X], STEP)], "'x_1' has two CPDs"),
        ([CPD(X, [], START)], [CPD(X1, [A], STEP), CPD(A, [X1], STEP)], r"cycle (a_0 → x_1 → a_0|x_1 → a_0 → x_1)"),
    ],
)
def test_a_template_with_a_gap_is_refused_when_it_is_made(initial, transition, message):
    with pytest.raises(InvalidModel, match=message):
        TwoSliceTemplate(initial, transition)


def test_a_variable_without_a_next_slice_is_not_called_doubly_defined():
    with pytest.raises(InvalidModel, match="'x' has no CPD in slice 1"):
        TwoSliceTemplate([CPD(X, [], START), CPD(Y, [X], SEE)], [CPD(Y1, [Y], SEE)])


@pytest.mark.parametrize("name", ["x_next", "next_x", "x1", "x_t+1"])
def test_another_way_to_write_the_next_slice_is_recognised(name):
    message = rf"variable 'x' has no CPD in slice 1; .*: the next slice is written \"x'\", not '{re.escape(name)}'$"
    with pytest.raises(InvalidModel, match=message):
        TwoSliceTemplate([CPD(X, [], START)], [CPD(Variable(name, 2), [X], STEP)])


def test_a_template_shows_its_tables():
    assert repr(DECIDE) == "TwoSliceTemplate(initial: CPD(x); transition: CPD(a | x), CPD(x' | x, a))"


def test_extending_an_unrolled_network_keeps_its_class_and_changes_a_copy():
    net = HIDDEN.unroll(8)
    more = net.extend(Factor([net.variable("x_3")], [0.0, 1.0]))
    assert isinstance(more, DynamicBayesianNetwork)
    assert more.horizon == 8
    assert infer(more).marginal("x_3").array().tolist() == [0.0, 1.0]
    assert abs(infer(net).log_evidence) < 1e-12
