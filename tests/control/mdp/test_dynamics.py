"""Inference that keeps the true dynamics, against plain loops over the outcomes of every named process."""

import numpy as np
import pytest

from control_pgm import CPD, MDP, Factor, evaluate, gridworld, simulate, solve, unroll, variational_bound
from control_pgm.errors import InvalidArgument, NotAvailable, UndefinedConditional
from tests.control.comparison import difference
from tests.control.instances import instances, rows

TIGHT = 1e-12
FINITE = [item for item in instances() if np.isfinite(item.mdp.reward).all()]
LAKE = gridworld("SFFF\nFHFH\nFFFH\nHFFG", slip=2 / 3, rewards={"H": 0})


def loops(item, soft: bool):
    """Q and V by plain loops over (probability, next state, reward); a dead state is worth 0."""
    ref, mdp, horizon = item.reference, item.mdp, item.horizon
    alpha = item.options["temperature"]
    v = np.zeros((horizon + 1, mdp.n_states))
    if mdp.terminal_reward is not None:
        v[horizon] = mdp.terminal_reward
    q = np.full((horizon, mdp.n_states, mdp.n_actions), -np.inf)
    for t in range(horizon - 1, -1, -1):
        for s in range(mdp.n_states):
            for a in range(mdp.n_actions):
                weight = ref.prior[t][s][a] if soft else mdp.available[s, a]
                if weight > 0:
                    outcomes = ref.outcomes[t][s][a]
                    q[t, s, a] = sum(p * (r + mdp.discount * v[t + 1, nxt]) for p, nxt, r in outcomes)
            if soft:
                terms = [
                    ref.prior[t][s][a] * np.exp((q[t, s, a] - q[t, s].max()) / alpha) for a in range(mdp.n_actions)
                ]
                v[t, s] = q[t, s].max() + alpha * np.log(sum(terms))
            else:
                v[t, s] = q[t, s].max()
    return q, v


def uniform_prior(item):
    prior = item.options["action_prior"]
    return not (isinstance(prior, str) and prior == "counting")


@pytest.mark.parametrize("item", [i for i in FINITE if uniform_prior(i)], ids=repr)
def test_variational_values_are_those_of_plain_loops(item):
    solution = solve(item.mdp, item.horizon, inference="variational", **item.options)
    q, v = loops(item, soft=True)
    scale = max(1.0, float(np.abs(v).max()))
    assert difference(solution.Q, q) <= 4 * TIGHT * scale
    assert difference(solution.V, v) <= 4 * TIGHT * scale


@pytest.mark.parametrize("item", FINITE, ids=repr)
def test_bellman_values_are_those_of_plain_loops(item):
    solution = solve(item.mdp, item.horizon, inference="bellman")
    q, v = loops(item, soft=False)
    scale = max(1.0, float(np.abs(v).max()))
    assert difference(solution.Q, q) <= 4 * TIGHT * scale
    assert difference(solution.V, v) <= 4 * TIGHT * scale
    found = evaluate(item.mdp, solution.policy)
    assert abs(found.expected_reward - item.mdp.initial @ v[0]) <= 1e-10 * scale


@pytest.mark.parametrize("item", FINITE, ids=repr)
def test_the_bound_is_the_objective_and_never_exceeds_the_evidence(item):
    solution = solve(item.mdp, item.horizon, inference="variational", **item.options)
    assert solution.gap >= -1e-10 * max(1.0, abs(solution.log_evidence))
    found = evaluate(item.mdp, solution.policy, **item.options)
    assert abs(found.objective - solution.soft_value) <= 1e-9 * max(1.0, abs(found.objective))
    alpha, shift = item.options["temperature"], solution.reward_shift.sum()
    assert abs(alpha * solution.elbo + shift - found.objective) <= 1e-9 * max(1.0, abs(found.objective))


