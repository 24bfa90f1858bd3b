"""Writing a file: whole, or not at all. No knowledge of what is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from control_pgm.errors import InvalidArgument


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends well.

    If the block raises, the temporary file is removed and an older file of that name is left as it was.

    Parameters
    ----------
    path : path
        The file to write; its folder must exist.

    Raises
    ------
    InvalidArgument
        If the folder does not exist, or the name belongs to a folder, a device or a pipe.

    Yields
    ------
    Path
        The temporary file, with the same ending.

    Examples
    --------
    >>> with replacing("note.txt") as unfinished:
    ...     size = unfinished.write_text("done")
    >>> Path("note.txt").read_text()
    'done'
    """
    path = Path(os.path.realpath(path))  # what a link points to is written; the link stays
    if path.exists() and not path.is_file():
        raise InvalidArgument(f"{str(path)!r} is no regular file", allowed="a file's name, new or to be replaced")
    if not path.parent.is_dir():
        raise InvalidArgument(f"folder {str(path.parent)!r} does not exist", remedy="make it first")
    unfinished = path.parent / f".{path.stem[:64]}-{token_hex(8)}{path.suffix}"
    try:  # whenever it is interrupted, the name is known: nothing is left behind
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # it is not there if the interruption came after it took its place
        raise


def write_text(path: str | Path, text: str) -> Path:
    """Write a text in UTF-8, line ends as they are: whole, or not at all.

    >>> write_text("note.txt", "done").read_text()
    'done'
    """
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="")
    return Path(path)


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write bytes: whole, or not at all.

    >>> write_bytes("note.bin", b"done").read_bytes()
    b'done'
    """
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)
    return Path(path)
