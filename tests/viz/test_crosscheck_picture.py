"""The picture of a cross-check: a mark for every comparison, its place the difference, its shape the verdict."""

import pytest

from control_pgm import Report, crosscheck, gridworld, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.interop.engines.crosscheck import Check
from control_pgm.viz import plot_crosscheck
from control_pgm.viz.base.style import contrast
from tests.viz.overlap import overlapping

CHECKS = (
    Check("enumeration", "p(a_t | s_t, O=1)", 3e-16, 20, 4),
    Check("pgmpy", "p(x | evidence)", 3e-5, 20, 0),
    Check("pyagrum", "all", float("nan"), 0, 100, "log p(evidence) = -900 underflows there"),
    Check("enumeration", "p(s_t, a_t | O=1)", 0.0, 5, 0),
)


def test_marks_tell_difference_and_verdict():
    drawing = plot_crosscheck(Report(CHECKS, 1e-12))
    dots = drawing.of("dot")
    assert set(dots) == {(c.reference, c.query) for c in CHECKS if c.compared}
    assert dots["enumeration", "p(a_t | s_t, O=1)"].get_xdata()[0] == 3e-16
    assert dots["enumeration", "p(s_t, a_t | O=1)"].get_xdata()[0] == 1e-17
    assert dots["pgmpy", "p(x | evidence)"].get_marker() == "X"
    assert dots["enumeration", "p(a_t | s_t, O=1)"].get_marker() == "o"
    assert "FAILED" in drawing.ax.get_title()
    assert "underflows" in drawing.of("text")["pyagrum", "all"].get_text()
    assert drawing.parts["tolerance",].get_xdata()[0] == 1e-12
    assert not overlapping(drawing, [*drawing.of("name").values(), *drawing.of("text").values()])


@pytest.mark.parametrize("face", ["white", "#101010"])
def test_words_read_on_any_paper(face):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.5, 3), facecolor=face)
    drawing = plot_crosscheck(Report(CHECKS, 1e-12), ax=ax)
    words = [*drawing.of("name").values(), *drawing.of("text").values(), ax.title]
    assert all(contrast(word.get_color(), face) >= 4.5 for word in words)
    assert drawing.figure is figure


def test_real_reports_pass():
    report = crosscheck(unroll(gridworld("S.G", slip=0.1), 3), against="enumeration")
    drawing = plot_crosscheck(report)
    assert "passed" in drawing.ax.get_title()
    assert len(drawing.of("dot")) == len(report.checks)


def test_what_is_no_report_is_refused():
    with pytest.raises(InvalidArgument, match="made by crosscheck"):
        plot_crosscheck("passed")
    with pytest.raises(InvalidArgument, match="empty"):
        plot_crosscheck(Report((), 1e-12))
