"""Passes over a tree: every cluster sends its message once, upwards or downwards, by whatever elimination.

An `Elimination` says what a cluster sends, from what it has received. Sums, maxima and utilities are eliminations: to
add one is to write these methods. Stretches of clusters that repeat a block (a `Loop`) may be sent as one repetition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from control_pgm.inference.tree.slices.loops import Loop
from control_pgm.inference.tree.slices.sent_messages import Repeated, SentMessages, Stretch
from control_pgm.progress import Progress, Reporter

M = TypeVar("M")


class Elimination(Protocol[M]):
    """The messages of one direction; ``title`` names them in reports of progress."""

    title: str

    def parts(self) -> Iterable[range | Loop]:
        """The clusters in the order in which they send: loops, and the stretches between them."""

    def send(self, clusters: range, sent: SentMessages[M]) -> Iterator[tuple[int, M]]:
        """The messages that some clusters send, one by one, with the number that each is kept under."""

    def repeat(self, loop: Loop, sent: SentMessages[M]) -> Repeated[M] | None:
        """The messages of a loop as one repetition; None where they are to be sent one by one."""


class Pass(Generic[M]):
    """The messages of one direction, by the cluster at the lower end of the edge.

    All are sent by `run`. A pass that is not run sends a part when it or one behind it is read.
    """

    def __init__(self, elimination: Elimination[M]) -> None:
        self.elimination = elimination
        self._sent: SentMessages[M] = SentMessages()
        self._ahead = deque(elimination.parts())

    def run(self, progress: Progress | None = None) -> Pass[M]:
        """Send everything; returns itself."""
        report = Reporter(progress, sum(len(_clusters(part)) for part in self._ahead), self.elimination.title)
        done = 0
        while self._ahead:
            part = self._ahead.popleft()
            for sent in self._send(part, whole=True):
                report.at(done + sent)
            done += len(_clusters(part))
        report.end()
        return self

    def _send(self, part: range | Loop, *, whole: bool) -> Iterator[int]:
        """Send a part, loops no further than they are read unless ``whole``; yields how many clusters are done."""
        repeated = self.elimination.repeat(part, self._sent) if isinstance(part, Loop) else None
        if repeated is not None and isinstance(part, Loop):
            self._sent.put_repeated(repeated)
            for copies in repeated.rows.run() if whole else ():
                yield copies * part.width
            return
        clusters = _clusters(part)
        for k, (cluster, message) in enumerate(self.elimination.send(clusters, self._sent)):
            self._sent.put(cluster, message)
            yield min(k, len(clusters))

    def __getitem__(self, cluster: int) -> M:
        while (message := self._sent.get(cluster)) is None and self._ahead:
            deque(self._send(self._ahead.popleft(), whole=False), maxlen=0)
        if message is None:
            raise KeyError(cluster)
        return message

    @property
    def repeated(self) -> Sequence[Repeated[M]]:
        """The loops that have been sent as one repetition."""
        return self._sent.repeated

    def stretches(self, clusters: range) -> Iterator[Stretch]:
        """The clusters in pieces that were sent together, or single; each must have sent a message."""
        return self._sent.stretches(clusters)

    def cuts(self, clusters: range) -> list[int]:
        """Where among the clusters a stretch that is kept as one piece begins or ends."""
        return self._sent.cuts(clusters)


def _clusters(part: range | Loop) -> range:
    return part.clusters if isinstance(part, Loop) else part


def parts_between(n: int, loops: Sequence[Loop]) -> list[range | Loop]:
    """Loops, and the stretches between them, of ``n`` clusters in order."""
    parts: list[range | Loop] = []
    at = 0
    for loop in loops:
        if loop.first > at:
            parts.append(range(at, loop.first))
        parts.append(loop)
        at = loop.stop
    if at < n:
        parts.append(range(at, n))
    return parts
