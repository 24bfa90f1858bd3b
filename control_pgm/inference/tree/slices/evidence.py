"""Evidence on an unrolled network, sorted by variables without time."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from control_pgm.models.every_slice import EverySlice
from control_pgm.models.template import DynamicBayesianNetwork
from control_pgm.tables.arrays import IntArray
from control_pgm.tables.variable import Variable

FREE = -1  # the state of a variable that is not observed


@dataclass(frozen=True, eq=False)
class Observed:
    """Evidence on an unrolled network, by variables without time.

    Attributes
    ----------
    everywhere : name without time -> the state that it has in all slices.
    slices : name without time -> its state in each slice, −1 where it is free; for all others that are observed.
    added : name of a variable that the template does not have -> its state.
    """

    everywhere: Mapping[str, int]
    slices: Mapping[str, IntArray]
    added: Mapping[str, int]

    def state(self, base: str, time: int) -> int:
        """The state of a variable of the template; −1 if it is free."""
        if base in self.everywhere:
            return self.everywhere[base]
        return int(self.slices[base][time]) if base in self.slices else FREE

    def states(self, base: str, slices: slice) -> IntArray:
        """The states of an observed variable in some slices; 0 where it is free."""
        if base in self.everywhere:
            return np.full(slices.stop - slices.start, self.everywhere[base])
        return np.maximum(self.slices[base][slices], 0)

    def varies(self, base: str) -> bool:
        """Whether a variable is observed in more than one state."""
        if base not in self.slices:
            return False
        states = self.slices[base]
        seen = states[states >= 0]
        return bool((seen != seen[0]).any())

    def by_name(self, lengths: Mapping[str, int]) -> Mapping[str, int]:
        """name -> state of all that is observed."""
        single = {
            f"{base}_{t}": int(states[t]) for base, states in self.slices.items() for t in np.flatnonzero(states >= 0)
        }
        single.update(self.added)
        every = EverySlice(dict(self.everywhere), {base: lengths[base] for base in self.everywhere})
        return ChainMap(single, every) if single else every  # type: ignore[arg-type]


def observe(model: DynamicBayesianNetwork, evidence: Mapping[str, Hashable]) -> Observed | None:
    """The evidence by slices; None where a name or a label is unknown, which the model itself reports."""
    lengths, states = model.template.slices(model.horizon), model.template.states
    added = {cpd.child.name: cpd.child for cpd in model.added}
    everywhere: dict[str, int] = {}
    slices: dict[str, IntArray] = {}
    rest: dict[str, int] = {}
    try:
        if isinstance(evidence, EverySlice):
            every = {
                base: label
                for base, label in evidence.labels.items()
                if 0 < lengths.get(base, 0) <= evidence.slices[base]
            }
            everywhere = {base: states[base].index_of[label] for base, label in every.items()}
            evidence = {
                f"{base}_{t}": label
                for base, label in evidence.labels.items()
                for t in range(lengths[base] if base in every else 0, evidence.slices[base])
            }
        for base, found in _by_base(evidence, lengths, rest, added).items():
            index_of, n = states[base].index_of, lengths[base]
            numbers = [index_of[label] for label in found.values()]
            if len(found) == n and len(set(numbers)) == 1:
                everywhere[base] = numbers[0]
            else:
                slices[base] = np.full(n, FREE, dtype=np.int64)
                slices[base][list(found)] = numbers
    except (KeyError, TypeError):
        return None
    return Observed(everywhere, slices, rest)


def _by_base(
    evidence: Mapping[str, Hashable], lengths: Mapping[str, int], rest: dict[str, int], added: Mapping[str, Variable]
) -> dict[str, dict[int, Hashable]]:
    """name without time -> its labels by time; the states of added variables go to ``rest``."""
    values: dict[str, dict[int, Hashable]] = {}
    for name, label in evidence.items():
        base, _, time = name.rpartition("_")
        n = lengths.get(base)
        if n is not None and is_time(time) and int(time) < n:
            values.setdefault(base, {})[int(time)] = label
        else:
            rest[name] = added[name].states.index_of[label]
    return values


def is_time(text: str) -> bool:
    """Whether a suffix is a time as the names of unrolled variables have it: decimal digits without a leading zero."""
    return text.isdecimal() and text.isascii() and (text == "0" or text[0] != "0")
