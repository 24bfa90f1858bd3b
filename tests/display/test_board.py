"""Grids of cells: triangles point where their directions do, and every cell says what it is."""

import pytest

from control_pgm.display.board import Cell, draw_board
from control_pgm.display.conventions import blues, contrast
from tests.display.reading import SVG, groups, parsed

MOVES = {"left": (-1, 0), "down": (0, -1), "right": (1, 0), "up": (0, 1)}


def corners(path):
    return [tuple(map(float, point.split(","))) for point in path.get("d").strip("MZ").split("L")]


def shares(*numbers):
    return tuple((move, p, f"{p:g}") for move, p in zip(MOVES.values(), numbers, strict=True))


def test_triangles_point_to_their_side_in_the_colour_of_their_probability():
    root = parsed(draw_board([Cell(0, 0, "cell", shares=shares(0.1, 0.2, 0.3, 0.4))], "one"))
    ((_, cell),) = groups(root)
    frame = cell.find(f"{SVG}rect")
    x, y, side = (float(frame.get(key)) for key in ("x", "y", "width"))
    for path, (dx, dy), p in zip(cell.findall(f"{SVG}path"), MOVES.values(), (0.1, 0.2, 0.3, 0.4), strict=True):
        middle = [sum(c[i] for c in corners(path)) / 3 for i in (0, 1)]
        assert middle[0] - (x + side / 2) == pytest.approx(dx * side / 3, abs=0.1)
        assert middle[1] - (y + side / 2) == pytest.approx(-dy * side / 3, abs=0.1)
        assert path.get("fill") == blues(p)
    numbers = cell.findall(f"{SVG}text")
    assert [n.text for n in numbers] == ["0.1", "0.2", "0.3", "0.4"]
    for number, path in zip(numbers, cell.findall(f"{SVG}path"), strict=True):
        assert contrast(number.get("fill"), path.get("fill")) >= 4.5


def test_looks_differ_in_shape_and_not_in_colour_alone():
    looks = ("plain", "wall", "goal", "hole", "end", "undefined")
    root = parsed(draw_board([Cell(0, k, look, look) for k, look in enumerate(looks)], "all"))
    shapes = {
        title: sorted(child.tag.removeprefix(SVG) + child.get("d", "") for child in g) for title, g in groups(root)
    }
    assert set(shapes) == set(looks)
    outlines = [len(corners(g.find(f"{SVG}path"))) for title, g in groups(root) if title in ("goal", "hole", "end")]
    assert outlines == [10, 12, 4]
    assert "undefined" in [t.text for t in root.iter(f"{SVG}text")]
    assert len({tuple(shape) for shape in shapes.values()}) == len(looks)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (20, 20), (1, 40)])
def test_cells_tile_the_board(shape):
    cells = [Cell(r, c, f"{r} {c}", shares=shares(1, 0, 0, 0)) for r in range(shape[0]) for c in range(shape[1])]
    root = parsed(draw_board(cells, "board", caption="a caption"))
    places = {
        title: [float(g.find(f"{SVG}rect").get(k)) for k in ("x", "y", "width", "height")] for title, g in groups(root)
    }
    side = places["0 0"][2]
    _, _, width, height = map(float, root.get("viewBox").split())
    for title, (x, y, w, h) in places.items():
        row, column = map(int, title.split())
        assert (w, h) == (side, side)
        assert x == pytest.approx(places["0 0"][0] + column * side, abs=0.05 * (column + 1))
        assert y == pytest.approx(places["0 0"][1] + row * side, abs=0.05 * (row + 1))
        assert x > 0
        assert x + w < width
        assert y + h < height
    has_numbers = any(t.text == "1" for t in root.iter(f"{SVG}text"))
    assert has_numbers == (side >= 44), "numbers that cannot be read are left to the titles"


def test_starts_are_marked_whatever_the_cell():
    cells = [Cell(0, k, look, look, start=True) for k, look in enumerate(("plain", "undefined", "goal"))]
    root = parsed(draw_board(cells, "starts"))
    assert [t.text for t in root.iter(f"{SVG}text")].count("S") == 3
