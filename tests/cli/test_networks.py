"""The verbs about networks: convert, infer, trace, explore."""

import csv
import io
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, FactorGraph, Variable, gridworld, infer, load, save, solve, unroll
from control_pgm.interop.formats.uai_side import to_uai_evidence
from control_pgm.interop.network_files import load_network, save_network
from tests.cli.running import GRID, run
from tests.strategies import random_network


@pytest.fixture
def lawn():
    rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    return BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])


# --- convert -------------------------------------------------------------------------------------------------------
def test_a_process_is_converted_between_its_formats(capsys, grid, tmp_path):
    first, second = tmp_path / "grid.npz", tmp_path / "again.json"
    assert run(capsys, "convert", grid, first, "--slip", 0.2) == (0, f"wrote {first}\n", "")
    assert run(capsys, "convert", first, second)[0] == 0
    expected = gridworld(GRID, slip=0.2)
    for path in (first, second):
        assert np.array_equal(load(path).transition, expected.transition)


@pytest.mark.parametrize("kind", ["json", "bif", "uai"])
def test_a_process_is_converted_to_its_network(capsys, grid, tmp_path, kind):
    path = tmp_path / f"net.{kind}"
    code, out, err = run(capsys, "convert", grid, path, "--horizon", 3, "--temperature", 0.5)
    numbers = "control-pgm: note: net.uai numbers the variables: 0 s_0, 1 a_0, 2 s_1, 3 O_0, 4 a_1,"
    assert (code, out) == (0, f"wrote {path}\n")
    assert err.startswith(numbers) if kind == "uai" else not err
    network, back = unroll(gridworld(GRID), 3, temperature=0.5), load_network(path)
    for ours, theirs in zip(network.cpds, back.cpds, strict=True):
        assert np.abs(ours.array() - theirs.array()).max() < 1e-15


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("dot", b"digraph"), ("tex", b"\\documentclass"), ("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")],
)
def test_networks_and_factor_graphs_are_drawn(capsys, tmp_path, lawn, kind, begins):
    graph = save_network(FactorGraph(lawn.tables), tmp_path / "graph.json")
    for source in (save_network(lawn, tmp_path / "lawn.json"), graph):
        path = tmp_path / f"picture.{kind}"
        code, _, err = run(capsys, "convert", source, path)
        assert code == 0, err
        content = path.read_bytes()
        assert content.startswith(b"graph" if source == graph and kind == "dot" else begins)
        path.unlink()


def test_full_draws_all_slices(capsys, grid, tmp_path):
    sizes = []
    for more in ((), ("--full",)):
        assert run(capsys, "convert", grid, tmp_path / "net.dot", "--horizon", 30, *more)[0] == 0
        sizes.append((tmp_path / "net.dot").stat().st_size)
    assert sizes[1] > 2 * sizes[0]


def test_info_tells_what_inference_in_a_network_would_cost(capsys, tmp_path, lawn):
    code, out, _ = run(capsys, "info", save_network(lawn, tmp_path / "lawn.bif"))
    assert code == 0
    assert "BayesianNetwork(2 variables)" in out
    assert "elimination order" in out


