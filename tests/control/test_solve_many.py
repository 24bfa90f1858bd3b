"""Many problems at once give the answers of each on its own."""

import numpy as np
import pytest

from control_pgm import MDP, LinearlySolvable, evaluate, gridworld, solve, solve_many
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel, NotAvailable, TooLarge

NAMES = ("policy", "Q", "V", "advantage", "state_marginals", "state_action_marginals")


def compare(many, singles, tolerance=1e-12):
    assert len(many) == len(singles)
    for k, single in enumerate(singles):
        for name in NAMES:
            got, want = getattr(many, name).values[k], getattr(single, name).values
            assert np.array_equal(np.isfinite(got), np.isfinite(want)), name
            finite = np.isfinite(want)
            scale = np.maximum(1.0, np.abs(want[finite]))
            assert np.abs(got[finite] - want[finite]).max(initial=0.0) <= tolerance * scale.max(initial=1.0), name
        assert abs(many.log_evidence[k] - single.log_evidence) <= tolerance * max(1.0, abs(single.log_evidence))
        assert abs(many.soft_value[k] - single.soft_value) <= tolerance * max(1.0, abs(single.soft_value))


def process(seed, form="sa", **options):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    transition = rng.dirichlet(np.full(n, 0.5), (n, m))
    reward = rng.normal(size=(n, m) if form == "sa" else (n, m, n))
    return MDP(transition, reward, reward_axes=form, **options), rng


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("horizon", [1, 3, 40])
def test_temperatures(seed, horizon):
    mdp, rng = process(seed, "sas" if seed % 2 else "sa", discount=0.9 if seed % 3 == 0 else 1.0)
    alphas = rng.uniform(0.05, 3.0, 5)
    compare(solve_many(mdp, horizon, temperatures=alphas), [solve(mdp, horizon, temperature=a) for a in alphas])


@pytest.mark.parametrize("seed", range(8))
def test_rewards_priors_and_first_states(seed):
    mdp, rng = process(seed)
    n, m = mdp.n_states, mdp.n_actions
    rewards = rng.normal(size=(4, n, m)) * 3
    priors = rng.dirichlet(np.ones(m), (4, n))
    starts = rng.dirichlet(np.ones(n), 4)
    many = solve_many(mdp, 25, rewards=rewards, action_priors=priors, initials=starts, temperatures=[0.2, 0.5, 1, 2])
    singles = [
        solve(MDP(mdp.transition, r, reward_axes="sa", initial=s), 25, action_prior=p, temperature=a)
        for r, p, s, a in zip(rewards, priors, starts, [0.2, 0.5, 1, 2], strict=True)
    ]
    compare(many, singles)


@pytest.mark.parametrize("options", [{"terminal_reward": True}, {"varying": True}, {"counting": True}])
def test_networks_whose_steps_differ(options):
    mdp, rng = process(3)
    n, m = mdp.n_states, mdp.n_actions
    if "terminal_reward" in options:
        mdp = MDP(mdp.transition, mdp.reward, terminal_reward=rng.normal(size=n))
    if "varying" in options:
        mdp = MDP(mdp.transition, rng.normal(size=(30, n, m)), reward_axes="tsa")
    priors = ["counting"] * 3 if "counting" in options else None
    many = solve_many(mdp, 30, temperatures=[0.3, 1.0, 2.0], action_priors=priors)
    prior = "counting" if priors else None
    compare(many, [solve(mdp, 30, temperature=a, action_prior=prior) for a in (0.3, 1.0, 2.0)])


def test_scales_that_drift_apart_by_millions_of_nats():
    mdp, _ = process(5)
    alphas = [1e-4, 1.0, 1e4]
    compare(solve_many(mdp, 200, temperatures=alphas), [solve(mdp, 200, temperature=a) for a in alphas], 1e-9)


def test_sparse_processes_share_their_transition():
    mdp = gridworld("S...\n.#..\n...G", slip=0.2, sparse=True)
    many = solve_many(mdp, 40, temperatures=[0.1, 0.3])
    compare(many, [solve(mdp, 40, temperature=a) for a in (0.1, 0.3)])


def test_one_of_many_is_a_full_solution():
    mdp, _ = process(1)
    many = solve_many(mdp, 6, temperatures=[0.5, 1.0])
    assert np.array_equal(many[1].policy.values, solve(mdp, 6, temperature=1.0).policy.values)
    assert repr(many) == f"Solutions(2 × {mdp!r}, inference='posterior', horizon 6, temperatures 0.5, 1)"
    assert "problems" in str(many)
    assert (many.policy.dims, many.V.dims) == (("b", "t", "s", "a"), ("b", "t", "s"))


