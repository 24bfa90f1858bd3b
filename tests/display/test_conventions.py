"""The colours: distinct for everybody, letters that read, and the two sets alike in what they name."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest

from control_pgm.display.conventions import (
    DARK,
    KIND_ROWS,
    LIGHT,
    OTHER_KINDS,
    blues,
    contrast,
    kind_roles,
    luminance,
    text_colour,
)
from tests.display.colour_vision import VISIONS, difference

PAPERS = {"light": LIGHT, "dark": DARK}
FILLS = ("plain", "observed", "asked")


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("paper", PAPERS)
def test_kinds_and_roles_are_told_apart_with_any_colour_vision(paper, vision):
    colours = PAPERS[paper]
    for a, b in combinations(KIND_ROWS, 2):
        assert difference(colours[a], colours[b], vision) >= 35, (a, b)
    for a, b in combinations((*KIND_ROWS, *OTHER_KINDS), 2):
        assert difference(colours[a], colours[b], vision) >= 20, (a, b)
    for a, b in combinations(FILLS, 2):
        assert difference(colours[a], colours[b], vision) >= 19, (a, b)


def test_the_check_of_colour_vision_can_fail():
    blue, violet = "#0072B2", "#5A4FA2"
    assert difference(blue, violet, "normal") > 20
    assert difference(blue, violet, "deuteranopia") < 10
    for vision, matrix in VISIONS.items():
        assert matrix.sum(axis=1) == pytest.approx(1.0, abs=2e-6), f"{vision} keeps white"
    assert difference("#FFFFFF", "#000000", "normal") == pytest.approx(100, abs=1e-3)


@pytest.mark.parametrize("paper", PAPERS)
def test_letters_and_outlines_have_contrast(paper):
    colours = PAPERS[paper]
    letters = [
        ("note", "paper"),
        ("text", "paper"),
        ("text", "plain"),
        ("text", "observed"),
        ("text on asked", "asked"),
    ]
    for ink, ground in letters:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for line in ("ink", "factor", *KIND_ROWS, *OTHER_KINDS):
        assert contrast(colours[line], colours["paper"]) >= 3.0, line
        assert contrast(colours[line], colours["plain"]) >= 3.0, line


def test_both_sets_name_the_same_roles_and_differ_where_they_must():
    assert set(LIGHT) == set(DARK)
    assert luminance(LIGHT["paper"]) > 0.9
    assert luminance(DARK["paper"]) < 0.02


def test_black_or_white_letters_read_on_every_probability():
    for p in np.linspace(0, 1, 101):
        assert contrast(text_colour(blues(p)), blues(p)) >= 4.5


def test_probabilities_have_the_colours_of_the_other_pictures():
    norm = matplotlib.colors.PowerNorm(0.5, 0.0, 1.0)
    for p in np.linspace(0, 1, 41):
        theirs = np.round(255 * np.array(matplotlib.colormaps["Blues"](norm(p))[:3]))
        ours = [int(blues(p)[i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(theirs - ours).max() <= 2


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=1e-3)  # the usual example of almost enough
    assert contrast("#FFFFFF", "#777777") == contrast("#777777", "#FFFFFF")


def test_other_kinds_get_colours_in_the_order_of_appearance():
    roles = kind_roles(["b", "state", "a", "b", "c", "d", "e"])
    assert [roles[kind] for kind in ("b", "a", "c", "d", "e")] == [*OTHER_KINDS, OTHER_KINDS[0]]
    assert roles["state"] == "state"
    assert roles[""] == "ink"
