"""Colours, sizes and type of all pictures, and the one place that imports matplotlib, on first use."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from control_pgm.display import conventions
from control_pgm.display.conventions import KIND_ROWS, LIGHT, kind_roles
from control_pgm.display.labels import symbol_parts, word_lines
from control_pgm.errors import InvalidArgument

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIND_COLOURS: Mapping[str, str] = {kind: LIGHT[kind] for kind in KIND_ROWS}
OBSERVED, ASKED, PLAIN = LIGHT["observed"], LIGHT["asked"], LIGHT["plain"]
EDGE, LOOP, FACTOR, NOTE, UNDEFINED = LIGHT["ink"], LIGHT["action"], LIGHT["factor"], LIGHT["note"], "#DDDDDD"
PAPER, INK = LIGHT["paper"], LIGHT["text"]

SEPARATOR = "#EDEDED"
PROBABILITIES, VALUES, DIFFERENCES = "Blues", "viridis", "PuOr_r"
SMALLEST = 4.0  # points: below this, numbers are left out rather than drawn unreadably


def pyplot() -> Any:
    """``matplotlib.pyplot``, imported on first use."""
    return import_module("matplotlib.pyplot")


def mpl(module: str) -> Any:
    """A module of matplotlib, such as ``"patches"``, imported on first use."""
    return import_module(f"matplotlib.{module}")


def pillow() -> Any:
    """Pillow's module of images, which comes with matplotlib, imported on first use."""
    return import_module("PIL.Image")


def axes_or_new(ax: Axes | None, size: tuple[float, float], *, margins: bool = True) -> Axes:
    """The given axes, or those of a new figure on white paper, of ``size`` in inches.

    The paper is an artist of its own, so that the picture stays readable where it is saved without a background.
    ``margins``: whether room is made for ticks and a colour bar.
    """
    if ax is not None:
        check_axes(ax)
        return ax
    if margins:
        figure, new = pyplot().subplots(figsize=size, facecolor=PAPER, layout="constrained")
    else:
        room = {"left": 0.01, "right": 0.99, "bottom": 0.02, "top": 1.0 - 0.42 / size[1]}
        figure, new = pyplot().subplots(figsize=size, facecolor=PAPER, gridspec_kw=room)
    paper = mpl("patches").Rectangle((0, 0), 1, 1, transform=figure.transFigure, color=PAPER, zorder=-100)
    paper.set_in_layout(False)
    figure.add_artist(paper)
    new.set_facecolor(PAPER)
    return new  # type: ignore[no-any-return]


def sheet_of_paper(ax: Axes) -> Any:
    """White paper that fills the axes: an artist, so that it stays where a picture is saved without a background."""
    paper = mpl("patches").Rectangle((0, 0), 1, 1, transform=ax.transAxes, color=PAPER, zorder=-1)
    return ax.add_patch(paper)


def check_axes(ax: Any) -> None:
    """Refuse what is no axes, such as a figure or an array of axes."""
    if not isinstance(ax, mpl("axes").Axes):
        raise InvalidArgument(f"ax is a {type(ax).__name__}", allowed="matplotlib axes, or None for a new figure")


def readable(ax: Axes) -> str:
    """Black or white, whichever reads on the paper around the axes."""
    face: Any = ax.get_figure(root=True).get_facecolor()  # type: ignore[union-attr]
    return INK if mpl("colors").to_rgba(face)[3] < 0.5 else text_colour(face)


def title(ax: Axes, text: str) -> Any:
    """Write a title that reads on the figure's paper."""
    letters = max(len(re.sub(r"\\[a-z]+|[${}\\]", "", line)) for line in text.split("\n"))
    fits = 72 * width_inches(ax) / (0.58 * max(letters, 1))
    return ax.set_title(text, color=readable(ax), fontsize=max(6.0, min(11.0 * zoom(ax), fits)))


