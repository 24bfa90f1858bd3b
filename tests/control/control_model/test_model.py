"""Declarations of control models: what is wrong is named with the variable and the remedy."""

import copy
import pickle

import numpy as np
import pytest

from control_pgm import CPD, MDP, ControlModel, Reward, Variable, solve, unroll
from control_pgm.errors import InvalidArgument, InvalidModel, NotAvailable, UnknownName
from tests.control.control_model.instances import factored, skilled

X, X1 = Variable("x", 2, kind="state"), Variable("x'", 2, kind="state")
U, V = Variable("u", 2, kind="action"), Variable("v", 2, kind="action")
START = CPD(X, [], [0.5, 0.5])
ACT = CPD(U, [X], np.full((2, 2), 0.5))
MOVE = CPD(X1, [X, U], np.full((2, 2, 2), 0.5))
PAY = Reward("", ["x"], [0.0, 1.0])


def test_names_roles_and_information():
    declared = skilled(0)
    assert declared.actions == ("u",)
    assert declared.sees == {"u": ("o", "z")}
    network = unroll(declared, 3)
    assert network.information("u", 1) == ("o_1", "z")
    assert [v.kind for v in network.variables.values()].count("latent") == 5
    assert set(network.optimal) == {f"O_{t}" for t in range(3)} | {f"O_late_{t}" for t in range(3)}
    assert repr(declared) == "ControlModel(z, x, w; u sees o, z; 2 rewards)"


def model(*step, rewards=(PAY,), **options):
    return ControlModel([START], step or (ACT, MOVE), rewards, **options)


HALF = np.full((2, 2), 0.5)
OTHER = CPD(Variable("x'", 3), [X, U], np.full((2, 2, 3), 1 / 3))
ENDING = MDP([[[1.0]]], [[[1.0]]], discount=0.5, reward_axes="sas")
WRONG = {
    "no action": (lambda: model(MOVE), InvalidModel, "kind 'action'"),
    "nothing seen": (lambda: model(CPD(U, [], [0.5, 0.5]), MOVE), InvalidModel, "action 'u' has no information"),
    "unknown": (lambda: model(sees={"u": ["w"]}), UnknownName, "'w'"),
    "no such action": (lambda: model(sees={"x": ["u"]}), UnknownName, "action"),
    "too early": (lambda: model(sees={"u": ["x'"]}), InvalidModel, "does not exist before"),
    "two slices": (lambda: model(rewards=[Reward("", ["x''"], [0, 1])]), InvalidModel, "two slices on"),
    "unknown reward": (lambda: model(rewards=[Reward("", ["w"], [0, 1])]), UnknownName, "reward"),
    "shape": (lambda: model(rewards=[Reward("", ["x"], [0, 1, 2])]), InvalidModel, r"shape \(3,\)"),
    "twice": (lambda: model(rewards=[PAY, PAY]), InvalidModel, "two rewards"),
    "array": (lambda: model(rewards=[[0.0, 1.0]]), InvalidModel, "Reward"),
    "last slice": (lambda: model(final=[Reward("", ["u"], [0, 1])]), InvalidModel, "last slice"),
    "states": (lambda: model(ACT, OTHER), InvalidModel, "states"),
    "cycle": (lambda: model(CPD(U, [V], HALF), CPD(V, [U], HALF), MOVE), InvalidModel, "depends on it"),
    "nan": (lambda: Reward("r", ["x"], [np.nan, 0]), InvalidModel, "NaN"),
    "axes": (lambda: Reward("r", ["x"], [[0, 1]]), InvalidModel, "2 axes"),
    "horizon": (lambda: unroll(model(), 0), InvalidArgument, "horizon 0"),
    "prior": (lambda: unroll(model(), 2, action_prior=[0.5, 0.5]), InvalidArgument, "CPD"),
    "no horizon": (lambda: solve(model()), InvalidArgument, "no horizon"),
    "convention": (lambda: solve(model(), 2, convention="sum"), InvalidArgument, "convention"),
    "linear": (lambda: solve(model(), 2, inference="linearly-solvable"), InvalidArgument, "linearly"),
    "other horizon": (lambda: solve(unroll(model(), 2), 3), InvalidArgument, "horizon 3"),
    "steps": (lambda: solve(skilled(0, horizon=3), 4), InvalidModel, "3 steps"),
    "discount": (lambda: ControlModel.from_mdp(ENDING), InvalidArgument, "discount"),
}


@pytest.mark.parametrize(("make", "error", "match"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_several_actions_have_several_policies():
    found = solve(factored(0)[0], 2)
    with pytest.raises(NotAvailable, match=r"\.policies"):
        _ = found.policy
    with pytest.raises(NotAvailable, match=r"\.action_values"):
        _ = found.Q
    assert found.policies["v"].dims == ("t", "x", "y", "u", "v")
    assert found.policies["v"].sel(t=1, x=0, y=1, u=0).shape == (3,)


def test_an_order_of_declaration_changes_nothing():
    """What an action sees comes before it, however it was declared."""
    first = ControlModel([START], [CPD(U, [], [0.5, 0.5]), MOVE], [PAY], sees={"u": ["x"]})
    other = ControlModel([START], [MOVE, CPD(U, [], [0.5, 0.5])], [PAY], sees={"u": ["x"]})
    for inference in ("posterior", "bellman"):
        assert np.array_equal(*(solve(m, 3, inference=inference).policy.values for m in (first, other)))


def test_solutions_are_copied_and_pickled():
    found = solve(factored(0)[0], 3, inference="variational", progress=lambda *_: None)
    for other in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert other.value == found.value
        assert np.array_equal(other.policies["u"].values, found.policies["u"].values)
    assert "variational" in str(found)
    assert repr(found).startswith("ModelSolution(variational")


def test_names_that_look_like_times_are_told_apart():
    """A variable m_1 of the slice is m_1_0, m_1_1, …; m at time 1 is m_1."""
    m, m1 = Variable("m", 2, kind="state"), Variable("m'", 2, kind="state")
    n, n1 = Variable("m_1", 3, kind="state"), Variable("m_1'", 3, kind="state")
    step = [CPD(U, [m, n], np.full((2, 3, 2), 0.5)), CPD(m1, [m], np.eye(2)), CPD(n1, [n], np.eye(3))]
    model = ControlModel([CPD(m, [], [1, 0]), CPD(n, [], [1, 0, 0])], step, [Reward("", ["m", "u"], np.eye(2))])
    network = unroll(model, 2)
    assert len(network.states("m_1")) == 2
    assert len(network.states("m_1_1")) == 3
    assert solve(network).policy.shape == (2, 2, 3, 2)
