"""Rewards of networks whose dynamics or prior were replaced: paid for every outcome that has one, refused elsewhere."""

from itertools import product
from math import exp, inf, log

import numpy as np
import pytest
from scipy import sparse

from control_pgm import CPD, MDP, Factor, Variable, gridworld, infer, solve, unroll
from control_pgm.control.mdp.rewards import Rewards
from control_pgm.errors import InvalidModel
from tests.control.comparison import TIGHT, difference
from tests.control.instances import full_prior, rows
from tests.control.recursion import Reference, unfold
from tests.inference.decision_tree import phi

T, N, M = 3, 3, 2
SHIFT = np.zeros((N, M, N))  # stay, or one to the right
for state in range(N):
    SHIFT[state, 0, state] = SHIFT[state, 1, min(state + 1, N - 1)] = 1.0
KINDS = [("posterior", None), ("variational", None), ("bellman", None), ("map", None), ("planning", 0.7)]
each_kind = pytest.mark.parametrize(("inference", "risk"), [*KINDS, ("planning", -1.5)])


def dynamics(net, t, table):
    """p(s_{t+1} | s_t, a_t) of a network from an array."""
    names = (f"s_{t}", f"a_{t}", f"s_{t + 1}")
    s, a, nxt = map(net.variable, names)
    return CPD(nxt, [s, a], table)


def storm(seed, *, zeros=0.3):
    """Other dynamics than SHIFT, with outcomes that it lacks."""
    return rows(np.random.default_rng(seed), N, M, N, zeros=zeros)


def over_time(changed):
    """SHIFT at every step but those of ``changed``: t -> table."""
    return np.stack([changed.get(t, SHIFT) for t in range(T)])


FORMS = {"sas": (N, M, N), "tsas": (T, N, M, N), "sa": (N, M), "several": (2, N, M, N)}


def process(form, rng, table=SHIFT, *, thin=False, values=None, **more):
    """A process with random rewards in some form, and what a hand-written reference needs to know of them."""
    values = rng.normal(scale=2.0, size=FORMS[form]) if values is None else values
    given = sparse.csr_array(table.reshape(-1, N)) if thin else table
    if form == "several":
        w = np.random.default_rng(5).random((N, M, N))
        weights = np.stack([w, 1.0 - w])
        return MDP(given, Rewards("sas", values, weights), **more), values, weights
    return MDP(given, values, reward_axes=form, **more), values, None


def reference(form, values, weights, table, **more):
    """The hand-written recursion of dynamics that vary with time."""
    axes = {"several": "ksas"}.get(form, form)
    prior = full_prior(None, np.ones((N, M), bool), T)
    return Reference(unfold(table, (axes, values), T, weights), np.full(N, 1 / N), prior, **more)


