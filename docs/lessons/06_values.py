# %% [markdown]
# # 6. Values, advantage, and two conventions
#
# **Question.** Reinforcement learning speaks of $Q$ and $V$: how much reward is still to come, after
# action $a$ in state $s$, or from $s$ on. Where are they in the network?
#
# They are the backward messages on another scale (Levine 2018, section 2.3):
#
# $$Q_t(s,a) = \alpha\log\beta_t(s,a) + \sum_{k\ge t} c_k, \qquad V_t(s) = \alpha\log\beta_t(s) + \sum_{k\ge t} c_k$$
#
# The sum puts back the shifts of lesson 2, so that both are in units of reward.

# %%
import numpy as np

from control_pgm import MDP, gridworld, plot_values, solve

grid = gridworld("S...\n.#.H\n...G", slip=0.2)
# Picture: The grid with the value of each cell in units of reward, from 0.03 beside the hole to
# 0.79 beside the goal.
picture = plot_values(solve(grid, horizon=6, temperature=0.25))

# %% [markdown]
# Taking logarithms of the recursion of lesson 4 gives a backup that looks like Bellman's, but
# for one thing: where Bellman has an expectation and a maximum, here are two logarithms of
# expected exponentials.
#
# $$\begin{aligned}
# Q_t(s,a) &= r(s,a) + \alpha\log\sum_{s'}P(s'\mid s,a)\,e^{V_{t+1}(s')/\alpha} \\
# V_t(s) &= \alpha\log\sum_a p(a\mid s)\,e^{Q_t(s,a)/\alpha}
# \end{aligned}$$
#
# For rewards $r(s,a)$, line by line, with $C_t = \sum_{k\ge t} c_k$ so that $C_t = c_t + C_{t+1}$:
#
# $$\begin{aligned}
# Q_t(s,a) &= \alpha\log\beta_t(s,a) + C_t \\
# &= \alpha\log\left[e^{(r(s,a)-c_t)/\alpha}\sum_{s'}P(s'\mid s,a)\,\beta_{t+1}(s')\right] + C_t \\
# &= r(s,a) - c_t + \alpha\log\sum_{s'}P(s'\mid s,a)\,e^{(V_{t+1}(s') - C_{t+1})/\alpha} + C_t \\
# &= r(s,a) + \alpha\log\sum_{s'}P(s'\mid s,a)\,e^{V_{t+1}(s')/\alpha}
# \end{aligned}$$
#
# In the third line $\beta_{t+1} = e^{(V_{t+1} - C_{t+1})/\alpha}$ by the definition of $V$; in the
# fourth the constant $e^{-C_{t+1}/\alpha}$ comes out of the logarithm as $-C_{t+1}$. Likewise
#
# $$\begin{aligned}
# V_t(s) &= \alpha\log\sum_a p(a\mid s)\,\beta_t(s,a) + C_t \\
# &= \alpha\log\sum_a p(a\mid s)\,e^{(Q_t(s,a) - C_t)/\alpha} + C_t \\
# &= \alpha\log\sum_a p(a\mid s)\,e^{Q_t(s,a)/\alpha}
# \end{aligned}$$

# %%
rng = np.random.default_rng(0)
P, r = rng.dirichlet(np.ones(4), (4, 3)), rng.normal(size=(4, 3))
alpha, T = 0.5, 5
mdp = MDP(P, r, initial=0)
solution = solve(mdp, T, temperature=alpha)
Q, V = np.asarray(solution.Q), np.asarray(solution.V)

print(
    "backup of Q:",
    np.abs(Q - (r + alpha * np.log((P * np.exp(V[1:, None, None] / alpha)).sum(-1)))).max(),
)
print("backup of V:", np.abs(V[:-1] - alpha * np.log(np.exp(Q / alpha).mean(-1))).max())
assert np.allclose(V[:-1], alpha * np.log(np.exp(Q / alpha).mean(-1)), rtol=0, atol=1e-12)

