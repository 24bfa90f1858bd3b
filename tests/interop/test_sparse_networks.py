"""Networks of sparse processes in other engines and in files, and what files keep of rewards."""

import json

import numpy as np
import pytest
from scipy import sparse

from control_pgm import CPD, MDP, crosscheck, gridworld, infer, load, load_network, save, save_network, solve, unroll
from control_pgm.control.mdp.given_rewards import Entering
from control_pgm.errors import InvalidFile, InvalidModel
from tests.control.comparison import TIGHT, difference
from tests.control.sparse_pairs import SEEDS, pair

FORMS = (".json", ".bif", ".uai")


def small(**options):
    """A sparse process of few outcomes, with sparse rewards."""
    p = sparse.csr_array(np.array([[0.5, 0.5, 0], [0, 1, 0], [0, 0.2, 0.8], [0, 0, 1], [1, 0, 0], [0, 0, 1]]))
    r = sparse.csr_array(np.array([[1, 0, 0], [0, -1, 0], [0, 0, 2.0], [0, 0, 0], [0.5, 0, 0], [0, 0, 0]]))
    return MDP(p, r, initial=0, **options)


@pytest.mark.parametrize("discount", [1.0, 0.8])
@pytest.mark.parametrize("reference", ["pgmpy", "pyagrum", "enumeration"])
def test_other_engines_take_outcomes_that_are_left_out(reference, discount):
    if reference != "enumeration":
        pytest.importorskip(reference)
    net = unroll(small(discount=discount), 2, temperature=0.7)
    assert net.cpd("O_0").scaled.sparse
    report = crosscheck(net, against=reference)
    assert report.passed, str(report)


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if pair(seed).horizon < 4][::4])
def test_random_sparse_processes_are_cross_checked(seed):
    pytest.importorskip("pyagrum")
    two = pair(seed)
    net = unroll(two.sparse, two.horizon, **two.options)
    if net.infer().log_evidence > -500:
        report = crosscheck(net, against="pyagrum", tolerance=1e-10)
        assert not report.failed, str(report)


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("discount", [1.0, 0.8])
def test_networks_with_outcomes_left_out_are_written_and_read_back(kind, discount, tmp_path):
    net = unroll(small(discount=discount), 2, temperature=0.7)
    back = load_network(save_network(net, tmp_path / f"net{kind}"))
    names = dict(zip(net.variables, back.variables, strict=True))
    evidence = {names[name]: back.variables[names[name]].states[1] for name in net.optimal}
    found, expected = infer(back, evidence), net.infer()
    assert abs(found.log_evidence - expected.log_evidence) <= TIGHT
    for t in range(2):
        theirs = found.marginal(names[f"s_{t}"], names[f"a_{t}"]).array()
        assert difference(theirs, expected.marginal(f"s_{t}", f"a_{t}").array()) <= TIGHT


def test_written_rows_sum_to_one(tmp_path):
    net = unroll(small(), 1)
    back = load_network(save_network(net, tmp_path / "net.bif"))
    table = back.cpd("O_0").array()
    assert difference(table.sum(axis=-1), np.ones((3, 2, 3))) <= TIGHT
    possible = net.cpd("s_1").array() > 0
    assert difference(table[possible], net.cpd("O_0").array()[possible]) <= TIGHT
    assert (table[~possible] == [1.0, 0.0]).all()


def test_a_control_network_of_a_sparse_process_is_solved_as_it_was(tmp_path):
    net = unroll(small(), 2, temperature=0.7)
    jump = net.replace(CPD(net.variable("s_1"), [net.variable("s_0"), net.variable("a_0")], moved(net)))
    for network in (net, jump):
        back = load_network(save_network(network, tmp_path / "net.json"))
        for kind in ("posterior", "bellman"):
            one, two = solve(back, inference=kind), solve(network, inference=kind)
            assert difference(one.policy, two.policy) <= TIGHT
            assert difference(one.V, two.V) <= TIGHT


def moved(net):
    """The dynamics of the first step with other probabilities of what is possible."""
    table = np.array(net.cpd("s_1").array())
    table[0, 0] = [0.9, 0.1, 0.0]
    return table


