"""Every snippet of README and docs runs, every docstring example is right, every example script runs."""

import doctest
import importlib
import pkgutil
import re
import runpy
import shlex
import subprocess
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import pytest
from matplotlib import pyplot

import control_pgm
from control_pgm.cli import main

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = ["control_pgm"] + [info.name for info in pkgutil.walk_packages(control_pgm.__path__, "control_pgm.")]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Run in an empty folder, without a screen, and leave no picture open."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    yield
    pyplot.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run_one_after_another_and_print_what_is_shown(page, capsys):
    text = page.read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?", text, re.DOTALL | re.MULTILINE)
    if page.name in ("README.md", "conventions.md", "one_message.md"):
        assert snippets
    namespace = {}
    for number, (snippet, shown) in enumerate(snippets):
        capsys.readouterr()
        exec(compile(snippet, f"{page.name}, snippet {number}", "exec"), namespace)
        assert not shown or capsys.readouterr().out == shown


def test_the_commands_of_the_readme_run_one_after_another_in_an_empty_folder(capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) > 10
    for command in commands:
        program, *words = shlex.split(command)
        if program == "printf":
            subprocess.run(command, shell=True, check=True)
        elif find_spec("gymnasium") or "gym:" not in command:
            assert program == "control-pgm"
            assert (main(words), capsys.readouterr().err) == (0, ""), command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_the_docstring_examples_of_a_module_are_right(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_an_example_script_runs(script, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [str(script)])
    runpy.run_path(str(script), run_name="__main__")
    assert "passed: tolerance 1e-12" in capsys.readouterr().out


def test_the_public_names_exist_and_are_documented():
    for name in control_pgm.__all__:
        thing = getattr(control_pgm, name)
        assert name.startswith("__") or thing.__doc__, name


@pytest.mark.parametrize(
    "page", [*PAGES, *sorted((ROOT / "docs" / "reference").glob("*.md"))], ids=lambda page: page.name
)
def test_files_of_the_package_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)`", text)
    for name in named:
        assert any((folder / name).exists() for folder in (ROOT / "control_pgm", ROOT, ROOT / "docs")), name
