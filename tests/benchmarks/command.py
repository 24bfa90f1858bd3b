"""The command line of the benchmarks."""

from __future__ import annotations

import platform
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tests.benchmarks import batch, changed, dense, growth, induction, irregular, limit, peers, sparse, types
from tests.benchmarks.report import Table

TABLES: Mapping[str, Sequence[Callable[..., list[Table]]]] = {
    "dense": [dense.tables],
    "sparse": [sparse.tables],
    "types": [types.tables],
    "peers": [peers.tables, induction.tables],
    "growth": [growth.tables],
    "batch": [batch.tables],
    "limit": [limit.tables],
    "irregular": [irregular.tables],
    "changed": [changed.tables],
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables that were asked for, each as soon as it is measured."""
    options = parse(arguments)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, one thread", end="\n\n")
    for name in TABLES if options.table == "all" else [options.table]:
        settings: dict[str, object] = {"sizes": options.sizes} if options.sizes else {}
        if name == "sparse":
            settings["huge"] = options.huge
        for measure in TABLES[name]:
            for table in measure(options.seconds, **settings):
                print(table.markdown() if options.markdown else table.text(), end="\n\n", flush=True)


def parse(arguments: Sequence[str] | None) -> Namespace:
    """The options."""
    parser = ArgumentParser(prog="python -m tests.benchmarks", description="Time solve and the engine against others.")
    parser.add_argument("table", nargs="?", default="all", choices=[*TABLES, "all"])
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each pair (default 1)")
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of states; sparse: sides; irregular: variables")
    parser.add_argument("--huge", action="store_true", help="sparse: the grid of 1000 × 1000 cells too")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/performance.md")
    return parser.parse_args(arguments)
