"""The format of the UAI inference competitions: numbers only, no names.

``BAYES`` files hold conditional tables, child last; ``MARKOV`` files any factors. Tables are listed with the last
variable varying fastest. See https://uaicompetition.github.io/uci-2022/file-formats/.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from math import prod

import numpy as np

from control_pgm.errors import ControlPGMError, InvalidArgument
from control_pgm.inference.problem import state_indices
from control_pgm.interop.label_codes import shortened
from control_pgm.interop.plain_values import cpd_of_rows, plain_values
from control_pgm.interop.source import MAX_BYTES, Budget
from control_pgm.interop.words import WordSource
from control_pgm.models.cpd import CPD
from control_pgm.models.factorgraph import FactorGraph, Model
from control_pgm.models.network import BayesianNetwork
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

_WORD = re.compile(r"\S+")
_MOST = 2**31 - 1
_NUMBERS_PER_LINE = 8


def to_uai(model: BayesianNetwork | FactorGraph) -> str:
    """A model in the UAI format.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
        A network without further factors is written as BAYES, anything else as MARKOV. Variables are numbered in the
        model's order; their names and labels have no place in this format.

    Raises
    ------
    InvalidArgument
        If a value is smaller than any floating-point number; write .json instead.
    TooLarge
        If a table has too many entries.

    Examples
    --------
    >>> from control_pgm import BayesianNetwork
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> print(to_uai(net))
    BAYES
    2
    2 2
    2
    1 0
    2 0 1
    <BLANKLINE>
    2
    0.7 0.3
    <BLANKLINE>
    4
    0.9 0.1 0.2 0.8
    <BLANKLINE>
    """
    if not isinstance(model, BayesianNetwork | FactorGraph):
        raise InvalidArgument(
            f"{type(model).__name__} cannot be written as UAI", allowed="a BayesianNetwork or a FactorGraph"
        )
    number = {name: k for k, name in enumerate(model.variables)}
    conditional = isinstance(model, BayesianNetwork) and not model.factors
    lines = ["BAYES" if conditional else "MARKOV", str(len(number))]
    lines += [" ".join(str(v.cardinality) for v in model.variables.values()), str(len(model.tables))]
    lines += [" ".join(map(str, (len(f.scope), *(number[name] for name in f.scope)))) for f in model.tables]
    for factor in model.tables:
        values = list(map(repr, plain_values(factor, "UAI").ravel().tolist()))
        rows = [values[k : k + _NUMBERS_PER_LINE] for k in range(0, len(values), _NUMBERS_PER_LINE)]
        lines += ["", str(len(values)), *map(" ".join, rows)]
    return "\n".join(lines) + "\n"


def to_uai_evidence(model: Model, evidence: Mapping[str, Hashable]) -> str:
    """Evidence in the UAI format: how many, then pairs of variable and state numbers.

    >>> from control_pgm import FactorGraph
    >>> to_uai_evidence(FactorGraph([Factor([Variable("x", ["a", "b"])], [1, 2])]), {"x": "b"})
    '1 0 1\\n'
    """
    number = {name: k for k, name in enumerate(model.variables)}
    observed = state_indices(model, evidence)
    return " ".join(map(str, [len(observed), *(x for name, i in observed.items() for x in (number[name], i))])) + "\n"


def from_uai(text: str, *, name: str = "the UAI text", max_bytes: int = MAX_BYTES) -> BayesianNetwork | FactorGraph:
    """The model of a UAI text. Variables are called x0, x1, …, their states 0, 1, ….

    Parameters
    ----------
    text : str
    name : str
        What errors call the text.
    max_bytes : int
        How much memory its tables may take.

    Returns
    -------
    BayesianNetwork or FactorGraph
        As the text begins with BAYES or MARKOV. A variable of a MARKOV text that no table mentions gets a table of
        ones: it multiplies the partition function by its number of states.

    Raises
    ------
    InvalidFile
        Naming the line, or the table, and what is wrong with it.
    TooLarge
        If its tables would take more than ``max_bytes``.

    Examples
    --------
    >>> from_uai("MARKOV 2  2 3  1  2 0 1  6  1 2 3 4 5 6").factors[0].array().tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    source = WordSource(name, text, _WORD, Budget(name, max_bytes))
    kind = source.take("BAYES or MARKOV")
    if kind not in ("BAYES", "MARKOV"):
        source.wrong(f"the text begins with {shortened(kind)}", allowed="BAYES or MARKOV")
    n = source.integer("the number of variables", 1, _MOST)
    source.budget.take((n,), 200, "the variables")
    variables = []
    for k in range(n):
        states = source.integer(f"the number of states of variable {k}", 1, _MOST)
        source.budget.take((states,), 50, f"the states of variable {k}")
        variables.append(Variable(f"x{k}", states))
    scopes = [_scope(source, k, variables) for k in range(source.integer("the number of tables", 0, _MOST))]
    factors = [_table(source, k, scope, kind == "BAYES") for k, scope in enumerate(scopes)]
    if not source.done:
        source.take("")
        source.wrong("there is more after the last table", allowed="nothing")
    try:
        if kind == "BAYES":
            return BayesianNetwork([factor for factor in factors if isinstance(factor, CPD)])
        mentioned = {v.name for scope in scopes for v in scope}
        alone = [v for v in variables if v.name not in mentioned]
        return FactorGraph([*factors, *(Factor([v], np.ones(v.cardinality)) for v in alone)])
    except ControlPGMError as error:
        raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None


