"""Promises about the whole: the solution comes out of the network, and its cost grows with the horizon."""

import subprocess
import sys

import numpy as np
import pytest

from control_pgm import MDP, solve
from control_pgm.inference import messages
from control_pgm.tables.scaled import Scaled

RNG = np.random.default_rng(0)
PROCESS = MDP(RNG.dirichlet(np.ones(4), (4, 2)), RNG.normal(size=(4, 2)))


def count(monkeypatch, horizon):
    """How many contractions a whole solution takes."""
    calls = []
    contract = Scaled.contract
    with monkeypatch.context() as patch:
        patch.setattr(Scaled, "contract", staticmethod(lambda *a: calls.append(1) or contract(*a)))
        solution = solve(PROCESS, horizon)
        solution.policy, solution.state_action_marginals  # noqa: B018
    return len(calls)


def test_there_is_no_recursion_behind_the_network(monkeypatch):
    """Without the engine's messages there is no posterior."""

    def silent(cells, store):
        raise RuntimeError("no message is sent")

    monkeypatch.setattr(messages, "collect", silent)
    monkeypatch.setattr("control_pgm.inference.exact.collect", silent)
    with pytest.raises(RuntimeError, match="no message is sent"):
        solve(PROCESS, 3)


def test_the_number_of_contractions_is_linear_in_the_horizon(monkeypatch):
    few, many = count(monkeypatch, 100), count(monkeypatch, 1000)
    assert 3 * 100 <= few <= 5 * 100
    assert 9.5 < many / few < 10.5


def test_a_horizon_of_five_thousand_needs_no_deep_recursion():
    solution = solve(PROCESS, 5000)
    assert np.allclose(np.asarray(solution.policy).sum(axis=2), 1.0, atol=1e-12)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        solve(PROCESS, 5000).state_action_marginals  # noqa: B018
    finally:
        sys.setrecursionlimit(before)


def test_importing_the_package_imports_nothing_slow():
    slow = ("pgmpy", "pyagrum", "matplotlib", "pandas", "gymnasium", "networkx")
    program = f"import sys, control_pgm; print([m for m in {slow!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
