"""What INPUT and the options about it name: a decision process, its network, its solution, or a network in a file."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import control_pgm.control as control
import control_pgm.interop as interop
from control_pgm.cli.output import progress
from control_pgm.control import MDP, ControlNetwork, Solution, unroll
from control_pgm.errors import InvalidArgument, unknown
from control_pgm.interop.network_files import Network, is_network_file, load_network
from control_pgm.interop.source import MAX_BYTES, read_text
from control_pgm.interop.uai import from_uai_evidence
from control_pgm.models.factorgraph import Model
from control_pgm.problems import gridworld

STANDARD_INPUT = "-"
_LONGEST_INPUT = 10_000_000  # characters read from standard input
GYM = "gym:"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def process(options: argparse.Namespace) -> MDP:
    """The process that INPUT names."""
    slip = getattr(options, "slip", 0.0)
    if options.input == STANDARD_INPUT:
        return _from_text(sys.stdin.read(_LONGEST_INPUT + 1), slip)
    if slip:
        if Path(options.input).suffix.lower() != ".txt":
            raise InvalidArgument("--slip with an input that is no gridworld drawing", remedy="leave it out")
        return gridworld(read_text(Path(options.input), MAX_BYTES, "a drawing"), slip=slip)
    if options.input.startswith(GYM):
        with _warnings_as_notes():
            return interop.load(options.input)
    return interop.load(options.input)


def network(options: argparse.Namespace, mdp: MDP) -> ControlNetwork:
    """The process unrolled as --horizon and --temperature say."""
    return unroll(mdp, options.horizon, temperature=1.0 if options.temperature is None else options.temperature)


def solution(options: argparse.Namespace, mdp: MDP) -> Solution:
    """The process solved as --inference, --temperature and --risk say."""
    return control.solve(
        mdp,
        options.horizon,
        inference=options.inference or "posterior",
        temperature=options.temperature,
        risk=options.risk,
        progress=progress(),
    )


def network_file(options: argparse.Namespace) -> Network:
    """The network that INPUT names, which says already what the options about a process would say."""
    for name in ("horizon", "temperature", "slip"):
        if getattr(options, name, None):
            raise InvalidArgument(
                f"--{name} with {options.input!r}, which holds a network", remedy=f"leave --{name} out"
            )
    return load_network(options.input)


def names_a_network(options: argparse.Namespace) -> bool:
    """Whether INPUT is a file that holds a network rather than a process."""
    if options.input == STANDARD_INPUT or options.input.startswith(GYM):
        return False
    return is_network_file(options.input)


def evidence(words: Iterable[str], model: Model) -> dict[str, Hashable]:
    """Evidence as words such as NAME=LABEL, or names of UAI evidence files; labels match by their text."""
    found: dict[str, Hashable] = {}
    for word in words:
        if Path(word).suffix.lower() == ".evid":
            found |= from_uai_evidence(read_text(Path(word), MAX_BYTES, "UAI evidence"), model, name=word)
            continue
        name, equals, text = word.partition("=")
        if not equals:
            raise InvalidArgument(f"--evidence {word!r}", allowed="NAME=LABEL, or a file that ends in .evid")
        if name not in model.variables:
            raise unknown(name, model.variables, what="variable")
        labels = [label for label in model.variables[name].states if str(label) == text]
        if len(labels) != 1:
            shown = ", ".join(map(str, model.variables[name].states[:8]))
            raise InvalidArgument(
                f"--evidence {word!r} fits {len(labels)} states of {name!r}", allowed=f"one of {shown}"
            )
        found[name] = labels[0]
    return found


def temperature(text: str) -> float | tuple[float, ...]:
    """A temperature, or several separated by commas, one per step."""
    values = tuple(map(float, text.split(",")))
    return values[0] if len(values) == 1 else values


def _from_text(text: str, slip: float) -> MDP:
    if len(text) > _LONGEST_INPUT:
        raise InvalidArgument("standard input is too long", allowed=f"{_LONGEST_INPUT:,} characters")
    if not text.lstrip().startswith("{"):
        return gridworld(text, slip=slip)
    if slip:
        raise InvalidArgument("--slip with an input that is no gridworld drawing", remedy="leave it out")
    return interop.loads(text, name="standard input")


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """What an environment warns about, as a line on standard error, without the place in somebody's source."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(_COLOUR.sub("", str(warning.message)) for warning in caught):
        print(f"control-pgm: note: {' '.join(text.removeprefix('WARN: ').split())}", file=sys.stderr)
