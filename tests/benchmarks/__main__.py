"""``python -m tests.benchmarks``: the whole solution against the recursion written by hand; growth with the horizon.

One process, one BLAS thread, the two jobs in turn, medians with the quartiles of the ratios.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import sys  # noqa: E402
from time import perf_counter  # noqa: E402

import numpy as np  # noqa: E402

from control_pgm import MDP, solve  # noqa: E402
from control_pgm.display import text_table  # noqa: E402
from tests.benchmarks.handwritten import forward_backward  # noqa: E402


def instance(n: int, m: int, seed: int = 0):
    """A random dense process that starts in state 0."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(n, 0.3), (n, m)), rng.normal(size=(n, m)), np.eye(n)[0]


def whole_solution(mdp: MDP, horizon: int):
    """Build the network, infer, and read all policies, all marginals and the evidence."""
    solution = solve(mdp, horizon)
    return solution.policy.values, solution.state_action_marginals.values, solution.log_evidence


def paired(first, second, seconds: float):
    """Times of two jobs in turn, after one warm-up of each."""
    first(), second()
    times, stop = [], perf_counter() + seconds
    while perf_counter() < stop or len(times) < 7:
        start = perf_counter()
        first()
        middle = perf_counter()
        second()
        times.append((middle - start, perf_counter() - middle))
    return np.array(times).T


def against_handwritten(seconds: float) -> str:
    """The table of ratios."""
    rows = []
    for n, m, horizon in [(10, 4, 50), (30, 4, 50), (100, 4, 50), (100, 8, 200), (300, 4, 50)]:
        transition, reward, initial = instance(n, m)
        mdp = MDP(transition, reward, initial=initial)
        prior = 1.0 / m
        ours, theirs = (whole_solution(mdp, horizon), forward_backward(transition, reward, prior, initial, horizon))
        worst = max(float(np.abs(x - y).max()) for x, y in zip(ours[:2], theirs[:2], strict=True))
        a, b = paired(
            lambda mdp=mdp, horizon=horizon: whole_solution(mdp, horizon),
            lambda args=(transition, reward, prior, initial, horizon): forward_backward(*args),
            seconds,
        )
        low, mid, high = np.quantile(a / b, [0.25, 0.5, 0.75])
        rows.append(
            [
                f"S={n}, A={m}, T={horizon}",
                f"{1e3 * np.median(a):.2f}",
                f"{1e3 * np.median(b):.2f}",
                f"{mid:.2f}",
                f"{low:.2f}–{high:.2f}",
                f"{worst:.0e}",
            ]
        )
    header = ["whole solution", "solve, ms", "by hand, ms", "ratio", "quartiles", "max |difference|"]
    return text_table(header, rows)


def growth_with_horizon() -> str:
    """Seconds per step as the horizon grows."""
    transition, reward, initial = instance(20, 4)
    mdp = MDP(transition, reward, initial=initial)
    rows = []
    for horizon in (50, 500, 5000):
        times = []
        for _ in range(5):
            start = perf_counter()
            whole_solution(mdp, horizon)
            times.append(perf_counter() - start)
        rows.append([str(horizon), f"{1e3 * np.median(times):.1f}", f"{1e6 * np.median(times) / horizon:.1f}"])
    return text_table(["horizon (S=20, A=4)", "solve, ms", "µs per step"], rows)


if __name__ == "__main__":
    budget = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print(against_handwritten(budget), "\n", growth_with_horizon(), sep="\n")
