"""Phi and its optimiser against their definition in 60 digits, and against each other in the limits."""

from decimal import Decimal, localcontext
from math import inf

import numpy as np
import pytest
from scipy import sparse

from control_pgm.errors import InvalidArgument
from control_pgm.tables.operators import EXPECTATION, Operator, check_operator, phi, phi_over
from control_pgm.tables.optimiser import optimiser
from control_pgm.tables.reductions import ConsecutiveGroups

WEIGHTS = [(1.0, 1.0), (-1.0, -1.0), (0.05, 0.05), (0.0, 2.0), (0.7, 2.0), (0.3, -2.0), (0.0, 0.0), (1.5, 0.0)]
LARGE = [1e2, 1e4, 1e6, 1e9, 1e15, -1e2, -1e6, -1e15]


def by_definition(values, measure, kappa, weight):
    """Phi of one row, to the digits of a float."""
    points = [(float(f), float(m)) for f, m in zip(values, measure, strict=True) if m > 0]
    if weight == inf:
        return -inf if any(f == -inf for f, _ in points) else float(sum(Decimal(f) * Decimal(m) for f, m in points))
    if weight < 0 and any(f == -inf for f, _ in points):
        return -inf
    points = [(f, m) for f, m in points if f > -inf]
    if not points:
        return -inf
    with localcontext() as context:
        context.prec = 60
        weighed = [Decimal(f) + Decimal(kappa) * Decimal(m).ln() for f, m in points]
        if weight == 0:
            return float(max(weighed))
        return float(Decimal(weight) * sum((x / Decimal(weight)).exp() for x in weighed).ln())


def random_rows(rng, *, forbidden=0.2, zeros=0.3, size=(6, 5)):
    """Values, some −inf, and normalised measures, some zero."""
    values = np.where(rng.random(size) < forbidden, -inf, 3 * rng.standard_normal(size))
    measure = rng.random(size) * (rng.random(size) >= zeros)
    measure[:, 0] += measure.sum(axis=1) == 0
    return values, measure / measure.sum(axis=1, keepdims=True)


def close(found, expected, tolerance):
    """Whether two arrays agree, infinities exactly."""
    found, expected = np.asarray(found), np.asarray(expected)
    with np.errstate(invalid="ignore"):
        gap = np.where(found == expected, 0.0, np.abs(found - expected))
    return not np.isnan(found).any() and float(gap.max()) <= tolerance


@pytest.mark.parametrize(("kappa", "weight"), [*WEIGHTS, (inf, inf)])
def test_phi_is_its_definition(kappa, weight):
    for seed in range(40):
        values, measure = random_rows(np.random.default_rng(seed))
        expected = [by_definition(f, m, kappa, weight) for f, m in zip(values, measure, strict=True)]
        assert close(phi(values, measure, kappa, weight), expected, 1e-13), seed


@pytest.mark.parametrize("weight", LARGE)
def test_a_large_weight_keeps_the_digits_that_tell_it_from_the_expectation(weight):
    for seed in range(20):
        values, measure = random_rows(np.random.default_rng(seed), forbidden=0.0)
        expected = [by_definition(f, m, weight, weight) for f, m in zip(values, measure, strict=True)]
        # The measure's own rounding, which misses one by an ulp or two, is not blown up by the weight.
        mean = phi(values, measure, inf, inf)
        variance = phi((values - mean[:, None]) ** 2, measure, inf, inf)
        found = phi(values, measure, weight, weight)
        if abs(weight) <= 1e4:
            assert close(found, expected, 1e-15 * abs(weight) + 1e-14)
        else:
            assert close(found, mean + variance / (2 * weight), 10 * (27 / weight) ** 2 + 1e-14)


def test_values_that_differ_little_are_told_apart_to_the_last_digit():
    values, measure = np.array([[1e-9, 2e-9, 4e-9]]), np.array([[0.5, 0.25, 0.25]])
    expected = by_definition(values[0], measure[0], 1.0, 1.0)
    assert abs(phi(values, measure, 1.0, 1.0)[0] - expected) < 1e-24


def test_what_lies_far_below_the_best_underflows_without_a_trace():
    values, measure = np.array([[0.0, -1e6], [-1e6, -1e6 - 1.0]]), np.array([[1e-300, 1.0], [0.5, 0.5]])
    expected = [by_definition(f, m, 1.0, 1.0) for f, m in zip(values, measure, strict=True)]
    assert close(phi(values, measure, 1.0, 1.0), expected, 1e-9)
    tiny = np.array([[5e-324, 1.0]])
    assert close(phi(np.array([[0.0, -5000.0]]), tiny, 1.0, 1.0), [by_definition([0.0, -5000.0], tiny[0], 1, 1)], 1e-9)


@pytest.mark.parametrize("weight", [1e-310, -1e-310, 1e-12, -1e-12])
def test_a_tiny_weight_tends_to_the_largest_or_the_smallest_value(weight):
    values, measure = np.array([[3.0, -2.0, 7.0]]), np.array([[0.5, 0.5, 0.0]])
    assert close(phi(values, measure, weight, weight), [3.0 if weight > 0 else -2.0], 1e-11)


def test_points_of_measure_zero_never_count():
    values = np.array([[-inf, 1.0], [1.0, 5.0]])
    measure = np.array([[0.0, 1.0], [1.0, 0.0]])
    for kappa, weight in [*WEIGHTS, (inf, inf)]:
        assert phi(values, measure, kappa, weight).tolist() == [1.0, 1.0]


