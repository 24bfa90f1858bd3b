"""solve and the engine against forward-backward by hand: the tables that dense and sparse problems share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np

from control_pgm.errors import TooLarge
from tests.benchmarks import engine
from tests.benchmarks.handwritten import Answers, Room, Run
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import Maker, again, fastest, interleaved, median, milliseconds, ratio

Ways = Mapping[str, Callable[[Instance], Run]]

WHOLE = ("problem", "solve, ms", "by hand, ms", "ratio", "quartiles", "by hand is", "largest difference")
RUNNING = ("problem", "buffers", "engine, ms", "recursion, ms", "ratio", "quartiles", "best, ms", "ratio", "quartiles")
BUILDING = ("problem", "unroll, ms", "plan, ms", "plan and compile, ms", "by hand, ms")
WHOLE_NOTE = "Building, running and reading, all fresh; by hand in the way that runs fastest."
RUNNING_NOTE = (
    "Both passes and reading; everything else done before. Recursion: the textbook's messages by hand. Best: the "
    "fastest way by hand. Cold: just after building, in fresh arrays. Warm: again, by hand in the same arrays; the "
    "engine makes its arrays anew."
)
BUILDING_NOTE = "Once per problem, whatever is asked of it later; by hand in the way that runs fastest."
WAYS_NOTE = (
    "Running alone, in arrays kept (plain: in new ones). Summed first: actions are summed out of the transition before "
    "the passes. The others send the textbook's messages and rescale them in every step, or only when bounds demand it."
)


def compare(title: str, instances: Iterable[Instance], ways: Ways, seconds: float) -> list[Table]:
    """Four tables; ``seconds`` are spent on each comparison of a row."""
    whole, running, building, by_hand = [], [], [], []
    for instance in instances:
        progress(f"{title}: {instance.label}")
        try:
            difference = _difference(instance, ways)
        except TooLarge as error:
            progress(f"refused: {error}")
            whole.append([instance.label, "too large", "", "", "", "", ""])
            continue
        runs = {name: way(instance) for name, way in ways.items()}
        best, recursion, cells = _by_hand(instance, runs, seconds)
        by_hand.append(cells)
        whole.append([*_whole(instance, ways[best], seconds), best, f"{difference:.0e}"])
        running += _running(instance, runs[recursion], runs[best], seconds)
        building.append(_building(instance, ways[best]))
    return [
        Table(f"{title}: the whole job", WHOLE, whole, WHOLE_NOTE),
        Table(f"{title}: running alone", RUNNING, running, RUNNING_NOTE),
        Table(f"{title}: building alone", BUILDING, building, BUILDING_NOTE),
        Table(f"{title}: the ways by hand", ("problem", *(f"{w}, ms" for w in ways), "fastest"), by_hand, WAYS_NOTE),
    ]


def largest_difference(ours: Answers, theirs: Answers) -> float:
    """The largest difference of probabilities, or the relative one of log-evidence if that is larger."""
    evidence = abs(ours.log_evidence - theirs.log_evidence) / max(1.0, abs(theirs.log_evidence))
    probabilities = (np.abs(x - y).max() for x, y in zip(ours[:2], theirs[:2], strict=True))
    return float(max(evidence, *probabilities))


def from_scratch(way: Callable[[Instance], Run], instance: Instance) -> Answers:
    """Build and run by hand, in fresh arrays."""
    return way(instance)(Room.of(instance))


def _difference(instance: Instance, ways: Ways) -> float:
    ours = engine.whole(instance)
    return max(largest_difference(ours, from_scratch(way, instance)) for way in ways.values())


def _by_hand(instance: Instance, runs: Mapping[str, Run], seconds: float) -> tuple[str, str, list[str]]:
    """The fastest way, the fastest one that sends the textbook's messages, and the row that tells all."""
    room = Room.of(instance)
    times = interleaved({name: again(partial(run, room)) for name, run in runs.items()}, seconds)
    textbook = {name: values for name, values in times.items() if name != "summed first"}
    best = fastest(times)
    return best, fastest(textbook), [instance.label, *map(milliseconds, times.values()), best]


def _whole(instance: Instance, way: Callable[[Instance], Run], seconds: float) -> list[str]:
    makers: dict[str, Maker] = {
        "solve": lambda: partial(engine.whole, instance.fresh()),
        "by hand": again(partial(from_scratch, way, instance)),
    }
    times = interleaved(makers, seconds)
    ours, theirs = times["solve"], times["by hand"]
    return [instance.label, milliseconds(ours), milliseconds(theirs), *ratio(ours, theirs)]


def _running(instance: Instance, recursion: Run, best: Run, seconds: float) -> list[list[str]]:
    """Two rows: with cold buffers, and with warm ones."""
    network, room = engine.build(instance), Room.of(instance)
    cold: dict[str, Maker] = {
        "engine": lambda: engine.prepared(network),
        "recursion": again(lambda: recursion(Room.of(instance))),
        "best": again(lambda: best(Room.of(instance))),
    }
    warm: dict[str, Maker] = {
        "engine": again(engine.prepared(network)),
        "recursion": again(partial(recursion, room)),
        "best": again(partial(best, room)),
    }
    rows = []
    for name, makers in (("cold", cold), ("warm", warm)):
        times = interleaved(makers, seconds)
        ours = times["engine"]
        cells = [instance.label, name, milliseconds(ours)]
        for other in ("recursion", "best"):
            cells += [milliseconds(times[other]), *ratio(ours, times[other])]
        rows.append(cells)
    return rows


def _building(instance: Instance, way: Callable[[Instance], Run]) -> list[str]:
    makers = (
        lambda: partial(engine.build, instance.fresh()),
        lambda: partial(engine.planned, engine.build(instance)),
        lambda: partial(engine.compiled, engine.build(instance)),
        again(partial(way, instance)),
    )
    return [instance.label, *(milliseconds(median(make)) for make in makers)]
