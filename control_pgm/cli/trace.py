"""``control-pgm trace``: the messages of inference, one after the other, by their textbook names."""

from __future__ import annotations

import argparse
import re
import sys
from itertools import islice

import numpy as np

from control_pgm.cli import inputs, kinds
from control_pgm.cli.bar import progress
from control_pgm.cli.output import show
from control_pgm.control import ControlNetwork, solve
from control_pgm.display import number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.inference import infer
from control_pgm.inference.exact import TreePosterior
from control_pgm.inference.trace import Naming, Step
from control_pgm.inference.trace import trace as steps_of
from control_pgm.tables.factor import Factor

_ROWS = 12  # of a message that are shown: those of the largest values
_TIMED = re.compile(r"^([sa])_(\d+)$")


def trace(options: argparse.Namespace) -> bool:
    """Print every message with its formula and its largest values."""
    if options.steps is not None and options.steps < 1:
        raise InvalidArgument(f"--steps {options.steps}", allowed="an integer ≥ 1")
    if options.pause and options.input == kinds.STANDARD_INPUT:
        raise InvalidArgument("--pause with the process on standard input", remedy="put the process into a file")
    posterior, naming = _posterior(options)
    waiting = options.pause
    for step in islice(steps_of(posterior, naming=naming), options.steps):
        show(step_text(step) + "\n")
        waiting = waiting and step.number < step.total and _enter()
    show(f"log p(evidence) = {number(posterior.log_evidence, 10)} nats")
    return True


def step_text(step: Step) -> str:
    """A step as people read it."""
    return f"{step.title}\n  = {step.formula}\n{_indented(_largest(step.values))}"


def textbook_name(step: Step) -> str:
    """What a message of a control network as unrolled is called (Levine 2018, sections 2.2 and 2.3); "" if unnamed."""
    scope = step.values.scope
    times = [int(found[2]) for name in scope if (found := _TIMED.match(name))]
    bases = [found[1] for name in scope if (found := _TIMED.match(name))]
    if step.target is None:
        return "p(O=1)"
    if len(times) != len(scope) or len(set(times)) != 1 or bases not in (["s"], ["s", "a"]):
        return ""
    t = times[0]
    observed = f"p(O_{t}=1|"
    if step.upward and bases == ["s"]:
        return f"beta_{t}(s) = p(O_{t}…=1 | s_{t})"
    if step.upward:
        without = "" if observed in step.formula else " without p(O=1|s,a) of its own step"
        return f"beta_{t}(s,a){without}"
    if bases == ["s"]:
        return f"alpha_{t}(s) = p(s_{t}, O before {t} = 1)"
    optimal = f" {observed}s,a)" if observed in step.formula else ""
    return f"alpha_{t}(s) p(a|s){optimal}"


def _posterior(options: argparse.Namespace) -> tuple[TreePosterior, Naming | None]:
    """What is traced: the messages of a solution, or of any network in a file."""
    if inputs.names_a_network(options):
        model = inputs.network_file(options)
        observed = inputs.evidence(options.evidence or [], model)
        return infer(model, observed, memory_limit=inputs.limit(options), progress=progress(options)), None
    if options.evidence:
        raise InvalidArgument("--evidence with a process, whose evidence is O=1", remedy="leave it out")
    if options.horizon is None:
        raise InvalidArgument(
            "a process has no network to trace", remedy="unroll it: --horizon T, the number of actions"
        )
    network = inputs.network(options, inputs.process(options))
    posterior: TreePosterior = solve(network, memory_limit=inputs.limit(options), progress=progress(options)).posterior
    return posterior, _naming(network)


def _naming(network: ControlNetwork) -> Naming | None:
    """Counting factors and other additions are in no textbook."""
    return textbook_name if network.as_unrolled and not network.counting else None


def _largest(values: Factor) -> str:
    """The largest values of a message, with their logarithms."""
    header = [*values.scope, "value", "log"]
    logs = np.asarray(values.log_array()).ravel()
    order = np.argsort(-logs, kind="stable")[:_ROWS]
    rows = []
    for k in order:
        at = np.unravel_index(k, values.shape)
        labels = [str(v.states[i]) for v, i in zip(values.variables, at, strict=True)]
        rows.append([*labels, number(float(np.exp(logs[k]))), number(float(logs[k]))])
    more = logs.size - len(order)
    return text_table(header, rows) + (f"\n… and {more} smaller values" if more else "")


def _enter() -> bool:
    """Wait for the Enter key; whether to wait again, which the end of the input ends."""
    print("[Enter] ", end="", file=sys.stderr, flush=True)
    return bool(sys.stdin.readline())


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
