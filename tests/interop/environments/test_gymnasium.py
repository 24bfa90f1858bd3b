"""Processes read from Gymnasium against dynamic programming on the environments' own tables; errors; estimates."""

import sys

import numpy as np
import pytest

from control_pgm import from_gymnasium, from_samples
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel, MissingPackage, UnknownName
from tests.control.comparison import TIGHT, difference

gymnasium = pytest.importorskip("gymnasium")

TABULAR = {  # id -> (states, a horizon beyond which nothing is gained, the start's value there)
    "FrozenLake-v1": (17, 100, 0.7442),
    "FrozenLake8x8-v1": (65, 200, None),
    "CliffWalking-v1": (49, 100, -13.0),
    "CliffWalkingSlippery-v1": (49, 100, None),
    "Taxi-v4": (501, 100, 7.93),
}


def bellman_on_table(env, horizon):
    """V_0 of every environment state, from ``P`` itself: an outcome that terminates has no future."""
    table = env.unwrapped.P
    v = [0.0] * len(table)
    for _ in range(horizon):
        v = [
            max(sum(p * (r + (0.0 if over else v[nxt])) for p, nxt, r, over in outcomes) for outcomes in row.values())
            for row in (table[s] for s in range(len(table)))
        ]
    return np.array(v)


def bellman_on_mdp(mdp, horizon):
    """V_0 of every state of the process."""
    v = np.zeros(mdp.n_states)
    for _ in range(horizon):
        v = np.where(mdp.available, mdp.reward + mdp.transition @ v, -np.inf).max(axis=1)
    return v


class Fake:
    """An environment of two states whose table the test writes."""

    def __init__(self, table, **attributes):
        self.P = table
        self.__dict__.update(attributes)


def table_with(outcomes):
    """Two states, two actions; P[0][1] as given, all else certain."""
    stay = [(1.0, 1, 0.0, False)]
    return {0: {0: [(1.0, 0, 0.0, False)], 1: outcomes}, 1: {0: stay, 1: stay}}


# --- the environments -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TABULAR)
def test_values_agree_with_dynamic_programming_on_the_environments_table(name):
    n_states, horizon, value = TABULAR[name]
    env = gymnasium.make(name)
    mdp = from_gymnasium(name)
    expected = bellman_on_table(env, horizon)
    found = bellman_on_mdp(mdp, horizon)
    assert mdp.n_states == n_states
    assert difference(found[:-1], expected) <= 1e-11
    assert found[-1] == 0.0
    assert mdp.initial[-1] == 0.0
    assert difference(mdp.initial[:-1], env.unwrapped.initial_state_distrib) <= TIGHT
    if value is not None:
        assert float(mdp.initial @ found) == pytest.approx(value, abs=5e-3 if name == "Taxi-v4" else 5e-5)


@pytest.mark.parametrize("name", TABULAR)
def test_terminal_comes_last_absorbs_and_pays_nothing(name):
    mdp = from_gymnasium(name)
    assert mdp.states[-1] == "terminal"
    assert mdp.available[-1].all()
    assert (mdp.transition[-1, :, -1] == 1.0).all()
    assert (mdp.reward[-1] == 0.0).all()


@pytest.mark.parametrize("name", TABULAR)
def test_outcomes_keep_their_rewards(name):
    env, mdp = gymnasium.make(name).unwrapped, from_gymnasium(name)
    weights = np.ones_like(mdp.rewards.values) if mdp.rewards.weights is None else mdp.rewards.weights
    for s, row in env.P.items():
        for a, outcomes in row.items():
            expected, found = {}, {}
            for p, nxt, r, over in outcomes:
                key = (mdp.n_states - 1 if over else int(nxt), float(r))
                expected[key] = expected.get(key, 0.0) + p
            for k, nxt in np.argwhere(weights[:, s, a] * mdp.transition[s, a] > 0):
                key = (int(nxt), float(mdp.rewards.values[k, s, a, nxt]))
                found[key] = float(weights[k, s, a, nxt] * mdp.transition[s, a, nxt])
            assert found == pytest.approx(expected, abs=TIGHT)


