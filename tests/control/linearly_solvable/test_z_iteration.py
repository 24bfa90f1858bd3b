"""Desirability against dense linear algebra, and against the control network whose actions are next states."""

import numpy as np
import pytest

from control_pgm import solve
from control_pgm.control.infinite import solve_average, solve_infinite
from control_pgm.control.linearly_solvable import LinearlySolvable, solve_linearly_solvable
from control_pgm.errors import InvalidArgument
from tests.control.comparison import TIGHT, difference
from tests.control.infinite.growth.test_eigenpair import perron
from tests.control.infinite.samples import rows

METHODS = ["newton", "z-iteration"]


def random_process(seed, *, n=6, ends=2, forbidden=False):
    """Random passive dynamics, the last ``ends`` states absorbing."""
    rng = np.random.default_rng(seed)
    passive = rows(rng, n, n, zeros=0.4)
    passive[n - ends :] = np.eye(n)[n - ends :]
    reward = -np.abs(rng.normal(size=n))
    if forbidden:
        reward[0] = -np.inf
    return LinearlySolvable(passive, reward, final_reward=rng.normal(size=n))


def policies_equal(controlled, policy):
    """u(s'|s) is p(a=s'|s)."""
    assert difference(np.asarray(controlled), np.asarray(policy)) <= 1e-10


@pytest.mark.parametrize("forbidden", [False, True])
def test_a_finite_horizon_is_the_posterior_over_next_states(forbidden):
    for seed in range(6):
        process = random_process(seed, ends=0, forbidden=forbidden)
        found = solve_linearly_solvable(process, "finite", horizon=5, temperature=0.7)
        network = solve(process.as_mdp(), 5, temperature=0.7, action_prior=process.passive.toarray())
        assert difference(found.V, network.V) <= 1e-11
        for t in range(5):
            policies_equal(found.controlled(t), network.policy[t])


@pytest.mark.parametrize("method", METHODS)
def test_a_first_exit_solves_a_linear_system(method):
    for seed in range(8):
        process, alpha = random_process(seed), 0.7
        p, g = process.passive.toarray(), np.exp(process.reward / alpha)
        boundary = np.exp(process.final_reward[4:] / alpha)
        z = np.linalg.solve(np.eye(4) - g[:4, None] * p[:4, :4], g[:4] * (p[:4, 4:] @ boundary))
        found = solve_linearly_solvable(process, temperature=alpha, method=method, tolerance=1e-12)
        assert difference(found.V, alpha * np.log(np.append(z, boundary))) <= found.error_bound + TIGHT
        assert difference(found.log_desirability, found.V.values / alpha) == 0.0
        controlled = p * np.append(z, boundary)
        assert difference(found.controlled(), controlled / controlled.sum(axis=1, keepdims=True)) <= 1e-10


def test_a_first_exit_is_the_posterior_of_a_long_horizon():
    for seed in range(6):
        process = random_process(seed)
        prior = process.passive.toarray()
        network = solve(process.as_mdp(first_exit=True), 300, temperature=0.7, action_prior=prior)
        found = solve_linearly_solvable(process, temperature=0.7)
        inside = ~process.absorbing
        assert difference(found.V[inside], network.V[0][inside]) <= 1e-9
        policies_equal(found.controlled()[inside], network.policy[0][inside])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("discount", [0.0, 0.6, 0.95])
def test_discount_makes_it_the_variational_solution_over_next_states(method, discount):
    for seed in range(4):
        process = random_process(seed, ends=0, forbidden=seed % 2 == 1)
        process = LinearlySolvable(process.passive, process.reward)
        mdp = process.as_mdp(discount=discount)
        found = solve_linearly_solvable(process, "discounted", discount=discount, temperature=0.7, method=method)
        network = solve_infinite(mdp, inference="variational", temperature=0.7, action_prior=process.passive.toarray())
        assert difference(found.V, network.V) <= found.error_bound + network.error_bound + TIGHT
        assert difference(found.controlled(), network.policy) <= 1e-8
        assert found.error_bound <= 1e-8


