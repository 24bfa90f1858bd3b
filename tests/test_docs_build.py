"""The lessons run as scripts and have their parts; the pages build without a warning and fetch nothing."""

import json
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
EXERCISE = re.compile(  # its name, its text, and the folded cell that answers or checks
    r"^# \*\*Exercise (?P<name>[\w, ]+)\.\*\*(?P<text>(?:.*\n)(?:#.*\n)*)\n"
    r"# %% tags=\[\"hide-cell\"\] jupyter=\{\"source_hidden\": true, \"outputs_hidden\": true\}\n"
    r"(?P<code>(?:(?!# %%).*\n?)*)",
    re.MULTILINE,
)
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
def test_a_lesson_has_a_question_formula_source_code_and_picture(script):
    text = "\n".join(content for is_text, content in cells(script) if is_text)
    code = "\n".join(content for is_text, content in cells(script) if not is_text)
    number = int(script.stem[:2])
    assert text.startswith(f"# {number}. ")
    assert "**Question.**" in text
    assert "$" in text
    assert "picture = plot_" in code
    assert "assert " in code


@pytest.mark.parametrize("script", LESSONS, ids=lambda script: script.stem)
def test_a_lesson_has_three_exercises_the_first_on_paper_with_folded_answers(script):
    part = script.read_text(encoding="utf-8").split("# ## Exercises\n")[1]
    starts = [start for start, _, _ in EXERCISE.findall(part)]
    assert starts == ["1, on paper", "2", "3"]
    for exercise, text, code in EXERCISE.findall(part):
        folded_text = re.search(r"<details><summary>Answer</summary>\n#\n(# .*\n|#\n)+?# </details>", text)
        assert folded_text or "on paper" not in exercise, exercise
        assert "assert " in code or "print(" in code, exercise


@pytest.mark.parametrize("script", LESSONS, ids=lambda script: script.stem)
def test_answers_are_folded_in_notebooks_too(script):
    jupytext = pytest.importorskip("jupytext", reason="needs the extra 'docs'")
    notebook = jupytext.read(script, fmt="py:percent")
    answers = [cell for cell in notebook.cells if "hide-cell" in cell.metadata.get("tags", ())]
    assert len(answers) == 3
    for cell in answers:
        assert cell.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}


def test_lesson_5_says_at_once_which_policy_it_is_not():
    first = next(cells(LESSONS[4]))[1]
    assert r"p(a_t\mid s_t,\theta^\star)" in first.split("\n## ")[0]


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


def test_arguments_without_braces_are_one_digit_in_formulas_as_in_tex():
    pytest.importorskip("docutils", reason="needs the extra 'docs'")
    to_mathml = runpy.run_path(str(DOCS / "_ext" / "mathml.py"))["to_mathml"]
    for short, braced in {
        r"(\tfrac12,\tfrac14)": r"(\tfrac{1}{2},\tfrac{1}{4})",
        r"\frac1{12}\tfrac 34\frac{a}12": r"\frac{1}{12}\tfrac{3}{4}\frac{a}{1}2",
        r"\frac1\alpha\frac qp": r"\frac{1}{\alpha}\frac{q}{p}",
        "2^10 x_12": "2^{1}0 x_{1}2",
    }.items():
        assert to_mathml(short, as_block=False) == to_mathml(braced, as_block=False)
    assert "<mn>12</mn>" in to_mathml("12", as_block=False)


def test_what_a_picture_shows_is_not_shown_as_code():
    nodes = pytest.importorskip("docutils.nodes", reason="needs the extra 'docs'")
    describe = runpy.run_path(str(DOCS / "_ext" / "picture_texts.py"))["describe_pictures"]
    code = "x = 1\n# Picture: a line\n# that falls.\npicture = plot_it(x)\n"
    inside = nodes.literal_block(code, code), nodes.image(uri="1"), nodes.image(uri="2")
    cell = nodes.container("", *inside, classes=["cell"])
    page = nodes.section("", cell)
    describe(None, page)
    block, light, dark = cell.children
    assert block.astext() == block.rawsource == "x = 1\npicture = plot_it(x)\n"
    assert (light["alt"], light["classes"]) == ("a line that falls.", ["only-light"])
    assert (dark["alt"], dark["classes"]) == ("a line that falls.", ["only-dark"])


