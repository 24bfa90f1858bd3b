"""Schedules: which message is sent when, how many it takes, that nothing depends on hashing, and how fast it is."""

import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pytest

from control_pgm import Factor, FactorGraph, Variable, infer
from control_pgm.errors import ImpossibleEvidence, InvalidArgument
from control_pgm.inference.loopy.options import LoopyOptions
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.inference.loopy.schedules import propagate
from control_pgm.inference.problem import pose
from tests.inference.loopy_textbook import Textbook, ising, messages_of, movement, random_loops, random_tree
from tests.operations import executed_lines

SCHEDULES = ["flooding", "sequential", "residual"]
schedules = pytest.mark.parametrize("schedule", SCHEDULES)


def edge_of(message):
    """(table number, variable's name) of a message from a table."""
    return int(message.source[4:].partition("(")[0]), message.target


def chain(n, seed=0):
    rng = np.random.default_rng(seed)
    x = [Variable(f"x{i}", 2) for i in range(n)]
    return FactorGraph(Factor(pair, rng.random((2, 2)) + 0.1) for pair in pairwise(x))


def grid(n, seed=0, coupling=0.3):
    """A grid of n × n binary variables with random fields and couplings."""
    rng = np.random.default_rng(seed)
    cells = [(i, j) for i in range(n) for j in range(n)]
    number = {cell: k for k, cell in enumerate(cells)}
    edges = [(number[i, j], number[i + 1, j]) for i, j in cells if i + 1 < n]
    edges += [(number[i, j], number[i, j + 1]) for i, j in cells if j + 1 < n]
    return ising(edges, coupling * rng.standard_normal(len(edges)), 0.5 * rng.standard_normal(n * n))


# --- the learner's view -----------------------------------------------------------------------------------------
@schedules
def test_the_messages_shown_are_those_that_inference_ends_with(schedule):
    for seed in range(6):
        graph = random_loops(seed)
        last = {edge_of(m): m.factor.array() for m in propagate(pose(graph), schedule, max_sweeps=40)}
        final = messages_of(LoopyPosterior(graph, {}, LoopyOptions(schedule=schedule, max_sweeps=40)))
        assert last.keys() <= final.keys()
        for edge, array in final.items():
            shown = last.get(edge, np.full(len(array), 1 / len(array)))  # never sent: still uniform
            assert np.array_equal(shown, array)


@pytest.mark.parametrize("damping", [0.0, 0.4])
@pytest.mark.parametrize("by", ["sum", "max"])
def test_residual_always_sends_what_the_textbook_says_would_move_most(by, damping):
    for seed in range(6):
        graph = random_loops(seed, zeros=0.1 * (seed % 2))
        textbook = Textbook(graph.factors, by)
        messages, n_sent = textbook.uniform(), 0
        for message in propagate(pose(graph), "residual", elimination=by, damping=damping, max_sweeps=3):
            rule = textbook.update(messages)
            moving = {e: movement(rule[e], messages[e]) for e in textbook.edges}
            edge, most = edge_of(message), max(moving.values())
            assert moving[edge] == most or abs(moving[edge] - most) < 1e-12
            assert message.residual == most or abs(message.residual - most) < 1e-12
            messages[edge] = textbook.mix(rule[edge], messages[edge], damping, "log")
            assert movement(message.factor.array().tolist(), messages[edge]) < 1e-12
            n_sent += 1
        assert n_sent > len(textbook.edges)


def test_sequential_goes_there_and_back_and_hears_what_was_sent_before():
    for seed in range(6):
        graph = random_loops(seed)
        textbook = Textbook(graph.factors)
        messages = textbook.uniform()
        there = textbook.edges
        tables = sorted({k for k, _ in there}, reverse=True)
        back = [edge for k in tables for edge in there if edge[0] == k]
        sent = list(propagate(pose(graph), "sequential", max_sweeps=3, tolerance=0.0))
        assert [edge_of(m) for m in sent] == [*there, *back, *there]
        for message in sent:
            edge = edge_of(message)
            messages[edge] = textbook.update_one(messages, *edge)
            assert movement(message.factor.array().tolist(), messages[edge]) < 1e-11


def test_flooding_sends_every_message_in_every_sweep():
    graph = random_loops(0)
    edges = Textbook(graph.factors).edges
    sent = [edge_of(m) for m in propagate(pose(graph), "flooding", max_sweeps=3, tolerance=0.0)]
    assert sent == edges * 3


def test_propagation_can_be_watched_for_a_while_and_left():
    messages = propagate(pose(random_loops(0)), "residual")
    first, second = next(messages), next(messages)
    assert first.residual >= second.residual > 0.0


def test_evidence_is_sliced_away_first_and_contradictions_are_raised_while_messages_are_sent():
    x, y, z = (Variable(name, 2) for name in "xyz")
    graph = FactorGraph([Factor([x, y], [[1, 0], [0, 1]]), Factor([y], [0, 1])])
    assert [(m.source, m.target) for m in propagate(pose(graph, {"x": 1}), "sequential")] == [
        ("phi_0(y)", "y"),
        ("phi_1(y)", "y"),
    ]
    three = FactorGraph([*graph.factors, Factor([x, z], [[1, 1], [0, 0]])])
    messages = propagate(pose(three), "sequential")
    assert next(messages).source == "phi_0(x, y)"
    with pytest.raises(ImpossibleEvidence, match="no state of 'z' has positive weight"):
        list(messages)


