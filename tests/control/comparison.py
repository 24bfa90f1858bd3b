"""Absolute comparison of arrays that may hold −inf and NaN."""

import numpy as np

TIGHT = 1e-12
ARRAYS = ("policy", "log_backward", "log_backward_action", "log_forward", "state_action_marginals", "log_evidence")


def difference(found, expected) -> float:
    """The largest |difference|; inf where only one of the two is finite, or shapes differ."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        return np.inf
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        gap = np.where(same, 0.0, np.abs(found - expected))
    return float(np.max(np.where(np.isnan(gap), np.inf, gap), initial=0.0))
