"""Files of solutions. Their records belong to a layer above, which imports this one: it is loaded when it is used."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

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
        written: Path = _files().save_solution(self, path, progress=progress)
        return written


def read_solution(path: str | Path) -> Any:
    """The solution in a file, see `load_solution`."""
    return _files().load_solution(path)


def _files() -> Any:
    return import_module("control_pgm.interop.solution_files")
