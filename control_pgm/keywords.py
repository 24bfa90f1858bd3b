"""Keywords that a function does not have: refused with the name that was meant, or with where it belongs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from control_pgm.errors import UnknownKeyword, suggestion

_P = ParamSpec("_P")
_R = TypeVar("_R")

_MEANT = {
    "alpha": ("temperature", "temperatures"),
    "temperature": ("temperatures",),
    "temp": ("temperature", "temperatures"),
    "tau": ("temperature", "temperatures"),
    "lam": ("risk",),
    "gamma": ("discount",),
    "discount_factor": ("discount",),
    "T": ("horizon",),
    "steps": ("horizon",),
    "n_steps": ("horizon",),
    "num_steps": ("horizon",),
    "P": ("transition",),
    "transitions": ("transition",),
    "R": ("reward",),
    "rewards": ("reward",),
    "prior": ("action_prior",),
    "algorithm": ("inference", "method"),
    "method": ("inference",),
    "kind": ("inference",),
    "start": ("initial",),
    "start_state": ("initial",),
    "random_state": ("seed",),
    "rng": ("seed",),
    "probability": ("p",),
    "next_state": ("next",),
}  # what other packages and papers say -> the names that it may have here
_ELSEWHERE = {
    "discount": "it belongs to the process: MDP(…, discount=…), or mdp.varied(discount=…)",
    "gamma": "it belongs to the process: MDP(…, discount=…), or mdp.varied(discount=…)",
    "initial": "it belongs to the process: MDP(…, initial=…), or mdp.varied(initial=…)",
    "reward": "it belongs to the process: MDP(…), or mdp.varied(reward=…)",
    "temperature": "it belongs to solve(mdp, horizon, temperature=…) and unroll",
    "alpha": "it belongs to solve(mdp, horizon, temperature=…) and unroll",
    "horizon": "it belongs to solve(mdp, horizon) and unroll; without a last step: solve_infinite(mdp)",
    "inference": "it belongs to solve(mdp, horizon, inference=…)",
    "beta": "an inverse temperature beta is temperature=1/beta",
    "evidence": "it belongs to infer(model, evidence)",
}  # where a keyword belongs that the function has under no name


def keywords(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Refuse keywords that the function does not have, with `UnknownKeyword`, which is a TypeError.

    Examples
    --------
    >>> @keywords
    ... def solve(problem, *, temperature=1.0):
    ...     return temperature
    >>> solve(None, alpha=0.1)
    Traceback (most recent call last):
        ...
    control_pgm.errors.UnknownKeyword: solve() has no keyword 'alpha'; allowed: problem, temperature; it is called \
temperature=… here
    """
    parameters = inspect.signature(function).parameters.values()
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    names = frozenset(known)
    title = function.__qualname__.removesuffix(".__init__").rpartition("<locals>.")[2]

    @wraps(function)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if kwargs and not names.issuperset(kwargs):
            raise unknown_keyword(title, next(name for name in kwargs if name not in names), known)
        return function(*args, **kwargs)

    return checked


def unknown_keyword(title: str, name: str, known: list[str]) -> UnknownKeyword:
    """The error for a keyword that ``title`` does not have."""
    public = [other for other in known if other != "self"]
    meant = next((other for other in _MEANT.get(name, ()) if other in public), "")
    remedy = f"it is called {meant}=… here" if meant else _ELSEWHERE.get(name) or suggestion(name, public)
    return UnknownKeyword(f"{title}() has no keyword {name!r}", allowed=", ".join(public), remedy=remedy)
