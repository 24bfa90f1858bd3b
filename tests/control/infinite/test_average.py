"""The posterior of endless processes against long horizons, dense eigenvectors and numbers of Fibonacci."""

import numpy as np
import pytest
from scipy import sparse

from control_pgm import MDP, gridworld, solve
from control_pgm.control.infinite import solve_average
from control_pgm.errors import ImpossibleEvidence, InvalidArgument, InvalidModel
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.growth.test_eigenpair import perron
from tests.control.infinite.samples import random_mdp, rows, weights

METHODS = ["newton", "power"]
GOLDEN = (1 + np.sqrt(5)) / 2


def agrees(found, finite, slack):
    """V_0 = T rate + V, policies and the middle of the trajectory."""
    horizon = finite.network.horizon
    assert difference(finite.V[0], horizon * found.rates + found.V) <= slack * horizon
    assert difference(found.policy, finite.policy[0]) <= slack
    assert difference(found.state_marginals, finite.state_marginals[horizon // 2]) <= slack
    assert difference(found.state_action_marginals, finite.state_action_marginals[horizon // 2]) <= slack


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "form", [{"form": "sas"}, {"form": "sa", "some": True}, {"form": "s", "n": 8, "zeros": 0.6}], ids=str
)
def test_long_horizons_approach_the_eigenpair(method, form):
    for seed in range(5):
        mdp = random_mdp(seed, discount=1.0, **form)
        found = solve_average(mdp, temperature=0.6, method=method, tolerance=1e-13)
        finite = solve(mdp, 500, temperature=0.6)
        agrees(found, finite, 1e-8)
        assert difference(found.Q, finite.Q[0] - 500 * found.rate) <= 1e-6
        assert found.error_bound <= 1e-11


@pytest.mark.parametrize("prior", [[0.7, 0.3, 0.0], "counting"], ids=str)
def test_priors_weigh_actions_as_they_do_over_a_horizon(prior):
    for seed in range(3):
        mdp = random_mdp(seed, discount=1.0, zeros=0.0)
        found = solve_average(mdp, temperature=0.6, action_prior=prior, tolerance=1e-13)
        finite = solve(mdp, 500, temperature=0.6, action_prior=prior)
        agrees(found, finite, 1e-8)
        assert difference(found.Q, finite.Q[0] - 500 * found.rate) <= 1e-6


def test_everything_is_that_of_the_dense_eigenvectors():
    for seed in range(8):
        mdp = random_mdp(seed, n=6, discount=1.0, zeros=0.0)
        alpha = 0.8
        w = weights(mdp, alpha)
        matrix = w.mean(axis=1)
        value, right = perron(matrix)
        left = perron(matrix.T)[1]
        found = solve_average(mdp, temperature=alpha, tolerance=1e-13)
        assert abs(found.rate - alpha * np.log(value)) <= TIGHT
        assert difference(found.rates, np.full(6, found.rate)) == 0.0
        policy = w @ right / 3 / (value * right)[:, None]
        assert difference(found.policy, policy) <= 1e-11
        occupied = left * right / (left @ right)
        assert difference(found.state_marginals, occupied) <= 1e-11
        assert difference(found.state_action_marginals, occupied[:, None] * policy) <= 1e-11
        assert difference(found.advantage, alpha * np.log(3 * policy)) <= 1e-10
        backup = alpha * np.log(np.exp((found.Q.values) / alpha).mean(axis=1))
        assert difference(backup, found.V) <= 1e-11


def test_walks_that_never_act_twice_in_a_row_are_counted_by_fibonacci():
    """Acting is forbidden right after acting: log lambda = log golden ratio, counting actions."""
    free, tired = [[1, 0], [0, 1]], [[1, 0], [0, 1]]
    mdp = MDP([free, tired], [[0, 0], [0, -np.inf]], actions=["rest", "act"])
    found = solve_average(mdp, action_prior="counting", tolerance=1e-14)
    assert abs(found.rate - np.log(GOLDEN)) <= TIGHT
    assert difference(found.policy, [[1 / GOLDEN, 1 / GOLDEN**2], [1, 0]]) <= TIGHT
    share = 1 / (1 + GOLDEN**2)
    assert difference(found.state_marginals, [1 - share, share]) <= TIGHT
    assert found.period == 1


@pytest.mark.parametrize("method", METHODS)
def test_ends_of_equal_reward_are_told_apart_by_how_they_are_reached(method):
    """Goal and hole both pay nothing for ever; the way there pays +1 or −1."""
    mdp = gridworld("S..\n.#H\n..G", slip=0.2)
    found = solve_average(mdp, temperature=0.3, method=method, tolerance=1e-12)
    agrees(found, solve(mdp, 800, temperature=0.3), 1e-8)
    assert abs(found.rate) <= TIGHT


def test_each_start_looks_to_the_best_that_it_can_reach():
    """Two closed rooms that pay 1 and 2, and a hall that leads to both; a cell from which only the first is reached."""
    chain = np.eye(4)[[[0, 0], [1, 1], [0, 1], [0, 0]]]
    mdp = MDP(chain, [[1, 1], [2, 2], [0, 0], [5, 5]], initial=[0, 0, 0.5, 0.5], states=["one", "two", "hall", "cell"])
    found = solve_average(mdp)
    assert difference(found.rates, [1, 2, 2, 1]) <= TIGHT
    assert difference(found.policy.sel(s="hall"), [0, 1]) <= TIGHT
    assert difference(found.state_marginals, [0, 1, 0, 0]) <= TIGHT
    assert difference(found.V, [0, 0, -2 - np.log(2), 4]) <= TIGHT
    assert abs(found.rate - 2) <= TIGHT
    assert found.Q.sel(s="hall").tolist()[0] == -np.inf


def test_what_leads_on_to_the_same_again_is_refused():
    """Waiting pays nothing, and so does what comes after: evidence grows like T."""
    with pytest.raises(InvalidModel, match=r"around s='wait' and beyond s='end'"):
        solve_average(
            MDP(
                [[[0.5, 0.5]], [[0, 1]]],
                [[[0, np.log(2)]], [[0, -np.log(2)]]],
                states=["wait", "end"],
                reward_axes="sas",
            )
        )


def test_a_ring_goes_round():
    """A deterministic ring of three rooms: finite horizons cycle, on average each room has a third of the time."""
    mdp = MDP(np.eye(3)[[[1], [2], [0]]], [[1.0], [2.0], [6.0]])
    found = solve_average(mdp)
    assert found.period == 3
    assert abs(found.rate - 3) <= TIGHT
    assert difference(found.state_marginals, np.full(3, 1 / 3)) <= TIGHT
    finite = [solve(mdp, 300 + k).V[0] - (300 + k) * 3.0 for k in range(3)]
    assert difference(found.V, np.log(np.exp(finite).mean(axis=0))) <= 1e-9


@pytest.mark.parametrize("alpha", [1.0, 0.05, 0.002])
def test_colder_is_greedier(alpha):
    """Staying at the shop pays 1 a step; the way there is one step. rate → 1 from below, like alpha log 2."""
    mdp = MDP([[[1, 0], [0, 1]], [[0, 1], [1, 0]]], [[0, 0], [1, 0]], actions=["stay", "go"])
    found = solve_average(mdp, temperature=alpha)
    matrix = np.array([[1, 1], [1, np.exp(min(1 / alpha, 700))]]) / 2
    expected = alpha * np.log(max(np.linalg.eigvals(matrix).real))
    assert abs(found.rate - expected) <= 1e-9
    assert found.rate <= 1 - alpha * np.log(2) + alpha * np.exp(-1 / alpha)


def test_both_methods_agree_at_any_temperature():
    """From 1e-4 to 10, where few entries can be represented: V = alpha log sum_a p(a|s) e^{Q/alpha} holds."""
    rng = np.random.default_rng(0)
    for seed in range(80):
        mdp = random_mdp(seed, n=7, discount=1.0, zeros=0.8)
        alpha = float(10 ** rng.uniform(-4, 1))
        newton, power = (solve_average(mdp, temperature=alpha, method=method) for method in METHODS)
        assert abs(newton.rate - power.rate) <= newton.error_bound + power.error_bound
        assert newton.iterations <= 100
        for found in (newton, power):
            backup = alpha * np.logaddexp.reduce(found.Q.values / alpha - np.log(3), axis=1)
            assert difference(backup, found.V) <= 1e-8 * max(1.0, np.abs(found.V.values).max())
            assert abs(found.state_marginals.values.sum() - 1) <= 1e-12


def test_what_is_forbidden_in_the_end_is_undefined():
    mdp = MDP(np.eye(3)[[[1, 0], [1, 1], [0, 0]]], [[0, 1], [-np.inf, -np.inf], [0, 0]], initial=2)
    found = solve_average(mdp)
    assert found.defined.values.tolist() == [True, False, True]
    assert np.isnan(found.policy[1]).all()
    assert np.isnan(found.advantage[1]).all()
    assert difference(found.policy[0], [0, 1]) <= TIGHT
    with pytest.raises(
        ImpossibleEvidence, match=r"every trajectory from the initial distribution.*solve\(mdp, horizon\)"
    ):
        solve_average(MDP(mdp.transition, mdp.reward, initial=1, reward_axes="sa"))


def test_thousands_of_sparse_states_take_both_methods():
    rng = np.random.default_rng(0)
    n, m = 2_000, 2
    where = (np.repeat(np.arange(n), m)[:, None] + rng.integers(-40, 41, (n * m, 3))) % n
    matrix = sparse.csr_array((rows(rng, n * m, 3).ravel(), where.ravel(), np.arange(0, 3 * n * m + 1, 3)), (n * m, n))
    mdp = MDP(matrix, rng.normal(size=(n, m)))
    newton, power = (solve_average(mdp, method=method, temperature=2.0) for method in METHODS)
    assert abs(newton.rate - power.rate) <= newton.error_bound + power.error_bound
    assert difference(newton.policy, power.policy) <= 1e-5
    assert newton.iterations < 40 < power.iterations
    p = newton.policy.values
    occupied = newton.state_marginals.values
    w = np.exp((mdp.reward - newton.rate) / 2.0)[:, :, None] * matrix.toarray().reshape(n, m, n)
    chain = np.einsum("sa,sax->sx", np.full((n, m), 0.5), w)
    x = np.exp(newton.V.values / 2.0)
    assert difference(chain @ x / x, np.ones(n)) <= 1e-9
    flow = (chain * x[None, :] / x[:, None]).T @ occupied
    assert difference(flow, occupied) <= 1e-9
    assert difference(newton.state_action_marginals, occupied[:, None] * p) <= TIGHT


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "qr"}, ["'qr'", "'newton'", "'power'"]),
        ({"temperature": 0.0}, ["temperature 0.0"]),
        ({"tolerance": -1.0}, ["tolerance -1.0"]),
        ({"method": "power", "max_iterations": 2}, ["max_iterations 2", "nats only", "'newton'"]),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve_average(random_mdp(0, discount=1.0), **options)
    for word in words:
        assert word in str(error.value)


def test_a_discount_is_refused():
    with pytest.raises(InvalidArgument, match=r"discount 0\.8 with average reward.*solve_infinite"):
        solve_average(random_mdp(0))


def test_the_answer_shows_itself():
    found = solve_average(random_mdp(0, discount=1.0))
    assert "soft average reward" in str(found)
    assert "<table>" in found._repr_html_()
    assert repr(found).startswith(
        "AverageSolution(MDP(5 states, 3 actions), inference='posterior', soft average reward"
    )


def room_with_a_costly_way_back(cost):
    """From 2 to 0, where staying is free and a step to 1 and back costs; or to 3, where one action is forbidden.

    Both parts go on with probability one half in every step, so that their rate is −log 2. The first may end in 1.
    """
    transition = np.zeros((4, 2, 4))
    transition[0, 0, 0] = transition[0, 1, 1] = 1.0
    transition[1, :, 0] = 1.0
    transition[2, 0, 0] = transition[2, 1, 3] = 1.0
    transition[3, :, 3] = 1.0
    return MDP(transition, [[0.0, 0.0], [-cost, -cost], [0.0, 0.0], [0.0, -np.inf]], reward_axes="sa", initial=2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cost", [100.0, 800.0, 5000.0])
def test_average_values_are_the_limit_however_rarely_a_state_is_visited(method, cost):
    mdp = room_with_a_costly_way_back(cost)
    found = solve_average(mdp, method=method, tolerance=1e-9)
    long = solve(mdp, 200)
    assert np.abs(found.policy.values[2] - long.policy.values[0, 2]).max() < 1e-6
    assert np.abs(found.V.values - 200 * np.log(2.0) - long.V.values[0]).max() < 1e-4
    assert np.abs(found.state_marginals.values - long.state_marginals.values[100]).max() < 1e-6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cost", [10.0, 700.0, 740.0, 750.0, 2000.0])
def test_values_keep_their_scale_where_shares_underflow(method, cost):
    """Staying in 0 is free, the way over 1 costs: V(0) is that of the closed form whether e^-cost underflows or not."""
    mdp = MDP([[[1, 0], [0, 1]], [[1, 0], [1, 0]]], [[0.0, 0.0], [-cost, -cost]], initial=0)
    found = solve_average(mdp, method=method, tolerance=1e-13)
    root = np.sqrt(0.25 + 2 * np.exp(-cost))  # of [[1/2, 1/2], [e^-cost, 0]]
    value = (0.5 + root) / 2
    right = np.array([1.0, np.exp(-cost) / value])
    left = np.array([1.0, 0.5 / value])
    scale = np.log(left.sum() / (left @ right))
    assert difference(found.V, [scale, scale - cost - np.log(value)]) <= 1e-9
    assert difference(found.state_marginals, left * right / (left @ right)) <= TIGHT


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [2_500, 4_000])
def test_random_graphs_of_thousands_of_states_take_no_fill_in(method, n):
    rng = np.random.default_rng(n)
    table = sparse.csr_array(
        (rows(rng, 2 * n, 3).ravel(), rng.integers(n, size=6 * n), np.arange(0, 6 * n + 1, 3)), (2 * n, n)
    )
    mdp = MDP(table, rng.normal(size=(n, 2)), reward_axes="sa")
    found = solve_average(mdp, method=method)
    assert found.error_bound <= 1e-9
    assert found.iterations < (40 if method == "newton" else 400)
    w = sparse.csr_array(
        (np.full(2 * n, 0.5) * np.exp(mdp.reward.ravel() - found.rate), np.arange(2 * n), np.arange(0, 2 * n + 1, 2))
    )
    chain = sparse.csr_array(w @ table)
    x = np.exp(found.V.values)
    assert difference(chain @ x / x, np.ones(n)) <= 1e-8
    occupied = found.state_marginals.values
    assert difference(x * (chain.T @ (occupied / x)), occupied) <= 1e-11
