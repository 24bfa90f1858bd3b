"""Labels of the states and actions of Gymnasium's environments, and the cells of its grids."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

_ACTIONS = {  # by class, in the order of Gymnasium's documentation
    "FrozenLakeEnv": ("left", "down", "right", "up"),
    "CliffWalkingEnv": ("up", "right", "down", "left"),
    "TaxiEnv": ("south", "north", "east", "west", "pickup", "dropoff"),
    "BlackjackEnv": ("stick", "hit"),
}
_PLACES = ("R", "G", "Y", "B")  # Taxi's four places, by number


@dataclass(frozen=True)
class Names:
    """Labels by number.

    Attributes
    ----------
    states, actions : tuple of hashable
    positions : mapping or None
        label -> (row, column), for grids.
    """

    states: tuple[Hashable, ...]
    actions: tuple[Hashable, ...]
    positions: Mapping[Hashable, tuple[int, int]] | None = None


def names_of(raw: Any, n_states: int, n_actions: int) -> Names:
    """The labels of an environment's states and actions: numbers where nothing better is known.

    Examples
    --------
    >>> class Corridor:
    ...     shape = (1, 2)
    >>> names_of(Corridor(), 2, 2)
    Names(states=('(0,0)', '(0,1)'), actions=(0, 1), positions={'(0,0)': (0, 0), '(0,1)': (0, 1)})
    """
    actions = action_names(raw, n_actions)
    shape = _grid_shape(raw, n_states)
    if shape is not None:
        cells = [divmod(s, shape[1]) for s in range(n_states)]
        labels = tuple(f"({row},{column})" for row, column in cells)
        return Names(labels, actions, dict(zip(labels, cells, strict=True)))
    if "TaxiEnv" in _classes(raw):
        return Names(tuple(_taxi_label(*raw.decode(s)) for s in range(n_states)), actions)
    return Names(tuple(range(n_states)), actions)


def action_names(raw: Any, n_actions: int, *, first: int = 0) -> tuple[Hashable, ...]:
    """The names of an environment's actions; the numbers from ``first`` where they are not known."""
    for name in _classes(raw):
        if len(_ACTIONS.get(name, ())) == n_actions:
            return _ACTIONS[name]
    return tuple(range(first, first + n_actions))


def wrapper_of(env: Any, *kinds: str) -> str:
    """The name of the outermost wrapper that is one of these kinds; empty where there is none."""
    raw = getattr(env, "unwrapped", env)
    while env is not raw and hasattr(env, "env"):
        if not set(kinds).isdisjoint(_classes(env)):
            return type(env).__name__
        env = env.env
    return ""


def _classes(raw: Any) -> list[str]:
    """The names of the environment's class and its bases, so that gymnasium need not be imported."""
    return [base.__name__ for base in type(raw).__mro__]


def _grid_shape(raw: Any, n_states: int) -> tuple[int, int] | None:
    """(rows, columns), where the states are the cells of a grid: of its ``shape``, or of its map ``desc``."""
    for shape in (getattr(raw, "shape", None), getattr(getattr(raw, "desc", None), "shape", None)):
        if isinstance(shape, tuple) and len(shape) == 2 and prod(shape) == n_states:
            return int(shape[0]), int(shape[1])
    return None


def _taxi_label(row: int, column: int, passenger: int, destination: int) -> str:
    place = _PLACES[passenger] if passenger < len(_PLACES) else "aboard"
    return f"taxi ({row},{column}) passenger {place} to {_PLACES[destination]}"