def test_slippery_cliffs_have_several_rewards_on_one_outcome():
    """Beside the start both the cliff (−100) and the border (−1) lead to the start."""
    mdp = from_gymnasium("CliffWalkingSlippery-v1")
    start = mdp.states.index_of["(3,0)"]
    used = mdp.rewards.weights[:, start, :, start] > 0
    assert {float(r) for r in mdp.rewards.values[:, start, :, start][used]} == {-100.0, -1.0}


@pytest.mark.parametrize("name", ["FrozenLake-v1", "FrozenLake8x8-v1"])
def test_holes_and_goal_of_the_lake_end_the_episode_on_entering(name):
    mdp = from_gymnasium(name)
    letters = gymnasium.make(name).unwrapped.desc.ravel()
    for s in np.flatnonzero((letters == b"H") | (letters == b"G")):
        assert (mdp.transition[s, :, -1] == 1.0).all()
        assert (mdp.transition[:, :, s] == 0.0).all()


def test_repeated_successors_are_added_up():
    mdp = from_gymnasium("FrozenLake-v1")
    assert float(mdp.transition[0, 0, 0]) == pytest.approx(2 / 3, abs=TIGHT)
    assert difference(mdp.transition.sum(axis=-1), np.ones((17, 4))) <= TIGHT


@pytest.mark.parametrize(
    ("name", "shape", "actions"),
    [
        ("FrozenLake-v1", (4, 4), ("left", "down", "right", "up")),
        ("FrozenLake8x8-v1", (8, 8), ("left", "down", "right", "up")),
        ("CliffWalking-v1", (4, 12), ("up", "right", "down", "left")),
    ],
)
def test_cells_of_grids_have_labels_and_positions_and_actions_their_names(name, shape, actions):
    mdp = from_gymnasium(name)
    cells = [(r, c) for r in range(shape[0]) for c in range(shape[1])]
    assert mdp.states == (*(f"({r},{c})" for r, c in cells), "terminal")
    assert mdp.positions == {f"({r},{c})": (r, c) for r, c in cells}
    assert mdp.actions == actions


def test_actions_move_where_their_names_say():
    steps = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    for mdp in (from_gymnasium("FrozenLake-v1", is_slippery=False), from_gymnasium("CliffWalking-v1")):
        for a, action in enumerate(mdp.actions):
            target = (1 + steps[action][0], 2 + steps[action][1])
            row = mdp.transition[mdp.states.index_of["(1,2)"], a]
            label = mdp.states[int(row.argmax())]
            letters = {"(1,1)": "terminal", "(1,3)": "terminal"} if len(mdp.states) == 17 else {}
            wanted = f"({target[0]},{target[1]})"
            assert label == letters.get(wanted, wanted)


def test_the_states_of_taxi_are_readable_and_distinct():
    mdp = from_gymnasium("Taxi-v4")
    env = gymnasium.make("Taxi-v4").unwrapped
    assert mdp.states[env.encode(0, 1, 4, 3)] == "taxi (0,1) passenger aboard to B"
    assert mdp.states[env.encode(4, 0, 2, 0)] == "taxi (4,0) passenger Y to R"
    assert mdp.actions == ("south", "north", "east", "west", "pickup", "dropoff")
    assert mdp.positions is None


def test_options_are_passed_to_the_environment():
    mdp = from_gymnasium("FrozenLake-v1", discount=0.9, map_name="8x8", is_slippery=False)
    assert (mdp.n_states, mdp.discount) == (65, 0.9)
    assert set(np.unique(mdp.transition)) == {0.0, 1.0}
    own = from_gymnasium("FrozenLake-v1", desc=["SFFF", "FHFG"])
    assert own.states[-2:] == ("(1,3)", "terminal")


