"""Processes of textbooks by name, where files and environments are named."""

import inspect

import numpy as np
import pytest

import control_pgm
from control_pgm import load, problems
from control_pgm.errors import UnknownName
from control_pgm.interop.files import TEXTBOOK


def test_every_textbook_process_has_a_name():
    declared = {"sysadmin", "game_of_life", "navigation"}  # control models, which are no files of processes
    without_arguments = {name for name in problems.__all__ if name != "gridworld"} - declared
    assert {name.replace("-", "_") for name in TEXTBOOK} == without_arguments


@pytest.mark.parametrize("name", TEXTBOOK)
def test_load_gives_the_process_as_it_is_printed(name):
    function = getattr(control_pgm, name.replace("-", "_"))
    assert all(
        parameter.default is not inspect.Parameter.empty
        for parameter in inspect.signature(function).parameters.values()
    )
    loaded, expected = load(f"textbook:{name}"), function()
    assert loaded.states == expected.states
    assert loaded.actions == expected.actions
    assert loaded.discount == expected.discount
    assert np.array_equal(loaded.transition, expected.transition)
    assert np.array_equal(loaded.reward, expected.reward)


@pytest.mark.parametrize("name", ["gamblers", "", "gambler.json", "Gambler"])
def test_another_name_lists_those_there_are(name):
    with pytest.raises(UnknownName) as refused:
        load(f"textbook:{name}")
    assert all(repr(one) in str(refused.value) for one in (name, *TEXTBOOK))
