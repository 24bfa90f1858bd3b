"""The artists that all grid pictures share: axes, walls, ends, starts, undefined cells and the colour bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from control_pgm.control.mdp.grid import Cell, GridMap
from control_pgm.viz.base import style
from control_pgm.viz.base.drawing import Drawing
from control_pgm.viz.base.patches import area, rectangles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CROWDED = 600
_BAR, _BAR_GAP, _BAR_WORDS = 10.0, 8.0, 46.0  # points: a colour bar, its distance, room for its words
_END_MOST = 1.65  # how much larger the number of an end may be to be read: wherever those of other cells are
_MARKERS = {"goal": "*", "hole": "X", "end": "s"}
_UNDEFINED: Mapping[str, Any] = {"facecolor": style.UNDEFINED, "hatch": "....", "edgecolor": "#8A8A8A"}


@dataclass(frozen=True, eq=False)
class Board:
    """Axes with one unit square per cell, row 0 on top; ``unit`` is the side of a cell in points."""

    drawing: Drawing
    grid: GridMap
    unit: float

    @cached_property
    def colours(self) -> Mapping[str, Any]:
        """The colours of the board by role."""
        return style.palette(self.drawing.ax)

    def centre(self, cell: Cell) -> tuple[float, float]:
        """The middle of a cell; y grows upwards on paper."""
        return float(cell[1]), float(-cell[0])

    def square(self, key: tuple[Any, ...], cell: Cell, **look: Any) -> None:
        """A patch that fills a cell."""
        x, y = self.centre(cell)
        look = {"edgecolor": style.EDGE, "linewidth": 0.6, "zorder": 1, **look}
        patch = style.mpl("patches").Rectangle((x - 0.5, y - 0.5), 1, 1, **look)
        self.drawing.parts[key] = self.drawing.ax.add_patch(patch)

    def text(self, key: tuple[Any, ...], at: tuple[float, float], text: str, *, em: float, **look: Any) -> None:
        """Text whose letters are ``em`` cells high."""
        look = {
            "ha": "center",
            "va": "center",
            "color": self.colours["text"],
            "zorder": 4,
            "fontsize": self.size(em),
            **look,
        }
        self.drawing.parts[key] = self.drawing.ax.text(*at, text, **look)

    def size(self, em: float, most: float = 1.0) -> float:
        """The size in points of letters ``em`` cells high, up to ``most`` times as high where they need it to be read.

        Below `style.FLOOR` they are to be left out.
        """
        wanted = min(em * self.unit * max(style.type_scale(), 1.0), most * em * self.unit, 20.0 * style.type_scale())
        wanted = max(wanted, min(em * self.unit, style.FLOOR))
        return float(style.FLOOR if wanted < style.FLOOR <= most * em * self.unit else max(wanted, 1.0))

    @property
    def crowded(self) -> bool:
        """Whether there are so many cells that each sort of them is one artist: thousands of artists take seconds."""
        return len(self.grid.cells) > _CROWDED

    def squares(self, key: tuple[Any, ...], cells: Sequence[Cell], **look: Any) -> None:
        """Many cells as one artist; colours may be given one per cell, a hatch is common to all."""
        corners = [(x - 0.5, y - 0.5) for x, y in map(self.centre, cells)]
        look = {"edgecolor": "none", "linewidth": 0.0, "zorder": 1, **look}
        if corners:
            draw = area if "hatch" in look else rectangles
            self.drawing.parts[key] = draw(self.drawing.ax, corners, (1.0, 1.0), **look)

    def walls(self) -> None:
        """Cells without a state, hatched on the paper."""
        look: dict[str, Any] = {
            "facecolor": self.colours["paper"],
            "edgecolor": self.colours["wall"],
            "hatch": "////",
            "linewidth": 0.0,
        }
        look["zorder"] = 0
        if self.crowded:
            self.squares(("walls",), self.grid.walls, **look)
            return
        for cell in self.grid.walls:
            self.square(("wall", cell), cell, **look)

    def end(self, k: int, label: Any, *, number: str = "") -> None:
        """An absorbing cell: empty with a star for a goal, a cross for a hole, above the number if there is one."""
        cell = self.grid.cells[k]
        self.square(("end", label), cell, facecolor=self.colours["paper"])
        x, y = self.centre(cell)
        up, size = (0.12, 0.34) if number else (0.0, 0.42)
        marker = _MARKERS[self.grid.ends[k]]
        look: dict[str, Any] = {"markersize": size * self.unit, "color": self.colours["text"], "markeredgewidth": 0}
        look["zorder"] = 6
        (self.drawing.parts["mark", label],) = self.drawing.ax.plot([x], [y + up], marker=marker, **look)
        if number and self.size(0.19, _END_MOST) >= style.FLOOR:
            self.text(("number", label), (x, y - 0.26), number, em=0.19, fontsize=self.size(0.19, _END_MOST))

    def start(self, k: int, label: Any) -> None:
        """An S in the corner of a start cell; all over a cell that is tiny."""
        x, y = self.centre(self.grid.cells[k])
        box: dict[str, Any] = {
            "boxstyle": "circle,pad=0.2",
            "facecolor": self.colours["paper"],
            "edgecolor": self.colours["text"],
        }
        box["linewidth"] = 0.6
        tiny = self.unit < 12
        at = (x, y) if tiny else (x - 0.36, y + 0.36)
        size = max(self.size(0.145), style.FLOOR)
        self.text(("start", label), at, "S", em=0.145, bbox=box, zorder=6, fontweight="bold", fontsize=size)

    def undefined(self, k: int, label: Any, text: str, *, em: float) -> None:
        """A cell without a number: grey, hatched, and said in words."""
        cell = self.grid.cells[k]
        self.square(("undefined", label), cell, **_UNDEFINED)
        size = self.size(em, 0.95 / (0.58 * em * len(text)))
        if size < style.FLOOR:
            return
        look = {"boxstyle": "round,pad=0.15", "facecolor": self.colours["paper"], "edgecolor": "none"}
        self.text(("undefined text", label), self.centre(cell), text, em=em, bbox=look, fontsize=size)


def board(ax: Axes | None, grid: GridMap, title: str) -> Board:
    """Axes for a grid, without ticks, with the walls drawn."""
    rows, columns = grid.shape
    side = min(0.95, 8.0 / max(rows, columns))
    ax = style.axes_or_new(ax, (max(columns * side + 1.3, 3.0), max(rows * side + 0.7, 1.6)))
    colours = style.palette(ax)
    top, bottom, left, right = grid.box
    ax.set_xlim(left - 0.5, right + 0.5)
    ax.set_ylim(-bottom - 0.5, -top + 0.5)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_edgecolor(colours["ink"])
    drawing = Drawing(ax, {("paper",): style.sheet_of_paper(ax), ("title",): style.title(ax, title)})
    width, height = (72 * side for side in style.inches(ax))
    room = 0.0 if ax.get_subplotspec() is None else _BAR_GAP + (_BAR + _BAR_WORDS) * style.zoom(ax)  # for a colour bar
    made = Board(drawing, grid, min(max(width - room, 0.6 * width) / columns, height / rows))
    made.walls()
    return made


def colour_bar(drawing: Drawing, colours: Any, text: str) -> None:
    """A colour bar that reads on the figure's paper, beside the axes wherever their aspect puts them."""
    ax, figure = drawing.ax, drawing.figure
    ink, larger = style.readable(ax), style.zoom(ax)
    if figure.get_layout_engine() is None:  # else the engine makes room for what lies beside the axes
        place = ax.get_position(original=True)
        room = min((_BAR + _BAR_WORDS * larger) / 72 / figure.get_figwidth(), 0.4 * place.width)
        ax.set_position((place.x0, place.y0, place.width - room, place.height))
    beside = ax.inset_axes((1.0, 0.0, 1.0, 1.0))
    beside.set_axes_locator(_beside(ax, larger))
    bar = figure.colorbar(colours, cax=beside)
    bar.set_label(text, color=ink, fontsize=9 * larger)
    bar.ax.tick_params(colors=ink, labelsize=8 * larger)
    bar.outline.set_edgecolor(ink)
    drawing.parts["colour bar",] = bar


