"""Reading a script as a notebook: lessons are in percent format, examples are told in their comments."""

import ast
import re

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PYTHON = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "python"},
}
_STEP = re.compile(
    r"^# (?P<number>\d+)\. (?P<text>.*\n(?:#.*\n)*)", re.MULTILINE
)  # "# 2. What is to be learnt. …"


def read(text: str) -> NotebookNode:
    """The notebook of a script; its language is known before it has run."""
    in_percent_format = re.search(r"^# %%", text, re.MULTILINE)
    notebook = jupytext.reads(text, fmt="py:percent") if in_percent_format else narrated(text)
    notebook.metadata.update(PYTHON)
    return notebook


def narrated(text: str) -> NotebookNode:
    """The notebook of a script whose docstring is its introduction and whose numbered comments are its text."""
    introduction = ast.parse(text).body[0]
    title, _, rest = (ast.get_docstring(ast.parse(text)) or "").partition("\n")
    cells = [new_markdown_cell(f"# {title.rstrip('.')}\n{rest}")]
    body = "\n".join(text.splitlines()[introduction.end_lineno :]) + "\n"
    done = 0
    for step in _STEP.finditer(body):
        cells += _code(body[done : step.start()])
        lines = [re.sub(r"^#(?:   )? ?", "", line) for line in step["text"].splitlines()]
        lines[0] = f"**{step['number']}.** {step['text'].splitlines()[0]}"
        cells.append(new_markdown_cell("\n".join(lines)))
        done = step.end()
    return new_notebook(cells=[*cells, *_code(body[done:])])


def _code(source: str) -> list[NotebookNode]:
    return [new_code_cell(source.strip("\n"))] if source.strip() else []
