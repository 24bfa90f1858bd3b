"""Colours, sizes and type of all pictures, and the one place that imports matplotlib, on first use."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from control_pgm.display import conventions
from control_pgm.display.conventions import DARK, KIND_ROWS, LIGHT, kind_roles
from control_pgm.display.labels import symbol_parts, word_lines
from control_pgm.errors import InvalidArgument

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIND_COLOURS: Mapping[str, str] = {kind: LIGHT[kind] for kind in KIND_ROWS}
EDGE, NOTE, UNDEFINED = LIGHT["ink"], LIGHT["note"], "#DDDDDD"
SEPARATOR = "#EDEDED"
PAPER, INK = LIGHT["paper"], LIGHT["text"]

PROBABILITIES, VALUES, DIFFERENCES = "Blues", "viridis", "PuOr_r"
FLOOR = 6.0  # points: what does not fit in letters of this size is left out, and the picture says so
_ENGINE_PAD, _ENGINE_TITLE, _ENGINE_WORDS = 0.1, 0.3, 0.3  # inches that layout engines take: rims, title, words
USUAL_FONT = 10.0  # points: matplotlib's default font.size, in which the sizes of this package are written


def type_scale() -> float:
    """How much larger than usual letters are wanted: ``font.size`` over its default."""
    return float(import_module("matplotlib").rcParams["font.size"]) / USUAL_FONT


def points(size: float) -> float:
    """A size of letters in points, in proportion to ``font.size``, never below the floor.

    >>> points(8.0), points(3.0)
    (8.0, 6.0)
    """
    return max(size * type_scale(), FLOOR)


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
    """The given axes, or those of a new figure on the paper of the style, of ``size`` in inches at the usual font size.

    The paper is an artist of its own, so that the picture stays readable where it is saved without a background.
    ``margins``: whether room is made for ticks and a colour bar.
    """
    if ax is not None:
        check_axes(ax)
        return ax
    colour = _opaque(import_module("matplotlib").rcParams["figure.facecolor"]) or PAPER
    larger = min(max(type_scale(), 1.0), 2.0)
    size = (size[0] * larger, size[1] * larger)
    if margins:
        figure, new = pyplot().subplots(figsize=size, facecolor=colour, layout="constrained")
    else:
        room = {"left": 0.01, "right": 0.99, "bottom": 0.02, "top": 1.0 - 0.42 / size[1]}
        figure, new = pyplot().subplots(figsize=size, facecolor=colour, gridspec_kw=room)
    behind = mpl("patches").Rectangle((0, 0), 1, 1, transform=figure.transFigure, color=colour, zorder=-100)
    behind.set_in_layout(False)
    figure.add_artist(behind)
    new.set_facecolor(colour)
    return new  # type: ignore[no-any-return]


def sheet_of_paper(ax: Axes) -> Any:
    """Paper that fills the axes: an artist, so that it stays where a picture is saved without a background."""
    return ax.add_patch(mpl("patches").Rectangle((0, 0), 1, 1, transform=ax.transAxes, color=paper(ax), zorder=-1))


def check_axes(ax: Any) -> None:
    """Refuse what is no axes, such as a figure or an array of axes."""
    if not isinstance(ax, mpl("axes").Axes):
        raise InvalidArgument(f"ax is a {type(ax).__name__}", allowed="matplotlib axes, or None for a new figure")


def readable(ax: Axes) -> str:
    """Black or white, whichever reads on the paper around the axes."""
    face: Any = ax.get_figure(root=True).get_facecolor()  # type: ignore[union-attr]
    return INK if mpl("colors").to_rgba(face)[3] < 0.5 else text_colour(face)


def title(ax: Axes, text: str) -> Any:
    """Write a title that reads on the figure's paper, in two lines where one would be too small."""
    size, wide = 11.0 * zoom(ax), 72 * width_inches(ax)
    if wide / (0.58 * _letters(text)) < points(9.0) and "\n" not in text:
        text = _halved(text)
    fits = wide / (0.58 * max(map(_letters, text.split("\n"))))
    return ax.set_title(text, color=readable(ax), fontsize=max(FLOOR, min(size, fits)))


