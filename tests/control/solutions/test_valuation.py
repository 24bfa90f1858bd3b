"""Every type of inference by one elimination of values, against plain loops and against enumeration."""

import numpy as np
import pytest

from control_pgm import MDP, TwoSliceTemplate, Variable, infer, plan, solve, unroll
from control_pgm.control.solutions.valuate import valuate
from control_pgm.control.solutions.weights import OPERATORS
from control_pgm.errors import InvalidArgument
from control_pgm.inference.utility.elimination import eliminate_values
from control_pgm.models.cpd import CPD
from control_pgm.tables.operators import EXPECTATION, MAXIMUM, Operator
from tests.control.comparison import TIGHT, difference
from tests.control.instances import instances, named, rows, solved
from tests.control.plain_values import PlainValues
from tests.control.sparse_pairs import SEEDS, pair

TYPES = [("posterior", None), ("variational", None), ("bellman", None), ("map", None)]
TYPES += [("planning", risk) for risk in (1.0, 0.3, -0.3, -3.0)]
each_type = pytest.mark.parametrize(("inference", "risk"), TYPES)
each_instance = pytest.mark.parametrize("item", instances(), ids=repr)


def scale_of(values):
    """The largest finite magnitude, at least 1."""
    finite = np.abs(values[np.isfinite(values)])
    return float(max(1.0, finite.max(initial=0.0)))


@each_type
@each_instance
def test_values_are_those_of_plain_loops(item, inference, risk):
    operators = OPERATORS[inference].at(temperature=item.options["temperature"], risk=risk)
    counting = isinstance(item.options["action_prior"], str)
    plain = PlainValues(item.reference, *operators, counting=counting)
    found = valuate(unroll(item.mdp, item.horizon, **item.options), inference, risk=risk)
    n, scale = item.mdp.n_states, scale_of(plain.q)
    assert difference(found.q[:, :n], plain.q) <= TIGHT * scale
    assert difference(found.v[:, :n], plain.v) <= TIGHT * scale
    assert difference(found.total, plain.total) <= TIGHT * scale


@each_instance
def test_the_row_posterior_is_what_the_messages_say(item):
    found, exact, n = (
        valuate(unroll(item.mdp, item.horizon, **item.options), "posterior"),
        solved(item),
        item.mdp.n_states,
    )
    scale = scale_of(np.asarray(exact.Q))
    assert difference(found.q[:, :n], exact.Q) <= TIGHT * scale
    assert difference(found.v[:, :n], exact.V) <= TIGHT * scale
    assert difference(found.policy[:, :n], exact.policy) <= TIGHT * scale
    assert abs(found.total - exact.soft_value) <= TIGHT * scale


@each_type
@pytest.mark.parametrize("seed", SEEDS[::2])
def test_sparse_processes_have_the_values_of_dense_ones(seed, inference, risk):
    two = pair(seed)
    thin, thick = (
        valuate(unroll(mdp, two.horizon, **two.options), inference, risk=risk) for mdp in (two.sparse, two.dense)
    )
    scale = scale_of(thick.q)
    assert difference(thin.q, thick.q) <= TIGHT * scale
    assert difference(thin.v, thick.v) <= TIGHT * scale
    assert difference(thin.policy, thick.policy) <= 1e-9
    assert difference(thin.total, thick.total) <= TIGHT * scale


@pytest.mark.parametrize(("inference", "risk"), [("bellman", None), ("planning", 0.7), ("planning", -2.0)])
def test_the_temperature_of_the_network_does_not_matter_to_bellman_and_planning(inference, risk):
    for item in instances():
        found = [
            valuate(unroll(item.mdp, item.horizon, temperature=alpha), inference, risk=risk)
            for alpha in (1.0, 1e-3, 1e4)
        ]
        for other in found[1:]:
            assert difference(other.q, found[0].q) <= TIGHT * scale_of(found[0].q)
            assert difference(other.policy, found[0].policy) == 0


