"""Every array of a solution, on every instance, against the recursion and the enumeration of trajectories."""

import numpy as np
import pytest

from control_pgm import MDP, ControlNetwork, gridworld, solve
from control_pgm.errors import InvalidArgument, NotAvailable, TooLarge, UndefinedConditional
from tests.control.comparison import ARRAYS, TIGHT, difference
from tests.control.instances import instances, named, solved
from tests.control.recursion import trajectories

each_instance = pytest.mark.parametrize("item", instances(), ids=repr)


@each_instance
def test_arrays_equal_the_recursion(item):
    solution, reference = solved(item), item.reference
    for name in ARRAYS:
        assert difference(getattr(solution, name), getattr(reference, name)) <= TIGHT, name
    n = item.mdp.n_states
    assert difference(solution.reward_shift, reference.shift) <= TIGHT
    assert difference(solution.state_marginals, reference.state_marginals[:, :n]) <= TIGHT
    assert difference(solution.terminated, reference.state_marginals[:, n]) <= TIGHT
    assert difference(solution.defined, reference.b[:-1, :n] > -np.inf) == 0


@each_instance
def test_arrays_equal_the_enumeration_of_trajectories(item):
    solution, reference = solved(item), item.reference
    joint = np.zeros((reference.T, reference.S, reference.A))
    states = np.zeros((reference.T + 1, reference.S + 1))
    for s, p in enumerate(reference.initial):
        for passed, chosen, weight in trajectories(reference, 0, s):
            np.add.at(states, (range(reference.T + 1), passed), p * weight)
            k = len(chosen)
            np.add.at(joint, (range(k), passed[:k], chosen), p * weight)
    total = states[0].sum()
    assert abs(np.log(total) - solution.log_evidence_unshifted) <= TIGHT
    assert difference(solution.state_marginals, states[:, : reference.S] / total) <= TIGHT
    assert difference(solution.state_action_marginals, joint / total) <= TIGHT


@each_instance
def test_backward_messages_and_policy_equal_the_enumeration_from_every_state(item):
    solution, reference, alpha = solved(item), item.reference, item.options["temperature"]
    for t in range(reference.T):
        for s in range(reference.S):
            weights = np.zeros(reference.A)
            for _, chosen, weight in trajectories(reference, t, s):
                weights[chosen[0]] += weight
            assert bool(solution.defined[t, s]) == (weights.sum() > 0)
            if weights.sum() > 0:
                assert abs(solution.V[t, s] - alpha * np.log(weights.sum())) <= 1e-12 * max(1, alpha)
                assert difference(solution.policy[t, s], weights / weights.sum()) <= TIGHT


@each_instance
def test_values_are_unshifted_messages_in_units_of_reward(item):
    solution, alpha = solved(item), item.options["temperature"]
    scale = max(1.0, alpha)
    to_go = np.append(np.cumsum(solution.reward_shift[::-1])[::-1], 0.0)[: item.horizon + 1]
    assert difference(solution.Q, alpha * solution.log_backward_action + to_go[:-1, None, None]) <= TIGHT * scale
    assert difference(solution.V, alpha * solution.log_backward + to_go[:, None]) <= TIGHT * scale
    assert difference(solution.Q, alpha * item.reference.q) <= 1e-11 * scale
    end = item.mdp.terminal_reward
    assert difference(solution.V[-1], np.zeros(item.mdp.n_states) if end is None else end) <= TIGHT


@each_instance
def test_soft_bellman_identities_hold(item):
    solution, alpha, prior = solved(item), item.options["temperature"], item.reference.prior
    with np.errstate(divide="ignore", invalid="ignore"):
        top = np.max(solution.Q, axis=-1, keepdims=True)
        v = alpha * np.log((prior * np.exp((solution.Q - top) / alpha)).sum(axis=-1)) + top[..., 0]
        where = np.broadcast_to(solution.defined[..., None], prior.shape)
        pi = np.where(where, prior * np.exp(solution.advantage / alpha), np.nan)
    assert difference(np.where(solution.defined, v, -np.inf), solution.V[:-1]) <= TIGHT * max(1, alpha)
    assert difference(pi, solution.policy) <= TIGHT
    gap = np.subtract(solution.Q, solution.V[:-1, :, None], where=where, out=np.full(prior.shape, np.nan))
    assert difference(solution.advantage, gap) == 0
    assert difference(solution.policy.sum(axis=-1)[solution.defined.values], np.ones(solution.defined.sum())) <= TIGHT


