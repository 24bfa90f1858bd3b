"""Frozen objects: read-only again after copies, with results of pure methods computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

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


_S = TypeVar("_S")
_Ts = TypeVarTuple("_Ts")
_R = TypeVar("_R")


def remembered(method: Callable[[_S, *_Ts], _R]) -> Callable[[_S, *_Ts], _R]:
    """Like ``functools.cached_property`` for a pure method with hashable positional arguments.

    Results are kept in the object and go with it.

    Examples
    --------
    >>> class Powers:
    ...     @remembered
    ...     def of(self, x):
    ...         print("computing")
    ...         return x**10
    >>> powers = Powers()
    >>> powers.of(2), powers.of(2)
    computing
    (1024, 1024)
    """
    name = f"_remembered_{method.__name__}"

    @wraps(method)
    def asked(self: _S, /, *args: *_Ts) -> _R:
        results: dict[tuple[Any, ...], _R] = vars(self).setdefault(name, {})
        if args not in results:
            results[args] = method(self, *args)
        return results[args]

    return asked
