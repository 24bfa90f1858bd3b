"""The sheet of a picture: its two sets of colours, its text for those who do not see it, and where letters stand."""

import re

import pytest

from control_pgm.display.conventions import DARK, LIGHT
from control_pgm.display.markup import escaped
from control_pgm.display.svg import group, lines, paint, path, sheet, symbol, text
from tests.display.reading import SVG, parsed
from tests.display.test_markup import HOSTILE


def rules(picture):
    """class -> (property, colour) of the style sheet for dark pages."""
    inside = re.search(r"@media \(prefers-color-scheme:dark\)\{(.*)\}", parsed(picture).find(f"{SVG}style").text)[1]
    return {name: (what, colour) for name, what, colour in re.findall(r"\.([\w-]+)\{(\w+):(#\w+)\}", inside)}


def test_every_role_has_its_colour_on_light_and_on_dark():
    dark = rules(sheet(10, 10, "empty"))
    for role in LIGHT:
        for what in ("fill", "stroke"):
            look = paint(**{what: role})
            assert look[what] == LIGHT[role]
            shown = dark.get(look["class_"], (what, LIGHT[role]))
            assert shown == (what, DARK[role])


def test_colours_of_their_own_stay_as_they_are():
    assert paint(fill="#123456") == {"fill": "#123456"}


def test_paper_fills_the_sheet_and_lies_below_everything():
    root = parsed(sheet(30, 20, "x", escaped("")))
    paper = root.find(f"{SVG}rect")
    assert (paper.get("width"), paper.get("height"), root.get("viewBox")) == ("30", "20", "0 0 30 20")
    assert paper.get("fill") == LIGHT["paper"]


@pytest.mark.parametrize("label", [*HOSTILE, "x" * 100_000])
def test_the_text_of_a_picture_stands_for_it(label):
    root = parsed(sheet(10, 10, label, group(label, text((1, 1), escaped(label), em=9))))
    said = root.find(f"{SVG}title").text
    assert said == label or (len(said) == 2000 and said.endswith("…"))
    assert root.get("aria-label").split() == said.split()
    assert root.find(f"{SVG}g").get("role") == "img"
    assert root.find(f"{SVG}g/{SVG}title").text == said
    assert root.find(f"{SVG}g/{SVG}text").text == label


def test_lines_are_centred_on_their_place():
    root = parsed(sheet(10, 10, "x", lines((5, 50), ["a", "b", "c"], em=10)))
    heights = [float(t.get("y")) for t in root.iter(f"{SVG}text")]
    assert heights[1] == pytest.approx(50 + 3.5)
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1])


@pytest.mark.parametrize("index", ["7", "1000"])
def test_letter_and_index_meet_and_share_the_middle(index):
    root = parsed(sheet(10, 10, "x", symbol((50, 50), "s", index, em=10)))
    letter, below = root.iter(f"{SVG}text")
    assert (letter.get("text-anchor"), below.get("text-anchor")) == ("end", "start")
    assert letter.get("x") == below.get("x")
    assert float(below.get("y")) > float(letter.get("y"))
    assert 40 < float(letter.get("x")) < 60


def test_paths_go_through_their_points():
    assert path([(0, 1), (2.25, 3)]) == "M0.0,1.0L2.2,3.0"