@pytest.mark.parametrize("thin", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("discount", [1.0, 0.7])
@pytest.mark.parametrize("changed", [(0,), (1, 2)], ids=str)
def test_an_outcome_that_was_impossible_is_paid_its_reward(form, thin, discount, changed):
    rng = np.random.default_rng(3)
    mdp, values, weights = process(form, rng, thin=thin, discount=discount)
    net = unroll(mdp, T, temperature=0.8)
    tables = {t: storm(t) for t in changed}
    for t, table in tables.items():
        net = net.replace(dynamics(net, t, _ended(table, discount)))
    expected = reference(form, values, weights, over_time(tables), alpha=0.8, gamma=discount)
    solution = solve(net)
    assert difference(solution.policy, expected.policy) <= TIGHT
    assert difference(solution.Q, np.where(expected.q > -inf, 0.8 * expected.q, -inf)) <= 1e-11
    total = np.logaddexp.reduce(expected.f[0, :N] + expected.b[0, :N])
    assert abs(solution.log_evidence_unshifted - total) <= TIGHT
    assert solution.log_evidence <= TIGHT  # c_t is large enough: p(O=1) is a probability
    brute = infer(net, net.optimal, method="enumeration")
    assert abs(solution.log_evidence - brute.log_evidence) <= TIGHT


@pytest.mark.parametrize("discount", [0.6, 0.0])
@pytest.mark.parametrize("thin", [False, True], ids=["dense", "sparse"])
@each_kind
def test_discount_into_a_terminal_state_of_the_process(discount, thin, inference, risk):
    """Arriving in "terminal" by the dynamics is paid its own reward, ending there by discount what was reached."""
    values = np.random.default_rng(14).normal(size=(N, M, N))
    values[N - 1] = 0.0
    table, other = storm(15), storm(16)
    table[N - 1] = other[N - 1] = np.eye(N)[N - 1]
    names = {"states": ["x", "y", "terminal"], "discount": discount}
    net = unroll(process("sas", None, table, values=values, thin=thin, **names)[0], 2, temperature=0.8)
    ends = np.array(discount * other)
    ends[:, :, N - 1] += 1.0 - discount
    ends[N - 1] = other[N - 1]
    found = solve(net.replace(dynamics(net, 0, ends)), inference=inference, risk=risk)
    both = np.stack([other, table]) if discount else np.stack([table, table])
    whole = unroll(MDP(both, values, reward_axes="sas", **names), 2, temperature=0.8)
    expected = solve(whole, inference=inference, risk=risk)
    for name in ("policy", "Q", "V"):
        assert difference(getattr(found, name), getattr(expected, name)) <= 1e-11, name


def _ended(table, discount):
    """The table of a network with discount: a last state that stays, and takes up 1 − gamma of every other row."""
    if discount == 1.0:
        return table
    larger = np.zeros((N + 1, M, N + 1))
    larger[:N, :, :N], larger[:N, :, N], larger[N, :, N] = discount * table, 1.0 - discount, 1.0
    return larger


@each_kind
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("discount", [1.0, 0.7])
@pytest.mark.parametrize("thin", [False, True], ids=["dense", "sparse"])
def test_a_replaced_network_is_that_of_the_replaced_process(form, discount, inference, risk, thin):
    """Every type of inference: the changed network against the network of dynamics that vary with time."""
    tables = {0: storm(7), 2: storm(8)}
    mdp, values, _ = process(form, np.random.default_rng(4), thin=thin, discount=discount)
    net = unroll(mdp, T, temperature=0.8)
    for t, table in tables.items():
        net = net.replace(dynamics(net, t, _ended(table, discount)))
    whole = process(form, None, over_time(tables), values=values, discount=discount)[0]
    found = solve(net, inference=inference, risk=risk)
    expected = solve(unroll(whole, T, temperature=0.8), inference=inference, risk=risk)
    for name in ("policy", "Q", "V", "state_marginals"):
        assert difference(getattr(found, name), getattr(expected, name)) <= 1e-11, name
    if inference != "posterior":
        assert abs(found.value - expected.value) <= 1e-11
    if inference == "variational":
        assert abs(found.gap - expected.gap) <= 1e-11


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("inference", "risk"), KINDS[1:])
def test_values_of_a_replaced_network_by_hand(form, inference, risk):
    """Q and V by a recursion over outcomes: the operators of theory, nothing of the package."""
    alpha, table = 0.8, storm(9)
    mdp, values, weights = process(form, np.random.default_rng(6))
    net = unroll(mdp, T, temperature=alpha)
    net = net.replace(dynamics(net, 1, table))
    outcomes = reference(form, values, weights, over_time({1: table})).outcomes
    (ka, wa), (ks, ws) = {
        "variational": ((alpha, alpha), (inf, inf)),
        "bellman": ((0.0, 0.0), (inf, inf)),
        "map": ((alpha, 0.0), (alpha, 0.0)),
        "planning": ((0.0, 0.0), (1.0 / (risk or 1.0), 1.0 / (risk or 1.0))),
    }[inference]
    v = np.zeros((T + 1, N))
    for t, s in product(reversed(range(T)), range(N)):
        q = [phi([(p, r + v[t + 1, nxt]) for p, nxt, r in outcomes[t][s][a]], ks, ws) for a in range(M)]
        v[t, s] = phi([(1.0 / M, x) for x in q], ka, wa)
    assert difference(solve(net, inference=inference, risk=risk).V, v) <= TIGHT


