"""Reading and writing networks and factor graphs; the ending of the file tells the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from control_pgm.interop.bif import from_bif, to_bif
from control_pgm.interop.dot import to_dot
from control_pgm.interop.json_format import EXPANSION, read_json, write_json
from control_pgm.interop.network_record import FORMAT, network_from, network_record
from control_pgm.interop.source import MAX_BYTES, check_limit, ending, read_text
from control_pgm.interop.tikz import to_tikz
from control_pgm.interop.uai import from_uai, to_uai
from control_pgm.models.factorgraph import FactorGraph
from control_pgm.models.network import BayesianNetwork
from control_pgm.writing import replacing, write_text

Network = BayesianNetwork | FactorGraph

_JSON = ".json"
_TEXT_WRITERS: Mapping[str, Callable[..., str]] = {".uai": to_uai, ".bif": to_bif, ".dot": to_dot, ".tex": to_tikz}
_TEXT_READERS: Mapping[str, Callable[..., Network]] = {".uai": from_uai, ".bif": from_bif}
READ = (_JSON, *_TEXT_READERS)
WRITTEN = (_JSON, *_TEXT_WRITERS)


def save_network(model: Network, path: str | Path) -> Path:
    """Write a network or a factor graph to a file: whole, or not at all.

    Parameters
    ----------
    model : BayesianNetwork or FactorGraph
        Unrolled networks too. A `ControlNetwork` is written with its process, horizon, temperatures and prior, and with
        what was replaced and added, so that it can be solved when it is read; of other unrolled networks the template
        is not written.
    path : path
        Its ending tells the format. .json holds everything, bit by bit; .bif (CPDs only) and .uai (no names) are for
        other programs; .dot and .tex are pictures, which cannot be read back.

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
    if kind in _TEXT_WRITERS:
        return write_text(path, _TEXT_WRITERS[kind](model))
    contents = network_record(model)
    with replacing(path) as unfinished:
        write_json(contents, unfinished)
    return Path(path)


def load_network(path: str | Path, *, max_bytes: int = MAX_BYTES) -> Network:
    """Read a network or a factor graph.

    Files may come from anywhere: nothing in them is executed, and what they claim to need is checked before it is
    read.

    Parameters
    ----------
    path : path
        A .json file of `save_network`, or a .bif or .uai file of any program.
    max_bytes : int
        How much memory the file may claim; 32 bytes are counted for each byte of text.

    Raises
    ------
    InvalidFile
        If the file does not hold what it should; names the file, and the line or the field.
    TooLarge
        If it claims more than ``max_bytes``.
    InvalidArgument
        On another ending.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> text = "variable x { type discrete [ 2 ] { off, on }; } probability ( x ) { table 0.25, 0.75; }"
    >>> size = Path("coin.bif").write_text(text)
    >>> load_network("coin.bif").cpd("x").array().tolist()
    [0.25, 0.75]
    """
    check_limit(max_bytes)
    kind = ending(path, READ)
    if kind == _JSON:
        return network_from(read_json(Path(path), max_bytes))
    text = read_text(Path(path), max_bytes // EXPANSION, "text")
    return _TEXT_READERS[kind](text, name=str(path), max_bytes=max_bytes)


def is_network_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> bool:
    """Whether a file holds a network rather than a decision process: by its ending or, for .json, its header.

    Raises
    ------
    InvalidFile, TooLarge, OSError
        If a .json file cannot be read.
    """
    kind = Path(path).suffix.lower()
    if kind != _JSON:
        return kind in _TEXT_READERS
    return bool(read_json(Path(path), max_bytes).fields.get("format") == FORMAT)
