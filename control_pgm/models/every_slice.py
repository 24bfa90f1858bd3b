"""Values that are the same in all slices of an unrolled network, held once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from control_pgm.tables.frozen_mapping import ReadOnlyMapping


class EverySlice(ReadOnlyMapping[str, Any]):
    """The same value for a variable in all its slices: {name_0: value, name_1: value, …}, as a read-only mapping.

    Parameters
    ----------
    labels : mapping
        name without time -> value.
    slices : mapping
        name without time -> in how many slices, counted from 0.
    """

    def __init__(self, labels: Mapping[str, Any], slices: Mapping[str, int]) -> None:
        self.labels, self.slices = labels, slices

    def __getitem__(self, name: str) -> Any:
        base, _, time = name.rpartition("_") if isinstance(name, str) else ("", "", "")
        if base in self.labels and time.isdecimal() and int(time) < self.slices[base] and str(int(time)) == time:
            return self.labels[base]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (f"{base}_{t}" for base, n in self.slices.items() for t in range(n))

    def __len__(self) -> int:
        return sum(self.slices.values())

    def __repr__(self) -> str:
        return repr(dict(self))
