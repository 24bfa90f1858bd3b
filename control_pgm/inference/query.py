"""Queries as text: ``"a_3 | s_3=(2,2), O=1"``."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from control_pgm.errors import InvalidArgument, unknown
from control_pgm.inference.evidence_text import observation, split_outside_brackets
from control_pgm.inference.infer import infer
from control_pgm.inference.posterior import Undefined
from control_pgm.inference.problem import check_model
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.keywords import keywords
from control_pgm.models.factor_graph import Model
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Variable

_RANGE = re.compile(r"^(?P<base>.+?)\[(?P<first>\d*):(?P<last>\d*)\]$")
_WRAPPED = re.compile(r"^\s*[pP]\s*\((?P<inside>.*)\)\s*$", re.DOTALL)
_FORM = "'targets | conditions', such as 'a_3 | s_3=(2,2), O=1'"


@dataclass(frozen=True)
class Query:
    """A parsed query: p(targets | given, evidence).

    Attributes
    ----------
    targets : names asked for.
    tables : names conditioned on without a label: the answer has an axis for each.
    given : single variables with a label.
    evidence : variables of whole ranges, such as all O_t, with their label; and those that have likelihoods.
    """

    targets: tuple[str, ...]
    tables: tuple[str, ...]
    given: dict[str, Hashable]
    evidence: dict[str, Any]


@keywords
def query(
    model: Model, text: str, *, undefined: Undefined = "raise", memory_limit: int = DEFAULT_MEMORY_LIMIT
) -> Factor:
    """Answer a query written as text.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
    text : str
        ``"a_3 | s_3=(2,2), O=1"``: targets before the bar, conditions after it, separated by commas; commas inside
        brackets belong to labels. ``O=1`` observes every O_t, ``O[2:]=1`` those from t = 2 on, ``O[:5]=1`` those before
        5; where the model has a group of this name (see its ``groups``), all variables of the group, so that ``O=1`` in
        an unrolled decision process is all of its own evidence, what was added included. A condition without a label,
        as in ``"a_3 | s_3, O=1"``, gives a table with an axis for it. Labels match by ``str(label)``, or as numbers.
        Likelihoods stand in braces, ``"rain | wet={no: 0.2, yes: 0.8}"``; see `infer`.
        The notation of books, ``"p(a_3 | s_3=(2,2), O=1)"``, is read, too.
    undefined : {"raise", "nan"}
        What to do where the evidence is impossible under the condition.

    Returns
    -------
    Factor
        Axes: conditions without a label, then the targets.

    Raises
    ------
    InvalidArgument
        If the text cannot be read, or a label's text fits several labels.
    UnknownName
        If a variable or label does not exist.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> net = unroll(gridworld("S.G"), 2, temperature=0.1)
    >>> print(query(net, "a_1 | s_1=(0,1), O=1"))
    a_1        value
    ─────  ─────────
    left   4.539e-05
    down   4.539e-05
    right     0.9999
    up     4.539e-05
    """
    parsed = parse_query(model, text)
    posterior = infer(model, parsed.evidence, memory_limit=memory_limit)
    if not parsed.tables and not parsed.given:
        return posterior.marginal(*parsed.targets)
    if parsed.tables and parsed.given:
        table = posterior.conditional(*parsed.targets, given=[*parsed.tables, *parsed.given], undefined="nan")
        table = table.condition(parsed.given)
        return posterior.normalised(table, parsed.targets, parsed.given, undefined)
    return posterior.conditional(*parsed.targets, given=parsed.given or parsed.tables, undefined=undefined)


def parse_query(model: Model, text: str) -> Query:
    """Read a query; see `query` for its form."""
    check_model(model)
    if not isinstance(text, str) or text.count("|") > 1:
        raise InvalidArgument(f"query {text!r} cannot be read", allowed=_FORM)
    left, _, right = _unwrapped(model, text).partition("|")
    targets = tuple(_split(left, text))
    if not targets:
        raise InvalidArgument(f"query {text!r} asks for nothing", allowed=_FORM)
    for name in targets:
        if "=" in name:
            raise InvalidArgument(f"query {text!r} gives a label to the target {name!r}", allowed=_FORM)
        _variable(model, name)
    tables: list[str] = []
    given: dict[str, Hashable] = {}
    evidence: dict[str, Any] = {}
    for condition in _split(right, text):
        name, equals, label = (part.strip() for part in condition.partition("="))
        if not equals:
            _variable(model, name)
            tables.append(name)
        elif name in model.variables:
            found = _observation(model.variables[name], label)
            _add(evidence if isinstance(found, Mapping) else given, name, found, text)
        else:
            for variable in _range(model, name):
                _add(evidence, variable.name, _observation(variable, label), text)
    return Query(targets, tuple(tables), given, evidence)


def _unwrapped(model: Model, text: str) -> str:
    """What stands between the brackets of ``p(…)``, the notation of books; any other text as it is."""
    found = _WRAPPED.match(text)
    return found["inside"] if found and found[0].strip() not in model.variables else text


def _split(text: str, whole: str) -> list[str]:
    """The parts between commas that stand outside all brackets."""
    try:
        parts = [part.strip() for part in split_outside_brackets(text)]
    except ValueError as error:
        raise InvalidArgument(f"query {whole!r} {error}", allowed=_FORM) from None
    if parts == [""]:
        return []
    if "" in parts:
        raise InvalidArgument(f"query {whole!r} has nothing between two commas", allowed=_FORM)
    return parts


def _variable(model: Model, name: str) -> Variable:
    if name not in model.variables:
        raise unknown(name, model.variables, what="variable")
    return model.variables[name]


def _times(model: Model, base: str) -> list[Variable]:
    """The variables O_0, O_1, … of a base name such as O."""
    return [v for v in model.variables.values() if v.time is not None and v.name == f"{base}_{v.time}"]


def _range(model: Model, name: str) -> list[Variable]:
    """The variables of ``O`` (all times) or ``O[2:5]``: those of the model's group O, or O_0, O_1, …"""
    found = _RANGE.match(name)
    base = found["base"] if found else name
    first = int(found["first"] or 0) if found else 0
    last = int(found["last"]) if found and found["last"] else None
    if base in model.groups:
        members = [model.variables[member] for member in model.groups[base]]
    else:
        members = _times(model, base)
    if not members:
        raise unknown(name, model.variables, what="variable", remedy="O=1 needs variables O_0, O_1, …")
    if not found:
        return members
    times = [v for v in members if v.time is not None]
    chosen = [v for v in times if v.time is not None and v.time >= first and (last is None or v.time < last)]
    if not chosen:
        latest = max((v.time or 0 for v in times), default=0)
        raise InvalidArgument(f"{name} names no variable", allowed=f"times 0 … {latest}")
    return chosen


def _observation(variable: Variable, text: str) -> Any:
    return observation(text, variable, what=f"state of {variable.name!r}:")


def _add(where: dict[str, Any], name: str, label: Any, text: str) -> None:
    if name in where and where[name] != label:
        raise InvalidArgument(f"query {text!r} gives {name!r} two labels: {where[name]!r} and {label!r}")
    where[name] = label
