"""Sweeps of backups where digits are lost easily: certainty equivalents of large weight, what is forbidden."""

import numpy as np
import pytest

from control_pgm import MDP, solve
from control_pgm.control.infinite import solve_infinite


@pytest.mark.parametrize("risk", [1e-9, -1e-9, 1e-12])
def test_small_risks_without_a_horizon_keep_their_digits(risk):
    """V = Bellman's value + O(risk), as the finite horizon has it."""
    transition = np.array([[[0.3, 0.3, 0.4]], [[0.1, 0.2, 0.7]], [[0.0, 0.0, 1.0]]])
    mdp = MDP(transition, [[1.0], [2.0], [0.0]], discount=0.9, reward_axes="sa")
    found = solve_infinite(mdp, inference="planning", risk=risk)
    long = solve(mdp, 400, inference="planning", risk=risk)
    error = np.abs(found.V.values - long.V.values[0]).max()
    assert error <= found.error_bound + 1e-14
    assert error < 1e-9


@pytest.mark.parametrize("risk", [-1.0, -1e-3])
def test_discount_zero_takes_forbidden_states_under_aversion_to_risk(risk):
    mdp = MDP(np.full((2, 1, 2), 0.5), [[0.0], [-np.inf]], discount=0.0, reward_axes="sa")
    found = solve_infinite(mdp, inference="planning", risk=risk)
    assert found.V.values.tolist() == [0.0, -np.inf]


@pytest.mark.parametrize("inference", ["bellman", "variational", "posterior", "planning"])
@pytest.mark.parametrize("weight", [1.0, 1e3, 1e9])
def test_bounds_count_rounding_even_where_nothing_comes_after_one_step(inference, weight):
    """Discount 0: one sweep is the answer, but for rounding, which sums of longer numbers tell."""
    rng = np.random.default_rng(0)
    p, r = rng.dirichlet(np.ones(4), size=(4, 1)), rng.normal(size=(4, 1, 4))
    mdp = MDP(p, r, discount=0.0, reward_axes="sas")
    options = {"planning": {"risk": 1.0 / weight}, "bellman": {}}.get(inference, {"temperature": weight})
    found = solve_infinite(mdp, inference=inference, **options)
    p, r, w = np.array(p, np.longdouble), np.array(r, np.longdouble), np.longdouble(weight)
    p /= p.sum(axis=-1, keepdims=True)
    equivalent, mean = w * np.log1p((p * np.expm1(r / w)).sum(axis=-1)), (p * r).sum(axis=-1)
    exact = (equivalent if inference in ("posterior", "planning") else mean)[:, 0]
    assert 0.0 < np.abs(found.V.values - exact).max() <= found.error_bound <= 1e-13