def test_the_gap_is_the_divergence_of_the_two_trajectory_distributions():
    """KL(q ‖ p(tau|O)) by enumeration of all trajectories."""
    rng = np.random.default_rng(3)
    p, r = rng.dirichlet([0.5] * 3, (3, 2)), rng.normal(size=(3, 2, 3))
    mdp = MDP(p, r, reward_axes="sas", initial=[0.2, 0.5, 0.3])
    solution = solve(mdp, 2, inference="variational", temperature=0.7)
    pi, posterior = np.asarray(solution.policy), solve(mdp, 2, temperature=0.7)
    divergence = 0.0
    for s0, a0, s1, a1, s2 in np.ndindex(3, 2, 3, 2, 3):
        prior = mdp.initial[s0] * p[s0, a0, s1] * p[s1, a1, s2]
        q = prior * pi[0, s0, a0] * pi[1, s1, a1]
        weight = np.exp((r[s0, a0, s1] + r[s1, a1, s2]) / 0.7) / np.exp(posterior.log_evidence_unshifted)
        divergence += q * np.log(q / (prior * 0.25 * weight))
    assert abs(solution.gap - divergence) < TIGHT


def test_without_luck_the_posterior_is_the_variational_policy():
    mdp = gridworld("S..\n.#H\n..G")
    exact, causal = (solve(mdp, 6, temperature=0.3, inference=kind) for kind in ("posterior", "maxent"))
    assert difference(exact.policy, causal.policy) < TIGHT
    assert difference(exact.Q, causal.Q) < TIGHT
    assert difference(exact.V, causal.V) < TIGHT
    assert difference(exact.state_marginals, causal.state_marginals) < TIGHT
    assert abs(causal.gap) < 1e-11


def test_the_posterior_believes_in_luck_and_its_policy_does_not_get_it():
    exact = solve(LAKE, 30, temperature=0.05)
    believed = float(exact.state_marginals.sel(t=30, s="(3,3)"))
    real = float(evaluate(LAKE, exact.policy).state_marginals.sel(t=30, s="(3,3)"))
    best = solve(LAKE, 30, inference="bellman")
    assert believed > 0.99
    assert real < 0.04
    assert abs(float(best.state_marginals.sel(t=30, s="(3,3)")) - LAKE.initial @ best.V[0]) < TIGHT
    assert 0.34 < LAKE.initial @ best.V[0] < 0.35


def test_a_low_temperature_makes_the_variational_policy_optimal():
    bound = 1e-3 * np.log(4) * 30
    causal = solve(LAKE, 30, temperature=1e-3, inference="variational")
    best = LAKE.initial @ solve(LAKE, 30, inference="optimal").V[0]
    assert best - bound <= evaluate(LAKE, causal.policy).expected_reward <= best + TIGHT


def test_tied_actions_share_the_policy():
    mdp = MDP(np.ones((1, 3, 1)), [[1.0, 2.0, 2.0]])
    assert solve(mdp, 2, inference="bellman").policy[0, 0].tolist() == [0.0, 0.5, 0.5]


def own_values(mdp, policy):
    """Q and V of a policy under its own expected rewards, from every state and first action, by evaluation alone."""
    n, m = mdp.n_states, mdp.n_actions

    def value(s, t, first):
        rest = policy[t:].copy()
        rest[0, s] = first
        return evaluate(mdp.varied(initial=s), rest).expected_reward

    pairs = np.array([[[value(s, t, np.eye(m)[a]) for a in range(m)] for s in range(n)] for t in range(len(policy))])
    return pairs, np.array([[value(s, t, policy[t, s]) for s in range(n)] for t in range(len(policy))])


@pytest.mark.parametrize("kind", ["posterior", "variational", "bellman"])
def test_the_advantage_over_a_policys_own_values_is_0_on_average(kind):
    """Reinforcement learning's advantage; that of soft values is alpha · KL, and only Bellman's values are its own."""
    rng = np.random.default_rng(11)
    mdp = MDP(rows(rng, 3, 2, 3), 4 * rng.normal(size=(3, 2, 3)), reward_axes="sas")
    solution = solve(mdp, 4, inference=kind)
    policy = solution.policy.values
    q, v = own_values(mdp, policy)
    assert difference((policy * (q - v[:, :, None])).sum(axis=2), np.zeros((4, 3))) <= TIGHT
    reported = (policy * solution.advantage.values).sum(axis=2)
    if kind == "bellman":
        assert difference(q, solution.Q) <= TIGHT
        assert difference(reported, np.zeros((4, 3))) <= TIGHT
    else:
        assert difference(q, solution.Q) > 0.1
        assert reported.max() > 0.1


