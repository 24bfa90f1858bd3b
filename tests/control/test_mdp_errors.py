"""Every wrong input of a decision process is refused by an error that names the culprit, its value and the remedy."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidModel, UnknownName

P = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.3, 0.7]]])
R = np.array([[0.0, 1.0], [-1.0, 0.5]])
NAMES = {"states": ["home", "shop"], "actions": ["stay", "go"]}
TWICE = np.stack([P, P])


def spoilt(table, at, value):
    """A copy with one entry changed."""
    table = np.array(table, float)
    table[at] = value
    return table


def thin(table):
    """The sparse form."""
    return sparse.csr_array(np.reshape(table, (4, 2)))


PAIR = ["s='shop'", "a='go'"]
ROW = ["sums to 1.2", *PAIR, "1 within 1e-9", "available"]
WRONG = {
    "row sum": (spoilt(P, (1, 1, 0), 0.5), R, {}, ROW),
    "row sum, sparse": (thin(spoilt(P, (1, 1, 0), 0.5)), R, {}, ROW),
    "row sum in time": (spoilt(TWICE, (1, 1, 1, 0), 0.5), R, {}, ["t=1", *ROW]),
    "row of zeros": (spoilt(P, (1, 1), 0.0), R, {}, ["sums to 0", *PAIR, "available"]),
    "NaN": (spoilt(P, (1, 1, 0), np.nan), R, {}, ["nan", *PAIR, "s'='home'", "numbers ≥ 0"]),
    "NaN in time": (spoilt(TWICE, (1, 1, 1, 0), np.nan), R, {}, ["nan", "t=1", *PAIR, "s'='home'"]),
    "inf": (spoilt(P, (1, 1, 0), np.inf), R, {}, ["inf", *PAIR, "s'='home'"]),
    "negative": (spoilt(P, (1, 1), [-0.5, 1.5]), R, {}, ["-0.5", *PAIR, "s'='home'"]),
    "negative, sparse": (thin(spoilt(P, (1, 1), [-0.5, 1.5])), R, {}, ["-0.5", *PAIR, "s'='home'"]),
    "NaN, sparse": (thin(spoilt(P, (1, 1, 0), np.nan)), R, {}, ["nan", *PAIR]),
    "reward +inf": (P, spoilt(R, (1, 1), np.inf), {}, ["inf", *PAIR, "−inf forbids"]),
    "reward NaN": (P, spoilt(R, (1, 1), np.nan), {}, ["nan", *PAIR]),
    "reward NaN in time": (P, spoilt([R] * 3, (2, 1, 1), np.nan), {"reward_axes": "tsa"}, ["nan", "t=2", *PAIR]),
    "reward +inf on outcome": (
        P,
        spoilt(np.zeros((2, 2, 2)), (1, 1, 0), np.inf),
        {"reward_axes": "sas"},
        ["inf", *PAIR, "s'='home'"],
    ),
    "reward NaN, several": (
        P,
        spoilt(np.zeros((3, 2, 2, 2)), (2, 1, 1, 0), np.nan),
        {},
        ["nan", "t=2", *PAIR, "s'='home'"],
    ),
    "reward shape": (P, np.zeros((2, 3)), {}, ["(2, 3)", "sa (2, 2)", "sas (2, 2, 2)"]),
    "reward axes do not fit": (P, R, {"reward_axes": "sas"}, ["(2, 2)", "'sas'", "(2, 2, 2)"]),
    "reward axes unknown": (P, R, {"reward_axes": "ass"}, ["'ass'", "'tsas'"]),
    "reward ragged": (P, [[0, 1], [0]], {}, ["reward", "array of numbers"]),
    "reward and transition differ in T": (TWICE, np.zeros((3, 2, 2)), {}, ["(3, 2, 2)", "tsa (2, 2, 2)"]),
    "sparse reward shape": (P, sparse.csr_array(np.ones((3, 2))), {}, ["(3, 2)", "(4, 2)", "row s·A+a"]),
    "sparse reward axes": (P, sparse.csr_array(np.ones((4, 2))), {"reward_axes": "tsa"}, ["'tsa'", "sas"]),
    "transition axes": (P[0], R, {}, ["(2, 2)", "3 axes (s, a, s')"]),
    "transition not square": (np.ones((3, 2, 2)) / 2, R, {}, ["3 states s", "2 states s'", "transition_layout"]),
    "transition text": ("P", R, {}, ["transition", "array of numbers"]),
    "transition empty": (np.zeros((0, 2, 0)), R, {}, ["0 states", "at least one"]),
    "sparse transition shape": (sparse.csr_array(np.ones((3, 2))), R, {}, ["(3, 2)", "(S·A, S)"]),
    "layout": (P, R, {"transition_layout": "s,a"}, ["'s,a'", "a,s,s'"]),
    "layout of a sparse transition": (thin(P), R, {"transition_layout": "a,s,s'"}, ["a,s,s'", "s·A+a"]),
    "terminal reward shape": (P, R, {"terminal_reward": [1.0]}, ["terminal_reward", "(1,)", "(2,)"]),
    "terminal reward NaN": (P, R, {"terminal_reward": [0, np.nan]}, ["terminal_reward", "nan", "'shop'"]),
    "terminal reward +inf": (P, R, {"terminal_reward": [0, np.inf]}, ["inf", "'shop'", "−inf forbids"]),
    "states too many": (P, R, {"states": ["a", "b", "c"]}, ["3 states", "2"]),
    "states twice": (P, R, {"states": ["home", "home"]}, ["'home' twice"]),
    "actions too few": (P, R, {"actions": ["a"]}, ["1 actions", "2"]),
    "initial shape": (P, R, {"initial": [1.0]}, ["initial", "(1,)", "(2,)"]),
    "initial sum": (P, R, {"initial": [0.5, 0.6]}, ["initial", "1.1", "1 within 1e-9"]),
    "initial negative": (P, R, {"initial": [1.5, -0.5]}, ["-0.5", "'shop'"]),
    "initial NaN": (P, R, {"initial": [1, np.nan]}, ["nan", "'shop'"]),
    "initial value": (P, R, {"initial": {"home": "sure"}}, ["'home'", "sure"]),
    "available shape": (P, R, {"available": [True, False]}, ["(2,)", "(2, 2)", "{state: [actions]}"]),
    "available numbers": (P, R, {"available": [[1, 0], [1, 1]]}, ["int", "booleans"]),
    "nothing available": (P, R, {"available": {"shop": []}}, ["'shop'", "absorbing"]),
    "available value": (P, R, {"available": {"shop": 3}}, ["'shop'", "3"]),
    "discount above": (P, R, {"discount": 1.5}, ["discount 1.5", "0 to 1"]),
    "discount below": (P, R, {"discount": -0.1}, ["discount -0.1", "0 to 1"]),
    "discount NaN": (P, R, {"discount": np.nan}, ["discount nan", "0 to 1"]),
    "discount text": (P, R, {"discount": "0.9"}, ["discount '0.9'", "0 to 1"]),
    "position": (P, R, {"positions": {"shop": 3}}, ["'shop'", "(row, column)"]),
    "position of letters": (P, R, {"positions": {"shop": ("a", "b")}}, ["'shop'", "(row, column)"]),
}
UNKNOWN = {
    "initial label": ({"initial": "shpo"}, ["'shpo'", "'shop'"]),
    "initial mapping": ({"initial": {"shpo": 1}}, ["'shpo'", "'shop'"]),
    "available state": ({"available": {"shpo": ["go"]}}, ["'shpo'", "'shop'"]),
    "available action": ({"available": {"shop": ["goo"]}}, ["'goo'", "'go'", "'shop'"]),
    "position": ({"positions": {"shpo": (0, 0)}}, ["'shpo'", "'shop'"]),
}


def named(error, words):
    """Every word stands in the message."""
    missing = [word for word in words if word not in str(error.value)]
    assert not missing, (missing, str(error.value))


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_or_argument_is_named(case):
    transition, reward, options, words = WRONG[case]
    with pytest.raises((InvalidModel, InvalidArgument)) as error:
        MDP(transition, reward, **{**NAMES, **options})
    named(error, words)


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_label_is_named_with_its_nearest_spelling(case):
    options, words = UNKNOWN[case]
    with pytest.raises(UnknownName) as error:
        MDP(P, R, **NAMES, **options)
    named(error, words)


GOOD = [("in", "buy", 0.5, "in", 1.0), ("in", "buy", 0.5, "out", 0.0), ("out", "buy", 1.0, "out", 0.0)]


@pytest.mark.parametrize(
    ("outcomes", "options", "words"),
    [
        ([], {}, ["no outcomes", "(s, a, probability, s', reward)"]),
        ([*GOOD, ("in", "buy", 0.5)], {}, ["outcome 3", "(s, a, probability, s', reward)"]),
        ([("in", "buy", 1.5, "in", 0)], {}, ["outcome 0", "1.5", "0 to 1"]),
        ([("in", "buy", "p", "in", 0)], {}, ["outcome 0", "'p'"]),
        ([("in", "buy", 1, "in", np.nan)], {}, ["outcome 0", "NaN"]),
        ([("in", "buy", 1, "in", np.inf)], {}, ["inf", "s='in'", "a='buy'", "s'='in'"]),
        (GOOD[1:], {}, ["sums to 0.5", "s='in'", "a='buy'"]),
        (GOOD[:2], {}, ["no action", "s='out'", "absorbing"]),
        (GOOD, {"states": ["in"]}, ["outcome 1", "'out'"]),
        (GOOD, {"actions": ["sell"]}, ["outcome 0", "'buy'", "'sell'"]),
    ],
)
def test_a_wrong_outcome_is_named(outcomes, options, words):
    with pytest.raises(ControlPGMError) as error:
        MDP.from_outcomes(outcomes, **options)
    named(error, words)


@pytest.mark.parametrize("option", [{"transition_layout": "a,s,s'"}, {"reward_axes": "sa"}])
def test_single_outcomes_have_no_layout_to_be_told(option):
    with pytest.raises((ControlPGMError, TypeError), match=next(iter(option))):
        MDP.from_outcomes([(0, 0, 1, 1, 0), (1, 0, 1, 0, 0), (0, 1, 1, 0, 0), (1, 1, 1, 0, 0)], **option)