def test_wrapped_unwrapped_and_named_environments_are_the_same_process():
    env = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("FrozenLake-v1", max_episode_steps=7))
    named = from_gymnasium("FrozenLake-v1")
    for other in (from_gymnasium(env), from_gymnasium(env.unwrapped)):
        assert other.states == named.states
        assert np.array_equal(other.transition, named.transition)
        assert np.array_equal(other.reward, named.reward)
        assert np.array_equal(other.initial, named.initial)


# --- tables of other makes --------------------------------------------------------------------------------------------
def test_several_rewards_of_one_outcome_are_kept_apart():
    table = table_with([(0.2, 1, 5.0, False), (0.1, 1, 5.0, False), (0.3, 1, -1.0, False), (0.4, 0, 2.0, False)])
    mdp = from_gymnasium(Fake(table, initial_state_distrib=[0.25, 0.75]))
    assert mdp.states == (0, 1)
    assert mdp.initial.tolist() == [0.25, 0.75]
    assert mdp.transition[0, 1].tolist() == pytest.approx([0.4, 0.6])
    pairs = dict(zip(mdp.rewards.values[:, 0, 1, 1], mdp.rewards.weights[:, 0, 1, 1], strict=True))
    assert pairs == pytest.approx({5.0: 0.5, -1.0: 0.5})


def test_terminal_outcomes_of_different_states_merge_with_their_rewards():
    mdp = from_gymnasium(Fake(table_with([(0.5, 0, 3.0, True), (0.5, 1, -3.0, True)])))
    assert mdp.states == (0, 1, "terminal")
    assert mdp.transition[0, 1].tolist() == [0.0, 0.0, 1.0]
    assert sorted(mdp.rewards.values[:, 0, 1, 2]) == [-3.0, 3.0]
    assert mdp.initial.tolist() == [0.5, 0.5, 0.0]


def test_without_outcomes_that_terminate_there_is_no_terminal_state():
    outcomes = [(1.0, 1, 0.0, False), (0.0, 0, 0.0, True)]
    assert from_gymnasium(Fake(table_with(outcomes))).states == (0, 1)


def test_lists_and_missing_actions_are_read_too():
    mdp = from_gymnasium(Fake([{0: [(1.0, 1, 0, False)]}, [[(1.0, 1, 0, False)], [(1.0, 0, 1, False)]]]))
    assert mdp.available.tolist() == [[True, False], [True, True]]


def test_unreachable_states_are_kept_in_the_environments_order():
    table = {1: {0: [(1.0, 1, 0.0, False)]}, 0: {0: [(1.0, 0, 0.0, False)]}}
    mdp = from_gymnasium(Fake(table, initial_state_distrib=np.array([1.0, 0.0])))
    assert mdp.states == (0, 1)
    assert mdp.transition[:, 0].tolist() == [[1.0, 0.0], [0.0, 1.0]]


