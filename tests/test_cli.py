"""The command line as a newcomer would type it, wrong input included."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest

from control_pgm import gridworld, load_solution, save, solve
from control_pgm.cli import main

GRID = "S.G\n.#H\n"


@pytest.fixture
def grid(tmp_path):
    """A gridworld drawing in a file."""
    path = tmp_path / "grid.txt"
    path.write_text(GRID, encoding="utf-8")
    return str(path)


def run(capsys, *arguments):
    """Exit code, standard output, standard error."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_info_tells_what_a_process_is_and_what_its_network_costs(capsys, grid):
    code, out, _ = run(capsys, "info", grid, "--horizon", 4)
    assert code == 0
    assert all(word in out for word in ("states", "(0,0)", "(0,2), (1,2)", "elimination order"))


@pytest.mark.parametrize("kind", ["posterior", "variational", "bellman", "maxent", "optimal"])
def test_solve_prints_the_policy_of_every_type_of_inference(capsys, grid, kind):
    temperature = () if kind in ("bellman", "optimal") else ("--temperature", 0.2)
    code, out, _ = run(capsys, "solve", grid, "--horizon", 4, "--inference", kind, *temperature, "--format", "json")
    assert code == 0
    record = json.loads(out)
    options = {"temperature": 0.2} if temperature else {}
    expected = solve(gridworld(GRID), 4, inference=kind, **options)
    assert np.array_equal(record["policy"], expected.policy)
    assert np.array_equal(record["V"], expected.V)
    assert record["states"] == list(expected.network.mdp.states)


