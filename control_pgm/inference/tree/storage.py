"""Storage of the messages of a long network: in memory, in part, or in files mapped to memory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import isqrt, prod
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from control_pgm.errors import InvalidArgument
from control_pgm.tables.arrays import FloatArray

Keep = str | os.PathLike[str]  # "memory", "checkpoints", or a folder


@dataclass(frozen=True)
class Storage:
    """How the messages of slices that are alike are kept.

    Attributes
    ----------
    checkpoints : bool
        Whether only every sqrt(T)-th message is kept; the others are computed again when they are read, a stretch
        between two checkpoints at a time.
    folder : Path, optional
        Where unnamed files are made that hold the messages instead of memory; they vanish with the posterior.
    """

    checkpoints: bool = False
    folder: Path | None = None

    @staticmethod
    def of(keep: Keep) -> Storage:
        """From what users say.

        Raises
        ------
        InvalidArgument
            If it is neither "memory" nor "checkpoints" nor an existing folder.
        """
        if keep == "memory":
            return Storage()
        if keep == "checkpoints":
            return Storage(checkpoints=True)
        if not isinstance(keep, os.PathLike) or not Path(keep).is_dir():
            raise InvalidArgument(
                f"keep={keep!r}", allowed="'memory', 'checkpoints', or the Path of an existing folder"
            )
        return Storage(folder=Path(keep))

    def length(self, count: int) -> int | None:
        """How many of ``count`` copies make a stretch between checkpoints; None for all."""
        return max(1, isqrt(count)) if self.checkpoints else None

    def allocate(self, shape: tuple[int, ...]) -> FloatArray:
        """An array to be filled."""
        if self.folder is None or prod(shape) == 0:
            return np.empty(shape)
        with TemporaryFile(dir=self.folder) as file:
            # The mapping outlives the file's name and handle: nothing is left behind when it goes.
            file.truncate(prod(shape) * np.dtype(np.float64).itemsize)
            return np.memmap(file, dtype=np.float64, mode="r+", shape=shape)
