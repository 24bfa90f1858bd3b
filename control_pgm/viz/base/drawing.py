"""Drawings, which every picture returns, and the artists of graphs: nodes, edges, squares, time captions and gaps."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from control_pgm.display.labels import label_width
from control_pgm.layout.placing import RADIUS, SQUARE, Edge, Layout, Node
from control_pgm.tables.arrays import FloatArray
from control_pgm.viz.base import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PAD = 0.25
_CAPTIONS, _GAP_NOTE, _NOTE = 0.3, 0.25, 0.3  # room below the lowest node
_SYMBOLS, _WORDS = 1.05, 0.9  # the largest letters in a node, in radii
_BEYOND = 1.3  # how much larger than fits their circle letters may be
_LETTER, _LINE = 0.52, 1.3  # the mean width of a letter and the height of a line, in sizes
_OUTSIDE = 2.2  # how far the smallest letters may reach to either side of a node, in radii
_UNLIKE = 1.5  # how much larger than the smallest symbol others may be
_USUAL_SLICES, _FEWEST_SLICES, _READABLE = 8, 4, style.FLOOR  # letters of fewer points make networks shorter


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """A finished picture: its axes and its artists by what they stand for.

    Attributes
    ----------
    ax : matplotlib axes
    parts : mapping
        What an artist stands for -> artist, such as ("node", "s_0"), ("edge", "s_0", "s_1") or
        ("number", "home", "go"). All of them can be changed afterwards.
    """

    ax: Axes
    parts: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)

    @property
    def figure(self) -> Figure:
        """The figure, for ``savefig``."""
        return self.ax.get_figure(root=True)  # type: ignore[return-value]

    def of(self, what: str) -> dict[Any, Any]:
        """The artists of one sort, such as ``"node"``, by the rest of their key."""
        found = {key[1:]: artist for key, artist in self.parts.items() if key[0] == what}
        return {key[0] if len(key) == 1 else key: artist for key, artist in found.items()}

    def __repr__(self) -> str:
        sorts = [str(key[0]) for key in self.parts]
        counts = ", ".join(f"{sorts.count(sort)} {sort}" for sort in dict.fromkeys(sorts))
        return f"Drawing({counts})"


@dataclass(frozen=True, eq=False)
class Artists:
    """Draws the parts of a graph on axes prepared for its layout; ``unit`` is the length of a data unit in points."""

    drawing: Drawing
    layout: Layout
    unit: float

    @cached_property
    def colours(self) -> Mapping[str, Any]:
        """The colours of the picture by role."""
        return style.palette(self.drawing.ax)

    def node(
        self,
        name: Node,
        text: str,
        *,
        outline: str,
        fill: str,
        heavy: bool,
        options: Mapping[str, Any],
        lift: float = 0.0,
    ) -> None:
        """A variable as a circle with its label inside; ``fill`` is a role, ``lift`` raises the label, in radii."""
        fill = self.colours[fill]
        point, radius = self.layout.points[name], self.layout.radii[name]
        width = self._line(2.8 if heavy else 1.7)
        look = {"facecolor": fill, "edgecolor": outline, "linewidth": width, "zorder": 3, **options}
        circle = style.mpl("patches").Circle(point, radius, **look)
        self.drawing.parts["node", name] = self.drawing.ax.add_patch(circle)
        em = _letter_height(str(name), self._smallest) * radius * (0.55 if lift else 1.0)
        at = (point[0], point[1] + lift * radius)
        words: dict[str, Any] = {"color": style.text_colour(fill), "zorder": 4}
        # Letters at the floor may stand out of the circle where they run into no other node; else they are left out.
        if em * self.unit * style.type_scale() * _BEYOND < style.FLOOR:
            if lift or not self._stands_free(name):
                self.drawing.parts["unlabelled", name] = circle
                return
            words["path_effects"] = style.halo(1.5, fill)
        self.text(("label", name), at, text, em=em, largest=22, **words)

    def _stands_free(self, name: Node) -> bool:
        """Whether a label in the smallest letters leaves its circle visible, and keeps off other nodes and labels."""
        names, centres, halves = self._boxes
        k, radius = names[name], self.layout.radii[name]
        if (halves[k] > (_OUTSIDE * radius, radius)).any():
            return False
        apart = np.abs(centres - centres[k]) >= halves + halves[k]
        apart[k] = True
        return bool(apart.any(axis=1).all())

    @cached_property
    def _boxes(self) -> tuple[dict[Node, int], FloatArray, FloatArray]:
        """Of all nodes with their labels in the smallest letters: their places, centres [node, 2] and half sizes."""
        names = list(self.layout.points)
        em = style.FLOOR / self.unit
        halves = np.empty((len(names), 2))
        for k, name in enumerate(names):
            halves[k] = self.layout.radii.get(name, SQUARE)
            if isinstance(name, str):
                lines = style.label(name).count("\n") + 1
                halves[k] = np.maximum(halves[k], (0.5 * em * label_width(name), 0.6 * em * lines))
        return dict(zip(names, range(len(names)), strict=True)), np.array([*self.layout.points.values()]), halves

    @cached_property
    def _smallest(self) -> dict[bool, float]:
        return _smallest_letters(self.layout)

    def square(self, node: Node) -> None:
        """A factor as a black square."""
        (x, y), half = self.layout.points[node], SQUARE
        box = style.mpl("patches").Rectangle(
            (x - half, y - half), 2 * half, 2 * half, color=self.colours["factor"], zorder=3
        )
        self.drawing.parts["factor", node[1] if isinstance(node, tuple) else node] = self.drawing.ax.add_patch(box)

    def edge(self, edge: Edge, *, role: str = "ink", heavy: bool = False, directed: bool = True) -> None:
        """An edge from rim to rim; dashed where its other end is left out. Its colour is that of a role."""
        arrow = style.mpl("patches").FancyArrowPatch(
            path=style.mpl("path").Path(edge.line),
            arrowstyle="-|>" if directed and edge.head else "-",
            mutation_scale=float(np.clip(0.2 * self.unit, 3.0, 14.0)),
            linewidth=self._line(2.6 if heavy else 1.1),
            linestyle=(0, (3, 2)) if edge.stub else "solid",
            color=self.colours[role],
            shrinkA=0,
            shrinkB=0,
            zorder=2 if heavy else 1,
        )
        self.drawing.parts["edge", edge.source, edge.target] = self.drawing.ax.add_patch(arrow)

    def text(
        self, key: tuple[Hashable, ...], at: tuple[float, float], text: str, *, em: float, largest: float, **look: Any
    ) -> None:
        """Text whose letters are ``em`` data units high, at most ``largest`` points at the usual font size."""
        look = {"ha": "center", "va": "center", "color": self.colours["text"], **look}
        larger = style.type_scale()
        size = max(min(em * self.unit * max(larger, 1.0), largest * style.zoom(self.drawing.ax)), style.FLOOR)
        self.drawing.parts[key] = self.drawing.ax.text(*at, text, fontsize=size, **look)

    def captions(self, missing: Mapping[int, Sequence[str]] | None = None, *, lowest: float = np.inf) -> None:
        """The times below the columns and below ``lowest``, dots in the gaps, and how many slices they stand for."""
        columns = self.layout.columns
        if columns is None:
            return
        below, small = min(self.layout.bounds[2] - 0.3, lowest - 0.2), max(0.2, style.FLOOR / self.unit)
        for time, x in columns.visible.items():
            self.text(("time", time), (x, below), f"$t={time}$", em=small, largest=9, color=self.colours["note"])
        for k, gap in enumerate(columns.gaps):
            for y in self.layout.rows:
                self.text(("dots", k, y), (gap.x, y), "…", em=0.5, largest=20, color=self.colours["note"])
            names = (missing or {}).get(k, ())
            note = f"{gap.hidden} slices\nleft out" + (f", with\n{', '.join(map(style.plain, names))}" if names else "")
            self.text(
                ("left out", k), (gap.x, below + 0.1), note, em=small, largest=9, color=self.colours["note"], va="top"
            )

    def widen(self, left: float, right: float, bottom: float, top: float) -> None:
        """Widen the view where a rectangle would not fit."""
        x, y = self.drawing.ax.get_xlim(), self.drawing.ax.get_ylim()
        self.drawing.ax.set_xlim(min(x[0], left), max(x[1], right))
        self.drawing.ax.set_ylim(min(y[0], bottom), max(y[1], top))

    def note(self, text: str = "", *, room: bool = False) -> None:
        """Lines below the picture: an explanation, and how many labels are left out; ``room``: one has its place."""
        lost = len(self.drawing.of("unlabelled"))
        missing = f"{lost} label{'s' * (lost != 1)} left out: no room" if lost else ""
        said = ",   ".join(part for part in (text, missing) if part)
        if not said:
            return
        (left, right), (bottom, _) = self.drawing.ax.get_xlim(), self.drawing.ax.get_ylim()
        em = min(max(0.2, style.FLOOR / self.unit), style.points(9.0) / self.unit)
        lines = textwrap.wrap(said, max(int((right - left) / (_LETTER * em)), 16))
        self.widen(left, right, bottom - _LINE * em * (len(lines) - room), bottom)
        at = ((left + right) / 2, self.drawing.ax.get_ylim()[0] + 0.08)
        self.text(("note",), at, "\n".join(lines), em=em, largest=9, color=self.colours["note"], va="bottom")

    def _line(self, points: float) -> float:
        return points * float(np.clip(self.unit / 50, 0.45, 1.0))


def _fitting_height(name: str) -> float:
    """The height of letters, in radii, with which a label just fits its node."""
    return min(1.6 / label_width(name), 1.3 / (style.label(name).count("\n") + 1))


def _smallest_letters(layout: Layout) -> dict[bool, float]:
    """The height of the smallest letters, in radii, of symbols and of words."""
    smallest = {True: _SYMBOLS, False: _WORDS}
    for name in (n for n in layout.points if isinstance(n, str)):
        kind = bool(style.symbol(name))
        smallest[kind] = min(smallest[kind], _fitting_height(name))
    return smallest


def _letter_height(name: str, smallest: Mapping[bool, float]) -> float:
    """The height of a label's letters, in radii: much alike for all symbols, the same for all words."""
    if not style.symbol(name):
        return smallest[False]
    return min(_SYMBOLS, _fitting_height(name), _UNLIKE * smallest[True])