@pytest.mark.parametrize("form", FORMS)
def test_the_best_plan_of_a_replaced_network(form):
    alpha, table = 0.8, storm(10)
    mdp, values, weights = process(form, np.random.default_rng(6))
    net = unroll(mdp, T, temperature=alpha, action_prior="counting")
    net = net.replace(dynamics(net, 1, table))
    outcomes = reference(form, values, weights, over_time({1: table})).outcomes

    def worth(plan):
        mass = np.full(N, 1 / N)
        for t, a in enumerate(plan):
            after = np.zeros(N)
            for s in range(N):
                for p, nxt, r in outcomes[t][s][a]:
                    after[nxt] += mass[s] * p * exp(r / alpha)
            mass = after
        return alpha * log(mass.sum())

    best = max(product(range(M), repeat=T), key=worth)
    solution = solve(net, inference="marginal-map")
    assert solution.plan == best
    assert abs(solution.value - worth(best)) <= TIGHT


def test_a_goal_that_is_suddenly_within_reach_is_worth_reaching():
    reward = np.zeros((N, M, N))
    reward[:2, :, 2] = 1.0
    net = unroll(MDP(SHIFT, reward, initial=0), 1)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.0, 1.0]
    solution = solve(net.replace(dynamics(net, 0, jump)))
    assert difference(solution.policy.sel(t=0, s=0), [1 / (1 + np.e), np.e / (1 + np.e)]) <= TIGHT


def test_the_shift_rises_with_what_is_possible_and_falls_never():
    """c_t is the largest reward of what can happen; evidence of networks that do less stays comparable."""
    reward = np.zeros((N, M, N))
    reward[0, 1, 2] = 5.0
    net = unroll(MDP(SHIFT, reward, initial=0), 2)
    assert net.reward_shift.tolist() == [0.0, 0.0]
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    raised = net.replace(dynamics(net, 0, jump))
    assert raised.reward_shift.tolist() == [5.0, 0.0]
    assert raised.cpd("O_0").array()[..., 1].max() == 1.0
    back = raised.replace(dynamics(net, 0, SHIFT))
    assert back.reward_shift.tolist() == [5.0, 0.0]
    same, first = solve(back), solve(net)
    assert difference(same.policy, first.policy) <= TIGHT
    assert abs(same.log_evidence_unshifted - first.log_evidence_unshifted) <= TIGHT
    assert abs(same.soft_value - first.soft_value) <= TIGHT
    assert solve(net.replace(net.cpd("s_1"))).log_evidence == first.log_evidence


def test_a_storm_in_a_gridworld():
    """At t=0 wind blows from anywhere to anywhere; entering the goal pays, whatever leads there."""
    for thin in (False, True):
        mdp = gridworld("S.G\n..H", step_reward=-0.1, sparse=thin)
        n = mdp.n_states
        net = unroll(mdp, 2, temperature=0.5)
        blown = np.array(mdp.transition)
        live = [k for k, label in enumerate(mdp.states) if label not in ("(0,2)", "(1,2)")]
        blown[live] = 0.5 * blown[live] + 0.5 / n
        storms = net.replace(dynamics(net, 0, blown))
        entering = {mdp.states.index("(0,2)"): 1.0, mdp.states.index("(1,2)"): -1.0}
        reward = np.zeros((n, 4, n))
        for s in live:
            for nxt in range(n):
                reward[s, :, nxt] = -0.1 + (entering.get(nxt, 0.0) if nxt != s else 0.0)
        both = np.stack([blown, np.array(mdp.transition)])
        expected = solve(MDP(both, reward, initial=mdp.initial), 2, temperature=0.5)
        for name in ("policy", "Q", "state_marginals", "log_evidence_unshifted"):
            assert difference(getattr(solve(storms), name), getattr(expected, name)) <= TIGHT, name


