"""pyAgrum as a second independent engine: the same answers, turned axes, soft factors, underflow, not installed."""

import sys

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Factor, Variable, crosscheck, infer, unroll
from control_pgm.errors import InvalidArgument, MissingPackage
from control_pgm.interop.engines.crosscheck import REFERENCES
from control_pgm.interop.engines.pyagrum import PyagrumPropagation
from tests.control.comparison import TIGHT, difference
from tests.control.instances import instances, named

pytest.importorskip("pyagrum")


def network_of(item):
    """The unrolled network of an instance."""
    return unroll(item.mdp, item.horizon, **item.options)


def mixed():
    """A network of variables with 2, 3, 4 and 5 states, one with two parents and one with three."""
    rng = np.random.default_rng(5)
    a, b, c, d = (Variable(name, n) for name, n in zip("abcd", (2, 3, 4, 5), strict=True))
    tables = [rng.random(shape) for shape in [(2,), (3,), (2, 3, 4), (4, 2, 3, 5)]]
    p = [table / table.sum(axis=-1, keepdims=True) for table in tables]
    return BayesianNetwork([CPD(a, (), p[0]), CPD(b, (), p[1]), CPD(c, (a, b), p[2]), CPD(d, (c, a, b), p[3])])


@pytest.mark.parametrize("item", instances(), ids=repr)
def test_optimal_conditionals_and_marginals_agree(item):
    report = crosscheck(network_of(item), against="pyagrum")
    assert report.passed, report
    assert {check.query for check in report.checks} == {"p(a_t | s_t, O=1)", "p(s_t, a_t | O=1)"}
    assert all(check.compared and check.max_difference <= TIGHT for check in report.checks)


def test_tables_with_different_cardinalities_come_in_the_order_asked():
    network = mixed()
    ours = infer(network, {"d": 3})
    asked = [("a", "b", "c"), ("c", "a"), ("b",), ("b", "c")]
    engine = PyagrumPropagation(network, {"d": 3}, asked)
    for names in [*asked, ("c", "b", "a"), ("a", "c"), ("c", "b")]:
        assert difference(engine.marginal(*names), ours.marginal(*names).array()) <= TIGHT


def test_networks_that_are_no_control_networks_are_compared_too():
    report = crosscheck(mixed(), {"d": 0})
    assert report.passed
    assert {check.reference for check in report.checks} == {"pgmpy", "pyagrum", "enumeration"}


def test_soft_factors_count():
    network = mixed()
    b, c = network.variable("b"), network.variable("c")
    soft = network.extend(Factor((c, b), np.random.default_rng(1).random((4, 3)) * 7), Factor((b,), [0.0, 2.0, 1.0]))
    report = crosscheck(soft, {"d": 1}, against="pyagrum")
    assert report.passed, report
    assert difference(infer(soft).marginal("b").array(), infer(network).marginal("b").array()) > 1e-3


def test_labels_of_every_kind_pass():
    item = named("labels")
    assert crosscheck(network_of(item), against=("pyagrum", "pgmpy")).passed


def test_unreachable_states_are_undefined_in_the_reference_and_say_why():
    report = crosscheck(network_of(named("unreachable states")), against="pyagrum")
    conditional = report.checks[0]
    assert conditional.undefined > 0
    assert "unreachable" in conditional.note


@pytest.mark.parametrize("reference", ["pgmpy", "pyagrum"])
def test_underflow_of_the_reference_is_reported_and_nothing_compared(reference):
    item = named("reward on outcome")
    report = crosscheck(unroll(item.mdp, 3, temperature=1e-4), against=reference)
    (check,) = report.checks
    assert check.compared == 0
    assert check.undefined > 0
    assert "reference underflows: log p(evidence) = " in check.note
    assert not report.passed
    assert "nothing compared" in str(report)


def test_all_references_are_asked_by_default():
    report = crosscheck(network_of(named("one step")))
    assert REFERENCES == ("pgmpy", "pyagrum", "enumeration")
    assert list(dict.fromkeys(check.reference for check in report.checks)) == list(REFERENCES)
    assert report.passed


def test_a_reference_that_is_not_installed_is_reported_if_there_by_default(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyagrum", None)
    report = crosscheck(network_of(named("one step")))
    (row,) = [check for check in report.checks if check.reference == "pyagrum"]
    assert row.note == "not installed: pip install 'control_pgm[pyagrum]'"
    assert (row.compared, report.passed) == (0, True)
    assert row.note in str(report)


def test_a_reference_that_is_not_installed_is_an_error_if_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyagrum", None)
    for against in ("pyagrum", ("enumeration", "pyagrum")):
        with pytest.raises(MissingPackage, match=r"pip install 'control_pgm\[pyagrum\]'"):
            crosscheck(network_of(named("one step")), against=against)


def test_an_unknown_reference_is_refused_with_those_that_exist():
    with pytest.raises(InvalidArgument, match=r"'agrum'.*'pgmpy', 'pyagrum', 'enumeration'"):
        crosscheck(mixed(), against="agrum")


def test_progress_counts_every_query_of_every_reference():
    told = []
    crosscheck(network_of(named("one step")), progress=lambda done, total, what: told.append((done, total, what)))
    assert told[-1][0] == told[-1][1]
    assert {what for _, _, what in told} == set(REFERENCES)
