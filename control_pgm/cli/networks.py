"""The verbs about networks as such: ``convert`` and ``infer``."""

from __future__ import annotations

import argparse
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import control_pgm.inference as inference
import control_pgm.interop as interop
from control_pgm.cli import inputs
from control_pgm.cli.bar import progress
from control_pgm.cli.output import csv_text, deliver, json_text, note, show
from control_pgm.display import listing, number, text_table
from control_pgm.errors import InvalidArgument
from control_pgm.inference import Mode, Posterior
from control_pgm.inference.loopy.mode import ModeEstimate
from control_pgm.inference.loopy.posterior import LoopyPosterior
from control_pgm.interop.formats.dot import to_dot
from control_pgm.interop.formats.tikz import to_tikz
from control_pgm.interop.formats.uai_side import to_uai_solution
from control_pgm.interop.network_files import WRITTEN, Network, save_network
from control_pgm.interop.records.record import suffix
from control_pgm.models import BayesianNetwork
from control_pgm.viz import plot_factor_graph, plot_network, save_picture
from control_pgm.writing import write_text

_OF_POSTERIORS, _OF_MODES, _SOME = (".pr", ".mar"), (".mpe", ".map", ".mmap"), ".mmap"
SOLUTIONS = (*_OF_POSTERIORS, *_OF_MODES)
_NUMBERED = 4000  # characters of the list of variables by number
METHODS = ("exact", "loopy", "enumeration")
_PROCESSES = (".json", ".npz")
_GRAPHS = {".dot": to_dot, ".tex": to_tikz}
_PICTURES = (".svg", ".png", ".pdf")


# --- convert ------------------------------------------------------------------------------------------------------
def convert(options: argparse.Namespace) -> bool:
    """A process or a network in another format."""
    show(f"wrote {_converted(options)}")
    return True


def _converted(options: argparse.Namespace) -> Path:
    kind = suffix(options.output)
    allowed = (*WRITTEN, ".npz", *_PICTURES)
    if kind not in allowed:
        raise InvalidArgument(f"OUTPUT {str(options.output)!r} ends in {kind!r}", allowed=", ".join(allowed))
    if options.full and kind not in _GRAPHS:
        raise InvalidArgument(f"--full with {kind}", allowed=" or ".join(_GRAPHS), remedy="leave it out")
    if inputs.names_a_network(options):
        return _write_network(inputs.network_file(options), options)
    mdp = inputs.process(options)
    if options.horizon is not None:
        return _write_network(inputs.network(options, mdp), options)
    if kind not in _PROCESSES:
        raise InvalidArgument(
            f"a process has no network to write as {kind}", remedy="unroll it: --horizon T, the number of actions"
        )
    if options.temperature is not None:
        raise InvalidArgument("--temperature without --horizon", remedy="leave it out: a process has none")
    return interop.save(mdp, options.output, progress=progress(options))


def _write_network(model: Network, options: argparse.Namespace) -> Path:
    kind = suffix(options.output)
    if kind in _GRAPHS:
        return write_text(options.output, _GRAPHS[kind](model, full=options.full))
    if kind in _PICTURES:
        drawing = plot_network(model) if isinstance(model, BayesianNetwork) else plot_factor_graph(model)
        return save_picture(drawing, options.output)
    if kind not in WRITTEN:
        raise InvalidArgument(
            f"a network cannot be written as {kind}",
            allowed=", ".join((*WRITTEN, *_PICTURES)),
            remedy="leave out --horizon to write the process" if options.horizon is not None else "",
        )
    path = save_network(model, options.output)
    if kind.startswith(".uai") and list(model.variables) != [f"x{k}" for k in range(len(model.variables))]:
        numbers = (f"{k} {name}" for k, name in enumerate(model.variables))
        note(f"{path.name} numbers the variables: {listing(numbers, _NUMBERED)}")
    return path