@pytest.mark.parametrize("prior", [None, "counting", [0.1, 0.2, 0.3, 0.4]], ids=["uniform", "counting", "given"])
def test_a_solution_is_evaluated_at_its_own_temperature_and_prior(prior):
    found = solve(LAKE, 6, temperature=0.3, inference="variational", action_prior=prior)
    got = evaluate(LAKE, found)
    assert got.temperature == 0.3
    assert abs(got.objective - found.soft_value) < TIGHT
    same = evaluate(LAKE, found.policy, temperature=0.3, action_prior=prior)
    assert (got.objective, got.divergence) == (same.objective, same.divergence)
    other = evaluate(LAKE, found, temperature=0.7, action_prior=[0.4, 0.3, 0.2, 0.1])
    again = evaluate(LAKE, found.policy, temperature=0.7, action_prior=[0.4, 0.3, 0.2, 0.1])
    assert (other.objective, other.divergence, other.temperature) == (again.objective, again.divergence, 0.7)


def test_without_a_temperature_there_is_no_objective():
    got = evaluate(LAKE, solve(LAKE, 3, temperature=0.3).policy)
    for name in ("objective", "objective_in_nats", "temperature"):
        with pytest.raises(
            NotAvailable, match=rf"no {name}: .*without a temperature.*temperature=….*or pass the solution"
        ):
            getattr(got, name)
    assert "no temperature was given" in str(got)
    assert "no temperature was given" in repr(got)
    assert "no temperature was given" in got._repr_html_()
    assert got.divergence == evaluate(LAKE, solve(LAKE, 3, temperature=0.3)).divergence


def test_the_objective_of_a_policy_is_that_of_its_own_temperature():
    """The figures of a policy of temperature 1/6: evaluated at temperature 1 it would lose its divergence six times."""
    mdp = gridworld("S.G\n.H.", slip=0.1)
    found = solve(mdp, 6, temperature=1 / 6, inference="variational")
    assert abs(evaluate(mdp, found).objective - found.soft_value) <= TIGHT
    assert found.soft_value - evaluate(mdp, found, temperature=1.0).objective > 0.5


def test_under_a_schedule_the_objective_is_what_the_solution_maximises():
    schedule = [0.5, 0.3, 0.2]
    mdp = gridworld("S.G\n.H.", slip=0.1)
    ended = MDP(mdp.transition, mdp.rewards, initial=mdp.initial, terminal_reward=np.arange(6.0) / 10)
    for process in (mdp, ended):
        found = solve(process, 3, temperature=schedule, inference="variational")
        got, bound = evaluate(process, found), variational_bound(process, found)
        assert got.temperatures.tolist() == schedule
        shifts = found.log_evidence_unshifted - found.log_evidence
        assert abs(got.objective_in_nats - (found.elbo + shifts)) <= TIGHT
        assert abs(bound.elbo - found.elbo) <= TIGHT
        assert abs(bound.gap - found.gap) <= TIGHT
        other = evaluate(process, np.full((3, 6, 4), 0.25), temperature=schedule)
        assert other.objective_in_nats < got.objective_in_nats
        for name in ("objective", "temperature"):
            with pytest.raises(NotAvailable, match=r"schedule.*see \.(objective_in_nats|temperatures)"):
                getattr(got, name)
        assert "0.5 … 0.2" in str(got)
    one = evaluate(mdp, solve(mdp, 3, temperature=0.3))
    assert abs(one.objective_in_nats * 0.3 - one.objective) <= TIGHT


@pytest.mark.parametrize("options", [{"inference": "bellman"}, {"inference": "planning", "risk": 0.5}])
def test_solutions_without_a_temperature_have_no_objective(options):
    got = evaluate(LAKE, solve(LAKE, 3, **options))
    with pytest.raises(NotAvailable, match="no objective"):
        _ = got.objective