# --- processes ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [".json", ".npz"])
@pytest.mark.parametrize("seed", SEEDS[::3])
def test_sparse_processes_and_their_rewards_keep_every_bit(kind, seed, tmp_path):
    mdp = pair(seed).sparse
    back = load(save(mdp, tmp_path / f"mdp{kind}"))
    for part in ("data", "indices", "indptr"):
        assert np.array_equal(getattr(back.table, part), getattr(mdp.table, part))
    assert same(back.reward_table, mdp.reward_table)
    again = load(save(back, tmp_path / f"again{kind}"))
    assert same(again.reward_table, back.reward_table)


def same(one, two):
    """Whether rewards are the same, bit by bit, those of impossible outcomes included."""
    assert one.axes == two.axes
    assert np.array_equal(one.values, two.values)
    assert (one.weights is None) == (two.weights is None)
    assert one.weights is None or np.array_equal(one.weights, two.weights)
    for a, b in ((one.known, two.known),):
        assert (a is None) == (b is None)
        assert a is None or (np.broadcast_to(a, one.values.shape[1:]) == b).all()
    assert (one.beyond is None) == (two.beyond is None)
    if isinstance(one.beyond, Entering):
        return all(
            np.array_equal(getattr(one.beyond, x), getattr(two.beyond, x)) for x in ("step", "entering", "moving")
        )
    if one.beyond is not None:
        assert (one.beyond.matrix is None) == (two.beyond.matrix is None)
        assert one.beyond.matrix is None or np.array_equal(one.beyond.matrix.indices, two.beyond.matrix.indices)
        return same(one.beyond.rewards, two.beyond.rewards)
    return True


@pytest.mark.parametrize("kind", [".json", ".npz"])
@pytest.mark.parametrize("thin", [False, True])
def test_what_is_known_of_impossible_outcomes_is_kept(kind, thin, tmp_path):
    """A grid knows what entering pays from anywhere; a list of outcomes only what it lists."""
    grid = gridworld("S.G\n...", step_reward=-0.1, sparse=thin)
    listed = [(0, 0, 1.0, 0, 0.0), (0, 1, 1.0, 1, 2.0), (1, 0, 1.0, 1, 0.0), (1, 1, 1.0, 1, 0.0), (1, 1, 0.0, 0, 7.0)]
    lists = MDP.from_outcomes(listed, initial=0, sparse=thin)
    for mdp in (grid, lists):
        back = load(save(mdp, tmp_path / f"mdp{kind}"))
        n, m = mdp.n_states, mdp.n_actions
        for s, a, nxt in np.ndindex(n, m, n):
            outcomes = []
            for process in (mdp, back):
                net = unroll(process, 1)
                table = np.array(net.cpd("s_1").array())
                table[s, a] = np.eye(n)[nxt]
                cpd = CPD(net.variable("s_1"), [net.variable("s_0"), net.variable("a_0")], table)
                try:
                    outcomes.append(net.replace(cpd).cpd("O_0").array()[s, a, nxt, 1])
                except InvalidModel as error:
                    outcomes.append(str(error))
            assert outcomes[0] == outcomes[1], (s, a, nxt)
    assert isinstance(outcomes[0], float)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reward_known", [True]),
        ("given_data", [[1.0]]),
        ("given_indices", [9, 1, 1, 1, 0]),
        ("given_indptr", [0, 1, 2, 3, 5, 4]),
    ],
)
def test_spoiled_rewards_of_impossible_outcomes_are_named(name, value, tmp_path):
    listed = [(0, 0, 1.0, 0, 0.0), (0, 1, 1.0, 1, 2.0), (1, 0, 1.0, 1, 0.0), (1, 1, 1.0, 1, 0.0), (1, 1, 0.0, 0, 7.0)]
    path = save(MDP.from_outcomes(listed, sparse=True), tmp_path / "mdp.json")
    record = json.loads(path.read_text())
    record[name] = value
    path.write_text(json.dumps(record))
    with pytest.raises(InvalidFile, match=name.split("_")[0]):
        load(path)
