"""Colours and labels of probabilities, values and differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style
from control_pgm.viz.policies.board import Board


def value(x: float, decimals: int) -> str:
    """A value with a proper minus.

    >>> value(-0.5, 2), value(float("-inf"), 2)
    ('−0.50', '−∞')
    """
    if x == -np.inf:
        return "−∞"
    text = f"{x:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def decimals_for(values: FloatArray) -> int:
    """As many decimals as distinguish the values."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 2
    large, spread = float(np.abs(finite).max()), float(np.ptp(finite))
    if large >= 100:
        return 0
    if large >= 10:
        return 1
    return 2 if spread >= 0.1 or spread == 0.0 else 3


def probability_colours() -> Any:
    """Blues from 0 to 1; the square root sets small probabilities apart."""
    norm = style.mpl("colors").PowerNorm(0.5, vmin=0.0, vmax=1.0)
    return style.mpl("cm").ScalarMappable(norm, style.PROBABILITIES)


def value_colours(values: FloatArray) -> Any:
    """Viridis over the finite values."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    if high - low < 1e-12 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    return style.mpl("cm").ScalarMappable(style.mpl("colors").Normalize(low, high), style.VALUES)


def difference_colours(values: FloatArray) -> Any:
    """PuOr over the finite values, centred on 0."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if len(finite) and finite.max() > 1e-12 else 1.0
    return style.mpl("cm").ScalarMappable(style.mpl("colors").Normalize(-largest, largest), style.DIFFERENCES)


def fill_values(canvas: Board, cells: Iterable[int], values: FloatArray, colours: Any, labels: Sequence[Any]) -> None:
    """Cells in the colours of their values."""
    if canvas.crowded:
        chosen = list(cells)
        filled = colours.to_rgba(values[chosen])
        canvas.squares(("cells",), [canvas.grid.cells[k] for k in chosen], facecolor=filled)
        return
    for k in cells:
        canvas.square(("cell", labels[k]), canvas.grid.cells[k], facecolor=colours.to_rgba(values[k]))
