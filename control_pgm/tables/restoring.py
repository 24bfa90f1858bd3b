"""Restoring what was pickled or copied: NumPy makes arrays writable on the way, frozen data come back read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse


class Restored:
    """A base of frozen data: arrays in it are read-only again after `pickle.loads` and `copy.deepcopy`.

    Examples
    --------
    >>> import pickle
    >>> from control_pgm import Factor, Variable
    >>> factor = Factor([Variable("x", 2)], [0.25, 0.75])
    >>> again = pickle.loads(pickle.dumps(factor)).array()
    >>> again.tolist(), again.flags.writeable
    ([0.25, 0.75], False)
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        _lock(list(state.values()))


def _lock(waiting: list[Any]) -> None:
    """Make arrays read-only, also in plain containers and matrices of SciPy; other objects restore their own."""
    while waiting:
        value = waiting.pop()
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        elif isinstance(value, tuple | list):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif sparse.issparse(value):
            waiting.extend(part for part in vars(value).values() if isinstance(part, np.ndarray))
