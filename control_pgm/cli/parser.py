"""The verbs and their options."""

from __future__ import annotations

import argparse
from pathlib import Path

from control_pgm._version import __version__
from control_pgm.cli import verbs
from control_pgm.cli.demo import demo
from control_pgm.cli.output import FORMATS
from control_pgm.control.solve import INFERENCES

_INPUT = (
    "a gridworld drawing (.txt), a process (.json, .npz), an environment (gym:FrozenLake-v1), or - for standard input"
)


def make_parser() -> argparse.ArgumentParser:
    """The parser; ``options.run(options)`` runs the verb and tells whether its checks passed."""
    parser = argparse.ArgumentParser(
        prog="control-pgm", description="Control as inference: decision processes solved by message passing."
    )
    parser.add_argument("--version", action="version", version=f"control_pgm {__version__}")
    add = parser.add_subparsers(required=True, metavar="VERB", title="verbs").add_parser

    info = add("info", help="what a process is, and what its network would cost")
    info.add_argument("input", metavar="INPUT", help=_INPUT)
    info.add_argument("--horizon", type=int, help="also plan inference over this many actions")
    info.set_defaults(run=verbs.info)

    solve = add("solve", help="policy, values, marginals and evidence")
    _network(solve)
    _inference(solve)
    solve.add_argument("--show", choices=verbs.ARRAYS, default="policy", help="which array to print [%(default)s]")
    solve.add_argument("--time", type=int, default=0, help="the step to print [%(default)s]; files get all steps")
    _output(solve, "the result; .json and .npz keep the whole solution, .csv and .txt the printed one")
    solve.set_defaults(run=verbs.solve)

    query = add("query", help='any conditional, such as "a_3 | s_3=(1,0), O=1"')
    _network(query)
    query.add_argument(
        "query", metavar="QUERY", help='"targets | conditions"; O=1 observes every O_t, O[2:]=1 those from 2 on'
    )
    _output(query, "the answer")
    query.set_defaults(run=verbs.query)

    draw = add("draw", help="a picture")
    _network(draw)
    _inference(draw)
    draw.add_argument("--what", choices=sorted(verbs.PICTURES), default="policy", help="[%(default)s]")
    draw.add_argument("--time", type=int, help="the step of policy and values [0]")
    draw.add_argument("--event", action="append", help="for optimism: a state to reach; may be repeated [the goals]")
    draw.add_argument("--out", type=Path, required=True, help="the picture: .png, .svg or .pdf")
    draw.set_defaults(run=verbs.draw)

    check = add("crosscheck", help="compare every answer with independent engines; exit code 1 if one differs")
    _network(check)
    check.add_argument("--against", action="append", help="an engine; may be repeated [all that are installed]")
    check.add_argument("--tolerance", type=float, default=1e-12, help="largest difference that passes [%(default)s]")
    check.set_defaults(run=verbs.crosscheck)

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
    return parser


def _network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help=_INPUT)
    parser.add_argument("--horizon", type=int, required=True, help="number of actions T")
    parser.add_argument("--temperature", type=float, help="alpha > 0, in units of reward; low is greedy [1]")
    parser.add_argument("--slip", type=float, default=0.0, help="for gridworld drawings: probability of slipping [0]")


def _inference(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--inference", choices=list(INFERENCES), help="[posterior]")


def _output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--format", choices=FORMATS, default="table", help="of standard output [%(default)s]")
    parser.add_argument("--out", type=Path, help=f"a file for {what}")
