"""Colours: told apart by everybody, letters readable on all of them."""

from itertools import combinations

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from control_pgm.display import conventions
from control_pgm.viz.animation import scenes
from control_pgm.viz.base import style
from control_pgm.viz.curves import crosscheck
from control_pgm.viz.curves.temperature import _TINTS
from control_pgm.viz.over_time import flow
from tests.viz.colour_blindness import MACHADO, difference, seen

TOGETHER = {
    "kinds": tuple(style.KIND_COLOURS.values()),
    "roles": tuple(conventions.LIGHT[role] for role in ("observed", "asked", "plain")),
    "verdicts": (crosscheck._PASSED, crosscheck._FAILED),
    "trajectories": tuple(conventions.DARK[role] for role in ("state", "action")),
    "messages": (scenes._NOW, scenes._SENT),
    "first lines of a flow": flow._LINES[:2],
}


@pytest.mark.parametrize("vision", MACHADO)
@pytest.mark.parametrize("which", TOGETHER)
def test_colours_of_one_picture_differ_for_everybody(which, vision):
    for one, two in combinations(TOGETHER[which], 2):
        assert difference(to_rgb(one), to_rgb(two), vision) > 10, (one, two)


@pytest.mark.parametrize("vision", MACHADO)
@pytest.mark.parametrize("name", [style.PROBABILITIES, style.VALUES])
def test_maps_of_numbers_grow_lighter_or_darker_throughout(name, vision):
    colours = matplotlib.colormaps[name](np.linspace(0, 1, 33))
    weights = np.array([0.2126729, 0.7151522, 0.0721750])
    light = [weights @ seen(colour, vision) for colour in colours]
    assert (np.diff(light) > 0).all() or (np.diff(light) < 0).all()


@pytest.mark.parametrize("vision", MACHADO)
def test_signs_of_differences_are_told_apart(vision):
    colours = matplotlib.colormaps[style.DIFFERENCES]
    for share in (0.1, 0.25, 0.5):
        assert difference(colours(0.5 - share / 2), colours(0.5 + share / 2), vision) > 5


def test_letters_read_on_every_colour_that_is_filled():
    fills = [*TOGETHER["roles"], *style.KIND_COLOURS.values(), style.UNDEFINED, style.SEPARATOR, *_TINTS]
    for name in (style.PROBABILITIES, style.VALUES, style.DIFFERENCES):
        fills += list(matplotlib.colormaps[name](np.linspace(0, 1, 256)))
    assert min(style.contrast(style.text_colour(fill), fill) for fill in fills) >= 4.5


@pytest.mark.parametrize("paper", ["white", "#101010", "#808080", "#1C1C1E", "#F0E442"])
def test_coloured_letters_are_made_to_read_on_any_paper(paper):
    for colour in (*flow._LINES, *style.KIND_COLOURS.values(), crosscheck._PASSED, crosscheck._FAILED):
        assert style.contrast(style.legible(colour, paper), paper) >= 4.5


def test_notes_read_on_white():
    for colour in (style.NOTE, style.INK, style.EDGE):
        assert style.contrast(colour, style.PAPER) >= 4.5
    assert style.contrast(style.NOTE, style.SEPARATOR) >= 4.5


def test_the_simulation_knows_its_confusions():
    red, green = (0.65, 0.35, 0.1), (0.4, 0.45, 0.1)
    assert difference(red, green, "deuteranopia") < 0.5 * difference(red, green, "normal vision")
