"""Ready-made processes with hidden states: their printed tables."""

import numpy as np
import pytest

from control_pgm import crying_baby, solve, tiger
from control_pgm.errors import InvalidArgument


def test_the_tiger_stays_while_one_listens_and_is_put_anywhere_when_a_door_is_opened():
    pomdp = tiger()
    assert np.array_equal(pomdp.transition[:, 0], np.eye(2))
    assert (pomdp.transition[:, 1:] == 0.5).all()
    assert pomdp.observation[0].tolist() == [[0.85, 0.15], [0.15, 0.85]]
    assert (pomdp.observation[1:] == 0.5).all()
    assert pomdp.reward.tolist() == [[-1.0, -100.0, 10.0], [-1.0, 10.0, -100.0]]
    assert (pomdp.discount, tiger(discount=0.75).discount) == (0.95, 0.75)


def test_the_baby_of_two_steps_by_hand():
    """At a sated baby two steps are best ignored: 0, then −10 with probability 0.1."""
    solution = solve(crying_baby(), 2, inference="bellman")
    assert solution.action() == "ignore"
    assert abs(solution.value() - 0.9 * 0.1 * -10.0) < 1e-12
    hungry = solve(crying_baby(), 3, inference="bellman")
    assert hungry.action("hungry") == "feed"


@pytest.mark.parametrize("problem", [tiger, crying_baby])
def test_a_discount_out_of_range_is_refused(problem):
    with pytest.raises(InvalidArgument, match=r"discount 1.5"):
        problem(discount=1.5)
