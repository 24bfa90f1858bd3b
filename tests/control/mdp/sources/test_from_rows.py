"""Processes from named outcomes, tables with columns and logged transitions."""

from collections import namedtuple
from fractions import Fraction

import numpy as np
import pytest

from control_pgm import MDP, gridworld, simulate, solve
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel, UnknownName

OUTCOMES = [
    ("in", "play", 0.25, "in", 3.0),
    ("in", "play", 0.25, "in", -1.0),
    ("in", "play", 0.5, "out", -1.0),
    ("in", "leave", 1.0, "out", 0.0),
    ("out", "play", 1.0, "out", 0.0),
]
FIELDS = ("s", "a", "p", "next", "r")
NAMED = [dict(zip(FIELDS, row, strict=True)) for row in OUTCOMES]


def same(one, other):
    assert (one.states, one.actions) == (other.states, other.actions)
    assert np.array_equal(one.available, other.available)
    assert np.array_equal(one.transition, other.transition)
    assert np.array_equal(one.rewards.values, other.rewards.values)


# --- outcomes by name -----------------------------------------------------------------------------------------------
def test_outcomes_by_name_in_any_order_are_those_by_position():
    wanted = MDP.from_outcomes(OUTCOMES)
    Swapped = namedtuple("Swapped", ["next", "p", "r", "a", "s"])
    Long = namedtuple("Long", ["state", "action", "next_state", "probability", "reward"])
    same(MDP.from_outcomes(NAMED), wanted)
    same(MDP.from_outcomes([dict(reversed(row.items())) for row in NAMED]), wanted)
    same(MDP.from_outcomes([Swapped(**row) for row in NAMED]), wanted)
    same(MDP.from_outcomes([Long(s, a, z, p, r) for s, a, p, z, r in OUTCOMES]), wanted)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"s": 0, "a": 0, "p": 1.0, "next": 0}, ["outcome 0", "no 'r'"]),
        ({"s": 0, "a": 0, "prob": 1.0, "nxt": 0, "r": 0}, ["'nxt'", "'next'"]),
        ({"s": 0, "a": 0, "p": 1.0, "next": 0, "reward": 0, "r": 1}, ["'r' twice"]),
        ({"s": 0, "a": 0, "p": 1.0, "next": float("nan"), "r": 1}, ["no next", "missing"]),
        ({"s": 0, "a": 0, "p": 1.0, "next": 0, "r": 1, "t": -1}, ["time -1", "0 … T−1"]),
        ("sapnr", ["outcome 0", "by name: s, a, p, next, r"]),
        ((0, 0, "b", 1.0, 0), ["probability 'b'", "the order is (s, a, probability, s', reward)", "by name"]),
    ],
)
def test_a_wrong_outcome_by_name_is_named(row, words):
    with pytest.raises(ControlPGMError) as error:
        MDP.from_outcomes([row])
    assert all(word in str(error.value) for word in words), str(error.value)


def test_probability_and_next_state_by_position_cannot_be_swapped_silently():
    """From each of the states 0, 1/2 and 1: to 0 or 1 with probability 1/2; swapped, to 1/2 with probability 1."""
    rows = [(s, 0, 0.5, z, 0.0) for s in (0, 0.5, 1) for z in (0, 1)]
    with pytest.raises(InvalidModel, match=r"outcome 0 \(0, 0, 0\.5, 0, 0\.0\) .*may mean .*by name"):
        MDP.from_outcomes(rows)
    named = MDP.from_outcomes([dict(zip(FIELDS, row, strict=True)) for row in rows], states=[0, 0.5, 1])
    assert named.transition[:, 0].tolist() == [[0.5, 0.0, 0.5]] * 3
    swapped = [dict(zip(("s", "a", "next", "p", "r"), row, strict=True)) for row in rows]
    assert MDP.from_outcomes(swapped, states=[0, 0.5, 1]).transition[:, 0].tolist() == [[0.0, 1.0, 0.0]] * 3


def test_ordinary_numbers_as_states_stay_unambiguous():
    walk = [(s, 0, 0.5, z, 0.0) for s in range(3) for z in (max(s - 1, 0), min(s + 1, 2))]
    assert MDP.from_outcomes(walk).n_states == 3
    assert MDP.from_outcomes([(0, 0, 1, 1, 0.0), (1, 0, 1, 0, 0.0)]).transition[0, 0].tolist() == [0.0, 1.0]
    assert MDP.from_outcomes([(0, 0, 0.5, 1, 0.0), (0, 0, 0.5, 0, 0.0), (1, 0, 1, 1, 0)]).n_states == 2


# --- with time ------------------------------------------------------------------------------------------------------
TIMED = [{**row, "t": t, "p": row["p"], "r": row["r"] + t} for t in range(3) for row in NAMED]