def test_dynamics_of_another_network_keep_a_large_grid_sparse():
    text = "S" + "." * 24 + "\n" + "\n".join("." * 25 for _ in range(24)) + "\n" + "." * 24 + "G"
    calm, wild = gridworld(text), gridworld(text, slip=0.6)
    assert calm.sparse
    net = unroll(calm, 3)
    changed = net.replace(unroll(wild, 3).cpd("s_1"))
    assert changed.cpd("O_0").scaled.sparse
    found, every = solve(changed), solve(unroll(wild, 3).replace(unroll(calm, 3).cpd("s_2")).replace(net.cpd("s_3")))
    assert difference(found.policy, every.policy) <= TIGHT
    for kind in ("variational", "bellman"):
        assert np.isfinite(solve(changed, inference=kind).value)


# --- the prior ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("discount", [1.0, 0.7])
@each_kind
def test_an_action_of_prior_zero_that_becomes_possible_is_paid_its_reward(form, discount, inference, risk):
    rng = np.random.default_rng(12)
    mdp, _, _ = process(form, rng, storm(13), discount=discount)
    never = np.array([[1.0, 0.0], [0.4, 0.6], [0.0, 1.0]])
    other = np.stack([never, rows(rng, N, M), never])
    net = unroll(mdp, T, temperature=0.8, action_prior=never)
    scope = [net.variable("s_1"), net.variable("a_1")]
    row = [[0.5, 0.5]] * (scope[0].cardinality - N)
    changed = net.replace(CPD(scope[1], scope[:1], np.concatenate([other[1], np.reshape(row, (-1, M))])))
    found = solve(changed, inference=inference, risk=risk)
    expected = solve(unroll(mdp, T, temperature=0.8, action_prior=other), inference=inference, risk=risk)
    for name in ("policy", "Q", "V"):
        assert difference(getattr(found, name), getattr(expected, name)) <= 1e-11, name


def test_an_action_that_is_not_available_is_refused_until_it_is_known_where_it_leads():
    available = [[True, False], [True, True], [True, True]]
    reward = np.arange(N * M * N, dtype=float).reshape(N, M, N)
    net = unroll(MDP(SHIFT, reward, available=available, reward_axes="sas"), 2)
    scope = [net.variable("s_0"), net.variable("a_0")]
    prior = CPD(scope[1], scope[:1], np.full((N, M), 0.5))
    message = r"s_0=0, a_0=1, which is not available; .*replace p\(s_1 \| s_0, a_0\) first"
    with pytest.raises(InvalidModel, match=message):
        net.replace(prior)
    found = solve(net.replace(dynamics(net, 0, SHIFT)).replace(prior))
    first = np.log((np.exp(reward) * SHIFT).sum(axis=2))
    ahead = np.array([first[0, 0], *np.logaddexp.reduce(first[1:] - np.log(2), axis=1)])
    expected = np.log((np.exp(reward) * SHIFT * np.exp(ahead)).sum(axis=2))
    assert difference(found.Q[0], expected) <= 1e-12
    counting = unroll(MDP(SHIFT, reward, available=available, reward_axes="sas"), 2, action_prior="counting")
    with pytest.raises(InvalidModel, match=r"not available; .*action_prior"):
        counting.replace(dynamics(net, 0, SHIFT)).replace(prior)


def test_another_start_needs_no_other_rewards():
    mdp, values, weights = process("sas", np.random.default_rng(2), initial=0)
    net = unroll(mdp, T)
    start = net.variable("s_0")
    changed = net.replace(CPD(start, [], [0.2, 0.3, 0.5]))
    assert changed.reward_shift is net.reward_shift
    expected = Reference(
        unfold(SHIFT, ("sas", values), T, weights), np.array([0.2, 0.3, 0.5]), np.full((T, N, M), 1 / M)
    )
    assert difference(solve(changed).state_marginals, expected.state_marginals[:, :N]) <= TIGHT


