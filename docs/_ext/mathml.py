"""Formulas as MathML, which browsers draw by themselves: no script has to be fetched."""

import re
from html import escape

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
_FUNCTION = re.compile(r"\\(log|exp|max)(?![a-z])")  # needs a thin space on either side
_SPACE_BEFORE_INDEX = re.compile(r"\\,(?=[_^])")  # but none before its own index
# TeX takes one digit for an argument without braces, the converter all that follow: \tfrac12, 2^10.
_NUMERATOR = re.compile(r"(\\[dt]?frac)\s*(\d)")
_DENOMINATOR = re.compile(r"(\\[dt]?frac\{[^{}]*\})\s*(\d)")
_INDEX = re.compile(r"([_^])(\d)(?=\d)")


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """$…$ within a line."""
    translator.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """$$…$$ in a block of its own."""
    translator.body.append(f'<div class="formula">{_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def to_mathml(tex: str, *, as_block: bool) -> str:
    """A formula of TeX as MathML."""
    formula = _SPACE_BEFORE_INDEX.sub("", _FUNCTION.sub(r"\\,\\\1\\,", tex))
    formula = _DENOMINATOR.sub(r"\1{\2}", _NUMERATOR.sub(r"\1{\2}", _INDEX.sub(r"\1{\2}", formula)))
    # a prime, not an apostrophe
    return tex2mathml(formula, as_block=as_block).replace(">'<", ">′<")


def _mathml(node: nodes.Element, *, as_block: bool) -> str:
    try:
        return to_mathml(node.astext(), as_block=as_block)
    except MathError as problem:
        LOGGER.warning("%s in the formula %r", problem, node.astext(), location=node)
        return escape(node.astext())


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
