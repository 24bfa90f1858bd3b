"""The verbs and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from control_pgm._version import __version__
from control_pgm.cli import networks, pictures, tracing, verbs
from control_pgm.cli.demo import demo
from control_pgm.cli.inputs import temperature
from control_pgm.cli.output import FORMATS
from control_pgm.control.solve import INFERENCES

AddParser = Callable[..., argparse.ArgumentParser]

_INPUT = (
    "a gridworld drawing (.txt), a process (.json, .npz), an environment (gym:FrozenLake-v1), or - for standard input"
)


_NETWORK = "a network (.json, .bif, .uai)"
_T = "number of actions T"


def make_parser() -> argparse.ArgumentParser:
    """The parser; ``options.run(options)`` runs the verb and tells whether its checks passed."""
    parser = argparse.ArgumentParser(
        prog="control-pgm", description="Control as inference: decision processes solved by message passing."
    )
    parser.add_argument("--version", action="version", version=f"control_pgm {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="VERB", title="verbs")
    for add_verb in (_info, _solve, _query, _draw, _crosscheck, _explore, _convert, _infer, _demo, _trace):
        add_verb(subparsers.add_parser)
    return parser


# --- one function per verb ----------------------------------------------------------------------------------------
def _info(add: AddParser) -> None:
    info = add("info", help="what a process or a network is, and what inference in it would cost")
    info.add_argument("input", metavar="INPUT", help=f"{_INPUT}; or {_NETWORK}")
    info.add_argument("--horizon", type=int, help="also plan inference over this many actions")
    _slip(info)
    info.set_defaults(run=verbs.info)


def _solve(add: AddParser) -> None:
    solve = add("solve", help="policy, values, marginals and evidence")
    _process(solve)
    _inference(solve)
    solve.add_argument("--show", choices=verbs.ARRAYS, default="policy", help="which array to print [%(default)s]")
    solve.add_argument("--time", type=int, default=0, help="the step to print [%(default)s]; files get all steps")
    _output(solve, "the result; .json and .npz keep the whole solution, .csv and .txt the printed one")
    solve.set_defaults(run=verbs.solve)


def _query(add: AddParser) -> None:
    query = add("query", help='any conditional, such as "a_3 | s_3=(1,0), O=1"')
    _process(query)
    query.add_argument(
        "query", metavar="QUERY", help='"targets | conditions"; O=1 observes every O_t, O[2:]=1 those from 2 on'
    )
    _output(query, "the answer")
    query.set_defaults(run=verbs.query)


def _draw(add: AddParser) -> None:
    draw = add("draw", help="a picture")
    _process(draw)
    _inference(draw)
    draw.add_argument("--what", choices=sorted(pictures.PICTURES), default="policy", help="[%(default)s]")
    draw.add_argument("--time", type=int, help="the step of policy and values [0]")
    draw.add_argument("--event", action="append", help="for optimism: a state to reach; may be repeated [the goals]")
    draw.add_argument("--out", type=Path, required=True, help="the picture: .png, .svg or .pdf")
    draw.set_defaults(run=pictures.draw)


def _crosscheck(add: AddParser) -> None:
    check = add("crosscheck", help="compare every answer with independent engines; exit code 1 if one differs")
    _process(check)
    check.add_argument("--against", action="append", help="an engine; may be repeated [all that are installed]")
    check.add_argument("--tolerance", type=float, default=1e-12, help="largest difference that passes [%(default)s]")
    check.set_defaults(run=verbs.crosscheck)


def _explore(add: AddParser) -> None:
    explore = add("explore", help="a page to click through a solution in a browser")
    _process(explore)
    _inference(explore)
    explore.add_argument("--out", type=Path, default=Path("explorer.html"), help="the page [%(default)s]")
    explore.set_defaults(run=pictures.explore)


def _convert(add: AddParser) -> None:
    convert = add(
        "convert",
        help="a process or a network in another format",
        epilog="example: control-pgm convert grid.txt grid.bif --horizon 9",
    )
    convert.add_argument("input", metavar="INPUT", help=f"{_INPUT}; or {_NETWORK}")
    convert.add_argument(
        "output",
        metavar="OUTPUT",
        type=Path,
        help="a process: .json, .npz; a network: .json, .bif, .uai, .dot, .tex (TikZ), .svg, .png, .pdf",
    )
    convert.add_argument("--horizon", type=int, help=f"unroll the process to a network: {_T}")
    _temperature(convert)
    _slip(convert)
    convert.add_argument("--full", action="store_true", help="for .dot and .tex: draw all slices of a long network")
    convert.set_defaults(run=networks.convert)


def _infer(add: AddParser) -> None:
    infer = add(
        "infer",
        help="marginals, mode and evidence of any network",
        epilog="example: control-pgm infer asia.bif --evidence smoke=yes --of lung --of bronc",
    )
    infer.add_argument("input", metavar="INPUT", help=_NETWORK)
    infer.add_argument(
        "--of",
        action="append",
        metavar="NAME",
        help="a variable asked for; may be repeated [all that are not observed]",
    )
    _evidence(infer)
    infer.add_argument("--mode", action="store_true", help="the most probable assignment instead of marginals")
    infer.add_argument("--method", choices=networks.METHODS, default="exact", help="[%(default)s]")
    _output(infer, "the answer")
    infer.set_defaults(run=networks.infer)


def _demo(add: AddParser) -> None:
    show = add(
        "demo",
        help="solve a 5×5 grid, check it against pgmpy, write pictures",
        epilog="example: control-pgm demo --temperature 0.05 --out pictures",
    )
    show.add_argument("--out", type=Path, default=Path("control-pgm-demo"), help="folder for pictures [%(default)s]")
    show.add_argument("--horizon", type=int, default=9, help="number of actions [%(default)s]")
    show.add_argument("--temperature", type=float, default=1 / 6, help="alpha > 0, in units of reward [1/6]")
    show.add_argument("--slip", type=float, default=0.1, help="probability of slipping sideways [%(default)s]")
    show.set_defaults(run=demo)


def _trace(add: AddParser) -> None:
    trace = add("trace", help="watch the messages: every step of inference with its formula")
    trace.add_argument("input", metavar="INPUT", help=f"{_INPUT}; or {_NETWORK}")
    trace.add_argument("--horizon", type=int, help=f"for a process: {_T}")
    _temperature(trace)
    _slip(trace)
    _evidence(trace)
    trace.add_argument("--steps", type=int, help="stop after this many messages [all]")
    trace.add_argument("--pause", action="store_true", help="wait for Enter after each message")
    trace.set_defaults(run=tracing.trace)


# --- options that verbs share -------------------------------------------------------------------------------------
def _process(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help=_INPUT)
    parser.add_argument("--horizon", type=int, required=True, help=_T)
    _temperature(parser)
    _slip(parser)


def _temperature(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--temperature",
        type=temperature,
        metavar="ALPHA",
        help="alpha > 0, in units of reward; low is greedy; A,B,… gives one per step [1]",
    )


def _slip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slip", type=float, default=0.0, help="for gridworld drawings: probability of slipping [0]")


def _inference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--inference", choices=list(INFERENCES), help="[posterior]")
    parser.add_argument("--risk", type=float, help="for planning: lambda ≠ 0, negative is risk-averse")


def _evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--evidence",
        action="append",
        metavar="NAME=LABEL",
        help="for a network: an observation, or a file of observations (.evid); may be repeated",
    )


def _output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--format", choices=FORMATS, default="table", help="of standard output [%(default)s]")
    parser.add_argument("--out", type=Path, help=f"a file for {what}")
