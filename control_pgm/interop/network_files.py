"""Files of networks and factor graphs, whose format is given by the ending of the name."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from control_pgm.errors import InvalidArgument
from control_pgm.interop.formats.bif import from_bif, to_bif
from control_pgm.interop.formats.dot import to_dot
from control_pgm.interop.formats.tikz import to_tikz
from control_pgm.interop.formats.tokens import doubt_end
from control_pgm.interop.formats.uai import from_uai, to_uai
from control_pgm.interop.formats.uai_side import from_uai_evidence, from_uai_query
from control_pgm.interop.records.json_format import EXPANSION, read_json, write_json
from control_pgm.interop.records.network_record import NETWORK, network_from, network_record
from control_pgm.interop.records.record import GZIP, MAX_BYTES, check_limit, ending, read_text, suffix
from control_pgm.models.bayesian_network import BayesianNetwork
from control_pgm.models.factor_graph import FactorGraph, Model
from control_pgm.writing import replacing, write_bytes, write_text

Network = BayesianNetwork | FactorGraph

_JSON = ".json"
EVIDENCE, QUERY = ".evid", ".query"


@dataclass(frozen=True)
class TextFormat:
    """A text format of networks: its ending, what writes it and, unless it is a picture, what reads it.

    Attributes
    ----------
    suffix : str
    write : callable
        model -> text.
    read : callable or None
        ``read(text, name=…, max_bytes=…)`` -> model; such files may be packed (.gz).
    parents_fastest : bool
        Whether ``read`` has this option, see `from_uai`.
    digits_at_end : bool
        Whether a complete file may end within a number, so that a cut is not seen.
    """

    suffix: str
    write: Callable[..., str]
    read: Callable[..., Network] | None = None
    parents_fastest: bool = False
    digits_at_end: bool = False


FORMATS = (
    TextFormat(".uai", to_uai, from_uai, parents_fastest=True, digits_at_end=True),
    TextFormat(".bif", to_bif, from_bif),
    TextFormat(".dot", to_dot),
    TextFormat(".tex", to_tikz),
)
_BY_SUFFIX = {form.suffix: form for form in FORMATS}
_TEXTS = tuple(form.suffix for form in FORMATS if form.read)
_PACKED = tuple(kind + GZIP for kind in _TEXTS)
READ = (_JSON, *_TEXTS, *_PACKED)
WRITTEN = (_JSON, *_BY_SUFFIX, *_PACKED)


def save_network(model: Network, path: str | Path) -> Path:
    """Write a network or a factor graph to a file: whole, or not at all.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
        Unrolled networks too. A `ControlNetwork` is written with its process, horizon, temperatures and prior, and with
        what was replaced and added, so that it can be solved when it is read; of other unrolled networks the template
        is not written.
    path : path
        Its ending gives the format. .json holds everything, bit by bit; .bif (CPDs only) and .uai (no names) are for
        other programs, and .bif.gz and .uai.gz the same, packed; .dot and .tex are pictures, which cannot be read back.
        All of them list the variables in the order of ``model.variables``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        On another ending, another object, or what the format cannot hold; names the table.
    TooLarge
        If a table has more entries than a file should hold.
    OSError
        If the file cannot be written; an older file of that name is then left as it was.

    Examples
    --------
    >>> from control_pgm import gridworld, unroll
    >>> path = save_network(unroll(gridworld("S.G"), 2), "network.json")
    >>> load_network(path)
    ControlNetwork(MDP(3 states, 4 actions), horizon 2, temperature 1)
    """
    kind = ending(path, WRITTEN)
    if kind != _JSON:
        text = _BY_SUFFIX[kind.removesuffix(GZIP)].write(model)
        if kind in _PACKED:
            return write_bytes(path, gzip.compress(text.encode(), mtime=0))  # the same bytes whenever it is written
        return write_text(path, text)
    contents = network_record(model)
    with replacing(path) as unfinished:
        write_json(contents, unfinished)
    return Path(path)


def load_network(path: str | Path, *, parents_fastest: bool = False, max_bytes: int = MAX_BYTES) -> Network:
    """Read a network or a factor graph; its ``variables`` are in the order of the file.

    Files may come from anywhere: nothing in them is executed, and what they claim to need is checked before it is
    read.

    Parameters
    ----------
    path : path
        A .json file of `save_network`, or a .bif, .bif.gz, .uai or .uai.gz file of any program.
    parents_fastest : bool
        For .uai files written by pyAgrum: see `from_uai`.
    max_bytes : int
        How much memory the file may claim; 32 bytes are counted for each byte of text.

    Raises
    ------
    InvalidFile
        If the file does not hold what it should; names the file, and the line or the field.
    TooLarge
        If it claims more than ``max_bytes``.
    InvalidArgument
        On another ending; of formats of other programs, says how to convert them. On ``parents_fastest`` with a file
        that is no BAYES file.
    OSError
        If the file cannot be read.

    Warns
    -----
    DoubtfulFile
        If rows were written with few digits, and were therefore divided by their sums; or if a text ends right after a
        number, some of whose digits may be missing.

    Examples
    --------
    >>> text = "variable x { type discrete [ 2 ] { off, on }; } probability ( x ) { table 0.25, 0.75; }"
    >>> size = Path("coin.bif").write_text(text)
    >>> load_network("coin.bif").cpd("x").array().tolist()
    [0.25, 0.75]
    """
    check_limit(max_bytes)
    kind = ending(path, READ)
    form = _BY_SUFFIX.get(kind.removesuffix(GZIP))
    if parents_fastest and not (form and form.parents_fastest):
        raise InvalidArgument(f"parents_fastest with {str(path)!r}", allowed="UAI files", remedy="leave it out")
    if form is None or form.read is None:
        return network_from(read_json(Path(path), max_bytes))
    text = read_text(Path(path), max_bytes // EXPANSION, "text")
    options = {"parents_fastest": parents_fastest} if form.parents_fastest else {}
    model = form.read(text, name=str(path), max_bytes=max_bytes, **options)
    if form.digits_at_end:
        doubt_end(path, text)
    return model


def load_evidence(path: str | Path, model: Model) -> dict[str, Hashable]:
    """Read evidence about a model from a UAI file (.evid); see `from_uai_evidence`.

    Examples
    --------
    >>> from control_pgm.interop import from_uai
    >>> model = from_uai("MARKOV 2  2 2  1  2 1 0  4 1 2 3 4")
    >>> size = Path("two.uai.evid").write_text("1 0 1\\n")
    >>> load_evidence("two.uai.evid", model)
    {'x0': 1}
    """
    return from_uai_evidence(_side_text(path, EVIDENCE), model, name=str(path))


def load_query(path: str | Path, model: Model) -> tuple[str, ...]:
    """Read the names of the variables of a query from a UAI file (.query); see `from_uai_query`."""
    return from_uai_query(_side_text(path, QUERY), model, name=str(path))


def is_network_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> bool:
    """Whether a file holds a network rather than a decision process: by its ending or, for .json, its header.

    Raises
    ------
    InvalidFile, TooLarge, OSError
        If a .json file cannot be read.
    """
    kind = suffix(path)
    if kind != _JSON:
        return kind.removesuffix(GZIP) in _TEXTS
    return bool(read_json(Path(path), max_bytes).fields.get("format") == NETWORK)


def _side_text(path: str | Path, kind: str) -> str:
    ending(path, (kind, kind + GZIP))
    text = read_text(Path(path), MAX_BYTES // EXPANSION, "text")
    doubt_end(path, text)
    return text
