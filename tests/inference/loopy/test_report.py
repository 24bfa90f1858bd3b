"""Settings and the report of loopy belief propagation."""

import tracemalloc
import warnings
from dataclasses import FrozenInstanceError
from itertools import pairwise
from math import inf, nan

import numpy as np
import pytest

from control_pgm import Factor, FactorGraph, Variable, infer
from control_pgm.errors import InvalidArgument, NotConverged, TooLarge
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.inference.loopy.report import LoopyReport
from tests.inference.loopy_textbook import ising, random_loops, random_tree

K4 = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"schedule": "tree"}, "schedule='tree'; allowed: 'flooding', 'sequential', 'residual'"),
        ({"elimination": "min"}, "elimination='min'; allowed: 'sum', 'max'"),
        ({"damping_domain": "cubic"}, "damping_domain='cubic'; allowed: 'log', 'linear'"),
        ({"damping": 1.0}, "damping=1.0; allowed: a number 0 ≤ d < 1"),
        ({"damping": -0.1}, "damping=-0.1"),
        ({"damping": nan}, "damping=nan"),
        ({"damping": True}, "damping=True"),
        ({"tolerance": -1e-9}, "tolerance=-1e-09; allowed: a finite number ≥ 0, in nats"),
        ({"tolerance": inf}, "tolerance=inf"),
        ({"tolerance": "small"}, "tolerance='small'"),
        ({"max_sweeps": 0}, "max_sweeps=0; allowed: an integer ≥ 1"),
        ({"max_sweeps": 2.0}, r"max_sweeps=2\.0"),
        ({"max_sweeps": True}, "max_sweeps=True"),
    ],
)
def test_settings_out_of_range_are_named(setting, message):
    with pytest.raises(InvalidArgument, match=message):
        LoopyOptions(**setting)


def test_settings_may_be_numpy_numbers_and_cannot_be_changed():
    options = LoopyOptions(max_sweeps=np.int64(3), damping=np.float64(0.25), tolerance=0)
    assert LoopyPosterior(random_loops(0), {}, options).report.sweeps == 3
    with pytest.raises(FrozenInstanceError):
        options.damping = 0.5


def test_the_report_tells_each_sweeps_residual():
    report = LoopyPosterior(random_loops(0), {}, LoopyOptions(schedule="flooding")).report
    assert len(report.residuals) == report.sweeps + 1
    assert report.residuals[-1] == report.residual <= 1e-10 < report.residuals[-2]
    assert report.residuals[0] > 0.1
    half = LoopyPosterior(random_loops(0), {}, LoopyOptions(schedule="flooding", max_sweeps=5)).report
    assert half.residuals == report.residuals[:6]
    with pytest.raises(FrozenInstanceError):
        report.residuals = ()


def test_damping_does_not_feign_convergence():
    """The residual is what the undamped rule would do, however small the damped step."""
    graph = ising(K4, -0.5, [0.3] * 4)
    slow = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding", damping=0.999, max_sweeps=1)).report
    plain = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding", max_sweeps=1)).report
    assert slow.residuals[0] == plain.residuals[0]
    assert abs(slow.residual - slow.residuals[0]) < 0.01 * slow.residuals[0]


def test_the_report_prints_what_it_knows():
    text = str(LoopyPosterior(random_tree(5), {}, LoopyOptions(schedule="sequential")).report)
    assert "converged in" in text
    assert "approximate (exact up to rounding here: the graph is a tree)" in text
    assert "sequential" in text
    assert "1e-10 nats" in text
    assert "none" in text
    options = LoopyOptions(schedule="flooding", damping=0.25, damping_domain="linear", max_sweeps=3)
    text = str(LoopyPosterior(ising(K4, -2.0, [0.1] * 4), {}, options).report)
    assert "NOT CONVERGED in 3 sweeps, residual" in text
    assert "approximate" in text
    assert "0.25 of the old message, linear domain" in text
    assert "4 unconverged" in text
    assert "x0, x1, x2, x3" in text


