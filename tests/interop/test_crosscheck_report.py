"""The report of crosscheck: what could not be checked, what a wrong engine looks like, wrong input."""

import sys

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, Variable, crosscheck, infer
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, UnknownName
from tests.control.instances import named
from tests.interop.checking import BOTH, CONDITIONAL, JOINT, TOLERANCE, by_kind, chain, network_of


# --- what cannot be checked is said --------------------------------------------------------------------------------
def test_underflow_of_the_reference_is_reported_and_proves_nothing():
    """Rewards 2000 apart, twice, at the only reachable states: log p(O) is about −4000, far below 1e-308."""
    net = chain(2, reward=[[-2000.0, -2000.5], [0.0, 0.0]], initial=0)
    net = net.replace(CPD(net.variable("s_1"), [net.variable("s_0"), net.variable("a_0")], [[[1, 0]] * 2] * 2))
    assert infer(net, net.optimal).log_evidence < -3900
    alone = crosscheck(net, against="pgmpy")
    (check,) = alone.checks
    assert (check.compared, check.undefined) == (0, 2 * 2 + 2)
    assert "reference underflows" in check.note
    assert np.isnan(check.max_difference)
    assert not alone.passed
    assert "nothing compared" in str(alone)
    both = crosscheck(net, against=BOTH)
    assert both.passed
    assert by_kind(both)["enumeration", CONDITIONAL].compared == 4
    assert "reference underflows" in str(both)


def test_too_many_assignments_are_reported():
    report = crosscheck(chain(30), against=BOTH)
    checks = by_kind(report)
    assert "assignments" in checks["enumeration", "all"].note
    assert (checks["enumeration", "all"].compared, checks["enumeration", "all"].undefined) == (0, 30 * 2 + 30)
    assert checks["pgmpy", CONDITIONAL].compared == 60
    assert report.passed


def test_nothing_to_compare_is_no_pass():
    x = Variable("x", 2)
    report = crosscheck(BayesianNetwork([CPD(x, [], [0.5, 0.5])]), {"x": 1}, against=BOTH)
    assert not report.passed
    assert "nothing compared" in str(report)


def test_the_report_reads_as_text_and_html():
    report = crosscheck(chain(), against=BOTH)
    for text in (str(report), report._repr_html_()):
        assert "pgmpy" in text
        assert "enumeration" in text
        assert "passed" in text
    assert "FAILED" not in str(report)


def test_progress_counts_up_to_all_queries_of_all_references():
    told = []
    crosscheck(chain(2), against=BOTH, progress=lambda *news: told.append(news))
    assert [done for done, _, _ in told] == list(range(9))
    assert {total for _, total, _ in told} == {8}
    assert [what for _, _, what in told] == ["pgmpy"] * 5 + ["enumeration"] * 4


# --- a wrong engine is found out -----------------------------------------------------------------------------------
class WrongEngine:
    """The engine's posterior with one answer bent."""

    def __init__(self, posterior, bend, kind, name):
        self.posterior, self.bend, self.kind, self.name = posterior, bend, kind, name

    def __getattr__(self, attribute):
        return getattr(self.posterior, attribute)

    def _bent(self, kind, names, table):
        if (kind, names[-1]) != (self.kind, self.name):
            return table
        values = table.array().copy()
        self.bend(values)
        return type("Table", (), {"array": lambda _: values})()

    def conditional(self, *names, **options):
        return self._bent("conditional", names, self.posterior.conditional(*names, **options))

    def marginal(self, *names):
        return self._bent("marginal", names, self.posterior.marginal(*names))


def crosscheck_with_wrong_engine(monkeypatch, net, bend, kind="conditional", name="a_1", **options):
    module = sys.modules["control_pgm.interop.engines.crosscheck"]

    def wrong(model, evidence=None, **more):
        posterior = infer(model, evidence, **more)
        return posterior if more.get("method") == "enumeration" else WrongEngine(posterior, bend, kind, name)

    monkeypatch.setattr(module, "infer", wrong)
    return crosscheck(net, **options)


def nudge(by):
    def bend(values):
        values[1, 0] += by

    return bend


def swap_states(values):
    values[:] = values[::-1].copy()


def undefine(values):
    values[0] = np.nan


@pytest.mark.parametrize("reference", BOTH)
@pytest.mark.parametrize("kind", ["conditional", "marginal"])
@pytest.mark.parametrize("bend", [nudge(1e-11), nudge(-1e-3), swap_states, undefine])
def test_one_wrong_answer_fails_the_check_of_its_kind(monkeypatch, reference, kind, bend):
    report = crosscheck_with_wrong_engine(monkeypatch, chain(3), bend, kind, against=reference)
    wrong, right = (CONDITIONAL, JOINT) if kind == "conditional" else (JOINT, CONDITIONAL)
    checks = by_kind(report)
    assert not report.passed
    assert "FAILED" in str(report)
    assert checks[reference, wrong].max_difference > TOLERANCE
    assert checks[reference, right].max_difference <= TOLERANCE


def test_the_size_of_the_mistake_is_told_and_the_tolerance_decides(monkeypatch):
    for tolerance, passes in ((1e-12, False), (1e-5, True)):
        report = crosscheck_with_wrong_engine(monkeypatch, chain(3), nudge(1e-6), against=BOTH, tolerance=tolerance)
        assert report.passed == passes
        assert abs(by_kind(report)["enumeration", CONDITIONAL].max_difference - 1e-6) < 1e-9


def test_a_mistake_where_pgmpy_has_no_answer_is_left_to_enumeration(monkeypatch):
    net = network_of(named("unreachable states"))
    reached = infer(net, net.optimal).marginal("s_1").array() > 0
    assert not reached[2]

    def bend(values):
        values[2] = values[2] + [0.1, -0.1]

    assert crosscheck_with_wrong_engine(monkeypatch, net, bend, against="pgmpy").passed
    assert not crosscheck_with_wrong_engine(monkeypatch, net, bend, against=BOTH).passed


# --- wrong input ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("against", ["pgmyp", ("pgmpy", "brute force"), ""])
def test_unknown_references_are_refused_by_name(against):
    with pytest.raises(InvalidArgument) as error:
        crosscheck(chain(), against=against)
    assert "enumeration" in str(error.value)
    assert "pgmpy" in str(error.value)


def test_wrong_evidence_is_an_error_of_its_own():
    net = chain(initial=0)
    with pytest.raises(UnknownName, match="O_9"):
        crosscheck(net, {"O_9": 1}, against=BOTH)
    with pytest.raises(UnknownName, match="O_0"):
        crosscheck(net, {"O_0": 2}, against=BOTH)
    with pytest.raises(ImpossibleEvidence, match="s_0"):
        crosscheck(net, {**net.optimal, "s_0": 1}, against=BOTH)