def test_no_other_control_is_worth_more():
    """V(s) = max_u q(s) + gamma E_u V − alpha KL(u ‖ p), at random u and at the optimum."""
    rng = np.random.default_rng(0)
    process, alpha, gamma = LinearlySolvable(rows(rng, 5, 5), rng.normal(size=5)), 0.6, 0.9
    found = solve_linearly_solvable(process, "discounted", discount=gamma, temperature=alpha, tolerance=1e-13)
    p, v = process.passive.toarray(), found.V.values

    def worth(u):
        return process.reward + gamma * u @ v - alpha * (u * np.log(u / p)).sum(axis=1)

    assert difference(worth(np.asarray(found.controlled())), v) <= 1e-11
    for _ in range(200):
        assert (worth(rng.dirichlet(np.ones(5), size=5)) <= v + 1e-11).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_average_is_a_leading_eigenpair_and_that_of_the_network(method):
    for seed in range(6):
        process, alpha = LinearlySolvable(*_ergodic(seed)), 0.7
        found = solve_linearly_solvable(process, "average", temperature=alpha, method=method, tolerance=1e-12)
        value, z = perron(np.exp(process.reward / alpha)[:, None] * process.passive.toarray())
        assert difference(found.rates, np.full(6, alpha * np.log(value))) <= found.error_bound + TIGHT
        assert np.ptp(found.log_desirability - np.log(z)) <= 1e-8
        network = solve_average(process.as_mdp(), temperature=alpha, action_prior=process.passive.toarray())
        assert difference(found.V, network.V) <= 1e-8
        assert difference(found.controlled(), network.policy) <= 1e-8


def _ergodic(seed):
    rng = np.random.default_rng(seed)
    passive = 0.9 * rows(rng, 6, 6, zeros=0.4) + 0.1 * np.roll(np.eye(6), 1, axis=1)
    return passive, rng.normal(size=6)


def test_a_walk_between_two_ends_has_a_closed_form():
    """A corridor at a cost q per step: z(k) = e^{−q/alpha} (z(k−1) + z(k+1))/2, z(0) = z(n) = 1."""
    n, q, alpha = 12, 0.3, 0.5
    passive = np.zeros((n + 1, n + 1))
    passive[0, 0] = passive[n, n] = 1.0
    for k in range(1, n):
        passive[k, [k - 1, k + 1]] = 0.5
    root = np.exp(np.arccosh(np.exp(q / alpha)))  # of x² − 2 e^{q/alpha} x + 1
    k = np.arange(n + 1)
    z = (root ** (k - n / 2) + root ** (n / 2 - k)) / (root ** (n / 2) + root ** (-n / 2))
    found = solve_linearly_solvable(LinearlySolvable(passive, np.full(n + 1, -q)), temperature=alpha, tolerance=1e-13)
    assert difference(found.log_desirability, np.log(z)) <= 1e-11


def test_states_that_cannot_end_are_undefined():
    process = LinearlySolvable([[0, 1, 0], [1, 0, 0], [0, 0, 1]], [-1, -1, 0])
    found = solve_linearly_solvable(process)
    assert found.V.values.tolist() == [-np.inf, -np.inf, 0.0]
    assert np.isnan(found.controlled()[:2]).all()
    assert found.controlled()[2].tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"objective": "shortest"}, ["'shortest'", "'first-exit'", "'average'"]),
        ({"objective": "finite"}, ["horizon None", "'finite'"]),
        ({"horizon": 3}, ["horizon 3", "'first-exit'"]),
        ({"objective": "finite", "horizon": 0}, ["horizon 0", "≥ 1"]),
        ({"objective": "discounted"}, ["discount None", "'discounted'"]),
        ({"objective": "average", "discount": 0.9}, ["discount 0.9", "'average'"]),
        ({"objective": "discounted", "discount": 1.0}, ["discount 1", "'average'"]),
        ({"objective": "discounted", "discount": 1.5}, ["discount 1.5"]),
        ({"method": "power"}, ["'power'", "'z-iteration'"]),
        ({"temperature": -1.0}, ["temperature -1.0"]),
    ],
)
def test_a_wrong_option_is_named(options, words):
    with pytest.raises(InvalidArgument) as error:
        solve_linearly_solvable(random_process(0), **options)
    for word in words:
        assert word in str(error.value), str(error.value)


