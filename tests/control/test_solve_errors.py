"""Every wrong argument of unrolling and solving is refused by an error that names it, its value and the remedy."""

import numpy as np
import pytest

from control_pgm import MDP, solve, unroll
from control_pgm.errors import InvalidArgument, InvalidModel
from tests.control.test_mdp_errors import NAMES, PAIR, TWICE, P, R, named, spoilt

FOUR = np.full((3, 2, 2), 0.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"horizon": 0}, ["horizon 0", "≥ 1"]),
        ({"horizon": 2.0}, ["horizon 2.0", "integer"]),
        ({"horizon": True}, ["horizon True", "integer"]),
        ({"temperature": 0}, ["temperature 0", "> 0", "limit"]),
        ({"temperature": -1.0}, ["temperature -1.0", "> 0"]),
        ({"temperature": np.inf}, ["temperature inf", "finite"]),
        ({"temperature": np.nan}, ["temperature nan"]),
        ({"action_prior": "uniform"}, ["'uniform'", "'counting'", "None"]),
        ({"action_prior": [0.5, 0.3, 0.2]}, ["(3,)", "(2,)", "(2, 2)", "(3, 2, 2)"]),
        ({"action_prior": [0.5, 0.6]}, ["sums to 1.1", "1 within 1e-9"]),
        ({"action_prior": [[0.5, 0.5], [0.5, 0.6]]}, ["sums to 1.1", "s='shop'"]),
        ({"action_prior": spoilt(FOUR, (2, 1, 1), 0.6)}, ["sums to 1.1", "t=2", "s='shop'"]),
        ({"action_prior": spoilt(FOUR, (2, 1, 1), np.nan)}, ["nan", "t=2", *PAIR]),
        ({"action_prior": [[0.5, 0.5], [1.5, -0.5]]}, ["s='shop'", "1.5", "probabilities"]),
    ],
)
def test_a_wrong_option_of_unrolling_is_named(options, words):
    with pytest.raises(InvalidArgument) as error:
        unroll(MDP(P, R, **NAMES), **{"horizon": 3, **options})
    named(error, words)


def test_a_prior_on_an_unavailable_action_is_named():
    with pytest.raises(InvalidArgument) as error:
        unroll(MDP(P, R, **NAMES, available={"shop": ["stay"]}), 2, action_prior=[0.5, 0.5])
    named(error, [*PAIR, "not available", "shape (S, A)"])


def test_a_horizon_that_misses_the_tables_is_named():
    with pytest.raises(InvalidArgument) as error:
        unroll(MDP(TWICE, R), 3)
    named(error, ["horizon 3", "2 time steps"])


@pytest.mark.parametrize(
    ("transition", "options"),
    [(P, {}), ([P[0], [[0, 1], [0, 1]]], {}), ([P[0], [[0, 1], [0, 1]]], {"terminal_reward": [0, -5.0]})],
)
def test_a_state_called_terminal_that_is_none_is_refused_with_discount(transition, options):
    reward = [[0, 1], [0, 0]] if options else R
    with pytest.raises(InvalidModel, match="'terminal'") as error:
        solve(MDP(transition, reward, states=["home", "terminal"], discount=0.9, **options), 2)
    named(error, ["discount 0.9", "reward 0", "rename"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"inference": "exact"}, ["'exact'", "'posterior'"]),
        ({"risk": 1.0}, ["risk=1.0", "posterior"]),
        ({"convention": "max"}, ["'max'", "'mean'", "'sum'"]),
        ({"horizon": None}, ["no horizon", "≥ 1"]),
    ],
)
def test_a_wrong_argument_of_solve_is_named(arguments, words):
    with pytest.raises(InvalidArgument) as error:
        solve(MDP(P, R), **{"horizon": 2, **arguments})
    named(error, words)


def test_solving_something_else_says_what_to_do():
    with pytest.raises(InvalidArgument, match=r"ndarray cannot be solved.*unroll\(mdp, horizon\)"):
        solve(P, 2)
    net = unroll(MDP(P, R), 2)
    with pytest.raises(InvalidArgument, match=r"belong to the network.*unroll"):
        solve(net, temperature=2.0)
    with pytest.raises(InvalidArgument, match=r"horizon 3 of a network of horizon 2"):
        solve(net, 3)
