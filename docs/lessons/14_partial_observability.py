# %% [markdown]
# # 14. Partial observability
#
# **Question.** What if the state is hidden, and only noisy observations of it are to be had?
#
# So far every action could depend on the state. In a *partially observable* process (POMDP) it
# can depend only on what has been observed. After action $a$ the hidden state moves to $s'$ with
# $P(s'\mid s,a)$, and then $o$ is observed with $P(o\mid a,s')$.
#
# The Tiger problem (Kaelbling, Littman and Cassandra 1998) is the smallest example. A tiger is
# behind one of two doors. Opening its door costs 100, the other one pays 10. Listening costs 1,
# and the noise comes from the right side with probability 0.85.

# %%
import numpy as np

from control_pgm import (
    CPD,
    BayesianNetwork,
    Variable,
    belief_update,
    infer,
    plot_belief_values,
    solve,
    solve_infinite,
    tiger,
)

pomdp = tiger(discount=1.0)
print(pomdp)

# %% [markdown]
# ## The belief
#
# What the past says about the state is its conditional distribution, the *belief*
# $b_t(s) = p(s_t = s\mid a_{0:t-1}, o_{0:t-1})$. One more action and observation change it by
# Bayes' rule:
#
# $$b'(s') = \frac{P(o\mid a,s')\sum_s P(s'\mid s,a)\,b(s)}{P(o\mid b,a)}$$
#
# This is filtering in a hidden Markov model: the forward message of [lesson
# 4](04_messages.py), normalised.

# %%
once = belief_update(pomdp, pomdp.initial, "listen", "hear-left")
path = pomdp.filter(["listen"] * 3, ["hear-left", "hear-left", "hear-right"])
print("after one noise:", once.values.round(4))
print(path)
assert np.allclose(once, [0.85, 0.15], rtol=0, atol=1e-12)

# %% [markdown]
# The same by inference in the network, in which nothing is new:

# %%
s = [Variable(f"s_{t}", pomdp.states) for t in range(4)]
o = [Variable(f"o_{t}", pomdp.observations) for t in range(3)]
listen = pomdp.actions.index("listen")
hidden = BayesianNetwork(
    [CPD(s[0], [], pomdp.initial)]
    + [CPD(s[t + 1], [s[t]], pomdp.transition[:, listen]) for t in range(3)]
    + [CPD(o[t], [s[t + 1]], pomdp.observation[listen]) for t in range(3)]
)
seen = {"o_0": "hear-left", "o_1": "hear-left", "o_2": "hear-right"}
belief = infer(hidden, seen).marginal("s_3").array()
print("p(s_3 | observations):", belief.round(4))
assert np.allclose(belief, path.values[-1], rtol=0, atol=1e-12)

# %% [markdown]
# ## Alpha vectors
#
# The belief is all that the past can say about the future, so it is a state itself, of a process
# whose states are observed: the *belief MDP*. Bellman's equation holds there,
#
# $$V_t(b) = \max_a\{\sum_s b(s)\,r(s,a) + \gamma\sum_o P(o\mid b,a)\,V_{t+1}(b_{a,o})\},$$
#
# but beliefs are not finitely many. What makes it solvable: a *plan*, which says what to do after
# every sequence of observations, is worth some $\alpha(s)$ from state $s$, and so
# $\sum_s b(s)\,\alpha(s)$ from the belief $b$. That is linear in $b$, and
#
# $$V_t(b) = \max_{\alpha\in\Gamma_t}\sum_s b(s)\,\alpha(s).$$
#
# `solve` keeps the vectors that are the largest somewhere, and leaves out all others (incremental
# pruning: Cassandra, Littman and Zhang 1997).

# %%
known = [-1.0, -2.0, 2.72, 2.42125, 3.60915, 5.61881875]
for horizon, value in enumerate(known, 1):
    solution = solve(pomdp, horizon, inference="bellman")
    print(
        f"T={horizon}: value {solution.value():10.6f}, {len(solution.alpha_vectors[0]):2} vectors"
    )
    assert abs(solution.value() - value) < 1e-9
solution = solve(pomdp, 3, inference="bellman")
print(solution.alpha_vectors[2])

# %%
# Picture: The value over the probability that the tiger is right, for three steps: a valley of seven
# straight pieces. Opening a door is best in narrow strips at both ends, listening in between.
picture = plot_belief_values(solution)

# %% [markdown]
# With three steps to go one noise is not enough to open a door; after the second one it depends
# on whether both came from the same side. The value of a policy is also what it gets on average:

