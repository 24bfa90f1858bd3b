"""Files of solutions, as JSON or NPZ records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from control_pgm.control.infinite import AverageSolution, StationarySolution
from control_pgm.control.linearly_solvable import DesirabilitySolution
from control_pgm.control.solutions.solution import Solution
from control_pgm.control.solutions_of_many import Solutions
from control_pgm.errors import InvalidArgument
from control_pgm.interop.records.desirability_record import DESIRABILITY, desirability_from, desirability_record
from control_pgm.interop.records.json_format import read_json, write_json
from control_pgm.interop.records.npz_format import read_npz, write_npz
from control_pgm.interop.records.record import MAX_BYTES, Record, Source, check_limit, ending
from control_pgm.interop.records.saved_solution import SavedSolution
from control_pgm.interop.records.solution_record import solution_from, solution_record
from control_pgm.interop.records.solutions_record import SOLUTIONS, solutions_from, solutions_record
from control_pgm.interop.records.stationary_record import STATIONARY, Stationary, stationary_from, stationary_record
from control_pgm.keywords import keywords
from control_pgm.progress import Progress, check_progress
from control_pgm.writing import replacing

_WRITERS: Mapping[str, Callable[[Record, Path, Progress | None], None]] = {".json": write_json, ".npz": write_npz}
RECORD_READERS: Mapping[str, Callable[[Path, int], Source]] = {".json": read_json, ".npz": read_npz}


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
        return write_record(lambda: stationary_record(solution), path, progress)
    if isinstance(solution, DesirabilitySolution):
        return write_record(lambda: desirability_record(solution), path, progress)
    if isinstance(solution, Solutions):
        return write_record(lambda: solutions_record(solution), path, progress)
    if not isinstance(solution, Solution):
        raise InvalidArgument(
            f"{type(solution).__name__} cannot be saved as a solution",
            allowed="a Solution, Solutions, a StationarySolution, an AverageSolution or a DesirabilitySolution",
            remedy="decision processes: save(mdp, path)",
        )
    return write_record(lambda: solution_record(solution), path, progress)


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
    source = RECORD_READERS[ending(path, tuple(RECORD_READERS))](Path(path), max_bytes)
    form = source.fields.get("format")
    if form == SOLUTIONS:
        return solutions_from(source)
    if form == DESIRABILITY:
        return desirability_from(source)
    return stationary_from(source) if form == STATIONARY else solution_from(source)


def write_record(record: Callable[[], Record], path: str | Path, progress: Progress | None) -> Path:
    """Write a record in the format of the ending: whole, or not at all."""
    check_progress(progress)
    write = _WRITERS[ending(path, tuple(_WRITERS))]
    contents = record()
    with replacing(path) as unfinished:
        write(contents, unfinished, progress)
    return Path(path)
