"""Pictures and the places that show them: the package, the folder, the command line and the gallery."""

import ast
import importlib
import inspect
from pathlib import Path

import control_pgm
from control_pgm import viz
from control_pgm.cli import pictures
from tests.source import FILES, ROOT, module_of

DRAWN = {"plot_", "animate_"}
REPOSITORY = Path(control_pgm.__file__).parents[1]


def drawing_functions():
    """The names of the functions that draw a public picture, each from its own module."""
    found = {}
    for path in FILES:
        if ROOT / "viz" in path.parents:
            module = importlib.import_module(module_of(path))
            for name, value in vars(module).items():
                if name.startswith(tuple(DRAWN)) and inspect.getmodule(value) is module:
                    assert name not in found
                    found[name] = value
    return found


def called(path):
    """The names of functions that a file calls."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def test_every_picture_is_public():
    drawn = drawing_functions()
    assert len(drawn) > 10
    for package in (viz, control_pgm):
        assert {name for name in package.__all__ if name.startswith(tuple(DRAWN))} == set(drawn)
        assert all(getattr(package, name) is value for name, value in drawn.items())


def test_every_picture_is_drawn_by_the_command_line_and_in_the_gallery():
    for path in (pictures.__file__, REPOSITORY / "docs" / "pictures.py"):
        assert set(drawing_functions()) <= called(path)
