"""``solve --inference linearly-solvable``: the passive dynamics of a process, and what control makes of them."""

import csv
import io
import json

import numpy as np
import pytest

from control_pgm import MDP, gridworld, load, query, russell_norvig_grid, save, solve, unroll
from tests.cli.running import run
from tests.control.infinite.samples import random_process

LINEAR = ("--inference", "linearly-solvable")
DRAWING = "S..\n.#G\n..H\n"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sparse", [False, True])
def test_a_finite_horizon_is_the_posterior_with_its_actions_summed_out(capsys, tmp_path, seed, sparse):
    mdp = random_process(seed, sparse)
    path = save(mdp, tmp_path / "process.json")
    horizon, alpha = 3, 0.8
    words = ("solve", path, "--horizon", horizon, *LINEAR, "--temperature", alpha, "--format", "json")
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    record = json.loads(out)
    posterior = solve(mdp, horizon, temperature=alpha)
    moving = range(mdp.n_states - 1)  # the last state is absorbing; its final reward is paid at the end
    assert np.abs(np.array(record["V"])[:horizon, :-1] - posterior.V[:horizon, :-1]).max() < 1e-12
    network = unroll(mdp, horizon, temperature=alpha)
    for t in range(horizon):
        for s in moving:
            expected = query(network, f"s_{t + 1} | s_{t}={s}, O=1").array()
            assert np.abs(np.array(record["policy"])[t, s] - expected).max() < 1e-12
    assert record["objective"] == "finite"
    assert record["horizon"] == horizon


def test_a_first_exit_is_what_long_horizons_approach(capsys, tmp_path):
    (tmp_path / "grid.txt").write_text(DRAWING, encoding="utf-8")
    for name, mdp in (
        (tmp_path / "grid.txt", gridworld(DRAWING)),
        ("textbook:russell-norvig-grid", russell_norvig_grid()),
    ):
        code, out, _ = run(capsys, "solve", name, "--horizon", "infinite", *LINEAR, "--format", "json")
        assert code == 0
        record = json.loads(out)
        assert record["objective"] == "first-exit"
        assert record["error_bound"] < 1e-9
        moving = [s for s in range(mdp.n_states) if not (mdp.transition[s, :, s] == 1).all()]
        long = solve(mdp, 600)
        assert np.abs(np.array(record["V"])[moving] - long.V[0][moving]).max() < 1e-8


def test_discount_and_average(capsys, tmp_path):
    passive, reward = np.array([[0.5, 0.5, 0], [0.25, 0.5, 0.25], [0, 0.5, 0.5]]), np.array([0.0, -1.0, 1.0])
    path = save(MDP(passive[:, None], reward[:, None], states=["a", "b", "c"]), tmp_path / "chain.json")
    record = json.loads(run(capsys, "solve", path, "--average", *LINEAR, "--format", "json")[1])
    expected = np.log(np.linalg.eigvals(np.exp(reward)[:, None] * passive).real.max())
    assert np.abs(np.array(record["rates"]) - expected).max() < 1e-9
    words = ("solve", path, "--horizon", "infinite", "--discount", 0.9, *LINEAR)
    record = json.loads(run(capsys, *words, "--format", "json")[1])
    log_z = np.zeros(3)
    for _ in range(400):  # Todorov: z = e^q P z^gamma
        log_z = reward + np.log(passive @ np.exp(0.9 * log_z))
    assert np.abs(np.array(record["V"]) - log_z).max() < 1e-9
    steered = passive * np.exp(0.9 * log_z)
    steered /= steered.sum(axis=1, keepdims=True)
    assert np.abs(np.array(record["policy"]) - steered).max() < 1e-9
    rows = list(csv.DictReader(io.StringIO(run(capsys, *words, "--format", "csv")[1])))
    assert [float(row["policy"]) for row in rows] == np.array(record["policy"]).ravel().tolist()
    assert "u(s'|s)" in run(capsys, *words)[1]
    assert "V\n" in run(capsys, *words, "--show", "V", "--method", "z-iteration")[1]
    assert "V at t=2" in run(capsys, "solve", path, "--horizon", 2, *LINEAR, "--show", "V", "--time", 2)[1]


def test_terminal_rewards_are_final_rewards(capsys, tmp_path):
    mdp = MDP(np.full((2, 1, 2), 0.5), [[1.0], [0.0]], terminal_reward=[0.0, 3.0])
    path = save(mdp, tmp_path / "process.npz")
    record = json.loads(run(capsys, "solve", path, "--horizon", 2, *LINEAR, "--format", "json")[1])
    assert np.abs(np.array(record["V"]) - solve(load(path), 2).V).max() < 1e-12
