"""Templates: every edge of the step is drawn once, the next slice is dashed and outside the plate."""

import numpy as np
import pytest

from control_pgm import CPD, TwoSliceTemplate, Variable, gridworld, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.models import BayesianNetwork
from control_pgm.viz import plot_template
from tests.viz.overlap import overlapping

GRID = gridworld("S.\nHG", slip=0.1)
X, Y, AFTER = Variable("x", 2), Variable("y", 2), Variable("x'", 2)
HALF = np.full((2, 2), 0.5)
HIDDEN = TwoSliceTemplate([CPD(X, [], [0.5, 0.5])], [CPD(Y, [X], HALF), CPD(AFTER, [X], HALF)])


@pytest.mark.parametrize("template", [unroll(GRID, 3).template, HIDDEN], ids=["decision", "hidden"])
def test_nodes_and_edges_are_those_of_the_step(template):
    drawing = plot_template(template)
    step = template.transition
    assert set(drawing.of("node")) == {v.name for cpd in step for v in cpd.variables}
    assert set(drawing.of("edge")) == {(p.name, cpd.child.name) for cpd in step for p in cpd.parents}
    assert set(drawing.of("initial")) == {cpd.child.name for cpd in template.initial}
    plate = drawing.parts["plate",].get_window_extent()
    for name, node in drawing.of("node").items():
        box = node.get_window_extent()
        dashed = node.get_linestyle() not in ("-", "solid")
        assert dashed == name.endswith("'")
        middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        assert plate.contains(*middle) != name.endswith("'")


def test_plates_tell_how_often():
    assert "29" in plot_template(unroll(GRID, 30)).parts["plate label",].get_text()
    assert "29" not in plot_template(unroll(GRID, 30).template).parts["plate label",].get_text()


@pytest.mark.parametrize("source", [unroll(GRID, 30), HIDDEN], ids=["decision", "hidden"])
def test_words_do_not_overlap(source):
    drawing = plot_template(source)
    words = [text for key, text in drawing.parts.items() if key[0].endswith("label")]
    assert not overlapping(drawing, words)


def test_cost_does_not_grow_with_the_horizon():
    drawing = plot_template(unroll(GRID, 100_000))
    assert len(drawing.of("node")) == 4


def test_other_networks_are_refused():
    with pytest.raises(InvalidArgument, match=r"no BayesianNetwork.*plot_network"):
        plot_template(BayesianNetwork([CPD(X, [], [0.5, 0.5])]))