# %%
runs = solution.simulate(20_000, seed=0)
print(
    f"mean return {runs.mean_return:.3f} ± {runs.standard_error:.3f}, value {solution.value():.3f}"
)
print("one history:", *runs.labels(0))
assert abs(runs.mean_return - solution.value()) < 4 * runs.standard_error

# %% [markdown]
# Without a last step the vectors may be infinitely many. `solve_infinite` gives a lower bound by
# finitely many of them, and an upper bound, that meet at the initial belief (Smith and Simmons
# 2005).

# %%
endless = solve_infinite(tiger(discount=0.95), inference="bellman", tolerance=1e-6)
print(endless)
assert endless.lower() <= 19.3714 + 5e-5
assert endless.upper() >= 19.3714 - 5e-5

# %% [markdown]
# ## What conditioning on optimality cannot do
#
# Why not proceed as in all other lessons: build the network, observe $O_t=1$, ask for the
# actions? Let us do it. The state is hidden, so $a_t$ has the observations before it as its
# parents. Its table is a policy: the uniform prior, or any other.

# %%
T, alpha = 3, 1.0


def unrolled(policy, observation=pomdp.observation):
    """The network of T steps; ``policy(history)`` is a distribution over the actions."""
    s = [Variable(f"s_{t}", pomdp.states, time=t) for t in range(T + 1)]
    a = [Variable(f"a_{t}", pomdp.actions, time=t) for t in range(T)]
    o = [Variable(f"o_{t}", pomdp.observations, time=t) for t in range(T)]
    best = [Variable(f"O_{t}", [0, 1], time=t) for t in range(T)]
    p = np.exp((pomdp.reward - pomdp.reward.max()) / alpha)  # p(O=1 | s, a)
    cpds = [CPD(s[0], [], pomdp.initial)]
    for t in range(T):
        shape = (pomdp.n_observations,) * t
        rows = [policy([pomdp.observations[k] for k in index]) for index in np.ndindex(shape)]
        cpds += [CPD(a[t], o[:t], np.reshape(rows, (*shape, pomdp.n_actions)))]
        cpds += [CPD(s[t + 1], [s[t], a[t]], pomdp.transition)]
        cpds += [CPD(o[t], [a[t], s[t + 1]], observation)]
        cpds += [CPD(best[t], [s[t], a[t]], np.stack([1 - p, p], axis=2))]
    return BayesianNetwork(cpds)


net = unrolled(lambda history: np.full(3, 1 / 3))
optimal = {f"O_{t}": 1 for t in range(T)}
posterior = infer(net, optimal)
first = posterior.marginal("a_0").array()
print(
    "p(a_0 | O=1):", {str(k): float(f"{x:.3g}") for k, x in zip(pomdp.actions, first, strict=True)}
)
assert 1e-5 < first[0] < 2e-5

# %% [markdown]
# The posterior does not listen: with probability $1.7\cdot 10^{-5}$, about $e^{-11}$. It opens a
# door at once, either with one half. The reason is in the joint distribution of action and state:

# %%
joint = posterior.marginal("s_0", "a_0").array("s_0", "a_0")
print("p(s_0, a_0 | O=1):")
for state, row in zip(pomdp.states, joint, strict=True):
    print(f"  {state:12}", row.round(6))
expected = (pomdp.initial[:, None] * first * pomdp.reward).sum()
print(f"expected reward of the first step of that policy: {expected:.2f}")
assert np.isclose(joint[0, 2] + joint[1, 1], 1.0, rtol=0, atol=1e-4)
assert abs(expected + 45.0) < 0.01

# %% [markdown]
# Given optimality, whoever opens the left door has the tiger on the right. Conditioning makes the
# state depend on the action as if the state were chosen, too: this is the optimism of [lesson
# 9](09_optimism.py), now about what is *there* rather than about what will happen. If the
# right door is opened in every world that counts, there is nothing to learn. Information is worth
# nothing then, at any temperature: seeing the tiger, or no observation at all, gives the same
# posterior. (Without evidence on them the $o_t$ are barren: they drop out of the sum.)

# %%
perfect, uninformative = np.stack([np.eye(2)] * 3), np.full((3, 2, 2), 0.5)
for observation in (perfect, uninformative):
    other = infer(unrolled(lambda history: np.full(3, 1 / 3), observation), optimal)
    assert np.allclose(other.marginal("a_0").array(), first, rtol=0, atol=1e-12)
print("p(a_0 | O=1) is the same with perfect and with uninformative observations")

# %% [markdown]
# An observation in the evidence changes the probabilities of the doors, but not that:

# %%
for history in (["hear-left"], ["hear-left", "hear-left"]):
    past = {f"o_{t}": x for t, x in enumerate(history)}
    past |= {f"a_{t}": "listen" for t in range(len(history))}
    later = infer(net, optimal | past).marginal(f"a_{len(history)}").array()
    print(f"after {history}: p(listen | …, O=1) = {later[0]:.2g}")
    assert later[0] < 2e-5