# %% [markdown]
# ## Not an expected return
#
# The *return* is the sum of the rewards. $V$ is not its expectation but its *certainty equivalent*
# $\alpha\log\mathbb{E}\,e^{\text{return}/\alpha}$ under the prior over actions: the sure amount that is
# as good as the lottery, for one who values an amount $x$ by $e^{x/\alpha}$. Here it is by brute force,
# from every trajectory of three steps.

# %%
from itertools import product

short = solve(mdp, 3, temperature=alpha)
weight, total = 0.0, 0.0
for a0, s1, a1, s2, a2 in product(range(3), range(4), range(3), range(4), range(3)):
    p = P[0, a0, s1] * P[s1, a1, s2] / 27
    income = r[0, a0] + r[s1, a1] + r[s2, a2]
    weight += p * np.exp(income / alpha)
    total += p * income
print(f"alpha log E exp(return/alpha) = {alpha * np.log(weight):.12f}")
print(f"V_0(s_0)                      = {short.V[0, 0]:.12f}")
print(f"expected return of the prior  = {total:.6f}")
assert np.isclose(alpha * np.log(weight), short.V[0, 0], rtol=0, atol=1e-12)

# %% [markdown]
# ## Advantage
#
# The advantage is $A = Q - V$. The policy of lesson 5 becomes
#
# $$\pi(a\mid s) = p(a\mid s)\,\exp\frac{A(s,a)}{\alpha}$$
#
# ## Two conventions
#
# Some papers drop the prior and write $V = \alpha\log\sum_a e^{Q/\alpha}$, a sum instead of a
# mean. With a uniform prior over $n$ actions in every state both describe the same policy:
#
# $$V^{\text{sum}}_t - V^{\text{mean}}_t = \alpha\,(T-t)\log n, \qquad
# Q^{\text{sum}}_t - Q^{\text{mean}}_t = \alpha\,(T-t-1)\log n$$
#
# From $t$ on there are $T-t$ choices, and each adds $\alpha\log n$. In $Q_t$ the choice at $t$ has
# been made, so it has one less; at the last step both conventions have the same $Q$. Backwards from
# $V_T$, which is the same in both:
#
# $$\begin{aligned}
# Q^{\text{sum}}_t &= r + \alpha\log\sum_{s'}P\,e^{V^{\text{sum}}_{t+1}/\alpha}
# = r + \alpha\log\sum_{s'}P\,e^{V^{\text{mean}}_{t+1}/\alpha} + \alpha(T-t-1)\log n \\
# &= Q^{\text{mean}}_t + \alpha(T-t-1)\log n \\
# V^{\text{sum}}_t &= \alpha\log\sum_a e^{Q^{\text{sum}}_t/\alpha}
# = \alpha\log\left[n\cdot\frac1n\sum_a e^{Q^{\text{mean}}_t/\alpha}\right] + \alpha(T-t-1)\log n \\
# &= V^{\text{mean}}_t + \alpha(T-t)\log n
# \end{aligned}$$
#
# | | mean | sum |
# |---|---|---|
# | $V$ | $\alpha\log\sum_a p(a\mid s)e^{Q/\alpha}$ | $\alpha\log\sum_a e^{Q/\alpha}$ |
# | $A$ | $\alpha\log(\pi/p)$, of any sign | $\alpha\log\pi \le 0$, always |
#
# So "the advantage is positive for good actions" is true in one convention and never true in
# the other.

