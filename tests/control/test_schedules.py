"""Schedules of temperatures: policies, marginals and evidence as of rewards in units of each step; no values."""

import numpy as np
import pytest

from control_pgm import MDP, Factor, gridworld, infer, solve, unroll
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import InvalidArgument, NotAvailable
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows
from tests.inference.decision_tree import DecisionTree

RNG = np.random.default_rng(21)
P, R = rows(RNG, 2, 2, 2), RNG.normal(size=(2, 2))
SLIDE = gridworld("S..\n.#H\n..G", slip=0.2)
SCHEDULE = [2.0, 0.5, 0.1]


@pytest.mark.parametrize("end", [None, [0.5, -1.0, 0.2]])
@pytest.mark.parametrize("discount", [1.0, 0.7])
def test_a_schedule_is_a_process_with_rewards_in_units_of_each_step(end, discount):
    """exp(r_t/alpha_t) is what temperature 1 makes of rewards r_t/alpha_t; that process has the same policies."""
    rng = np.random.default_rng(4)
    p, r = rows(rng, 3, 2, 3), rng.normal(size=(3, 3, 2, 3))
    mdp = MDP(p, r, reward_axes="tsas", terminal_reward=end, discount=discount)
    units = np.array(SCHEDULE)[:, None, None, None]
    scaled = None if end is None else np.array(end) / SCHEDULE[-1]
    same = MDP(p, r / units, reward_axes="tsas", terminal_reward=scaled, discount=discount)
    for kind in ("posterior", "variational"):
        found, expected = solve(mdp, 3, inference=kind, temperature=SCHEDULE), solve(same, 3, inference=kind)
        for name in ("policy", "state_marginals", "state_action_marginals", "terminated"):
            assert difference(getattr(found, name), getattr(expected, name)) <= TIGHT, (kind, name)
        for name in ("log_evidence", "log_evidence_unshifted"):
            assert abs(getattr(found, name) - getattr(expected, name)) <= TIGHT * 10, (kind, name)
        assert "2 … 0.1" in str(found)
        assert "temperatures 2 … 0.1" in repr(found)
    assert abs(found.elbo - expected.elbo) <= TIGHT * 10
    assert abs(found.gap - expected.gap) <= TIGHT * 10
    for name in ("log_backward", "log_backward_action", "log_forward"):
        assert (
            difference(getattr(solve(mdp, 3, temperature=SCHEDULE), name), getattr(solve(same, 3), name)) <= TIGHT * 10
        )


@pytest.mark.parametrize("kind", ["posterior", "variational"])
def test_values_under_a_schedule_have_no_unit_and_say_so(kind):
    solution = solve(SLIDE, 3, inference=kind, temperature=SCHEDULE)
    for name in ("Q", "V", "advantage", "soft_value"):
        with pytest.raises(NotAvailable, match=f"has no {name}; a schedule of temperatures"):
            getattr(solution, name)
    with pytest.raises(NotAvailable, match=r"no single temperature; see .temperatures"):
        _ = solution.network.temperature


def test_a_schedule_of_equal_temperatures_is_one_temperature():
    one, many = unroll(SLIDE, 3, temperature=0.4), unroll(SLIDE, 3, temperature=[0.4] * 3)
    assert many.temperature == 0.4
    assert not many.scheduled
    assert difference(solve(many).Q, solve(one).Q) == 0


def test_a_schedule_does_not_matter_where_temperature_does_not():
    net = unroll(SLIDE, 3, temperature=SCHEDULE)
    assert difference(solve(net, inference="bellman").Q, solve(SLIDE, 3, inference="bellman").Q) == 0
    other = net.extend(Factor([net.variable("s_1")], np.arange(8.0)))
    with pytest.raises(InvalidArgument, match="replaced or added tables and a schedule"):
        solve(other, inference="bellman")
    assert difference(solve(other).policy[0], other.infer().conditional("a_0", given="s_0").array()) <= TIGHT


def test_a_schedule_and_changed_tables_go_together_where_everything_is_a_message():
    net = unroll(MDP(P, R), 2, temperature=[2.0, 0.5])
    other = net.extend(Factor([net.variable("s_1")], [0.3, 2.0]))
    brute = infer(other, other.optimal, method="enumeration")
    exact, causal = solve(other), solve(other, inference="variational")
    assert abs(exact.log_evidence - brute.log_evidence) <= TIGHT
    assert difference(exact.policy[0], brute.conditional("a_0", given="s_0").array()) <= TIGHT
    actions, states = OPERATORS["variational"].at(temperature=1.0)
    tree = DecisionTree(other, {"a_0": actions, "a_1": actions}, states, valued=dict(other.optimal))
    assert abs(causal.elbo - tree.value()) <= TIGHT
