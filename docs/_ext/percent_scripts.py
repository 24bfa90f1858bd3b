"""Reading a lesson: a script in percent format is a notebook in Python."""

import jupytext
from nbformat import NotebookNode

PYTHON = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python", "pygments_lexer": "python"},
}


def read(text: str) -> NotebookNode:
    """The notebook of a script; its language is known before it has run."""
    notebook = jupytext.reads(text, fmt="py:percent")
    notebook.metadata.update(PYTHON)
    return notebook
