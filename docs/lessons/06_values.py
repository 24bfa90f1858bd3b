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
# $$V^{\text{sum}}_t - V^{\text{mean}}_t = \alpha\,(T-t)\log n$$
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
# ## Exercise
#
# In reinforcement learning the advantage has mean zero under the policy. Show with numbers that
# here $\mathbb{E}_\pi A = \alpha\operatorname{KL}(\pi\parallel p) \ge 0$ in the convention "mean".
# Why is it not zero?

# %% tags=["hide-cell"]
pi, A = solution.policy.values, solution.advantage.values
mean_advantage = (pi * A).sum(-1)
divergence = (pi * np.log(3 * pi)).sum(-1)
assert np.allclose(mean_advantage, alpha * divergence, rtol=0, atol=1e-12)
print("E_pi A at t=0:", mean_advantage[0].round(4))
print(
    "V is not the policy's mean of Q: the price of leaving the prior, alpha KL(pi ‖ p), is taken off."
)
