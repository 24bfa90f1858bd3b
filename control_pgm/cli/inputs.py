"""INPUT and its options: a decision process, its network, its solution, or a network in a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Hashable, Iterable
from pathlib import Path

import control_pgm.control as control
import control_pgm.interop as interop
from control_pgm.cli import kinds
from control_pgm.cli.bar import progress
from control_pgm.cli.output import note
from control_pgm.control import MDP, ControlNetwork, Solution, unroll
from control_pgm.control.partially_observed import POMDP
from control_pgm.control.solve_options import DEFAULT
from control_pgm.errors import InvalidArgument, InvalidModel, unknown
from control_pgm.inference.evidence_text import observation
from control_pgm.inference.tree.plan import DEFAULT_MEMORY_LIMIT
from control_pgm.interop.files import POMDP_FILE, TEXTBOOK, TEXTBOOK_PREFIX
from control_pgm.interop.network_files import (
    EVIDENCE,
    QUERY,
    Network,
    is_network_file,
    load_evidence,
    load_network,
    load_query,
)
from control_pgm.interop.records.record import MAX_BYTES, read_text
from control_pgm.models.factor_graph import Model
from control_pgm.problems import gridworld

_LONGEST_INPUT = 10_000_000  # characters read from standard input
_DRAWING = ".txt"


# --- what INPUT names ---------------------------------------------------------------------------------------------
def process(options: argparse.Namespace) -> MDP:
    """The process that INPUT names, with the slip and the discount that were asked for."""
    mdp = _drawn(options) if options.slip is not None else _given(options)
    if mdp.positions and mdp.terminal_reward is None and not mdp.reward.any():
        note("all rewards are 0: without a goal G or a hole H every policy is as good as any other")
    return mdp if options.discount is None else mdp.varied(discount=options.discount)


def hides_states(options: argparse.Namespace) -> bool:
    """Whether INPUT names a process with hidden states."""
    if options.input.startswith(TEXTBOOK_PREFIX):
        made = TEXTBOOK.get(options.input.removeprefix(TEXTBOOK_PREFIX))
        return made is not None and isinstance(made(), POMDP)
    return Path(options.input).suffix.lower() == POMDP_FILE


def partially_observable(options: argparse.Namespace) -> POMDP:
    """The process with hidden states that INPUT names."""
    refuse(options, ("slip", "discount"), f"{options.input!r}, whose states are hidden")
    if options.input != kinds.STANDARD_INPUT and isinstance(found := _loaded(options), POMDP):
        return found
    raise InvalidArgument(
        f"{options.input!r} holds no process with hidden states", allowed="a .pomdp file, textbook:tiger or crying-baby"
    )


def network(options: argparse.Namespace, mdp: MDP) -> ControlNetwork:
    """The process unrolled as --horizon and --temperature say."""
    return unroll(mdp, options.horizon, temperature=1.0 if options.temperature is None else options.temperature)


def solution(options: argparse.Namespace, mdp: MDP) -> Solution:
    """The process solved as --inference, --temperature, --risk and --evidence say."""
    check_risk(options)
    words = getattr(options, "evidence", None)  # pictures have none
    return control.solve(
        mdp,
        options.horizon,
        evidence=evidence(words, unroll(mdp, options.horizon)) if words else None,
        inference=options.inference or DEFAULT,
        temperature=options.temperature,
        risk=options.risk,
        memory_limit=limit(options),
        progress=progress(options),
    )


def network_file(options: argparse.Namespace) -> Network:
    """The network that INPUT names, which says already what the options about a process would say."""
    refuse(options, ("horizon", "temperature", "slip", "discount"), f"{options.input!r}, which holds a network")
    kinds.refuse_missing(options.input, "a file that holds a network")
    try:
        return load_network(options.input, parents_fastest=options.parents_fastest, max_bytes=_file_limit(options))
    except (InvalidArgument, InvalidModel) as error:
        raise kinds.no_network(options.input) or error from None


def names_a_network(options: argparse.Namespace) -> bool:
    """Whether INPUT is a file that holds a network rather than a process."""
    if options.input == kinds.STANDARD_INPUT or options.input.startswith(kinds.MADE):
        return False
    found = is_network_file(options.input, max_bytes=_file_limit(options))
    if not found:
        refuse(options, ("parents_fastest",), f"{options.input!r}, which holds no network")
    return found


def limit(options: argparse.Namespace) -> int:
    """How much memory inference may take."""
    return DEFAULT_MEMORY_LIMIT if options.memory_limit is None else int(options.memory_limit)


def _file_limit(options: argparse.Namespace) -> int:
    """How much memory the file of INPUT may claim: more than by default if inference may."""
    return max(MAX_BYTES, options.memory_limit or 0)


# --- options that go with it, or do not -----------------------------------------------------------------------------
def refuse(options: argparse.Namespace, names: Iterable[str], where: str, why: str = "") -> None:
    """Refuse options that were given and have no meaning there."""
    for name in names:
        value = getattr(options, name, None)
        if value is not None and value is not False:
            option = f"--{name.replace('_', '-')}"
            raise InvalidArgument(f"{option} with {where}", remedy=f"leave {option} out" + (f": {why}" if why else ""))


def check_risk(options: argparse.Namespace) -> None:
    """Planning needs a risk, and nothing else has one."""
    if options.inference != "planning":
        refuse(options, ("risk",), f"--inference {options.inference or DEFAULT}", "only planning has one")
    elif options.risk is None:
        raise InvalidArgument("--inference planning without --risk", remedy="give --risk LAMBDA, a number ≠ 0")


def evidence(words: Iterable[str], model: Model) -> dict[str, Hashable]:
    """Evidence as words such as NAME=LABEL, or names of UAI evidence files; labels match by their text.

    In place of a label, ``{label: number, label: number}`` has likelihoods.
    """
    found: dict[str, Hashable] = {}
    for word in words:
        for name, label in _observations(word, model).items():
            if name in found and found[name] != label:
                raise InvalidArgument(
                    f"--evidence {word!r} observes {name!r} as {label!r}, and another one as {found[name]!r}",
                    allowed="one state for each variable",
                )
            found[name] = label
    return found


def _observations(word: str, model: Model) -> dict[str, Hashable]:
    """What one word, or one file, observes."""
    if EVIDENCE in Path(word).suffixes and "=" not in word:
        return load_evidence(word, model)
    name, equals, text = word.partition("=")
    if not equals:
        raise InvalidArgument(f"--evidence {word!r}", allowed=f"NAME=LABEL, or a file that ends in {EVIDENCE}")
    if name not in model.variables:
        raise unknown(name, model.variables, what="variable")
    return {name: observation(text, model.variables[name], what=f"--evidence, state of {name!r}:")}


def asked(words: Iterable[str], model: Model) -> tuple[str, ...]:
    """The variables asked for, by their names or by names of UAI query files."""
    return tuple([name for word in words for name in (load_query(word, model) if _is_query(word, model) else (word,))])


def _is_query(word: str, model: Model) -> bool:
    return QUERY in Path(word).suffixes and word not in model.variables


# --- processes ------------------------------------------------------------------------------------------------------
def _given(options: argparse.Namespace) -> MDP:
    """The process of a file, an environment, a textbook or standard input."""
    if options.input == kinds.STANDARD_INPUT:
        return _typed(_standard_input())
    found = _loaded(options)
    if isinstance(found, MDP):
        return found
    raise InvalidArgument(
        f"{options.input!r} is a process with hidden states", allowed="info, solve, draw --what belief-values"
    )


def _loaded(options: argparse.Namespace) -> MDP | POMDP:
    """The process of a file, an environment or a textbook."""
    name = options.input
    kinds.refuse_missing(name, 'a file, "gym:ID", "textbook:NAME", or - for standard input')
    kinds.refuse_gym_options(name)
    try:
        return interop.load(name, max_bytes=_file_limit(options))
    except (InvalidArgument, InvalidModel) as error:
        raise kinds.no_process(name) or error from None


def _typed(text: str) -> MDP:
    """The process of standard input."""
    if not _is_json(text):
        return gridworld(text)
    try:
        return interop.loads(text, name="standard input")
    except InvalidModel as error:
        raise kinds.no_process("standard input", text) or error from None


def _drawn(options: argparse.Namespace) -> MDP:
    """The gridworld of a drawing, with a slip."""
    if options.input == kinds.STANDARD_INPUT:
        text = _standard_input()
        drawn = not _is_json(text)
    else:
        drawn = Path(options.input).suffix.lower() == _DRAWING
        text = read_text(Path(options.input), MAX_BYTES, "a drawing") if drawn else ""
    if not drawn:
        raise InvalidArgument("--slip with an input that is no gridworld drawing", remedy="leave it out")
    return gridworld(text, slip=options.slip)


def _standard_input() -> str:
    try:
        text = sys.stdin.read(_LONGEST_INPUT + 1)
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"standard input is no text in {error.encoding}", allowed="a drawing, or JSON") from None
    if len(text) > _LONGEST_INPUT:
        raise InvalidArgument("standard input is too long", allowed=f"{_LONGEST_INPUT:,} characters")
    if not text.strip():
        raise InvalidArgument("standard input is empty", allowed="a gridworld drawing, or a process in JSON")
    return text.removeprefix("\ufeff")


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")