def test_wrong_batches_are_refused():
    mdp, _ = process(2)
    with pytest.raises(InvalidArgument, match=r"nothing to solve more .* temperatures=1 is one number; give"):
        solve_many(mdp, 3, temperatures=1)
    with pytest.raises(InvalidArgument, match="rewards has 1 items; allowed: 2, as temperatures has"):
        solve_many(mdp, 3, temperatures=[1.0, 2.0], rewards=[mdp.reward])
    with pytest.raises(InvalidModel, match=r"problem 1 \(of 0 … 1\) has other states"):
        solve_many([mdp, MDP(np.full((9, 1, 9), 1 / 9), np.zeros((9, 1)))], 3)
    forbidden = np.full((mdp.n_states, mdp.n_actions), -np.inf)
    with pytest.raises(ImpossibleEvidence, match=r"problem 1 \(of 0 … 1\): .* slice 0"):
        solve_many(mdp, 3, rewards=[mdp.reward, forbidden])


# --- every type of inference ------------------------------------------------------------------------------------------
TYPES = {
    "posterior": ("log_evidence", "log_evidence_unshifted", "soft_value"),
    "variational": ("log_evidence", "log_evidence_unshifted", "soft_value", "value", "elbo", "gap"),
    "maxent": ("value",),
    "bellman": ("value",),
    "optimal": ("value",),
    "planning": ("value",),
    "map": ("log_probability", "value"),
}


def same(many, singles, names=NAMES):
    """Every array of the batch is that of each problem alone, and NaN after its end."""
    assert len(many) == len(singles)
    longest = max(single.horizon for single in singles)
    for name in names:
        array = getattr(many, name)
        assert array.dims == ("b", *getattr(singles[0], name).dims)
        for k, single in enumerate(singles):
            want = getattr(single, name).values
            got = array.values[k]
            assert len(got) - len(want) == longest - single.horizon
            assert np.allclose(got[: len(want)], want, rtol=0, atol=1e-12, equal_nan=True)
            assert np.isnan(got[len(want) :]).all()


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_inference(kind):
    mdp, rng = process(4)
    rewards = rng.normal(size=(3, mdp.n_states, mdp.n_actions))
    options = {"risks": [-0.5, 0.5, 2.0]} if kind == "planning" else {}
    options |= {"temperatures": [0.3, 0.6, 1.0]} if kind in ("posterior", "variational", "maxent", "map") else {}
    many = solve_many(mdp, 6, inference=kind, rewards=rewards, **options)
    each = [{name.removesuffix("s"): values[k] for name, values in options.items()} for k in range(3)]
    singles = [solve(mdp.varied(reward=r), 6, inference=kind, **more) for r, more in zip(rewards, each, strict=True)]
    same(many, singles)
    for name in TYPES[kind]:
        assert np.allclose(getattr(many, name), [getattr(single, name) for single in singles], rtol=0, atol=1e-12)
    assert many.inference == singles[0].inference
    assert [one.policy.values.tobytes() for one in many] == [single.policy.values.tobytes() for single in singles]
    assert f"inference={singles[0].inference!r}" in repr(many)
    assert "one each rewards" in repr(many)


def test_plans_of_many():
    mdp, _ = process(7)
    many = solve_many(mdp, [2, 3], inference="marginal-map", temperatures=[0.5, 1.0])
    singles = [solve(mdp, T, inference="marginal-map", temperature=a) for T, a in ((2, 0.5), (3, 1.0))]
    assert many.plans == tuple(single.plan for single in singles)
    assert many.lower.tolist() == [single.lower for single in singles]
    with pytest.raises(NotAvailable, match="inference='marginal-map' has no Q"):
        many.Q  # noqa: B018


def test_linearly_solvable_processes():
    walks = [LinearlySolvable([[1, 0], [0.5, 0.5]], [0, q], states=["home", "out"]) for q in (-1.0, -2.0)]
    many = solve_many(walks, 3, inference="linearly-solvable")
    same(many, [solve(walk, 3, inference="linearly-solvable") for walk in walks])


