"""The verbs and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from control_pgm._version import __version__
from control_pgm.cli import networks, options, pictures, verbs
from control_pgm.cli import solve as solving
from control_pgm.cli import solve_linear as linear
from control_pgm.cli import trace as tracing
from control_pgm.cli.demo import demo
from control_pgm.cli.options import INFINITE, horizon, integer, number, steps
from control_pgm.interop.network_files import WRITTEN

_EXAMPLES = """examples:
  control-pgm solve grid.txt --horizon 9 --temperature 0.2
  control-pgm solve grid.txt --horizon infinite --discount 0.95 --inference variational --show V
  control-pgm solve textbook:gambler --horizon infinite --inference bellman --format csv
  control-pgm solve textbook:forest --average
  control-pgm solve textbook:russell-norvig-grid --horizon infinite --inference linearly-solvable --show V"""

AddParser = Callable[..., argparse.ArgumentParser]


def make_parser() -> argparse.ArgumentParser:
    """The parser; ``options.run(options)`` runs the verb and returns whether its checks passed."""
    parser = options.Parser(
        prog="control-pgm", description="Control as inference: decision processes solved by message passing."
    )
    parser.add_argument("--version", action="version", version=f"control_pgm {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="VERB", title="verbs")
    for add_verb in (_info, _solve, _query, _draw, _crosscheck, _explore, _convert, _infer, _demo, _trace):
        add_verb(subparsers.add_parser)
    for verb in subparsers.choices.values():
        verb.add_argument("--quiet", action="store_true", help="no progress bar; there is none in files, pipes and CI")
    return parser


# --- one function per verb ----------------------------------------------------------------------------------------
def _info(add: AddParser) -> None:
    info = add("info", help="what a process or a network is, and what inference in it would cost")
    info.add_argument("input", metavar="INPUT", help=f"{options.INPUT}; or {options.NETWORK}")
    info.add_argument("--horizon", type=steps, metavar="T", help="also plan inference over this many actions")
    options.change_options(info)
    options.parents_option(info)
    options.memory_option(info)
    info.set_defaults(run=verbs.info)


def _solve(add: AddParser) -> None:
    solve = add(
        "solve",
        help="policy, values, marginals and evidence, over T steps or without end",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_EXAMPLES,
    )
    options.process_options(solve, horizon=False)
    solve.add_argument("--horizon", type=horizon, metavar="T", help=f"{options.T}, or the word {INFINITE}")
    options.inference_options(solve, more=(linear.LINEAR,))
    options.evidence_option(solve, "with T steps: what is observed beside optimality, such as s_3=home")
    solve.add_argument("--show", choices=solving.ARRAYS, default="policy", help="which array to print [%(default)s]")
    solve.add_argument("--time", type=integer, metavar="STEP", help="the step to print [0]; files get all steps")
    options.output_options(
        solve,
        "the result: .csv and .txt have what is printed, .json and .npz have all, for load_solution; "
        "linearly-solvable has .json",
    )
    endless = solve.add_argument_group("without a last step (--horizon infinite)")
    endless.add_argument(
        "--average", action="store_true", help="the posterior of a process that goes on for ever, without discount"
    )
    endless.add_argument(
        "--method",
        help="value-iteration or policy-iteration [value-iteration]; for --average newton or power [newton], for "
        "linearly-solvable newton or z-iteration [newton]",
    )
    endless.add_argument("--tolerance", type=number, help="the error bound to reach [1e-10]")
    endless.add_argument("--max-iterations", type=integer, metavar="N", help="after which to give up")
    solve.set_defaults(run=solving.solve)


def _query(add: AddParser) -> None:
    query = add("query", help='any conditional of a process or a network, such as "a_3 | s_3=(1,0), O=1"')
    query.add_argument("input", metavar="INPUT", help=f"{options.INPUT}; or {options.NETWORK}")
    query.add_argument("--horizon", type=steps, metavar="T", help=f"for a process: {options.T}")
    options.temperature_option(query)
    options.change_options(query)
    options.memory_option(query)
    options.parents_option(query)
    query.add_argument(
        "query", metavar="QUERY", help='"targets | conditions"; O=1 observes every O_t, O[2:]=1 those from 2 on'
    )
    options.output_options(query, "the answer")
    query.set_defaults(run=verbs.query)


def _draw(add: AddParser) -> None:
    draw = add(
        "draw",
        help="a picture: the policy, the messages, the network and many more",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"pictures:\n{pictures.explained()}\n\nWithout --temperature, pictures of policies "
        "and beliefs choose one at which preferences show, and print it.",
    )
    options.process_options(draw, horizon=False)
    options.parents_option(draw)
    draw.add_argument("--horizon", type=steps, metavar="T", help=f"{options.T}; all pictures but transitions need it")
    options.inference_options(draw)
    draw.add_argument(
        "--what", choices=list(pictures.PICTURES), metavar="PICTURE", default="policy", help="see below [%(default)s]"
    )
    draw.add_argument("--time", type=integer, metavar="STEP", help="the step that is drawn [0]")
    draw.add_argument("--state", metavar="LABEL", help="for temperature: whose policy [the most probable first state]")
    draw.add_argument(
        "--event", action="append", metavar="LABEL", help="for optimism: a state to reach; may be repeated [the goals]"
    )
    draw.add_argument("--samples", type=integer, metavar="N", help="for trajectories: how many [100]")
    draw.add_argument("--seed", type=integer, help="for trajectories: the same seed draws the same [0]")
    draw.add_argument(
        "--out", type=Path, required=True, help="the picture: .png, .svg or .pdf; an animation: .gif or .html"
    )
    draw.set_defaults(run=pictures.draw)


def _crosscheck(add: AddParser) -> None:
    check = add("crosscheck", help="compare every answer with independent engines; exit code 1 if one differs")
    options.process_options(check)
    check.add_argument("--against", action="append", help="an engine; may be repeated [all that are installed]")
    check.add_argument("--tolerance", type=number, default=1e-12, help="largest difference that passes [%(default)s]")
    check.set_defaults(run=verbs.crosscheck)


def _explore(add: AddParser) -> None:
    explore = add("explore", help="a page to click through a solution in a browser")
    options.process_options(explore)
    options.inference_options(explore)
    explore.add_argument("--out", type=Path, default=Path("explorer.html"), help="the page [%(default)s]")
    explore.set_defaults(run=pictures.explore)


def _convert(add: AddParser) -> None:
    convert = add(
        "convert",
        help="a process or a network in another format",
        epilog="example: control-pgm convert grid.txt grid.bif --horizon 9",
    )
    convert.add_argument("input", metavar="INPUT", help=f"{options.INPUT}; or {options.NETWORK}")
    convert.add_argument(
        "output",
        metavar="OUTPUT",
        type=Path,
        help=f"a process: .json, .npz; a network: {', '.join(WRITTEN)}; its picture: .svg, .png, .pdf",
    )
    convert.add_argument("--horizon", type=steps, metavar="T", help=f"unroll the process to a network: {options.T}")
    options.temperature_option(convert)
    options.change_options(convert)
    options.parents_option(convert)
    options.memory_option(convert)
    convert.add_argument("--full", action="store_true", help="for .dot and .tex: draw all slices of a long network")
    convert.set_defaults(run=networks.convert)


def _infer(add: AddParser) -> None:
    infer = add(
        "infer",
        help="marginals, mode and evidence of any network",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example, of a network made from a drawing:\n"
        "  control-pgm convert grid.txt grid.bif --horizon 9\n"
        "  control-pgm infer grid.bif --evidence O_8=1 --of a_8 --of s_9",
    )
    infer.add_argument("input", metavar="INPUT", help=options.NETWORK)
    infer.add_argument(
        "--of",
        action="append",
        metavar="NAME",
        help="a variable asked for, or a file of variables (.query); may be repeated [all that are not observed]",
    )
    options.evidence_option(infer)
    options.parents_option(infer)
    options.memory_option(infer)
    infer.add_argument("--mode", action="store_true", help="the most probable assignment instead of marginals")
    infer.add_argument("--method", choices=networks.METHODS, default="exact", help="[%(default)s]")
    options.output_options(infer, f"the answer; {', '.join(networks.SOLUTIONS)} are UAI solutions")
    infer.set_defaults(run=networks.infer)


def _demo(add: AddParser) -> None:
    show = add(
        "demo",
        help="solve a 5×5 grid, check it against pgmpy, write pictures",
        epilog="example: control-pgm demo --temperature 0.05 --out pictures",
    )
    show.add_argument("--out", type=Path, default=Path("control-pgm-demo"), help="folder for pictures [%(default)s]")
    show.add_argument("--horizon", type=steps, metavar="T", default=9, help="number of actions [%(default)s]")
    show.add_argument("--temperature", type=number, default=1 / 6, help="alpha > 0, in units of reward [1/6]")
    show.add_argument("--slip", type=number, default=0.1, help="probability of slipping sideways [%(default)s]")
    show.set_defaults(run=demo)


def _trace(add: AddParser) -> None:
    trace = add("trace", help="watch the messages: every step of inference with its formula")
    trace.add_argument("input", metavar="INPUT", help=f"{options.INPUT}; or {options.NETWORK}")
    trace.add_argument("--horizon", type=steps, metavar="T", help=f"for a process: {options.T}")
    options.temperature_option(trace)
    options.change_options(trace)
    options.evidence_option(trace)
    options.parents_option(trace)
    options.memory_option(trace)
    trace.add_argument("--steps", type=integer, metavar="N", help="stop after this many messages [all]")
    trace.add_argument("--pause", action="store_true", help="wait for Enter after each message")
    trace.set_defaults(run=tracing.trace)
