"""Seeds of random draws: integers, or generators that go on from where they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from control_pgm.errors import InvalidArgument


def generator(seed: Any, what: str = "seed") -> np.random.Generator:
    """The generator of a seed; a generator is itself. The same integer makes the same draws.

    Parameters
    ----------
    seed : int ≥ 0 or numpy.random.Generator
    what : str
        What errors call it.

    Raises
    ------
    InvalidArgument
        If it is neither.

    Examples
    --------
    >>> int(generator(7).integers(100)) == int(generator(7).integers(100))
    True
    >>> rng = np.random.default_rng(7)
    >>> generator(rng) is rng
    True
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidArgument(f"{what} {seed!r}", allowed="a seed (an integer ≥ 0) or a numpy.random.Generator")
    return np.random.default_rng(int(seed))
