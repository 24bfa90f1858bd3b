"""Mappings that nobody can change: merged with ``|`` as dictionaries are, copied and sent to other processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V", covariant=True)


class ReadOnlyMapping(Mapping[K, V]):
    """A mapping that ``|`` merges with others into a new dictionary, in which the values of the right one count."""

    __slots__ = ()

    def __or__(self, other: Mapping[K, V]) -> dict[K, V]:
        return {**self, **other}

    def __ror__(self, other: Mapping[K, V]) -> dict[K, V]:
        return {**other, **self}


class FrozenMapping(ReadOnlyMapping[K, V]):
    """The items of a mapping as they are now. Unlike ``types.MappingProxyType`` it can be pickled.

    Examples
    --------
    >>> FrozenMapping({"x": 1})
    FrozenMapping({'x': 1})
    >>> FrozenMapping({"x": 1}) == {"x": 1}
    True
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __repr__(self) -> str:
        return f"FrozenMapping({self._items!r})"
