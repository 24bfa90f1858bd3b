"""Sums of logarithms: whole axes, and consecutive groups."""

import numpy as np
from hypothesis import given

from control_pgm.tables.logarithms import log_sum_exp, log_sum_exp_of_groups
from tests.oracles import log_sum
from tests.strategies import random_logs, seeds, thorough


def test_log_sum_exp_keeps_exact_zeros_and_huge_magnitudes():
    logs = np.array([[-np.inf, -np.inf], [-1e6, -1e6], [700.0, -np.inf], [1e6, 1e6 - 1]])
    expected = [-np.inf, -1e6 + np.log(2), 700.0, 1e6 + np.log1p(np.exp(-1))]
    result = log_sum_exp(logs, (1,))
    assert np.isneginf(result[0])
    assert np.abs(result[1:] - expected[1:]).max() < 1e-9


@thorough
@given(seeds)
def test_sums_of_groups_match_plain_loops_without_a_warning(seed):
    rng = np.random.default_rng(seed)
    logs = random_logs(rng, int(rng.integers(1, 40)), zeros=rng.choice([0.0, 0.5, 1.0]), spread=rng.choice([1.0, 1e5]))
    starts = np.unique(np.append(0, rng.integers(0, len(logs), 5)))
    with np.errstate(all="raise", under="ignore"):
        found = log_sum_exp_of_groups(logs, starts)
    expected = [log_sum(list(part)) for part in np.split(logs, starts[1:])]
    assert np.array_equal(np.isneginf(found), np.isneginf(expected))
    seen = ~np.isneginf(found)
    assert np.abs(found[seen] - np.array(expected)[seen]).max(initial=0.0) < 1e-9


def test_no_groups_have_no_sums():
    assert log_sum_exp_of_groups(np.empty(0), np.empty(0, dtype=np.int64)).shape == (0,)
