"""Factored problems against the same rules over all states at once."""

from itertools import product

import numpy as np
import pytest

from control_pgm import MDP, game_of_life, navigation, solve
from control_pgm.errors import InvalidArgument


def flat_life(rows, columns, noise):
    cells = list(product(range(rows), range(columns)))
    states = list(product((0, 1), repeat=len(cells)))
    p = np.zeros((len(states), len(cells) + 1, len(states)))
    for i, now in enumerate(states):
        at = dict(zip(cells, now, strict=True))
        for a in range(len(cells) + 1):
            chances = []
            for k, (r, c) in enumerate(cells):
                around = sum(at.get((r + dr, c + dc), 0) for dr in (-1, 0, 1) for dc in (-1, 0, 1)) - at[r, c]
                lives = around == 3 or (at[r, c] == 1 and around == 2)
                chances.append(1 - noise if a == k + 1 or lives else noise)
            for j, then in enumerate(states):
                p[i, a, j] = np.prod([q if t else 1 - q for q, t in zip(chances, then, strict=True)])
    reward = np.repeat(np.array(states).sum(axis=1)[:, None], len(cells) + 1, axis=1)
    return MDP(p, reward.astype(float), initial=np.full(len(states), 1 / len(states)))


@pytest.mark.parametrize(("inference", "options"), [("bellman", {}), ("posterior", {"temperature": 0.5})])
@pytest.mark.parametrize("size", [(1, 3), (2, 2)])
def test_the_game_of_life_is_that_of_all_cells_at_once(size, inference, options):
    found = solve(game_of_life(*size, noise=0.15), 4, inference=inference, **options)
    expected = solve(flat_life(*size, 0.15), 4, inference=inference, **options)
    n = size[0] * size[1]
    assert np.abs(found.policy.values.reshape(4, 2**n, n + 1) - expected.policy.values).max() <= 1e-10
    assert np.abs(found.Q.values.reshape(4, 2**n, n + 1) - expected.Q.values).max() <= 1e-10


def flat_navigation(rows, columns, hazard):
    places = [None, *product(range(columns), range(rows))]
    p, reward = np.zeros((len(places), 4, len(places))), np.zeros((len(places), 4, len(places)))
    p[0, :, 0], reward[...] = 1, -1
    goal = places.index((columns - 1, rows - 1))
    reward[..., goal] = 0
    for i, place in enumerate(places[1:], start=1):
        for a, (dx, dy) in enumerate([(0, 1), (1, 0), (0, -1), (-1, 0)]):
            x, y = min(max(place[0] + dx, 0), columns - 1), min(max(place[1] + dy, 0), rows - 1)
            lost = hazard * x / (columns - 1) if 0 < y < rows - 1 else 0.0
            p[i, a, places.index((x, y))] += 1 - lost
            p[i, a, 0] += lost
    return MDP(p, reward, initial=places.index((columns - 1, 0)), reward_axes="sas")


@pytest.mark.parametrize(("inference", "options"), [("bellman", {}), ("variational", {"temperature": 0.5})])
def test_navigation_is_that_of_all_places_at_once(inference, options):
    found = solve(navigation(3, 4), 10, inference=inference, **options)
    expected = solve(flat_navigation(3, 4, 0.6), 10, inference=inference, **options)
    assert abs(found.value - expected.value) <= 1e-10
    alive = found.policy.values[:, :, :, 1].reshape(10, 12, 4)
    assert np.abs(alive - expected.policy.values[:, 1:]).max() <= 1e-10


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: game_of_life(0, 3),
        lambda: game_of_life(2, 2, noise=1.5),
        lambda: navigation(1, 3),
        lambda: navigation(hazard=-1.0),
    ],
)
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(InvalidArgument):
        wrong()