def slices_that_fit(ax: Axes | None, layout_of: Callable[[int], Layout], *, room: float = 0.0) -> int:
    """How many slices to draw: eight, or as many fewer as it takes for letters in nodes to be readable on the axes.

    ``layout_of`` lays out at most so many slices; ``room`` is left for labels on all sides.
    """
    if ax is None:
        return _USUAL_SLICES
    style.check_axes(ax)
    ax.set_axis_off()
    for slices in range(_USUAL_SLICES, _FEWEST_SLICES, -1):
        layout = layout_of(slices)
        left, right, bottom, top = layout.bounds
        around = 2 * (_PAD + room)
        unit = style.points_per_unit(ax, right - left + around, top - bottom + around)
        if layout.columns is None or min(_smallest_letters(layout).values()) * RADIUS * unit >= _READABLE:
            return slices
    return _FEWEST_SLICES


def pen(ax: Axes | None, layout: Layout, title: str, *, note: bool, room: float = 0.0) -> Artists:
    """Axes for a layout, without ticks, with equal units; ``room`` is left for labels on all sides."""
    if ax is not None:
        style.check_axes(ax)
        ax.set_axis_off()
    left, right, bottom, top = layout.bounds
    pad = _PAD + room
    width = right - left + 2 * pad
    # Below a readable size letters stop shrinking with the picture, so they need more of its room.
    letters = 1.0 if ax is None else max(1.0, style.points(5.0) / (0.2 * 72 * style.width_inches(ax) / width))
    if layout.columns:
        bottom -= letters * (_CAPTIONS + _GAP_NOTE * bool(layout.columns.gaps))
    bottom -= letters * _NOTE * note + 0.4 * room
    height = top - bottom + pad + _PAD
    inch = min(1.0, 12 / width, 9 / height)
    ax = style.axes_or_new(ax, (max(width * inch, 3.0), height * inch + 0.45), margins=False)
    ax.set_xlim(left - pad, right + pad)
    ax.set_ylim(bottom - _PAD, top + pad)
    style.equal_units(ax)
    ax.set_axis_off()
    drawing = Drawing(ax, {("paper",): style.sheet_of_paper(ax), ("title",): style.title(ax, title)})
    return Artists(drawing, layout, style.points_per_unit(ax, width, height))