def test_outcomes_with_times_vary():
    mdp = MDP.from_outcomes(TIMED)
    fixed = MDP.from_outcomes(OUTCOMES)
    assert mdp.time_steps == 3
    for t in range(3):
        assert np.array_equal(mdp.transition_at(t), fixed.transition)
        assert np.abs(mdp.reward[t] - np.where(fixed.available, fixed.reward + t, 0.0)).max() <= 1e-15
    own = solve(MDP(np.stack([fixed.transition] * 3), mdp.reward, available=fixed.available), 3, inference="bellman")
    assert np.abs(solve(mdp, 3, inference="bellman").V.values - own.V.values).max() <= 1e-14


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ([*TIMED, NAMED[0]], {}, ["outcome 15 has no time"]),
        ([row for row in TIMED if row["t"] != 1], {}, ["no outcomes at t=1"]),
        ([row for row in TIMED if row["t"] != 1 or row["a"] != "leave"], {}, ["t=1", "s='in'", "a='leave'"]),
        (TIMED, {"sparse": True}, ["sparse=True with times"]),
    ],
)
def test_wrong_times_are_named(rows, options, words):
    with pytest.raises(ControlPGMError) as error:
        MDP.from_outcomes(rows, **options)
    assert all(word in str(error.value) for word in words), str(error.value)


# --- tables with columns --------------------------------------------------------------------------------------------
COLUMNS = {name: [row[name] for row in NAMED] for name in FIELDS}


def test_a_mapping_of_columns_an_array_of_records_and_named_columns():
    wanted = MDP.from_outcomes(OUTCOMES)
    same(MDP.from_frame(COLUMNS), wanted)
    records = np.array(
        [(r, z, p, a, s) for s, a, p, z, r in OUTCOMES],
        dtype=[("r", "f8"), ("to", "U5"), ("p", "f8"), ("do", "U5"), ("state", "U5")],
    )
    same(MDP.from_frame(records, a="do", next="to"), wanted)


def test_a_data_frame():
    pandas = pytest.importorskip("pandas")
    wanted = MDP.from_outcomes(OUTCOMES)
    frame = pandas.DataFrame(COLUMNS)
    same(MDP.from_frame(frame), wanted)
    same(MDP.from_frame(frame.rename(columns={"next": "s'", "p": 7}), p=7), wanted)
    same(MDP.from_outcomes(frame.itertuples()), wanted)
    timed = MDP.from_frame(pandas.DataFrame(TIMED))
    assert np.array_equal(timed.transition, MDP.from_outcomes(TIMED).transition)
    assert np.array_equal(
        MDP.from_frame(pandas.DataFrame(TIMED).rename(columns={"t": "k"}), t="k").reward, timed.reward
    )
    thirds = pandas.DataFrame({"s": [0] * 3, "a": [0] * 3, "next": [0, 1, 2], "p": np.float32([1 / 3] * 3), "r": 0.0})
    thirds = pandas.concat([thirds, thirds.assign(s=1), thirds.assign(s=2)])
    assert np.abs(MDP.from_frame(thirds.astype({"p": np.float32})).transition - 1 / 3).max() <= 6e-17
    assert MDP.from_frame(thirds).states == (0, 1, 2)
    assert all(type(label) is int for label in MDP.from_frame(thirds).states)
    with pytest.raises(InvalidModel, match=r"MDP\.from_frame"):
        MDP.from_outcomes(frame)


@pytest.mark.parametrize(
    ("table", "options", "error", "words"),
    [
        (COLUMNS, {"s": "st"}, UnknownName, ["column 'st'", "'s'"]),
        ({k: v for k, v in COLUMNS.items() if k != "p"}, {}, UnknownName, ["no column 'p'", "from_transitions"]),
        ({**COLUMNS, "p": [1.0]}, {}, InvalidModel, ["different lengths"]),
        ({**COLUMNS, "s": [None, float("nan"), "in", "in", "out"]}, {}, InvalidModel, ["outcome 1 has no s"]),
        ([1, 2], {}, InvalidArgument, ["list is no table", "from_outcomes"]),
        ({k: [] for k in FIELDS}, {}, InvalidModel, ["no outcomes"]),
        (COLUMNS, {"reward_axes": "sa"}, InvalidArgument, ["reward_axes"]),
    ],
)
def test_a_wrong_table_is_named(table, options, error, words):
    with pytest.raises(error) as caught:
        MDP.from_frame(table, **options)
    assert all(word in str(caught.value) for word in words), str(caught.value)


# --- logged transitions ---------------------------------------------------------------------------------------------
LOG = [
    ("a", "x", 1.0, "b"),
    ("a", "x", 1.0, "b"),
    ("a", "x", 4.0, "a"),
    ("b", "x", 0.0, "a"),
    ("b", "y", -1.0, "c"),
    ("b", "y", 3.0, "c"),
]


