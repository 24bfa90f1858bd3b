"""Formats of other programs that are not read here: what they are, and how their files are converted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_NETWORKS: Mapping[str, str] = {
    ".net": "a network in Hugin's format",
    ".dsl": "a network in the older format of GeNIe and SMILE",
    ".xdsl": "a network in the format of GeNIe and SMILE",
    ".bifxml": "a network in XMLBIF",
    ".o3prm": "a probabilistic relational model",
}  # read by pyAgrum under these endings
_RENAMED: Mapping[str, str] = {".xmlbif": ".bifxml", ".xbif": ".bifxml"}  # read by pyAgrum under the other name
_ELSEWHERE: Mapping[str, tuple[str, str]] = {
    ".dne": ("a network in Netica's format", "save it as .net or .xdsl with Netica or GeNIe, and convert that"),
    ".neta": ("a network in Netica's binary format", "save it as .net with Netica, and convert that"),
    ".xbn": ("a network in the format of MSBNx", "open it in GeNIe, save it as .xdsl, and convert that"),
    ".oobn": ("an object-oriented network of Hugin's", "save it as a plain .net with Hugin, and convert that"),
    ".pomdp": (
        "a partially observable decision process in Cassandra's format",
        "load(path) reads it, and save(pomdp, path) writes it",
    ),
    ".pomdpx": (
        "a partially observable decision process in PomdpX",
        "build a POMDP of its tables, or save it as .pomdp",
    ),
    ".rddl": ("a planning domain", "ground it and build an MDP or a network of its tables"),
    ".xml": ("perhaps a network in XMLBIF", "if so, rename it to .bifxml: pyAgrum reads that and writes .bif"),
}


def foreign_format(path: str | Path) -> tuple[str, str]:
    """What a file is by its ending, and how to convert it; two empty texts where the ending is unknown.

    >>> foreign_format("alarm.net")
    ("a network in Hugin's format", "convert it: pyagrum.saveBN(pyagrum.loadBN('alarm.net'), 'alarm.bif')")
    """
    kind = Path(path).suffix.lower()
    read = _RENAMED.get(kind, kind)
    if read not in _NETWORKS:
        return _ELSEWHERE.get(kind, ("", ""))
    name, new = str(Path(path).with_suffix(read)), str(Path(path).with_suffix(".bif"))
    first = "convert it" if read == kind else f"rename it to {name!r}, and convert it"
    return _NETWORKS[read], f"{first}: pyagrum.saveBN(pyagrum.loadBN({name!r}), {new!r})"
