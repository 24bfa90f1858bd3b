"""Input forms of a decision process: what is the same however it is written."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, gridworld, solve
from control_pgm.errors import InvalidArgument, InvalidModel
from tests.control.comparison import TIGHT, difference
from tests.control.instances import rows

RNG = np.random.default_rng(3)
P = rows(RNG, 3, 2, 3, zeros=0.3)
R = RNG.normal(size=(3, 2))
OUTCOME = RNG.normal(size=(3, 2, 3))
ALL = ("policy", "V", "Q", "log_forward", "state_action_marginals", "log_evidence")


def assert_same(a, b, horizon=3, atol=TIGHT):
    """Both processes have the same solution."""
    first, second = solve(a, horizon), solve(b, horizon)
    for name in ALL:
        assert difference(getattr(first, name), getattr(second, name)) <= atol, name


@pytest.mark.parametrize("layout", ["s,a,s'", "a,s,s'", "s',s,a", "a , s' , s"])
def test_any_layout_of_the_transition_is_the_same_process(layout):
    axes = [x.strip() for x in layout.split(",")]
    table = P.transpose([["s", "a", "s'"].index(x) for x in axes])
    assert difference(MDP(table, R, transition_layout=layout).transition, P) == 0


def test_a_time_varying_transition_has_a_leading_time_axis_in_any_layout():
    table = np.stack([P, rows(RNG, 3, 2, 3)])
    assert difference(MDP(table, R).transition, table) == 0
    assert difference(MDP(table.transpose(0, 2, 1, 3), R, transition_layout="a,s,s'").transition, table) == 0
    assert difference(MDP(table.transpose(1, 2, 3, 0), R, transition_layout="s,a,s',t").transition, table) == 0
    assert MDP(table, R).time_steps == 2


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_array, sparse.csc_matrix, sparse.lil_matrix])
def test_sparse_equals_dense(form):
    mdp = MDP(form(P.reshape(6, 3)), R)
    assert mdp.sparse
    assert difference(mdp.transition, P) == 0
    assert_same(mdp, MDP(P, R))


def test_a_sparse_reward_equals_a_dense_one():
    kept = np.where(P > 0, OUTCOME, 0.0)
    assert_same(MDP(P, sparse.csr_array(kept.reshape(6, 3))), MDP(P, kept))


def test_a_sparse_reward_is_on_outcomes_even_if_there_are_as_many_actions_as_states():
    p, r = rows(RNG, 2, 2, 2), RNG.normal(size=(2, 2, 2))
    mdp = MDP(p, sparse.csr_array(r.reshape(4, 2)))
    assert_same(mdp, MDP(p, r, reward_axes="sas"))


def test_sparse_rows_of_unavailable_pairs_are_ignored():
    table = P.copy()
    table[1, 0] = [7.0, 0.0, 0.0]
    some = np.array([[True, True], [False, True], [True, True]])
    assert_same(MDP(sparse.csr_array(table.reshape(6, 3)), R, available=some), MDP(P, R, available=some))


@pytest.mark.parametrize("junk", [np.nan, -1.0, np.inf])
@pytest.mark.parametrize("form", [np.asarray, lambda x: sparse.csr_array(x.reshape(6, 3))])
def test_whatever_stands_in_rows_of_unavailable_pairs_is_ignored(junk, form):
    table, reward = P.copy(), R.copy()
    table[1, 0], reward[1, 0] = junk, junk
    some = {1: [1]}
    assert_same(MDP(form(table), reward, available=some), MDP(P, R, available=some))


@pytest.mark.parametrize(
    ("axes", "wide"),
    [
        ("sa", np.repeat(R[0][:1], 3)),
        ("tsa", np.stack([R] * 3)),
        ("sas", np.repeat(R[:, :, None], 3, axis=2)),
        ("tsas", np.repeat(np.stack([R] * 3)[..., None], 3, axis=3)),
    ],
)
def test_rewards_written_more_widely_are_the_same(axes, wide):
    base = MDP(P, wide[:, None] * np.ones((1, 2)) if axes == "sa" else R)
    assert_same(MDP(P, wide, reward_axes=None if axes == "sa" else axes), base)


@pytest.mark.parametrize(
    ("shape", "forms"), [((2, 2, 2), "sas or tsa"), ((3, 3, 3), "sas or tsa"), ((4, 4, 4), "sas or tsa")]
)
def test_a_shape_that_fits_two_forms_is_an_error_that_names_both(shape, forms):
    p, r = rows(RNG, *shape), RNG.normal(size=shape)
    with pytest.raises(InvalidModel, match=forms) as error:
        MDP(p, r)
    assert "reward_axes='sas' or 'tsa'" in str(error.value)
    assert MDP(p, r, reward_axes="tsa").time_steps == shape[0]
    assert MDP(p, r, reward_axes="sas").time_steps is None


def test_the_horizon_of_the_transition_tells_rewards_apart():
    p = np.stack([rows(RNG, 2, 2, 2)] * 3)
    assert MDP(p, np.zeros((2, 2, 2))).rewards.axes == "sas"
    assert MDP(p, np.zeros((3, 2, 2))).rewards.axes == "tsa"


def test_single_outcomes_add_up_to_the_arrays():
    listed = [(s, a, P[s, a, n], n, OUTCOME[s, a, n]) for s, a, n in np.ndindex(3, 2, 3) if P[s, a, n] > 0]
    halves = [(s, a, p / 2, n, r) for s, a, p, n, r in listed for _ in range(2)]
    RNG.shuffle(halves)
    whole = [(int(s), int(a), p, int(n), r) for s, a, p, n, r in halves]
    mdp = MDP.from_outcomes(whole, states=3, actions=2)
    assert mdp.rewards.weights is None
    assert_same(mdp, MDP(P, OUTCOME, reward_axes="sas"))


def test_outcomes_name_states_in_the_order_of_their_appearance():
    mdp = MDP.from_outcomes([("b", "x", 1, "a", 0), ("a", "y", 1, "c", 2), ("c", "x", 1, "c", 0)], initial="b")
    assert mdp.states == ("b", "a", "c")
    assert mdp.actions == ("x", "y")
    assert mdp.available.tolist() == [[True, False], [False, True], [True, False]]
    assert difference(mdp.reward, [[0, 0], [0, 2], [0, 0]]) == 0


def test_forms_of_the_initial_distribution_agree():
    labels = ["a", "b", "c"]
    for given in ("b", {"b": 1.0}, [0, 1, 0], np.array([0.0, 1.0, 0.0])):
        assert MDP(P, R, states=labels, initial=given).initial.tolist() == [0, 1, 0]
    assert MDP(P, R, states=labels, initial={"a": 0.25, "c": 0.75}).initial.tolist() == [0.25, 0, 0.75]
    assert difference(MDP(P, R).initial, np.full(3, 1 / 3)) == 0
    assert MDP(P, R, states=[(0, 0), (0, 1), (1, 0)], initial=(0, 1)).initial.tolist() == [0, 1, 0]


def test_forms_of_availability_agree():
    mask = np.array([[True, False], [True, True], [False, True]])
    given = MDP(P, R, actions=["l", "r"], available={0: ["l"], 2: ["r"]})
    assert (given.available == mask).all()
    assert_same(given, MDP(P, R, actions=["l", "r"], available=mask))


def test_rows_are_normalised_within_the_tolerance():
    off = P.copy()
    off[0, 0] *= 1 + 5e-10
    mdp = MDP(off, R)
    assert np.abs(mdp.transition.sum(axis=-1) - 1).max() <= 1e-15


def test_the_callers_arrays_are_neither_frozen_nor_shared():
    p, r, start = P.copy(), R.copy(), np.array([1.0, 0, 0])
    csr = sparse.csr_array(P.reshape(6, 3))
    mdp, thin = MDP(p, r, initial=start), MDP(csr, r)
    p[:], r[:], start[:], csr.data[:] = 9, 9, 9, 9
    assert difference(mdp.transition, P) == 0
    assert difference(thin.transition, P) == 0
    assert difference(mdp.reward, R) == 0
    assert mdp.initial.tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        mdp.transition[0, 0, 0] = 1


def test_the_expected_reward_ignores_what_cannot_happen():
    reward = np.where(P > 0, OUTCOME, np.nan)
    expected = (P * np.where(P > 0, OUTCOME, 0)).sum(axis=-1)
    assert difference(MDP(P, reward, reward_axes="sas").reward, expected) <= TIGHT


def test_the_rewards_of_a_process_make_another_like_it_and_the_expected_ones_do_not():
    lake = gridworld("S..\n.H.\n..G", slip=0.4)
    names = {"states": lake.states, "actions": lake.actions, "initial": lake.initial}
    found = solve(lake, 5, temperature=0.3)
    assert difference(solve(MDP(lake.transition, lake.rewards, **names), 5, temperature=0.3).V, found.V) <= TIGHT
    assert difference(solve(MDP(lake.transition, lake.reward, **names), 5, temperature=0.3).V, found.V) > 0.01
    with pytest.raises(
        InvalidModel, match=r"rewards of another process have the shape \(9, 4, 9\); allowed: \(2, 4, 2\)"
    ):
        MDP(gridworld("SG").transition, lake.rewards)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("gammas", [(1.0, 0.9), (0.9, 1.0), (0.9, 0.5)])
def test_another_discount_is_that_of_a_process_made_with_it(gammas, sparse):
    before, after = gammas
    text, options = "S..\n.H.\n..G", {"slip": 0.2, "sparse": sparse}
    first = gridworld(text, discount=before, **options)
    assert first.discount == before
    solve(first, 2)  # makes what networks of one process share
    varied, made = first.varied(discount=after), gridworld(text, discount=after, **options)
    assert (first.discount, varied.discount) == gammas
    for kind in ("posterior", "variational"):
        a, b = (solve(mdp, 5, temperature=0.3, inference=kind) for mdp in (varied, made))
        assert difference(a.V, b.V) <= TIGHT
        assert difference(a.terminated, b.terminated) <= TIGHT
    both = first.varied(discount=after, initial="(0,1)", reward=np.ones((first.n_states, 4)))
    assert (both.discount, both.initial.argmax(), both.reward.min()) == (after, 1, 1.0)
    with pytest.raises(InvalidArgument, match="discount 2; allowed: a number from 0 to 1"):
        first.varied(discount=2)


def test_a_terminal_state_of_ones_own_changes_nothing():
    p, r = np.zeros((4, 2, 4)), np.zeros((4, 2))
    p[:3, :, :3], p[3, :, 3], r[:3] = P, 1.0, R
    own = solve(MDP(p, r, states=["a", "b", "c", "terminal"], discount=0.7, initial=[1 / 3, 1 / 3, 1 / 3, 0]), 3)
    appended = solve(MDP(P, R, discount=0.7), 3)
    assert difference(own.policy[:, :3], appended.policy) <= TIGHT
    assert difference(own.V[:, :3], appended.V) <= TIGHT
    assert difference(own.state_marginals[:, 3], appended.terminated) <= TIGHT
    assert difference(own.terminated, np.zeros(4)) == 0
