"""Policies are one thing: whatever has one is taken wherever a policy is, at its own temperature and prior."""

import numpy as np
import pandas as pd
import pytest

from control_pgm import (
    CPD,
    MDP,
    LabelledArray,
    evaluate,
    forest,
    gridworld,
    load_solution,
    simulate,
    soft_policy_iteration,
    solve,
    solve_average,
    solve_infinite,
    unroll,
    variational_bound,
)
from control_pgm.errors import InvalidArgument, NotAvailable, UndefinedConditional, UnknownName
from control_pgm.tables.variable import Labels
from tests.control.comparison import TIGHT, difference

GRID = gridworld("S.G\n.H.", slip=0.2)
ALPHA, PRIOR = 0.3, [0.1, 0.2, 0.3, 0.4]
FOUND = solve(GRID, 4, temperature=ALPHA, action_prior=PRIOR)
WOOD = MDP(forest(discount=1.0).transition, forest(discount=1.0).reward, states=["young", "older", "old"])


def wide(policy):
    """Actions as columns, (t, s) as rows; in another order."""
    array = np.asarray(policy)
    rows = pd.MultiIndex.from_product([range(len(array)), policy.coords["s"]], names=["t", "s"])
    frame = pd.DataFrame(array.reshape(-1, array.shape[-1]), index=rows, columns=list(policy.coords["a"]))
    return frame.iloc[::-1, ::-1]


def long(policy):
    """Columns t, s, a and one of probabilities, without those that are 0."""
    frame = wide(policy).rename_axis(columns="a").stack().rename("p").reset_index()
    return frame[frame["p"] > 0]


class DataArray:
    """What arrays of xarray have, which is not needed here."""

    def __init__(self, labelled):
        self.dims, self.values = labelled.dims[::-1], labelled.values.T
        self.coords = {name: np.array(list(labels), dtype=object) for name, labels in labelled.coords.items()}
        self.coords = {name: type("Coord", (), {"values": labels})() for name, labels in self.coords.items()}


def shuffled(policy):
    """The same policy with states and actions in another order."""
    names = {"t": policy.coords["t"], "s": policy.coords["s"][::-1], "a": policy.coords["a"][::-1]}
    labels = {name: Labels(list(known)) for name, known in names.items()}
    return LabelledArray(policy.values[:, ::-1, ::-1], policy.dims, labels)


FORMS = {
    "solution": lambda found, folder: found,
    "labelled": lambda found, folder: found.policy,
    "array": lambda found, folder: np.asarray(found.policy),
    "list": lambda found, folder: found.policy.tolist(),
    "other order": lambda found, folder: shuffled(found.policy),
    "wide frame": lambda found, folder: wide(found.policy),
    "frame of a file": lambda found, folder: wide(found.policy).reset_index(),
    "long frame": lambda found, folder: long(found.policy),
    "own frame": lambda found, folder: found.policy.to_frame(),
    "frame of all": lambda found, folder: found.to_frame().dropna(subset="policy"),
    "own xarray": lambda found, folder: found.policy.to_xarray(),
    "series": lambda found, folder: wide(found.policy).stack(),
    "xarray": lambda found, folder: DataArray(found.policy),
    "saved": lambda found, folder: load_solution(found.save(folder / "found.json")),
    "path": lambda found, folder: found.save(folder / "found.npz"),
    "name of a file": lambda found, folder: str(found.save(folder / "found.npz")),
}
WITH_TEMPERATURE = ("solution", "saved", "path", "name of a file")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_policy_is_taken_everywhere(form, tmp_path):
    policy = FORMS[form](FOUND, tmp_path)
    told = {"temperature": ALPHA, "action_prior": PRIOR}
    own = {} if form in WITH_TEMPERATURE else told
    expected = evaluate(GRID, np.asarray(FOUND.policy), **told)
    got = evaluate(GRID, policy, **own)
    assert (got.objective, got.expected_reward, got.divergence) == (
        expected.objective,
        expected.expected_reward,
        expected.divergence,
    )
    runs = simulate(GRID, policy, 20, seed=3)
    assert np.array_equal(runs.states, simulate(GRID, FOUND.policy, 20, seed=3).states)
    bound = variational_bound(GRID, policy, **own)
    assert bound.elbo == variational_bound(GRID, FOUND.policy, **told).elbo
    sweeps = soft_policy_iteration(GRID, policy=policy, **own)
    assert difference(sweeps.policies[0], FOUND.policy) == 0
    assert sweeps.temperature == ALPHA
    best = solve(GRID, 4, inference="variational", **told)
    assert abs(sweeps.objectives[-1] - best.soft_value) <= TIGHT
    assert evaluate(GRID, sweeps).objective == pytest.approx(best.soft_value, abs=TIGHT)


