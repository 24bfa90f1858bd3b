"""Lines around discs: clear of all of them, and no longer than they must be."""

import numpy as np
import pytest

from control_pgm.layout.detours import detour
from control_pgm.layout.geometry import clearance

MARGIN = 0.09


def scattered(seed):
    """Two ends and discs that keep apart from one another and from the ends."""
    rng = np.random.default_rng(seed)
    ends = [(0.0, 0.0), tuple(rng.uniform(2.0, 4.0, 2))]
    discs = []
    for x, y, r in rng.uniform([-1, -1, 0.15], [5, 5, 0.5], (60, 3)):
        others = [*discs, *((*end, 0.3) for end in ends)]
        if all(np.hypot(x - u, y - v) > r + q + 2 * MARGIN + 0.2 for u, v, q in others):
            discs.append((x, y, r))
    xyr = np.array(discs)
    return *ends, xyr[:, :2], xyr[:, 2]


@pytest.mark.parametrize("seed", range(60))
def test_detours_keep_clear_of_all_discs(seed):
    start, end, points, radii = scattered(seed)
    line = detour(start, end, points, radii, MARGIN)
    assert tuple(line[0]) == start
    assert tuple(line[-1]) == pytest.approx(end)
    assert clearance(line, points, radii) >= MARGIN - 1e-5


def test_a_free_way_is_taken_straight():
    line = detour((0.0, 0.0), (3.0, 0.0), np.array([[1.0, 2.0]]), np.array([0.3]), MARGIN)
    assert np.allclose(line, [(0.0, 0.0), (3.0, 0.0)])


def test_one_disc_in_the_middle_costs_little():
    line = detour((-2.0, 0.0), (2.0, 0.0), np.array([[0.0, 0.0]]), np.array([0.3]), MARGIN)
    length = np.hypot(*np.diff(line, axis=0).T).sum()
    assert 4.0 < length < 4.15
    assert clearance(line, np.array([[0.0, 0.0]]), np.array([0.3])) < 0.2, "it stays near"


def test_the_shorter_side_is_chosen():
    line = detour((-2.0, 0.0), (2.0, 0.0), np.array([[0.0, 0.1]]), np.array([0.3]), MARGIN)
    assert line[:, 1].min() < -0.2
    assert line[:, 1].max() <= 1e-12


def test_a_shift_changes_nothing_else():
    start, end, points, radii = scattered(3)
    shift = np.array([160.0, -3.2])
    moved = detour(tuple(start + shift), tuple(end + shift), points + shift, radii, MARGIN)
    assert np.allclose(moved - shift, detour(start, end, points, radii, MARGIN), atol=1e-5)


def test_where_there_is_no_way_it_says_so():
    angles = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.8
    assert detour((0.0, 0.0), (5.0, 0.0), ring, np.full(6, 0.45), MARGIN) is None
