"""The command line: ``control-pgm demo``.

Exit codes: 0 done, 1 a check failed, 2 the command was not understood or its input was wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from control_pgm._version import __version__
from control_pgm.control import Solution, solve
from control_pgm.errors import ControlPGMError
from control_pgm.interop import crosscheck
from control_pgm.problems import gridworld
from control_pgm.viz import (
    Drawing,
    plot_factor_graph,
    plot_network,
    plot_policy,
    plot_values,
    policy_text,
    save_picture,
)

OK, FAILED, USAGE = 0, 1, 2

GRID = """\
S..#.
.#...
.#.H.
...H.
.#..G"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except ControlPGMError as error:
        print(f"control-pgm: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"control-pgm: cannot write {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("control-pgm: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="control-pgm", description="Control as inference: decision processes solved by message passing."
    )
    parser.add_argument("--version", action="version", version=f"control_pgm {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    demo = verbs.add_parser(
        "demo",
        help="solve a 5×5 grid, check it against pgmpy, write pictures",
        description="Solve a slippery 5×5 grid by inference, show network, policy and cross-check, write pictures.",
        epilog="example: control-pgm demo --temperature 0.05 --out pictures",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("control-pgm-demo"), help="folder for the pictures [%(default)s]"
    )
    demo.add_argument("--horizon", type=int, default=9, help="number of actions [%(default)s]")
    demo.add_argument(
        "--temperature", type=float, default=1 / 6, help="alpha > 0, in units of reward; low is greedy [1/6]"
    )
    demo.add_argument("--slip", type=float, default=0.1, help="probability of slipping sideways [%(default)s]")
    demo.set_defaults(run=_demo)
    return parser


def _demo(options: argparse.Namespace) -> int:
    mdp = gridworld(GRID, slip=options.slip)
    solution = solve(mdp, options.horizon, temperature=options.temperature)
    network = solution.network
    print(f"A gridworld (S start, # wall, H hole −1, G goal +1; slip {options.slip:g}):\n\n{GRID}\n")
    print(f"Unrolled over T = {network.horizon} steps with optimality nodes, p(O_t=1|·) = exp((r_t − c_t)/alpha):\n")
    print(_indented("\n".join(repr(cpd) for cpd in network.cpds[:4]) + "\n… and the same in every slice") + "\n")
    print(f"{solution.posterior.plan}\n")
    print(f"{solution}\n")
    print("The optimal action conditional p(a_0 | s_0, O=1): its mode and how probable it is")
    print("(#: wall, ★: goal, ×: hole, ·: no single best action)\n")
    print(_indented(policy_text(solution)) + "\n")
    print("The same conditionals from independent engines:\n")
    report = crosscheck(network, progress=_progress())
    print(f"{report}\n")
    for path in _draw(solution, options.out):
        print(f"wrote {path}")
    return OK if report.passed else FAILED


def _draw(solution: Solution, folder: Path) -> list[Path]:
    """Write the pictures; each file appears whole or not at all."""
    pictures: dict[str, Callable[[], Drawing]] = {
        "network.png": lambda: plot_network(solution.network),
        "factor_graph.png": lambda: plot_factor_graph(solution.network),
        "factor_graph_absorbed.png": lambda: plot_factor_graph(solution.network, absorbed=True),
        "policy.png": lambda: plot_policy(solution),
        "values.png": lambda: plot_values(solution),
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [save_picture(draw(), folder / name) for name, draw in pictures.items()]


def _progress() -> Callable[[int, int, str], None] | None:
    """A progress line on a terminal's standard error; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int, what: str) -> None:
        end = "\r" if done < total else "\r" + " " * 60 + "\r"
        print(f"  checking against {what}: {done}/{total}", end=end, file=sys.stderr, flush=True)

    return show


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
