"""Round trips through files: every number with its bits, every label with its type."""

import numpy as np
import pytest
from hypothesis import given
from scipy import sparse

from control_pgm import MDP, gridworld, interop, load, save, solve
from control_pgm.control.mdp.rewards import Rewards
from tests.control.instances import instances, named
from tests.control.sparse_pairs import pair
from tests.interop.same import assert_same, back, same_array
from tests.strategies import quick, seeds

FORMATS = ("json", "npz")
formats = pytest.mark.parametrize("kind", FORMATS)


@formats
@pytest.mark.parametrize("item", instances(), ids=repr)
def test_every_form_of_process_comes_back(item, kind, tmp_path):
    assert_same(item.mdp, back(item.mdp, kind, tmp_path))


@formats
@given(seed=seeds)
@quick
def test_random_sparse_processes_come_back(kind, seed, tmp_path_factory):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 9)), int(rng.integers(1, 4))
    p = rng.random((n * m, n)) * (rng.random((n * m, n)) < 0.4)
    p[:, 0] += p.sum(axis=1) == 0
    available = rng.random((n, m)) < 0.7
    available[:, 0] = True
    p /= p.sum(axis=1, keepdims=True)
    table = sparse.coo_array(p)
    reward = rng.choice([-np.inf, -0.0, 0.0, 1 / 3, 1e-308, 5e-324], (n, m))
    mdp = MDP(table, reward, reward_axes="sa", available=available, discount=float(rng.random()))
    assert_same(mdp, back(mdp, kind, tmp_path_factory.mktemp("files")))


@formats
@pytest.mark.parametrize("seed", range(32))
def test_rewards_beside_a_sparse_transition_come_back(kind, seed, tmp_path):
    assert_same(pair(seed).sparse, back(pair(seed).sparse, kind, tmp_path))


def test_a_large_grid_comes_back_without_dense_tables(tmp_path):
    mdp = gridworld("\n".join(["S" + "." * 98 + "G"] * 100), slip=0.1)
    again = back(mdp, "npz", tmp_path)
    assert again.table.nnz == mdp.table.nnz
    assert same_array(again.table.data, mdp.table.data)
    assert same_array(again.reward_table.values, mdp.reward_table.values)
    assert again.reward_table.axes == "o"


def test_dense_rewards_beside_a_sparse_transition_are_read(tmp_path):
    """Files may list all (s, a, s'), too."""
    text = '{"format": "control_pgm/mdp", "version": 1, "states": ["a", "b"], "actions": [0], "transition_axes": "csr",'
    text += '"transition_data": [1, 1], "transition_indices": [1, 0], "transition_indptr": [0, 1, 2],'
    text += '"reward_axes": "sas", "reward": [[["nan", 2]], [[3, 4]]]}'
    (tmp_path / "mdp.json").write_text(text)
    assert load(tmp_path / "mdp.json").reward.tolist() == [[2.0], [3.0]]


@formats
def test_a_sparse_process_is_solved_as_before(kind, tmp_path):
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(5), 10)
    mdp = MDP(sparse.csr_array(p), sparse.csr_array(rng.normal(size=(10, 5))))
    first, second = solve(mdp, 4), solve(back(mdp, kind, tmp_path), 4)
    assert np.array_equal(first.policy, second.policy)


@formats
def test_rewards_that_never_count_may_be_anything(kind, tmp_path):
    values = np.array([[[1.0, np.nan]], [[np.inf, -np.inf]]])
    p = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    mdp = MDP(p, values, reward_axes="sas")
    assert_same(mdp, back(mdp, kind, tmp_path))


@formats
def test_weights_over_a_single_reward_come_back(kind, tmp_path):
    mdp = MDP([[[1.0]]], Rewards("sa", np.array([[[2.0]]]), np.array([[[1.0]]])))
    assert back(mdp, kind, tmp_path).rewards.weights.shape == (1, 1, 1)


@formats
def test_grids_keep_their_positions(kind, tmp_path):
    mdp = gridworld("S.#\n.HG", slip=0.1, rewards={"H": -np.inf})
    assert_same(mdp, back(mdp, kind, tmp_path))
    assert list(back(mdp, kind, tmp_path).positions) == list(mdp.positions)


@formats
def test_the_same_process_gives_the_same_bytes(kind, tmp_path):
    mdp = named("several rewards per outcome").mdp
    one, two = save(mdp, tmp_path / f"a.{kind}"), save(mdp, tmp_path / f"b.{kind}")
    assert one.read_bytes() == two.read_bytes()
    assert save(load(one), tmp_path / f"c.{kind}").read_bytes() == one.read_bytes()


def test_a_hand_written_file_needs_little(tmp_path):
    text = '\ufeff{"format": "control_pgm/mdp", "version": 1, "states": ["a", "b"], "actions": [0],\r\n'
    text += '"transition": [[[0, 1]], [[0.3333333, 0.6666667]]], "reward_axes": "sa", "reward": [["-inf"], [2]]}'
    path = tmp_path / "mdp.JSON"
    path.write_text(text, encoding="utf-8", newline="")
    mdp = load(str(path))
    assert mdp.reward.tolist() == [[-np.inf], [2.0]]
    assert mdp.initial.tolist() == [0.5, 0.5]
    assert_same(mdp, interop.loads(text.removeprefix("\ufeff")))


def test_rows_that_were_not_normalised_are(tmp_path):
    mdp = MDP([[[0.25, 0.75]], [[0.0, 1.0]]], [[0.0], [1.0]])
    path = save(mdp, tmp_path / "mdp.json")
    path.write_text(path.read_text().replace("0.75", "0.7500000005"))
    assert load(path).transition[0, 0].sum() == pytest.approx(1.0, abs=1e-15)
