"""The messages of an elimination of values, by cluster: one by one, or in a run of clusters that do the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from control_pgm.inference.utility.cluster import ClusterForm, SentPotential
from control_pgm.inference.utility.potentials import Term
from control_pgm.tables.arrays import FloatArray, Scope


@dataclass(frozen=True, eq=False)
class Run:
    """Copies of a block of clusters that hold and receive the same.

    Attributes
    ----------
    first : the first cluster.
    forms : per position in the block the form of its clusters.
    values : per position what its clusters have sent; the first axis runs over the copies.
    """

    first: int
    forms: Sequence[ClusterForm]
    values: Sequence[FloatArray]

    @property
    def width(self) -> int:
        """How many clusters a block has."""
        return len(self.forms)

    @property
    def stop(self) -> int:
        """The first cluster behind the run."""
        return self.first + self.width * len(self.values[0])

    def place(self, cluster: int) -> tuple[int, int]:
        """Copy and position of a cluster of the run."""
        return divmod(cluster - self.first, self.width)


class Messages:
    """What every cluster has sent, and its form. Filled from the first cluster on.

    ``scopes`` are the scopes of the clusters, over the plan's numbers of variables.
    """

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._scopes = scopes
        self._starts: list[int] = []  # of the parts
        self._parts: list[Run | list[tuple[ClusterForm, SentPotential]]] = []
        self._length = 0

    def append(self, form: ClusterForm, sent: SentPotential) -> None:
        """The message of the next cluster, its variables given by their position in the cluster."""
        scope = self._scopes[self._length]
        values, chances = sent
        if values is not None:
            values = Term(tuple([scope[x] for x in values.scope]), values.table)
        if chances is not None:
            chances = tuple([scope[x] for x in chances[0]]), chances[1]
        if not self._parts or isinstance(self._parts[-1], Run):
            self._starts.append(self._length)
            self._parts.append([])
        self._parts[-1].append((form, SentPotential(values, chances)))  # type: ignore[union-attr]
        self._length += 1

    def extend(self, run: Run) -> None:
        """The messages of a run of clusters, the next ones."""
        assert run.first == self._length
        self._starts.append(run.first)
        self._parts.append(run)
        self._length = run.stop

    @property
    def runs(self) -> list[Run]:
        """The runs among the clusters, in order."""
        return [part for part in self._parts if isinstance(part, Run)]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, i: int) -> SentPotential:
        start, part = self._part(i)
        if not isinstance(part, Run):
            return part[i - start][1]
        copy, position = part.place(i)
        scope = self._scopes[i]
        local = part.forms[position].scope
        return SentPotential(Term(tuple([scope[x] for x in local]), part.values[position][copy]), None)

    def form(self, i: int) -> ClusterForm:
        """The form of a cluster."""
        start, part = self._part(i)
        return part.forms[part.place(i)[1]] if isinstance(part, Run) else part[i - start][0]

    def _part(self, i: int) -> tuple[int, Run | list[tuple[ClusterForm, SentPotential]]]:
        if not 0 <= i < self._length:
            raise IndexError(i)
        k = bisect_right(self._starts, i) - 1
        return self._starts[k], self._parts[k]

    def stretches(self, clusters: Sequence[int]) -> Iterator[tuple[int, int, Run | None]]:
        """Cut a sequence of clusters into stretches, each one cluster, or copies of a block in falling order.

        Yields where a stretch starts and stops in the sequence, and the run that it lies in. The first copies of a run
        receive from clusters before it, and come one by one.
        """
        at = 0
        while at < len(clusters):
            length = 1
            _, run = self._part(clusters[at])
            if isinstance(run, Run):
                length = max(1, min(run.place(clusters[at])[0], len(clusters) - at))
                if clusters[at + length - 1] != clusters[at] - (length - 1) * run.width:
                    length = 1
            yield at, at + length, run if length > 1 and isinstance(run, Run) else None
            at += length


def rows(run: Run, cluster: int, count: int) -> FloatArray:
    """What ``count`` clusters at one position of a run have sent, from the given one on in falling order."""
    copy, position = run.place(cluster)
    return run.values[position][copy - count + 1 : copy + 1][::-1]


def repeat(
    first: int,
    forms: Sequence[ClusterForm],
    children: Sequence[Sequence[int]],
    before: Sequence[FloatArray],
    count: int,
    done: Callable[[int], None],
) -> Run:
    """Run the forms of a block ``count`` times, each time on what the time before has left.

    ``children`` holds, per position, the positions that it receives values from: those from the block before are
    negative. ``before`` is what that block has sent at first; ``done`` is called with the number of blocks done.
    """
    values = [np.empty((count, *array.shape)) for array in before]
    width = len(forms)
    sent = [*before, *before]  # the block before, then this one
    for c in range(count):
        done(c)
        for j, form in enumerate(forms):
            array = form.values([sent[k + width] for k in children[j]])
            sent[j + width] = values[j][c] = array
        sent[:width] = sent[width:]
    return Run(first, tuple(forms), tuple(values))
