"""Options that several verbs share, and a parser that says in one sentence what it did not understand."""

from __future__ import annotations

import argparse
import re
from argparse import ArgumentTypeError
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from control_pgm.cli.output import FORMATS
from control_pgm.control.solve_options import DEFAULT, INFERENCES
from control_pgm.interop.network_files import READ

INPUT = (
    "a gridworld drawing (.txt), a process (.json, .npz), a table with the columns s, a, next, p, r (.csv), "
    "for info, solve and draw a process with hidden states (.pomdp), "
    "an environment (gym:FrozenLake-v1), a textbook's process (textbook:gambler), or - for standard input"
)
NETWORK = f"a network ({', '.join(READ)})"
T = "number of actions T"


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence; the usage is in --help."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = re.compile(r"^-\.?\d")  # -1/2 and -1e-3 are values, too: no option is a number

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse what is no choice, and suggest the nearest one whether its letters are large or small."""
        if action.choices is None or value in action.choices:
            return
        names = {str(choice).lower(): str(choice) for choice in action.choices}
        close = get_close_matches(str(value).lower(), names, n=1)
        hint = f"; did you mean {names[close[0]]!r}?" if close else ""
        allowed = ", ".join(map(repr, action.choices))
        raise argparse.ArgumentError(action, f"{value!r}; allowed: {allowed}{hint}")

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and leave with exit code 2."""
        self.exit(2, f"control-pgm: {message}; see {self.prog} --help\n")


def process_options(parser: argparse.ArgumentParser, *, horizon: bool = True) -> None:
    """INPUT as a process, and what else says which process and at which temperature."""
    parser.add_argument("input", metavar="INPUT", help=INPUT)
    if horizon:
        parser.add_argument("--horizon", type=steps, metavar="T", required=True, help=T)
    temperature_option(parser)
    change_options(parser)
    memory_option(parser)


def memory_option(parser: argparse.ArgumentParser) -> None:
    """How much memory inference, and the file of INPUT, may take."""
    parser.add_argument(
        "--memory-limit",
        type=memory,
        metavar="SIZE",
        help="how much memory tables may take, such as 500MB or 8GiB [4GiB for inference, 1GiB for a file]",
    )


def parents_option(parser: argparse.ArgumentParser) -> None:
    """Tables of a network file that are in another order than the specification has it."""
    parser.add_argument(
        "--parents-fastest",
        action="store_true",
        help="for a .uai network written by pyAgrum, which runs through the first parent's states fastest",
    )


def temperature_option(parser: argparse.ArgumentParser) -> None:
    """The temperature, or a schedule."""
    parser.add_argument(
        "--temperature",
        type=temperature,
        metavar="ALPHA",
        help="alpha > 0, in units of reward; low is greedy; A,B,… gives one per step [1]",
    )


def change_options(parser: argparse.ArgumentParser) -> None:
    """What makes another process of the one that INPUT names."""
    parser.add_argument("--slip", type=number, help="for gridworld drawings: probability of slipping sideways [0]")
    parser.add_argument(
        "--discount",
        type=number,
        metavar="GAMMA",
        help="probability of going on after a step, 0 to 1 [the process's own]",
    )


def inference_options(parser: argparse.ArgumentParser, more: tuple[str, ...] = ()) -> None:
    """The type of inference, and its risk."""
    parser.add_argument("--inference", choices=list(dict.fromkeys([*INFERENCES, *more])), help=f"[{DEFAULT}]")
    parser.add_argument(
        "--risk", type=number, metavar="LAMBDA", help="for planning: ≠ 0, per unit of reward; negative is risk-averse"
    )


def evidence_option(parser: argparse.ArgumentParser, about: str = "for a network: an observation") -> None:
    """Observations in a network."""
    parser.add_argument(
        "--evidence",
        action="append",
        metavar="NAME=LABEL",
        help=f"{about}; likelihoods as NAME={{LABEL: NUMBER, …}}; or a file of observations (.evid); may be repeated",
    )


def output_options(parser: argparse.ArgumentParser, what: str) -> None:
    """Where an answer goes, and as what."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="of standard output [%(default)s]")
    parser.add_argument("--out", type=Path, help=f"a file for {what}")


INFINITE = "infinite"
_UNITS = {"": 1, "B": 1} | {
    letter + ending: base**power
    for power, letter in enumerate("KMGT", 1)
    for ending, base in (("", 1024), ("IB", 1024), ("B", 1000))
}
_MEMORY = re.compile(r"([0-9]+\.?[0-9]*(?:e[0-9]{1,2})?) ?([KMGT]?(?:i?B)?)", re.IGNORECASE | re.ASCII)


def number(text: str) -> float:
    """A number, or a fraction such as 1/6."""
    try:
        return _value(text)
    except (ValueError, ArithmeticError):
        raise ArgumentTypeError(f"{text!r}; allowed: a number, such as 0.1 or 1/6") from None


def integer(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number") from None


def memory(text: str) -> int:
    """An amount of memory: bytes, or a number with a unit such as 500MB or 2GiB.

    >>> memory("2GiB"), memory("500 MB"), memory("1e6")
    (2147483648, 500000000, 1000000)
    """
    found = _MEMORY.fullmatch(text.strip())
    amount = float(found[1]) * _UNITS[found[2].upper()] if found else 0.0
    if not 1 <= amount < 2**63:
        raise ArgumentTypeError(f"{text!r}; allowed: an amount of memory, such as 500MB or 8GiB")
    return int(amount)


def steps(text: str) -> int:
    """A number of actions."""
    if text == INFINITE:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number ≥ 1; only solve takes an infinite horizon")
    return integer(text)


def horizon(text: str) -> int | str:
    """A number of actions, or the word ``infinite``."""
    try:
        return text if text == INFINITE else int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r}; allowed: a whole number ≥ 1, or the word {INFINITE}") from None


def temperature(text: str) -> float | tuple[float, ...]:
    """A temperature, or several separated by commas, one per step."""
    try:
        values = tuple(map(_value, text.split(",")))
    except (ValueError, ArithmeticError):
        raise ArgumentTypeError(f"{text!r}; allowed: a number > 0, or one per step: A,B,…") from None
    return values[0] if len(values) == 1 else values


def _value(text: str) -> float:
    """The float nearest to a number or a fraction."""
    return float(Fraction(text)) if "/" in text else float(text)
