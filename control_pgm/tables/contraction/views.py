"""Views of the operands of a contraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from control_pgm.tables.arrays import FloatArray


@dataclass(frozen=True)
class View:
    """Axes fused, then some of them summed, then a transposition, then a shape; None where not needed."""

    fused: tuple[int, ...] | None
    presum: tuple[int, ...] | None
    order: tuple[int, ...] | None
    shape: tuple[int, ...] | None

    @staticmethod
    def make(
        fused: tuple[int, ...] | None,
        presum: Sequence[int],
        order: Sequence[int],
        before: Sequence[int],
        after: Sequence[int],
    ) -> View | None:
        """A view that leaves out what would change nothing; ``before`` is the shape after the transposition."""
        moved = tuple(order) != tuple(range(len(order)))
        if fused is not None and not presum and not moved:
            return View(None, None, None, tuple(after))  # one change of shape does for both
        reshaped = tuple(before) != tuple(after)
        if not (fused or presum or moved or reshaped):
            return None
        return View(fused, tuple(presum) or None, tuple(order) if moved else None, tuple(after) if reshaped else None)

    def of(self, array: FloatArray) -> FloatArray:
        """The array as this view shows it."""
        if self.fused is not None:
            array = array.reshape(self.fused)
        if self.presum is not None:
            array = array.sum(axis=self.presum)
        if self.order is not None:
            array = array.transpose(self.order)
        return array if self.shape is None else array.reshape(self.shape)
