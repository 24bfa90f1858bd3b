"""Graphs as SVG: circles, boxes and squares at given places, lines between them. Strings only.

Places and sizes are in the units of the layout, with y growing upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

from control_pgm.display.labels import label_width, symbol_parts, word_lines
from control_pgm.display.markup import Markup, element, escaped
from control_pgm.display.svg import Point, group, lines, paint, path, sheet, symbol, text

_UNIT = 64.0  # pixels
_PAD = 0.25
_HEAD, _HEAD_WIDTH = 0.16, 0.06  # of an arrow: its length and half its width
# The height of letters in boxes, of notes beside the picture, and of the dots where something is left out.
BOX_EM, NOTE_EM, DOTS_EM = 0.2, 0.19, 0.42


@dataclass(frozen=True)
class Circle:
    """A variable. ``outline`` and ``fill`` are roles of `conventions`; ``says`` is its title."""

    at: Point
    radius: float
    name: str
    says: str
    outline: str = "ink"
    fill: str = "plain"


@dataclass(frozen=True)
class Square:
    """A factor; ``half`` is half its side."""

    at: Point
    half: float
    says: str


@dataclass(frozen=True)
class Box:
    """A cluster: a box with round corners and a line of text."""

    at: Point
    size: Point
    name: str
    says: str


@dataclass(frozen=True)
class Line:
    """An edge, from rim to rim; with an arrow at its end if ``directed``, dashed if its other end is left out.

    Heavy and in a colour of its own if it lies on a ``loop``.
    """

    points: Sequence[Point]
    says: str
    directed: bool = True
    dashed: bool = False
    loop: bool = False


@dataclass(frozen=True)
class Note:
    """Words beside the picture, one string per line."""

    at: Point
    rows: tuple[str, ...]
    em: float = NOTE_EM


@dataclass(frozen=True)
class Scene:
    """Everything in a picture, and the rectangle (left, right, bottom, top) that it fills."""

    bounds: tuple[float, float, float, float]
    circles: tuple[Circle, ...] = ()
    squares: tuple[Square, ...] = ()
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()


def draw(scene: Scene, label: str) -> str:
    """The picture as SVG.

    Parameters
    ----------
    scene : Scene
    label : str
        What the whole picture shows, for its title and for screen readers.

    Examples
    --------
    >>> rain = Circle((0, 0), 0.3, "rain", "rain: no, yes")
    >>> draw(Scene((-0.3, 0.3, -0.3, 0.3), (rain,)), "one variable").count("<circle")
    1
    """
    left, right, bottom, top = _bounds(scene)
    pen = _Pen(left - _PAD, top + _PAD)
    symbols, words = _ems(scene.circles)
    parts = [
        *(pen.line(line) for line in scene.lines),
        *(pen.circle(circle, symbols if symbol_parts(circle.name) else words) for circle in scene.circles),
        *(pen.square(square) for square in scene.squares),
        *(pen.box(box) for box in scene.boxes),
        *(pen.note(note) for note in scene.notes),
    ]
    width, height = right - left + 2 * _PAD, top - bottom + 2 * _PAD
    return sheet(round(width * _UNIT), round(height * _UNIT), label, *parts)


def _bounds(scene: Scene) -> tuple[float, float, float, float]:
    """The rectangle of a scene, wide enough for its notes."""
    left, right, bottom, top = scene.bounds
    for note in scene.notes:
        half = 0.3 * max(map(len, note.rows)) * note.em
        left, right = min(left, note.at[0] - half), max(right, note.at[0] + half)
    return left, right, bottom, top


def _ems(circles: Iterable[Circle]) -> tuple[float, float]:
    """The height of letters in pixels, one for all symbols and one for all words, so that the longest fits."""
    symbols, words = 0.3, 0.27
    for circle in circles:
        width = max(label_width(circle.name), 0.1)
        if symbol_parts(circle.name):
            symbols = min(symbols, 1.75 * circle.radius / width)
        else:
            words = min(words, 1.85 * circle.radius / width, 1.3 * circle.radius / len(word_lines(circle.name)))
    return symbols * _UNIT, words * _UNIT


@dataclass(frozen=True)
class _Pen:
    """Draws the parts of a scene; ``left`` and ``top`` are the corner of the paper."""

    left: float
    top: float

    def place(self, point: Point) -> Point:
        """Pixels from the corner, y growing downwards."""
        return (point[0] - self.left) * _UNIT, (self.top - point[1]) * _UNIT

    def circle(self, circle: Circle, em: float) -> Markup:
        """A disc with its name inside; heavy where it is asked for."""
        asked = circle.fill == "asked"
        x, y = at = self.place(circle.at)
        look = paint(fill=circle.fill, stroke=circle.outline, width=3.2 if asked else 2.0)
        disc = element("circle", cx=x, cy=y, r=circle.radius * _UNIT, **look)
        ink = "text on asked" if asked else "text"
        parts = symbol_parts(circle.name)
        label = symbol(at, *parts, em=em, fill=ink) if parts else lines(at, word_lines(circle.name), em=em, fill=ink)
        return group(circle.says, disc, label)

    def square(self, square: Square) -> Markup:
        """A filled square."""
        (x, y), half = self.place(square.at), square.half * _UNIT
        shape = element("rect", x=x - half, y=y - half, width=2 * half, height=2 * half, **paint(fill="factor"))
        return group(square.says, shape)

    def box(self, box: Box) -> Markup:
        """A box with its text inside."""
        (x, y), width, height = self.place(box.at), box.size[0] * _UNIT, box.size[1] * _UNIT
        look = paint(fill="plain", stroke="ink", width=1.5)
        frame = element("rect", x=x - width / 2, y=y - height / 2, width=width, height=height, rx=height / 2, **look)
        return group(box.says, frame, text((x, y), escaped(box.name), em=BOX_EM * _UNIT))

    def line(self, line: Line) -> Markup:
        """A line, with the head of an arrow as a shape of its own: markers would need ids."""
        points = [self.place(point) for point in line.points]
        dashes = {"stroke_dasharray": "4 3"} if line.dashed else {}
        look = {**(paint(stroke="action", width=2.6) if line.loop else paint(stroke="ink", width=1.3)), **dashes}
        if not line.directed:
            return group(line.says, element("path", d=path(points), **look))
        shaft, head = _arrow(points)
        shapes = element("path", d=path(shaft), **look), element("path", d=path(head) + "Z", **paint(fill="ink"))
        return group(line.says, *shapes)

    def note(self, note: Note) -> Markup:
        """Words beside the picture."""
        return lines(self.place(note.at), note.rows, em=note.em * _UNIT, fill="note")


def _arrow(points: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """The shaft and the three corners of the head of an arrow along a line."""
    (x, y), long, aside = points[-1], _HEAD * _UNIT, _HEAD_WIDTH * _UNIT
    kept = [p for p in points[:-1] if hypot(x - p[0], y - p[1]) > long] or [points[0]]
    length = hypot(x - kept[-1][0], y - kept[-1][1]) or 1.0
    dx, dy = (x - kept[-1][0]) / length, (y - kept[-1][1]) / length
    base = (x - long * dx, y - long * dy)
    head = [(x, y), (base[0] - aside * dy, base[1] + aside * dx), (base[0] + aside * dy, base[1] - aside * dx)]
    return [*kept, base], head
