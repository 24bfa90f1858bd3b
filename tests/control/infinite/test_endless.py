"""Undiscounted processes with classes that go on for ever: named at once, or left out where nothing leads there."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, gridworld
from control_pgm.control.infinite import solve_infinite
from control_pgm.control.infinite.endless import end_components
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference

KINDS = [("bellman", {}), ("variational", {"temperature": 0.5})]
each_kind = pytest.mark.parametrize(("inference", "options"), KINDS, ids=["bellman", "variational"])


def walk(targets, rewards, **options):
    """A process of one action: where it leads from every state, and what that pays."""
    p = np.eye(len(targets))[list(targets)][:, None, :]
    return MDP(p, np.array(rewards, float)[:, None], **options)


# Two states on the way to an end, and two that follow each other for ever.
SWAP = (1, 2, 2, 4, 3)


@each_kind
@pytest.mark.parametrize(
    ("paid", "why"),
    [
        ((1.0, -1.0), "recur every 2 steps without a limit"),
        ((1.0, -0.5), r"grow for ever: a step adds 0\.25 or more"),
        ((1.0, -3.0), "fall for ever: a step adds -1 or less"),
    ],
)
def test_a_class_without_values_is_named_at_once(inference, options, paid, why):
    with pytest.raises(
        InvalidArgument, match=rf"discount 1, but the class of s=3, 4 can go on for ever, and values {why}"
    ):
        solve_infinite(walk(SWAP, (-1.0, 0.0, 0.0, *paid)), inference=inference, max_iterations=20, **options)


@each_kind
@pytest.mark.parametrize("paid", [(1.0, -1.0), (1.0, -0.5), (1.0, -3.0)], ids=["recur", "grow", "fall"])
def test_a_class_out_of_reach_leaves_the_rest_its_values(inference, options, paid):
    found = solve_infinite(walk(SWAP, (-1.0, -2.0, 0.0, *paid), initial=0), inference=inference, **options)
    assert difference(found.V, [-3.0, -2.0, 0.0, np.nan, np.nan]) <= TIGHT
    for array in (found.policy, found.Q, found.advantage):
        assert np.isnan(array.values[:, 0]).tolist() == [False, False, False, True, True]
    assert found.defined.values.tolist() == [True, True, True, False, False]
    assert found.error_bound <= 1e-10


def test_what_leads_to_a_class_without_values_has_none_either():
    found = solve_infinite(walk((1, 1, 3, 4, 3), (-1.0, 0.0, 5.0, 1.0, -1.0), initial=0), inference="bellman")
    assert difference(found.V, [-1.0, 0.0, np.nan, np.nan, np.nan]) <= TIGHT


def test_the_hint_to_another_question_is_gone():
    """solve_average answers what the soft posterior earns, not what can be earned at most."""
    for inference in ("bellman", "variational"):
        with pytest.raises(InvalidArgument) as error:
            solve_infinite(walk((1, 0), (1.0, 2.0)), inference=inference)
        assert "solve_average" not in str(error.value)
        assert "mdp.varied(discount=0.99)" in str(error.value)


def test_a_loop_that_pays_is_named_although_it_can_be_left():
    p = np.zeros((2, 2, 2))
    p[0, 0, 0] = p[0, 1, 1] = p[1, :, 1] = 1.0
    for inference, alpha in (("bellman", None), ("variational", 0.5)):
        with pytest.raises(InvalidArgument, match=r"s=0 can go on for ever, and values grow"):
            solve_infinite(MDP(p, [[1.0, -5.0], [0.0, 0.0]]), inference=inference, temperature=alpha)
        # A loop that costs is left; under temperature it is, too, where it pays less than the choice itself is worth.
        found = solve_infinite(MDP(p, [[-1.0, -5.0], [0.0, 0.0]]), inference=inference, temperature=alpha)
        assert np.isfinite(found.V.values).all()
    counted = {"temperature": 0.5, "action_prior": "counting"}
    with pytest.raises(InvalidArgument, match=r"values grow"):
        solve_infinite(MDP(p, np.zeros((2, 2)), initial=0), inference="variational", **counted)


def test_what_is_forbidden_leads_nowhere():
    """Into the class of states 2 and 3 there is only a forbidden action."""
    p = np.zeros((4, 2, 4))
    p[0, 0, 1] = p[0, 1, 2] = p[1, :, 1] = p[2, :, 3] = p[3, :, 2] = 1.0
    reward = np.array([[-1.0, -np.inf], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    found = solve_infinite(MDP(p, reward, initial=0), inference="bellman")
    assert difference(found.V, [-1.0, 0.0, np.nan, np.nan]) <= TIGHT


def test_a_walled_room_does_not_matter_to_a_grid():
    mdp = gridworld("S.G#..\n...#..", step_reward=-0.1)
    found = solve_infinite(mdp, inference="bellman")
    here = [k for k, label in enumerate(mdp.states) if int(label[3]) < 3]
    there = [k for k in range(mdp.n_states) if k not in here]
    assert np.isfinite(found.V.values[here]).all()
    assert np.isnan(found.V.values[there]).all()
    whole = solve_infinite(gridworld("S.G\n...", step_reward=-0.1), inference="bellman")
    assert difference(found.V.values[here], whole.V) <= TIGHT


def plain(mdp, alpha, sweeps):
    """Values of horizons 0 … ``sweeps`` by the definition."""
    v = [np.zeros(mdp.n_states)]
    for _ in range(sweeps):
        q = mdp.reward + mdp.transition @ v[-1]
        top = q.max(axis=1)
        soft = 0.0 if alpha is None else alpha * np.log(np.exp((q - top[:, None]) / alpha).mean(axis=1))
        v.append(top + soft)
    return np.array(v)


@pytest.mark.parametrize("seed", range(60))
def test_random_processes_have_the_limit_of_growing_horizons_or_none(seed):
    """Rewards of small integers and few ways to go: ends, loops, cycles, classes of every kind."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 3))
    p = np.zeros((n, m, n))
    for s, a in np.ndindex(n, m):
        ways = rng.integers(0, n, size=int(rng.integers(1, 3)))
        np.add.at(p[s, a], ways, 1.0 / len(ways))
    reward = rng.integers(-2, 2, size=(n, m)).astype(float)
    p[-1], reward[-1] = np.eye(n)[-1], 0.0
    alpha = [None, 0.5][seed % 2]
    mdp = MDP(p, reward, initial=0)
    kind = {"inference": "bellman"} if alpha is None else {"inference": "variational", "temperature": alpha}
    v = plain(mdp, alpha, 3000)
    try:
        found = solve_infinite(mdp, **kind)
    except InvalidArgument as error:
        assert "can go on for ever" in str(error)  # noqa: PT017
        last = v[-1] - v[-2]
        assert np.abs(last).max() > 1e-6 or np.abs(v[-1] - v[-61:-1]).max() > 1e-6
        return
    valued = ~np.isnan(found.V.values)
    assert valued[0]
    assert difference(found.V.values[valued], v[-1][valued]) <= 1e-7
    assert difference(v[-1][valued], v[-2][valued]) <= 1e-7
    for s in np.flatnonzero(~valued):
        assert np.abs(v[-61:-1, s] - v[-1, s]).max() > 1e-6  # it has no limit


def test_end_components_by_hand():
    """0 ⇄ 1 with an action that leaves for 2, which stays; 3 only leads on."""
    pattern = np.zeros((4, 2, 4))
    pattern[0, 0, 1] = pattern[1, 0, 0] = pattern[2, :, 2] = pattern[3, :, 0] = 1.0
    pattern[0, 1, [0, 2]] = pattern[1, 1, 1] = 1.0
    live, label = end_components(sparse.csr_array(pattern.reshape(8, 4)), np.ones((4, 2), bool))
    assert live.tolist() == [[True, False], [True, True], [True, True], [False, False]]
    assert label[0] == label[1] != label[2] >= 0
    assert label[3] == -1
