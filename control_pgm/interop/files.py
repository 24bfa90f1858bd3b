"""Reading and writing decision processes and solutions; the ending of the file tells the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from control_pgm.control.infinite import AverageSolution, StationarySolution
from control_pgm.control.linearly_solvable import DesirabilitySolution
from control_pgm.control.mdp.mdp import MDP
from control_pgm.control.policies.sources import opened
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solutions_of_many import Solutions
from control_pgm.display import size
from control_pgm.errors import InvalidArgument, InvalidFile, InvalidModel, TooLarge, unknown
from control_pgm.interop.csv_table import read_csv
from control_pgm.interop.environments.gymnasium import from_gymnasium
from control_pgm.interop.records.desirability_record import DESIRABILITY, desirability_from, desirability_record
from control_pgm.interop.records.json_format import read_json, read_json_text, write_json
from control_pgm.interop.records.mdp_record import mdp_from, mdp_record
from control_pgm.interop.records.npz_format import read_npz, write_npz
from control_pgm.interop.records.record import MAX_BYTES, Record, Source, check_limit, ending, read_text
from control_pgm.interop.records.saved_solution import SavedSolution
from control_pgm.interop.records.solution_record import solution_from, solution_record
from control_pgm.interop.records.solutions_record import SOLUTIONS, solutions_from, solutions_record
from control_pgm.interop.records.stationary_record import STATIONARY, Stationary, stationary_from, stationary_record
from control_pgm.keywords import keywords
from control_pgm.problems import forest, gambler, puterman_two_state, russell_norvig_grid, sutton_barto_grid
from control_pgm.problems.gridworld import ACTIONS, gridworld
from control_pgm.progress import Progress, check_progress
from control_pgm.writing import replacing

_WRITERS: Mapping[str, Callable[[Record, Path, Progress | None], None]] = {".json": write_json, ".npz": write_npz}
_READERS: Mapping[str, Callable[[Path, int], Source]] = {".json": read_json, ".npz": read_npz}
_GYM = "gym:"
_TEXTBOOK = "textbook:"
TEXTBOOK: Mapping[str, Callable[[], MDP]] = {
    "forest": forest,
    "gambler": gambler,
    "puterman-two-state": puterman_two_state,
    "russell-norvig-grid": russell_norvig_grid,
    "sutton-barto-grid": sutton_barto_grid,
}  # what follows ``textbook:`` -> the process as its book prints it
_LARGEST_DENSE = 400  # cells from which `gridworld` makes sparse tables
_SPARSE_CELL = 800  # bytes that a cell of those takes while they are made


@keywords
def save(mdp: MDP, path: str | Path, *, progress: Progress | None = None) -> Path:
    """Write a decision process to a file: whole, or not at all.

    Everything comes back bit by bit with `load`: sparse and time-varying tables, several rewards of one outcome,
    −inf, labels with their types, positions.

    Parameters
    ----------
    mdp : MDP
        Its labels must be strings, integers, floats, booleans, None, or tuples of these.
    path : path
        Its ending tells the format: .json to read and to edit, .npz for large tables.
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
    if not isinstance(mdp, MDP):
        raise InvalidArgument(
            f"{type(mdp).__name__} cannot be saved as a decision process",
            allowed="an MDP",
            remedy="networks: save_network(net, path); solutions: save_solution(solution, path)",
        )
    return _write(lambda: mdp_record(mdp), path, progress)


