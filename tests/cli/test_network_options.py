"""What the verbs about networks take besides: the order of tables, memory, side files, packed files, odd names."""

import json
import re

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, FactorGraph, Variable, infer
from control_pgm.interop.formats.uai import to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence
from control_pgm.interop.network_files import load_network, save_network
from tests.cli.running import run

BACKWARDS = "MARKOV 2  2 2  2  2 1 0  1 0  4 1 2 3 4  2 9 1\n"
PYAGRUM = "BAYES\n3\n2 3 2\n3\n1 0\n1 1\n3 0 1 2  # c\n2\n.5 .5\n3\n.25 .25 .5\n12\n"


@pytest.fixture
def lawn():
    wet, rain = Variable("wet", ["no", "yes"]), Variable("rain", ["no", "yes"])
    return BayesianNetwork([CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]]), CPD(rain, [], [0.7, 0.3])])


def test_evidence_files_observe_the_variables_of_the_file(capsys, tmp_path):
    (tmp_path / "net.uai").write_text(BACKWARDS)
    (tmp_path / "net.uai.evid").write_text("1 0 1\n")
    ask = ("infer", tmp_path / "net.uai", "--evidence", tmp_path / "net.uai.evid", "--format", "json")
    record = json.loads(run(capsys, *ask)[1])
    assert list(record["marginals"]) == ["x1"]
    assert np.abs(np.array(record["marginals"]["x1"]["probabilities"]) - [2 / 6, 4 / 6]).max() < 1e-15


def test_the_order_of_the_file_is_named_and_kept(capsys, tmp_path, lawn):
    bif, uai = save_network(lawn, tmp_path / "lawn.bif"), tmp_path / "lawn.uai.gz"
    code, out, err = run(capsys, "convert", bif, uai)
    assert (code, out) == (0, f"wrote {uai}\n")
    assert err == "control-pgm: note: lawn.uai.gz numbers the variables: 0 wet, 1 rain\n"
    assert [cpd.child.name for cpd in load_network(uai).cpds] == ["x0", "x1"]
    assert "variables in the order of the file: wet, rain\n" in run(capsys, "info", bif)[1]
    out = run(capsys, "infer", bif, "--format", "csv")[1]
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["wet", "wet", "rain", "rain"]
    assert list(json.loads(run(capsys, "infer", bif, "--mode", "--format", "json")[1])["mode"]) == ["wet", "rain"]


def test_parents_fastest_is_an_option_of_every_verb_that_reads_networks(capsys, tmp_path):
    rows = np.random.default_rng(0).dirichlet(np.ones(2), (2, 3))  # [first parent, second parent, child]
    theirs = PYAGRUM + " ".join(map(repr, rows.transpose(1, 0, 2).ravel().tolist())) + "\n"
    (tmp_path / "net.uai").write_text(theirs)
    ask = ("infer", tmp_path / "net.uai", "--parents-fastest", "--evidence", "x0=1", "--evidence", "x1=2", "--of", "x2")
    found = json.loads(run(capsys, *ask, "--format", "json")[1])["marginals"]["x2"]["probabilities"]
    assert np.abs(np.array(found) - rows[1, 2]).max() < 1e-12
    assert run(capsys, "convert", tmp_path / "net.uai", tmp_path / "ours.uai", "--parents-fastest")[0] == 0
    assert np.abs(load_network(tmp_path / "ours.uai").cpd("x2").array() - rows).max() < 1e-12
    for verb, *more in (("info",), ("trace",), ("draw", "--what", "network", "--out", tmp_path / "x.svg")):
        assert run(capsys, verb, tmp_path / "net.uai", "--parents-fastest", *more)[0] == 0
    (tmp_path / "m.uai").write_text(BACKWARDS)
    code, _, err = run(capsys, "infer", tmp_path / "m.uai", "--parents-fastest")
    assert code == 2
    assert "--parents-fastest with" in err
    (tmp_path / "grid.txt").write_text("S.G")
    assert run(capsys, "info", tmp_path / "grid.txt", "--parents-fastest")[0] == 2


