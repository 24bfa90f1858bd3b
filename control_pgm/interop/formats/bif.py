"""The Interchange Format for Bayesian networks (BIF 0.15; Cozman 1998), which most other programs read.

Names and states in BIF are words. Where a name or a label of ours is none, a word is made of it, and a comment, which
other programs skip, has the name or label for the reader of this package; so does the time and the kind of a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Any

from control_pgm.errors import InvalidArgument
from control_pgm.interop.formats.bif_reader import MARK, Reader
from control_pgm.interop.plain_values import plain_values
from control_pgm.interop.records.json_format import dump
from control_pgm.interop.records.label_codes import encode_label
from control_pgm.interop.records.record import MAX_BYTES
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.tables.variable import Variable

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEPT = ("variable", "probability", "network", "property", "table", "default", "type", "discrete")


# --- writing ------------------------------------------------------------------------------------------------------
def to_bif(network: BayesianNetwork) -> str:
    """A Bayesian network in the BIF format.

    Parameters
    ----------
    network : BayesianNetwork
        Unrolled ones too, without further factors: BIF holds conditional tables only.

    Raises
    ------
    InvalidArgument
        On further factors, labels that cannot be written, or a value smaller than any floating-point number.
    TooLarge
        If a table has too many entries.

    Examples
    --------
    >>> from control_pgm import CPD
    >>> rain, wet = Variable("rain", ["no", "yes"]), Variable("wet", ["no", "yes"])
    >>> net = BayesianNetwork([CPD(rain, [], [0.7, 0.3]), CPD(wet, [rain], [[0.9, 0.1], [0.2, 0.8]])])
    >>> print("\\n".join(to_bif(net).splitlines()[-4:]))
    probability ( wet | rain ) {
      ( no ) 0.9, 0.1;
      ( yes ) 0.2, 0.8;
    }
    """
    if not isinstance(network, BayesianNetwork):
        raise InvalidArgument(f"{type(network).__name__} cannot be written as BIF", allowed="a BayesianNetwork")
    if network.factors:
        raise InvalidArgument(
            f"{network.factors[0]!r} is no conditional table, and BIF holds no others",
            allowed="networks of CPDs alone",
            remedy="write .json or .uai, or observe a binary child instead of the factor",
        )
    names = dict(zip(network.variables, _words(network.variables), strict=True))
    states = {labels: _words(map(str, labels)) for labels in {v.states for v in network.variables.values()}}
    lines = ["network unknown {", "}"]
    for variable in network.variables.values():
        lines += _variable_lines(variable, names[variable.name], states[variable.states])
    for cpd in network.cpds:
        given = ", ".join(names[parent.name] for parent in cpd.parents)
        lines.append(f"probability ( {names[cpd.child.name]}{' | ' + given if given else ''} ) {{")
        rows = plain_values(cpd, "BIF").reshape(-1, cpd.child.cardinality).tolist()
        places = product(*(states[parent.states] for parent in cpd.parents))
        for place, row in zip(places, rows, strict=True):
            lines.append(f"  {'( ' + ', '.join(place) + ' )' if place else 'table'} {', '.join(map(repr, row))};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _variable_lines(variable: Variable, name: str, states: list[str]) -> list[str]:
    noted: dict[str, Any] = {} if variable.name == name else {"name": variable.name}
    if list(variable.states) != states:
        noted["states"] = [encode_label(label) for label in variable.states]
    noted |= {} if variable.time is None else {"time": variable.time}
    noted |= {"kind": variable.kind} if variable.kind else {}
    comment = [f"  {MARK}{dump(noted)}"] if noted else []
    return [
        f"variable {name} {{",
        *comment,
        f"  type discrete [ {variable.cardinality} ] {{ {', '.join(states)} }};",
        "}",
    ]


def _words(texts: Iterable[str]) -> list[str]:
    """Distinct words, each like its text.

    >>> _words(["no", "(0,1)", "(0 1)", "1"])
    ['no', '_0_1_', '_0_1__2', '_1']
    """
    words: list[str] = []
    taken = set(_KEPT)
    for text in texts:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", text) or "_"
        base = plain if _WORD.fullmatch(plain) else f"_{plain}"
        word, k = base, 2
        while word in taken:
            word, k = f"{base}_{k}", k + 1
        taken.add(word)
        words.append(word)
    return words


# --- reading ------------------------------------------------------------------------------------------------------
def from_bif(text: str, *, name: str = "the BIF text", max_bytes: int = MAX_BYTES) -> BayesianNetwork:
    """The Bayesian network of a BIF text.

    Parameters
    ----------
    text : str
    name : str
        What errors call the text.
    max_bytes : int
        How much memory its tables may take.

    Notes
    -----
    The variables are in the order in which the text declares them. ``table``, rows by the parents' states, and
    ``default`` are read; properties are skipped. So is JavaBayes' way of writing: no commas, no bar before the parents,
    quotes around names and states.

    Raises
    ------
    InvalidFile
        Naming the line and column, or the table and its row, and what is wrong with it; also where a variable has no
        table, or two rows for one condition differ.
    TooLarge
        If its tables would take more than ``max_bytes``.

    Warns
    -----
    DoubtfulFile
        If rows were written with few digits, and were therefore divided by their sums.

    Examples
    --------
    >>> text = "variable x { type discrete [ 2 ] { off, on }; } probability ( x ) { table 0.25, 0.75; }"
    >>> from_bif(text).cpd("x").value({"x": "on"})
    0.75
    """
    return Reader(text, name, max_bytes).network()