def from_uai_evidence(text: str, model: Model, *, name: str = "the UAI evidence") -> dict[str, Hashable]:
    """The evidence of a UAI text, as variable name -> label; the older form with a leading 1 is read too.

    >>> from control_pgm import FactorGraph
    >>> from_uai_evidence("1 0 1", FactorGraph([Factor([Variable("x", ["a", "b"])], [1, 2])]))
    {'x': 'b'}
    """
    source = WordSource(name, text, _WORD, Budget(name, MAX_BYTES))
    words = text.split()
    if words[:1] == ["1"] and len(words) > 1 and words[1].isdecimal() and len(words) == 2 + 2 * int(words[1]):
        source.take("the number of samples")
    variables = list(model.variables.values())
    evidence: dict[str, Hashable] = {}
    for _ in range(source.integer("the number of observed variables", 0, len(variables))):
        variable = variables[source.integer("the number of a variable", 0, len(variables) - 1)]
        state = source.integer(f"the state of {variable.name!r}", 0, variable.cardinality - 1)
        evidence[variable.name] = variable.states[state]
    if not source.done:
        source.take("")
        source.wrong("there is more after the last pair", allowed="nothing")
    return evidence


def _scope(source: WordSource, k: int, variables: list[Variable]) -> tuple[Variable, ...]:
    size = source.integer(f"the number of variables of table {k}", 0, len(variables))
    scope = [variables[source.integer(f"a variable of table {k}", 0, len(variables) - 1)] for _ in range(size)]
    if len(set(scope)) < len(scope):
        source.wrong(f"table {k} names a variable twice", allowed="each variable once")
    return tuple(scope)


def _table(source: WordSource, k: int, scope: tuple[Variable, ...], conditional: bool) -> Factor:
    shape = tuple(v.cardinality for v in scope)
    entries = prod(shape)
    count = source.integer(f"the number of entries of table {k}", 0, 10**18)
    if count != entries:
        source.wrong(f"table {k} has {count} entries", allowed=f"{entries}, the product of its variables' states")
    values = source.floats(count, f"table {k}").reshape(shape)
    if conditional:
        if not scope:
            source.wrong(f"table {k} is a conditional table of no variable", allowed="at least one variable")
        return cpd_of_rows(source, f"table {k}", scope[-1], scope[:-1], values)
    try:
        return Factor(scope, values)
    except ControlPGMError as error:
        raise source.error(f"table {k}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None