def test_solve_shows_a_table_for_people_and_csv_for_programs(capsys, grid):
    code, out, _ = run(capsys, "solve", grid, "--horizon", 3, "--temperature", 0.2, "--time", 1)
    assert code == 0
    assert "policy at t=1" in out
    assert "right" in out
    code, out, _ = run(capsys, "solve", grid, "--horizon", 3, "--temperature", 0.2, "--show", "Q", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    expected = solve(gridworld(GRID), 3, temperature=0.2).Q
    assert len(rows) == expected.values.size
    assert float(rows[0]["Q"]) == expected.values.flat[0]


def test_a_solution_file_can_be_loaded_again(capsys, grid, tmp_path):
    for name in ("solution.npz", "solution.json"):
        code, out, _ = run(capsys, "solve", grid, "--horizon", 3, "--temperature", 0.2, "--out", tmp_path / name)
        assert (code, out) == (0, f"wrote {tmp_path / name}\n")
        saved = load_solution(tmp_path / name)
        assert np.array_equal(saved.policy, solve(gridworld(GRID), 3, temperature=0.2).policy)


def test_query_answers_conditionals(capsys, grid):
    code, out, _ = run(capsys, "query", grid, "--horizon", 3, "--temperature", 0.2, "a_1 | s_1=(0,1), O=1")
    assert code == 0
    assert "probability" in out
    code, out, _ = run(
        capsys, "query", grid, "--horizon", 3, "--temperature", 0.2, "a_1 | s_1=(0,1), O=1", "--format", "json"
    )
    values = json.loads(out)["values"]
    assert np.allclose(values, solve(gridworld(GRID), 3, temperature=0.2).policy.sel(t=1, s="(0,1)"), atol=1e-12)


def test_standard_input_is_a_drawing_or_a_process(capsys, grid, monkeypatch, tmp_path):
    _, expected, _ = run(capsys, "solve", grid, "--horizon", 3, "--format", "csv")
    monkeypatch.setattr("sys.stdin", io.StringIO(GRID))
    assert run(capsys, "solve", "-", "--horizon", 3, "--format", "csv")[1] == expected
    save(gridworld(GRID), tmp_path / "grid.json")
    monkeypatch.setattr("sys.stdin", io.StringIO((tmp_path / "grid.json").read_text(encoding="utf-8")))
    assert run(capsys, "solve", "-", "--horizon", 3, "--format", "csv")[1] == expected
    assert run(capsys, "solve", tmp_path / "grid.json", "--horizon", 3, "--format", "csv")[1] == expected


def test_draw_writes_every_picture(capsys, grid, tmp_path):
    for what in ("network", "factor-graph", "factor-graph-absorbed", "policy", "values", "messages", "marginals"):
        path = tmp_path / f"{what}.png"
        code, out, err = run(capsys, "draw", grid, "--horizon", 3, "--what", what, "--out", path)
        assert (code, out) == (0, f"wrote {path}\n"), err
        assert path.read_bytes().startswith(b"\x89PNG")


def test_crosscheck_tells_by_its_exit_code(capsys, grid):
    ours = ("crosscheck", grid, "--horizon", 2, "--temperature", 0.3, "--against", "enumeration")
    code, out, _ = run(capsys, *ours)
    assert code == 0
    assert "passed" in out
    code, out, _ = run(capsys, *ours, "--tolerance", 0)
    assert code == 1
    assert "FAILED" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["solve", "GRID", "--horizon", 0], ["horizon 0", "integer ≥ 1"]),
        (["solve", "GRID", "--horizon", "many"], ["--horizon", "many"]),
        (["solve", "GRID"], ["--horizon"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", -1], ["temperature -1.0", "> 0"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", "nan"], ["temperature nan"]),
        (["solve", "GRID", "--horizon", 3, "--slip", 2], ["slip 2.0"]),
        (["solve", "GRID", "--horizon", 3, "--time", 9], ["--time 9", "0 … 2"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "magic"], ["--inference", "magic"]),
        (["solve", "GRID", "--horizon", 3, "--inference", "bellman", "--temperature", 1], ["temperature", "bellman"]),
        (["solve", "nowhere.txt", "--horizon", 3], ["nowhere.txt"]),
        (["solve", "grid.xyz", "--horizon", 3], ["xyz"]),
        (["solve", "gym:NoSuchThing-v0", "--horizon", 3], ["NoSuchThing"]),
        (["solve", "gym:Blackjack-v1", "--horizon", 3], ["Blackjack", "from_samples"]),
        (["query", "GRID", "--horizon", 3, "a_7 | O=1"], ["'a_7'"]),
        (["query", "GRID", "--horizon", 3, "a_1 | s_1=(9,9), O=1"], ["'(9,9)'", "(0,0)"]),
        (["draw", "GRID", "--horizon", 3, "--out", "picture.gif"], [".gif", ".png"]),
        (["draw", "GRID", "--horizon", 3, "--out", "no/such/folder/picture.png"], ["no/such/folder"]),
        (["crosscheck", "GRID", "--horizon", 2, "--against", "oracle"], ["'oracle'", "'pgmpy'"]),
        (["crosscheck", "GRID", "--horizon", 2, "--tolerance", "nan"], ["--tolerance nan"]),
        (["solve", "GRID", "--horizon", 3_000_000], ["3,000,000", "1,000,000"]),
        (["solve", "GRID", "--horizon", 3, "--temperature", 1e-300], ["temperature 1e-300", "overflow"]),
        (["query", "GRID", "--horizon", 3, "a_1 | O=1", "--out", "answer.npz"], [".npz", ".csv"]),
        (["solve", "GRID", "--horizon", 3, "--out", "no/such/table.csv"], ["no/such", "does not exist"]),
        (
            ["draw", "GRID", "--horizon", 3, "--what", "optimism", "--temperature", 1, "--out", "p.png"],
            ["--temperature"],
        ),
        (["draw", "gym:CliffWalking-v1", "--horizon", 3, "--what", "optimism", "--out", "p.png"], ["no goal", "event"]),
        (["fly"], ["fly"]),
        ([], ["VERB"]),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(capsys, grid, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [grid if argument == "GRID" else argument for argument in arguments]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert all(word in err for word in words), err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["grid.txt"]  # nothing half-written


def test_a_bad_drawing_names_row_and_column(capsys, tmp_path):
    (tmp_path / "bad.txt").write_text("S.\n.X\n", encoding="utf-8")
    code, _, err = run(capsys, "solve", tmp_path / "bad.txt", "--horizon", 2)
    assert code == 2
    assert "row 1, column 1" in err
    assert "'X'" in err


def test_the_demo_runs_as_a_program_also_on_a_terminal_without_unicode(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "control_pgm", "demo", "--out", str(tmp_path / "pictures"), "--horizon", "3"],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PATH": "", "MPLCONFIGDIR": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"passed: tolerance 1e-12" in done.stdout
    assert len(list((tmp_path / "pictures").iterdir())) == 5


def test_a_reader_that_stops_early_is_no_error(grid):
    program = f"{sys.executable} -m control_pgm solve {grid} --horizon 200 --format csv | head -n 1"
    done = subprocess.run(["sh", "-c", program], capture_output=True, check=False)
    assert done.stdout == b"t,s,a,policy\n"
    assert done.stderr == b""