# --- infer ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["exact", "enumeration", "loopy"])
def test_infer_gives_marginals_and_evidence(capsys, tmp_path, lawn, method):
    path = save_network(lawn, tmp_path / "lawn.bif")
    code, out, err = run(capsys, "infer", path, "--evidence", "wet=yes", "--method", method, "--format", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    expected = infer(lawn, {"wet": "yes"})
    assert record["exact"] == (method != "loopy")
    assert abs(record["log_evidence"] - expected.log_evidence) < 1e-12
    assert list(record["marginals"]) == ["rain"]
    assert record["marginals"]["rain"]["states"] == ["no", "yes"]
    assert np.abs(record["marginals"]["rain"]["probabilities"] - expected.marginal("rain").array()).max() < 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_infer_agrees_with_the_library_in_every_format(capsys, tmp_path, seed):
    model = random_network(seed, soft=False)
    path = save_network(model, tmp_path / "net.json")
    code, out, _ = run(capsys, "infer", path, "--format", "csv")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    posterior = infer(model)
    expected = [p for name in model.variables for p in posterior.marginal(name).array()]
    assert np.abs(np.array([float(row["probability"]) for row in rows]) - expected).max() < 1e-12
    code, out, _ = run(capsys, "infer", path, "--of", "x0", "--of", "x1")
    assert code == 0
    assert set(re.findall(r"^(x\d+) ", out, re.MULTILINE)) == {"x0", "x1"}
    code, out, _ = run(capsys, "infer", path, "--out", tmp_path / "answer.csv")
    assert (code, out) == (0, f"wrote {tmp_path / 'answer.csv'}\n")


def test_infer_takes_likelihoods_as_evidence(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.bif")
    code, out, err = run(capsys, "infer", path, "--evidence", "wet={no: 1/5, yes: 0.8}", "--format", "json")
    assert (code, err) == (0, "")
    record, expected = json.loads(out), infer(lawn, {"wet": {"no": 0.2, "yes": 0.8}})
    assert abs(record["log_evidence"] - expected.log_evidence) < 1e-12
    assert set(record["marginals"]) == set(lawn.variables)
    for name, table in record["marginals"].items():
        assert np.abs(expected.marginal(name).array() - table["probabilities"]).max() < 1e-12
    code, out, _ = run(capsys, "query", path, "rain | wet={no: 1, yes: 4}", "--format", "csv")
    assert code == 0
    assert f"yes,{expected.marginal('rain').value({'rain': 'yes'}):.6f}"[:12] in out
    code, _, err = run(capsys, "infer", path, "--evidence", "wet={no: 1, yes: much}")
    assert code == 2
    assert "--evidence, state of 'wet': '{no: 1, yes: much}' has 'yes: much' in place of a likelihood" in err


def test_evidence_may_come_from_a_file(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.uai")
    (tmp_path / "lawn.uai.evid").write_text(to_uai_evidence(lawn, {"wet": "yes"}))
    code, out, _ = run(capsys, "infer", path, "--evidence", tmp_path / "lawn.uai.evid", "--format", "json")
    assert code == 0
    expected = infer(lawn, {"wet": "yes"}).marginal("rain").array()
    assert np.abs(json.loads(out)["marginals"]["x0"]["probabilities"] - expected).max() < 1e-12


@pytest.mark.parametrize("method", ["exact", "enumeration", "loopy"])
def test_the_mode_is_the_most_probable_assignment(capsys, tmp_path, lawn, method):
    path = save_network(lawn, tmp_path / "lawn.bif")
    ask = ("infer", path, "--evidence", "wet=yes", "--mode", "--method", method)
    record = json.loads(run(capsys, *ask, "--format", "json")[1])
    assert record["mode"] == {"rain": "yes", "wet": "yes"}
    assert record["exact"] == (method != "loopy")
    assert abs(record["log_probability"] - np.log(0.3 * 0.8)) < 1e-12
    assert ("log_posterior" in record) == (method != "loopy")
    assert "rain,yes" in run(capsys, *ask, "--format", "csv")[1]
    assert "most probable assignment" in run(capsys, *ask)[1]


# --- trace ---------------------------------------------------------------------------------------------------------
def test_trace_prints_every_message_by_its_textbook_name(capsys, grid):
    code, out, err = run(capsys, "trace", grid, "--horizon", 2, "--temperature", 0.5)
    assert (code, err) == (0, "")
    titles = re.findall(r"^(\d+)/9  (.*)$", out, re.MULTILINE)
    assert [int(number) for number, _ in titles] == list(range(1, 10))
    assert titles[1][1] == "a_1 → s_1: beta_1(s) = p(O_1…=1 | s_1)"
    assert "  = sum over a_1 of p(a_1) · message from s_2" in out
    network = unroll(gridworld(GRID), 2, temperature=0.5)
    assert f"log p(evidence) = {network.infer().log_evidence:.4f}"[:-1] in out


def test_the_textbook_names_are_right(grid):
    """Every named message agrees with the array of the solution that bears its name."""
    from control_pgm.cli.trace import textbook_name
    from control_pgm.inference.trace import trace

    for drawing, rewards in ((GRID, None), ("S..G", {"G": 2.0})):
        solution = solve(gridworld(drawing, rewards=rewards, slip=0.1), 4, temperature=0.5)
        seen = set()
        for step in trace(solution.posterior, naming=textbook_name):
            found = re.match(r"(alpha|beta)_(\d+)\((s|s,a)\)(?= =|$)", step.name)
            if not found:
                continue
            field = {"alpha": "log_forward", "beta": "log_backward"}[found[1]]
            field += "_action" if found[3] == "s,a" else ""
            expected = np.asarray(getattr(solution, field))[int(found[2])]
            assert np.abs(np.exp(step.values.log_array()) - np.exp(expected)).max() < 1e-12
            seen.add(field)
        assert seen == {"log_forward", "log_backward", "log_backward_action"}


def test_trace_stops_after_some_steps_and_shows_the_largest_values(capsys, grid):
    code, out, _ = run(capsys, "trace", grid, "--horizon", 5, "--steps", 2)
    assert code == 0
    assert len(re.findall(r"^\d+/21  ", out, re.MULTILINE)) == 2
    assert "… and 8 smaller values" in out


def test_trace_waits_for_the_enter_key_until_there_is_no_more_input(capsys, grid, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
    code, out, err = run(capsys, "trace", grid, "--horizon", 2, "--pause")
    assert code == 0
    assert err.count("[Enter]") == 3  # two keys, and the end of the input
    assert len(re.findall(r"^\d+/9  ", out, re.MULTILINE)) == 9


def test_trace_reads_networks_too(capsys, tmp_path, lawn):
    code, out, _ = run(capsys, "trace", save_network(lawn, tmp_path / "lawn.bif"), "--evidence", "wet=yes")
    assert code == 0
    assert "1/1  rain, a root\n  = sum over rain of p(rain) · p(wet=yes|rain)" in out
    assert "beta" not in out


# --- explore -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["posterior", "variational", "bellman"])
def test_explore_writes_one_page(capsys, grid, tmp_path, kind):
    path = tmp_path / "page.html"
    code, out, err = run(capsys, "explore", grid, "--horizon", 3, "--inference", kind, "--out", path)
    assert (code, out, err) == (0, f"wrote {path}\n", "")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_example_of_the_help_runs(capsys, grid, monkeypatch):
    monkeypatch.chdir(Path(grid).parent)
    lines = run(capsys, "infer", "--help")[1].splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("  control-pgm ")]
    assert len(commands) == 2
    for _, *words in commands:
        code, out, err = run(capsys, *words)
        assert (code, err) == (0, "")
    assert "a_8" in out


def test_the_remedy_names_no_option_that_was_not_given(capsys, tmp_path, lawn):
    code, _, err = run(capsys, "convert", save_network(lawn, tmp_path / "lawn.json"), tmp_path / "out.npz")
    assert code == 2
    assert ".npz" in err
    assert "--horizon" not in err


def test_a_process_file_is_no_network_file(capsys, tmp_path):
    path = save(gridworld(GRID), tmp_path / "mdp.json")
    code, out, _ = run(capsys, "info", path)
    assert code == 0
    assert "Markov decision process" in out


# --- query ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["bif", "json"])
def test_query_asks_a_network_in_a_file(capsys, lawn, tmp_path, ending):
    path = save_network(lawn, tmp_path / f"lawn.{ending}")
    code, shown, complaint = run(capsys, "query", path, "rain | wet=yes", "--format", "csv")
    assert (code, complaint) == (0, "")
    found = [float(line.rpartition(",")[2]) for line in shown.split()[1:]]
    assert found == pytest.approx([0.07 / 0.31, 0.24 / 0.31], abs=1e-15)
    code, _, complaint = run(capsys, "query", path, "rain", "--horizon", 3)
    assert code == 2
    assert "leave --horizon out" in complaint
    code, _, complaint = run(capsys, "query", path, "rian | wet=yes")
    assert code == 2
    assert "did you mean 'rain'?" in complaint


def test_query_of_a_process_needs_a_horizon(capsys, grid):
    code, _, complaint = run(capsys, "query", grid, "a_0 | O=1")
    assert code == 2
    assert "no --horizon" in complaint