def stationary():
    yield WOOD, solve_average(WOOD, temperature=2.0, action_prior=[0.3, 0.7])
    half = WOOD.varied(discount=0.5)
    for options in ({"inference": "variational"}, {"inference": "posterior"}):
        yield half, solve_infinite(half, temperature=8.0, action_prior=[0.3, 0.7], **options)
    yield half, solve_infinite(half, inference="bellman")
    yield half, solve_infinite(half, inference="planning", risk=-0.5)


@pytest.mark.parametrize("case", list(stationary()), ids=lambda case: repr(case[1])[:60])
@pytest.mark.parametrize("kind", ["json", "npz"])
def test_stationary_solutions_are_taken_over_a_horizon_saved_and_asked_for_actions(case, kind, tmp_path):
    mdp, found = case
    back = load_solution(found.save(tmp_path / f"found.{kind}"))
    assert type(back) is type(found)
    for name in ("inference", "temperature", "method", "error_bound", "iterations"):
        assert getattr(back, name) == getattr(found, name), name
    for name in ("policy", "Q", "V", "advantage", "defined"):
        assert np.array_equal(getattr(back, name).values, getattr(found, name).values, equal_nan=True), name
        assert getattr(back, name).coords == getattr(found, name).coords
    assert (repr(back), str(back)) == (repr(found), str(found))
    with pytest.raises(InvalidArgument, match="no horizon given for a stationary policy"):
        evaluate(mdp, found)
    steps = np.broadcast_to(found.policy.values, (5, 3, 2))
    soft = found.inference in ("variational", "posterior")
    told = {"temperature": found.temperature, "action_prior": [0.3, 0.7]} if soft else {}
    for source in (found, back, tmp_path / f"found.{kind}"):
        got, expected = evaluate(mdp, source, 5), evaluate(mdp, steps, **told)
        assert got.expected_reward == expected.expected_reward
        if soft:
            assert got.objective == expected.objective
        else:
            with pytest.raises(NotAvailable, match="no objective"):
                _ = got.objective
        assert np.array_equal(simulate(mdp, source, 9, 1, horizon=5).states, simulate(mdp, steps, 9, 1).states)
    assert back.action("old", 5) == found.action("old", 5)
    rng, drawn = np.random.default_rng(2), dict.fromkeys(mdp.actions, 0)
    for _ in range(2000):
        drawn[found.action("young", rng)] += 1
    shares = np.array(list(drawn.values())) / 2000
    assert difference(shares, found.policy.sel(s="young")) <= 0.05


def test_the_objective_of_a_long_horizon_grows_by_the_variational_value():
    """Over 60 steps the discounted objective from the start is the stationary value."""
    half = WOOD.varied(discount=0.5, initial="young")
    found = solve_infinite(half, inference="variational", temperature=2.0, tolerance=1e-13)
    assert abs(evaluate(half, found, 60).objective - found.V.sel(s="young")) <= 1e-11