# --- tables of one's own ------------------------------------------------------------------------------------------
def test_a_table_of_ones_own_is_left_alone():
    mdp, _, _ = process("sas", np.random.default_rng(2))
    net = unroll(mdp, T)
    scope = [net.variable(name) for name in ("s_0", "a_0", "s_1", "O_0")]
    own = CPD(scope[-1], scope[:-1], rows(np.random.default_rng(1), N, M, N, 2))
    changed = net.replace(own).replace(dynamics(net, 0, storm(1)))
    assert changed.cpd("O_0") is own
    assert changed.reward_shift is net.reward_shift
    other = net.replace(dynamics(net, 0, storm(1))).replace(own)
    assert difference(solve(changed).policy, solve(other).policy) == 0.0
    for kind in ("variational", "map"):
        assert difference(solve(changed, inference=kind).policy, solve(other, inference=kind).policy) <= TIGHT


def test_parents_of_ones_own_are_seen_through():
    """A switch beside s and a: what it makes possible in any of its positions is paid."""
    mdp, values, _ = process("sas", np.random.default_rng(2), initial=0)
    net = unroll(mdp, 2, temperature=0.8)
    wind = Variable("wind", ["calm", "storm"])
    two = np.stack([SHIFT, storm(5)], axis=2)
    s, a, nxt = (net.variable(name) for name in ("s_0", "a_0", "s_1"))
    net = net.extend(CPD(wind, [], [0.75, 0.25])).replace(CPD(nxt, [s, a, wind], two))
    mean = 0.75 * SHIFT + 0.25 * storm(5)
    expected = solve(MDP(np.stack([mean, SHIFT]), values, initial=0, reward_axes="sas"), 2, temperature=0.8)
    assert abs(net.infer().log_evidence + net.reward_shift.sum() / 0.8 - expected.log_evidence_unshifted) <= TIGHT
    found = net.infer().conditional("a_0", given="s_0", undefined="nan").array()
    assert difference(found[0], expected.policy[0][0]) <= TIGHT
    ending = unroll(MDP(SHIFT, values, reward_axes="sas", discount=0.5), 2)
    s, a, nxt = (ending.variable(name) for name in ("s_0", "a_0", "s_1"))
    table = np.stack([_ended(SHIFT, 0.5), _ended(storm(5), 0.5)], axis=2)
    with pytest.raises(InvalidModel, match=r"depends on 'wind', .*ended by discount.*replace p\(O_0"):
        ending.extend(CPD(wind, [], [0.75, 0.25])).replace(CPD(nxt, [s, a, wind], table))


# --- refusals -----------------------------------------------------------------------------------------------------
def listed(**more):
    """SHIFT as a list of outcomes with rewards."""
    outcomes = [(s, a, 1.0, int(SHIFT[s, a].argmax()), float(s)) for s in range(N) for a in range(M)]
    return MDP.from_outcomes(outcomes, **more)


UNKNOWN = r"p\(s_1 \| …\) makes s_0=0, a_0=1, s_1=2 possible, for which no reward is known; .*replace p\(O_0"


