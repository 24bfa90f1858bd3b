"""Sum-product on a compiled tree: the messages of the collect pass, and those of the distribute pass back.

Where a variable is maximised, max-product: its instruction ends in a maximum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from control_pgm.inference.tree.compile import Compiled
from control_pgm.inference.tree.messages import PRODUCT, UP
from control_pgm.inference.tree.passes import Pass
from control_pgm.inference.tree.slices.loops import Loop, PassPart, Written, parts_between, written
from control_pgm.inference.tree.slices.sent_messages import Repeated, SentMessages
from control_pgm.inference.tree.storage import Storage
from control_pgm.tables.numbers.scaled import Scaled
from control_pgm.tables.recurrence.checkpoints import Checkpoints

_IN_MEMORY = Storage()


class Collect:
    """Every cluster's message to its parent, leaves first."""

    title = "messages backward"

    def __init__(self, compiled: Compiled, storage: Storage = _IN_MEMORY) -> None:
        self.compiled, self.storage = compiled, storage

    def parts(self) -> Sequence[PassPart]:
        """The clusters in the order of elimination."""
        return parts_between(len(self.compiled.cells), self.compiled.loops)

    def send(self, clusters: range, sent: SentMessages[Scaled]) -> Iterator[tuple[int, Scaled]]:
        """The contraction of a cluster's tables with what its children have sent; nothing of barren clusters."""
        for i in clusters:
            instruction = self.compiled.cells[i].up
            if instruction is not None:
                _, tables, received, recipe = instruction
                held = self.compiled.at_step(i, tables)
                yield i, Scaled.contract([*held, *[sent[i + offset] for _, offset in received]], recipe)

    def repeat(self, loop: Loop, sent: SentMessages[Scaled]) -> Repeated[Scaled] | None:
        """The loop as a recurrence."""
        own = self.compiled
        return _kept(written(loop, own.cells, own.steps, sent, own.batch), self.storage)


class Distribute:
    """The messages to all children, roots first, by the child that received it; ``up`` are those of `Collect`."""

    title = "messages forward"

    def __init__(self, compiled: Compiled, up: Pass[Scaled], storage: Storage = _IN_MEMORY) -> None:
        self.compiled, self.up, self.storage = compiled, up, storage

    def parts(self) -> Sequence[PassPart]:
        """The clusters against the order of elimination."""
        return parts_between(len(self.compiled.cells), self.compiled.loops)[::-1]

    def send(self, clusters: range, sent: SentMessages[Scaled]) -> Iterator[tuple[int, Scaled]]:
        """Per child the contraction of a cluster's tables with what all others but the child have sent."""
        for i in reversed(clusters):
            products: dict[int, Scaled] = {}
            down = self.compiled.cells[i].down
            last = {place: n for n, instruction in enumerate(down) for place in instruction.received}
            for n, ((side, target), tables, received, recipe) in enumerate(down):
                operands = [
                    products[k] if at == PRODUCT else self.up[i + k] if at == UP else sent[i + k] for at, k in received
                ]
                message = Scaled.contract([*self.compiled.at_step(i, tables), *operands], recipe)
                for place in received:  # lets go what serves no later message
                    if place.side == PRODUCT and last[place] == n:
                        del products[place.offset]
                if side == PRODUCT:
                    products[target] = message
                else:
                    yield i + target, message

    def repeat(self, loop: Loop, sent: SentMessages[Scaled]) -> Repeated[Scaled] | None:
        """The loop as a recurrence, the copies in the opposite order."""
        own = self.compiled
        return _kept(written(loop, own.cells, own.steps, sent, own.batch, self.up), self.storage)


def _kept(loop: Written | None, storage: Storage) -> Repeated[Scaled] | None:
    """A recurrence with its results kept as the storage says."""
    if loop is None:
        return None
    length = storage.length(loop.repetition.count)
    return Repeated(loop.places, Checkpoints(loop.repetition, length, storage.allocate))
