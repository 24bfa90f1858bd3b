"""Rows of a conditional table as a file writes them: with few digits they miss one, and are divided by their sums."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import numpy as np

from control_pgm.errors import DoubtfulFile
from control_pgm.interop.records.record import Source
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray, lock
from control_pgm.tables.checks import where as where_at
from control_pgm.tables.variable import Variable

EXACT = 1e-9  # what a sum of doubles may miss
SINGLE = 1e-6  # what a sum of single-precision numbers may miss, however many digits of them are written
_MOST = 0.05  # however few digits there are: more is a wrong row rather than a rounded one
_PARTS = re.compile(r"[+-]?([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?")


class RoundedRows:
    """Makes the conditional tables of one file, and counts the rows that were written with few digits."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rows = 0
        self.most = 0.0
        self.first = ""

    def cpd(
        self, where: str, child: Variable, parents: tuple[Variable, ...], rows: FloatArray, written: Sequence[str]
    ) -> CPD:
        """p(child | parents) from rows, child last, and all numbers of the table as they are written.

        A row may miss one by as much as rounding its numbers to the digits of the table, or to single precision,
        explains, and by 0.05 at most.

        Raises
        ------
        InvalidFile
            On a negative entry, and on a row that misses one by more; names it.
        """
        if (rows < 0).any():
            raise self.source.error(f"{where} has the entry {rows[rows < 0][0]}", allowed="numbers ≥ 0")
        sums = rows.sum(axis=-1)
        missed = np.abs(sums - 1.0)
        rounded = missed > EXACT
        if rounded.any():
            within = np.maximum(SINGLE, np.minimum(_MOST, rounding(rows, written)))
            off = missed > within
            if off.any():
                at = tuple(np.argwhere(off)[0])
                place = where_at(parents, at) if parents else ""
                raise self.source.error(
                    f"{where} sums to {sums[at]:.6g} over {child.name!r}{' at ' + place if place else ''}",
                    allowed=f"1 within {within[at]:.1g}, by the digits that it is written with",
                    remedy="divide the row by its sum, or write more digits",
                )
            self.rows += int(rounded.sum())
            self.most = max(self.most, float(missed.max()))
            self.first = self.first or where
            rows = np.where(rounded[..., None], rows / sums[..., None], rows)
        return CPD(child, parents, lock(rows))

    def warn(self) -> None:
        """Say once what was done to the rows of the file, if anything was."""
        if self.rows:
            warnings.warn(
                f"{self.source.file}: rounded numbers make {self.rows:,} row{'s' if self.rows > 1 else ''} miss 1 by "
                f"{self.most:.1g} at most, the first in {self.first}; divided by the sum",
                DoubtfulFile,
                stacklevel=2,
            )


def rounding(rows: FloatArray, written: Sequence[str]) -> FloatArray:
    """How far the sum of each row may be from one, if its numbers are rounded to the digits that are shown.

    Numbers are rounded either to decimals or to two or more significant digits, and zeros at the end may have been left
    out. So the most of either that the table shows count, and the larger of the two errors is taken: half a unit for
    each number.

    >>> rounding(np.array([[0.333, 0.333, 0.333]]), ["0.333", ".333", "3.33e-1"]).round(6).tolist()
    [0.0015]
    """
    decimals, digits = zip(*map(_digits, dict.fromkeys(written)), strict=True)
    by_decimals = rows.shape[-1] * 0.5 * 10.0 ** -max(decimals)
    logs = np.log10(np.where(rows > 0, rows, 1.0), where=rows > 0, out=np.full(rows.shape, -np.inf))
    by_digits = (0.5 * 10.0 ** (np.floor(logs) + 1 - max(2, *digits))).sum(axis=-1)
    bound: FloatArray = np.maximum(by_decimals, by_digits) * (1 + 1e-9) + 1e-15 * rows.shape[-1]
    return bound


def _digits(word: str) -> tuple[int, int]:
    """Decimals and significant digits of a number as it is written.

    >>> _digits("0.0250"), _digits("2.5e-2"), _digits("1")
    ((4, 3), (3, 2), (0, 1))
    """
    found = _PARTS.fullmatch(word)
    if found is None:
        return 0, 1
    whole, fraction, exponent = found[1], found[2], int(found[3] or 0)
    return max(len(fraction) - exponent, 0), max(len((whole + fraction).lstrip("0")), 1)
