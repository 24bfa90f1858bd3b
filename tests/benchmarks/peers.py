"""Other engines at the same job: pyAgrum and pgmpy, on networks converted by `control_pgm.interop`.

Neither knows that the slices are alike, and neither was made for this job.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec

import numpy as np

from control_pgm import ControlNetwork
from control_pgm.interop.engines.pgmpy import PgmpyElimination
from control_pgm.interop.engines.pyagrum import PyagrumPropagation
from control_pgm.tables.arrays import FloatArray
from tests.benchmarks import engine, instances
from tests.benchmarks.handwritten import Answers
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, left_out, progress
from tests.benchmarks.timing import Maker, again, interleaved, milliseconds, ratio

SIZES = (3, 10, 30)
HORIZONS = (10, 50)
HEADER = ("problem", "stage", "control_pgm, ms", "{}, ms", "theirs / ours", "quartiles", "faster", "largest difference")
Prepare = Callable[[ControlNetwork], Callable[[], Answers]]


def tables(seconds: float, sizes: Sequence[int] = SIZES, *, horizons: Sequence[int] = HORIZONS) -> list[Table]:
    """One table for each engine."""
    problems = [instances.dense(n, 4, horizon) for n in sizes for horizon in horizons]
    pyagrum_note = "Lazy propagation, one run for the joint targets {s_t, a_t} of all t."
    pgmpy_note = "Variable elimination, one query {s_t, a_t} for each t."
    return [
        _peer("pyAgrum", "pyagrum", _pyagrum, problems, seconds, pyagrum_note),
        _peer("pgmpy", "pgmpy", _pgmpy, problems, seconds, pgmpy_note),
    ]


def _peer(name: str, module: str, prepare: Prepare, problems: Sequence[Instance], seconds: float, note: str) -> Table:
    """Two rows for every problem: everything, and running alone."""
    if find_spec(module) is None:
        return left_out(name, f"{module} is not installed")
    rows = []
    for instance in problems:
        progress(f"{name}: {instance.label}")
        network = engine.build(instance)
        theirs = prepare(network)
        difference = f"{_difference(engine.whole(instance), theirs()):.0e}"
        for stage, makers in _stages(name, instance, network, prepare, theirs).items():
            times = interleaved(makers, seconds)
            rows.append([instance.label, stage, *_cells(times, name), difference])
    return Table(name, [title.format(name) for title in HEADER], rows, note + " Both include reading all answers.")


def _stages(
    name: str, instance: Instance, network: ControlNetwork, prepare: Prepare, theirs: Callable[[], Answers]
) -> dict[str, dict[str, Maker]]:
    return {
        "building and running": {
            "control_pgm": lambda: partial(engine.whole, instance.fresh()),
            name: again(lambda: prepare(engine.build(instance))()),
        },
        "running alone": {"control_pgm": again(engine.prepared(network)), name: again(theirs)},
    }


def _cells(times: dict[str, FloatArray], name: str) -> list[str]:
    ours, theirs = times["control_pgm"], times[name]
    faster = name if np.median(theirs / ours) < 1.0 else "control_pgm"
    return [milliseconds(ours), milliseconds(theirs), *ratio(theirs, ours), faster]


def _difference(ours: Answers, theirs: Answers) -> float:
    """The largest difference of marginals, and of policies where the state is possible."""
    policy = np.abs(ours.policy - theirs.policy)[~np.isnan(theirs.policy)].max(initial=0.0)
    return float(max(policy, np.abs(ours.marginals - theirs.marginals).max()))


def _read(network: ControlNetwork, marginal: Callable[..., FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Policies and marginals from p(s_t, a_t | O); a policy is NaN at states that are never reached."""
    joint = np.stack([marginal(f"s_{t}", f"a_{t}") for t in range(network.horizon)])
    total = joint.sum(axis=2, keepdims=True)
    return np.divide(joint, total, out=np.full(joint.shape, np.nan), where=total > 0.0), joint


def _pyagrum(network: ControlNetwork) -> Callable[[], Answers]:
    import pyagrum

    pyagrum.setNumberOfThreads(1)
    targets = [(f"s_{t}", f"a_{t}") for t in range(network.horizon)]
    made = PyagrumPropagation(network, network.optimal, targets)

    def run() -> Answers:
        # Evidence changed and changed back makes all messages out of date, but keeps the junction tree.
        for state in (0, 1):
            for name in network.optimal:
                made.engine.chgEvidence(name, state)
        made.engine.makeInference()
        return Answers(*_read(network, made.marginal), float(np.log(made.engine.evidenceProbability())))

    return run


def _pgmpy(network: ControlNetwork) -> Callable[[], Answers]:
    made = PgmpyElimination(network, network.optimal)
    return lambda: Answers(*_read(network, made.marginal), np.nan)  # it does not tell the evidence
