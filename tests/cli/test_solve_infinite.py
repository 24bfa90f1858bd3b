"""``solve`` without a last step: discount, a sure end, average reward."""

import csv
import io
import json

import numpy as np
import pytest

from control_pgm import (
    MDP,
    forest,
    gridworld,
    load,
    load_solution,
    save,
    solve,
    solve_average,
    solve_infinite,
    sutton_barto_grid,
)
from tests.cli.running import GRID, run

ENDLESS = ("--horizon", "infinite")


def answer(capsys, *words):
    """The record of a solution, checked to have come without complaint."""
    code, out, err = run(capsys, "solve", *words, "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


def numbers(values):
    """An array as JSON has it: null for NaN, words for infinities."""
    return np.array(values, dtype=np.float64)


def puterman_undiscounted():
    """Puterman's example without its discount."""
    mdp = load("textbook:puterman-two-state")
    return MDP(
        mdp.transition, mdp.reward, states=mdp.states, actions=mdp.actions, available=mdp.available, reward_axes="sa"
    )


@pytest.mark.parametrize(
    ("inference", "words"),
    [
        ("posterior", ("--temperature", 0.2)),
        ("variational", ("--temperature", 0.2)),
        ("maxent", ("--temperature", 0.2, "--method", "policy-iteration")),
        ("bellman", ()),
        ("optimal", ("--method", "policy-iteration")),
        ("planning", ("--risk", -0.5)),
    ],
)
def test_the_infinite_horizon_is_what_long_horizons_approach(capsys, grid, inference, words):
    discount = 0.8
    record = answer(capsys, grid, *ENDLESS, "--slip", 0.1, "--discount", discount, "--inference", inference, *words)
    drawn = gridworld(GRID, slip=0.1)
    mdp = MDP(drawn.transition, drawn.rewards, states=drawn.states, actions=drawn.actions, discount=discount)
    options = {str(word).removeprefix("--"): value for word, value in zip(words[::2], words[1::2], strict=True)}
    options.pop("method", None)
    long = solve(mdp, 150, inference=inference, **options)
    assert np.abs(numbers(record["V"]) - long.V[0]).max() < 1e-9
    assert np.abs(numbers(record["Q"]) - long.Q[0]).max() < 1e-9
    assert np.abs(numbers(record["policy"]) - long.policy[0]).max() < 1e-7
    assert record["objective"] == "discounted"
    assert record["horizon"] == "infinite"
    assert record["discount"] == discount
    assert 0 < record["error_bound"] <= 1e-10
    assert record["iterations"] >= 2
    assert record["states"] == list(drawn.states)
    assert {name: record[name] for name in options} == options


def test_published_values_come_out_of_the_shell(capsys):
    record = answer(capsys, "textbook:sutton-barto-grid", *ENDLESS, "--inference", "bellman")
    figure = [22.0, 24.4, 22.0, 19.4, 17.5, 19.8, 22.0, 19.8, 17.8, 16.0]  # Sutton and Barto, figure 3.5, two rows
    assert np.abs(numbers(record["V"][:10]) - figure).max() <= 0.05
    assert record["discount"] == sutton_barto_grid().discount


def test_average_reward_is_the_leading_eigenvalue(capsys):
    alpha = 0.7
    record = answer(capsys, "textbook:forest", "--average", "--temperature", alpha)
    mdp = forest()
    matrix = np.einsum("sa,sat->st", np.exp(mdp.reward / alpha) / 2, mdp.transition)
    values, vectors = np.linalg.eig(matrix)
    lead = int(values.real.argmax())
    assert abs(record["rate"] - alpha * np.log(values[lead].real)) < 1e-9
    ratio = alpha * np.log(np.abs(vectors[:, lead]))
    assert np.abs(np.diff(numbers(record["V"])) - np.diff(ratio)).max() < 1e-9
    assert record["objective"] == "average"
    assert record["error_bound"] <= 1e-9
    assert abs(sum(record["state_marginals"]) - 1) < 1e-12
    assert record["policy"] == solve_average(mdp, temperature=alpha).policy.tolist()


def test_average_may_be_said_with_the_word_infinite_and_replaces_a_discount(capsys):
    words = ("textbook:puterman-two-state", "--average", "--discount", 1)
    record = answer(capsys, *words)
    assert answer(capsys, *words, *ENDLESS) == record
    assert record["rate"] == pytest.approx(solve_average(puterman_undiscounted()).rate, abs=1e-12)


def test_without_discount_where_episodes_surely_end(capsys):
    record = answer(capsys, "textbook:gambler", *ENDLESS, "--inference", "bellman")
    values = numbers(record["V"])
    assert abs(values[50] - 0.4) < 1e-12  # bold play: all on one flip
    assert abs(values[25] - 0.16) < 1e-12
    assert record["error_bound"] == "inf"


def test_people_see_the_answer_its_iterations_and_its_bound(capsys, grid, tmp_path):
    words = ("solve", grid, *ENDLESS, "--discount", 0.9, "--temperature", 0.2)
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert all(word in out for word in ("infinite horizon", "sweeps", "error bound of V and Q", "\npolicy\n", "right"))
    code, out, _ = run(capsys, *words, "--show", "V", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    mdp = gridworld(GRID)
    expected = solve_infinite(
        MDP(mdp.transition, mdp.rewards, states=mdp.states, actions=mdp.actions, discount=0.9),
        inference="posterior",
        temperature=0.2,
    )
    assert [float(row["V"]) for row in rows] == expected.V.tolist()
    for ending, begins in ((".json", "{"), (".csv", "s,a,policy"), (".txt", "infinite horizon")):
        path = tmp_path / f"answer{ending}"
        assert run(capsys, *words, "--out", path)[:2] == (0, f"wrote {path}\n")
        assert path.read_text(encoding="utf-8").startswith(begins)
    code, out, _ = run(capsys, "solve", grid, "--average", "--show", "state_marginals")
    assert code == 0
    assert "soft average reward" in out


def test_tolerance_and_iterations_are_passed_on(capsys, grid):
    words = (grid, *ENDLESS, "--discount", 0.9, "--inference", "variational")
    coarse, fine = answer(capsys, *words, "--tolerance", 0.01), answer(capsys, *words)
    assert coarse["iterations"] < fine["iterations"]
    assert fine["error_bound"] < coarse["error_bound"] <= 0.01
    code, _, err = run(capsys, "solve", *words, "--max-iterations", 2)
    assert code == 2
    assert "max_iterations 2" in err


# --- another discount --------------------------------------------------------------------------------------------
def test_a_discount_replaces_that_of_any_process(capsys, tmp_path):
    lottery = [("in", "buy", 0.01, "out", 50.0), ("in", "buy", 0.99, "out", -1.0), ("in", "wait", 1, "in", 0.1)]
    lottery.append(("out", "wait", 1, "out", 0.0))
    wide = "\n".join(["S" + "." * 24] * 24 + ["." * 24 + "G"])
    rng = np.random.default_rng(0)
    varying = rng.dirichlet(np.ones(3), size=(4, 3, 2)), rng.normal(size=(4, 3, 2))
    processes = [
        (lambda **more: MDP.from_outcomes(lottery, **more)),
        (lambda **more: MDP.from_outcomes(lottery, sparse=True, initial="in", **more)),
        (lambda **more: MDP(*varying, terminal_reward=[1, 2, 3], **more)),
    ]
    for made in processes:
        path = save(made(discount=0.5), tmp_path / "process.json")
        for discount in (0.0, 0.9, 1.0):
            record = answer(capsys, path, "--horizon", 4, "--discount", discount)
            expected = solve(made(discount=discount), 4)
            assert np.array_equal(numbers(record["V"]), expected.V)
            assert np.array_equal(numbers(record["policy"]), expected.policy, equal_nan=True)
    (tmp_path / "wide.txt").write_text(wide, encoding="utf-8")
    saved = tmp_path / "wide.npz"
    assert run(capsys, "convert", tmp_path / "wide.txt", saved, "--discount", 0.9)[0] == 0
    assert load(saved).discount == 0.9
    assert load(saved).sparse


def test_without_inference_both_horizons_mean_the_posterior_and_say_so(capsys, grid):
    for words in (("--horizon", 5), (*ENDLESS, "--discount", 0.9)):
        code, out, _ = run(capsys, "solve", grid, *words, "--temperature", 0.2)
        assert code == 0
        assert ["inference", "posterior"] in [line.split() for line in out.splitlines()]
        named = run(capsys, "solve", grid, *words, "--temperature", 0.2, "--inference", "posterior")
        assert named[1] == out


@pytest.mark.parametrize("ending", [".json", ".npz"])
def test_files_of_endless_solutions_are_read_again(capsys, grid, tmp_path, ending):
    path = tmp_path / f"answer{ending}"
    for words in ((*ENDLESS, "--discount", 0.9, "--inference", "bellman"), ("--average",)):
        assert run(capsys, "solve", grid, *words, "--out", path)[:2] == (0, f"wrote {path}\n")
        record = answer(capsys, grid, *words)
        found = load_solution(path)
        assert found.policy.tolist() == record["policy"]
        assert found.inference == record["inference"]


def test_evidence_needs_a_last_step(capsys, grid):
    for words in ((*ENDLESS, "--discount", 0.9), ("--average",)):
        code, _, err = run(capsys, "solve", grid, *words, "--evidence", "s_1=(0,0)")
        assert code == 2
        assert "--evidence with an infinite horizon" in err