def test_a_linearly_solvable_process_is_the_row_without_actions():
    """Todorov 2006: z = exp(r/alpha) · P z, by matrix products; as a plain chain, and with next states as actions."""
    rng = np.random.default_rng(6)
    n, steps, alpha = 4, 6, 0.7
    passive, r, start = rows(rng, n, n), rng.normal(size=n), rows(rng, n)
    z = [np.ones(n)]
    for _ in range(steps):
        z.append(np.exp(r / alpha) * (passive @ z[-1]))
    expected = alpha * np.log(np.array(z[::-1]))

    x, x1, o = Variable("x", n), Variable("x'", n), Variable("o", 2)
    pay = np.exp((r - r.max()) / alpha)
    step = [CPD(o, [x], np.stack([1 - pay, pay], axis=1)), CPD(x1, [x], passive)]
    chain = TwoSliceTemplate([CPD(x, [], start)], step).unroll(steps)
    observed = {f"o_{t}": 1 for t in range(steps)}
    found = eliminate_values(
        plan(chain, observed, order="reverse topological"),
        {},
        Operator(alpha, alpha),
        values=dict.fromkeys(observed, r),
    )
    assert abs(found.total - alpha * np.log(start @ z[-1])) <= TIGHT * 10

    chosen = np.broadcast_to(np.eye(n), (n, n, n))  # P(s' | s, a) = [s' = a]
    mdp = MDP(chosen, r, reward_axes="s", initial=start)
    for inference in ("posterior", "variational"):
        solution = solve(mdp, steps, inference=inference, temperature=alpha, action_prior=passive)
        assert difference(solution.V, expected) <= TIGHT * 10
    controlled = passive * z[-2] / (passive @ z[-2])[:, None]
    assert difference(solution.policy[0], controlled) <= TIGHT


@pytest.mark.parametrize(
    ("actions", "states"), [(MAXIMUM, EXPECTATION), (Operator(0.8, 0.8), EXPECTATION), (MAXIMUM, Operator(-1.0, -1.0))]
)
def test_a_factored_template_has_the_values_of_its_flattened_process(actions, states):
    rng = np.random.default_rng(9)
    px, py = rows(rng, 2, 2, 2), rows(rng, 3, 2, 2, 3)  # p(x'|x,u), p(y'|y,v,x')
    sx, sy, r = rows(rng, 2), rows(rng, 2, 3), rng.normal(size=(2, 3, 2, 2))  # r(x,y,u,v)
    x, y, u, v = Variable("x", 2), Variable("y", 3), Variable("u", 2), Variable("v", 2)
    x1, y1, o = Variable("x'", 2), Variable("y'", 3), Variable("o", 2)
    even = CPD(u, [], [0.5, 0.5]), CPD(v, [], [0.5, 0.5])
    pays = CPD(o, [x, y, u, v], np.full((2, 3, 2, 2, 2), 0.5))
    step = [*even, pays, CPD(x1, [x, u], px), CPD(y1, [y, v, x1], py)]
    net = TwoSliceTemplate([CPD(x, [], sx), CPD(y, [x], sy)], step).unroll(4)
    observed = {f"o_{t}": 1 for t in range(4)}
    factored = eliminate_values(
        plan(net, observed, order="reverse topological"),
        {name: actions for name in net.variables if name[0] in "uv"},
        states,
        values=dict.fromkeys(observed, r),
    )
    flat = np.einsum("xuX,yvXY->xyuvXY", px, py).reshape(6, 4, 6)
    mdp = MDP(flat, r.reshape(6, 4), initial=(sx[:, None] * sy).ravel())
    inference = {(0.0, EXPECTATION): "bellman", (0.8, EXPECTATION): "variational"}.get(
        (actions.weight, states), "planning"
    )
    risk = 1 / states.weight if inference == "planning" else None
    whole = valuate(unroll(mdp, 4, temperature=0.8), inference, risk=risk)
    assert abs(factored.total - whole.total) <= TIGHT
    last = factored.after("u_0")
    assert difference(last.values.reshape(6), whole.v[0]) <= TIGHT


def test_rewards_that_overflow_are_refused():
    mdp = MDP([[[1.0]]], [[-1e30]])
    with pytest.raises(InvalidArgument, match=r"magnitude 1e\+30 at O_0.*lower the risk"):
        solve(mdp, 2, inference="planning", risk=1.0)
    assert solve(mdp, 2, inference="bellman").value == -2e30


def test_the_policy_of_map_follows_the_mode():
    solution = solve(named("four states, three actions").mdp, 3, inference="map", temperature=0.3)
    mode = infer(solution.network, solution.network.optimal).mode().assignment
    for t in range(3):
        assert solution.policy.sel(t=t, s=mode[f"s_{t}"], a=mode[f"a_{t}"]) == 1.0
