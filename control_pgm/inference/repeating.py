"""A long sequence that repeats a block of a short one, item by item when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class Repeating(Sequence[T]):
    """``items`` with further ``copies`` of the block ``first`` … ``first + width`` − 1 inserted behind it.

    ``move(item, c)`` is what becomes of an item in copy c of the block; those before the block count as c = 0, those
    behind it as c = ``copies``.

    Examples
    --------
    >>> list(Repeating([0, 1, 2], first=1, width=1, copies=2, move=lambda x, c: x + c))
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self, items: Sequence[T], first: int, width: int, copies: int, move: Callable[[T, int], T] | None = None
    ) -> None:
        self.items, self.first, self.width, self.copies, self.move = items, first, width, copies, move

    def __len__(self) -> int:
        return len(self.items) + self.copies * self.width

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        if i < 0:
            i += len(self)
        c = 0 if i < self.first else min((i - self.first) // self.width, self.copies)
        item = self.items[i - c * self.width]
        return item if self.move is None else self.move(item, c)

    def __iter__(self) -> Iterator[T]:
        last = self.first + self.width
        parts = [(self.items[: self.first], 0)]
        block = self.items[self.first : last]
        parts += [(block, c) for c in range(self.copies + 1)]
        parts.append((self.items[last:], self.copies))
        for items, c in parts:
            yield from items if self.move is None else [self.move(item, c) for item in items]