def test_what_has_no_end_or_is_no_process_is_named():
    with pytest.raises(InvalidArgument, match=r"without an absorbing state.*'average'"):
        solve_linearly_solvable(random_process(0, ends=0))
    with pytest.raises(InvalidArgument, match=r"list cannot be solved.*LinearlySolvable"):
        solve_linearly_solvable([[1.0]])
    with pytest.raises(InvalidArgument, match=r"staying inside is worth more"):
        solve_linearly_solvable(LinearlySolvable([[0.9, 0.1], [0, 1]], [1.0, 0.0]), max_iterations=300)


@pytest.mark.parametrize("objective", [{"objective": "discounted", "discount": 0.9}, {"objective": "average"}])
def test_too_few_iterations_are_named(objective):
    with pytest.raises(InvalidArgument, match=r"max_iterations 2.*method='newton'"):
        solve_linearly_solvable(LinearlySolvable(*_ergodic(0)), method="z-iteration", max_iterations=2, **objective)


def test_times_belong_to_finite_horizons():
    finite = solve_linearly_solvable(random_process(0), "finite", horizon=2)
    for t in (None, 2, -1, True):
        with pytest.raises(InvalidArgument, match=r"time .*0 … 1"):
            finite.controlled(t)
    with pytest.raises(InvalidArgument, match=r"t=0 with objective='first-exit'"):
        solve_linearly_solvable(random_process(0)).controlled(0)


def test_the_answer_shows_itself():
    process = random_process(1)
    average = solve_linearly_solvable(LinearlySolvable(process.passive, process.reward), "average")
    assert "largest average reward" in str(average)
    assert "<table>" in average._repr_html_()
    assert repr(average) == "DesirabilitySolution(LinearlySolvable(6 states, 2 of them absorbing), objective='average')"


def test_a_horizon_may_be_any_integer_and_its_bound_counts_rounding():
    for seed in range(6):
        process = random_process(seed, ends=0)
        found = solve_linearly_solvable(process, "finite", horizon=np.int64(7), temperature=0.7)
        assert difference(found.V, solve_linearly_solvable(process, "finite", horizon=7, temperature=0.7).V) == 0.0
        p, q = process.passive.toarray().astype(np.longdouble), process.reward.astype(np.longdouble) / 0.7
        z = np.exp(process.final_reward.astype(np.longdouble) / 0.7)
        for _ in range(7):
            z = np.exp(q) * (p @ z)
        assert 0.0 < difference(found.V[0], 0.7 * np.log(z)) <= found.error_bound <= 1e-13


@pytest.mark.parametrize("objective", ["first-exit", "finite", "average"])
def test_rewards_too_large_beside_the_temperature_are_refused(objective):
    options = {"horizon": 2} if objective == "finite" else {}
    paid = LinearlySolvable([[1, 0], [0.5, 0.5]], [0.0, -1e300])
    last = LinearlySolvable([[1, 0], [0.5, 0.5]], [0.0, -1.0], final_reward=[1e300, 0.0])
    for process in [paid] if objective == "average" else [paid, last]:
        with pytest.raises(InvalidArgument, match=r"1e\+300 overflows in units of 1e-10"):
            solve_linearly_solvable(process, objective, temperature=1e-10, **options)


def test_discounted_values_beyond_floating_point_are_refused():
    process = LinearlySolvable([[1.0]], [-1e300])
    with pytest.raises(InvalidArgument, match=r"1e\+300.*larger unit"):
        solve_linearly_solvable(process, "discounted", discount=1 - 1e-12, temperature=1e290)
