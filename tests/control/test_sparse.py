"""Processes with sparse tables: the same numbers as with dense ones, at a cost in the number of non-zeros."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, evaluate, simulate, solve, unroll
from control_pgm.control.policies.backup import expected_next
from control_pgm.errors import InvalidModel, TooLarge
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows
from tests.control.sparse_pairs import FORMS, SEEDS, pair

each_pair = pytest.mark.parametrize("seed", SEEDS)


def random_policy(two, seed):
    """Any distribution over the available actions, for every step."""
    mdp, rng = two.dense, np.random.default_rng(seed)
    weights = (rng.random((two.horizon, mdp.n_states, mdp.n_actions)) + 0.01) * mdp.available
    return weights / weights.sum(axis=-1, keepdims=True)


def ring(n, **options):
    """n states in a ring, one action that may stay, rewards on outcomes."""
    at = np.arange(n)
    here, after = np.full(n, 0.25), np.full(n, 0.75)
    places = (np.tile(at, 2), np.concatenate([at, (at + 1) % n]))
    transition = sparse.csr_array((np.concatenate([here, after]), places), shape=(n, n))
    reward = sparse.csr_array((np.concatenate([here * 0, at % 7]), places), shape=(n, n))
    return MDP(transition, reward, **options)


def test_every_form_of_process_occurs_among_the_pairs():
    both = [pair(seed) for seed in SEEDS]
    assert {two.form for two in both} == set(FORMS)
    assert {two.sparse.discount for two in both} == {1.0, 0.9, 0.4, 0.0}
    assert any(np.isneginf(two.sparse.reward_table.values).any() for two in both)
    assert any(not two.sparse.available.all() for two in both)
    assert any("terminal" in two.sparse.states and two.sparse.discount < 1 for two in both)
    assert {two.sparse.reward_table.axes for two in both} == {"sa", "tsa", "o", "to"}


@each_pair
def test_the_process_is_the_same(seed):
    two = pair(seed)
    assert two.sparse.sparse
    assert not two.dense.sparse
    assert difference(two.sparse.transition, two.dense.transition) <= 1e-15
    assert difference(two.sparse.reward, two.dense.reward) <= TIGHT
    assert np.array_equal(two.sparse.available, two.dense.available)
    assert two.sparse.time_steps == two.dense.time_steps
    for t in range(two.horizon):
        support = two.dense.support_at(t)
        assert np.array_equal(two.sparse.support_at(t), support)
        thin, thick = two.sparse.rewards.at(t), two.dense.rewards.at(t)
        used = thick.used(support)
        assert np.array_equal(thin.used(support), used)
        assert difference(thin.values[used], thick.values[used]) == 0
        if thick.weights is not None:
            assert difference(thin.weights[used], thick.weights[used]) <= 1e-15


@each_pair
def test_evaluation_is_the_same(seed):
    two = pair(seed)
    policy = random_policy(two, seed)
    found, expected = evaluate(two.sparse, policy, **two.options), evaluate(two.dense, policy, **two.options)
    for name in ("expected_reward", "entropy", "divergence", "objective"):
        assert difference(getattr(found, name), getattr(expected, name)) <= TIGHT, name
    for name in ("state_marginals", "state_action_marginals", "terminated"):
        assert difference(getattr(found, name), getattr(expected, name)) <= 1e-14, name


@each_pair
def test_simulation_draws_the_same(seed):
    two = pair(seed)
    policy = random_policy(two, seed)
    found, expected = (simulate(mdp, policy, 50, seed) for mdp in (two.sparse, two.dense))
    assert np.array_equal(found.states, expected.states)
    assert np.array_equal(found.actions, expected.actions)
    assert np.array_equal(found.rewards, expected.rewards)


@pytest.mark.parametrize("seed", range(8))
def test_drawing_few_trajectories_at_a_time_draws_the_same(seed, monkeypatch):
    two = pair(seed)
    policy = random_policy(two, seed)
    at_once = simulate(two.sparse, policy, 40, seed)
    monkeypatch.setattr("control_pgm.control.policies.simulation._MOST_ENTRIES", 7)
    for mdp in (two.sparse, two.dense):
        assert np.array_equal(simulate(mdp, policy, 40, seed).states, at_once.states)


def test_sampled_outcomes_have_the_probabilities_of_their_row():
    p = sparse.csr_array([[0.0, 0.2, 0.0, 0.8], [0.0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])
    drawn = simulate(MDP(p, np.zeros(4), initial=0), np.ones((4, 1)), 20_000, 0, horizon=1).states[:, 1]
    assert set(drawn) == {1, 3}
    assert abs((drawn == 1).mean() - 0.2) < 0.01


def test_a_policy_stays_as_it_was_given():
    policy = np.full((2, 5, 1), 1.0)
    policy[:, 4] = np.nan
    mdp = ring(5, initial=0)
    evaluate(mdp, policy)
    assert np.isnan(policy[:, 4]).all()
    policy.flags.writeable = False
    assert evaluate(mdp, policy).state_marginals[2].tolist() == [0.0625, 0.375, 0.5625, 0.0, 0.0]


@each_pair
def test_expectations_of_the_next_value_are_the_same(seed):
    two, rng = pair(seed), np.random.default_rng(seed)
    v = rng.normal(size=two.dense.n_states)
    v[rng.random(len(v)) < 0.3] = -np.inf
    expected = expected_next(two.dense.transition, v)
    by_hand = (two.dense.transition * np.where(np.isneginf(v), 0.0, v)).sum(axis=2)
    by_hand[(two.dense.transition[:, :, np.isneginf(v)] > 0).any(axis=2)] = -np.inf
    assert difference(expected, by_hand) <= TIGHT
    assert difference(expected_next(two.sparse.matrix_at(0), v), expected) <= TIGHT
    assert difference(expected_next(two.dense.matrix_at(0), v), expected) == 0


@each_pair
@pytest.mark.parametrize("inference", ["variational", "bellman"])
def test_values_under_the_true_dynamics_are_the_same(seed, inference):
    two = pair(seed)
    options = two.options if inference == "variational" else {}
    found, expected = (solve(mdp, two.horizon, inference=inference, **options) for mdp in (two.sparse, two.dense))
    size = max(1.0, np.max(np.abs(expected.Q.values), where=np.isfinite(expected.Q.values), initial=0.0))
    for name in ("Q", "V"):
        assert difference(getattr(found, name), getattr(expected, name)) <= TIGHT * size, name
    if inference == "variational":
        assert difference(found.policy, expected.policy) <= 1e-11


# --- rewards of single outcomes -----------------------------------------------------------------------------------
def test_a_sparse_reward_counts_on_the_support_only():
    """Entries left out are 0; entries of impossible outcomes are ignored, whatever they hold."""
    p = np.array([[[0.5, 0.5, 0.0]], [[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]])
    r = np.array([[[3.0, 0.0, np.nan]], [[np.inf, -np.inf, 7.0]], [[0.0, 0.0, 0.0]]])
    mdp = MDP(sparse.csr_array(p.reshape(3, 3)), sparse.csr_array(r.reshape(3, 3)))
    assert mdp.reward_table.values.tolist() == [[3.0, 0.0, -np.inf, 0.0]]
    assert mdp.reward.tolist() == [[1.5], [-np.inf], [0.0]]


def test_duplicate_entries_of_a_sparse_reward_add_up_and_the_callers_matrix_stays_as_it_is():
    p = sparse.csr_array(np.eye(2))
    twice = sparse.csr_array((np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    assert MDP(p, twice).reward.tolist() == [[3.0], [4.0]]
    assert twice.nnz == 3
    single = sparse.csr_array(np.diag([5.0, 6.0]))
    mdp = MDP(p, single)
    single.data[:] = 0.0
    assert mdp.reward.tolist() == [[5.0], [6.0]]


def test_stored_tables_are_read_only():
    mdp = ring(5)
    for part in (mdp.table.data, mdp.table.indices, mdp.table.indptr, mdp.reward_table.values, mdp.rewards.values):
        with pytest.raises(ValueError, match="read-only"):
            part[:] = 0


@pytest.mark.parametrize("junk", [np.nan, np.inf])
def test_a_wrong_reward_of_a_possible_outcome_is_named(junk):
    p, r = np.full((4, 2), 0.5), np.zeros((4, 2))
    r[3, 0] = junk
    with pytest.raises(InvalidModel, match=rf"{junk} at s='shop', a='go', s'='home'"):
        MDP(sparse.csr_array(p), sparse.csr_array(r), states=["home", "shop"], actions=["stay", "go"])


def test_rows_that_sum_to_one_keep_their_bits():
    table = ring(6).table
    assert MDP(table, np.zeros(6)).table.data.tolist() == table.data.tolist()


def test_listed_zeros_are_no_outcomes():
    p = sparse.csr_array((np.array([0.0, 1.0, 1.0]), np.array([0, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    mdp = MDP(p, sparse.csr_array(np.array([[np.nan, 2.0], [3.0, 0.0]])))
    assert mdp.table.nnz == 2
    assert mdp.reward.tolist() == [[2.0], [3.0]]


# --- large processes ----------------------------------------------------------------------------------------------
def test_a_large_process_is_never_made_dense():
    """A dense table of these 50,000 states would take 20 GB."""
    n, horizon = 50_000, 3
    mdp = ring(n, initial=0)
    with pytest.raises(TooLarge, match=r"matrix_at\(t\)"):
        _ = mdp.transition
    with pytest.raises(TooLarge):
        _ = mdp.rewards
    found = evaluate(mdp, np.ones((n, 1)), horizon)
    # One step forward pays s mod 7 of the state that is left: s_t is binomial(t, 3/4).
    chances = [[1.0], [0.25, 0.75], [0.0625, 0.375, 0.5625]]
    expected = sum(0.75 * p * s for row in chances for s, p in enumerate(row))
    assert abs(found.expected_reward - expected) <= TIGHT
    runs = simulate(mdp, np.ones((n, 1)), 2000, 0, horizon=horizon)
    assert set(runs.states[:, 1]) == {0, 1}
    assert abs(runs.states[:, 1].mean() - 0.75) < 0.05
    assert np.array_equal(runs.rewards[:, 2], (np.diff(runs.states)[:, 2] == 1) * (runs.states[:, 2] % 7))
    values = solve(mdp, horizon, inference="bellman").V
    assert abs(values[0, 0] - expected) <= TIGHT


def test_rewards_may_vary_with_time_beside_a_sparse_transition():
    rng = np.random.default_rng(1)
    p, r = rows(rng, 4, 2, 4, zeros=0.5), rng.normal(size=(3, 4, 2, 4))
    mdp = MDP(sparse.csr_array(p.reshape(8, 4)), r)
    assert mdp.time_steps == 3
    assert mdp.reward_table.values.shape == (1, 3, mdp.table.nnz)
    assert difference(mdp.reward, (p * r).sum(axis=-1)) <= TIGHT


def test_networks_of_one_process_share_its_transition():
    mdp = ring(6, discount=0.9)
    one, two = unroll(mdp, 3), unroll(mdp, 5, temperature=0.3)
    assert one.cpd("s_1").scaled is two.cpd("s_4").scaled
    assert one.variable("s_1").states is two.variable("s_4").states