def test_the_prior_of_a_solution_follows_the_labels_of_another_order():
    """r(s,a) and p(a|s) permuted together describe the same process."""
    rng = np.random.default_rng(5)
    p, r, prior = rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2)), rng.dirichlet(np.ones(2), 3)
    mdp = MDP(p, r, states=["x", "y", "z"], actions=["l", "r"], initial="y")
    turned = MDP(p[::-1, ::-1, ::-1], r[::-1, ::-1], states=["z", "y", "x"], actions=["r", "l"], initial="y")
    found = solve(mdp, 3, temperature=0.5, action_prior=prior, inference="variational")
    assert abs(evaluate(turned, found).objective - found.soft_value) <= TIGHT
    endless = solve_infinite(mdp.varied(discount=0.7), inference="variational", action_prior=prior)
    one, other = (evaluate(m.varied(discount=0.7), endless, 4).objective for m in (mdp, turned))
    assert abs(one - other) <= TIGHT


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.rename(columns={"left": "west"}), ["action of the policy", "'west'", "'left'"]),
        (lambda f: f.rename(index={"(0,0)": "(9,9)"}), ["state of the policy", "(9,9)"]),
        (lambda f: f.iloc[1:], ["t=3", "sum to 1"]),
        (lambda f: pd.concat([f, f.iloc[:1]]), ["two entries"]),
        (lambda f: f.rename(index={3: 7}), ["times 0 … 7", "each of them"]),
        (lambda f: f.rename(index={3: "late"}), ["time 'late'"]),
        (lambda f: f.astype(str) + "%", ["not a table of numbers"]),
        (lambda f: f.iloc[:0], ["(s, a) or (t, s, a)"]),
        (lambda f: f.reset_index(drop=True), ["state of the policy: 0 does not exist"]),
    ],
)
def test_a_spoiled_data_frame_is_refused_by_name(spoil, words):
    with pytest.raises((InvalidArgument, UnknownName)) as error:
        evaluate(GRID, spoil(wide(FOUND.policy)))
    for word in words:
        assert word in str(error.value), str(error.value)


def test_labels_that_files_turned_into_text_are_found():
    mdp = MDP(np.eye(2)[:, None, :], [[1.0], [0.0]], initial=0)
    frame = pd.DataFrame([[1.0], [1.0]], index=["1", "0"], columns=["0"])
    assert evaluate(mdp, frame, 3).expected_reward == 3.0


def test_what_has_no_single_policy_is_refused():
    from control_pgm import solve_many

    many = solve_many(GRID, 3, temperatures=[0.1, 1.0])
    with pytest.raises(InvalidArgument, match=r"axes \('b', 't', 's', 'a'\)"):
        evaluate(GRID, many)
    with pytest.raises(InvalidArgument, match=r"do not name the same states: '\(0,1\)'"):
        evaluate(GRID, {"(0,0)": "left"}, 3)
    with pytest.raises(UnknownName, match="action of the policy: 'west'"):
        evaluate(GRID, dict.fromkeys(GRID.states, "west"), 3)


def test_actions_named_by_label_are_a_policy():
    best = solve(GRID, 4, inference="bellman")
    named = evaluate(GRID, best.greedy())
    assert abs(named.expected_reward - best.value) <= TIGHT
    right = np.tile([0.0, 0.0, 1.0, 0.0], (6, 1))
    assert (
        evaluate(GRID, dict.fromkeys(GRID.states, "right"), 5).expected_reward
        == evaluate(GRID, right, 5).expected_reward
    )
    lost = MDP([[[0.5, 0.5]] * 2, [[0, 1]] * 2], [0, -np.inf], initial=0)
    with pytest.raises(UndefinedConditional, match="t=1, s=1"):
        evaluate(lost, {0: 0, 1: None}, 3)


def test_a_saved_solution_of_a_changed_network_does_not_tell_its_prior(tmp_path):
    from control_pgm import Factor

    net = unroll(GRID, 3, temperature=0.5)
    saved = load_solution(
        solve(net.extend(Factor([net.variable("s_2")], np.arange(1.0, 7.0)))).save(tmp_path / "n.json")
    )
    with pytest.raises(NotAvailable, match=r"replaced or added tables; pass action_prior=…"):
        evaluate(GRID, saved)
    assert evaluate(GRID, saved, action_prior=np.full(4, 0.25)).temperature == 0.5
    assert evaluate(GRID, saved.policy).divergence > 0


