"""A soft actor-critic (SAC) in a forest: evaluate the policy, improve it a little, both from samples.

Run it:  python examples/soft_actor_critic.py

Soft policy iteration evaluates a policy under the true dynamics and then improves it:

    critic   Q(s,a) = E[r + gamma sum_a' pi(a'|s') (Q(s',a') − alpha log(pi(a'|s')/p(a'|s')))]
    actor    pi(·|s) → the maximiser of  E_pi[Q − alpha log(pi/p)],  which is  p exp(Q/alpha)/Z

A soft actor-critic does a little of both after every step (Haarnoja et al. 2018). With tables instead of neural
networks it must end where soft policy iteration ends: at the variational solution.
"""

import numpy as np

from control_pgm import crosscheck, forest, solve_infinite, unroll

ALPHA = 2.0  # the temperature, in units of reward
WALKERS, STEPS = 200, 8_000
REPORTS = (80, 250, 800, 2_500, 8_000)
TOLERANCE = 0.05  # of max |Q − Q*|; waiting in the oldest forest pays 4 a year

# 1. A forest of four ages. Waiting lets it grow, unless a fire takes it; cutting it brings money and starts again.
mdp = forest(4, discount=0.8)
print(mdp, "\n")
exact = solve_infinite(mdp, inference="variational", temperature=ALPHA, method="policy-iteration")
print(exact, "\n")

# 2. The forest as the learner meets it: an action in, a reward and the next age out.
rng = np.random.default_rng(7)
outcomes = mdp.transition.cumsum(axis=-1)
LOG_PRIOR = -np.log(mdp.n_actions)


def take(states, actions):
    """Rewards and next states of one step of every walker."""
    drawn = rng.random((len(states), 1))
    return mdp.reward[states, actions], (outcomes[states, actions] <= drawn).sum(axis=1)


def softmax(logits):
    """Probabilities of logits over the last axis."""
    return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


# 3. The critic is a table Q(s,a): how good actions are. The actor is a table of logits: log pi(a|s) up to a constant in
#    each state, how probable they are. After every step of the walkers
#    - the critic moves towards r + gamma V_pi(s'), at a rate that falls with the visits of the pair;
#    - the actor climbs the gradient of E_pi[Q − alpha log(pi/p)] in the states where walkers are. For logits that is
#      pi(a) (A(a) − E_pi A) with A = Q − alpha log(pi/p): nothing but the soft advantage of each action.
#    The actor's step need not shrink: its gradient vanishes where it has arrived. The critic's must, to average noise.
q = np.zeros((mdp.n_states, mdp.n_actions))
logits = np.zeros(q.shape)
seen = np.zeros(q.shape)
states = rng.integers(mdp.n_states, size=WALKERS)
print("   steps  max |Q − Q*|  max |pi − pi*|  objective of the actor, start in the youngest forest")


def objective(pi):
    """V_pi(youngest) by a linear system: the only place that uses the dynamics, for the report."""
    earned = (pi * (mdp.reward - ALPHA * (np.log(pi) - LOG_PRIOR))).sum(axis=1)
    chain = np.einsum("sa,sax->sx", pi, mdp.transition)
    return np.linalg.solve(np.eye(mdp.n_states) - mdp.discount * chain, earned)[0]


for step in range(1, STEPS + 1):
    pi = softmax(logits)
    actions = (pi[states, 0] <= rng.random(WALKERS)).astype(int)
    rewards, reached = take(states, actions)

    advantage = q - ALPHA * (np.log(pi) - LOG_PRIOR)
    v = (pi * advantage).sum(axis=1)
    visits, targets = np.zeros(q.shape), np.zeros(q.shape)
    np.add.at(visits, (states, actions), 1.0)
    np.add.at(targets, (states, actions), rewards + mdp.discount * v[reached])
    seen += visits
    here = visits > 0
    q[here] += np.minimum(1.0, visits[here] * seen[here] ** -0.8) * (targets[here] / visits[here] - q[here])

    logits += 0.5 / ALPHA * pi * (advantage - v[:, None])
    states = reached
    if step in REPORTS:
        error, apart = np.abs(q - exact.Q).max(), np.abs(softmax(logits) - exact.policy).max()
        print(f"{step:8,} {error:13.4f} {apart:15.4f} {objective(softmax(logits)):13.4f}")

# 4. Both tables are where soft policy iteration ends, and no policy has a larger objective.
assert error <= TOLERANCE, error
assert apart <= 0.01, apart
assert objective(softmax(logits)) <= exact.V[0] + exact.error_bound
print(f"   exact {'':30}{exact.V[0]:13.4f}\n")

# 5. The network of the same forest, terminated by its discount, against other engines.
report = crosscheck(unroll(mdp, 4, temperature=ALPHA), against="pgmpy")
print(report)
assert report.passed
