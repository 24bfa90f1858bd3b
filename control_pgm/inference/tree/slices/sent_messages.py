"""Messages of one direction by the number of a cluster: sent one by one, or as the rows of a repetition."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from control_pgm.tables.frozen import Restored

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)


class RepetitionResults(Protocol[M_co]):
    """The results of the steps of a repetition.

    Attributes
    ----------
    length : how many copies are kept as one piece.
    """

    length: int

    def row(self, step: int, c: int, /) -> M_co:
        """The result of a step in copy c."""

    def stack(self, step: int, start: int, stop: int, /) -> Any:
        """Those of copies ``start`` … ``stop`` − 1, along a new first axis."""

    def run(self) -> Iterator[int]:
        """Compute what is missing; yields now and then how many copies are done."""


@dataclass(frozen=True, eq=False)
class Repeated(Generic[M]):
    """The messages of a loop: ``places`` has per step of its block the clusters that the rows belong to."""

    places: tuple[range, ...]
    rows: RepetitionResults[M]


class Stretch(NamedTuple):
    """A piece of a range of clusters whose messages are some rows of a step; without ``rows`` a single message."""

    clusters: range
    rows: RepetitionResults[Any] | None = None
    step: int = 0
    start: int = 0
    backwards: bool = False

    def stack(self) -> Any:
        """The messages along a new first axis, in the order of the rows."""
        assert self.rows is not None
        return self.rows.stack(self.step, self.start, self.start + len(self.clusters))


class SentMessages(Restored, Generic[M]):
    """What has been sent so far; ``repeated`` lists the repetitions in it."""

    def __init__(self) -> None:
        self._single: dict[int, M] = {}
        self.repeated: list[Repeated[M]] = []
        # Of the repetitions' places by step and remainder the least members, sorted; and the owner of each.
        self._least: dict[int, dict[int, list[int]]] = {}
        self._owned: dict[tuple[int, int], tuple[range, Repeated[M], int]] = {}

    def put(self, cluster: int, message: M) -> None:
        """Keep the message of one cluster."""
        self._single[cluster] = message

    def put_repeated(self, repeated: Repeated[M]) -> None:
        """Keep the messages of a loop, whose places share no member with those that are there."""
        self.repeated.append(repeated)
        for step, places in enumerate(repeated.places):
            width, least = abs(places.step), min(places[0], places[-1])
            insort(self._least.setdefault(width, {}).setdefault(least % width, []), least)
            self._owned[width, least] = places, repeated, step

    def __getitem__(self, cluster: int) -> M:
        message = self.get(cluster)
        if message is None:
            raise KeyError(cluster)
        return message

    def get(self, cluster: int) -> M | None:
        """The message of a cluster; None where there is none."""
        if cluster in self._single:
            return self._single[cluster]
        found = self._find(cluster)
        if found is None:
            return None
        places, repeated, step = found
        return repeated.rows.row(step, places.index(cluster))

    def _find(self, cluster: int) -> tuple[range, Repeated[M], int] | None:
        """The places of a repetition among which a cluster is; costs the logarithm of their number."""
        for width, by_remainder in self._least.items():
            least = by_remainder.get(cluster % width)
            k = bisect_right(least, cluster) if least else 0
            if least and k:
                found = self._owned[width, least[k - 1]]
                if cluster in found[0]:
                    return found
        return None

    def stretches(self, clusters: range) -> Iterator[Stretch]:
        """The clusters in pieces that are rows of one step, or single."""
        at = 0
        while at < len(clusters):
            found = self._find(clusters[at])
            if found is None or abs(found[0].step) != abs(clusters.step):
                yield Stretch(clusters[at : at + 1])
                at += 1
                continue
            places, repeated, step = found
            row, same_way = places.index(clusters[at]), places.step == clusters.step
            n = min(len(places) - row if same_way else row + 1, len(clusters) - at)
            start = row if same_way else row + 1 - n
            yield Stretch(clusters[at : at + n], repeated.rows, step, start, not same_way)
            at += n

    def cuts(self, clusters: range) -> list[int]:
        """Where among the clusters a stretch that is kept as one piece begins or ends."""
        found: list[int] = []
        for repeated in self.repeated:
            for places in repeated.places:
                if abs(places.step) == abs(clusters.step):
                    found += _cuts(clusters, places, repeated.rows.length)
        return found


def _cuts(clusters: range, places: range, length: int) -> list[int]:
    """Where, among the clusters, stretches of ``length`` places begin and end."""
    cuts = []
    for row in range(0, len(places), length):
        ends = (places[row], places[min(row + length, len(places)) - 1])
        inside = sorted(clusters.index(cluster) for cluster in ends if cluster in clusters)
        cuts += [inside[0], inside[-1] + 1] if inside else []
    return cuts
