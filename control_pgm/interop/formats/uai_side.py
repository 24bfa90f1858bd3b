"""The files beside a UAI file: evidence (.evid), query variables (.query) and solutions (.PR, .MAR, .MPE, .MAP, .MMAP).

Variables are given by their numbers, which are places in ``model.variables``: the order of the file that the model was
read from. See https://uaicompetition.github.io/uci-2022/file-formats/.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import log

from control_pgm.errors import InvalidArgument
from control_pgm.inference.loopy.mode import ModeEstimate
from control_pgm.inference.map.mode import Mode
from control_pgm.inference.posterior import Posterior
from control_pgm.inference.problem import state_indices
from control_pgm.interop.formats.tokens import CUT, WordSource, without_comments
from control_pgm.interop.formats.uai import COMMENT, WORD
from control_pgm.interop.records.record import MAX_BYTES, Budget
from control_pgm.models.factor_graph import Model


def to_uai_evidence(model: Model, evidence: Mapping[str, Hashable]) -> str:
    """Evidence in the UAI format: how many, then pairs of variable and state numbers.

    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> to_uai_evidence(FactorGraph([Factor([Variable("x", ["a", "b"])], [1, 2])]), {"x": "b"})
    '1 0 1\\n'
    """
    number = {name: k for k, name in enumerate(model.variables)}
    observed = state_indices(model, evidence)
    return " ".join(map(str, [len(observed), *(x for name, i in observed.items() for x in (number[name], i))])) + "\n"


def from_uai_evidence(text: str, model: Model, *, name: str = "the UAI evidence") -> dict[str, Hashable]:
    """The evidence of a UAI text, as variable name -> label.

    Parameters
    ----------
    text : str
        How many variables are observed, then a pair for each: the number of the variable, and that of its state. The
        older form, with the number of samples before it on a line of its own, is read too where that number is 1.
    model : BayesianNetwork or FactorGraph
        Its variables in the order of the file that the evidence belongs to: variable k is the k-th of
        ``model.variables``.
    name : str
        What errors call the text.

    Raises
    ------
    InvalidFile
        On numbers that are out of range, a text that is too short or too long, and two states of one variable.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> graph = FactorGraph([Factor([Variable("x", ["a", "b"])], [1, 2])])
    >>> from_uai_evidence("1 0 1", graph), from_uai_evidence("1\\n1 0 1\\n", graph)
    ({'x': 'b'}, {'x': 'b'})
    """
    source = _words(text, name)
    variables = list(model.variables.values())
    _skip_samples(source, text)
    evidence: dict[str, Hashable] = {}
    for _ in range(source.integer("the number of observed variables", 0, 10**18)):
        variable = variables[source.integer("the number of a variable", 0, len(variables) - 1)]
        state = variable.states[source.integer(f"the state of {variable.name!r}", 0, variable.cardinality - 1)]
        if variable.name in evidence and evidence[variable.name] != state:
            source.wrong(
                f"{variable.name!r} is observed as {state!r}, and before as {evidence[variable.name]!r}",
                allowed="one state for each variable",
            )
        evidence[variable.name] = state
    _end(source, "the last pair")
    return evidence


def from_uai_query(text: str, model: Model, *, name: str = "the UAI query") -> tuple[str, ...]:
    """The names of the variables of a UAI query: how many, then their numbers.

    >>> from control_pgm import Factor, FactorGraph, Variable
    >>> from_uai_query("1 1", FactorGraph([Factor([Variable("x", 2), Variable("y", 2)], [[1, 2], [3, 4]])]))
    ('y',)
    """
    source = _words(text, name)
    names = list(model.variables)
    count = source.integer("the number of query variables", 1, len(names))
    asked = [names[source.integer("the number of a variable", 0, len(names) - 1)] for _ in range(count)]
    if len(set(asked)) < count:
        source.wrong("a variable is asked for twice", allowed="each variable once")
    _end(source, "the last variable")
    return tuple(asked)


def to_uai_solution(model: Model, answer: Posterior | Mode | ModeEstimate, task: str) -> str:
    """An answer as a UAI solution.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
        What was asked.
    answer : Posterior or Mode
    task : str
        Of a posterior "PR", the evidence as a logarithm to the base 10, or "MAR", the marginals of all variables, where
        observed ones have their state for sure. Of a mode "MPE" or "MAP", the states of all variables, or "MMAP", the
        numbers and states of those asked for.

    Raises
    ------
    InvalidArgument
        On another task, or one that the answer does not answer.

    Examples
    --------
    >>> from control_pgm import Factor, FactorGraph, Variable, infer
    >>> graph = FactorGraph([Factor([Variable("x", ["a", "b"])], [1, 3])])
    >>> to_uai_solution(graph, infer(graph), "MAR"), to_uai_solution(graph, infer(graph).mode(), "MPE")
    ('MAR\\n1 2 0.25 0.75\\n', 'MPE\\n1 1\\n')
    """
    variables = model.variables
    if isinstance(answer, Posterior) and task == "PR":
        return f"PR\n{answer.log_evidence / log(10)!r}\n"
    if isinstance(answer, Posterior) and task == "MAR":
        tables = [answer.marginal(name).array().tolist() for name in variables]
        words = [word for table in tables for word in (str(len(table)), *map(repr, table))]
        return f"MAR\n{' '.join([str(len(tables)), *words])}\n"
    if isinstance(answer, Mode | ModeEstimate) and task == "MMAP":
        number = {name: k for k, name in enumerate(variables)}
        pairs = [x for name, label in answer.assignment.items() for x in (number[name], variables[name].index(label))]
        return f"MMAP\n{' '.join(map(str, [len(answer.assignment), *pairs]))}\n"
    if isinstance(answer, Mode | ModeEstimate) and task in ("MPE", "MAP") and len(answer.assignment) == len(variables):
        states = [variable.index(answer.assignment[name]) for name, variable in variables.items()]
        return f"{task}\n{' '.join(map(str, [len(states), *states]))}\n"
    raise InvalidArgument(
        f"this {type(answer).__name__} is no answer to the task {task!r}",
        allowed="a posterior for PR and MAR, a mode of all variables for MPE and MAP, of some for MMAP",
    )


def _words(text: str, name: str) -> WordSource:
    return WordSource(name, without_comments(text, COMMENT), WORD, Budget(name, MAX_BYTES))


def _skip_samples(source: WordSource, text: str) -> None:
    """Leave out the number of samples of the older form, which makes the number of words even."""
    lines = [line.split() for line in without_comments(text, COMMENT).split("\n") if line.strip()]
    words = [word for line in lines for word in line]
    if words[:1] == [str(len(lines) - 1)] and len(lines[0]) == 1 and len(lines) > 2 and all(map(_sample, lines[1:])):
        source.take("the number of samples")
        source.wrong(
            f"there are {words[0]} samples of evidence", allowed="one", remedy="put each into a file of its own"
        )
    if words == ["1", "0"] and not (len(lines) == 2 and text[-1:].isspace()):
        source.at = 2
        source.wrong("the text ends where a state should stand", remedy=f"{CUT}; where nothing is observed, write 0")
    if words[:1] == ["1"] and _sample(words[1:]):
        source.take("the number of samples")


def _sample(words: list[str]) -> bool:
    """Whether the words are one sample: how many pairs, and the pairs."""
    return bool(words) and words[0].isdecimal() and len(words) == 1 + 2 * int(words[0])


def _end(source: WordSource, last: str) -> None:
    if not source.done:
        source.take("")
        source.wrong(f"there is more after {last}", allowed="nothing")
