"""The lessons run as scripts and have their parts; the pages build without a warning and fetch nothing."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

import control_pgm

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LESSONS = sorted((DOCS / "lessons").glob("*.py"))
SCRIPTS = [*LESSONS, *sorted((DOCS / "reference").glob("*.py"))]
PICTURES = sorted((DOCS / "pictures").glob("*.png"))
CELL = re.compile(r"^# %%(?P<head>.*)\n(?P<body>(?:(?!# %%).*\n?)*)", re.MULTILINE)
FETCHED = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["'](?:https?:)?//""")


def cells(script):
    """(is text, content) of every cell of a script in percent format; text without its comment signs."""
    for cell in CELL.finditer(script.read_text(encoding="utf-8")):
        is_text = "[markdown]" in cell["head"]
        yield is_text, re.sub(r"^# ?", "", cell["body"], flags=re.MULTILINE) if is_text else cell["body"]


@pytest.fixture(autouse=True)
def _no_screen(tmp_path, monkeypatch):
    """Draw without a screen, in an empty folder, and let go of the pictures."""
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_lesson_runs_as_a_script_and_prints_numbers(script, capsys, tmp_path):
    runpy.run_path(str(script), run_name="__main__")
    assert re.search(r"\d", capsys.readouterr().out)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("script", LESSONS, ids=lambda script: script.stem)
def test_a_lesson_has_a_question_formula_source_code_picture_and_exercise_with_answer(script):
    text = "\n".join(content for is_text, content in cells(script) if is_text)
    code = "\n".join(content for is_text, content in cells(script) if not is_text)
    number = int(script.stem[:2])
    assert text.startswith(f"# {number}. ")
    assert "**Question.**" in text
    assert "$" in text
    assert "picture = plot_" in code
    assert "assert " in code
    assert "## Exercise" in text
    assert '# %% tags=["hide-cell"]' in script.read_text(encoding="utf-8").split("## Exercise")[1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_picture_of_a_page_is_told_in_words(script):
    drawing = [code for is_text, code in cells(script) if not is_text and re.search(r"= plot_|plt\.subplots", code)]
    for code in drawing:
        assert re.search(r"^# Picture: \w.{20}", code, re.MULTILINE), code


def test_the_words_of_a_picture_are_its_text():
    pytest.importorskip("docutils", reason="needs the extra 'docs'")
    text_of = runpy.run_path(str(DOCS / "_ext" / "picture_texts.py"))["text_of"]
    assert text_of("x = 1\n# Picture: a line\n# that falls.\npicture = plot_it(x)\n") == "a line that falls."
    assert text_of("x = 1\npicture = plot_it(x)\n") == "plot_it(x)"


def test_the_course_has_twelve_lessons_in_order_and_every_page_is_in_the_contents():
    assert [int(script.stem[:2]) for script in LESSONS] == list(range(1, 13))
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    entries = re.findall(r"^(?:lessons/|reference/)?\w+$", contents, re.MULTILINE)
    pages = [page for page in DOCS.rglob("*.md") if page.stem != "index"]
    assert sorted(entries) == sorted(str(page.relative_to(DOCS).with_suffix("")) for page in [*pages, *SCRIPTS])


def test_pages_name_files_that_exist():
    for page in [*DOCS.rglob("*.md"), *SCRIPTS]:
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists() or (ROOT / "control_pgm" / name).exists(), (page.name, name)


def test_lessons_link_to_files_that_exist():
    for script in SCRIPTS:
        for target in re.findall(r"\]\(([^)#:]+?)\)", script.read_text(encoding="utf-8")):
            assert (script.parent / target).exists(), (script.name, target)


def test_the_gallery_shows_every_picture_and_each_is_small():
    shown = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert {path.stem for path in PICTURES} == set(runpy.run_path(str(DOCS / "pictures.py"))["PICTURES"])
    for path in PICTURES:
        assert f"(pictures/{path.name})" in shown, path.name
        assert path.stat().st_size < 100_000, path.name


def test_the_pages_build_without_a_warning_and_fetch_nothing(tmp_path):
    """Without running the lessons again: that they run is tested above."""
    pytest.importorskip("myst_nb", reason="needs the extra 'docs'")
    built = tmp_path / "html"
    options = ["-q", "-W", "--keep-going", "-E", "-b", "html", "-D", "nb_execution_mode=off"]
    command = [sys.executable, "-m", "sphinx", *options, "-d", str(tmp_path / "trees"), str(DOCS), str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(built): path.read_text(encoding="utf-8") for path in built.rglob("*.html")}
    for name, page in pages.items():
        assert not FETCHED.search(page), name
        assert "<merror" not in page, name
    interface = pages[Path("reference/api.html")]
    for name in control_pgm.__all__:
        if callable(getattr(control_pgm, name)):
            assert f'id="control_pgm.{name}"' in interface, name
