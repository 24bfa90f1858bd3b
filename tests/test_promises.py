"""Promises about the whole: the solution comes out of the network, and its cost grows with the horizon."""

import subprocess
import sys

import numpy as np
import pytest

from control_pgm import MDP, solve, unroll
from control_pgm.inference.tree.passes import Pass
from control_pgm.tables.contraction import kernel, plan

RNG = np.random.default_rng(0)
DOT = np.dot
PROCESS = MDP(RNG.dirichlet(np.ones(4), (4, 2)), RNG.normal(size=(4, 2)))


def test_there_is_no_recursion_behind_the_network(monkeypatch):
    """Without the engine's messages there is no posterior, neither of few steps nor of many."""

    def silent(self, progress=None):
        raise RuntimeError("no message is sent")

    monkeypatch.setattr(Pass, "run", silent)
    for horizon in (3, 300):
        with pytest.raises(RuntimeError, match="no message is sent"):
            solve(PROCESS, horizon)


def test_the_policy_is_that_of_the_tables_of_the_network_also_where_they_were_replaced():
    """The policy of a network whose table is replaced is that of the other process: nothing looks past the network."""
    other = MDP(PROCESS.transition, PROCESS.reward[:, ::-1].copy())
    network, changed = unroll(PROCESS, 40), unroll(other, 40)
    for t in range(40):
        network = network.replace(changed.cpd(f"O_{t}"))
    assert np.abs(solve(network).policy.values - solve(changed).policy.values).max() <= 1e-13
    assert np.abs(solve(network).policy.values - solve(unroll(PROCESS, 40)).policy.values).max() > 0.01


def test_the_number_of_products_is_linear_in_the_horizon(monkeypatch):
    """Two vector products a step, one in each direction, and a number of others that does not depend on it."""

    def count(horizon):
        calls = []
        forget()
        with monkeypatch.context() as patch:
            patch.setattr(kernel.np, "dot", lambda *a: calls.append(1) or DOT(*a))
            solution = solve(PROCESS, horizon)
            solution.policy, solution.state_action_marginals  # noqa: B018
        forget()
        return len(calls)

    def forget():
        """Plans hold the functions that they were made with."""
        kernel.kernel.cache_clear()
        plan.recipe.cache_clear()

    few, many = count(100), count(1000)
    assert many - few == 2 * 900


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
    slow = ("pgmpy", "pyagrum", "matplotlib", "pandas", "xarray", "gymnasium", "networkx")
    program = f"import sys, control_pgm; print([m for m in {slow!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
