"""A second agent beside the actions of a process: averaged in the posterior, in the mode, refused where one chooses."""

import numpy as np
import pytest

from control_pgm import CPD, Factor, Variable, gridworld, infer, solve, unroll
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference

CHOOSING = [("variational", None), ("maxent", None), ("bellman", None), ("planning", 0.7), ("marginal-map", None)]


def together(kind, **options):
    """A grid in which a second agent may hold the first one back: it must choose "go" for anything to happen."""
    mdp = gridworld("S.G\n...", slip=0.1)
    net = unroll(mdp, 2, temperature=0.3, **options)
    for t in (0, 1):
        s, a, after = (net.variable(name) for name in (f"s_{t}", f"a_{t}", f"s_{t + 1}"))
        other = Variable(f"b_{t}", ["stay", "go"], time=t, kind=kind)
        stays = np.repeat(np.eye(mdp.n_states)[:, None, :], 4, axis=1)
        both = np.stack([stays, np.array(mdp.transition)], axis=2)
        net = net.extend(CPD(other, [], [0.5, 0.5])).replace(CPD(after, [s, a, other], both))
    return net


@pytest.mark.parametrize("kind", ["action", "Action", "actions"])
@pytest.mark.parametrize(("inference", "risk"), CHOOSING)
def test_a_second_agent_is_not_averaged_over_where_actions_are_chosen(inference, risk, kind):
    net = together(kind, **({"action_prior": "counting"} if inference == "marginal-map" else {}))
    culprit = f"variable 'b_0' of kind '{kind}' with inference='{inference}', which chooses a_0 … a_1 alone"
    with pytest.raises(InvalidArgument, match=culprit + "; allowed: .*'posterior'.*one variable"):
        solve(net, inference=inference, risk=risk)


def test_the_posterior_has_a_second_agent_of_its_own_prior():
    net = together("action")
    brute = infer(net, net.optimal, method="enumeration")
    for t in (0, 1):
        expected = brute.conditional(f"a_{t}", given=f"s_{t}", undefined="nan").array()
        reached = ~np.isnan(expected).any(axis=1)
        assert difference(np.asarray(solve(net).policy[t])[reached], expected[reached]) <= TIGHT


def test_the_most_probable_trajectory_is_a_maximum_over_both_agents():
    net = together("action")
    found = solve(net, inference="map")
    mode = {**infer(net, net.optimal, method="enumeration").mode().assignment, **net.optimal}
    assert mode["b_0"] == mode["b_1"] == "go"
    assert mode["a_0"] == net.variable("a_0").states[int(found.policy[0][0].argmax())]
    best = sum(float(cpd.log_array()[tuple(v.index(mode[v.name]) for v in cpd.variables)]) for cpd in net.cpds)
    assert abs(found.log_probability - best) <= TIGHT


@pytest.mark.parametrize("kind", ["", "state", "weather"])
def test_what_is_no_action_is_averaged_over(kind):
    """The same variable as chance: the values are those of the averaged dynamics."""
    net = together(kind)
    mean = net.mdp.transition * 0.5 + 0.5 * np.eye(net.mdp.n_states)[:, None, :]
    plain = unroll(net.mdp, 2, temperature=0.3)
    for t in (0, 1):
        s, a, after = (plain.variable(name) for name in (f"s_{t}", f"a_{t}", f"s_{t + 1}"))
        plain = plain.replace(CPD(after, [s, a], mean))
    for inference in ("variational", "bellman"):
        assert abs(solve(net, inference=inference).value - solve(plain, inference=inference).value) <= TIGHT


def test_other_changes_of_the_network_are_no_agents():
    net = unroll(gridworld("S.G"), 2)
    solve(net.extend(Factor([net.variable("a_0")], [1.0, 2.0, 1.0, 1.0])), inference="bellman")
