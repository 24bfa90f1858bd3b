"""Tables as plain numbers, for formats that hold nothing else."""

from __future__ import annotations

from math import prod

import numpy as np

from control_pgm.display import size
from control_pgm.errors import InvalidArgument, TooLarge
from control_pgm.models.cpd import CPD
from control_pgm.tables.arrays import FloatArray
from control_pgm.tables.checks import where
from control_pgm.tables.factor import Factor

MAX_ENTRIES = 10_000_000  # of one table that is written


def check_entries(factor: Factor) -> None:
    """Refuse a table that is too large to be written entry by entry, such as a sparse one."""
    entries = prod(factor.shape)
    if entries > MAX_ENTRIES:
        raise TooLarge(
            f"{factor!r} has {entries:,} entries ({size(8 * entries)}), which files hold one by one",
            allowed=f"{MAX_ENTRIES:,} entries",
            remedy="save the decision process instead, and unroll it again",
        )


def whole_rows(factor: Factor, *, log: bool = False) -> FloatArray:
    """The table of a factor; the rows of a sparse conditional table that are left out are those of its first state.

    A sparse p(O|s,a,s') has no rows for outcomes that p(s'|s,a) makes impossible. In files, and in other programs,
    every row sums to one; which of them it is does not matter where the dynamics are zero.
    """
    table = factor.log_array() if log else factor.array()
    if isinstance(factor, CPD) and factor.scaled.sparse:
        table = table.copy()
        table[..., 0][(table == (-np.inf if log else 0.0)).all(axis=-1)] = 0.0 if log else 1.0
    return table


def holds_plainly(factor: Factor) -> bool:
    """Whether every value is a floating-point number: none underflows to zero, none overflows.

    >>> from control_pgm.tables.variable import Variable
    >>> from control_pgm.tables.variable import Variable
    >>> x = Variable("x", 2)
    >>> holds_plainly(Factor([x], [0.5, 0.0])), holds_plainly(Factor([x], [-800.0, 0.0], log=True))
    (True, False)
    """
    logs, values = factor.log_array(), factor.array()
    return bool(np.isfinite(values).all() and ((values > 0) == (logs > -np.inf)).all())


def plain_values(factor: Factor, form: str) -> FloatArray:
    """The values of a factor, if all of them are floating-point numbers.

    Raises
    ------
    TooLarge
        If there are too many of them.
    InvalidArgument
        If one is smaller or larger than any floating-point number; names the format that cannot hold it.
    """
    check_entries(factor)
    if not holds_plainly(factor):
        logs, values = factor.log_array(), factor.array()
        at = tuple(np.argwhere(~np.isfinite(values) | ((values > 0) != (logs > -np.inf)))[0])
        place = where(factor.variables, at)
        raise InvalidArgument(
            f"{factor!r} at {place} is exp({logs[at]:.6g}), which {form} files cannot hold",
            allowed="numbers between 1e-308 and 1e308, and 0",
            remedy="write .json, which holds logarithms too",
        )
    return whole_rows(factor)
