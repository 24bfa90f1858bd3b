"""Files of solutions, as a method of each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from control_pgm.progress import Progress


class Savable:
    """A result that can be written to a file with its decision process."""

    def save(self, path: str | Path, *, progress: Progress | None = None) -> Path:
        """Write the data, whole or not at all: `save_solution`, read again by `load_solution`.

        Parameters
        ----------
        path : path
            .json or .npz.
        progress : callable, optional
            As for `save_solution`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InvalidArgument, OSError
            As for `save_solution`.
        """
        # Records of solutions belong to a layer above, which imports this one: it is loaded when a file is written.
        written: Path = import_module("control_pgm.interop.files").save_solution(self, path, progress=progress)
        return written
