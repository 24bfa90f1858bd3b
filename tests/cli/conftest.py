"""What all tests of the command line start from."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, BayesianNetwork, Variable, gridworld, save, save_solution, solve
from control_pgm.interop.network_files import save_network
from tests.cli.running import GRID


@pytest.fixture
def grid(tmp_path):
    """A gridworld drawing in a file."""
    path = tmp_path / "grid.txt"
    path.write_text(GRID, encoding="utf-8")
    return str(path)


@pytest.fixture
def files(grid, tmp_path, monkeypatch):
    """A drawing, processes and a network by the words that stand for them; the folder is theirs."""
    monkeypatch.chdir(tmp_path)
    rain, wet, never = (Variable(name, ["no", "yes"]) for name in ("rain", "wet", "never"))
    cpds = [CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]]), CPD(never, [], [1, 0])]
    return {
        "GRID": grid,
        "PROCESS": save(gridworld("S.G"), tmp_path / "mdp.json"),
        "NET": save_network(BayesianNetwork(cpds), tmp_path / "net.json"),
        "SOLUTION": save_solution(solve(gridworld("S.G"), 2), tmp_path / "solution.json"),
        "PACKED": save_solution(solve(gridworld("S.G"), 2), tmp_path / "solution.npz"),
        "VARYING": save(MDP(np.ones((3, 1, 1, 1)), np.zeros((1, 1))), tmp_path / "varying.json"),
    }