@keywords
def load(path: str | Path, *, max_bytes: int = MAX_BYTES) -> MDP:
    """Read a decision process from a file, or make it from an environment or a textbook.

    Files may come from anywhere: nothing in them is executed, and what they claim to need is checked before it is
    read.

    Parameters
    ----------
    path : path or str
        A .json or .npz file of `save`, a .txt file with a drawing for `gridworld`, a .csv table with one outcome in
        each line and the columns s, a, next, p, r, and perhaps t (see `MDP.from_frame`), ``"gym:ID"`` for a Gymnasium
        environment, or ``"textbook:NAME"`` for the process of a textbook: forest, gambler, puterman-two-state,
        russell-norvig-grid or sutton-barto-grid.
    max_bytes : int
        How much memory the file may claim; 32 bytes are counted for each byte of JSON.

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
    if isinstance(path, str) and path.startswith(_TEXTBOOK):
        return _from_textbook(path.removeprefix(_TEXTBOOK))
    kind = ending(path, (*_READERS, ".txt", ".csv"), f', "{_GYM}ID" or "{_TEXTBOOK}NAME"')
    if kind == ".txt":
        return _load_grid(Path(path), max_bytes)
    if kind == ".csv":
        return read_csv(Path(path), max_bytes)
    return mdp_from(_READERS[kind](Path(path), max_bytes))


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


@keywords
def save_solution(
    solution: Solution | Solutions | Stationary | DesirabilitySolution,
    path: str | Path,
    *,
    progress: Progress | None = None,
) -> Path:
    """Write the data of a solution, with its decision process: whole, or not at all.

    All that its type of inference has comes back bit by bit with `load_solution`: policy, values and marginals,
    evidence and bounds, an open-loop plan, risk, temperatures and action prior. Figures that would need more memory
    than there may be, such as the exact evidence beside a variational solution, are left out. Solutions without a last
    step, those of many problems and those of linearly solvable processes come back as they were.

    Parameters
    ----------
    solution : Solution, Solutions, StationarySolution, AverageSolution or DesirabilitySolution
    path : path
        .json or .npz, as for `save`.
    progress : callable, optional
        As for `save`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidArgument, OSError
        As for `save`.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> path = save_solution(solve(gridworld("S.G"), 3), "solution.npz")
    >>> float(load_solution(path).policy.sel(t=2, s="(0,1)").sum().round(12))
    1.0
    """
    if isinstance(solution, StationarySolution | AverageSolution):
        return _write(lambda: stationary_record(solution), path, progress)
    if isinstance(solution, DesirabilitySolution):
        return _write(lambda: desirability_record(solution), path, progress)
    if isinstance(solution, Solutions):
        return _write(lambda: solutions_record(solution), path, progress)
    if not isinstance(solution, Solution):
        raise InvalidArgument(
            f"{type(solution).__name__} cannot be saved as a solution",
            allowed="a Solution, Solutions, a StationarySolution, an AverageSolution or a DesirabilitySolution",
            remedy="decision processes: save(mdp, path)",
        )
    return _write(lambda: solution_record(solution), path, progress)


@keywords
def load_solution(
    path: str | Path, *, max_bytes: int = MAX_BYTES
) -> SavedSolution | Solutions | Stationary | DesirabilitySolution:
    """Read what `save_solution` has written.

    Parameters
    ----------
    path : path
        A .json or .npz file.
    max_bytes : int
        As for `load`.

    Returns
    -------
    SavedSolution
        Of a solution without a last step the solution itself: a StationarySolution or an AverageSolution; of a linearly
        solvable process the DesirabilitySolution. Of many
        problems the Solutions, whose single ones ``solutions[k]`` are solved again when they are asked for.

    Raises
    ------
    InvalidFile, TooLarge, InvalidArgument, OSError
        As for `load`.

    Examples
    --------
    >>> from control_pgm import gridworld, solve
    >>> load_solution(save_solution(solve(gridworld("S.G"), 3), "solution.json"))
    SavedSolution(MDP(3 states, 4 actions), horizon 3, inference='posterior')
    """
    check_limit(max_bytes)
    source = _READERS[ending(path, tuple(_READERS))](Path(path), max_bytes)
    form = source.fields.get("format")
    if form == SOLUTIONS:
        return solutions_from(source)
    if form == DESIRABILITY:
        return desirability_from(source)
    return stationary_from(source) if form == STATIONARY else solution_from(source)


@opened.register(str)
@opened.register(Path)
def _opened(path: str | Path) -> Any:
    """The path of a solution's file stands for its policy."""
    return load_solution(path)


def _write(record: Callable[[], Record], path: str | Path, progress: Progress | None) -> Path:
    check_progress(progress)
    write = _WRITERS[ending(path, tuple(_WRITERS))]
    contents = record()
    with replacing(path) as unfinished:
        write(contents, unfinished, progress)
    return Path(path)


def _from_textbook(name: str) -> MDP:
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
