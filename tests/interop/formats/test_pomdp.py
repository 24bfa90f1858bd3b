"""Cassandra's format: the forms of entries, round trips bit by bit, refusals with line and column."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_pgm import MDP, POMDP, crying_baby, load, save, solve, tiger
from control_pgm.errors import DoubtfulFile, InvalidArgument, InvalidFile, TooLarge
from control_pgm.interop.formats.pomdp import read_pomdp, write_pomdp
from tests.control.partially_observed.processes import random_pomdp
from tests.strategies import quick

TIGER = """# The Tiger problem, in the words of its authors' file
discount: 0.75
values: reward
states: tiger-left tiger-right
actions: listen open-left open-right
observations: hear-left hear-right

start: uniform

T:listen
identity

T:open-left
uniform

T : open-right
uniform

O:listen
0.85 0.15
0.15 0.85

O:open-left
uniform
O:open-right
uniform

R:listen : * : * : * -1
R:open-left : tiger-left : * : * -100
R:open-left : tiger-right : * : * 10
R:open-right : tiger-left : * : * 10
R:open-right : tiger-right : * : * -100
"""
HEAD = "discount: 0.9\nvalues: reward\nstates: x y\nactions: go stop\nobservations: on off\n"
BODY = "T: * identity\nO: * uniform\nR: * : * : * : * 1\n"


def same(one, other):
    """All tables are equal bit by bit, and so are the labels with their types."""
    assert one.discount == other.discount
    for what in ("states", "actions", "observations"):
        assert [(type(x), x) for x in getattr(one, what)] == [(type(x), x) for x in getattr(other, what)]
    for what in ("transition", "observation", "reward", "initial"):
        assert np.array_equal(getattr(one, what), getattr(other, what)), what
    assert one.mdp.rewards.axes == other.mdp.rewards.axes
    assert np.array_equal(one.mdp.rewards.values, other.mdp.rewards.values)


def test_the_file_of_tiger_is_tiger(tmp_path):
    (tmp_path / "tiger.pomdp").write_text(TIGER)
    loaded = load(tmp_path / "tiger.pomdp")
    same(loaded, tiger(discount=0.75))
    assert isinstance(loaded, POMDP)


@pytest.mark.parametrize("pomdp", [tiger(), crying_baby()], ids=["tiger", "baby"])
def test_ready_made_processes_come_back(pomdp, tmp_path):
    same(load(save(pomdp, tmp_path / "x.pomdp")), pomdp)


@quick
@given(st.integers(0, 2**32 - 1), *[st.integers(1, 4)] * 3, st.booleans(), st.booleans())
def test_random_processes_come_back_bit_by_bit(seed, n_states, n_actions, n_observations, sparse, on_outcome):
    pomdp = random_pomdp(seed, n_states, n_actions, n_observations, 0.1 + 0.2, sparse)
    rng = np.random.default_rng(seed)
    reward = 10.0 ** rng.integers(-12, 12) * rng.normal(size=(n_states, n_actions, n_states))
    pomdp = POMDP(
        pomdp.transition,
        pomdp.observation,
        reward if on_outcome else reward[..., 0],
        initial=pomdp.initial,
        discount=pomdp.discount,
        states=[f"s{k}" for k in range(n_states)] if sparse else None,
        observations=[f"o-{k}_" for k in range(n_observations)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = read_pomdp(write_pomdp(pomdp))
    if on_outcome and n_states > 1:
        same(again, pomdp)
    else:  # with one state, r(s,a,s') is r(s,a)
        assert np.array_equal(again.reward, pomdp.reward)
        assert np.array_equal(again.transition, pomdp.transition)
        assert np.array_equal(again.initial, pomdp.initial)
    assert write_pomdp(again) == write_pomdp(read_pomdp(write_pomdp(again)))


# --- forms of entries -----------------------------------------------------------------------------------------------
def test_entries_rows_matrices_and_wildcards_over_each_other():
    text = (
        HEAD
        + """
    T: * : * : x 1.0
    T: go : x 0.25 0.75        # a row
    T: stop                    # a matrix
      0.5 0.5
      0 1
    T: stop : y : y 0.5
    T: 1 : 1 : 0 .5
    O: * : * 0.9 0.1
    O: go : y : on 0.2
    O: go : y : off 0.8
    R: * : * : * : * 5
    R: go : x : y : on 1
    R: stop : x
      1 2
      3 4
    R: stop : y : x
      6 8
    """
    )
    pomdp = read_pomdp(text)
    assert pomdp.transition.tolist() == [[[0.25, 0.75], [0.5, 0.5]], [[1.0, 0.0], [0.5, 0.5]]]
    assert pomdp.observation.tolist() == [[[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.1], [0.9, 0.1]]]
    # Expectations over o: of (5, x→y, go) 0.2·1 + 0.8·5, of stop from x (1, 2) and (3, 4) under (0.9, 0.1), and so on.
    expected = [[[5.0, 4.2], [1.1, 3.1]], [[5.0, 5.0], [6.2, 5.0]]]
    assert np.abs(pomdp.mdp.rewards.values[0] - expected).max() < 1e-14


def test_counts_stand_for_numbers_and_order_does_not_matter():
    text = "observations: 3 actions: 1 states: 2 values: cost T: 0 uniform O: 0 : 0 1 0 0 O: 0 : 1 0 0 1 "
    text += "R: 0 : 1 : * : * 2"
    pomdp = read_pomdp(text)
    assert (pomdp.states, pomdp.actions, pomdp.observations) == ((0, 1), (0,), (0, 1, 2))
    assert pomdp.reward.tolist() == [[0.0], [-2.0]]
    assert not np.signbit(pomdp.reward[0, 0])
    assert pomdp.discount == 1.0


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("", [0.5, 0.5]),
        ("start: uniform", [0.5, 0.5]),
        ("start: 0.25 0.75", [0.25, 0.75]),
        ("start: y", [0.0, 1.0]),
        ("start: 1", [0.0, 1.0]),
        ("start include: x y", [0.5, 0.5]),
        ("start include: y", [0.0, 1.0]),
        ("start exclude: y", [1.0, 0.0]),
        ("start exclude: 0", [0.0, 1.0]),
    ],
)
def test_initial_beliefs(start, expected):
    assert read_pomdp(f"{HEAD}{start}\n{BODY}").initial.tolist() == expected


def test_reset_is_the_initial_belief():
    pomdp = read_pomdp(f"{HEAD}start: 0.25 0.75\n{BODY}T: stop : y reset\n")
    assert pomdp.transition[1, 1].tolist() == [0.25, 0.75]


def test_a_single_state_may_have_the_probability_one():
    text = "states: 1 actions: 1 observations: 1 start: 1.0 T: 0 identity O: 0 uniform"
    assert read_pomdp(text).initial.tolist() == [1.0]


def test_rounded_rows_are_divided_by_their_sums_with_a_warning():
    text = HEAD.replace("on off", "a b c") + "T: * identity O: * : * 0.333 0.333 0.333"
    with pytest.warns(DoubtfulFile, match="rounded numbers make 4 rows miss 1 by 0.001"):
        pomdp = read_pomdp(text)
    assert np.abs(pomdp.observation - 1 / 3).max() < 1e-15


def test_rewards_over_four_axes_take_no_more_memory_than_they_need():
    """Of 400 states and 300 observations there are 48 million rewards, nearly all of them equal."""
    text = "states: 400 actions: 1 observations: 300 T: 0 identity O: 0 uniform R: * : * : * : * -1 R: 0 : 7 : * : * 3"
    pomdp = read_pomdp(text, max_bytes=10_000_000)
    assert pomdp.reward[6:9, 0].tolist() == [-1.0, 3.0, -1.0]


# --- refusals -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the states are missing"),
        ("discount: 0.9 states: 2 actions: 2", "the observations are missing"),
        (HEAD, "the entries 'T' are missing"),
        (HEAD + "T: * identity", "the entries 'O' are missing"),
        ("values: cost\nX: 1", "line 2, column 1: 'X' begins no entry; allowed: discount"),
        (HEAD + "states: 3", "line 6, column 1: a second entry 'states'"),
        ("T: * identity", "the actions are not declared before"),
        ("start: uniform", "the states are not declared before"),
        (HEAD + "T: jump identity", "line 6, column 4: 'jump' is none of the actions; allowed: go, stop; or 0 … 1"),
        (HEAD + "T: 2 identity", "'2' is none of the actions"),
        (HEAD + "T: go : z 1 0", "line 6, column 9: 'z' is none of the states"),
        (HEAD + "T: go\n1 0\n0 one\nO: * uniform", "line 8, column 3: T has the entry 'one', which is no number"),
        (HEAD + "T: go 1 0 0", "T.* has 3 of its 4 numbers"),
        (
            HEAD + "T: go : x 0.5 0.4 T: go : y 1 0 T: stop identity O: * uniform",
            'T sums to 0.9 over "s\'" at a=go, s=x',
        ),
        (HEAD + "T: * : x 1 0 O: * uniform", 'T sums to 0 over "s\'" at a=go, s=y'),
        (HEAD + "T: go : x 1.5 -0.5 T: go : y 1 0 T: stop identity O: * uniform", "T has the entry -0.5"),
        (HEAD + "T: * identity O: * 0.5 0.5 0.5 0.4", "O sums to 0.9 over 'o' at a=go, s'=y"),
        (HEAD + "T: * identity O: * uniform R: go 1 2", "a reward names an action alone"),
        (HEAD + "T: * identity O: * uniform R: go : x : x : on nan", "R has the entry 'nan', which is no number"),
        (HEAD + "T: * identity O: * uniform R: go : x : x : on 1e999", "beyond floating-point numbers"),
        (HEAD + "start: 0.5 0.25 0.25 " + BODY, "start has 3 numbers; allowed: 2"),
        (HEAD + "start: 0.5 0.4 " + BODY, "initial sums to 0.9"),
        (HEAD + "start: z " + BODY, "'z' is none of the states"),
        (HEAD + "start include: " + BODY, "start include leaves no state"),
        (HEAD + "start exclude: x y " + BODY, "start exclude leaves no state"),
        (HEAD + "start 1 0" + BODY, "'1' follows start"),
        ("discount: 1.5 " + HEAD.partition("\n")[2] + BODY, "discount 1.5"),
        ("discount: x ", "the discount has the entry 'x'"),
        ("values: money ", "values is 'money'; allowed: reward, cost"),
        ("states: x x", "'x' is twice among the states"),
        ("states: discount: 1", "no states are named"),
        ("states: uniform", "'uniform' is no name of one of the states"),
        ("states: 0", "the number of states is '0'"),
        (HEAD + "T: go : x", "the text ends|has 0 of its 2 numbers"),
        (HEAD + "T:", "the text ends where one of the actions should stand"),
        (HEAD + BODY + "actions: 2", "a second entry 'actions'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, words):
    with pytest.raises(InvalidFile, match=words) as caught:
        read_pomdp(text, name="x.pomdp")
    assert "x.pomdp" in str(caught.value)


@quick
@given(st.integers(0, len(TIGER) - 2))
def test_a_file_that_was_cut_off_is_refused_or_lacks_rewards_only(length):
    text = TIGER[:length]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_pomdp(text)
    except InvalidFile:
        return
    assert length > TIGER.index("O:open-right")


def test_a_file_that_ends_within_a_number_is_doubtful(tmp_path):
    (tmp_path / "x.pomdp").write_text(TIGER.rstrip()[:-1])
    with pytest.warns(DoubtfulFile, match="ends right after a number"):
        assert load(tmp_path / "x.pomdp").reward[1, 2] == -10.0


def test_sizes_are_checked_before_anything_is_allocated():
    with pytest.raises(TooLarge, match="max_bytes"):
        read_pomdp("states: 2000000000")
    with pytest.raises(TooLarge, match="T of shape"):
        read_pomdp("states: 100000 actions: 2 observations: 2 T: 0 : 7 : 8 1.0 T: 0 : 8 : 1 0.5")
    with pytest.raises(TooLarge, match=r"x.pomdp: T of shape"):
        read_pomdp("states: 500 actions: 2 observations: 2 T: 0 identity", name="x.pomdp", max_bytes=10**6)


def test_labels_that_the_format_cannot_hold_are_refused(tmp_path):
    for states in (["a b", "c"], ["T", "c"], ["1", "2"], [1, 2], [False, True], [("a", 1), "b"], ["ü", "b"]):
        pomdp = POMDP(tiger().transition, tiger().observation, tiger().reward, states=states)
        with pytest.raises(InvalidArgument, match=r"label .* of the states cannot be written as .pomdp"):
            save(pomdp, tmp_path / "x.pomdp")
    assert not list(tmp_path.iterdir())


def test_endings_and_objects_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(InvalidArgument, match=r"x.json' ends in '.json'.*allowed: .pomdp"):
        save(tiger(), tmp_path / "x.json")
    with pytest.raises(InvalidArgument, match=r"x.pomdp' ends in '.pomdp'"):
        save(tiger().mdp, tmp_path / "x.pomdp")
    with pytest.raises(InvalidArgument, match=r"MDP cannot be written as .pomdp"):
        write_pomdp(MDP([[[1.0]]], [[0.0]]))


def test_a_process_that_was_read_is_solved(tmp_path):
    (tmp_path / "tiger.POMDP").write_text(TIGER.replace("0.75", "1.0"))
    assert abs(solve(load(tmp_path / "tiger.POMDP"), 3, inference="bellman").value() - 2.72) < 1e-12
