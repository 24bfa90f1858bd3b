"""Passes over a tree: every cluster sends its message once, upwards or downwards, by whatever elimination.

A `Kernel` says what a cluster sends, from what it has received; there is one for sums and maxima and one for utilities,
and to add an elimination is to write these methods. Stretches of clusters that repeat a block (a `Loop`) may be sent as
one repetition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol

from control_pgm.inference.tree.slices.loops import Loop, PassPart
from control_pgm.inference.tree.slices.sent_messages import M, Repeated, SentMessages
from control_pgm.progress import Progress, Reporter


class Kernel(Protocol[M]):
    """The messages of one direction; ``title`` names them in reports of progress."""

    title: str

    def parts(self) -> Iterable[PassPart]:
        """The clusters in the order in which parts send: loops, and the stretches between them."""

    def send(self, clusters: range, sent: SentMessages[M]) -> Iterator[tuple[int, M]]:
        """The messages that some clusters send, one by one, with the number that each is kept under."""

    def repeat(self, loop: Loop, sent: SentMessages[M]) -> Repeated[M] | None:
        """The messages of a loop as one repetition; None where they are to be sent one by one."""


class Pass(Generic[M]):
    """The messages of one direction, by the cluster at the lower end of the edge.

    All are sent by `run`. A pass that is not run sends a part when it or one behind it is read. In ``sent`` is what has
    been sent so far.
    """

    def __init__(self, kernel: Kernel[M]) -> None:
        self.kernel = kernel
        self.sent: SentMessages[M] = SentMessages()
        self._ahead = deque(kernel.parts())

    def run(self, progress: Progress | None = None) -> Pass[M]:
        """Send everything; returns itself."""
        report = Reporter(progress, sum(len(part.clusters) for part in self._ahead), self.kernel.title)
        done = 0
        while self._ahead:
            part = self._ahead.popleft()
            for sent in self._send(part, whole=True):
                report.at(done + sent)
            done += len(part.clusters)
        report.end()
        return self

    def _send(self, part: PassPart, *, whole: bool) -> Iterator[int]:
        """Send a part, loops no further than they are read unless ``whole``; yields how many clusters are done."""
        if part.loop is not None and (repeated := self.kernel.repeat(part.loop, self.sent)) is not None:
            self.sent.put_repeated(repeated)
            for copies in repeated.rows.run() if whole else ():
                yield copies * part.loop.width
            return
        for k, (cluster, message) in enumerate(self.kernel.send(part.clusters, self.sent)):
            self.sent.put(cluster, message)
            yield min(k, len(part.clusters))

    def __getitem__(self, cluster: int) -> M:
        while (message := self.sent.get(cluster)) is None and self._ahead:
            deque(self._send(self._ahead.popleft(), whole=False), maxlen=0)
        if message is None:
            raise KeyError(cluster)
        return message