def test_contradicting_evidence_is_refused(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.json")
    (tmp_path / "x.evid").write_text("1 0 1\n")
    for second in ("wet=no", tmp_path / "x.evid"):
        code, out, err = run(capsys, "infer", path, "--evidence", "wet=no", "--evidence", second)
        if second == "wet=no":
            assert code == 0
        else:
            assert (code, out) == (2, "")
            assert "observes 'wet' as 'yes', and another one as 'no'" in err


# --- memory ----------------------------------------------------------------------------------------------------------
def test_the_remedy_of_the_shell_is_an_option_of_the_shell(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.bif")
    (tmp_path / "grid.txt").write_text("S.G\n.#H\n")
    grid = tmp_path / "grid.txt"
    for ask in (
        ("infer", path),
        ("infer", path, "--mode"),
        ("infer", path, "--method", "loopy"),
        ("info", path),
        ("trace", path),
        ("trace", grid, "--horizon", 3),
        ("solve", grid, "--horizon", 3),
        ("query", grid, "--horizon", 3, "a_0 | O=1"),
        ("draw", grid, "--horizon", 3, "--out", tmp_path / "x.svg"),
        ("explore", grid, "--horizon", 3, "--out", tmp_path / "x.html"),
    ):
        code, out, err = run(capsys, *ask, "--memory-limit", "8B")
        assert (code, out) == (2, ""), ask
        assert "--memory-limit" in err, ask
        assert "memory_limit" not in err
        assert err.count("\n") == 1
    assert run(capsys, "infer", path, "--memory-limit", "1GiB")[0] == 0
    for wrong in ("0", "much", "-1", "nan", "5QB"):
        assert run(capsys, "infer", path, "--memory-limit", wrong)[0] == 2


def test_a_large_file_is_read_with_the_option_that_the_error_names(capsys, tmp_path):
    (tmp_path / "big.uai").write_text("MARKOV 1  6000000  0\n")
    code, _, err = run(capsys, "infer", tmp_path / "big.uai")
    assert code == 2
    assert "if you trust the file, raise --memory-limit" in err
    assert "max_bytes" not in err


# --- side files -------------------------------------------------------------------------------------------------------
def test_solutions_are_written_as_uai_has_them(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.uai")
    (tmp_path / "q.query").write_text("1 1\n")
    ask = ("infer", path, "--evidence", "x0=1")
    marginal = infer(lawn, {"wet": "yes"}).marginal("rain").array()
    for name, more in [("a.PR", ()), ("a.MAR", ()), ("a.MPE", ("--mode",)), ("a.MAP", ("--mode",))]:
        out = tmp_path / name
        assert run(capsys, *ask, "--out", out, *more)[:2] == (0, f"wrote {out}\n")
    assert run(capsys, *ask, "--mode", "--of", tmp_path / "q.query", "--out", tmp_path / "a.MMAP")[0] == 0
    task, value = (tmp_path / "a.PR").read_text().split()
    assert task == "PR"
    assert abs(float(value) - np.log10(0.7 * 0.1 + 0.3 * 0.8)) < 1e-12
    words = (tmp_path / "a.MAR").read_text().split()
    assert words[:6] == ["MAR", "2", "2", "0.0", "1.0", "2"]
    assert np.abs(np.array(words[6:], dtype=float) - marginal).max() < 1e-12
    assert (tmp_path / "a.MPE").read_text() == "MPE\n2 1 1\n"
    assert (tmp_path / "a.MAP").read_text() == "MAP\n2 1 1\n"
    assert (tmp_path / "a.MMAP").read_text() == "MMAP\n1 1 1\n"
    for more in (("--out", "x.MAR", "--mode"), ("--out", "x.MPE"), ("--out", "x.PR", "--of", "x0")):
        code, _, err = run(capsys, *ask, *more)
        assert code == 2
        assert "--out" in err


def test_queries_come_from_files(capsys, tmp_path):
    (tmp_path / "net.uai").write_text(BACKWARDS)
    (tmp_path / "net.uai.query").write_text("1 1\n")
    record = json.loads(
        run(capsys, "infer", tmp_path / "net.uai", "--of", tmp_path / "net.uai.query", "--format", "json")[1]
    )
    assert list(record["marginals"]) == ["x1"]


def test_packed_networks_are_read_and_written(capsys, tmp_path, lawn):
    path = save_network(lawn, tmp_path / "lawn.bif.gz")
    assert run(capsys, "convert", path, tmp_path / "again.bif.gz")[0] == 0
    assert (tmp_path / "again.bif.gz").read_bytes() == path.read_bytes()
    assert run(capsys, "infer", path, "--evidence", "wet=yes")[0] == 0
    code, _, err = run(capsys, "solve", path, "--horizon", 2)
    assert code == 2
    assert "holds a network, not a process" in err


@pytest.mark.parametrize("verb", [("infer",), ("info",), ("solve", "--horizon", "2")])
def test_foreign_formats_are_named_on_the_shell(capsys, tmp_path, verb):
    (tmp_path / "alarm.xdsl").write_text("<smile/>")
    code, _, err = run(capsys, verb[0], tmp_path / "alarm.xdsl", *verb[1:])
    assert code == 2
    assert "GeNIe" in err
    assert "pyagrum.saveBN(" in err


# --- odd names --------------------------------------------------------------------------------------------------------
def test_control_characters_of_names_reach_no_terminal_and_no_picture(capsys, tmp_path):
    odd, plain = Variable("a\x1b[31m\x07", ["s\x1b]0;x\x07", "t\x9b"]), Variable("y\n2", ["u", "\x00"])
    network = BayesianNetwork([CPD(odd, [], [0.3, 0.7]), CPD(plain, [odd], [[0.1, 0.9], [0.4, 0.6]])])
    path = save_network(network, tmp_path / "odd.json")
    graph = save_network(FactorGraph(network.tables), tmp_path / "graph.json")
    control = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
    for ask in (
        ("infer", path),
        ("infer", path, "--mode"),
        ("infer", path, "--of", "nothing\x1b"),
        ("infer", path, "--evidence", "a\x1b[31m\x07=?"),
        ("info", path),
        ("trace", path),
        ("convert", path, tmp_path / "odd.uai"),
        ("solve", path, "--horizon", 2),
    ):
        _, out, err = run(capsys, *ask)
        assert out or err
        assert not control.search(out + err), ask
    assert r"a\x1b[31m\x07" in run(capsys, "infer", path)[1]
    for source in (path, graph):
        for kind in ("svg", "dot", "tex"):
            picture = tmp_path / f"odd.{kind}"
            assert run(capsys, "convert", source, picture)[0] == 0
            assert not control.search(picture.read_text(encoding="utf-8"))
    assert not control.search(
        network._repr_svg_() + FactorGraph(network.tables)._repr_svg_() + repr(network.cpds) + repr(odd)
    )


def test_the_numbers_of_the_output_are_those_of_evidence_files(tmp_path, lawn):
    (tmp_path / "lawn.uai").write_text(to_uai(lawn))
    assert from_uai_evidence("1 1 0", lawn) == {"rain": "no"}
    assert from_uai_evidence("1 1 0", load_network(tmp_path / "lawn.uai")) == {"x1": 0}
