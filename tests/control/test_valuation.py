"""Every type of inference by one elimination of values, against plain loops and against enumeration."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from control_pgm import MDP, TwoSliceTemplate, Variable, evaluate, infer, plan, solve, unroll
from control_pgm.control.operators import OPERATORS
from control_pgm.control.valuate import valuate
from control_pgm.errors import InvalidArgument
from control_pgm.inference.valued import eliminate_values
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


# --- enumeration ------------------------------------------------------------------------------------------------------
@cache
def small(seed):
    """A process of two steps, two actions and up to three states: arrays P [s,a,s'], r [t,s,a,s'], p(s_0)."""
    rng = np.random.default_rng([seed, 4])
    n = int(rng.integers(2, 4))
    p, r = rows(rng, n, 2, n, zeros=0.3), rng.normal(scale=1.5, size=(2, n, 2, n))
    if rng.random() < 0.3:
        r[rng.random(r.shape) < 0.15] = -np.inf
    return p, r, rows(rng, n, zeros=0.3)


def process(seed):
    """The same as a process."""
    p, r, start = small(seed)
    return MDP(p, r, initial=start, reward_axes="tsas")


def trajectories(seed):
    """Probability of states given actions, and return, with axes s0, a0, s1, a1, s2."""
    p, r, start = small(seed)
    probability = np.einsum("i,iaj,jbk->iajbk", start, p, p)
    returns = r[0][:, :, :, None, None] + r[1][None, None]
    return probability, np.where(probability > 0, returns, 0.0)


def log_mean(weights, values, factor):
    """log sum weights · exp(factor · values) over the axes of states, with weights 0 where they are 0."""
    with np.errstate(divide="ignore"):
        logs = np.where(weights > 0, np.log(weights) + factor * values, -np.inf)
    top = logs.max(axis=(0, 2, 4), keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(logs - top).sum(axis=(0, 2, 4))) + top[0, :, 0, :, 0]


RANDOM = range(200)


def test_the_soft_value_is_that_of_all_trajectories():
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        weights, returns = trajectories(seed)
        expected = alpha * np.logaddexp.reduce(log_mean(weights / 4, returns, 1 / alpha), axis=None)
        found = valuate(unroll(process(seed), 2, temperature=alpha), "posterior").total
        assert difference(found, expected) <= 1e-11, seed


def test_the_value_of_map_is_that_of_the_best_trajectory_and_of_the_mode_of_the_network():
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        weights, returns = trajectories(seed)
        with np.errstate(divide="ignore"):
            expected = np.where(weights > 0, returns + alpha * np.log(weights / 4), -np.inf).max()
        net = unroll(process(seed), 2, temperature=alpha)
        solution = solve(net, inference="map")
        assert difference(solution.value, expected) <= 1e-11, seed
        if expected > -np.inf:
            mode = net.infer().mode()
            assert difference(solution.log_probability, mode.log_probability) <= 1e-11, seed


@pytest.mark.parametrize("risk", [0.3, -0.3, 1.0, -1.0, 3.0, -3.0, None])
def test_planning_and_bellman_are_the_best_of_all_policies(risk):
    """All 2^S · 2^S deterministic policies of two steps, each by all its trajectories."""
    for seed in RANDOM:
        weights, returns = trajectories(seed)
        n = len(weights)
        values = []
        for first, second in product(product(range(2), repeat=n), repeat=2):
            chosen = np.ix_(range(n), range(n), range(n))
            where = chosen[0], np.array(first)[chosen[0]], chosen[1], np.array(second)[chosen[1]], chosen[2]
            values.append(utility(weights[where].ravel(), returns[where].ravel(), risk))
        mdp = process(seed)
        options = {"inference": "bellman"} if risk is None else {"inference": "planning", "risk": risk}
        assert difference(solve(mdp, 2, **options).value, max(values)) <= 1e-11, (seed, risk)


def utility(weights, returns, risk):
    """The expected return, or its certainty equivalent."""
    possible = weights > 0
    weights, returns = weights[possible], returns[possible]
    if risk is None:
        return float((weights * returns).sum())
    top = returns.max() if risk > 0 else returns.min()
    if not np.isfinite(top):
        return -np.inf
    with np.errstate(divide="ignore"):
        return float(np.log((weights * np.exp(risk * (returns - top))).sum()) / risk + top)


def test_values_are_ordered_by_what_is_known_and_chosen():
    """Soft value ≥ planning ≥ marginal MAP ≥ MAP, all counting actions, at lambda = 1/alpha; THEORY section 5."""
    strict = np.zeros(3, dtype=int)
    for seed in RANDOM:
        alpha = 0.2 + seed % 5
        mdp = process(seed)
        if solve(mdp, 2, inference="map", temperature=alpha).value == -np.inf:
            continue
        soft = solve(mdp, 2, temperature=alpha, action_prior="counting").soft_value
        planning = solve(mdp, 2, inference="planning", risk=1 / alpha).value
        blind = solve(mdp, 2, inference="marginal-map", temperature=alpha)
        best = solve(mdp, 2, inference="map", temperature=alpha, action_prior="counting").value
        weights, returns = trajectories(seed)
        assert difference(blind.value, alpha * log_mean(weights, returns, 1 / alpha).max()) <= 1e-11
        values = np.array([soft, planning, blind.value, best])
        assert (np.diff(values) <= 1e-11).all(), seed
        strict += np.diff(values) < -1e-6
    assert (strict > 50).all()


def test_without_luck_planning_open_loop_plans_and_modes_agree():
    rng = np.random.default_rng(1)
    for _ in range(20):
        after = rng.integers(4, size=(4, 3))
        mdp = MDP(np.eye(4)[after], rng.normal(size=(4, 3)), initial=0)
        alpha = float(rng.choice([0.3, 2.0]))
        planning = solve(mdp, 4, inference="planning", risk=1 / alpha).value
        blind = solve(mdp, 4, inference="marginal-map", temperature=alpha)
        best = solve(mdp, 4, inference="map", temperature=alpha, action_prior="counting").value
        bellman = solve(mdp, 4, inference="bellman").value
        assert max(abs(planning - bellman), abs(blind.value - bellman), abs(best - bellman)) <= TIGHT * 10
        assert abs(evaluate(mdp, blind.policy).expected_reward - bellman) <= TIGHT * 10


@pytest.mark.parametrize("own", [False, True])
def test_an_end_by_discount_costs_no_choice_under_maxima(own):
    """With counted actions the plan's and the mode's values are those of the returns, whatever comes after the end."""
    rng = np.random.default_rng(5)
    p, r = rows(rng, 2, 3, 2), rng.normal(size=(2, 3))
    states = [0, 1]
    if own:
        p = np.pad(p, ((0, 1), (0, 0), (0, 1)))
        p[2, :, 2] = 1.0
        r, states = np.vstack([r, np.zeros(3)]), [0, 1, "terminal"]
    mdp = MDP(p, r, discount=0.4, initial=0, states=states)
    gamma, alpha = 0.4, 0.7
    # Two steps: a_0 in state 0; then with probability 0.6 the end, else s_1 and a_1.
    plans = []
    for a, b in product(range(3), repeat=2):
        terms = [(1 - gamma, r[0, a])] + [(gamma * p[0, a, s], r[0, a] + r[s, b]) for s in range(2)]
        plans.append(alpha * np.log(sum(q * np.exp(x / alpha) for q, x in terms)))
    assert abs(solve(mdp, 2, inference="marginal-map", temperature=alpha).value - max(plans)) <= TIGHT
    ends = [alpha * np.log(1 - gamma) + r[0, a] for a in range(3)]
    last = np.maximum(1 - gamma, gamma * p[:2].max(axis=2))  # the mode has the most probable s_2 as well
    on = (r[:2] + alpha * np.log(last)).max(axis=1)
    goes = [alpha * np.log(gamma * p[0, a, s]) + r[0, a] + on[s] for a in range(3) for s in range(2)]
    found = solve(mdp, 2, inference="map", temperature=alpha, action_prior="counting").value
    assert abs(found - max(ends + goes)) <= TIGHT


# --- limits and gradients -------------------------------------------------------------------------------------------
def test_cooling_takes_the_variational_solution_to_bellman_but_not_the_posterior():
    """A lottery ticket beside a sure payment: the cold posterior buys the ticket, being sure to win."""
    transition = [[[0.0, 0.01, 0.99]] * 1 + [[0.0, 0.0, 1.0]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2]
    reward = np.zeros((3, 2, 3))
    reward[0, 0, 1], reward[0, 1, 2] = 1.0, 0.5
    mdp = MDP(transition, reward, initial=0, actions=["ticket", "wage"])
    best = solve(mdp, 3, inference="bellman")
    assert best.value == 0.5
    for alpha in (1e-1, 1e-2, 1e-3, 1e-4):
        soft = solve(mdp, 3, inference="variational", temperature=alpha)
        lost = np.asarray(best.V) - np.asarray(soft.V)
        assert lost.min() >= -TIGHT
        assert lost.max() <= alpha * np.log(2) * 3 + TIGHT
    cold = solve(mdp, 3, temperature=1e-4)
    assert abs(cold.V.sel(t=0, s=0) - 1.0) < 1e-2
    assert cold.policy.sel(t=0, s=0, a="ticket") > 1 - TIGHT
    assert evaluate(mdp, cold.policy).expected_reward < 0.011
    assert soft.policy.sel(t=0, s=0, a="wage") > 1 - TIGHT


def test_small_risks_tend_to_bellman_like_half_a_variance():
    rng = np.random.default_rng(8)
    mdp = MDP(rows(rng, 4, 1, 4), rng.normal(size=(4, 1, 4)), reward_axes="sas")
    mean = solve(mdp, 5, inference="bellman").value
    slopes = [
        (solve(mdp, 5, inference="planning", risk=risk).value - mean) / risk for risk in (1e-3, 1e-5, -1e-5, 1e-7)
    ]
    assert max(slopes) - min(slopes) < 1e-2 * slopes[1]
    assert slopes[1] > 0.1
    assert abs(solve(mdp, 5, inference="planning", risk=1e-12).value - mean) < 1e-11


def test_the_gradient_of_the_evidence_is_the_marginal():
    """d log p(O) / d r_t(s,a) = p(s_t, a_t | O) / alpha with c_t fixed, by central differences."""
    rng = np.random.default_rng(2)
    p, r, alpha, h = rows(rng, 3, 2, 3), rng.normal(size=(2, 3, 2)), 0.6, 1e-4
    marginals = solve(MDP(p, r, reward_axes="tsa"), 2, temperature=alpha).state_action_marginals
    for t, s, a in np.ndindex(2, 3, 2):
        nudge = np.zeros_like(r)
        nudge[t, s, a] = h
        up, down = (
            valuate(unroll(MDP(p, r + sign * nudge, reward_axes="tsa"), 2, temperature=alpha), "posterior").total
            / alpha
            for sign in (1, -1)
        )
        assert abs((up - down) / (2 * h) - marginals[t, s, a] / alpha) <= 1e-6


# --- other networks -------------------------------------------------------------------------------------------------
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