# --- infer --------------------------------------------------------------------------------------------------------
def infer(options: argparse.Namespace) -> bool:
    """Marginals, the mode and the evidence of any network."""
    model = inputs.network_file(options)
    observed = inputs.evidence(options.evidence or [], model)
    of = inputs.asked(options.of or [], model)
    task = _task(options, of)
    if options.mode:
        _deliver_mode(model, observed, of, task, options)
        return True
    posterior = inference.infer(
        model, observed, method=options.method, memory_limit=inputs.limit(options), progress=progress(options)
    )
    if task:
        _write_solution(options.out, to_uai_solution(model, posterior, task))
        return True
    names = list(of) or [name for name in model.variables if name not in posterior.observed]
    marginals = {name: posterior.marginal(name) for name in dict.fromkeys(names)}
    rows = [
        (name, str(label), float(p))
        for name, table in marginals.items()
        for label, p in zip(table.variables[0].states, table.array(), strict=True)
    ]
    header = ["variable", "state", "probability"]

    def as_text(kind: str) -> str:
        if kind == "json":
            tables = {
                name: {"states": table.variables[0].states, "probabilities": table.array()}
                for name, table in marginals.items()
            }
            return json_text({**_figures(posterior), "marginals": tables})
        if kind == "csv":
            return csv_text(header, rows)
        shown = text_table(header, [[name, label, number(p)] for name, label, p in rows], limit=200)
        return f"{posterior}\n\n{shown}"

    deliver(as_text, options.format, options.out)
    return True


def _deliver_mode(
    model: Network, observed: Mapping[str, Hashable], of: tuple[str, ...], task: str, options: argparse.Namespace
) -> None:
    """The most probable assignment, or an estimate of it where the method is approximate."""
    mode: Mode | ModeEstimate
    common: dict[str, Any] = {"memory_limit": inputs.limit(options), "progress": progress(options)}
    if options.method == "loopy":
        if of:
            raise InvalidArgument("--mode of some variables with --method loopy", remedy="leave --of out")
        mode = inference.infer(model, observed, method="loopy", elimination="max", **common).mode()
        named: dict[str, Any] = {"outcome": mode.report.outcome}
    else:
        mode = inference.infer(model, observed, method=options.method, **common).mode(*of)
        named = {"log_posterior": mode.log_posterior}
    if task:
        _write_solution(options.out, to_uai_solution(model, mode, task))
        return
    figures = {"exact": mode.exact, "log_probability": mode.log_probability, **named}
    rows = [[name, str(label)] for name, label in mode.assignment.items()]

    def as_text(kind: str) -> str:
        if kind == "json":
            return json_text({**figures, "mode": mode.assignment})
        if kind == "csv":
            return csv_text(["variable", "state"], rows)
        title = "most probable assignment" if mode.exact else "estimate of the most probable assignment"
        more = [[name.replace("_", " "), _shown(value)] for name, value in figures.items()]
        return text_table([title, ""], [*rows, *more], limit=200)

    deliver(as_text, options.format, options.out)


def _task(options: argparse.Namespace, of: tuple[str, ...]) -> str:
    """The UAI task that --out names; "" for other files. Refused where the answer would be one to another task."""
    ending = options.out.suffix.lower() if options.out is not None else ""
    if ending not in SOLUTIONS:
        return ""
    wanted = _OF_MODES if options.mode else _OF_POSTERIORS
    if ending not in wanted:
        raise InvalidArgument(
            f"--out {str(options.out)!r} {'with' if options.mode else 'without'} --mode", allowed=", ".join(wanted)
        )
    if of and ending != _SOME:
        raise InvalidArgument(f"--out {str(options.out)!r} with --of", remedy="leave --of out: it holds all variables")
    return str(ending).removeprefix(".").upper()


def _write_solution(out: Path, text: str) -> None:
    show(f"wrote {write_text(out, text)}")


def _figures(posterior: Posterior) -> dict[str, Any]:
    """What JSON says beside the marginals."""
    figures: dict[str, Any] = {"exact": posterior.exact, "log_evidence": posterior.log_evidence}
    if isinstance(posterior, LoopyPosterior):
        figures["outcome"] = posterior.report.outcome
    return figures


def _shown(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)