# --- how many messages ------------------------------------------------------------------------------------------
def test_a_chain_needs_one_sweep_there_and_one_back():
    graph = chain(200)
    sequential = LoopyPosterior(graph, {}, LoopyOptions(schedule="sequential"))
    assert sequential.report.sweeps == 2
    flooding = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding"))
    assert 10 < flooding.report.sweeps < 100  # far ends forget each other before the messages have crossed
    for posterior in (sequential, flooding):
        assert posterior.report.messages_sent == posterior.report.sweeps * 398
        assert abs(posterior.log_evidence - infer(graph).log_evidence) < 1e-10


def test_a_chain_that_forgets_nothing_is_crossed_by_flooding_in_as_many_sweeps_as_it_has_tables():
    x = [Variable(f"x{i}", 2) for i in range(51)]
    graph = FactorGraph([Factor(pair, np.eye(2)) for pair in pairwise(x)] + [Factor([x[0]], [1, 3])])
    posterior = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding"))
    assert posterior.report.sweeps == 51
    assert np.allclose(posterior.marginal("x50").array(), [0.25, 0.75], rtol=0, atol=1e-15)
    short = LoopyPosterior(graph, {}, LoopyOptions(schedule="flooding", max_sweeps=50))
    assert not short.report.converged
    assert short.report.unconverged == ("x50",)
    assert short.report.accuracy == "approximate"


def test_residual_needs_the_fewest_messages_and_converges_where_others_do_not():
    graph = grid(6)
    sent = {s: LoopyPosterior(graph, {}, LoopyOptions(schedule=s)).report.messages_sent for s in SCHEDULES}
    assert sent["residual"] < sent["sequential"] < sent["flooding"]
    hard = ising(list(combinations(range(4), 2)), -1.0, [0.1] * 4)
    converged = {s: LoopyPosterior(hard, {}, LoopyOptions(schedule=s)).report.converged for s in SCHEDULES}
    assert converged == {"flooding": False, "sequential": False, "residual": True}


def test_schedules_and_damping_agree_where_they_converge():
    graph = grid(5)
    options = [LoopyOptions(schedule=s) for s in SCHEDULES]
    options += [LoopyOptions(schedule=s, damping=0.5, damping_domain=d) for s in SCHEDULES for d in ("log", "linear")]
    posteriors = [LoopyPosterior(graph, {}, o) for o in options]
    assert all(p.report.converged for p in posteriors)
    for posterior in posteriors[1:]:
        assert abs(posterior.log_evidence - posteriors[0].log_evidence) < 1e-10
        for name in graph.variables:
            assert posterior.marginal(name).allclose(posteriors[0].marginal(name), atol=1e-9)


# --- promises ---------------------------------------------------------------------------------------------------
@schedules
def test_the_same_question_has_the_same_answer_to_the_last_bit_under_any_hash_seed(schedule):
    program = (
        "from control_pgm.inference.loopy.posterior import LoopyPosterior\n"
        "from control_pgm.inference.loopy.options import LoopyOptions\n"
        "from tests.inference.loopy_textbook import random_loops\n"
        f"p = LoopyPosterior(random_loops(3, n=8), {{}}, LoopyOptions(schedule={schedule!r}, max_sweeps=20))\n"
        "print(p.log_evidence.hex(), p.report.messages_sent, [x.hex() for x in p.report.residuals])\n"
        "print([(m.source, m.target, [x.hex() for x in m.factor.array().tolist()]) for m in p.messages])\n"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    ]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 1000


def test_a_flooding_sweep_sends_all_messages_of_a_shape_at_once():
    def lines(n, sweeps):
        options = LoopyOptions(schedule="flooding", max_sweeps=sweeps, tolerance=0.0)
        return executed_lines(lambda: LoopyPosterior(grid(n), {}, options))

    assert LoopyPosterior(grid(32), {}, LoopyOptions(schedule="flooding")).report.converged
    few, many = (lines(n, 12) - lines(n, 2) for n in (8, 32))
    assert few > 10
    assert many < 2 * few  # 16 times as many variables


@schedules
def test_a_hub_with_hundreds_of_neighbours_is_exact(schedule):
    hub = Variable("hub", 2)
    rng = np.random.default_rng(0)
    tables = rng.random((300, 2, 2)) + 0.1
    graph = FactorGraph(Factor([hub, Variable(f"leaf{i}", 2)], table) for i, table in enumerate(tables))
    posterior = LoopyPosterior(graph, {}, LoopyOptions(schedule=schedule))
    weights = np.log(tables.sum(axis=2)).sum(axis=0)
    assert abs(posterior.log_evidence - np.logaddexp(*weights)) < 1e-9
    assert np.abs(posterior.marginal("hub").array() - np.exp(weights - np.logaddexp(*weights))).max() < 1e-12
    assert np.abs(posterior.marginal("leaf7").array() - infer(graph).marginal("leaf7").array()).max() < 1e-12


@pytest.mark.parametrize("by", ["sum", "max"])
def test_tables_too_large_to_be_stacked_give_the_same_messages(by, monkeypatch):
    whole = LoopyPosterior(random_loops(1), {}, LoopyOptions(elimination=by, schedule="flooding", max_sweeps=8))
    for limit in ("_STACKED", "_BATCH"):
        with monkeypatch.context() as patch:
            patch.setattr(f"control_pgm.inference.loopy.messages.{limit}", 5)
            parts = LoopyPosterior(random_loops(1), {}, LoopyOptions(elimination=by, schedule="flooding", max_sweeps=8))
        expected = messages_of(whole)
        assert max(movement(m, expected[e]) for e, m in messages_of(parts).items()) < 1e-12


@pytest.mark.parametrize("schedule", ["random", None, ["residual"]])
def test_an_unknown_schedule_is_answered_by_the_known_ones(schedule):
    with pytest.raises(InvalidArgument, match=r"schedule=.*allowed: 'flooding', 'sequential', 'residual'"):
        next(propagate(pose(random_tree(0)), schedule))
