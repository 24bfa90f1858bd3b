"""Graphs as SVG: what stands where."""

from math import dist

import numpy as np
import pytest

from control_pgm.display.graph import Box, Circle, Line, Note, Scene, Square, draw
from tests.display.reading import SVG, circles, groups, lines, parsed, rectangles, words

SYMBOL = Circle((0, 0), 0.3, "a_0", "a_0: first")
WORDS = Circle((2, 1), 0.3, "wet_grass", "wet_grass: second", fill="observed")
PAIR = (SYMBOL, WORDS)


def test_places_keep_their_proportions_and_up_is_up():
    root = parsed(draw(Scene((-0.3, 2.3, -0.3, 1.3), PAIR), "two"))
    (x0, y0, r0), (x1, y1, r1) = circles(root)["a_0"], circles(root)["wet_grass"]
    unit = r0 / 0.3
    assert r0 == r1
    assert (x1 - x0, y0 - y1) == pytest.approx((2 * unit, unit), abs=0.05)
    assert words(root) == ["a", "0", "wet_grass"]


def test_everything_lies_on_the_paper():
    notes = (Note((0, -1), ("a note that is much wider than the picture above it",)),)
    root = parsed(draw(Scene((-0.3, 2.3, -1.0, 1.3), PAIR, notes=notes), "two"))
    _, _, width, height = map(float, root.get("viewBox").split())
    for x, y, r in circles(root).values():
        assert r < x < width - r
        assert r < y < height - r
    (note,) = [t for t in root.iter(f"{SVG}text") if t.text.startswith("a note")]
    half = 0.25 * float(note.get("font-size")) * len(note.text)
    assert half < float(note.get("x")) < width - half


def test_arrows_end_where_the_line_does_and_point_along_it():
    line = Line([(0.0, 0.0), (2.0, 0.0)], "a → b")
    root = parsed(draw(Scene((0, 2, 0, 0), lines=(line,)), "arrow"))
    ((_, group),) = groups(root)
    shaft, head = (p.get("d").strip("MZ").split("L") for p in group.findall(f"{SVG}path"))
    shaft, head = ([tuple(map(float, p.split(","))) for p in points] for points in (shaft, head))
    tip, *corners = head
    assert tip[0] == pytest.approx(shaft[0][0] + 128, abs=0.1)
    assert tip[0] > shaft[-1][0] > max(x for x, _ in corners) - 1e-9
    assert sum(y for _, y in corners) / 2 == pytest.approx(tip[1], abs=0.05)


def test_the_shaft_of_a_bent_arrow_does_not_run_past_its_head():
    bend = [(float(np.cos(t)), float(np.sin(t))) for t in np.linspace(0, np.pi / 2, 40)]
    root = parsed(draw(Scene((0, 1, 0, 1), lines=(Line(bend, "a → b"),)), "arrow"))
    ((_, _, shaft),) = lines(root)
    ((_, group),) = groups(root)
    tip = tuple(map(float, group.findall(f"{SVG}path")[1].get("d")[1:].split("L")[0].split(",")))
    away = [dist(point, tip) for point in shaft]
    assert away == sorted(away, reverse=True)
    assert away[-1] == pytest.approx(0.16 * 64, abs=0.2)


def test_lines_without_direction_have_no_head_and_stubs_are_dashed():
    drawn = (Line([(0, 0), (1, 0)], "a – b", directed=False), Line([(0, 1), (1, 1)], "b → c", dashed=True))
    plain, dashed = (group for _, group in groups(parsed(draw(Scene((0, 1, 0, 1), lines=drawn), "x"))))
    assert len(plain.findall(f"{SVG}path")) == 1
    shaft, _ = dashed.findall(f"{SVG}path")
    assert shaft.get("stroke-dasharray") == "4 3"
    assert plain.find(f"{SVG}path").get("stroke-dasharray") is None


def test_squares_and_boxes_are_centred_on_their_places():
    scene = Scene((0, 4, 0, 0), squares=(Square((1, 0), 0.13, "factor"),), boxes=(Box((3, 0), (1, 0.5), "s₀", "box"),))
    found = rectangles(parsed(draw(scene, "x")))
    centres = {name: (x + w / 2, y + h / 2) for name, (x, y, w, h) in found.items()}
    assert centres["box"][0] - centres["factor"][0] == pytest.approx(128)
    assert centres["box"][1] == pytest.approx(centres["factor"][1], abs=0.02)
    assert found["box"][2:] == (64, 32)


def test_asked_variables_are_not_told_by_colour_alone():
    asked = Circle((2, 0), 0.3, "b", "b: asked", fill="asked")
    root = parsed(draw(Scene((0, 2, 0, 0), (SYMBOL, asked)), "x"))
    plain, heavy = (float(c.get("stroke-width")) for c in root.iter(f"{SVG}circle"))
    assert heavy > plain


def test_letters_fit_into_their_circles():
    for name in ("s_0", "O_123456", "incomprehensibilities", "one two three four"):
        root = parsed(draw(Scene((0, 1, 0, 1), (Circle((0, 0), 0.3, name, f"{name}: x"),)), "x"))
        for letters in root.iter(f"{SVG}text"):
            assert 0.5 * float(letters.get("font-size")) * len(letters.text) < 2 * 0.3 * 64