@each_instance
def test_messages_meet_in_the_evidence_at_every_time(item):
    solution = solved(item)
    for t in range(item.horizon + 1):
        met = np.exp(solution.log_forward[t] + solution.log_backward[t] - solution.log_evidence)
        assert abs(met.sum() + solution.terminated[t] - 1.0) <= TIGHT
        assert difference(met, solution.state_marginals[t]) <= TIGHT
    assert difference(solution.state_action_marginals.sum(axis=-1), solution.state_marginals[:-1]) <= TIGHT


@each_instance
def test_forms_of_the_evidence_agree(item):
    solution, alpha = solved(item), item.options["temperature"]
    shift = solution.reward_shift.sum()
    assert "counting" in item.name or solution.log_evidence <= 1e-15
    assert abs(solution.log_evidence_unshifted - solution.log_evidence - shift / alpha) <= TIGHT
    assert abs(solution.soft_value - alpha * solution.log_evidence - shift) <= TIGHT
    with np.errstate(divide="ignore"):
        from_start = np.logaddexp.reduce(np.log(item.mdp.initial) + solution.V[0] / alpha)
    assert abs(solution.soft_value - alpha * from_start) <= TIGHT * max(1, alpha)


@each_instance
def test_the_next_state_given_optimality_comes_out_of_a_query(item):
    solution = solved(item)
    for t in range(item.horizon):
        table = solution.posterior.conditional(f"s_{t + 1}", given=(f"s_{t}", f"a_{t}"), undefined="nan").array()
        for s, a in np.ndindex(item.mdp.n_states, item.mdp.n_actions):
            expected = item.reference.next_state(t, s, a)
            if expected is not None:
                assert difference(table[s, a], expected[: table.shape[-1]]) <= TIGHT, (t, s, a)


@each_instance
def test_the_policy_is_an_ordinary_query(item):
    solution = solved(item)
    again = solution.network.infer()
    assert abs(solution.log_evidence - again.log_evidence) <= TIGHT
    for t in range(item.horizon):
        for posterior in (solution.posterior, again):
            table = posterior.conditional(f"a_{t}", given=f"s_{t}", undefined="nan").array()
            assert difference(table[: item.mdp.n_states], solution.policy[t]) <= TIGHT


@pytest.mark.parametrize("name", ["reward on outcome", "low temperature", "terminal reward", "rewards vary with time"])
def test_the_convention_sum_counts_actions(name):
    item = named(name)
    mean, alpha, n = solved(item), item.options["temperature"], item.mdp.n_actions
    total = solve(item.mdp, item.horizon, convention="sum", **item.options)
    left = item.horizon - np.arange(item.horizon + 1)
    assert difference(total.V, mean.V + (alpha * left * np.log(n))[:, None]) <= TIGHT
    assert difference(total.V[:-1], alpha * np.logaddexp.reduce(total.Q / alpha, axis=-1)) <= TIGHT
    assert difference(total.policy, mean.policy) == 0
    assert difference(total.advantage, alpha * np.log(total.policy)) <= TIGHT
    assert (total.advantage <= 1e-15).all()
    assert abs(total.soft_value - mean.soft_value - alpha * item.horizon * np.log(n)) <= TIGHT
    assert total.log_evidence == mean.log_evidence


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("prior (A,)", "not uniform"),
        ("per-state actions", "number of actions varies"),
        ("discount", "discount"),
        ("counting everywhere", "counts actions already"),
    ],
)
def test_the_convention_sum_is_refused_where_it_has_no_meaning(name, reason):
    item = named(name)
    with pytest.raises(InvalidArgument, match=reason) as error:
        solve(item.mdp, item.horizon, convention="sum", **item.options)
    assert "convention='mean'" in str(error.value)


