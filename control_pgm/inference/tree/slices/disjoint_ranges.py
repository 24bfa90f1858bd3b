"""Disjoint arithmetic progressions of numbers, and which of them a number belongs to."""

from __future__ import annotations

from bisect import bisect_right, insort
from typing import Generic, TypeVar

Owner = TypeVar("Owner")


class DisjointRanges(Generic[Owner]):
    """Ranges, each with an owner.

    A look-up costs the number of different steps, times the logarithm of the number of ranges.

    Examples
    --------
    >>> found = DisjointRanges()
    >>> found.add(range(3, 9, 2), "odd")
    >>> found.add(range(8, 2, -2), "even")
    >>> found.owner(4), found.owner(5), found.owner(10)
    ('even', 'odd', None)
    """

    def __init__(self) -> None:
        # By step and remainder the least members, sorted; ranges of one step and remainder do not interleave.
        self._least: dict[int, dict[int, list[int]]] = {}
        self._owned: dict[tuple[int, int], tuple[range, Owner]] = {}  # by step and least member

    def add(self, numbers: range, owner: Owner) -> None:
        """Put in a range that shares no member with those that are there."""
        if not numbers:
            return
        step, least = abs(numbers.step), min(numbers[0], numbers[-1])
        insort(self._least.setdefault(step, {}).setdefault(least % step, []), least)
        self._owned[step, least] = numbers, owner

    def owner(self, number: int) -> Owner | None:
        """Whose range a number belongs to; None if it is nobody's."""
        for step, by_remainder in self._least.items():
            least = by_remainder.get(number % step)
            k = bisect_right(least, number) if least else 0
            if least and k:
                numbers, owner = self._owned[step, least[k - 1]]
                if number in numbers:
                    return owner
        return None
