"""Networks and factor graphs as records, and back: names, labels, times, and every number with all its bits."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from numpy.typing import NDArray

from control_pgm.control.network.control_network import ControlNetwork
from control_pgm.errors import ControlPGMError, InvalidArgument, InvalidFile
from control_pgm.interop.declared_order import network_in_order
from control_pgm.interop.plain_values import check_entries, holds_plainly, whole_rows
from control_pgm.interop.records.control_record import FIELDS as CONTROL_FIELDS
from control_pgm.interop.records.control_record import control_from, control_record
from control_pgm.interop.records.label_codes import decode_label, encode_label, shortened
from control_pgm.interop.records.record import VERSION, Record, Source
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.cpd import CPD
from control_pgm.models.factor_graph import FactorGraph
from control_pgm.tables.factor import Factor
from control_pgm.tables.variable import Labels, Variable

NETWORK = "control_pgm/network"
BAYESIAN, FACTORS, CONTROL = "bayesian network", "factor graph", "control network"
_VERSION = 2  # version 1 has no control networks
_FIELDS = ("format", "version", "kind", "states", "variables", "tables", "logarithms")


def network_record(model: BayesianNetwork | FactorGraph) -> Record:
    """What to write of a model. Tables that slices share are written once, as are their states.

    Raises
    ------
    InvalidArgument
        If it is no network and no factor graph, or a label cannot be written.
    TooLarge
        If a table has more entries than a file should hold.
    """
    if not isinstance(model, BayesianNetwork | FactorGraph):
        raise InvalidArgument(
            f"{type(model).__name__} cannot be saved as a network",
            allowed="a BayesianNetwork or a FactorGraph",
            remedy="decision processes: save(mdp, path)",
        )
    states: dict[Labels, int] = {}
    variables = [[v.name, states.setdefault(v.states, len(states)), v.time, v.kind] for v in model.variables.values()]
    numbers: dict[int, int] = {}
    arrays: dict[str, NDArray[Any]] = {}
    logarithms: list[int] = []
    tables: list[list[Any]] = []
    for factor in model.tables:
        k = numbers.setdefault(id(factor.scaled), len(numbers))
        tables.append([k, isinstance(factor, CPD), *factor.scope])
        if k == len(arrays):
            check_entries(factor)
            plain = holds_plainly(factor)
            arrays[_name(k)] = whole_rows(factor, log=not plain)
            logarithms += [] if plain else [k]
    fields = {
        "format": NETWORK,
        "version": _VERSION if isinstance(model, ControlNetwork) else VERSION,
        "kind": _kind(model),
        "states": [[encode_label(label) for label in labels] for labels in states],
        "variables": variables,
        "tables": tables,
        "logarithms": logarithms,
    }
    if not isinstance(model, ControlNetwork):
        return Record(fields, arrays)
    control = control_record(model)
    return Record({**fields, **control.fields}, {**arrays, **control.arrays}, control.parts)


def _kind(model: BayesianNetwork | FactorGraph) -> str:
    if isinstance(model, ControlNetwork):
        return CONTROL
    return BAYESIAN if isinstance(model, BayesianNetwork) else FACTORS


def network_from(source: Source) -> BayesianNetwork | FactorGraph:
    """The model of a record, checked as any other model is.

    Raises
    ------
    InvalidFile
        Naming the file, the field and the place.
    TooLarge
        If an array would take more than the file's budget.
    """
    version = source.expect(NETWORK, versions=(VERSION, _VERSION))
    kind = source.text("kind", (BAYESIAN, FACTORS, *((CONTROL,) if version == _VERSION else ())))
    variables = _variables(source)
    rows = _list(source, "tables")
    logarithms = _list(source, "logarithms")
    made: dict[int, Factor] = {}
    factors = [_table(source, k, row, variables, logarithms, made) for k, row in enumerate(rows)]
    source.only((*_FIELDS, *map(_name, made), *(CONTROL_FIELDS if kind == CONTROL else ())))
    try:
        if kind == FACTORS:
            return FactorGraph(factors, variables.values())
        cpds = [factor for factor in factors if isinstance(factor, CPD)]
        others = [factor for factor in factors if not isinstance(factor, CPD)]
        return control_from(source, cpds, others) if kind == CONTROL else _network(source, variables, cpds, others)
    except InvalidFile:
        raise
    except ControlPGMError as error:
        raise source.error(error.what, allowed=error.allowed, remedy=error.remedy) from None


def _network(
    source: Source, variables: Mapping[str, Variable], cpds: list[CPD], others: list[Factor]
) -> BayesianNetwork:
    """The network, if every variable has a CPD."""
    network = network_in_order(variables, cpds, others)
    for name in variables:
        if name not in network.variables:
            raise source.error(f"the variable {shortened(name)} has no table", allowed="one CPD for each variable")
    return network


def _variables(source: Source) -> dict[str, Variable]:
    states = [_labels(source, k, row) for k, row in enumerate(_list(source, "states"))]
    variables: dict[str, Variable] = {}
    for k, row in enumerate(_list(source, "variables")):
        where = f"variables[{k}]"
        fits = isinstance(row, list) and len(row) == 4 and isinstance(row[0], str) and isinstance(row[3], str)
        if not fits or not row[0] or type(row[1]) is not int or not 0 <= row[1] < len(states):
            raise source.error(f"{where} is {shortened(row)}", allowed="[name, number of its states, time, kind]")
        name, number, time, kind = row
        if time is not None and (type(time) is not int or abs(time) >= 2**31):
            raise source.error(f"{where} has the time {shortened(time)}", allowed="an integer or null")
        if name in variables:
            raise source.error(f"{where} is {shortened(name)} for the second time", allowed="each name once")
        variables[name] = Variable(name, states[number], time=time, kind=kind)
    return variables


def _labels(source: Source, k: int, row: Any) -> Labels:
    if not isinstance(row, list) or not row:
        raise source.error(f"states[{k}] is {shortened(row)}", allowed="a list of at least one label")
    decoded: list[Hashable] = [decode_label(value, f"{source.file}: states[{k}][{i}]") for i, value in enumerate(row)]
    if len(set(decoded)) < len(decoded):
        raise source.error(f"states[{k}] names a label twice", allowed="each label once")
    return Labels(decoded)


def _table(
    source: Source, k: int, row: Any, variables: dict[str, Variable], logarithms: list[Any], made: dict[int, Factor]
) -> Factor:
    """One table; those of the same number share their values."""
    where = f"tables[{k}]"
    if not isinstance(row, list) or len(row) < 2 or type(row[0]) is not int or type(row[1]) is not bool:
        raise source.error(f"{where} is {shortened(row)}", allowed="[number of the array, whether a CPD, name, …]")
    number, conditional, *names = row
    for name in names:
        if not isinstance(name, str) or name not in variables:
            raise source.error(f"{where} mentions {shortened(name)}", allowed="the names of variables")
    if conditional and not names:
        raise source.error(f"{where} is a CPD of no variable", allowed="at least one name")
    scope = [variables[name] for name in names]
    first = made.get(number)
    try:
        if isinstance(first, CPD) and conditional:
            return first.over(scope[-1], scope[:-1])
        if first is not None and not conditional and first.shape == tuple(v.cardinality for v in scope):
            return Factor.of(scope, first.scaled)
        values = source.array(_name(number), tuple(v.cardinality for v in scope), "float")
        log = number in logarithms
        factor = CPD(scope[-1], scope[:-1], values, log=log) if conditional else Factor(scope, values, log=log)
    except ControlPGMError as error:
        if error.what.startswith(source.file):
            raise
        raise source.error(f"{where}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None
    made[number] = factor
    return factor


def _list(source: Source, name: str) -> list[Any]:
    value = source.value(name)
    if not isinstance(value, list):
        raise source.error(f"{name} is {shortened(value)}", allowed="a list")
    return value


def _name(number: int) -> str:
    return f"table_{number}"
