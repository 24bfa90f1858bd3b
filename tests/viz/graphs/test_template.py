"""Templates: every edge of the step is drawn once, the next slice is dashed and outside the plate."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from control_pgm import CPD, TwoSliceTemplate, Variable, gridworld, unroll
from control_pgm.errors import InvalidArgument
from control_pgm.models import BayesianNetwork
from control_pgm.viz import plot_template
from control_pgm.viz.graphs.template_layout import template_layout
from tests.viz.overlap import overlapping

GRID = gridworld("S.\nHG", slip=0.1)
X, Y, AFTER = Variable("x", 2), Variable("y", 2), Variable("x'", 2)
HALF = np.full((2, 2), 0.5)
HIDDEN = TwoSliceTemplate([CPD(X, [], [0.5, 0.5])], [CPD(Y, [X], HALF), CPD(AFTER, [X], HALF)])


def variables(names, kind=""):
    return [Variable(name, 2, kind=kind) for name in names]


def table(child, *parents):
    return CPD(child, list(parents), np.full((2,) * (len(parents) + 1), 0.5))


def templates():
    """Templates with kinds and without, of one to five variables, with words, with conditional first tables."""
    a, b, o, a1, b1 = variables(["a", "b", "o", "a'", "b'"])
    yield "decision", unroll(GRID, 3).template
    yield "hidden", HIDDEN
    yield ("kindless", TwoSliceTemplate([table(a), table(b)], [table(o, a, b), table(a1, a), table(b1, b, a)]))
    yield "conditional", TwoSliceTemplate([table(a), table(b, a)], [table(a1, a), table(b1, b, a)])
    yield "complete slices", TwoSliceTemplate([table(a), table(b, a)], [table(a1, a), table(b1, a1)])
    now, after = variables("vwxyz"), variables([f"{name}'" for name in "vwxyz"])
    chain = [table(after[k], *now[max(k - 1, 0) : k + 1]) for k in range(4)]
    yield "five", TwoSliceTemplate([table(v) for v in now], [*chain, table(after[4], now[4], now[0])])
    (s, s1), (weather, weather1, seen) = variables(["s", "s'"], "state"), variables(["weather", "weather'", "seen"])
    yield (
        "words",
        TwoSliceTemplate([table(s), table(weather)], [table(s1, s, weather), table(weather1, weather), table(seen, s)]),
    )


TEMPLATES = dict(templates())
EVERY = pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)


@EVERY
def test_nodes_and_edges_are_those_of_the_step(template):
    drawing = plot_template(template)
    assert set(drawing.of("node")) == {
        v.name for cpd in (*template.initial, *template.transition) for v in cpd.variables
    }
    assert set(drawing.of("edge")) == {(p.name, cpd.child.name) for cpd in template.transition for p in cpd.parents}
    assert set(drawing.of("initial")) == {cpd.child.name for cpd in template.initial}
    ends = {(cpd.child.name, v.name) for cpd in template.initial for v in cpd.variables}
    assert set(drawing.of("initial edge")) == ends
    for name, node in drawing.of("node").items():
        dashed = node.get_linestyle() not in ("-", "solid")
        assert dashed == name.endswith("'")


@EVERY
def test_one_slice_lies_inside_the_plate_and_everything_else_outside(template):
    drawing = plot_template(template)
    drawing.figure.canvas.draw()
    plate = drawing.parts["plate",].get_window_extent()
    for name, node in drawing.of("node").items():
        box = node.get_window_extent()
        if name.endswith("'"):
            assert box.x0 > plate.x1, name
        else:
            assert plate.x0 < box.x0 < box.x1 < plate.x1, name
            assert plate.y0 < box.y0 < box.y1 < plate.y1, name
    for name, square in drawing.of("initial").items():
        assert square.get_window_extent().x1 < plate.x0, name
        assert drawing.of("initial label")[name].get_window_extent().x1 < square.get_window_extent().x0
    assert drawing.parts["next label",].get_window_extent().x0 > plate.x1


@EVERY
def test_no_edge_runs_through_words_or_foreign_nodes(template):
    drawing = plot_template(template)
    drawing.figure.canvas.draw()
    to_pixels = drawing.ax.transData
    words = [text for key, text in drawing.parts.items() if key[0] in ("next label", "plate label", "initial label")]
    lines = [*drawing.of("edge").items()]
    lines += [((end,), line) for (_, end), line in drawing.of("initial edge").items()]
    for ends, arrow in lines:
        path = to_pixels.transform(arrow._path_original.interpolated(20).vertices)
        for text in words:
            assert not text.get_window_extent().padded(-1).count_contains(path), (ends, text.get_text())
        for name, node in drawing.of("node").items():
            if name not in ends:
                centre, radius = to_pixels.transform(node.center), node.get_window_extent().width / 2
                assert np.hypot(*(path - centre).T).min() > radius, (ends, name)


def test_first_tables_are_named_by_their_formula():
    drawing = plot_template(TEMPLATES["conditional"])
    assert [drawing.of("initial label")[name].get_text() for name in "ab"] == ["p($a_{0}$)", "p($b_{0}$ | $a_{0}$)"]
    assert plot_template(TEMPLATES["words"]).of("initial label")["weather"].get_text() == "p(weather$_0$)"


def test_plates_tell_how_often():
    assert "29" in plot_template(unroll(GRID, 30)).parts["plate label",].get_text()
    assert "29" not in plot_template(unroll(GRID, 30).template).parts["plate label",].get_text()


@pytest.mark.parametrize("source", [unroll(GRID, 30), *TEMPLATES.values()], ids=["unrolled", *TEMPLATES])
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


def test_variables_of_an_episode_stand_above_the_plate():
    z, x, after = Variable("z", 2, kind="latent"), Variable("x", 2), Variable("x'", 2)
    step = [CPD(after, [x, z], [[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]])]
    template = TwoSliceTemplate([CPD(x, [], [0.5, 0.5])], step, [CPD(z, [], [0.5, 0.5])])
    found = template_layout(template)
    left, right, _, top = found.plate
    (across, height), radius = found.layout.points["z"], found.layout.radii["z"]
    assert left < across < right
    assert height - radius > top
    assert found.names["z"] == "z"
    _, ax = plt.subplots()
    plot_template(template, ax=ax)
    assert ax.get_title() == "Two-slice template, 1 variable a slice"