def zoom(ax: Axes) -> float:
    """How much larger than usual letters are: 1 on axes up to 6 × 4.5 inches, up to 1.6 on a slide."""
    figure: Any = ax.get_figure(root=True)
    box = ax.get_position(original=True)
    return float(min(max(min(width_inches(ax) / 6, box.height * figure.get_figheight() / 4.5), 1.0), 1.6))


def width_inches(ax: Axes) -> float:
    """The width of the axes on paper."""
    figure: Any = ax.get_figure(root=True)
    return float(ax.get_position(original=True).width * figure.get_figwidth())


def points_per_unit(ax: Axes, width: float, height: float) -> float:
    """How many points a data unit takes where width × height units with equal aspect fill the axes."""
    figure: Any = ax.get_figure(root=True)
    box = ax.get_position(original=True)
    return float(72 * min(box.width * figure.get_figwidth() / width, box.height * figure.get_figheight() / height))


def contrast(first: Any, second: Any) -> float:
    """The contrast ratio of two colours in any of matplotlib's ways to name them, 1 to 21 (WCAG 2.1).

    >>> contrast("black", "white")
    21.0
    """
    to_hex = mpl("colors").to_hex
    return conventions.contrast(to_hex(first), to_hex(second))


def text_colour(background: Any) -> str:
    """Black or white, whichever has more contrast: at least 4.5 on any colour."""
    return INK if contrast(INK, background) >= contrast(PAPER, background) else PAPER


def paper(ax: Axes) -> Any:
    """The colour behind the axes' lines and letters: theirs or the figure's, white where both are see-through."""
    colour = _opaque(ax.get_facecolor()) if ax.axison else None
    face: Any = ax.get_figure(root=True).get_facecolor()  # type: ignore[union-attr]
    return colour or _opaque(face) or PAPER


def _opaque(colour: Any) -> Any:
    """The colour where it is opaque, else None."""
    rgba = mpl("colors").to_rgba(colour)
    return rgba[:3] if rgba[3] >= 0.5 else None


def legible(colour: str, background: Any) -> Any:
    """The colour, brought towards black or white until letters in it read on the background: contrast at least 4.5.

    >>> legible("#0072B2", "white")
    (0.0, 0.4470588235294118, 0.6980392156862745)
    """
    ink, mixed = mpl("colors").to_rgb(text_colour(background)), mpl("colors").to_rgb(colour)
    while contrast(mixed, background) < 4.5:
        mixed = tuple(0.95 * c + 0.05 * i for c, i in zip(mixed, ink, strict=True))
    return mixed


def halo(width: float = 2.0, colour: str = PAPER) -> list[Any]:
    """A path effect that sets lines and letters off from what lies behind them."""
    return [mpl("patheffects").withStroke(linewidth=width, foreground=colour)]


def kind_colours(kinds: Iterable[str]) -> Mapping[str, str]:
    """The outline of every kind; kinds without a colour of their own get one in the order of appearance."""
    return {kind: LIGHT[role] for kind, role in kind_roles(kinds).items()}


def symbol(name: str, *, index: str | None = None) -> str:
    """A variable's name in mathtext without the dollars: ``s_0`` as s with index 0; "" where it is no symbol.

    >>> symbol("s_12"), symbol("O_3"), symbol("wet_grass")
    ('s_{12}', '\\\\mathcal{O}_{3}', '')
    """
    parts = symbol_parts(name)
    if parts is None:
        return ""
    letter = r"\mathcal{O}" if parts[0] == "O" else parts[0]
    below = parts[1] if index is None else index
    return f"{letter}_{{{below}}}" if below else letter


def label(name: str) -> str:
    """The label inside a node: mathtext for symbols such as ``s_0``, otherwise the name, broken into short lines."""
    if math := symbol(name):
        return f"${math}$"
    return plain("\n".join(word_lines(name)))


def plain(text: Hashable) -> str:
    """Any label as text that mathtext leaves alone."""
    return str(text).replace("$", r"\$")