PLACE = "P[0][1] (s=0, a=1)"
MALFORMED = {
    "sum": (table_with([(0.5, 0, 0, False), (0.4, 1, 0, False)]), [PLACE, "sum to 0.9", "1 within 1e-9"]),
    "nothing": (table_with([]), [PLACE, "sum to 0"]),
    "negative": (table_with([(1.5, 0, 0, False), (-0.5, 1, 0, False)]), [PLACE, "1.5", "0 to 1"]),
    "NaN": (table_with([(np.nan, 0, 0, False)]), [PLACE, "nan"]),
    "next state": (table_with([(1.0, 2, 0, False)]), [PLACE, "next state 2", "0 to 1"]),
    "fraction of a state": (table_with([(1.0, 0.5, 0, False)]), [PLACE, "(1.0, 0.5, 0, False)"]),
    "triple": (table_with([(1.0, 0, 0)]), [PLACE, "(1.0, 0, 0)", "terminated"]),
    "reward": (table_with([(1.0, 0, np.inf, False)]), [PLACE, "reward inf", "−inf forbids"]),
    "state numbers": ({0: {0: [(1.0, 0, 0, False)]}, 2: {0: [(1.0, 0, 0, False)]}}, ["P has the key 2", "0 to 1"]),
    "action names": ({0: {"go": [(1.0, 0, 0, False)]}}, ["P[0] has the key 'go'"]),
    "row": ({0: 3}, ["P[0]", "int"]),
    "empty": ({}, ["Fake", "empty"]),
    "state without actions": ({0: {0: [(1.0, 0, 0, False)]}, 1: {}}, ["no action is available at s=1"]),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_tables_are_refused_by_state_and_action(case):
    table, words = MALFORMED[case]
    with pytest.raises(InvalidModel) as caught:
        from_gymnasium(Fake(table))
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_an_initial_distribution_of_another_length_is_refused():
    with pytest.raises(InvalidModel, match=r"initial_state_distrib has shape \(3,\)"):
        from_gymnasium(Fake(table_with([(1.0, 0, 0, False)]), initial_state_distrib=[1, 0, 0]))


# --- what cannot be read ----------------------------------------------------------------------------------------------
def test_an_environment_without_a_table_points_to_sampling():
    for env in ("Blackjack-v1", gymnasium.make("Blackjack-v1")):
        with pytest.raises(InvalidArgument, match=r"Blackjack-v1 has no transition table P.*from_samples"):
            from_gymnasium(env)


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("FrozenLake-v9", {}, UnknownName, ["'FrozenLake-v9'", "'FrozenLake-v1'"]),
        ("Taxi-v3", {}, UnknownName, ["'Taxi-v3'", "did you mean 'Taxi-v4'"]),
        ("NoSuchThing-v1", {}, UnknownName, ["'NoSuchThing-v1'", "CliffWalking-v1"]),
        ("", {}, InvalidArgument, ["''", "FrozenLake-v1"]),
        ("no_such_module:Env-v0", {}, MissingPackage, ["no_such_module"]),
        ("FrozenLake-v1", {"map_name": "9x9"}, InvalidArgument, ["FrozenLake-v1", "9x9"]),
        ("FrozenLake-v1", {"mapname": "8x8"}, InvalidArgument, ["FrozenLake-v1", "mapname"]),
    ],
)
def test_environments_that_cannot_be_made_say_why(name, options, error, words):
    with pytest.raises(error) as caught:
        from_gymnasium(name, **options)
    assert isinstance(caught.value, ControlPGMError)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_options_with_an_environment_that_is_already_made_are_refused():
    with pytest.raises(InvalidArgument, match="map_name"):
        from_gymnasium(gymnasium.make("FrozenLake-v1"), map_name="8x8")


def test_wrappers_that_change_rewards_or_actions_are_refused():
    env = gymnasium.make("FrozenLake-v1")
    doubled = gymnasium.wrappers.TransformReward(env, lambda r: 2 * r)
    sticky = gymnasium.wrappers.StickyAction(env, 0.1)
    for wrapped in (doubled, gymnasium.wrappers.TimeLimit(doubled, 5), sticky):
        with pytest.raises(InvalidArgument, match=r"TransformReward|StickyAction"):
            from_gymnasium(wrapped)
    assert from_gymnasium(doubled.unwrapped).n_states == 17


def test_passengers_who_change_their_mind_outside_the_table_are_refused():
    with pytest.raises(InvalidArgument, match="fickle_passenger"):
        from_gymnasium("Taxi-v4", fickle_passenger=True)
    assert from_gymnasium("Taxi-v4", is_rainy=True).n_states == 501


def test_without_gymnasium_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    for read in (lambda: from_gymnasium("FrozenLake-v1"), lambda: from_samples("Blackjack-v1", 10, seed=0)):
        with pytest.raises(MissingPackage, match=r"pip install 'control_pgm\[gym\]'"):
            read()


