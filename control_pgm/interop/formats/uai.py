"""The format of the UAI inference competitions: numbers only, no names.

``BAYES`` files hold conditional tables, child last; ``MARKOV`` files any factors. Tables are listed with the last
variable varying fastest. Variables are numbered in the order of the list of their numbers of states, which is that of
`FactorGraph.variables` and `BayesianNetwork.variables`. See https://uaicompetition.github.io/uci-2022/file-formats/.
"""

from __future__ import annotations

import re
from math import prod

import numpy as np

from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidFile
from control_pgm.interop.declared_order import network_in_order
from control_pgm.interop.formats.rounded_rows import RoundedRows
from control_pgm.interop.formats.tokens import WordSource, without_comments
from control_pgm.interop.plain_values import plain_values
from control_pgm.interop.records.label_codes import shortened
from control_pgm.interop.records.record import MAX_BYTES, Budget
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.tables.arrays import MAX_AXES, FloatArray, lock
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Labels, Variable

WORD = re.compile(r"\S+")
COMMENT = re.compile(r"#[^\n]*")  # in no specification, but written by pyAgrum and others
_MOST = 2**31 - 1
_STATE = 200  # bytes that the label of a state may take
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


def from_uai(
    text: str, *, parents_fastest: bool = False, name: str = "the UAI text", max_bytes: int = MAX_BYTES
) -> BayesianNetwork | FactorGraph:
    """The model of a UAI text. Variables are called x0, x1, … in the order of the text, their states 0, 1, ….

    Parameters
    ----------
    text : str
        Comments from ``#`` to the end of a line are skipped.
    parents_fastest : bool
        For BAYES texts written by pyAgrum, which run through the states of the first parent fastest, against the
        specification; the child's states stand side by side in both.
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
        Naming the line and column, or the table, and what is wrong with it.
    TooLarge
        If its tables would take more than ``max_bytes``.
    InvalidArgument
        On ``parents_fastest`` with a MARKOV text, whose tables have no parents.

    Warns
    -----
    DoubtfulFile
        If rows were written with few digits, and were therefore divided by their sums.

    Examples
    --------
    >>> from_uai("MARKOV 2  2 3  1  2 0 1  6  1 2 3 4 5 6").factors[0].array().tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    source = WordSource(name, without_comments(text, COMMENT), WORD, Budget(name, max_bytes))
    kind = source.take("BAYES or MARKOV")
    if kind not in ("BAYES", "MARKOV"):
        source.wrong(f"the text begins with {shortened(kind)}", allowed="BAYES or MARKOV")
    if parents_fastest and kind == "MARKOV":
        raise InvalidArgument(
            f"parents_fastest with {name}, a MARKOV text, whose tables have no parents", remedy="leave it out"
        )
    variables = _variables(source)
    scopes = [_scope(source, k, variables) for k in range(source.integer("the number of tables", 0, _MOST))]
    rows = RoundedRows(source)
    conditional = rows if kind == "BAYES" else None
    factors = [_table(source, k, scope, conditional, parents_fastest) for k, scope in enumerate(scopes)]
    if not source.done:
        source.take("")
        source.wrong("there is more after the last table", allowed="nothing")
    cpds = [factor for factor in factors if isinstance(factor, CPD)]
    try:
        model = _network(source, variables, cpds) if kind == "BAYES" else _graph(variables, factors)
    except InvalidFile:
        raise
    except ControlPGMError as error:
        raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None
    rows.warn()
    return model


def _variables(source: WordSource) -> list[Variable]:
    n = source.integer("the number of variables", 1, _MOST)
    source.budget.take((n,), 200, "the variables")
    counts = [source.integer(f"the number of states of variable {k}", 1, _MOST) for k in range(n)]
    distinct = dict.fromkeys(counts)
    for states in distinct:  # all of them before the first label is made
        source.budget.take((states,), _STATE, f"the states of variable {counts.index(states)}")
    labels = {states: Labels(range(states)) for states in distinct}
    return [Variable(f"x{k}", labels[states]) for k, states in enumerate(counts)]


def _network(source: WordSource, variables: list[Variable], cpds: list[CPD]) -> BayesianNetwork:
    """The network in the order of the variables, whatever the order of the tables."""
    network = network_in_order([v.name for v in variables], cpds)
    for k, variable in enumerate(variables):
        if variable.name not in network.variables:
            raise source.error(f"variable {k} has no table", allowed="one table for each variable of a BAYES text")
    return network


def _graph(variables: list[Variable], factors: list[Factor]) -> FactorGraph:
    mentioned = {name for factor in factors for name in factor.scope}
    alone = [v for v in variables if v.name not in mentioned]
    return FactorGraph([*factors, *(Factor([v], np.ones(v.cardinality)) for v in alone)], variables)


def _scope(source: WordSource, k: int, variables: list[Variable]) -> tuple[Variable, ...]:
    size = source.integer(f"the number of variables of table {k}", 0, len(variables))
    if size > MAX_AXES:
        source.wrong(f"table {k} has {size} variables", allowed=f"{MAX_AXES}, as numpy's arrays have")
    scope = [variables[source.integer(f"a variable of table {k}", 0, len(variables) - 1)] for _ in range(size)]
    if len(set(scope)) < len(scope):
        source.wrong(f"table {k} names a variable twice", allowed="each variable once")
    return tuple(scope)


def _table(
    source: WordSource, k: int, scope: tuple[Variable, ...], rows: RoundedRows | None, parents_fastest: bool
) -> Factor:
    """One table; a conditional one where rows have to sum to one."""
    shape = tuple(v.cardinality for v in scope)
    entries = prod(shape)
    count = source.integer(f"the number of entries of table {k}", 0, 10**18)
    if count != entries:
        source.wrong(f"table {k} has {count} entries", allowed=f"{entries}, the product of its variables' states")
    written = source.written(count, f"table {k}")
    values = source.as_floats(written, f"table {k}")
    if rows is not None:
        if not scope:
            source.wrong(f"table {k} is a conditional table of no variable", allowed="at least one variable")
        ordered = _by_child(values, shape) if parents_fastest else values.reshape(shape)
        return rows.cpd(f"table {k}", scope[-1], scope[:-1], ordered, written)
    try:
        return Factor(scope, lock(values.reshape(shape)))
    except ControlPGMError as error:
        raise source.error(f"table {k}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None


def _by_child(values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """The table of parents from first to last, whose states run first parent fastest."""
    last = len(shape) - 1
    return values.reshape(*shape[:-1][::-1], shape[-1]).transpose(*reversed(range(last)), last)