def test_an_example_script_is_read_as_text_and_code():
    pytest.importorskip("jupytext", reason="needs the extra 'docs'")
    narrated = runpy.run_path(str(DOCS / "_ext" / "percent_scripts.py"))["narrated"]
    introduction = '"""A title.\n\nMore.\n"""\n\nimport os\n\n'
    script = introduction + "# 1. What is done\n#    first.\nx = 1  # one\n# a comment\ny = 2\n"
    cells = [(cell.cell_type, cell.source) for cell in narrated(script).cells]
    assert cells == [
        ("markdown", "# A title\n\nMore."),
        ("code", "import os"),
        ("markdown", "**1.** What is done\nfirst."),
        ("code", "x = 1  # one\n# a comment\ny = 2"),
    ]


def test_docstrings_of_attributes_keep_their_first_line_and_their_sections():
    napoleon = pytest.importorskip("sphinx.ext.napoleon", reason="needs the extra 'docs'")
    extension = runpy.run_path(str(DOCS / "_ext" / "plain_docstrings.py"))
    app = type("App", (), {"config": napoleon.Config(napoleon_google_docstring=False)})()
    lines = ["p(O_{t:T−1}=1 | s): of every problem.", "", "Raises", "------", "KeyError", "    Never: *really*.", ""]
    for event in ("keep_sentences", "restore_colons"):
        extension[event](app, "property", "x.y", None, None, lines)
    assert lines[0] == r"p(O_{t:T−1}=1 \| s): of every problem."
    assert ":raises KeyError: Never: *really*." in lines[2].replace("\\*", "*")


def test_the_course_has_its_lessons_in_order_and_every_page_is_in_the_contents():
    assert [int(script.stem[:2]) for script in LESSONS] == [*range(1, 15)]
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    interface = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    contents += re.sub(r"^api/", "reference/api/", interface, flags=re.MULTILINE)
    entries = re.findall(r"^(?:(?:lessons|reference|reference/api|examples)/)?\w+$", contents, re.MULTILINE)
    pages = [page for page in DOCS.rglob("*.md") if page.stem != "index"]
    pages += [*SCRIPTS, *(DOCS / "examples").glob("*.py")]
    assert sorted(entries) == sorted(str(page.relative_to(DOCS).with_suffix("")) for page in pages)


def test_pages_name_files_that_exist():
    for page in [*DOCS.rglob("*.md"), *SCRIPTS]:
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists() or (ROOT / "control_pgm" / name).exists(), (page.name, name)


def test_lessons_link_to_files_that_exist():
    for script in SCRIPTS:
        for target in re.findall(r"\]\(([^)#:]+?)\)", script.read_text(encoding="utf-8")):
            assert (script.parent / target).exists(), (script.name, target)


def test_the_gallery_shows_every_picture_for_light_and_dark_pages_and_each_is_small():
    shown = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert {path.stem for path in PICTURES} == set(runpy.run_path(str(DOCS / "pictures.py"))["PICTURES"])
    for path in PICTURES:
        assert f"(pictures/{path.name})" in shown, path.name
        for drawn in (path, path.parent / "dark" / path.name):
            assert drawn.stat().st_size < 100_000, drawn


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
        assert ">'</mo>" not in page, name  # primes are no apostrophes
        assert "# Picture:" not in page, name
    interface = "".join(page for name, page in pages.items() if name.parent == Path("reference/api"))
    for name in control_pgm.__all__:
        if callable(getattr(control_pgm, name)):
            assert interface.count(f'id="control_pgm.{name}"') == 1, name
    # A docstring that the parser did not understand leaves sections as text, or a type that no docstring has.
    shown = re.sub(r"<[^>]+>", "", interface)
    assert not re.search(r"(?:Parameters|Returns|Raises|Examples|Attributes)\s*-{4,}", shown)
    assert "Type<span" not in interface
    for script in [*SCRIPTS, *(DOCS / "examples").glob("*.py")]:
        name = script.relative_to(DOCS)
        notebook = json.loads((built / name.with_suffix(".ipynb")).read_text(encoding="utf-8"))
        assert f'<a href="{name.stem}.ipynb" download>' in pages[name.with_suffix(".html")], name
        for cell in notebook["cells"]:
            for target in re.findall(r"\]\(([^)#:]+\.(?:py|ipynb))", "".join(cell["source"])):
                assert (built / name.parent / target).exists(), (name, target)
    assert pages[Path("gallery.html")].count('class="only-dark') == len(PICTURES)
    index = (built / "searchindex.js").read_text(encoding="utf-8")
    for found in ("Soft Q-learning", "A soft actor-critic (SAC)", '"trace":['):
        assert found in index, found
    style = (built / "_static" / "pages.css").read_text(encoding="utf-8")
    fonts = re.findall(r'url\("([^"]+)"\)', style)
    assert fonts
    for font in fonts:
        assert (built / "_static" / font).read_bytes()[:4] == b"wOF2"