@pytest.mark.parametrize("thin", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("discount", [1.0, 0.5])
def test_an_outcome_that_no_list_names_is_refused(thin, discount):
    net = unroll(listed(sparse=thin, discount=discount), 2)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    with pytest.raises(InvalidModel, match=UNKNOWN):
        net.replace(dynamics(net, 0, _ended(jump, discount)))
    less = SHIFT.copy()
    less[0, 1] = SHIFT[0, 0]
    with pytest.raises(InvalidModel, match="s_1=0 possible"):
        net.replace(dynamics(net, 0, _ended(less, discount)))
    same = net.replace(dynamics(net, 0, _ended(SHIFT, discount)))
    assert difference(solve(same).policy, solve(net).policy) <= TIGHT


@pytest.mark.parametrize("named", [False, True])
def test_sparse_rewards_are_known_where_they_have_an_entry(named):
    entries = np.zeros((N * M, N))
    entries[1, 2] = 3.0 if named else 0.0
    entries[3, 2] = 1.0
    net = unroll(MDP(sparse.csr_array(SHIFT.reshape(-1, N)), sparse.csr_array(entries)), 1)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    if not named:
        with pytest.raises(InvalidModel, match=UNKNOWN):
            net.replace(dynamics(net, 0, jump))
        return
    changed = net.replace(dynamics(net, 0, jump))
    assert changed.reward_shift.tolist() == [3.0]
    expected = np.log([1.0, 0.5 + 0.5 * np.exp(3.0)])
    assert difference(solve(changed).Q[0][0], expected) <= TIGHT


def test_an_outcome_listed_with_probability_zero_has_a_reward():
    for thin in (False, True):
        outcomes = [(0, 0, 1.0, 0, 0.0), (0, 0, 0.0, 1, 2.0), (1, 0, 1.0, 1, 0.0)]
        net = unroll(MDP.from_outcomes(outcomes, initial=0, sparse=thin), 1)
        changed = net.replace(dynamics(net, 0, [[[0.5, 0.5]], [[0.0, 1.0]]]))
        assert abs(solve(changed).soft_value - np.log(0.5 + 0.5 * np.exp(2.0))) <= TIGHT


def test_outcomes_with_times_are_known_where_they_are_listed():
    """At t=0 the jump is listed with probability 0, at t=1 it is not."""
    listed = [
        {"t": t, "s": s, "a": a, "p": 1.0, "next": int(SHIFT[s, a].argmax()), "r": 0.0}
        for t, s, a in product((0, 1), range(N), range(M))
    ]
    rare = {"t": 0, "s": 0, "a": 1, "p": 0.0, "next": 2, "r": 3.0}
    net = unroll(MDP.from_outcomes([*listed, rare], initial=0), 2)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    changed = net.replace(dynamics(net, 0, jump))
    assert difference(solve(changed).Q[0][0], np.log([1.0, 0.5 + 0.5 * np.exp(3.0)])) <= TIGHT
    with pytest.raises(InvalidModel, match=r"s_1=0, a_1=1, s_2=2 possible, for which no reward is known"):
        net.replace(dynamics(net, 1, jump))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_rewards_of_impossible_outcomes_are_checked_when_they_count(wrong):
    reward = np.zeros((N, M, N))
    reward[0, 1, 2] = wrong
    net = unroll(MDP(SHIFT, reward), 1)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    with pytest.raises(InvalidModel, match=rf"s_1=2 possible, for which the reward given is {wrong}"):
        net.replace(dynamics(net, 0, jump))


def test_rewards_that_forbid_still_forbid():
    reward = np.zeros((N, M, N))
    reward[0, 1, 2] = -inf
    net = unroll(MDP(SHIFT, reward, initial=0), 1)
    jump = SHIFT.copy()
    jump[0, 1] = [0.0, 0.5, 0.5]
    assert difference(solve(net.replace(dynamics(net, 0, jump))).policy[0][0], [2 / 3, 1 / 3]) <= TIGHT


def test_a_process_that_has_ended_does_not_go_on():
    net = unroll(MDP(SHIFT, np.ones((N, M, N)), discount=0.5), 2)
    table = _ended(SHIFT, 0.5)
    table[N] = table[0]
    with pytest.raises(InvalidModel, match="leads on from s_1='terminal'"):
        net.replace(dynamics(net, 1, table))


def test_a_waypoint_leaves_rewards_alone():
    net = unroll(MDP(SHIFT, np.ones((N, M, N))), 2)
    assert net.extend(Factor([net.variable("s_1")], [1.0, 0.0, 1.0])).reward_shift is net.reward_shift