@pytest.mark.parametrize("kind", ["solution", "saved"])
def test_actions_are_drawn_by_integers_and_by_generators(kind, tmp_path):
    found = FORMS[kind](FOUND, tmp_path)
    assert found.action("(0,0)", 1, 7) == found.action("(0,0)", 1, np.random.default_rng(7))
    rng = np.random.default_rng(0)
    drawn = [found.action("(0,0)", 1, rng) for _ in range(2000)]
    shares = np.array([drawn.count(a) for a in GRID.actions]) / 2000
    assert difference(shares, FOUND.policy.sel(t=1, s="(0,0)")) <= 0.05
    with pytest.raises(
        InvalidArgument, match=r"rng -1; allowed: a seed \(an integer ≥ 0\) or a numpy.random.Generator"
    ):
        found.action("(0,0)", 1, -1)
    with pytest.raises(InvalidArgument, match="time 4"):
        found.action("(0,0)", 4, 0)


def test_no_action_is_drawn_where_nothing_is_possible():
    mdp = MDP([[[0.5, 0.5]] * 2, [[0, 1]] * 2], [0, -np.inf], initial=0, discount=0.5)
    with pytest.raises(UndefinedConditional, match="no action is optimal at s=1"):
        solve_infinite(mdp).action(1, 0)


def test_seeds_are_integers_or_generators_everywhere():
    net = unroll(GRID, 3)
    draws = {
        "simulate": lambda seed: simulate(GRID, FOUND, 30, seed).states,
        "sample": lambda seed: net.infer().sample(30, seed)["s_2"],
    }
    for draw in draws.values():
        assert np.array_equal(draw(5), draw(np.random.default_rng(5)))
        assert np.array_equal(draw(np.int64(5)), draw(5))
        rng = np.random.default_rng(5)
        assert not np.array_equal(draw(rng), draw(rng))
        for wrong in (-1, 1.5, "1", None, True):
            with pytest.raises(InvalidArgument, match=r"a seed \(an integer ≥ 0\) or a numpy.random.Generator"):
                draw(wrong)


def test_an_own_terminal_state_takes_up_what_discount_has_ended():
    p = np.zeros((3, 2, 3))
    p[0] = [[0.0, 1.0, 0.0], [0.5, 0.3, 0.2]]
    p[1] = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    p[2, :, 2] = 1.0
    mdp = MDP(p, [[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]], states=["x", "y", "terminal"], initial="x", discount=0.5)
    for inference in ("posterior", "variational", "bellman"):
        solution = solve(mdp, 4, inference=inference)
        pi = np.asarray(solution.policy)
        belief = [np.array([1.0, 0.0, 0.0])]
        for t in range(4):  # after each reward half of what goes on ends
            moved = np.einsum("s,sa,sax->x", belief[-1], pi[t], p)
            belief.append(0.5 * moved + [0.0, 0.0, 0.5 * moved.sum()])
        found = evaluate(mdp, solution)
        assert np.abs(found.state_marginals - np.array(belief)).max() < 1e-12
        assert not found.terminated.any()
        if inference != "posterior":
            assert np.abs(found.state_marginals - solution.state_marginals).max() < 1e-12
    drawn = simulate(mdp, solution, 4000, seed=3).states
    assert drawn.max() == 2
    assert np.abs(np.eye(3)[drawn].mean(axis=0) - belief).max() < 0.04


def test_an_evaluation_says_that_a_changed_networks_tables_do_not_count(tmp_path):
    plain = unroll(GRID, 4, temperature=ALPHA)
    storm = CPD(plain.variable("s_1"), [plain.variable("s_0"), plain.variable("a_0")], np.full((6, 4, 6), 1 / 6))
    net = plain.replace(storm)
    solution = solve(net, inference="variational")
    found = evaluate(GRID, solution)
    assert found.of_changed_network
    assert "replaced and added tables  do not count" in " ".join(str(found).split("\n")[-1:])
    assert difference(found.state_marginals, evaluate(GRID, solution.policy).state_marginals) <= TIGHT
    assert difference(solution.state_marginals[1], np.full(6, 1 / 6)) <= TIGHT  # the network's own
    assert not evaluate(GRID, FOUND).of_changed_network
    assert not evaluate(GRID, solution.policy).of_changed_network
    path = solution.save(tmp_path / "storm.npz")
    assert evaluate(GRID, path, action_prior="counting").of_changed_network
