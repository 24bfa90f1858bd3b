"""``solve`` and ``info`` of processes with hidden states."""

import csv
import json

import numpy as np
import pytest

from control_pgm import crying_baby, save, solve, solve_infinite, tiger
from tests.cli.running import run

TIGER = "textbook:tiger"
BELLMAN = ("--inference", "bellman")


@pytest.fixture
def tiger_file(tmp_path):
    return save(tiger(discount=1.0), tmp_path / "tiger.pomdp")


def test_alpha_vectors_are_printed_for_a_step(capsys, tiger_file):
    code, out, err = run(capsys, "solve", tiger_file, "--horizon", 3, *BELLMAN, "--time", 2)
    assert (code, err) == (0, "")
    assert "value at the initial belief  2.72" in out
    assert "alpha vectors at t=2" in out
    assert "open-left         -100           10" in out


def test_a_solution_comes_as_json_and_csv(capsys, tiger_file, tmp_path):
    solution = solve(tiger(discount=1.0), 3, inference="bellman")
    for out, kind in ((tmp_path / "x.json", "json"), (tmp_path / "x.csv", "csv")):
        code, _, _ = run(capsys, "solve", tiger_file, "--horizon", 3, *BELLMAN, "--out", out, "--format", kind)
        assert code == 0
    record = json.loads((tmp_path / "x.json").read_text())
    assert (record["horizon"], record["action"], record["observations"]) == (3, "listen", ["hear-left", "hear-right"])
    assert record["value"] == solution.value()
    for step, vectors in zip(record["alpha_vectors"], solution.alpha_vectors, strict=True):
        assert step["actions"] == list(vectors.actions)
        assert step["vectors"] == vectors.values.tolist()
    rows = list(csv.reader((tmp_path / "x.csv").read_text().splitlines()))
    assert rows[0] == ["t", "action", "tiger-left", "tiger-right"]
    assert len(rows) == 1 + sum(map(len, solution.alpha_vectors))
    last = [row for row in rows[1:] if row[0] == "2"]
    assert np.array_equal([list(map(float, row[2:])) for row in last], solution.alpha_vectors[2].values)


def test_bounds_without_a_last_step(capsys, tmp_path):
    words = ("solve", "textbook:crying-baby", "--horizon", "infinite", *BELLMAN)
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert "upper bound at the initial belief" in out
    run(capsys, *words, "--tolerance", 1e-6, "--out", tmp_path / "x.json")
    record = json.loads((tmp_path / "x.json").read_text())
    exact = solve_infinite(crying_baby(), inference="bellman", tolerance=1e-6)
    assert (record["lower"], record["upper"], record["horizon"]) == (exact.lower(), exact.upper(), "infinite")


def test_info_shows_the_process(capsys, tiger_file):
    code, out, err = run(capsys, "info", tiger_file)
    assert (code, err) == (0, "")
    assert all(word in out for word in ("hear-left", "-100 … 10", "initial belief"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("solve", TIGER, "--horizon", 3), "inference='posterior' of a POMDP"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--temperature", 1), "--temperature with 'textbook:tiger'"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--discount", 0.5), "--discount with 'textbook:tiger'"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--slip", 0.5), "--slip with 'textbook:tiger'"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--evidence", "s_0=x"), "--evidence with 'textbook:tiger'"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--show", "V"), "--show V with 'textbook:tiger'"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--time", 3), "--time 3; allowed: 0 … 2"),
        (("solve", TIGER, "--horizon", 3, *BELLMAN, "--tolerance", 1e-3), "--tolerance with --horizon 3"),
        (("solve", TIGER, "--horizon", "infinite", *BELLMAN, "--time", 0), "--time with an infinite horizon"),
        (("solve", TIGER, "--average"), "--average with 'textbook:tiger'"),
        (("solve", TIGER, *BELLMAN), "no --horizon"),
        (("solve", "missing.pomdp", "--horizon", 3, *BELLMAN), "'missing.pomdp' does not exist"),
        (("info", TIGER, "--horizon", 3), "--horizon with 'textbook:tiger'"),
        (("query", TIGER, "--horizon", 3, "a_0"), "is a process with hidden states; allowed: info, solve, draw"),
    ],
)
def test_what_has_no_meaning_is_refused(capsys, words, message):
    code, _, err = run(capsys, *words)
    assert code == 2
    assert message in err