# --- several horizons -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["posterior", "variational", "bellman"])
def test_horizons_one_each(kind):
    mdp, _ = process(1, discount=0.9)
    horizons = [3, 1, 7, 3]
    many = solve_many(mdp, horizons, inference=kind)
    same(many, [solve(mdp, T, inference=kind) for T in horizons])
    assert many.horizons == tuple(horizons)
    assert "horizons 3, 1, 7" in repr(many)
    assert "temperature 1" in repr(many) or kind == "bellman"
    assert evaluate(mdp, many[2]).expected_reward == evaluate(mdp, solve(mdp, 7, inference=kind)).expected_reward


def test_posteriors_of_networks_of_other_form_are_solved_too():
    """Discount adds a state, a terminal reward a node, sparse tables a format: none of them is a reason to refuse."""
    mdp, rng = process(1)
    final = MDP(mdp.transition, mdp.reward, terminal_reward=rng.normal(size=mdp.n_states))
    sparse = [gridworld("S.G", sparse=True), gridworld("S.G", sparse=False)]
    for problems in ([mdp, mdp.varied(discount=0.8), final, mdp], sparse):
        many = solve_many(problems, 4, temperatures=0.7)
        compare(many, [solve(problem, 4, temperature=0.7) for problem in problems])
    assert "one each processes" in repr(many)


# --- progress, memory, errors -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "what"), [("bellman", "problems"), ("posterior", "messages backward")])
def test_progress_of_many(kind, what):
    told = []
    solve_many(process(1)[0], [2, 3, 4], inference=kind, progress=lambda *news: told.append(news))
    assert told[0][0] == 0
    assert {news[2] for news in told} == {what}
    assert told[-1][0] == told[-1][1]
    if kind == "bellman":
        assert told == [(k, 3, "problems") for k in range(4)]

    def stop(done, total, what):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_many(process(1)[0], [2, 3, 4], inference=kind, progress=stop)


@pytest.mark.parametrize("kind", ["posterior", "bellman", "variational"])
def test_errors_name_the_problem(kind):
    mdp, _ = process(2)
    start = [0, 0]
    for options, words in (
        ({"rewards": [mdp.reward, mdp.reward[:, :0]], "initials": start}, "problem 1 .of 0 … 1.: reward"),
        ({"initials": [0, "nowhere"]}, "problem 1 .of 0 … 1.: .*nowhere"),
        ({"initials": start, "memory_limit": 2000}, "problem 0 .of 0 … 1."),
    ):
        with pytest.raises((InvalidModel, InvalidArgument, LookupError, TooLarge), match=words):
            solve_many(mdp, 30, inference=kind, **options)
    with pytest.raises(InvalidArgument, match=r"problem 1 \(of 0 … 2\): horizon 0"):
        solve_many(mdp, [2, 0, 3], inference=kind)
    with pytest.raises(InvalidArgument, match=r"problem 0 \(of 0 … 1\): risk=1.0 with inference"):
        solve_many(mdp, 2, inference=kind, risks=[1.0, 2.0])
    with pytest.raises(InvalidArgument, match="problem 9; allowed: 0 … 1"):
        solve_many(mdp, [1, 2], inference=kind)[9]


def test_impossible_problems_of_several_groups_are_named_by_their_number_in_the_whole():
    mdp, _ = process(2)
    forbidden = np.full((mdp.n_states, mdp.n_actions), -np.inf)
    with pytest.raises(ImpossibleEvidence, match=r"problem 2 \(of 0 … 3\): .* slice 0") as caught:
        solve_many(mdp, [2, 3, 2, 3], rewards=[mdp.reward, mdp.reward, forbidden, mdp.reward])
    assert caught.value.time == 0


def test_what_a_batch_does_not_have_says_where_it_is():
    many = solve_many(process(1)[0], 3, temperatures=[0.5, 1.0])
    with pytest.raises(
        NotAvailable, match=r"many solutions have no log_forward; ask one of them: solutions\[k\].log_for"
    ):
        many.log_forward  # noqa: B018
    with pytest.raises(NotAvailable, match="inference='posterior' has no value"):
        many.value  # noqa: B018
    with pytest.raises(AttributeError, match="polcy"):
        many.polcy  # noqa: B018


def test_problems_that_do_not_differ_at_all_have_their_axis_too():
    mdp, _ = process(1)
    for many in (solve_many([mdp, mdp], 4), solve_many(mdp, 4, temperatures=[1.0])):
        compare(many, [solve(mdp, 4)] * len(many))
