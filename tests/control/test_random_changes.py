"""Random replaced and extended networks under every type of inference, against elimination and decision trees."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Variable, infer, solve, unroll
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import ImpossibleEvidence, InvalidModel
from tests.control.changes import random_changed
from tests.inference.decision_tree import DecisionTree
from tests.oracles import log_eliminate

SEEDS = range(60)
TOLERANCE = 1e-10


def close(a, b):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def solved(changed, inference, risk=None):
    """The solution; None where it is refused: nothing is optimal, or messages mix steps."""
    try:
        solution = solve(changed.network, inference=inference, risk=risk)
        solution.value if inference != "posterior" else solution.log_evidence  # noqa: B018
    except (ImpossibleEvidence, InvalidModel) as error:
        if isinstance(error, ImpossibleEvidence):
            assert log_eliminate(changed.tables, (), changed.observed) == -np.inf
        return None
    return solution


@pytest.mark.parametrize("seed", SEEDS)
def test_the_posterior_is_that_of_elimination(seed):
    changed = random_changed(seed)
    if (solution := solved(changed, "posterior")) is None:
        return
    tables, observed, n = changed.tables, changed.observed, changed.base.mdp.n_states
    log_evidence = float(log_eliminate(tables, (), observed))
    assert close(solution.log_evidence, log_evidence), changed.done
    for t in range(changed.network.horizon):
        pairs = np.exp(log_eliminate(tables, (f"s_{t}", f"a_{t}"), observed) - log_evidence)[:n]
        assert close(solution.state_action_marginals[t], pairs), (changed.done, t)
        reached = pairs.sum(axis=1) > 0
        policy = pairs[reached] / pairs[reached].sum(axis=1, keepdims=True)
        assert close(np.asarray(solution.policy[t])[reached], policy), (changed.done, t)


@pytest.mark.parametrize("seed", SEEDS)
def test_map_and_the_best_plan_are_those_of_elimination(seed):
    changed = random_changed(seed)
    tables = changed.tables + [(factor.scope, factor.log_array()) for factor in changed.ended]
    if (solution := solved(changed, "map")) is not None:
        best = float(log_eliminate(tables, (), changed.observed, by=np.maximum))
        assert close(solution.log_probability, best), changed.done
    if changed.counting and (solution := solved(changed, "marginal-map")) is not None:
        plans = log_eliminate(tables, [f"a_{t}" for t in range(changed.network.horizon)], changed.observed)
        value = changed.alpha * plans.max() + changed.network.reward_shift.sum()
        assert close(solution.value, value), changed.done


@pytest.mark.parametrize("seed", SEEDS)
def test_values_are_those_of_the_decision_tree(seed):
    changed = random_changed(seed)
    network, mdp = changed.network, changed.base.mdp
    for inference, risk in (
        ("map", None),
        ("bellman", None),
        ("variational", None),
        ("planning", 0.7),
        ("planning", -1),
    ):
        if mdp.discount < 1 and mdp.reward_table.on_outcome and inference != "map":
            continue  # what an end has collected is mixed in the network's tables, and averaged otherwise
        if (solution := solved(changed, inference, risk)) is None:
            continue
        actions, states = OPERATORS[inference].at(temperature=changed.alpha, risk=risk)
        ended = changed.ended if actions.weight == 0 else []
        tree = DecisionTree(
            network.extend(*ended) if ended else network,
            {f"a_{t}": actions for t in range(network.horizon)},
            states,
            valued=dict(network.optimal),
            unit=changed.alpha,
            weights=(*network.counting, *ended),
        )
        assert close(solution.value, tree.value() + network.reward_shift.sum()), (changed.done, inference)


def test_map_of_a_discounted_counting_network_keeps_a_replaced_prior_as_it_is():
    rng = np.random.default_rng(1)
    mdp = MDP(rng.dirichlet(np.ones(2), (2, 2)), rng.normal(size=(2, 2)), discount=0.8, initial=[0.5, 0.5])
    net = unroll(mdp, 2, action_prior="counting")
    net = net.replace(CPD(net.variable("a_0"), [net.variable("s_0")], [[0.1, 0.9]] * 3))
    mode = infer(net, net.optimal, method="enumeration").mode()  # it does not end, so that ended actions do not matter
    assert mode.log_probability == pytest.approx(-1.641134342480636, abs=1e-12)
    assert solve(net, inference="map").log_probability == pytest.approx(mode.log_probability, abs=1e-12)


def test_a_step_that_hears_nothing_of_its_action_but_an_unobserved_node():
    rng = np.random.default_rng(2)
    net = unroll(MDP(rng.dirichlet(np.ones(2), (2, 3)), rng.normal(size=(2, 3))), 1)
    node = CPD(Variable("C_0", 3, time=0, kind="other"), [net.variable("a_0")], rng.dirichlet(np.ones(3), 3))
    last = CPD(net.variable("s_1"), [net.variable("a_0")], rng.dirichlet(np.ones(2), 3))
    for other in (net.extend(node), net.replace(last), net.replace(last).extend(node)):
        brute = infer(other, other.optimal, method="enumeration")
        assert close(solve(other).policy[0], brute.conditional("a_0", given="s_0").array())
