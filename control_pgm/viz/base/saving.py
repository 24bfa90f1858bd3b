"""Writing a picture to a file: whole, or not at all."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from control_pgm.display import printable
from control_pgm.errors import InvalidArgument
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.writing import write_bytes

FORMATS = ("png", "svg", "pdf")


def save_picture(drawing: Drawing, path: str | Path, *, dpi: int = 150) -> Path:
    """Write a picture on its paper, cropped to its artists, and close its figure.

    Parameters
    ----------
    drawing : Drawing
        What a ``plot_…`` function returned.
    path : path
        Its ending gives the format: .png, .svg or .pdf.
    dpi : int
        Dots per inch of a .png.

    Raises
    ------
    InvalidArgument
        On another ending.
    OSError
        If the file cannot be written; an older file of that name is then left as it was.

    Examples
    --------
    >>> from control_pgm import gridworld, plot_values, solve
    >>> path = save_picture(plot_values(solve(gridworld("S.G"), 3)), "values.png")
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        raise InvalidArgument(
            f"picture {str(path)!r} ends in {path.suffix!r}", allowed=", ".join(f".{f}" for f in FORMATS)
        )
    _make_printable(drawing)
    picture = BytesIO()  # matplotlib's own files answer a full disk with errors of other kinds
    drawing.figure.savefig(picture, format=kind, dpi=dpi, facecolor=_face(drawing), bbox_inches="tight")
    write_bytes(path, picture.getvalue())
    _close(drawing)
    return path


def _make_printable(drawing: Drawing) -> None:
    """Write control characters, which names may hold, as in Python's strings: SVG cannot hold them, even escaped."""
    texts: list[Any] = drawing.figure.findobj(
        lambda artist: hasattr(artist, "get_text") and hasattr(artist, "set_text")
    )
    for artist in texts:
        text = artist.get_text()
        if not text.replace("\n", "").isprintable():
            artist.set_text("\n".join(map(printable, text.split("\n"))))


def _face(drawing: Drawing) -> Any:
    """The figure's own colour, white where it has none."""
    face = drawing.figure.get_facecolor()
    return face if style.mpl("colors").to_rgba(face)[3] >= 0.5 else style.PAPER


def _close(drawing: Drawing) -> None:
    """Let pyplot forget a figure that it keeps, so that many pictures do not pile up in memory."""
    manager = getattr(drawing.figure.canvas, "manager", None)
    if manager is not None:
        style.pyplot().close(drawing.figure)
