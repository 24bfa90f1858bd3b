"""Rows of probabilities in 16, 32 and 64 bits: what counts as one, wherever rows are taken."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from control_pgm import (
    CPD,
    MDP,
    LinearlySolvable,
    Variable,
    evaluate,
    from_gymnasium,
    simulate,
    soft_policy_iteration,
    solve,
    variational_bound,
)
from control_pgm.errors import ControlPGMError
from control_pgm.tables.probabilities import MOST, first_miss, spacing

EPS = {np.float16: 2.0**-10, np.float32: 2.0**-23}
THIRDS = np.array([1 / 3, 1 / 3, 1 / 3])
ROUNDED = [0.3333, 0.3333, 0.3333]


def rows(shape, kind, seed=0):
    """Rows divided by their sum in narrow numbers."""
    weights = np.random.default_rng(seed).gamma(1.0, size=shape).astype(kind)
    return (weights / weights.sum(axis=-1, keepdims=True, dtype=kind)).astype(kind)


def by_fractions(row):
    """The row divided by its exact sum."""
    exact = [Fraction(float(p)) for p in row]
    return [float(p / sum(exact)) for p in exact]


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 2000), kind=st.sampled_from([np.float32, np.float16]), seed=st.integers(0, 10**6))
def test_rows_divided_by_their_sum_in_their_own_numbers_are_taken(n, kind, seed):
    row = rows((n,), kind, seed)
    off = abs(float(row.astype(np.float64).sum()) - 1.0)
    assert off <= n * EPS[kind]  # the derivation
    if off <= MOST:  # 16-bit numbers add up worse in long rows
        assert first_miss(np.array(row.astype(np.float64).sum()), row, n) is None
    else:
        assert kind is np.float16


@pytest.mark.parametrize(("kind", "n", "within"), [(np.float32, 3, 3 * 2.0**-23), (np.float16, 3, MOST)])
def test_the_bound_is_n_eps(kind, n, within):
    row = np.zeros(n, dtype=kind)
    assert first_miss(np.array(1.0 + 0.99 * within), row, n) is None
    assert first_miss(np.array(1.0 + 1.01 * within), row, n) is not None
    assert first_miss(np.array(1.0 + 2e-9), row.astype(np.float64), n) is not None
    assert first_miss(np.array(1.0 + 2e-9), row.astype(np.longdouble), n) is not None
    assert first_miss(np.array(np.nan), row, n) is not None


def test_the_widest_spacing_decides():
    assert spacing([0.5, np.float32(0.5), 0]) == EPS[np.float32]
    assert spacing(np.array([0.5, np.float32(0.5)], dtype=object)) == EPS[np.float32]
    assert spacing({"x": np.float16(0.5)}) == EPS[np.float16]
    assert spacing([[1.0]]) == spacing("text") == spacing(None) == 0.0


# --- every place that takes rows ------------------------------------------------------------------------------------
P32 = rows((3, 2, 3), np.float32)
R = np.arange(6.0).reshape(3, 2)
EXACT = np.array([[by_fractions(row) for row in pair] for pair in P32])
assert np.abs(P32.astype(np.float64).sum(axis=-1) - 1.0).max() > 1e-9  # they would be refused as 64-bit numbers


def test_a_float32_transition_is_its_rows_divided_in_64_bits():
    assert np.abs(MDP(P32, R).transition - EXACT).max() <= 2e-16
    with pytest.raises(ControlPGMError, match="divide rows by their sum"):
        MDP(P32.astype(np.float64), R)


def test_float32_transitions_sparse_varying_as_lists_and_as_outcomes():
    thin = MDP(sparse.csr_array(P32.reshape(6, 3)), R)
    assert np.abs(thin.transition - EXACT).max() <= 2e-16
    assert np.abs(MDP(np.stack([P32, P32]), R).transition - EXACT).max() <= 2e-16
    assert np.abs(MDP([[list(row) for row in pair] for pair in P32], R).transition - EXACT).max() <= 2e-16
    listed = [(s, a, P32[s, a, z], z, R[s, a]) for s in range(3) for a in range(2) for z in range(3)]
    for thin in (True, False):
        assert np.abs(MDP.from_outcomes(listed, sparse=thin).transition - EXACT).max() <= 2e-16


@pytest.mark.parametrize(
    "initial", [np.float32(THIRDS), dict(enumerate(np.float32(THIRDS))), list(np.float32(THIRDS))], ids=type
)
def test_a_float32_first_state(initial):
    assert MDP(P32, R, initial=initial).initial.sum() == pytest.approx(1.0, abs=2e-16)


def test_a_float32_cpd_and_its_logarithms():
    x, y = Variable("x", 2), Variable("y", 5)
    table = rows((2, 5), np.float32, seed=3)
    wanted = np.array([by_fractions(row) for row in table])
    assert np.abs(CPD(y, [x], table).array() - wanted).max() <= 2e-16
    assert np.abs(CPD(y, [x], np.log(table), log=True).array().sum(axis=-1) - 1.0).max() <= 1e-15


def test_a_float32_action_prior_and_policy():
    mdp = MDP(P32, R)
    prior = rows((3, 2), np.float32, seed=5)
    wide = np.array([by_fractions(row) for row in prior])
    assert np.abs(np.asarray(solve(mdp, 3, action_prior=prior).V) - solve(mdp, 3, action_prior=wide).V).max() <= 1e-14
    policy = rows((4, 3, 2), np.float32, seed=6)
    wide = np.array([[by_fractions(row) for row in step] for step in policy])
    assert abs(evaluate(mdp, policy).expected_reward - evaluate(mdp, wide).expected_reward) <= 1e-14
    assert evaluate(mdp, policy).state_marginals.sum(axis=1) == pytest.approx(1.0, abs=1e-15)
    assert abs(evaluate(mdp, policy[0], 4).entropy - evaluate(mdp, wide[0], 4).entropy) <= 1e-14
    assert (simulate(mdp, policy, 5, 0).states == simulate(mdp, wide, 5, 0).states).all()
    assert (
        abs(variational_bound(mdp, policy, temperature=1.0).elbo - variational_bound(mdp, wide, temperature=1.0).elbo)
        <= 1e-13
    )
    assert soft_policy_iteration(mdp, 4, policy=policy, temperature=1.0).converged


def test_float32_passive_dynamics():
    passive = rows((4, 4), np.float32, seed=2)
    for table in (passive, sparse.csr_array(passive)):
        assert np.abs(LinearlySolvable(table, np.zeros(4)).passive.sum(axis=1) - 1.0).max() <= 2e-16


class Table:
    """An environment whose table holds 32-bit numbers."""

    def __init__(self, kind):
        self.P = {s: {0: [(p, z, 0.0, False) for z, p in enumerate(kind(THIRDS))]} for s in range(3)}
        self.initial_state_distrib = kind(THIRDS)


def test_a_float32_environment():
    mdp = from_gymnasium(Table(np.float32))
    assert np.abs(mdp.transition - 1 / 3).max() <= 6e-17
    assert np.abs(mdp.initial - 1 / 3).max() <= 6e-17


# --- .3333 three times ----------------------------------------------------------------------------------------------
X3 = Variable("y", ["a", "b", "c"])
PAIR = [[[0, 1, 0]] * 2, [[0, 1, 0], ROUNDED], [[0, 1, 0]] * 2]
TAKERS = {
    "dense": (lambda: MDP(PAIR, R), ["s=1", "a=1", "0.9999"]),
    "varying": (lambda: MDP([PAIR], R), ["t=0", "s=1", "a=1"]),
    "sparse": (lambda: MDP(sparse.csr_array(np.reshape(PAIR, (6, 3))), R), ["s=1", "a=1"]),
    "outcomes": (lambda: MDP.from_outcomes([(s, 0, 0.3333, z, 0.0) for s in range(3) for z in range(3)]), ["s=0"]),
    "initial": (lambda: MDP(P32, R, initial=ROUNDED), ["initial"]),
    "cpd": (lambda: CPD(X3, [Variable("x", 2)], [[0, 1, 0], ROUNDED]), ["x=1", "'y'"]),
    "prior": (lambda: solve(MDP(P32, R), 2, action_prior=[[0.5, 0.5], [0.3333, 0.6666], [0.5, 0.5]]), ["s=1"]),
    "policy": (lambda: evaluate(MDP(P32, R), [[0.5, 0.5], [0.3333, 0.6666], [0.5, 0.5]], 2), ["t=0", "s=1"]),
    "passive": (lambda: LinearlySolvable([[0, 1, 0], ROUNDED, [0, 1, 0]], np.zeros(3)), ["s=1"]),
    "environment": (lambda: from_gymnasium(Table(lambda p: np.full(3, 0.3333))), ["P[0][0]"]),
}


@pytest.mark.parametrize("taker", TAKERS)
def test_rows_rounded_to_few_digits_are_named_with_the_remedy(taker):
    make, words = TAKERS[taker]
    with pytest.raises(ControlPGMError) as error:
        make()
    for word in [*words, "divide rows by their sum", "1 within 1e-9"]:
        assert word in str(error.value)