def test_a_measure_of_zero_leaves_nothing():
    nothing = np.zeros((1, 2))
    for kappa, weight in WEIGHTS:
        assert phi(np.ones((1, 2)), nothing, kappa, weight).tolist() == [-inf]
    assert phi(np.ones((1, 2)), nothing, inf, inf).tolist() == [0.0]


def test_an_unnormalised_measure_counts():
    values = np.array([1.0, 1.0, 1.0])
    assert abs(phi(values, np.ones(3), 2.0, 2.0) - (1.0 + 2.0 * np.log(3))) < 1e-15
    assert phi(values, np.ones(3), inf, inf) == 3.0


@pytest.mark.parametrize(("kappa", "weight"), [*WEIGHTS, (inf, inf), (1e6, 1e6), (-1e6, -1e6)])
def test_sparse_measures_and_groups_give_what_dense_rows_give(kappa, weight):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        _, measure = random_rows(rng)
        measure[rng.integers(6)] = 0.0
        values = np.where(rng.random(5) < 0.2, -inf, rng.standard_normal(5))
        matrix = sparse.csr_array(measure)
        expected = phi(np.broadcast_to(values, measure.shape), measure, kappa, weight)
        tolerance = 1e-14 * (max(1.0, abs(weight)) if weight < inf else 1.0)  # w log(mass that is left)
        assert close(phi(values, matrix, kappa, weight), expected, tolerance)
        assert close(phi(values, measure, kappa, weight), expected, tolerance)
        filled = np.diff(matrix.indptr) > 0
        groups = ConsecutiveGroups(matrix.indptr[:-1][filled], matrix.nnz)
        found = phi_over(groups, values[matrix.indices], matrix.data, Operator(kappa, weight))
        assert close(found, expected[filled], tolerance)


@pytest.mark.parametrize(("kappa", "weight"), [*WEIGHTS, (inf, inf), (1e6, 1e6)])
def test_the_optimiser_attains_phi(kappa, weight):
    """With kappa = w, Phi = E_p f − w KL(p ‖ mu): the largest at the optimiser p for w > 0, the smallest for w < 0."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        values, measure = random_rows(rng, forbidden=0.0)
        p = optimiser(values, measure, kappa, weight)
        assert close(p.sum(axis=1), np.ones(6), 1e-14)
        assert (p[measure == 0] == 0).all()
        if weight == 0:
            weighed = np.where(measure > 0, values + kappa * np.log(np.where(measure > 0, measure, 1.0)), -inf)
            assert (p.argmax(axis=1) == weighed.argmax(axis=1)).all()
        elif weight == inf:
            assert close(p, measure, 1e-15)
        elif kappa == weight:
            assert close(_free_value(values, measure, p, weight), phi(values, measure, kappa, weight), 1e-9)
            other = rng.random(p.shape) * (measure > 0)
            other /= other.sum(axis=1, keepdims=True)
            best, worse = (_free_value(values, measure, x, weight) for x in (p, other))
            assert (np.sign(weight) * (best - worse) >= -1e-9).all()


def _free_value(values, measure, p, weight):
    ratio = np.where(p > 0, p, 1.0) / np.where(p > 0, measure, 1.0)
    return (p * (values - weight * np.log(ratio))).sum(axis=1)


def test_ties_are_shared_and_nothing_is_chosen_where_all_is_forbidden():
    values = np.array([[1e6, 1e6 * (1 + 1e-13), 0.0], [-inf, -inf, -inf], [0.0, 1e-13, 1e-11]])
    found = optimiser(values, np.ones(3), 0.0, 0.0)
    assert found[0].tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(found[1]).all()
    assert found[2].tolist() == [0.0, 0.0, 1.0]
    assert np.isnan(optimiser(values, np.ones(3), 1.0, 1.0)[1]).all()


@pytest.mark.parametrize(("kappa", "weight"), [(inf, 1.0), (1.0, inf), (-inf, -inf), (np.nan, 1.0), (inf, 0.0)])
def test_weights_at_which_phi_diverges_are_refused(kappa, weight):
    with pytest.raises(InvalidArgument, match="both inf"):
        phi(np.zeros(2), np.full(2, 0.5), kappa, weight)


def test_which_operators_commute():
    soft, hard = check_operator(1, 1), check_operator(0, 0)
    assert soft.commutes(Operator(0.0, 1.0))
    assert hard.commutes(Operator(3.0, 0.0))
    assert EXPECTATION.commutes(EXPECTATION)
    assert not soft.commutes(EXPECTATION)
    assert not hard.commutes(soft)
    assert str(soft) == "(kappa=1, w=1)"


def test_certainty_equivalent_keeps_digits_in_rows_that_are_narrow_beside_rows_that_are_wide():
    measure = np.array([0.999 * 0.303184328890351, 0.999 * 0.6968156711096489, 1.0 - 0.999])
    alone = phi(np.zeros((1, 3)), measure[None], 1e9, 1e9)[0]
    beside = phi(np.array([[0.0, 0.0, 0.0], [0.0, -1e9, 0.0]]), np.stack([measure, measure]), 1e9, 1e9)[0]
    assert alone == 0.0
    assert abs(beside) < 1e-12