def test_a_solution_that_has_no_prior_says_what_to_pass():
    net = unroll(LAKE, 2, temperature=0.3)
    s, a = net.variable("s_1"), net.variable("a_1")
    table = np.tile([0.1, 0.2, 0.3, 0.4], (s.cardinality, 1))
    lazy = solve(net.replace(CPD(a, [s], table)))
    with pytest.raises(NotAvailable, match="'a_1' was replaced; pass action_prior=…"):
        evaluate(LAKE, lazy)
    assert evaluate(LAKE, lazy, action_prior=[0.1, 0.2, 0.3, 0.4]).temperature == 0.3
    weighed = solve(net.extend(Factor([s], np.arange(1.0, 17.0))))
    assert evaluate(LAKE, weighed).divergence == evaluate(LAKE, weighed.policy).divergence


def test_a_bound_needs_a_temperature_and_takes_that_of_a_solution():
    found = solve(LAKE, 3, temperature=0.3)
    with pytest.raises(InvalidArgument, match=r"no temperature given.*pass temperature=…, or the solution"):
        variational_bound(LAKE, found.policy)
    own, told = variational_bound(LAKE, found), variational_bound(LAKE, found.policy, temperature=0.3)
    assert (own.elbo, own.gap) == (told.elbo, told.gap)
    assert "at temperature 0.3" in str(own)


def test_the_value_of_bellman_is_an_expected_reward():
    best = solve(LAKE, 6, inference="bellman")
    assert best.expected_reward == best.value
    assert abs(best.expected_reward - evaluate(LAKE, best).expected_reward) < TIGHT
    with pytest.raises(NotAvailable, match=r"no expected_reward; .*'bellman'; evaluate\(mdp, solution\)"):
        _ = solve(LAKE, 6, inference="planning", risk=1.0).expected_reward


@pytest.mark.parametrize("options", [{"inference": "bellman"}, {"inference": "planning", "risk": 0.5}])
def test_added_tables_are_rewards_at_the_temperature_that_is_printed(options):
    mdp = gridworld("S.G", slip=0.2)
    weights, row = np.array([1.0, 0.1, 0.1]), "temperature of changed tables"
    for alpha in (0.3, 2.0):
        net = unroll(mdp, 2, temperature=alpha)
        assert row not in str(solve(net, **options))
        added = solve(net.extend(Factor([net.variable("s_2")], weights)), **options)
        assert [f"{alpha:g}"] == [line.split()[-1] for line in str(added).splitlines() if line.startswith(row)]
        paid = MDP(mdp.transition, mdp.rewards, initial=mdp.initial, terminal_reward=alpha * np.log(weights))
        assert abs(added.value - solve(paid, 2, **options).value) < TIGHT


def test_the_missing_horizon_of_tables_that_vary_is_named():
    with pytest.raises(InvalidArgument, match="no horizon given; allowed: 12, the time steps of its tables"):
        solve(MDP(np.ones((12, 1, 1, 1)), [[1.0]]))


def test_sampled_trajectories_agree_with_exact_occupancies_and_are_reproducible():
    policy = solve(LAKE, 12, temperature=0.05).policy
    drawn, again = (simulate(LAKE, policy, 20_000, seed=5) for _ in range(2))
    assert np.array_equal(drawn.states, again.states)
    exact = evaluate(LAKE, policy)
    frequency = np.bincount(drawn.states[:, -1], minlength=16) / len(drawn)
    assert np.abs(frequency - exact.state_marginals[-1]).max() < 0.02
    assert abs(drawn.returns.mean() - exact.expected_reward) < 0.01


@pytest.mark.parametrize("item", [i for i in FINITE if i.mdp.discount < 1], ids=repr)
def test_discount_ends_sampled_episodes_as_often_as_it_should(item):
    policy = solve(item.mdp, item.horizon, inference="variational", **item.options).policy
    drawn, exact = simulate(item.mdp, policy, 20_000, seed=1), evaluate(item.mdp, policy)
    ended = (drawn.states == item.mdp.n_states).mean(axis=0)
    assert np.abs(ended - exact.terminated.values).max() < 0.02
    spread = max(1.0, float(np.abs(drawn.returns).max()))
    assert abs(drawn.returns.mean() - exact.expected_reward) < 0.03 * spread