# --- estimates --------------------------------------------------------------------------------------------------------
def test_the_same_seed_gives_the_same_estimate_and_another_seed_another():
    one, same, other = (from_samples("Blackjack-v1", 500, seed=seed) for seed in (3, 3, 4))
    assert one.mdp.states == same.mdp.states
    assert np.array_equal(one.mdp.transition, same.mdp.transition)
    assert np.array_equal(one.mdp.reward, same.mdp.reward)
    assert np.array_equal(one.mdp.initial, same.mdp.initial)
    assert one.mdp.states != other.mdp.states or not np.array_equal(one.counts, other.counts)


def test_counts_add_up_to_the_steps_and_untried_pairs_are_not_available():
    found = from_samples("Blackjack-v1", 400, seed=1)
    counts = np.asarray(found.counts)
    assert counts.shape == (found.mdp.n_states, 2)
    assert counts.sum() == 400
    assert (counts[-1] == 0).all()
    assert found.mdp.states[-1] == "terminal"
    acted = counts.sum(axis=1) > 0
    assert np.array_equal(found.mdp.available[acted], counts[acted] > 0)
    assert found.mdp.states[:-1] == tuple(sorted(found.mdp.states[:-1]))


class Script:
    """An environment of two states that keeps a record: action 1 moves on from 0, and ends the episode from 1."""

    action_space = gymnasium.spaces.Discrete(2, start=5)

    def __init__(self, limit=10**9):
        self.record, self.starts, self.limit, self.state, self.age = [], [], limit, 0, 0

    def reset(self, seed=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.state, self.age = np.int64(self.rng.integers(2)), 0
        self.starts.append(int(self.state))
        return self.state, {}

    def step(self, action):
        before, moves = self.state, action == 6
        over = bool(moves and before == 1)
        self.state = np.int64(min(before + moves, 1))
        self.age += 1
        reward = float(self.rng.integers(3)) if moves else 0.0
        self.record.append((int(before), int(action), "terminal" if over else int(self.state), reward))
        return self.state, reward, over, self.age >= self.limit, {}


@pytest.mark.parametrize("limit", [3, 10**9])
def test_probabilities_and_rewards_are_the_frequencies_of_what_happened(limit):
    env = Script(limit)
    found = from_samples(env, 300, seed=7)
    mdp = found.mdp
    assert (mdp.states, mdp.actions, found.cut_off) == ((0, 1, "terminal"), (5, 6), ())
    assert difference(mdp.initial[:2], np.bincount(env.starts) / len(env.starts)) <= TIGHT
    for s in (0, 1):
        for a in (5, 6):
            seen = [row for row in env.record if row[:2] == (s, a)]
            assert found.counts.sel(s=s, a=a) == len(seen)
            at = (mdp.states.index_of[s], mdp.actions.index_of[a])
            ends = [sum(row[2] == nxt for row in seen) / len(seen) for nxt in mdp.states]
            assert difference(mdp.transition[at], ends) <= TIGHT
            assert float(mdp.reward[at]) == pytest.approx(np.mean([row[3] for row in seen]), abs=TIGHT)


def test_actions_are_uniform_and_do_not_follow_the_environments_own_draws():
    env = Script()
    from_samples(env, 4000, seed=0)
    actions = np.array([row[1] for row in env.record])
    assert abs((actions == 5).mean() - 0.5) < 0.05
    moved = np.array([row[3] for row in env.record if row[1] == 6])
    assert np.all(np.abs(np.bincount(moved.astype(int)) / len(moved) - 1 / 3) < 0.05)


def test_states_at_which_sampling_stopped_are_absorbing_and_named():
    found = next(f for f in (from_samples(Script(1), 1, seed=s) for s in range(50)) if f.cut_off)
    (state,) = found.cut_off
    k = found.mdp.states.index_of[state]
    assert (found.mdp.transition[k, :, k] == 1.0).all()
    assert found.counts[k].sum() == 0


def test_estimates_approach_the_table():
    mdp = from_samples("FrozenLake-v1", 30_000, seed=0).mdp
    truth = from_gymnasium("FrozenLake-v1")
    cells = [gymnasium.make("FrozenLake-v1").unwrapped.desc.shape[1] * r + c for r, c in [(0, 0), (0, 1), (1, 0)]]
    for s in cells:
        for nxt in (0, 1, 4):
            gap = mdp.transition[mdp.states.index_of[s], :, mdp.states.index_of[nxt]] - truth.transition[s, :, nxt]
            assert np.abs(gap).max() < 0.05


def test_the_estimated_game_of_blackjack_loses_a_few_percent_at_best():
    """Known optimum of these rules: −0.04 to −0.05."""
    mdp = from_samples("Blackjack-v1", 60_000, seed=0).mdp
    assert float(mdp.initial @ bellman_on_mdp(mdp, 30)) == pytest.approx(-0.045, abs=0.03)
    assert mdp.actions == ("stick", "hit")


def test_an_observation_called_terminal_is_refused():
    env = Script()
    env.reset = lambda seed=None: ("terminal", {})
    with pytest.raises(InvalidArgument, match="'terminal'"):
        from_samples(env, 3, seed=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Blackjack-v1", 0, 0), ["n is 0", "from 1"]),
        (("Blackjack-v1", 2.5, 0), ["n is 2.5"]),
        (("Blackjack-v1", 10, None), ["seed None", "Generator"]),
        (("Blackjack-v1", 10, -1), ["seed -1", "integer ≥ 0"]),
        (("CartPole-v1", 10, 0), ["ndarray", "hashable", "TransformObservation"]),
        (("Pendulum-v1", 10, 0), ["Box", "Discrete(n)"]),
        ((None, 10, 0), ["None", "Gymnasium environment"]),
    ],
)
def test_what_cannot_be_sampled_is_refused(arguments, words):
    with pytest.raises(InvalidArgument) as caught:
        from_samples(*arguments)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_the_first_state_can_be_given_instead_of_the_environments_own():
    table = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 1.0, True)]}}
    env = Fake(table, initial_state_distrib=[1.0, 0.0])
    for given, expected in (
        (None, [1.0, 0.0, 0.0]),
        (1, [0.0, 1.0, 0.0]),
        ([0.25, 0.75], [0.25, 0.75, 0.0]),
        (np.array([0.25, 0.75]), [0.25, 0.75, 0.0]),
        ({0: 0.5, 1: 0.5}, [0.5, 0.5, 0.0]),
    ):
        assert from_gymnasium(env, initial=given).initial.tolist() == expected
    assert from_gymnasium("FrozenLake-v1", initial="(2,0)").initial.argmax() == 8
    with pytest.raises(InvalidModel, match=r"initial has shape \(4,\); allowed: \(2,\)"):
        from_gymnasium(env, initial=[0.25] * 4)


def test_the_first_states_of_old_environments_are_read():
    table = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 1.0, True)]}}
    assert from_gymnasium(Fake(table, isd=np.array([0.0, 1.0]))).initial.tolist() == [0.0, 1.0, 0.0]
    both = Fake(table, isd=np.array([0.0, 1.0]), initial_state_distrib=np.array([1.0, 0.0]))
    assert from_gymnasium(both).initial.tolist() == [1.0, 0.0, 0.0]
    with pytest.raises(InvalidModel, match=r"isd has shape \(3,\)"):
        from_gymnasium(Fake(table, isd=np.ones(3) / 3))


def test_experience_is_drawn_by_a_generator_as_well():
    one, same = (from_samples("Blackjack-v1", 200, seed=np.random.default_rng(4)) for _ in range(2))
    assert one.mdp.states == same.mdp.states
    assert np.array_equal(one.counts.values, same.counts.values)
