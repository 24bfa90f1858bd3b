"""Factors for notebooks: every value with a bar, or the axes of a factor that is too long to list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from control_pgm.display import html_table
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.numbers.sparse_scaled import SparseScaled
from control_pgm.tables.variable import Variable

_LABELS = 6  # of a variable's states that are named


def shares(scaled: Scaled) -> list[float]:
    """Every value as a share of the largest, in the order in which a factor lists them; NaN counts as 0.

    >>> shares(Scaled.from_log(np.array([-1e3, -1e3 - np.log(2), -np.inf])))
    [1.0, 0.5, 0.0]
    """
    values = scaled.nonzeros()[1] if isinstance(scaled, SparseScaled) else scaled
    logs = values.log().ravel()
    finite = np.isfinite(logs)
    found = np.zeros(logs.shape)
    if finite.any():
        found[finite] = np.exp(logs[finite] - logs[finite].max())
    return [round(float(share), 12) for share in found]


def axes_table(variables: Sequence[Variable], caption: str) -> str:
    """The axes of a factor as an HTML table: name, number of states, first labels."""
    rows = [[v.name, f"{v.cardinality:,}", _first_labels(v)] for v in variables]
    return html_table(["axis", "states", "labels"], rows, caption=caption)


def _first_labels(variable: Variable) -> str:
    more = ", …" * (variable.cardinality > _LABELS)
    return ", ".join(map(str, variable.states[:_LABELS])) + more
