"""What a stationary solution tells about itself."""

import numpy as np
import pytest

from control_pgm.control.infinite import solve_infinite
from control_pgm.problems.textbook import forest, puterman_two_state
from tests.control.comparison import TIGHT, difference


def test_arrays_are_labelled_and_locked():
    found = solve_infinite(forest(discount=0.9), inference="variational", temperature=0.5)
    assert found.policy.sel(s=2, a="wait") == found.policy[2, 0]
    assert found.V.sel(s=0) == found.V[0]
    assert difference(found.Q.sel(s=1).values, found.Q[1]) == 0.0
    for array in (found.policy.values, found.Q.values, found.V.values, found.advantage.values, found.residuals):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


def test_values_and_policy_fit_together():
    found = solve_infinite(forest(discount=0.9), inference="variational", temperature=0.5)
    assert difference(found.policy, 0.5 * np.exp(found.advantage / 0.5)) <= TIGHT
    assert difference(found.V, 0.5 * np.log(0.5 * np.exp(found.Q / 0.5).sum(axis=1))) <= TIGHT


def test_unavailable_actions_are_never_taken():
    found = solve_infinite(puterman_two_state(), inference="variational", temperature=2.0)
    assert found.Q.sel(s="s1", a="a21") == found.advantage.sel(s="s2", a="a11") == -np.inf
    assert found.policy.sel(s="s2").values.tolist() == [0, 0, 1]


def test_the_answer_shows_itself():
    found = solve_infinite(forest(discount=0.9), inference="variational", temperature=0.5)
    assert str(found).splitlines()[0].startswith("infinite horizon")
    for word in ("variational", "3, 2", "0.9", "0.5", "value-iteration", "error bound of V and Q"):
        assert word in str(found)
    assert "<table>" in found._repr_html_()
    assert repr(found).startswith("StationarySolution(MDP(3 states, 2 actions, discount 0.9), inference='variational'")
    risky = solve_infinite(forest(discount=0.5), inference="planning", risk=0.1)
    assert risky.temperature is None
    assert "risk" in str(risky)