def _beside(ax: Axes, larger: float) -> Any:
    """A place for a colour bar: as high as the axes are drawn, some points to the right of them."""

    def locate(_: Any, renderer: Any) -> Any:
        ax.apply_aspect()
        figure: Any = ax.get_figure(root=True)
        box, inch = ax.get_position(), 72 * figure.get_figwidth()
        left, width = box.x1 + _BAR_GAP / inch, _BAR * larger / inch
        return style.mpl("transforms").Bbox.from_bounds(left, box.y0, width, box.height)

    return locate


def undefined_cells(canvas: Board, states: Sequence[int], labels: Sequence[Any], text: str, *, em: float) -> None:
    """All cells without a number."""
    if canvas.crowded:
        canvas.squares(("undefined",), [canvas.grid.cells[k] for k in states], **_UNDEFINED)
        return
    for k in states:
        canvas.undefined(k, labels[k], text, em=em)


def finish(canvas: Board, labels: Sequence[Any], numbers: Mapping[int, str] | None = None) -> None:
    """The absorbing cells, with a number each where there are some, and the starts."""
    for k in canvas.grid.ends:
        canvas.end(k, labels[k], number=(numbers or {}).get(k, ""))
    for k in sorted(canvas.grid.starts & set(canvas.grid.cells)):
        canvas.start(k, labels[k])


def explain(canvas: Board, labels: Sequence[Any], text: str, *, numbers: str = "") -> None:
    """In words below the grid: the meaning of hatched cells, numbers that have no room, states that have no cell.

    ``numbers`` is the sort of artists that hold numbers, where the picture is to have some.
    """
    absent = [style.plain(label) for k, label in enumerate(labels) if k not in canvas.grid.cells]
    said = [text] if text else []
    if numbers and not any(key[0] == numbers for key in canvas.drawing.parts):
        said.append("numbers left out: the cells are too small")
    if absent:
        said.append(f"not on the grid: {', '.join(absent[:3])}{' …' if len(absent) > 3 else ''}")
    if said:
        ax = canvas.drawing.ax
        look: dict[str, Any] = {"color": style.readable(ax), "fontsize": 8 * style.zoom(ax)}
        canvas.drawing.parts["note",] = ax.set_xlabel("\n".join(said), **look)