def _letters(text: str) -> int:
    """The rough number of letters of text with mathtext."""
    return max(len(re.sub(r"\\[a-z]+|[${}\\]", "", text)), 1)


def _halved(text: str) -> str:
    """The text in two lines of much the same length, broken at a space outside of mathtext."""
    spaces = [k for k, letter in enumerate(text) if letter == " " and text[:k].count("$") % 2 == 0]
    if not spaces:
        return text
    middle = min(spaces, key=lambda k: abs(_letters(text[:k]) - _letters(text[k:])))
    return f"{text[:middle].rstrip()}\n{text[middle:].lstrip()}"


def zoom(ax: Axes) -> float:
    """How much larger letters are than usual: 1 to 6 × 4.5 inches, up to 1.6 on a slide; times `type_scale`."""
    width, height = inches(ax)
    larger = min(max(min(width / 6, height / 4.5), 1.0), 1.6)
    return float(max(larger * type_scale(), FLOOR / 8.0))


def width_inches(ax: Axes) -> float:
    """The width of the axes on paper."""
    return inches(ax)[0]


def inches(ax: Axes) -> tuple[float, float]:
    """The width and height of the axes on paper.

    A layout engine has not moved them yet when a picture is drawn: what it will leave them is then estimated, the share
    of the figure that is theirs, less what stands around them.
    """
    figure: Any = ax.get_figure(root=True)
    size = figure.get_figwidth(), figure.get_figheight()
    place = ax.get_subplotspec()
    if figure.get_layout_engine() is None or place is None:
        box = ax.get_position(original=True)
        return float(box.width * size[0]), float(box.height * size[1])
    grid = place.get_gridspec()
    across, down = len(place.colspan) / grid.ncols, len(place.rowspan) / grid.nrows
    words = _ENGINE_WORDS if ax.axison else 0.0
    title_ = _ENGINE_TITLE * type_scale()
    width, height = across * size[0] - _ENGINE_PAD - 1.4 * words, down * size[1] - _ENGINE_PAD - title_ - words
    return max(width, 0.3 * across * size[0]), max(height, 0.3 * down * size[1])


def points_per_unit(ax: Axes, width: float, height: float) -> float:
    """How many points a data unit takes where width × height units with equal aspect fill the axes."""
    size = inches(ax)
    return float(72 * min(size[0] / width, size[1] / height))


def equal_units(ax: Axes) -> None:
    """Units as long upwards as to the right; the view widens about its middle until it fills the axes."""
    (left, right), (bottom, top), (wide, high) = ax.get_xlim(), ax.get_ylim(), inches(ax)
    width, height = right - left, top - bottom
    across, up = max(height * wide / high - width, 0.0) / 2, max(width * high / wide - height, 0.0) / 2
    ax.set_xlim(left - across, right + across)
    ax.set_ylim(bottom - up, top + up)
    ax.set_aspect("equal", anchor="N")  # below the title wherever a layout engine moves it


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


def palette(ax: Axes) -> Mapping[str, Any]:
    """The colours of `conventions` by role, those for light or for dark paper; nodes are filled like the paper."""
    ground = paper(ax)
    light = text_colour(ground) == INK
    own = {"paper": ground, "plain": ground, "separator": SEPARATOR if light else "#2E2E32"}
    return {**(LIGHT if light else DARK), **own}


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


def kind_colours(ax: Axes, kinds: Iterable[str]) -> Mapping[str, str]:
    """The outline of every kind; kinds without a colour of their own get one in the order of appearance."""
    colours = palette(ax)
    return {kind: colours[role] for kind, role in kind_roles(kinds).items()}


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