def test_an_undefined_policy_is_refused_where_it_is_reached_and_only_there():
    mdp = MDP([[[0.5, 0.5]] * 2, [[0, 1]] * 2], [0, -np.inf], initial=0)
    policy = np.full((2, 2, 2), np.nan)
    policy[:, 0] = 0.5
    for run in (lambda: evaluate(mdp, policy), lambda: simulate(mdp, policy, 50, seed=0)):
        with pytest.raises(UndefinedConditional, match="t=1, s=1"):
            run()
    still = MDP([[[1, 0]] * 2, [[0, 1]] * 2], [0, -np.inf], initial=0)
    assert evaluate(still, policy).expected_reward == 0.0


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (np.ones((2, 2)), ["t=0, s='(0,0)'", "sum to 1"]),
        (np.ones((3, 16, 4)), ["t=0, s='(0,0)'", "[1.0, 1.0, 1.0, 1.0]"]),
        (np.full((3, 16), 0.25), ["shape (3, 16)", "(T, 16, 4)"]),
        ("left", ["file 'left'", ".npz"]),
        ([["a", "b"]], ["not an array of numbers"]),
    ],
)
def test_a_wrong_policy_is_named(policy, words):
    if isinstance(policy, np.ndarray) and policy.shape == (2, 2):
        policy = np.ones((16, 4))
        with pytest.raises(InvalidArgument, match="no horizon given"):
            evaluate(LAKE, policy)
        run = lambda: evaluate(LAKE, policy, 3)  # noqa: E731
    else:
        run = lambda: evaluate(LAKE, policy)  # noqa: E731
    with pytest.raises(InvalidArgument) as error:
        run()
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("posterior", ["elbo", "gap", "plan"]),
        ("variational", ["log_backward", "log_backward_action", "log_forward", "plan"]),
        ("bellman", ["elbo", "gap", "soft_value", "log_evidence", "posterior", "log_forward", "plan"]),
    ],
)
def test_what_a_type_of_inference_does_not_have_names_the_type(kind, names):
    solution = solve(LAKE, 3, inference=kind)
    for name in names:
        with pytest.raises(NotAvailable, match=f"inference='{kind}' has no {name}"):
            getattr(solution, name)
    with pytest.raises(AttributeError, match="has no attribute 'quality'"):
        _ = solution.quality


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inference": "bellman", "temperature": 0.5}, ["temperature", "leave temperature out"]),
        ({"inference": "bellman", "action_prior": [0.25] * 4}, ["action_prior", "leave action_prior out"]),
        ({"inference": "bellman", "convention": "sum"}, ["convention='sum'", "bellman"]),
        ({"inference": "variational", "risk": 1.0}, ["risk=1.0", "variational"]),
        ({"inference": "magic"}, ["'magic'", "'variational'"]),
    ],
)
def test_combinations_without_meaning_are_refused(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve(LAKE, 3, **options)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_labelled_policy_is_read_by_its_labels_and_a_plain_one_by_position():
    rng = np.random.default_rng(5)
    p, r = rng.dirichlet(np.ones(3), size=(3, 2)), rng.normal(size=(3, 2))
    mdp = MDP(p, r, states=["u", "v", "w"], actions=["x", "y"], initial="u")
    order = [2, 0, 1]
    turned = MDP(
        p[order][:, ::-1][:, :, order], r[order][:, ::-1], states=["w", "u", "v"], actions=["y", "x"], initial="u"
    )
    policy = solve(mdp, 4).policy
    expected = evaluate(mdp, policy).expected_reward
    assert abs(evaluate(turned, policy).expected_reward - expected) <= 1e-12
    assert abs(evaluate(turned, np.asarray(policy)).expected_reward - expected) > 1e-3
    other = MDP(p, r, states=["u", "v", "w"], actions=["x", "z"])
    with pytest.raises(InvalidArgument, match=r"do not name the same actions: 'z'.*by position"):
        evaluate(other, policy)
