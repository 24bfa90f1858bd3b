"""Random decision processes of every form against the hand-written recursion."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_pgm import solve
from control_pgm.errors import ImpossibleEvidence
from tests.control.comparison import ARRAYS, TIGHT, difference
from tests.control.instances import instance, rows


@dataclass(frozen=True)
class Drawn:
    """What a random process is made of."""

    shape: tuple[int, int, int]
    seed: int
    axes: str
    prior: str
    alpha: float
    gamma: float
    zeros: float
    forbidden: float
    ends: bool


drawn_processes = st.builds(
    Drawn,
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5)),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["s", "sa", "sas", "tsa", "tsas"]),
    st.sampled_from(["uniform", "some", "a", "sa", "tsa"]),
    st.floats(0.05, 20),
    st.sampled_from([1.0, 0.95, 0.3]),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.0, 0.3]),
    st.booleans(),
)


@given(drawn_processes)
@settings(max_examples=120, deadline=None)
def test_random_processes_equal_the_recursion(drawn):
    (n, m, steps), rng = drawn.shape, np.random.default_rng(drawn.seed)
    reward = rng.normal(scale=3, size=[{"t": steps, "s": n, "a": m}[axis] for axis in drawn.axes])
    reward[rng.random(reward.shape) < drawn.forbidden] = -np.inf
    available = rng.random((n, m)) < 0.6
    available[:, 0] |= ~available.any(axis=1)
    priors = {"uniform": None, "some": None, "a": rows(rng, m), "sa": rows(rng, n, m, zeros=0.3)}
    item = instance(
        "drawn",
        rows(rng, n, m, n, zeros=drawn.zeros),
        drawn.axes,
        reward,
        steps,
        alpha=drawn.alpha,
        prior=priors.get(drawn.prior, rows(rng, steps, n, m)),
        available=available if drawn.prior == "some" else None,
        discount=drawn.gamma,
        initial=rows(rng, n, zeros=drawn.zeros),
        **({"terminal_reward": rng.normal(size=n)} if drawn.ends else {}),
    )
    if item.reference.log_evidence == -np.inf:
        with pytest.raises(ImpossibleEvidence):
            solve(item.mdp, item.horizon, **item.options)
        return
    solution = solve(item.mdp, item.horizon, **item.options)
    for name in ARRAYS:
        exact = getattr(item.reference, name)
        size = max(1.0, np.max(np.abs(exact), where=np.isfinite(exact), initial=0.0))
        assert difference(getattr(solution, name), exact) <= TIGHT * size, name