def test_counts_are_frequencies_without_a_prior():
    mdp = MDP.from_transitions(LOG)
    assert (mdp.states, mdp.actions) == (("a", "b", "c"), ("x", "y"))
    assert np.abs(mdp.transition[0, 0] - [1 / 3, 2 / 3, 0]).max() <= 1e-16
    assert mdp.transition[1].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert mdp.transition[2].tolist() == [[0, 0, 1], [0, 0, 1]]  # never acted in
    assert mdp.available.tolist() == [[True, False], [True, True], [True, True]]
    assert np.abs(mdp.reward - [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).max() <= 1e-15
    assert mdp.rewards.weights[:, 1, 1, 2].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("kappa", [1, 0.5, Fraction(1, 3)])
def test_a_dirichlet_prior_gives_the_posterior_mean(kappa):
    mdp = MDP.from_transitions(LOG, prior=kappa)
    for i, s in enumerate(mdp.states):
        for j, a in enumerate(mdp.actions):
            n = [sum(row[:2] == (s, a) and row[3] == z for row in LOG) for z in mdp.states]
            wanted = [float((k + Fraction(kappa)) / (sum(n) + 3 * Fraction(kappa))) for k in n]
            assert np.abs(mdp.transition[i, j] - wanted).max() <= 2e-16
    assert mdp.available.all()
    seen = mdp.rewards.expected()
    assert seen[0, 0].tolist() == [4.0, 1.0, 2.0]  # what was never seen pays the mean of the pair
    assert np.abs(seen[0, 1] - 8 / 6).max() <= 1e-15  # never tried: the mean of all
    assert MDP.from_transitions(LOG, prior=kappa, unseen_reward=-7).rewards.expected()[2].tolist() == [[-7] * 3] * 2


def test_logs_by_name_and_by_column_are_those_by_position():
    wanted = MDP.from_transitions(LOG, prior=1)
    named = [{"next": z, "s": s, "reward": r, "a": a} for s, a, r, z in LOG]
    same(MDP.from_transitions(named, prior=1), wanted)
    columns = {name: list(column) for name, column in zip(("s", "a", "r", "to"), zip(*LOG, strict=True), strict=True)}
    same(MDP.from_transitions(columns, next="to", prior=1), wanted)


def test_transitions_that_end_an_episode_lead_to_an_absorbing_state():
    rows = [{"s": s, "a": a, "r": r, "next": z, "done": z == "c"} for s, a, r, z in LOG]
    for kappa in (0.0, 1.0):
        mdp = MDP.from_transitions(rows, prior=kappa)
        assert mdp.states == ("a", "b", "terminal")
        assert mdp.transition[2].tolist() == [[0, 0, 1], [0, 0, 1]]
        assert mdp.reward[2].tolist() == [0.0, 0.0]
    assert mdp.transition[1, 1].tolist() == [0.2, 0.2, 0.6]


def test_an_estimate_from_trajectories_approaches_the_process():
    pytest.importorskip("pandas")
    grid = gridworld("S.\n.G", slip=0.2)
    uniform = np.full((4, 4), 0.25)
    log = simulate(grid, uniform, 4000, seed=0, horizon=6).to_frame()
    mdp = MDP.from_transitions(log, states=grid.states, actions=grid.actions, initial="(0,0)")
    assert np.abs(mdp.transition - grid.transition).max() < 0.05
    assert np.abs(mdp.reward - grid.reward).max() < 0.05


@pytest.mark.parametrize(
    ("log", "options", "words"),
    [
        ([], {}, ["no transitions", "(s, a, r, s')"]),
        ([("a", "x", "b", 1.0)], {}, ["transition 0", "reward 'b'", "the order is (s, a, r, s')"]),
        ([("a", "x", 1.0)], {}, ["transition 0", "by name: s, a, r, next"]),
        (LOG, {"prior": -1}, ["prior -1", "≥ 0"]),
        (LOG, {"prior": np.inf}, ["prior inf"]),
        (LOG, {"s": "state"}, ["columns named", "list"]),
        (LOG, {"states": ["a", "b"]}, ["logged next state", "'c'"]),
        (LOG, {"prior": 1, "unseen_reward": "much"}, ["unseen_reward 'much'"]),
        ([{"s": 0, "a": 0, "r": 0, "next": 0, "done": "yes"}], {}, ["done='yes'"]),
    ],
)
def test_a_wrong_log_is_named(log, options, words):
    with pytest.raises(ControlPGMError) as error:
        MDP.from_transitions(log, **options)
    assert all(word in str(error.value) for word in words), str(error.value)