# %% [markdown]
# The order of operations is at fault. The posterior sums over the state *inside* the exponential
# weight of each action; a decision has to average over the state first, given what is known, and
# choose afterwards:
#
# $$\max_{\pi(a_t\mid o_{0:t-1})}\ \mathbb{E}_{s,o}\left[\sum_t r(s_t,a_t)\right]
# \qquad\text{not}\qquad \sum_{s} p(s)\,e^{r(s,a)/\alpha}.$$
#
# Variational inference (lesson 8) repaired optimism by keeping the dynamics. Here it would have to
# keep the *information* of the policy as well, so that its messages are functions of histories, or
# of the belief: it needs the belief MDP. That is why `solve` refuses `inference="posterior"` for
# a POMDP.
#
# The network is not to blame. With the best policy in the tables of the actions, it gives the
# value that alpha vectors have:


# %%
def best_policy(history):
    """The action of the largest alpha vector at the belief of a history; it is observed, too."""
    belief = pomdp.initial
    for t, observation in enumerate(history):
        belief = belief_update(pomdp, belief, solution.action(belief, t), observation)
    chosen = solution.action(belief, len(history))
    return np.array([float(action == chosen) for action in pomdp.actions])


world = infer(unrolled(best_policy))
value = sum(
    float((world.marginal(f"s_{t}", f"a_{t}").array(f"s_{t}", f"a_{t}") * pomdp.reward).sum())
    for t in range(T)
)
print(f"expected reward by inference {value:.6f}, by alpha vectors {solution.value():.6f}")
assert np.isclose(value, solution.value(), rtol=0, atol=1e-9)

# %% [markdown]
# Files in Cassandra's format are read by `load("tiger.pomdp")` and written by
# `save(pomdp, "tiger.pomdp")`; see [file formats](../file_formats.md).
#
# ## Exercises
#
# **Exercise 1, on paper.** The noise came from the left twice. How probable is it that the tiger
# is left, and what is opening the right door worth? From which belief on is that more than
# listening once and stopping then?
#
# <details><summary>Answer</summary>
#
# $0.85^2/(0.85^2 + 0.15^2) = 0.7225/0.745 = 0.9698$. Opening the right door is worth
# $0.9698\cdot 10 - 0.0302\cdot 100 = 6.678$. It is more than $-1$ if
# $10p - 100(1-p) > -1$, that is $p > 0.9$.
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
twice = pomdp.filter(["listen"] * 2, ["hear-left"] * 2).values[-1]
opened = twice @ pomdp.reward[:, pomdp.actions.index("open-right")]
print(f"p(tiger-left) = {twice[0]:.4f}, opening right is worth {opened:.3f}")
last = solve(pomdp, 1, inference="bellman")
assert last.action([0.901, 0.099]) == "open-right"
assert last.action([0.899, 0.101]) == "listen"

# %% [markdown]
# **Exercise 2.** How much would it be worth to see the tiger? Compare with the process whose states
# are observed, `pomdp.mdp`, and with one whose observations say nothing.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
from control_pgm import POMDP

tables = {"states": pomdp.states, "actions": pomdp.actions}
uninformed = POMDP(pomdp.transition, np.ones((2, 1)), pomdp.reward, **tables)
observed = solve(pomdp.mdp, 3, inference="bellman").V
values = {
    "nothing observed": solve(uninformed, 3, inference="bellman").value(),
    "noises observed": solution.value(),
    "state observed": float(pomdp.initial @ observed.values[0]),
}
print(values)
assert (
    values["nothing observed"]
    == -3.0
    < values["noises observed"]
    < values["state observed"]
    == 30.0
)

# %% [markdown]
# **Exercise 3.** Does the posterior listen at a higher temperature? Change `alpha` in `unrolled`, and
# say why.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
for alpha in (1.0, 10.0, 100.0, 1000.0):
    asked = infer(unrolled(lambda history: np.full(3, 1 / 3)), optimal).marginal("a_0").array()
    weights = pomdp.initial @ np.exp(pomdp.reward / alpha)
    print(
        f"alpha {alpha:6}: p(listen) = {asked[0]:.5f}, of one step {(weights / weights.sum())[0]:.5f}"
    )
    assert np.isclose(asked[0], (weights / weights.sum())[0], rtol=0, atol=1e-12)
print(
    "It tends to the prior 1/3, and is that of a single step, in which there is nothing to learn for:"
)
print("listening gains as the risk of the wrong door is counted, not by what it reveals.")
