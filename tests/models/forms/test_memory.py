"""Memories of earlier slices: processes of higher order, and windows of what was seen."""

import numpy as np
import pytest

from control_pgm import CPD, BayesianNetwork, ControlModel, Reward, TwoSliceTemplate, Variable, infer, memory, solve
from control_pgm.errors import InvalidArgument

RNG = np.random.default_rng(11)


def test_a_chain_of_order_three_is_that_of_its_own_tables():
    """Against the network whose nodes have the last three as parents, written out by hand."""
    x, after = Variable("x", 2), Variable("x'", 2)
    table = RNG.dirichlet(np.ones(2), (2, 2, 2))  # x, one back, two back, then x'
    past = memory(x, 2, first=1)
    one, two = past
    step = [CPD(after, [x, one, two], table), *past.transition]
    net = TwoSliceTemplate([CPD(x, [], [0.3, 0.7]), *past.initial], step).unroll(5)
    nodes = [Variable(f"n{t}", 2) for t in range(6)]
    cpds = [CPD(nodes[0], [], [0.3, 0.7])]
    cpds += [CPD(nodes[1], [nodes[0]], table[:, 1, 1])]
    cpds += [CPD(nodes[2], [nodes[1], nodes[0]], table[:, :, 1])]
    cpds += [CPD(nodes[t], [nodes[t - 1], nodes[t - 2], nodes[t - 3]], table) for t in range(3, 6)]
    plain = BayesianNetwork(cpds)
    seen = {"x_5": 1, "x_1": 0}
    expected = infer(plain, {"n5": 1, "n1": 0})
    found = infer(net, seen)
    assert abs(found.log_evidence - expected.log_evidence) <= 1e-13
    for t in range(6):
        assert np.abs(found.marginal(f"x_{t}").array() - expected.marginal(f"n{t}").array()).max() <= 1e-13


def test_a_window_of_observations_conditions_the_policy():
    """The policy given the last two observations is the posterior's, and tells more than one observation alone."""
    x, after = Variable("x", 2, kind="state"), Variable("x'", 2, kind="state")
    o, u = Variable("o", 2, kind="observation"), Variable("u", 2, kind="action")
    past = memory(o)
    stay = np.stack([np.eye(2) * 0.8 + 0.1] * 2, axis=1)
    model = ControlModel(
        [CPD(x, [], [0.5, 0.5]), *past.initial],
        [CPD(o, [x], [[0.7, 0.3], [0.3, 0.7]]), CPD(u, [], [0.5, 0.5]), CPD(after, [x, u], stay), *past.transition],
        [Reward("", ["x", "u"], np.eye(2) * 3.0)],
        sees={"u": ["o", "o_back1"]},
    )
    found = solve(model, 3)
    assert found.policy.dims == ("t", "o", "o_back1", "u")
    expected = found.posterior.conditional("u_2", given=["o_2", "o_1"]).array("o_2", "o_1", "u_2")
    assert np.abs(found.policy.values[2] - expected).max() <= 1e-13
    assert found.policy.values[2, 0, 0, 0] > found.policy.values[2, 0, 1, 0] + 0.01


@pytest.mark.parametrize("steps", [0, True, 1.5])
def test_steps_are_counted_from_one(steps):
    with pytest.raises(InvalidArgument, match="memory of"):
        memory(Variable("x", 2), steps)


def test_the_start_is_a_state_or_a_distribution():
    x = Variable("x", ["a", "b"])
    assert memory(x).initial[0].array().tolist() == [1.0, 0.0]
    assert memory(x, first="b").initial[0].array().tolist() == [0.0, 1.0]
    assert memory(x, first=[0.25, 0.75]).initial[0].array().tolist() == [0.25, 0.75]
    with pytest.raises(InvalidArgument, match="without a prime"):
        memory(Variable("x'", 2))
