"""Files of decision processes, whose format is given by the ending of the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.partially_observed.pomdp import POMDP
from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidFile, InvalidModel, TooLarge, unknown
from control_pgm.interop.csv_table import read_csv
from control_pgm.interop.environments.gymnasium import from_gymnasium
from control_pgm.interop.formats.pomdp import read_pomdp, write_pomdp
from control_pgm.interop.formats.tokens import doubt_end
from control_pgm.interop.records.json_format import EXPANSION, read_json_text
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.record import MAX_BYTES, check_limit, ending, read_text
from control_pgm.interop.solution_files import RECORD_READERS, write_record
from control_pgm.keywords import keywords
from control_pgm.problems import (
    crying_baby,
    forest,
    gambler,
    puterman_two_state,
    russell_norvig_grid,
    sutton_barto_grid,
    tiger,
)
from control_pgm.problems.gridworld import ACTIONS, gridworld
from control_pgm.progress import Progress
from control_pgm.writing import write_text

_GYM = "gym:"
TEXTBOOK_PREFIX = "textbook:"
POMDP_FILE = ".pomdp"
TEXTBOOK: Mapping[str, Callable[[], MDP | POMDP]] = {
    "crying-baby": crying_baby,
    "forest": forest,
    "gambler": gambler,
    "puterman-two-state": puterman_two_state,
    "russell-norvig-grid": russell_norvig_grid,
    "sutton-barto-grid": sutton_barto_grid,
    "tiger": tiger,
}  # what follows ``textbook:`` -> the process as its book prints it
_LARGEST_DENSE = 400  # cells from which `gridworld` makes sparse tables
_SPARSE_CELL = 800  # bytes that a cell of those takes while they are made


@keywords
def save(mdp: MDP | POMDP, path: str | Path, *, progress: Progress | None = None) -> Path:
    """Write a decision process to a file: whole, or not at all.

    Everything comes back bit by bit with `load`: sparse and time-varying tables, several rewards of one outcome,
    −inf, labels with their types, positions.

    Parameters
    ----------
    mdp : MDP or POMDP
        Its labels must be strings, integers, floats, booleans, None, or tuples of these; those of a POMDP words, or the
        numbers 0 … n−1.
    path : path
        Its ending gives the format: .json to read and to edit, .npz for large tables; .pomdp for a POMDP.
    progress : callable, optional
        Called with (done, total, what) while the file is written: bytes of .npz, fields of .json. What it raises leaves
        no file behind. See `solve`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument
        On another ending, another object, or a label that files cannot hold.
    OSError
        If the file cannot be written; an older file of that name is then left as it was.

    Examples
    --------
    >>> from control_pgm import gridworld
    >>> path = save(gridworld("S.G"), "grid.json")
    >>> load(path)
    MDP(3 states, 4 actions)
    """
    if isinstance(mdp, POMDP):
        ending(path, (POMDP_FILE,))
        return write_text(path, write_pomdp(mdp))
    if not isinstance(mdp, MDP):
        raise InvalidArgument(
            f"{type(mdp).__name__} cannot be saved as a decision process",
            allowed="an MDP or a POMDP",
            remedy="networks: save_network(net, path); solutions: save_solution(solution, path)",
        )
    return write_record(lambda: mdp_record(mdp), path, progress)


@keywords
def load(path: str | Path, *, max_bytes: int = MAX_BYTES) -> MDP | POMDP:
    """Read a decision process from a file, or make it from an environment or a textbook.

    Files may come from anywhere: nothing in them is executed, and what they claim to need is checked before it is
    read.

    Parameters
    ----------
    path : path or str
        A .json or .npz file of `save`, a .txt file with a drawing for `gridworld`, a .csv table with one outcome in
        each line and the columns s, a, next, p, r, and perhaps t (see `MDP.from_frame`), a .pomdp file in Cassandra's
        format, which is a `POMDP`, ``"gym:ID"`` for a Gymnasium environment, or ``"textbook:NAME"`` for the process of
        a textbook: forest, gambler, puterman-two-state, russell-norvig-grid or sutton-barto-grid, or with hidden states
        crying-baby or tiger.
    max_bytes : int
        How much memory the file may claim; 32 bytes are counted for each byte of JSON or .pomdp.

    Raises
    ------
    InvalidFile
        If the file does not hold what it should; names the file, the field or member, and the place.
    TooLarge
        If it claims more than ``max_bytes``.
    InvalidArgument
        On another ending.
    UnknownName
        If there is no such textbook process; lists those there are.
    OSError
        If the file cannot be read.

    Warns
    -----
    DoubtfulFile
        If the rows of a .pomdp file were written with few digits, and were therefore divided by their sums; or if it
        ends right after a number, some of whose digits may be missing.

    Examples
    --------
    >>> drawing = Path("grid.txt").write_text("S.G")
    >>> load("grid.txt").states
    ('(0,0)', '(0,1)', '(0,2)')
    >>> lines = ["s,a,next,p,r", "home,go,shop,0.9,1", "home,go,home,0.1,0", "shop,go,shop,1,0"]
    >>> written = Path("table.csv").write_text("\\n".join(lines))
    >>> load("table.csv").reward.tolist()
    [[0.9], [0.0]]
    >>> load("textbook:puterman-two-state")
    MDP(2 states, 3 actions, discount 0.95)
    """
    check_limit(max_bytes)
    if isinstance(path, str) and path.startswith(_GYM):
        return from_gymnasium(path.removeprefix(_GYM))
    if isinstance(path, str) and path.startswith(TEXTBOOK_PREFIX):
        return _from_textbook(path.removeprefix(TEXTBOOK_PREFIX))
    kind = ending(path, (*RECORD_READERS, ".txt", ".csv", POMDP_FILE), f', "{_GYM}ID" or "{TEXTBOOK_PREFIX}NAME"')
    if kind == ".txt":
        return _load_grid(Path(path), max_bytes)
    if kind == ".csv":
        return read_csv(Path(path), max_bytes)
    if kind == POMDP_FILE:
        text = read_text(Path(path), max_bytes // EXPANSION, "text")
        pomdp = read_pomdp(text, name=str(path), max_bytes=max_bytes)
        doubt_end(path, text)
        return pomdp
    return mdp_from(RECORD_READERS[kind](Path(path), max_bytes))


def loads(text: str, *, name: str = "the JSON text", max_bytes: int = MAX_BYTES) -> MDP:
    """The decision process of a JSON text, as `save` writes it to a .json file.

    Parameters
    ----------
    text : str
    name : str
        What errors call the text.
    max_bytes : int
        As for `load`.

    Raises
    ------
    InvalidFile, TooLarge
        As for `load`.

    Examples
    --------
    >>> loads('{"format": "control_pgm/mdp", "version": 1, "states": ["on"], "actions": ["wait"],'
    ...       ' "transition": [[[1]]], "reward_axes": "sa", "reward": [[0.5]]}')
    MDP(1 states, 1 actions)
    """
    check_limit(max_bytes)
    if not isinstance(text, str):
        raise InvalidArgument(f"{type(text).__name__} is no text", allowed="a str")
    return mdp_from(read_json_text(text, name, max_bytes))


def _from_textbook(name: str) -> MDP | POMDP:
    """The process as its book prints it."""
    if name not in TEXTBOOK:
        raise unknown(name, TEXTBOOK, what="the textbook process")
    return TEXTBOOK[name]()


def _load_grid(path: Path, max_bytes: int) -> MDP:
    """The gridworld of a drawing."""
    text = read_text(path, max_bytes, "a drawing")
    cells = len(text) - sum(text.count(letter) for letter in "# \n\r")
    need = 2 * 8 * len(ACTIONS) * cells**2 if cells < _LARGEST_DENSE else _SPARSE_CELL * cells
    if need > max_bytes:
        raise TooLarge(
            f"{path}: tables for {cells} cells need {size(need)}",
            allowed=size(max_bytes),
            remedy="if you trust the file, pass max_bytes",
        )
    try:
        return gridworld(text)
    except InvalidModel as error:
        raise InvalidFile(f"{path}: {error.what}", allowed=error.allowed, remedy=error.remedy) from None