# %%
counted = solve(mdp, T, temperature=alpha, convention="sum")
print("same policy:              ", np.abs(counted.policy.values - solution.policy.values).max())
print("V_sum − V_mean at t = 0:  ", (counted.V[0] - solution.V[0]).round(12))
print("alpha T log n:            ", round(alpha * T * np.log(3), 12))
print("Q_sum − Q_mean, by step:  ", (counted.Q.values - Q).max(axis=(1, 2)).round(6))
left = np.arange(T, -1, -1)  # steps that are left at t = 0, …, T
apart = counted.V.values - V, counted.Q.values - Q
assert np.allclose(apart[0], alpha * np.log(3) * left[:, None], rtol=0, atol=1e-12)
assert np.allclose(apart[1], alpha * np.log(3) * (left[:-1, None, None] - 1), rtol=0, atol=1e-12)
print(
    f"largest advantage: mean {solution.advantage.values.max():.4f}, "
    f"sum {counted.advantage.values.max():.4f}"
)
assert counted.advantage.values.max() <= 0 < solution.advantage.values.max()

# %% [markdown]
# With other priors, or with more actions in some states than in others, the difference is no
# constant. Then the sum would change the *policy*, and `solve` refuses it:

# %%
try:
    solve(mdp, T, convention="sum", action_prior=[0.5, 0.3, 0.2])
except ValueError as problem:
    print(problem)

# %% [markdown]
# ## Exercises
#
# **Exercise 1, on paper.** One step, one state, two actions with rewards 0 and 1, $\alpha=1$, a
# uniform prior. Compute $Q$, $V$, the advantage and the policy in both conventions.
#
# <details><summary>Answer</summary>
#
# $Q = (0, 1)$ in both, since this is the last step.
#
# | | mean | sum |
# |---|---|---|
# | $V$ | $\log\frac{1+e}{2} = 0.6201$ | $\log(1+e) = 1.3133$ |
# | $A = Q - V$ | $(-0.6201,\; 0.3799)$ | $(-1.3133,\; -0.3133)$ |
# | $\pi$ | $\tfrac12 e^A = (0.2689,\; 0.7311)$ | $e^A = (0.2689,\; 0.7311)$ |
#
# </details>

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
two = MDP([[[1.0], [1.0]]], [[0.0, 1.0]])
for kind, right in {"mean": np.log((1 + np.e) / 2), "sum": np.log(1 + np.e)}.items():
    found = solve(two, 1, convention=kind)
    print(kind, "V:", found.V[0, 0].round(4), " policy:", np.asarray(found.policy[0, 0]).round(4))
    assert np.isclose(found.V[0, 0], right, rtol=0, atol=1e-12)

# %% [markdown]
# **Exercise 2.** In reinforcement learning the advantage has mean zero under the policy. Show with
# numbers that here $\mathbb{E}_\pi A = \alpha\operatorname{KL}(\pi\parallel p) \ge 0$ in the
# convention "mean". Why is it not zero?

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
pi, A = solution.policy.values, solution.advantage.values
mean_advantage = (pi * A).sum(-1)
divergence = (pi * np.log(3 * pi)).sum(-1)
assert np.allclose(mean_advantage, alpha * divergence, rtol=0, atol=1e-12)
print("E_pi A at t=0:", mean_advantage[0].round(4))
print(
    "V is not the policy's mean of Q: the price of leaving the prior, alpha KL(pi ‖ p), is taken off."
)

# %% [markdown]
# **Exercise 3.** Where does $V_0(s_0)$ go as $\alpha\to\infty$, and where as $\alpha\to 0$? Guess
# from "certainty equivalent", then compare with the expected return of the prior and with the largest
# possible return.

# %% tags=["hide-cell"] jupyter={"source_hidden": true, "outputs_hidden": true}
largest = np.zeros(4)
for _ in range(3):
    largest = (r[:, :, None] + largest).max(axis=(1, 2))  # every next state is possible here
for a in (1e4, 1.0, 0.1, 1e-3):
    print(f"alpha = {a:8}: V_0(s_0) = {solve(mdp, 3, temperature=a).V[0, 0]:.6f}")
print(f"expected return of the prior {total:.6f}, largest return {largest[0]:.6f}")
assert np.isclose(solve(mdp, 3, temperature=1e4).V[0, 0], total, rtol=0, atol=1e-3)
assert np.isclose(solve(mdp, 3, temperature=1e-3).V[0, 0], largest[0], rtol=0, atol=0.05)
