"""A sheet of paper measured in points: the area of some axes, on which pictures of several panels are laid out."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, BAR_GAP, BAR_TICKS = 8.0, 8.0, 30.0  # a colour bar, its distance from the panels, room for its numbers
_MOST_ZOOM = 1.8
_SMALLEST = 7.0  # units: the smallest letters that are not chosen to fit
SMALL, LETTER = 8.0, 0.58  # the usual size of text; the mean width of a letter in sizes


@dataclass(frozen=True, eq=False)
class Sheet:
    """The area of axes, ``width`` × ``height`` units with the origin at the lower left; ``ink`` reads on it.

    A unit is ``zoom`` points: 1 where the picture has its own size or less, more where it fills a slide; all of that in
    proportion to ``font.size``.
    """

    drawing: Drawing
    width: float
    height: float
    ink: str
    zoom: float = 1.0

    @property
    def floor(self) -> float:
        """The smallest size of letters, in units."""
        return style.FLOOR / self.zoom

    @property
    def ax(self) -> Axes:
        """The axes whose area this is."""
        return self.drawing.ax

    def text(self, key: tuple[Hashable, ...], at: tuple[float, float], text: str, **look: Any) -> Any:
        """Text at a place, its size in units."""
        look = {"color": self.ink, "fontsize": SMALL, **look}
        look["fontsize"] = max(look["fontsize"] * self.zoom, style.FLOOR)
        self.drawing.parts[key] = self.ax.text(*at, text, **look)
        return self.drawing.parts[key]

    def panel(self, key: tuple[Hashable, ...], box: tuple[float, float, float, float]) -> Axes:
        """Axes of their own at (left, bottom, width, height)."""
        panel = self.ax.inset_axes(box, transform=self.ax.transData)
        panel.set_facecolor("none")
        panel.tick_params(colors=self.ink, labelsize=7 * self.zoom, length=2.5 * self.zoom, width=0.6)
        for spine in panel.spines.values():
            spine.set_edgecolor(self.ink)
            spine.set_linewidth(0.6)
        self.drawing.parts[key] = panel
        return panel

    def bar(self, key: tuple[Hashable, ...], box: tuple[float, float, float, float], colours: Any, **look: Any) -> None:
        """A colour bar at (left, bottom, width, height), with its numbers to the right."""
        bar = self.drawing.figure.colorbar(colours, cax=self.panel(("bar axes", *key[1:]), box), **look)
        bar.outline.set_edgecolor(self.ink)
        bar.outline.set_linewidth(0.6)
        bar.ax.tick_params(which="minor", length=0)
        self.drawing.parts[key] = bar


def sheet(ax: Axes | None, size: tuple[float, float], title: str) -> Sheet:
    """The area of the given axes, or of a new figure's, of ``size`` inches."""
    ax = style.axes_or_new(ax, size, margins=False)
    ax.set_axis_off()
    inches = style.inches(ax)
    fills = min(max(min(inches[0] / size[0], inches[1] / size[1]), 1.0), _MOST_ZOOM)
    zoom = float(max(fills * style.type_scale(), style.FLOOR / _SMALLEST))
    width, height = 72 * inches[0] / zoom, 72 * inches[1] / zoom
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    ax.set_autoscale_on(False)
    return Sheet(Drawing(ax, {("title",): style.title(ax, title)}), width, height, style.readable(ax), zoom)


def letters(text: str, size: float = SMALL) -> float:
    """The rough width of plain text in points."""
    return LETTER * size * max((len(line) for line in text.split("\n")), default=0)


def wrapped(parts: Sequence[str], width: float, size: float) -> list[str]:
    """Remarks, as many to a line as fit the width."""
    return textwrap.wrap("  ·  ".join(filter(None, parts)), max(int(width / (LETTER * size)), 12))
