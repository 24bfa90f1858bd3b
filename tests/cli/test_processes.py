"""The verbs about decision processes as a newcomer would type them."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest

from control_pgm import MDP, gridworld, load_solution, save, solve
from control_pgm.control.solve import INFERENCES
from tests.cli.running import GRID, run


def test_info_tells_what_a_process_is_and_what_its_network_costs(capsys, grid):
    code, out, _ = run(capsys, "info", grid, "--horizon", 4)
    assert code == 0
    assert all(word in out for word in ("states", "(0,0)", "(0,2), (1,2)", "elimination order"))


def test_info_on_sparse_and_varying_processes_makes_nothing_dense(capsys, tmp_path, monkeypatch):
    wide = tmp_path / "wide.txt"
    wide.write_text("\n".join(["S" + "." * 24] * 24 + ["." * 24 + "G"]), encoding="utf-8")

    def refuse(self):
        raise AssertionError("a dense table")

    with monkeypatch.context() as patch:
        patch.setattr(MDP, "transition", property(refuse))
        code, out, err = run(capsys, "info", wide, "--slip", 0.1)
    assert code == 0, err
    table = gridworld(wide.read_text(encoding="utf-8"), slip=0.1).table
    assert f"{table.nnz:,} of {625 * 4 * 625:,}" in out
    assert "absorbing states" in out
    stays, leaves = [[[1.0, 0.0]], [[0.0, 1.0]]], [[[0.0, 1.0]], [[0.0, 1.0]]]
    path = save(MDP([stays, leaves], np.zeros((2, 1)), states=["door", "out"]), tmp_path / "varying.json")
    code, out, _ = run(capsys, "info", path)
    assert code == 0
    absorbing = next(line for line in out.splitlines() if "absorbing" in line)
    assert absorbing.split()[-1] == "out"  # "door" is left at the second step
    assert "4 of 8" in out


def test_info_reads_a_slip(capsys, grid):
    assert "20 of 100" in run(capsys, "info", grid)[1]
    assert "20 of 100" not in run(capsys, "info", grid, "--slip", 0.2)[1]


def test_every_name_of_a_type_of_inference_is_offered(capsys):
    code, out, _ = run(capsys, "solve", "--help")
    assert code == 0
    assert all(name in out for name in INFERENCES)
    assert "--risk" in out


@pytest.mark.parametrize("kind", INFERENCES)
def test_solve_prints_the_policy_of_every_type_of_inference(capsys, grid, kind):
    options = {"bellman": {}, "planning": {"risk": -0.5}}.get(INFERENCES[kind], {"temperature": 0.2})
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    code, out, err = run(capsys, "solve", grid, "--horizon", 4, "--inference", kind, *words, "--format", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    expected = solve(gridworld(GRID), 4, inference=kind, **options)
    assert np.allclose(record["policy"], expected.policy, rtol=0, atol=1e-12)
    assert record["states"] == list(expected.network.mdp.states)
    assert {name: record[name] for name in options} == options
    if kind == "marginal-map":
        assert record["plan"] == list(expected.plan)
        assert "V" not in record
    else:
        assert np.allclose(record["V"], expected.V, rtol=0, atol=1e-12)


def test_a_schedule_of_temperatures_is_a_list(capsys, grid):
    schedule = [2.0, 1.0, 0.5]
    words = ("solve", grid, "--horizon", 3, "--temperature", "2,1,.5")
    record = json.loads(run(capsys, *words, "--format", "json")[1])
    assert record["temperature"] == schedule
    assert np.array_equal(record["policy"], solve(gridworld(GRID), 3, temperature=schedule).policy)
    assert run(capsys, *words)[0] == 0
    code, _, err = run(capsys, *words, "--show", "V")
    assert code == 2
    assert "no V" in err


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


def test_a_single_column_is_named(capsys, grid):
    for horizon in (("--horizon", 3), ("--horizon", "infinite", "--discount", 0.5)):
        _, out, _ = run(capsys, "solve", grid, *horizon, "--show", "V")
        assert "s V" in [" ".join(line.split()) for line in out.splitlines()]


def test_numbers_may_be_fractions(capsys, grid):
    words = ["solve", grid, "--horizon", 3, "--format", "json"]
    _, out, _ = run(capsys, *words, "--temperature", "1/6", "--slip", "1/5", "--discount", "9/10")
    expected = solve(gridworld(GRID, slip=0.2).varied(discount=0.9), 3, temperature=1 / 6)
    assert np.array_equal(json.loads(out)["policy"], expected.policy)
    schedule = json.loads(run(capsys, *words, "--temperature", "1/2,1,1/8")[1])
    assert schedule["temperature"] == [0.5, 1.0, 0.125]
    for risk in ("-1/2", "-0.5", "-5e-1"):
        _, out, _ = run(capsys, *words, "--inference", "planning", "--risk", risk)
        assert json.loads(out)["risk"] == -0.5


def test_no_line_of_info_is_too_long_for_a_terminal(capsys):
    code, out, _ = run(capsys, "info", "gym:Taxi-v4")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "… (300 in all)" in out
    assert "actions                  south, north, east, west, pickup, dropoff" in out


def test_a_drawing_without_rewards_is_told(capsys, grid, tmp_path):
    (tmp_path / "bare.txt").write_text("S.\n..\n", encoding="utf-8")
    code, out, err = run(capsys, "solve", tmp_path / "bare.txt", "--horizon", 2)
    assert (code, err.count("\n")) == (0, 1)
    assert "0.25" in out
    assert err.startswith("control-pgm: note: all rewards are 0")
    assert run(capsys, "solve", grid, "--horizon", 2)[2] == ""


def test_a_query_without_optimality_says_that_it_is_the_prior(capsys, grid):
    code, out, err = run(capsys, "query", grid, "--horizon", 3, "a_1 | s_1=(0,1)", "--format", "json")
    assert code == 0
    assert json.loads(out)["values"] == pytest.approx([0.25] * 4, abs=1e-15)
    assert err == "control-pgm: note: nothing is observed about O: this is the prior; add O=1\n"
    for asked in ("a_1 | s_1=(0,1), O=1", "a_1 | O[2:]=1", "a_1 | O_0=0", "p(O_0 | a_0=right)", "a_1 | O_0"):
        assert run(capsys, "query", grid, "--horizon", 3, asked)[::2] == (0, "")


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


def test_crosscheck_tells_by_its_exit_code(capsys, grid):
    ours = ("crosscheck", grid, "--horizon", 2, "--temperature", 0.3, "--against", "enumeration")
    code, out, _ = run(capsys, *ours)
    assert code == 0
    assert "passed" in out
    code, out, _ = run(capsys, *ours, "--tolerance", 0)
    assert code == 1
    assert "FAILED" in out


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


def test_what_an_environment_warns_about_is_a_note(capsys):
    code, out, err = run(capsys, "query", "gym:FrozenLake", "--horizon", 2, "a_0 | s_0=(0,0), O=1")
    assert code == 0
    assert "probability" in out
    assert err.startswith("control-pgm: note: ")
    assert len(err.splitlines()) == 1
    assert "UserWarning" not in err
    assert "\x1b" not in err
    assert run(capsys, "query", "gym:FrozenLake-v1", "--horizon", 2, "a_0 | s_0=(0,0), O=1") == (0, out, "")


def test_help_names_every_verb(capsys):
    code, out, _ = run(capsys, "--help")
    assert code == 0
    verbs = ["info", "solve", "query", "draw", "crosscheck", "explore", "convert", "infer", "demo", "trace"]
    assert all(verb in out for verb in verbs)
    for verb in verbs:
        assert run(capsys, verb, "--help")[0] == 0


def test_evidence_beside_optimality_is_conditioned_on(capsys, grid):
    words = ("solve", grid, "--horizon", 4, "--temperature", 0.2, "--format", "json")
    code, out, _ = run(capsys, *words, "--evidence", "s_2=(0,0)", "--evidence", "a_3=up")
    assert code == 0
    expected = solve(gridworld(GRID), 4, temperature=0.2, evidence={"s_2": "(0,0)", "a_3": "up"})
    assert json.loads(out)["log_evidence"] == pytest.approx(expected.log_evidence, abs=1e-12)
    code, _, err = run(capsys, *words, "--evidence", "s_2=(9,9)")
    assert code == 2
    assert "'(9,9)'" in err
    code, _, err = run(capsys, *words, "--inference", "variational", "--evidence", "s_2=(0,0)")
    assert code == 2
    assert "keeps the true dynamics" in err
