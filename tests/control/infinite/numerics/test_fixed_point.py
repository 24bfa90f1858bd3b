"""The iteration by itself, on a map whose fixed point is known: V ← r + J V with a chain J that leaves slowly."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse

from control_pgm.control.infinite.numerics.fixed_point import fixed_point
from control_pgm.errors import InvalidArgument
from tests.control.comparison import difference


@dataclass(frozen=True, eq=False)
class Affine:
    """V ← r + J V; ``m`` is the modulus that it claims."""

    r: np.ndarray
    j: np.ndarray
    m: float = 1.0
    settles: bool = False
    rounded: float = 0.0
    trouble: str = "no help"
    terms: int = 6

    @property
    def start(self):
        return np.zeros(len(self.r))

    @property
    def moving(self):
        return np.ones(len(self.r), dtype=bool)

    def sweep(self, v):
        new = self.r + self.j @ v
        return new, new

    def slope(self, v, q, new):
        return sparse.csr_array(self.j)

    def unit(self, v, q):
        return self.rounded

    def modulus(self, first):
        return self.m


def leaving_chain(seed, leaves):
    """A chain that leaves from its last state only."""
    rng = np.random.default_rng(seed)
    j = rng.random((6, 6))
    j /= j.sum(axis=1, keepdims=True)
    j[-1] *= 1.0 - leaves
    return rng.normal(size=6), j


@pytest.mark.parametrize("newton", [False, True])
@pytest.mark.parametrize("leaves", [0.9, 0.1, 0.02])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-6, 1e-10])
def test_enclosures_hold_where_nothing_contracts_in_one_step(newton, leaves, tolerance):
    for seed in range(5):
        r, j = leaving_chain(seed, leaves)
        found = fixed_point(Affine(r, j), tolerance=tolerance, max_iterations=20_000, newton=newton)
        exact = np.linalg.solve(np.eye(6) - j, r)
        assert difference(found.v, exact) <= found.error_bound <= tolerance * max(1.0, np.abs(found.v).max())
        assert len(found.residuals) <= (3 if newton else 20_000)


def test_a_contraction_needs_no_enclosure():
    r, j = leaving_chain(0, 0.0)
    found = fixed_point(Affine(r, 0.9 * j, m=0.9), tolerance=1e-9, max_iterations=10_000, newton=False)
    exact = np.linalg.solve(np.eye(6) - 0.9 * j, r)
    assert difference(found.v, exact) <= found.error_bound <= 1e-9 * np.abs(exact).max()
    assert 9.0 * found.residuals[-1] < found.error_bound <= 9.0 * found.residuals[-1] + 1e-12


def test_rounding_is_part_of_the_bound_even_where_one_sweep_is_the_answer():
    r = np.array([0.1, 0.2])
    for rounded in (0.0, 1e6):
        bound = fixed_point(
            Affine(r, np.zeros((2, 2)), m=0.0, rounded=rounded), tolerance=1e-9, max_iterations=9, newton=False
        ).error_bound
        size = max(1.0, rounded)
        assert 1e-16 * size < bound < 1e-14 * size


def test_values_beyond_floating_point_are_refused():
    with np.errstate(over="ignore"), pytest.raises(InvalidArgument, match=r"exceed all floating-point numbers"):
        fixed_point(Affine(np.array([1e308]), np.eye(1)), tolerance=1e-9, max_iterations=9, newton=False)


@pytest.mark.parametrize("newton", [False, True])
def test_what_never_leaves_is_never_called_converged(newton):
    r, j = leaving_chain(1, 0.0)
    with pytest.raises(InvalidArgument, match=r"max_iterations 300.*no help"):
        fixed_point(Affine(r + 1.0, j), tolerance=1e-6, max_iterations=300, newton=newton)


def test_values_that_stand_still_without_proof_count_only_where_the_map_says_so():
    still = Affine(np.zeros(3), np.eye(3), settles=True)
    assert fixed_point(still, tolerance=1e-6, max_iterations=10, newton=False).error_bound == np.inf
    with pytest.raises(InvalidArgument, match=r"nothing bounds their error; no help"):
        fixed_point(Affine(np.zeros(3), np.eye(3)), tolerance=1e-6, max_iterations=10, newton=False)


@dataclass(frozen=True, eq=False)
class Longest(Affine):
    """V ← the larger of r + J V and of the same through K, whose chain is left later; the slope only sees J."""

    k: np.ndarray = None

    def sweep(self, v):
        new = np.maximum(self.r + self.j @ v, self.r + self.k @ v)
        return new, new


@pytest.mark.parametrize("newton", [False, True])
def test_ties_that_the_slope_does_not_see_are_enclosed_by_pushing(newton):
    """Without rewards both chains are worth 0, but any error above 0 is kept longer on the way through K."""
    j, k = 0.2 * np.eye(3), 0.98 * np.roll(np.eye(3), 1, axis=1)
    tied = Longest(np.zeros(3), j, k=k)
    moved = Longest(np.full(3, -1e-9), j, k=k)
    assert fixed_point(tied, tolerance=1e-6, max_iterations=50, newton=newton).error_bound <= 1e-6
    found = fixed_point(moved, tolerance=1e-6, max_iterations=5_000, newton=newton)
    assert difference(found.v, np.full(3, -1e-9 / 0.8)) <= found.error_bound <= 1e-6


def test_an_enclosure_in_vain_is_tried_again_closer_by():
    """Sweeps halve the way to 1 from below, but further than 1e-4 above it V runs away: steps must be small."""

    @dataclass(frozen=True, eq=False)
    class Bent(Affine):
        def sweep(self, v):
            below, near = v < 1.0, np.abs(v - 1.0) < 1e-4
            new = np.where(near, 1.0 + 0.5 * (v - 1.0), np.where(below, 0.5 * (v + 1.0), 2.0 * v))
            return new, new

        def slope(self, v, q, new):
            return sparse.csr_array([[0.5]])

    found = fixed_point(Bent(np.zeros(1), np.eye(1)), tolerance=1e-2, max_iterations=200, newton=False)
    assert abs(found.v[0] - 1.0) <= found.error_bound <= 1e-2
    assert found.residuals[-1] < 1e-4
