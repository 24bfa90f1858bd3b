"""How near to the machine's limit: bytes that the job must move, at the speed that its memory was measured to have.

A job that sends the textbook's messages reads the transition twice per step. Small transitions stay in the caches,
which are faster than the memory: therefore the second yardstick, the two bare products of every step and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from control_pgm.display import size
from tests.benchmarks import engine, handwritten_dense, handwritten_sparse, instances
from tests.benchmarks.handwritten import Product, Room
from tests.benchmarks.instances import Instance
from tests.benchmarks.report import Table, progress
from tests.benchmarks.timing import Job, Maker, again, interleaved, median, milliseconds

SIZES = (10, 30, 100, 300, 1000)
SIDES = (32,)
MEBIBYTES = 256  # per array of the bandwidth measurement: far beyond any cache
HEADER = ("problem", "transition", "moved", "at memory speed, ms", "two products, ms")
COMPETITORS = ("by hand", "engine", "solve")


def tables(
    seconds: float,
    sizes: Sequence[int] = SIZES,
    *,
    horizon: int = 100,
    sides: Sequence[int] = SIDES,
    mebibytes: int = MEBIBYTES,
) -> list[Table]:
    """The bandwidth, and a row for every problem."""
    rates = bandwidths(mebibytes)
    header = (*HEADER, *(cell for name in COMPETITORS for cell in (f"{name}, ms", "of the limit")))
    problems = [instances.dense(n, 4, horizon) for n in sizes] + [instances.grid(side, horizon) for side in sides]
    rows = [_row(problem, rates["dot"], seconds) for problem in problems]
    note = (
        "Moved: the transition twice per step, all messages and answers; what stays in the caches is faster. By hand: "
        "the recursion, rescaled when needed, in arrays kept. Of the limit: the time of the two bare products of every "
        "step, divided by the time."
    )
    speeds = [[name, f"{rate / 1e9:.1f}"] for name, rate in rates.items()]
    return [
        Table("memory bandwidth, one thread", ("operation", "GB/s"), speeds),
        Table("the physical limit", header, rows, note),
    ]


def bandwidths(mebibytes: int) -> dict[str, float]:
    """Bytes read and written per second by operations that do little else."""
    progress("memory bandwidth")
    count = mebibytes * 2**20 // 8
    x, y, z = np.ones(count), np.ones(count), np.zeros(count)
    side = int(count**0.5)
    matrix, vector, out = x[: side * side].reshape(side, side), np.ones(side), np.zeros(side)
    jobs = {
        "copy": (partial(np.copyto, z, x), 16 * count),
        "add": (partial(np.add, x, y, out=z), 24 * count),
        "dot": (partial(matrix.dot, vector, out), 8 * side * side),
    }
    return {name: moved / median(again(job)) for name, (job, moved) in jobs.items()}


def bytes_moved(instance: Instance) -> int:
    """Bytes that one job must read and write.

    Per step: the transition twice (a sparse entry is a number and a 4-byte index); j_t, the policy and the marginals
    written and j_t read again; and six passes over messages on states.
    """
    states, pairs = instance.n_states, instance.n_states * instance.n_actions
    return instance.horizon * (2 * _transition_bytes(instance) + 8 * (4 * pairs + 6 * states))


def _transition_bytes(instance: Instance) -> int:
    if isinstance(instance.transition, np.ndarray):
        return int(instance.transition.nbytes)
    return 12 * instance.non_zeros + 4 * instance.n_states * instance.n_actions


def _row(instance: Instance, rate: float, seconds: float) -> list[str]:
    progress(f"physical limit: {instance.label}")
    dense = isinstance(instance.transition, np.ndarray)
    recursion = (handwritten_dense if dense else handwritten_sparse).WAYS["when needed"]
    makers: dict[str, Maker] = {
        "products": again(_two_products(instance)),
        "by hand": again(partial(recursion(instance), Room.of(instance))),
        "engine": again(engine.prepared(engine.build(instance))),
        "solve": lambda: partial(engine.whole, instance.fresh()),
    }
    times = {name: float(np.median(values)) for name, values in interleaved(makers, seconds).items()}
    moved = bytes_moved(instance)
    cells = [instance.label, size(_transition_bytes(instance)), size(moved)]
    cells += [milliseconds(moved / rate), milliseconds(times["products"])]
    for name in COMPETITORS:
        cells += [milliseconds(times[name]), f"{times['products'] / times[name]:.0%}"]
    return cells


def _two_products(instance: Instance) -> Job:
    """P times a vector over states, and its transpose times a vector over pairs, once for every step."""
    if isinstance(instance.transition, np.ndarray):
        matrix = instance.transition.reshape(-1, instance.n_states)
        products: list[Product] = [matrix.dot, matrix.T.dot]
    else:
        products = [handwritten_sparse.times(matrix) for matrix in (instance.transition, instance.transition.T.tocsr())]
    onwards, back = products
    states, pairs = np.ones(instance.n_states), np.ones(instance.n_states * instance.n_actions)
    to_states, to_pairs = np.empty_like(states), np.empty_like(pairs)

    def run() -> None:
        for _ in range(instance.horizon):
            onwards(states, to_pairs)
            back(pairs, to_states)

    return run
