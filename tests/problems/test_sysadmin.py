"""The factored problem of system administration against its flat process."""

from itertools import product

import numpy as np
import pytest

from control_pgm import MDP, plan, solve, sysadmin, unroll
from control_pgm.errors import InvalidArgument


def flat(n, topology):
    """The process over all 2^n states, from the rules in words."""
    states = list(product((0, 1), repeat=n))
    near = [[(i - 1) % n] if topology == "ring" else ([k for k in range(n) if k] if i == 0 else [0]) for i in range(n)]
    p = np.zeros((2**n, n + 1, 2**n))
    reward = np.zeros((2**n, n + 1))
    for i, now in enumerate(states):
        for a in range(n + 1):
            reward[i, a] = sum(now) - 0.75 * (a > 0)
            stays = [0.45 + 0.5 * (1 + sum(now[j] for j in near[k])) / (1 + len(near[k])) for k in range(n)]
            up = [1.0 if a == k + 1 else stays[k] if now[k] else 0.1 for k in range(n)]
            for j, then in enumerate(states):
                p[i, a, j] = np.prod([u if t else 1 - u for u, t in zip(up, then, strict=True)])
    return MDP(p, reward, initial=2**n - 1)


@pytest.mark.parametrize("topology", ["ring", "star"])
@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize(
    ("inference", "options"),
    [
        ("posterior", {"temperature": 0.7}),
        ("variational", {"temperature": 0.7}),
        ("bellman", {}),
        ("planning", {"risk": -0.5}),
        ("map", {"temperature": 0.7}),
    ],
)
def test_the_factored_solution_is_the_flat_one(n, topology, inference, options):
    found, expected = (solve(p, 5, inference=inference, **options) for p in (sysadmin(n, topology), flat(n, topology)))
    shape = (5, 2**n, n + 1)
    assert np.abs(found.policy.values.reshape(shape) - expected.policy.values).max() <= 1e-10
    assert np.abs(found.Q.values.reshape(shape) - expected.Q.values).max() <= 1e-10


def test_ten_machines_are_solved_exactly_and_their_cost_is_known_before():
    network = unroll(sysadmin(10), 10)
    order = plan(network, network.optimal, order="reverse topological")
    assert order.width == 12
    assert max(order.cluster_entries) == 11 * 2**12
    found = solve(network, inference="bellman")
    assert found.policy.shape == (10, *(2,) * 10, 11)
    assert 0 < found.value <= 100


@pytest.mark.parametrize("wrong", [(1, "ring"), (True, "ring"), (3, "line")])
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(InvalidArgument):
        sysadmin(*wrong)