@pytest.mark.parametrize("kind", ["posterior", "variational"])
@pytest.mark.parametrize("alpha", [0.05, 0.7, 1.0, 3.0, 40.0])
@pytest.mark.parametrize("name", ["prior (A,)", "prior (T,S,A)", "reward on outcome"])
def test_advantage_is_the_temperature_times_a_divergence_from_the_prior_on_average(name, alpha, kind):
    item = named(name)
    options = {**item.options, "temperature": alpha}
    solution, prior = solve(item.mdp, item.horizon, inference=kind, **options), item.reference.prior
    divergence = (solution.policy * np.log(solution.policy / prior)).sum(axis=-1)
    assert difference((solution.policy * solution.advantage).sum(axis=-1), alpha * divergence) <= TIGHT * max(1, alpha)


def test_a_state_without_hope_is_undefined_and_says_so():
    item = named("a doomed state")
    solution = solved(item)
    assert not solution.defined[0, 1]
    assert np.isnan(solution.policy[0, 1]).all()
    assert solution.V[0, 1] == -np.inf
    assert (solution.Q[0, 1] == -np.inf).all()
    with pytest.raises(UndefinedConditional, match=r"t=0, s=1"):
        solution.action(1, 0, np.random.default_rng(0))


def test_answers_are_labelled_and_read_only():
    solution = solved(named("labels"))
    assert solution.policy.sel(t=1, s="b, c", a="right") == np.asarray(solution.policy)[1, 1, 1]
    assert solution.V.sel(t=2, s=7) == 0.0
    assert solution.policy.dims == ("t", "s", "a")
    assert solution.state_marginals.dims == ("t", "s")
    for name in ("policy", "Q", "V", "advantage", "log_forward", "state_marginals", "terminated", "defined"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(solution, name).values[...] = 0
    with pytest.raises(LookupError, match="'nowhere'"):
        solution.policy.sel(s="nowhere")


def test_actions_are_drawn_from_the_policy():
    solution, rng = solved(named("labels")), np.random.default_rng(1)
    drawn = [solution.action("b, c", 0, rng) for _ in range(4000)]
    assert abs(drawn.count("left") / 4000 - solution.policy.sel(t=0, s="b, c", a="left")) < 0.03
    with pytest.raises(InvalidArgument, match=r"time 2.*0 … 1"):
        solution.action("b, c", 2, rng)
    with pytest.raises(LookupError, match="'nowhere'"):
        solution.action("nowhere", 0, rng)


@pytest.mark.parametrize("name", ["elbo", "gap", "plan"])
def test_what_the_posterior_does_not_have_names_the_type(name):
    with pytest.raises(NotAvailable, match="inference='posterior'"):
        getattr(solved(named("labels")), name)


def test_progress_is_told_and_reaches_the_end():
    told = []
    solution = solve(MDP(np.full((2, 2, 2), 0.5), [[0, 1], [1, 0]]), 600, progress=lambda *step: told.append(step))
    assert told[-1] == (1201, 1201, "messages backward")
    assert told[0] == (0, 1201, "messages backward")
    assert told == sorted(told, key=lambda step: step[0])
    solution.state_marginals  # noqa: B018
    assert told[-1] == (1201, 1201, "messages forward")


def test_an_attribute_that_fails_tells_its_own_reason(monkeypatch):
    def broken(self):
        raise AttributeError("the reason")

    solution = solve(gridworld("S.G"), 2)
    monkeypatch.setattr(type(solution), "V", property(broken))
    with pytest.raises(AttributeError, match="the reason"):
        solution.V  # noqa: B018


def test_the_memory_limit_holds_for_the_evidence_beside_a_bound(monkeypatch):
    asked = []
    whole = ControlNetwork.infer

    def infer(self, *, memory_limit):
        asked.append(memory_limit)
        return whole(self, memory_limit=64)

    monkeypatch.setattr(ControlNetwork, "infer", infer)
    solution = solve(gridworld("S.G"), 3, inference="variational", memory_limit=2**33)
    with pytest.raises(TooLarge):
        solution.gap  # noqa: B018
    assert asked == [2**33]
    assert "needs more memory than memory_limit" in str(solution)
    assert "ELBO" in str(solution)
