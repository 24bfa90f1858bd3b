"""What a plan announces is what inference takes, measured on the process that does it; what does not fit is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from control_pgm import Factor, FactorGraph, Variable, infer, infer_many, marginal_map, plan
from control_pgm.errors import TooLarge

MIB = 2**20
SLACK = 1.2
FEW = 8 * MIB  # of the interpreter's own

PROGRAM = """
import json, resource, sys
from tests.inference import test_memory as here

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

graph = here.GRAPHS[sys.argv[1]]()
announced = here.plan(graph).bytes
here.ASK["warm"](here.GRAPHS["small"]())
before = peak()
here.ASK[sys.argv[2]](graph)
print(json.dumps([announced, peak() - before]))
"""


def two_tables(n=24, *, spread=0.0):
    """Two tables that share all but one variable each; ``spread``: in nats, so wide that logarithms are needed."""
    rng = np.random.default_rng(0)
    x = [Variable(f"x{i}", 2) for i in range(n)]
    tables = [rng.random([2] * (n - 1)) for _ in range(2)]
    scopes = (x[:-1], x[1:])
    return FactorGraph([Factor(s, spread * t, log=True) for s, t in zip(scopes, tables, strict=True)])


def clique_with_children(n=22, children=60):
    """One large table, and many small ones around it, each with a variable of its own."""
    rng = np.random.default_rng(0)
    x = [Variable(f"x{i}", 2) for i in range(n)]
    own = [Variable(f"y{k}", 3) for k in range(children)]
    beside = [(x[k % n], x[(k + 1 + k // n) % n]) for k in range(children)]
    around = [Factor([*pair, y], rng.random((2, 2, 3))) for pair, y in zip(beside, own, strict=True)]
    return FactorGraph([Factor(x, rng.random([2] * n)), *around])


GRAPHS = {
    "small": lambda: two_tables(4),
    "two tables": two_tables,
    "two wide tables": lambda: two_tables(spread=2000.0),
    "one clique with many children": clique_with_children,
}
ASK = {
    "warm": lambda graph: [infer(graph).marginal("x0"), infer(graph).mode(), infer(graph).sample(2, 0)],
    "upward": infer,
    "downward": lambda graph: infer(graph).marginal("x0"),
    "mode": lambda graph: infer(graph).mode(),
    "samples": lambda graph: infer(graph).sample(5, 0),
    "marginal MAP": lambda graph: marginal_map(graph, None, ["x0", "x1"]),
}


@pytest.mark.parametrize(
    ("graph", "question"),
    [
        ("two tables", "upward"),
        ("two tables", "mode"),
        ("two tables", "marginal MAP"),
        ("two wide tables", "upward"),
        ("two wide tables", "samples"),
        ("one clique with many children", "downward"),
        ("one clique with many children", "mode"),
    ],
)
def test_what_is_announced_is_what_is_taken(graph, question):
    done = subprocess.run([sys.executable, "-c", PROGRAM, graph, question], capture_output=True, text=True, check=True)
    announced, taken = json.loads(done.stdout)
    assert announced > 50 * MIB
    assert taken <= SLACK * announced + FEW, (announced / MIB, taken / MIB)


def test_children_of_a_clique_are_served_one_after_another():
    """No more products over the clique are held at once than it takes to halve its children."""
    posterior = infer(clique_with_children(n=8, children=40))
    cell = max(posterior.compiled.cells, key=lambda cell: len(cell.down))
    last = {place: n for n, instruction in enumerate(cell.down) for place in instruction.received}
    held, most = set(), 0
    for n, instruction in enumerate(cell.down):
        if instruction.result.side == 2 and len(instruction.recipe.out) > 4:
            held.add(instruction.result)
        most = max(most, len(held))
        held -= {place for place in held if last[place] == n}
    assert most <= 6
    enumerated = infer(clique_with_children(n=5, children=7), method="enumeration")
    halved = infer(clique_with_children(n=5, children=7))
    assert all(halved.marginal(f"y{k}").allclose(enumerated.marginal(f"y{k}"), atol=1e-13) for k in range(7))


def test_joints_that_do_not_fit_are_refused_with_what_they_need():
    x = [Variable(f"x{i}", 4) for i in range(8)]
    posterior = infer(FactorGraph([Factor([v], [1, 2, 3, 4]) for v in x]), memory_limit=2**20)
    with pytest.raises(TooLarge, match=r"the joint table of \{x0, x1, .*x7\} needs 1 MiB"):
        infer(posterior.model, memory_limit=2**20 - 1).marginal(*(v.name for v in x))
    assert posterior.marginal(*(v.name for v in x)).shape == (4,) * 8


def test_batches_count_the_tables_in_which_members_differ():
    x, y, z = Variable("x", 64), Variable("y", 64), Variable("z", 64)
    graph = FactorGraph([Factor([x, y, z], np.random.default_rng(0).random((64, 64, 64)))])
    evidence = [{"x": k} for k in range(64)]
    need = 64 * (plan(graph, evidence[0], order="reverse topological").bytes + 8 * 64 * 64)
    assert np.isfinite(infer_many(graph, evidence, memory_limit=need).marginal("z")).all()
    with pytest.raises(TooLarge, match=r"64 members at once need .* take fewer members"):
        infer_many(graph, evidence, memory_limit=need - 1)


def test_enumeration_takes_one_number_for_each_assignment_whatever_the_scopes():
    """Measured in place: no array of states for every variable of a table."""
    import tracemalloc

    graph = two_tables(19)
    tracemalloc.start()
    infer(graph, method="enumeration")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 32 * 2**19 + 2**16
