"""Methods of frozen objects that compute once per argument what never changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

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
