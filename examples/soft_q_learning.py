"""Soft Q-learning in the 4×3 world: from steps alone to the variational solution.

Run it:  python examples/soft_q_learning.py

The solver knows the dynamics. A learner does not: it takes steps, sees rewards and next states, and corrects its
Q-table after each of them. Both look for the fixed point of

    Q(s,a) = E[r + V(s')],     V(s) = alpha log sum_a p(a|s) exp(Q(s,a)/alpha),

the optimum of variational inference, also called maximum-entropy reinforcement learning (Haarnoja et al. 2017).
"""

import numpy as np

from control_pgm import crosscheck, russell_norvig_grid, solve_infinite, unroll

ALPHA = 0.1  # the temperature, in units of reward
WALKERS, STEPS = 400, 6_000  # learners that share one table, and how long they walk
REPORTS = (60, 200, 600, 2_000, 6_000)
TOLERANCE = 0.02  # of max |Q − Q*|; rewards are −0.04 a step, and +1 or −1 at the end

# 1. The world: cells (x,y), moves that slip sideways one time in five, a good end at (4,3) and a bad one at (4,2).
#    Both lead to "terminal", where nothing is paid any more, so that no discount is needed.
mdp = russell_norvig_grid()
print(mdp, "\n")

# 2. What is to be learnt. The learner has no access to it.
exact = solve_infinite(mdp, inference="variational", temperature=ALPHA)
print(exact, "\n")

# 3. The world as the learner meets it: an action in, a reward and a next state out.
rng = np.random.default_rng(20)
outcomes = mdp.transition.cumsum(axis=-1)
terminal = mdp.states.index("terminal")


def take(states, actions):
    """Rewards and next states of one step of every walker."""
    drawn = rng.random((len(states), 1))
    return mdp.reward[states, actions], (outcomes[states, actions] <= drawn).sum(axis=1)


def soft_values(q):
    """V(s) = alpha log mean_a exp(Q/alpha): the prior is uniform."""
    return ALPHA * np.logaddexp.reduce(q / ALPHA - np.log(q.shape[1]), axis=1)


# 4. Learning. The walkers try all actions alike, whatever the table says: the target r + V(s') asks for the best
#    policy, not for the one that walks. Whoever has reached the end starts again anywhere. A pair that has been seen n
#    times learns at the rate n^(−0.8): the rates add up to infinity, so that no start is too far away, and their
#    squares do not, so that noise dies out (Robbins and Monro 1951).
q = np.zeros((mdp.n_states, mdp.n_actions))
seen = np.zeros(q.shape)
states = rng.integers(terminal, size=WALKERS)
print("   steps  samples of the rarest pair  max |Q − Q*|  max |policy difference|")
for step in range(1, STEPS + 1):
    v = soft_values(q)
    actions = rng.integers(mdp.n_actions, size=WALKERS)
    rewards, reached = take(states, actions)

    visits, targets = np.zeros(q.shape), np.zeros(q.shape)
    np.add.at(visits, (states, actions), 1.0)
    np.add.at(targets, (states, actions), rewards + v[reached])
    seen += visits
    here = visits > 0  # walkers that have done the same share one correction
    rate = np.minimum(1.0, visits[here] * seen[here] ** -0.8)
    q[here] += rate * (targets[here] / visits[here] - q[here])

    states = np.where(reached == terminal, rng.integers(terminal, size=WALKERS), reached)
    if step in REPORTS:
        error = np.abs(q - exact.Q)[:terminal].max()
        learnt = np.exp((q - soft_values(q)[:, None]) / ALPHA) / mdp.n_actions
        apart = np.abs(learnt - exact.policy)[:terminal].max()
        print(f"{step:8,} {int(seen[:terminal].min()):27,} {error:13.4f} {apart:24.4f}")

# 5. It got there.
assert error <= TOLERANCE, error
print(f"\nthe learnt table is within {TOLERANCE} of the exact one\n")

# 6. The values agree, but the learner never inferred anything. The network of the same world does, and other engines
#    agree with it: here over six steps.
report = crosscheck(unroll(mdp, 6, temperature=ALPHA), against="pgmpy")
print(report)
assert report.passed