def test_reports_and_posteriors_show_themselves_in_a_line_and_in_notebooks():
    report = LoopyPosterior(ising(K4, -2.0, [0.1] * 4), {}, LoopyOptions(schedule="flooding", max_sweeps=3)).report
    assert repr(report).startswith("LoopyReport(NOT CONVERGED in 3 sweeps, residual ")
    assert repr(report).endswith(", approximate)")
    assert "<td>x0, x1, x2, x3</td>" in report._repr_html_()
    posterior = LoopyPosterior(ising(K4, 0.1, [0.1] * 4))
    assert repr(posterior.report) == f"LoopyReport({posterior.report.outcome}, approximate)"
    page = posterior._repr_html_()
    assert "log evidence (Bethe)" in page
    assert "<td>approximate</td>" in page


# --- the entry point --------------------------------------------------------------------------------------------
def test_what_does_not_converge_warns_at_the_line_that_asked():
    graph = ising(K4, -2.0, [0.1] * 4)
    with pytest.warns(NotConverged, match=r"NOT CONVERGED in 3 sweeps, residual .* nats, at x0, x1, x2, x3") as caught:
        infer(graph, method="loopy", schedule="flooding", max_sweeps=3)
    assert caught[0].filename == __file__
    assert "try damping=0.5, more than max_sweeps=3, or fewer loops" in str(caught[0].message)
    with pytest.warns(NotConverged, match="try more damping"):
        infer(graph, method="loopy", damping=0.1, max_sweeps=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert infer(ising(K4, 0.1, [0.1] * 4), method="loopy").report.converged


@pytest.mark.parametrize("method", ["loopy", "enumeration"])
def test_what_only_exact_inference_keeps_is_refused(method):
    with pytest.raises(InvalidArgument, match=f"keep='checkpoints' with method='{method}'; leave it out"):
        infer(random_tree(0), method=method, keep="checkpoints")
    with pytest.raises(InvalidArgument, match="memory_limit '1 GB'; allowed: a number of bytes"):
        infer(random_tree(0), method=method, memory_limit="1 GB")


def graphs():
    """A dense graph of small tables, a few large tables, and many tables that are one."""
    rng = np.random.default_rng(0)
    few = [Variable(f"x{i}", 60) for i in range(5)]
    many = [Variable(f"x{i}", 8) for i in range(400)]
    shared = Factor([Variable("x", 8), Variable("y", 8)], rng.random((8, 8)) + 0.1)
    return [
        ising([(i, j) for i in range(30) for j in range(i)], 0.01, [0.1] * 30),
        FactorGraph(Factor(few[i : i + 3], rng.random((60, 60, 60))) for i in range(3)),
        FactorGraph(Factor(pair, shared.array()) for pair in pairwise(many)),
    ]


@pytest.mark.filterwarnings("ignore::control_pgm.errors.NotConverged")
@pytest.mark.parametrize("graph", graphs(), ids=["dense", "large tables", "chain"])
def test_memory_is_told_before_it_is_taken(graph):
    with pytest.raises(TooLarge, match=r"loopy belief propagation over .* needs .*raise memory_limit"):
        infer(graph, method="loopy", memory_limit=10_000)
    limit = 1
    while True:
        try:
            tracemalloc.start()
            infer(graph, method="loopy", elimination="max", max_sweeps=3, memory_limit=limit)
            taken = tracemalloc.get_traced_memory()[1]
            break
        except TooLarge:
            limit *= 2
        finally:
            tracemalloc.stop()
    assert taken < 1.3 * limit  # what was allowed was about enough
    assert limit < 40 * taken  # and no gross exaggeration


def test_a_tree_is_called_exact_only_where_the_messages_have_settled():
    graph = ising([(0, 1), (1, 2)], 1.0, [0.5, 0.1, 0.2])
    loose = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding", tolerance=2.0)).report
    assert loose.converged
    assert loose.is_tree
    assert loose.accuracy == "approximate"


def test_long_histories_and_many_variables_are_shortened():
    report = LoopyReport(
        LoopyOptions(), tuple(1.0 / k for k in range(1, 40)), 7, tuple(f"x{i}" for i in range(30)), True
    )
    text = str(report)
    assert "1 0.5 0.33 0.25 … 0.028 0.027 0.026 0.026" in text
    assert "30 unconverged" in text
    assert "x7, …" in text
    assert report.accuracy == "approximate"
    assert LoopyReport(LoopyOptions(), (1.0, 0.0), 1, (), False).outcome == "converged in 1 sweep"
