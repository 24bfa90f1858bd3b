"""Small random processes with hidden states, and oracles that know neither alpha vectors nor the Bayes filter."""

from itertools import product

import numpy as np
from hypothesis import strategies as st

from control_pgm import POMDP


def random_pomdp(seed, n_states=2, n_actions=2, n_observations=2, discount=1.0, sparse=False):
    """Random tables; sparse ones have zeros in every kind of row, and rewards tie."""
    rng = np.random.default_rng(seed)
    spread = 0.15 if sparse else 1.0

    def rows(*shape):
        table = rng.dirichlet(np.full(shape[-1], spread), shape[:-1])
        table[table < 1e-3] = 0.0
        return table / table.sum(axis=-1, keepdims=True)

    reward = rng.normal(size=(n_states, n_actions))
    return POMDP(
        rows(n_states, n_actions, n_states),
        rows(n_actions, n_states, n_observations),
        reward.round() if sparse else reward,
        initial=rows(n_states),
        discount=discount,
    )


def pomdps():
    """A strategy: up to three states, actions and observations, any discount."""
    sizes = st.integers(1, 3)
    return st.builds(
        random_pomdp,
        st.integers(0, 2**32 - 1),
        sizes,
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([1.0, 0.9, 0.5, 0.0]),
        st.booleans(),
    )


def expectimax(pomdp, belief, horizon):
    """max_a { b·r_a + gamma sum_o P(o|b,a) V(b_ao) } by recursion, written entry by entry."""
    if horizon == 0:
        return 0.0
    states, best = range(pomdp.n_states), -np.inf
    for a in range(pomdp.n_actions):
        value = sum(belief[s] * pomdp.reward[s, a] for s in states)
        for o in range(pomdp.n_observations):
            weights = [
                sum(belief[s] * pomdp.transition[s, a, s_next] for s in states) * pomdp.observation[a, s_next, o]
                for s_next in states
            ]
            p = sum(weights)
            if p > 0:
                value += pomdp.discount * p * expectimax(pomdp, [w / p for w in weights], horizon - 1)
        best = max(best, value)
    return best


def best_tree(pomdp, horizon):
    """The best of all policy trees, each of which is worth its expected sum of rewards over hidden trajectories.

    A tree is a mapping history of observations -> action.
    """
    histories = [h for t in range(horizon) for h in product(range(pomdp.n_observations), repeat=t)]
    best = -np.inf
    for actions in product(range(pomdp.n_actions), repeat=len(histories)):
        tree = dict(zip(histories, actions, strict=True))
        mass, value = {(s, ()): p for s, p in enumerate(pomdp.initial)}, 0.0
        for t in range(horizon):
            following = {}
            for (s, history), p in mass.items():
                a = tree[history]
                value += pomdp.discount**t * p * pomdp.reward[s, a]
                for s_next, o in product(range(pomdp.n_states), range(pomdp.n_observations)):
                    q = p * pomdp.transition[s, a, s_next] * pomdp.observation[a, s_next, o]
                    key = (s_next, (*history, o))
                    following[key] = following.get(key, 0.0) + q
            mass = following
        best = max(best, value)
    return best
