"""What `solve` gives and refuses under every type of inference, on unrolled and on changed networks."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Factor, Variable, evaluate, gridworld, infer, solve, unroll
from control_pgm.control.operators import OPERATORS
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel, NotAvailable, UndefinedConditional
from tests.control.comparison import TIGHT, difference
from tests.control.instances import named, rows
from tests.inference.decision_tree import DecisionTree

RNG = np.random.default_rng(21)
P, R, END = rows(RNG, 2, 2, 2), RNG.normal(size=(2, 2)), [0.5, -1.0]
NET = unroll(MDP(P, R), 2, temperature=0.8)
OUTCOME = unroll(MDP(P, RNG.normal(size=(2, 2, 2)), reward_axes="sas", terminal_reward=END), 2, temperature=0.8)
LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})
SLIDE = gridworld("S..\n.#H\n..G", slip=0.2)
VALUED = [("variational", None), ("bellman", None), ("map", None), ("planning", 0.7), ("planning", -1.5)]
each_valued = pytest.mark.parametrize(("inference", "risk"), VALUED)
both = pytest.mark.parametrize("net", [NET, OUTCOME], ids=["reward on pair", "reward on outcome"])


def all_types(mdp, horizon, alpha=0.3):
    """The solution of every type."""
    soft = {"temperature": alpha}
    options = {"posterior": soft, "variational": soft, "map": soft, "marginal-map": soft, "bellman": {}}
    options["planning"] = {"risk": 2.0}
    return {kind: solve(mdp, horizon, inference=kind, **more) for kind, more in options.items()}


# --- what there is ----------------------------------------------------------------------------------------------------
def test_every_type_has_a_policy_marginals_and_a_text():
    for kind, solution in all_types(SLIDE, 4).items():
        policy = np.asarray(solution.policy)
        assert policy.shape == (4, 8, 4)
        assert np.abs(policy.sum(axis=2) - 1).max() <= TIGHT
        assert np.abs(solution.state_marginals.sum(axis=1) - 1).max() <= TIGHT
        assert difference(solution.state_action_marginals.sum(axis=2), solution.state_marginals[:-1]) <= TIGHT
        assert solution.terminated.shape == (5,)
        assert f"'{kind}'" in repr(solution)
        assert kind in str(solution)
        assert kind in solution._repr_html_()
        if kind != "posterior":
            assert difference(solution.state_marginals, evaluate(SLIDE, policy).state_marginals) <= TIGHT
        if kind != "marginal-map":
            gap = solution.Q.values - solution.V.values[:-1, :, None]
            assert difference(solution.advantage, gap) == 0
            assert difference(solution.V[-1], np.zeros(8)) == 0


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("variational", ["log_backward", "log_forward", "plan"]),
        ("planning", ["log_backward_action", "log_evidence", "elbo", "gap", "soft_value", "posterior", "plan"]),
        ("bellman", ["log_forward", "log_evidence", "soft_value", "plan"]),
        ("map", ["log_backward", "log_evidence", "elbo", "soft_value", "posterior", "plan"]),
        ("marginal-map", ["Q", "V", "advantage", "log_backward", "log_evidence", "gap", "soft_value", "posterior"]),
    ],
)
def test_what_a_type_does_not_have_names_the_type_and_the_way_out(kind, names):
    solution = all_types(SLIDE, 3)[kind]
    for name in names:
        with pytest.raises(NotAvailable, match=f"inference='{kind}' has no {name}; .+"):
            getattr(solution, name)
    with pytest.raises(AttributeError, match="has no attribute 'quality'"):
        _ = solution.quality


@pytest.mark.parametrize("risk", [1.3, -1.3])
def test_the_value_of_planning_is_the_certainty_equivalent_of_its_policy(risk):
    """log E exp(lambda · return) of a fixed policy is what exact inference with that prior computes."""
    mdp, sign = named("reward on outcome").mdp, np.sign(risk)
    solution = solve(mdp, 3, inference="planning", risk=risk)
    mirrored = MDP(mdp.transition, sign * mdp.rewards.values[0], reward_axes="sas")
    fixed = solve(mirrored, 3, temperature=1 / abs(risk), action_prior=solution.policy)
    assert abs(solution.value - sign * fixed.soft_value) <= TIGHT


def test_risk_is_sought_or_shunned():
    """Two lotteries of mean 1: a sure one and one of 0 or 2."""
    mdp = MDP([[[0, 1, 0], [0, 0.5, 0.5]], [[0, 1, 0]] * 2, [[0, 0, 1]] * 2], np.zeros(3), initial=0)
    reward = np.zeros((3, 2, 3))
    reward[0, 0, 1], reward[0, 1, 2] = 1.0, 2.0
    mdp = MDP(mdp.transition, reward, reward_axes="sas", initial=0)
    assert solve(mdp, 1, inference="planning", risk=1.0).policy[0, 0].tolist() == [0.0, 1.0]
    assert solve(mdp, 1, inference="planning", risk=-1.0).policy[0, 0].tolist() == [1.0, 0.0]
    assert solve(mdp, 1, inference="bellman").policy[0, 0].tolist() == [0.5, 0.5]
    assert abs(solve(mdp, 1, inference="planning", risk=-1.0).Q[0, 0, 1] + np.log((1 + np.exp(-2)) / 2)) <= TIGHT


def test_an_open_loop_plan_is_the_best_blind_one_and_says_how_good_it_is():
    solution = solve(SLIDE, 4, inference="marginal-map", temperature=0.5)
    assert solution.exact
    assert solution.lower == solution.value == solution.upper
    assert len(solution.plan) == 4
    for t, label in enumerate(solution.plan):
        assert (solution.policy.sel(t=t, a=label) == 1).all()
    fixed = solve(SLIDE, 4, temperature=0.5, action_prior=solution.policy)
    assert abs(fixed.soft_value - solution.value) <= TIGHT


def test_a_plan_whose_action_is_missing_somewhere_is_undefined_there():
    """An unavailable action in an open-loop plan has probability 0: only luck avoids the state that lacks it."""
    mdp = MDP([[[0.5, 0.5]] * 2, [[0, 1]] * 2], [[0, 5.0], [0, 0]], initial=0, available={1: [0]})
    solution = solve(mdp, 2, inference="marginal-map", temperature=0.1)
    assert solution.plan == (1, 1)
    assert np.isnan(solution.policy[:, 1]).all()
    assert abs(solution.value - 0.1 * np.log(0.5 * np.exp(100.0))) <= 1e-11
    with pytest.raises(UndefinedConditional, match="t=1, s=1"):
        solution.state_marginals  # noqa: B018


def test_states_without_hope_are_undefined_under_every_type():
    mdp = MDP([[[0, 1], [1, 0]], [[0, 1]] * 2], [[0.0, 1.0], [-np.inf, -np.inf]], initial=0)
    for kind, solution in all_types(mdp, 3).items():
        if kind == "marginal-map":
            assert solution.plan == (1, 1, 1)  # any last action would do but the best pays
            continue
        assert np.isnan(solution.policy[0, 1]).all(), kind
        assert solution.V[0, 1] == -np.inf
        assert not solution.defined[0, 1]
        assert np.isnan(solution.advantage[0, 1]).all()
        assert solution.state_marginals[2].tolist() == [1.0, 0.0], kind


def test_a_process_that_is_forbidden_altogether_says_so():
    mdp = MDP(np.ones((1, 2, 1)), [[-np.inf, -np.inf]])
    for kind in ("posterior", "marginal-map"):
        with pytest.raises(ImpossibleEvidence, match="slice 0"):
            solve(mdp, 2, inference=kind)
    for kind, risk in VALUED:
        solution = solve(mdp, 2, inference=kind, risk=risk)
        assert solution.value == -np.inf
        with pytest.raises(UndefinedConditional, match="t=0, s=0"):
            solution.state_marginals  # noqa: B018


def test_the_own_terminal_state_takes_up_what_discount_ends():
    item = named("discount, own terminal")
    free = MDP(np.eye(3)[[[1, 1], [0, 0], [2, 2]]], np.zeros((3, 2)), discount=0.8, states=["x", "y", "terminal"])
    for mdp in (item.mdp, free):
        solution = solve(mdp, 3, inference="variational")
        assert np.abs(solution.state_marginals.sum(axis=1) - 1).max() <= TIGHT
        assert solution.terminated.tolist() == [0.0] * 4
    assert difference(solution.state_marginals, solve(free, 3).state_marginals) <= TIGHT


# --- what is refused --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "planning"}, ["risk=None", "≠ 0", "pass risk"]),
        ({"inference": "planning", "risk": 0}, ["risk=0", "bellman"]),
        ({"inference": "planning", "risk": np.inf}, ["risk=inf", "finite"]),
        ({"inference": "planning", "risk": np.nan}, ["risk=nan"]),
        ({"inference": "planning", "risk": "high"}, ["risk='high'"]),
        ({"inference": "planning", "risk": True}, ["risk=True"]),
        ({"inference": "planning", "risk": 1.0, "temperature": 0.5}, ["temperature with", "risk=1/temperature"]),
        ({"inference": "planning", "risk": 1.0, "action_prior": [0.25] * 4}, ["action_prior", "counts the same"]),
        ({"inference": "planning", "risk": 1.0, "convention": "sum"}, ["convention='sum'", "planning", "leave"]),
        ({"inference": "map", "convention": "sum"}, ["convention='sum'", "'map'"]),
        ({"inference": "map", "risk": 1.0}, ["risk=1.0", "'map'", "planning"]),
        ({"inference": "marginal-map", "risk": 1.0}, ["risk=1.0", "leave risk out"]),
        ({"inference": "marginal-map", "action_prior": "counting"}, ["action_prior", "leave action_prior out"]),
        ({"inference": "marginal-map", "convention": "sum"}, ["convention='sum'"]),
        ({"inference": "bellman", "keep": "checkpoints"}, ["keep='checkpoints'", "leave keep out"]),
        ({"inference": "bellman", "temperature": [1.0, 0.5, 0.1]}, ["temperature with", "limit of temperature 0"]),
        ({"inference": "map", "temperature": [1.0, 0.5, 0.1]}, ["schedule", "'map'", "one temperature"]),
        ({"inference": "marginal-map", "temperature": [1.0, 0.5, 0.1]}, ["schedule", "'marginal-map'"]),
        ({"temperature": [1.0, 0.5, 0.1], "convention": "sum"}, ["convention='sum'", "no common unit"]),
        ({"temperature": [1.0, 0.5]}, ["shape (2,)", "3 of them"]),
        ({"temperature": [1.0, 0.5, -0.1]}, ["-0.1", "t=2", "> 0"]),
        ({"temperature": [[1.0], [0.5], [0.1]]}, ["shape (3, 1)"]),
        ({"temperature": "cold"}, ["'cold'", "> 0"]),
        ({"inference": "Planning"}, ["'Planning'", "'planning'", "'marginal-map'"]),
    ],
)
def test_a_wrong_combination_is_refused_with_what_to_do(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve(SLIDE, 3, **options)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_open_loop_plans_need_networks_that_count():
    for net, words in [
        (unroll(SLIDE, 2, action_prior=[0.1, 0.2, 0.3, 0.4]), ["an action prior", "counting"]),
        (NET.extend(Factor([NET.variable("s_1")], [1.0, 0.5])), ["replaced or added tables", "counting"]),
    ]:
        with pytest.raises(InvalidArgument) as error:
            solve(net, inference="marginal-map")
        assert all(word in str(error.value) for word in words)
    counting = unroll(NET.mdp, 2, temperature=0.8, action_prior="counting")
    assert solve(counting, inference="marginal-map").value == solve(NET, inference="marginal-map").value
    barred = counting.extend(Factor([counting.variable("a_0")], [0.0, 1.0]))
    assert solve(barred, inference="marginal-map").plan[0] == 1


# --- changed networks -------------------------------------------------------------------------------------------------
def changed(net):
    """Networks with replaced and added tables, by what was done."""
    rng = np.random.default_rng(22)

    def scope(*names):
        return [net.variable(name) for name in names]

    def cpd(child, *parents):
        own = scope(*parents, child)
        return CPD(own[-1], own[:-1], rows(rng, *[v.cardinality for v in own]))

    node = Variable("C_1", 2, time=1, kind="optimality")
    yield "waypoint", net.extend(Factor(scope("s_1"), [0.3, 2.0]))
    yield "hard waypoint", net.extend(Factor(scope("s_1"), [0.0, 1.0]))
    yield "factor within a step", net.extend(Factor(scope("s_0", "a_0", "s_1"), rng.random((2, 2, 2))))
    yield "factor on an action", net.extend(Factor(scope("a_1"), [3.0, 1.0]))
    yield "second reward", net.extend(CPD(node, scope("s_1", "a_1"), rows(rng, 2, 2, 2)))
    yield "other dynamics", net.replace(cpd("s_1", "s_0", "a_0"))
    yield "blind dynamics", net.replace(cpd("s_2", "s_1"))
    yield "other prior", net.replace(cpd("a_1", "s_1"))
    yield "other start", net.replace(cpd("s_0"))
    yield "other reward", net.replace(cpd("O_1", "s_1", "a_1", "s_2"))
    yield "reward on state", net.replace(cpd("O_0", "s_0"))
    yield (
        "several",
        net.replace(cpd("O_1", "a_1")).extend(Factor(scope("s_2"), [1.0, 3.0])).replace(cpd("s_2", "s_1", "a_1")),
    )


@both
@each_valued
def test_changed_networks_have_the_values_of_the_decision_tree(net, inference, risk):
    actions, states = OPERATORS[inference].at(temperature=0.8, risk=risk)
    to_go = np.append(np.cumsum(net.reward_shift[::-1])[::-1], 0.0)
    for what, other in changed(net):
        solution = solve(other, inference=inference, risk=risk)
        operators = {"a_0": actions, "a_1": actions}
        tree = DecisionTree(other, operators, states, valued=dict(other.optimal), unit=0.8)
        assert difference(solution.value, tree.value() + to_go[0]) <= TIGHT, what
        for t in range(2):
            expected = tree_values(other, operators, states, t) + to_go[t]
            assert difference(solution.Q[t], expected) <= TIGHT, (what, t)


def tree_values(net, operators, states, t):
    """Q_t by the tree of a network without what lies before s_t."""
    tree = DecisionTree(net, operators, states, valued=dict(net.optimal), unit=0.8)
    found = np.empty((2, 2))
    for s in range(2):
        cut = net.replace(CPD(net.variable(f"s_{t}"), [], np.eye(2)[s])) if t else net
        below = {f"s_{k}" for k in range(t)} | {f"a_{k}" for k in range(t)}
        tree = DecisionTree(cut, operators, states, valued=dict(net.optimal), unit=0.8)
        tree.values = [table for table in tree.values if not below & set(table[0])]
        depth = tree.names.index(f"a_{t}")
        at = {**tree.observed, **dict.fromkeys(tree.names[:depth], 0), f"s_{t}": s}
        for k, (p, x) in enumerate(tree.branches(at, depth)):
            found[s, k] = tree.value(x, depth + 1) if p > 0 else -np.inf
    return found


@both
@each_valued
def test_marginals_of_changed_networks_are_those_of_their_own_dynamics(net, inference, risk):
    for what, other in changed(net):
        if what == "hard waypoint" and inference != "map":
            continue  # the dynamics may miss it, whatever is done
        solution = solve(other, inference=inference, risk=risk)
        if what == "hard waypoint":
            with pytest.raises(UndefinedConditional, match="t=1, s=0"):
                solution.state_marginals  # noqa: B018
            continue
        belief = other.cpd("s_0").array()
        for t in range(2):
            assert difference(solution.state_marginals[t], belief) <= TIGHT, what
            pairs = belief[:, None] * solution.policy[t]
            assert difference(solution.state_action_marginals[t], pairs) <= TIGHT
            after = other.cpd(f"s_{t + 1}")
            step = np.zeros((2, 2, 2))
            step += after.array() if len(after.scope) == 3 else after.array()[:, None, :]
            belief = np.einsum("sa,sax->x", pairs, step)
        assert difference(solution.state_marginals[2], belief) <= TIGHT


@both
def test_the_bound_holds_on_changed_networks(net):
    for what, other in changed(net):
        solution = solve(other, inference="variational")
        exact = infer(other, other.optimal, method="enumeration").log_evidence
        assert abs(solution.log_evidence - exact) <= TIGHT, what
        assert solution.gap >= -TIGHT, what


@each_valued
def test_a_tie_across_steps_is_refused_and_named(inference, risk):
    tied = NET.extend(Factor([NET.variable("a_0"), NET.variable("a_1")], np.ones((2, 2))))
    with pytest.raises(InvalidModel, match=r"t=1 depend on a_0 beside s_1 and a_1: no Q\(s,a\); .*network.infer\(\)"):
        solve(tied, inference=inference, risk=risk)
    apart = NET.replace(CPD(NET.variable("s_1"), [], [0.5, 0.5]))
    with pytest.raises(InvalidModel, match="independent parts at s_1"):
        solve(apart, inference=inference, risk=risk)


# --- schedules --------------------------------------------------------------------------------------------------------
SCHEDULE = [2.0, 0.5, 0.1]


@pytest.mark.parametrize("end", [None, [0.5, -1.0, 0.2]])
@pytest.mark.parametrize("discount", [1.0, 0.7])
def test_a_schedule_is_a_process_with_rewards_in_units_of_each_step(end, discount):
    """exp(r_t/alpha_t) is what temperature 1 makes of rewards r_t/alpha_t; that process has the same policies."""
    rng = np.random.default_rng(4)
    p, r = rows(rng, 3, 2, 3), rng.normal(size=(3, 3, 2, 3))
    mdp = MDP(p, r, reward_axes="tsas", terminal_reward=end, discount=discount)
    units = np.array(SCHEDULE)[:, None, None, None]
    scaled = None if end is None else np.array(end) / SCHEDULE[-1]
    same = MDP(p, r / units, reward_axes="tsas", terminal_reward=scaled, discount=discount)
    for kind in ("posterior", "variational"):
        found, expected = solve(mdp, 3, inference=kind, temperature=SCHEDULE), solve(same, 3, inference=kind)
        for name in ("policy", "state_marginals", "state_action_marginals", "terminated"):
            assert difference(getattr(found, name), getattr(expected, name)) <= TIGHT, (kind, name)
        for name in ("log_evidence", "log_evidence_unshifted"):
            assert abs(getattr(found, name) - getattr(expected, name)) <= TIGHT * 10, (kind, name)
        assert "2 … 0.1" in str(found)
        assert "temperatures 2 … 0.1" in repr(found)
    assert abs(found.elbo - expected.elbo) <= TIGHT * 10
    assert abs(found.gap - expected.gap) <= TIGHT * 10
    for name in ("log_backward", "log_backward_action", "log_forward"):
        assert (
            difference(getattr(solve(mdp, 3, temperature=SCHEDULE), name), getattr(solve(same, 3), name)) <= TIGHT * 10
        )


@pytest.mark.parametrize("kind", ["posterior", "variational"])
def test_values_under_a_schedule_have_no_unit_and_say_so(kind):
    solution = solve(SLIDE, 3, inference=kind, temperature=SCHEDULE)
    for name in ("Q", "V", "advantage", "soft_value"):
        with pytest.raises(NotAvailable, match=f"has no {name}; a schedule of temperatures"):
            getattr(solution, name)
    with pytest.raises(NotAvailable, match=r"no single temperature; see .temperatures"):
        _ = solution.network.temperature


def test_a_schedule_of_equal_temperatures_is_one_temperature():
    one, many = unroll(SLIDE, 3, temperature=0.4), unroll(SLIDE, 3, temperature=[0.4] * 3)
    assert many.temperature == 0.4
    assert not many.scheduled
    assert difference(solve(many).Q, solve(one).Q) == 0


def test_a_schedule_does_not_matter_where_temperature_does_not():
    net = unroll(SLIDE, 3, temperature=SCHEDULE)
    assert difference(solve(net, inference="bellman").Q, solve(SLIDE, 3, inference="bellman").Q) == 0
    other = net.extend(Factor([net.variable("s_1")], np.arange(8.0)))
    with pytest.raises(InvalidArgument, match="replaced or added tables and a schedule"):
        solve(other, inference="bellman")
    assert difference(solve(other).policy[0], other.infer().conditional("a_0", given="s_0").array()) <= TIGHT


def test_a_schedule_and_changed_tables_go_together_where_everything_is_a_message():
    net = unroll(MDP(P, R), 2, temperature=[2.0, 0.5])
    other = net.extend(Factor([net.variable("s_1")], [0.3, 2.0]))
    brute = infer(other, other.optimal, method="enumeration")
    exact, causal = solve(other), solve(other, inference="variational")
    assert abs(exact.log_evidence - brute.log_evidence) <= TIGHT
    assert difference(exact.policy[0], brute.conditional("a_0", given="s_0").array()) <= TIGHT
    actions, states = OPERATORS["variational"].at(temperature=1.0)
    tree = DecisionTree(other, {"a_0": actions, "a_1": actions}, states, valued=dict(other.optimal))
    assert abs(causal.elbo - tree.value()) <= TIGHT


def test_the_lake_tells_the_types_apart():
    """What each expects of the frozen lake: luck, or what the true dynamics give."""
    found = all_types(LAKE, 20, alpha=0.002)
    reach = {kind: evaluate(LAKE, s.policy).expected_reward for kind, s in found.items()}
    best = reach["bellman"]
    assert all(value <= best + TIGHT for value in reach.values())
    assert reach["posterior"] < 0.2 * best
    assert reach["variational"] > 0.95 * best
