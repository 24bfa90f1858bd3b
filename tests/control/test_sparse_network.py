"""Networks of sparse processes: sparse tables with the same numbers, and the same posterior."""

import numpy as np
import pytest

from control_pgm import solve, unroll
from control_pgm.errors import ImpossibleEvidence
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from tests.control.comparison import TIGHT, difference
from tests.control.sparse_pairs import SEEDS, pair
from tests.control.test_sparse import ring

each_pair = pytest.mark.parametrize("seed", SEEDS)
ARRAYS = (
    "policy",
    "log_backward",
    "log_backward_action",
    "log_forward",
    "state_marginals",
    "state_action_marginals",
    "terminated",
    "Q",
    "V",
    "log_evidence",
)


@each_pair
def test_the_tables_are_the_same_on_the_support(seed):
    two = pair(seed)
    thin, thick = (unroll(mdp, two.horizon, **two.options) for mdp in (two.sparse, two.dense))
    assert thin.topological == thick.topological
    assert difference(thin.reward_shift, thick.reward_shift) <= 1e-15
    for t in range(two.horizon):
        for name in (f"s_{t}", f"a_{t}", f"s_{t + 1}"):
            assert difference(thin.cpd(name).array(), thick.cpd(name).array()) <= 1e-15, name
        found, expected = (net.cpd(f"O_{t}") for net in (thin, thick))
        assert found.scope == expected.scope
        possible = np.True_ if len(found.scope) == 3 else thick.cpd(f"s_{t + 1}").array()[..., None] > 0
        logs = np.where(possible, expected.log_array(), -np.inf)
        assert difference(found.array(), np.where(possible, expected.array(), 0.0)) <= 1e-14
        size = max(1.0, np.max(-logs, where=np.isfinite(logs), initial=0.0))
        assert difference(found.log_array()[..., 1], logs[..., 1]) <= TIGHT * size


def outcome(mdp, two):
    """The solution, or what the error says if no trajectory is optimal."""
    try:
        return solve(mdp, two.horizon, **two.options)
    except ImpossibleEvidence as error:
        return str(error)


@each_pair
def test_the_posterior_is_the_same(seed):
    two = pair(seed)
    expected, found = (outcome(mdp, two) for mdp in (two.dense, two.sparse))
    if isinstance(expected, str) or isinstance(found, str):
        assert found == expected
        return
    for name in ARRAYS:
        exact = np.asarray(getattr(expected, name))
        size = max(1.0, np.max(np.abs(exact), where=np.isfinite(exact), initial=0.0))
        assert difference(getattr(found, name), exact) <= TIGHT * size, name


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_no_table_is_dense(discount):
    n = 30_000
    net = unroll(ring(n, discount=discount), 4, temperature=0.5)
    states = n + (discount < 1)
    per_state = 2 + (discount < 1)
    for t in range(4):
        transition, optimality = net.cpd(f"s_{t + 1}").scaled, net.cpd(f"O_{t}").scaled
        assert isinstance(transition, SparseScaled)
        assert transition.shape == (states, 1, states)
        assert transition.pattern.nnz == n * per_state + (discount < 1)
        assert optimality.take((slice(None), slice(None), slice(None), 1)).pattern is transition.pattern


def test_discount_takes_the_rewards_that_would_have_been_reached():
    """p(O=1 | s, a, terminal) = sum_s' P(s'|s,a) exp((r − c)/alpha), by hand on a ring of 3."""
    net = unroll(ring(3, discount=0.5), 1, temperature=2.0)
    logs = net.cpd("O_0").log_array()[:, 0, :, 1]
    for s in range(3):
        mixture = 0.25 * np.exp((0 - 2) / 2.0) + 0.75 * np.exp((s - 2) / 2.0)
        assert abs(logs[s, 3] - np.log(mixture)) <= TIGHT
        assert abs(logs[s, (s + 1) % 3] - (s - 2) / 2.0) <= TIGHT
    assert logs[3].tolist() == [-np.inf, -np.inf, -np.inf, -1.0]
    assert net.cpd("s_1").array()[:, 0, 3].tolist() == [0.5, 0.5, 0.5, 1.0]
